// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_WITNESS_HPP
#define SIXFOLD_TESTS_SIMULATION_WITNESS_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "simulation/ledger.hpp"
#include "support/test_access.hpp"

// What a sender may do at all: looked at before and after each call.

namespace simulation {

/// Holds one life of a sender to what may be said of it without knowing its algorithms: what is sent again has a cause, what
/// is sent for the first time has room, and an estimate is that of its path.
class witness {
  public:
    explicit witness(sightings& seen) : seen_(&seen) {}

    /// A new life, or a new link of it.
    void begin() { streams_.clear(), hop_ = {}; }
    void link_up(sixfold::sender& a) {
        hop_ = {};
        for (auto& [to, each] : streams_) {
            each.way = {};
            each.floor.reset();
        }
        look(a, cause::new_link);
    }
    /// Time has come to a sender: what is too late is taken back.
    void tick(sixfold::sender& a) {
        sixfold::test_access::tick(a);
        look(a, cause::none);
    }
    /// Frames are about to be asked for: what they depend on is worked out now, as it would be then, so that it shows.
    void before_frames(sixfold::sender& a) {
        sixfold::test_access::settle(a);
        look(a, cause::none);
    }
    /// Something has been called, and no frame came.
    void look(sixfold::sender& a) { look(a, cause::none); }
    /// A frame that was not refused.
    void heard(sixfold::sender& a, const sixfold::frame& what) {
        using namespace sixfold;
        cause why = cause::none;
        if (const auto* answer = std::get_if<msg_answer>(&what)) {
            why = answer->word == msg_word::refused ? cause::refused : cause::none;
        } else if (const auto* notice = std::get_if<ack_notify>(&what)) {
            const bool away = notice->away || notice->word == ack_word::stored;
            why = away ? cause::away : cause::none;
            if (notice->word == ack_word::state) {
                why = cause::state;
                learn(*notice);
            }
        }
        look(a, why);
        measure(a);
    }
    /// A frame was put out. (spec 3.9, 3.30)
    void sent(sixfold::sender& a, const sixfold::msg_request& msg) {
        look_at_window(a);
        stream& to = streams_[number_of(msg.to)];
        sixfold::seq end = 0;  // of what was not sent before
        for (sixfold::seq at = msg.first; at < msg.first + msg.entries.count(); ++at) {
            const auto known = to.places.find(at);
            const bool fresh =
                known != to.places.end() && known->second.now == sixfold::transit::fresh;
            end = fresh ? at + 1 : end;
        }
        if (end != 0 && to.floor && sixfold::test_access::path(a, msg.to).met()) {
            demand(end <= *to.floor + to.room, "sent for the first time, and there is no room");
            seen_->see(sight::room_used_up, end == *to.floor + to.room);
        }
    }

  private:
    /// What has just left fits into the window, or is alone.
    void look_at_window(const sixfold::sender& a) {
        using namespace sixfold;
        const congestion& link = test_access::congestion(a);
        if (test_access::holds(link)) {
            demand(link.flight() <= (std::max)(link.window(), full_packet),
                   "more is under way than the window has room for");
            seen_->see(sight::window_full,
                       link.flight() != 0 && link.flight() + congestion::packet > link.window());
        }
    }

    static constexpr std::uint64_t full_packet = 1'300;  // its header included

    enum class cause : std::uint8_t { none, state, new_link, away, refused };

    /// Where a message was when it was last looked at.
    struct place {
        sixfold::transit now;
        sixfold::sending_number since;
        sixfold::sending_number last;
        bool tombstone;
        bool open;  // its last sending; which may be forgotten in the same call in which it is lost
    };
    /// Samples in a row that are close to one another: the path is what they say.
    struct path {
        sixfold::round_trip trip{};
        sixfold::duration first{};
        unsigned alike = 0;
    };
    struct stream {
        sixfold::epoch epoch = sixfold::epoch::none;
        std::map<sixfold::seq, place> places{};
        bool timer_is_due = false;
        std::uint8_t chance = 0;  // of its timer, drawn anew each time that it goes off
        path way{};
        std::optional<sixfold::seq> floor{};  // that it last told on this link
        std::uint32_t room = sixfold::receiver_limits().room;

        void enter(sixfold::epoch other) {
            if (epoch != other) {
                epoch = other;
                places.clear();
                floor.reset();
            }
        }
    };

    /// Those that have a stream now.
    [[nodiscard]] static std::vector<sixfold::peer> receivers(const sixfold::sender& a) {
        std::vector<sixfold::peer> out;
        for (std::size_t which = 0; which < sixfold::test_access::streams(a); ++which) {
            const sixfold::peer& to = sixfold::test_access::receiver(a, which);
            if (to.valid()) {
                out.push_back(to);
            }
        }
        return out;
    }

    void learn(const sixfold::ack_notify& notice) {
        stream& from = streams_[number_of(notice.from)];
        sixfold::ack_state state;
        if (from.epoch != notice.epoch ||
            sixfold::ack_state::decode(notice.state, state) != sixfold::refusal::none) {
            return;
        }
        from.floor = state.floor();
        from.room = state.limits() ? state.limits()->room : from.room;
    }

    // --- what is sent again ----------------------------------------------------------------------------------------

    void look(sixfold::sender& a, cause why) {
        using access = sixfold::test_access;
        std::erase_if(streams_, [&](const auto& each) {
            return !access::writes_to(
                a, name_of(each.first));  // given up, and nothing is known any more
        });
        for (const sixfold::peer& to : receivers(a)) {
            const sixfold::outbound_stream& now = access::stream(a, to);
            stream& before = streams_[number_of(to)];
            before.enter(now.epoch());
            const std::uint8_t chance = access::chance(a, to);
            const bool timed_out =
                (before.timer_is_due || before.chance != chance) && access::time_outs(a, to) != 0;
            before.chance = chance;
            std::erase_if(before.places, [&](const auto& each) { return !now.has(each.first); });
            for (sixfold::seq at = now.first(); at < now.next(); ++at) {
                if (now.has(at)) {
                    compare(a, to, before, at, timed_out, why);
                }
            }
        }
        note_timers(a);
    }
    void note_timers(sixfold::sender& a) {
        using access = sixfold::test_access;
        for (const sixfold::peer& to : receivers(a)) {
            streams_[number_of(to)].timer_is_due = access::timer(a, to) <= access::now(a);
        }
    }
    void compare(sixfold::sender& a,
                 const sixfold::peer& to,
                 stream& before,
                 sixfold::seq at,
                 bool timed_out,
                 cause why) {
        using sixfold::transit;
        using standing = sixfold::sending::standing;
        const sixfold::outbound_stream::place& is = sixfold::test_access::stream(a, to)[at];
        const sixfold::sending_ring& sendings = sixfold::test_access::path(a, to).sendings;
        const sixfold::sending* const latest = sendings.find(is.last);
        const place present{is.now, is.since, is.last, is.tombstone,
                            latest != nullptr && latest->now == standing::open};
        const auto [known, fresh] = before.places.try_emplace(at, present);
        const place was = std::exchange(known->second, present);
        const bool waits = is.now == transit::due || is.now == transit::noted;
        const bool waited = was.now == transit::due || was.now == transit::noted;
        const bool again = waits || is.last != was.last;
        if (fresh || !again || waited || was.now == transit::fresh) {
            return;
        }
        // It may have waited for several sendings, of which it rode in the later ones again.
        const auto any = [&](auto is_so) {
            for (auto which = was.since;; ++which) {
                const sixfold::sending* const each = sendings.find(which);
                if (each != nullptr && is_so(*each)) {
                    return true;
                }
                if (which == was.last) {
                    return false;
                }
            }
        };
        const bool lost = sendings.find(was.last) == nullptr ? was.open : any([](const auto& each) {
            return each.now == standing::lost_hop || each.now == standing::lost_way;
        });
        const bool turned_away =
            was.now == transit::turned_away ||
            (why == cause::state &&
             (was.now == transit::there || any([](const auto& each) { return each.arrived; })));
        const bool taken_back = is.tombstone && !was.tombstone;
        const bool repeated = was.now == transit::out && is.now == transit::out &&
                              sixfold::test_access::path(a, to).repeats.copies() != 0;
        seen_->see(sight::again_taken_back, taken_back);
        seen_->see(sight::again_lost, lost);
        seen_->see(sight::again_timed_out, timed_out);
        seen_->see(sight::again_new_link, why == cause::new_link);
        seen_->see(sight::again_turned_away, turned_away);
        seen_->see(sight::again_away, why == cause::away);
        seen_->see(sight::again_refused, why == cause::refused);
        seen_->see(sight::again_buried, was.now == transit::buried);
        seen_->see(sight::again_repeated, repeated);
        const bool told = why == cause::new_link || why == cause::away || why == cause::refused;
        demand(taken_back || lost || timed_out || told || turned_away || repeated ||
                   was.now == transit::buried,
               "seq " + std::to_string(at) + " to " + std::string(to.name()) +
                   " is sent again without a cause: it was " +
                   std::to_string(static_cast<int>(was.now)) + " (transit) and is " +
                   std::to_string(static_cast<int>(is.now)));
    }

    // --- estimates -------------------------------------------------------------------------------------------------

    void measure(sixfold::sender& a) {
        using access = sixfold::test_access;
        check(access::trip(access::hop(a)), hop_);
        std::uint64_t counted = 0;
        for (const sixfold::peer& to : receivers(a)) {
            check(access::path(a, to).trip, streams_[number_of(to)].way);
            counted += access::path(a, to).counted;
        }
        demand(counted == access::congestion(a).flight(), "the link counts what is not under way");
    }
    void check(const sixfold::round_trip& now, path& before) const {
        if (now == before.trip) {
            return;
        }
        before.trip = now;
        const sixfold::duration sample = sixfold::test_access::last(now);
        const bool alike = sample >= before.first / 10 * 9 && sample <= before.first / 10 * 11;
        if (before.alike == 0 || !alike) {
            before.first = sample;
            before.alike = 0;
        }
        if (++before.alike >= 10) {
            seen_->see(sight::path_learnt);
            const sixfold::duration estimate = sixfold::test_access::smoothed(now);
            demand(estimate >= sample / 2 && estimate <= 2 * sample + std::chrono::milliseconds(1),
                   "an estimate is not that of its path");
        }
    }

    sightings* seen_;
    path hop_;
    std::map<client_number, stream> streams_;
};

}  // namespace simulation

#endif
