// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_WORLD_HPP
#define SIXFOLD_TESTS_FUZZ_WORLD_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "fuzz/input.hpp"
#include "fuzz/world_party.hpp"

// Two clients, a relay with a mailbox, and a network that does what the input says. In the end everything is healed, and then
// everything must end, with the truth told.

namespace fuzz {

class world {
  public:
    explicit world(input& in)
        : in_(in), mailbox_(make_mailbox(in)), parties_{{clock_, truths_, options_of("alice")},
                                                        {clock_, truths_, options_of("bob")}} {
        clock_.advance(std::chrono::seconds(1));
        replace_relay();
    }

    void run() {
        while (!in_.empty()) {
            step();
        }
        heal();
        check_ends();
    }

  private:
    static constexpr std::size_t in_flight_max = 64;

    struct packet {
        sixfold::link_id link;
        bool to_relay;
        std::vector<std::byte> data;
    };

    // --- what there is ---

    static std::uint32_t small(input& in, std::uint32_t most) { return 1 + in.byte() % most; }

    static sixfold::memory_mailbox make_mailbox(input& in) {
        sixfold::mailbox_limits limits;
        limits.rows_per_pair_max = small(in, 4);
        limits.page_rows = small(in, 3);
        limits.states_max = small(in, 2);
        return sixfold::memory_mailbox::create(limits).value();
    }

    sixfold::client_options options_of(const sixfold::peer& self) {
        using namespace std::chrono_literals;
        const sixfold::retry_options retry{.first = 100ms, .min = 20ms, .max = 2s};
        sixfold::client_options out{.self = self, .life = {}};
        out.life.seed = in_.byte();
        out.sender.window = small(in_, 4);
        out.sender.queue_entries = small(in_, 4);
        out.sender.unsettled_max = small(in_, 3);
        out.sender.payload_max = 64;
        out.sender.queue_bytes = 64 * small(in_, 3);
        out.sender.peers_max = 1;
        out.sender.burst = small(in_, 3);
        out.sender.retry = retry;
        out.sender.probe_max = 4s;
        out.receiver.window = small(in_, 5);
        out.receiver.exceptions = small(in_, 3);
        out.receiver.held_entries = small(in_, 3);
        out.receiver.payload_max = in_.flag() ? 64 : 32;
        out.receiver.held_bytes = 64;
        out.receiver.peers_max = 1;
        out.receiver.retry = retry;
        out.receiver.sync_interval = 4s;
        out.receiver.delivery =
            in_.flag() ? sixfold::delivery::as_it_comes : sixfold::delivery::in_order;
        out.journaling = sixfold::journaling::withhold;
        return out;
    }

    world_party& other(const world_party& one) { return parties_[&one == &parties_[0] ? 1 : 0]; }

    // --- what can happen ---

    void step() {
        const std::uint8_t what = in_.byte();
        world_party& who = parties_[what / 128];
        switch (what % 20) {
        case 0:
        case 1: send(who); break;
        case 2: who.cancel(in_.byte()); break;
        case 3: hear(who); break;
        case 4: who.take(other(who).options().self); break;
        case 5: who.settle(in_.byte(), false); break;
        case 6: who.settle(in_.byte(), true); break;
        case 7: who.commit(); break;
        case 8: who.durable(in_.byte()); break;
        case 9: transmit(who); break;
        case 10: deliver(in_.byte(), true); break;
        case 11: deliver(in_.byte(), false); break;
        case 12: drop(in_.byte()); break;
        case 13: corrupt(in_.byte()); break;
        case 14: clock_.advance(in_.byte() * std::chrono::milliseconds(20)); break;
        case 15: who.link == sixfold::link_id::none ? link_up(who) : link_down(who); break;
        case 16: replace_relay(); break;
        case 17: crash(who); break;
        case 18: mailbox_fails_ = in_.byte() % 4; break;
        default: round(); break;
        }
    }

    void send(world_party& who) {
        const std::uint8_t size = in_.byte();
        sixfold::send_options how;
        if (const std::uint8_t deadline = in_.byte(); deadline % 4 == 3) {
            how.expires_after = deadline * std::chrono::milliseconds(20);
        }
        how.storing = in_.byte() % 8 == 7 ? sixfold::storing::forbidden : sixfold::storing::allowed;
        who.send(other(who).options().self, 2 + size % 63U, how);
    }

    void hear(world_party& who) {
        who.hear(
            [&](text_number which, sixfold::status news) { check_news(other(who), which, news); });
    }

    void transmit(world_party& who) {
        std::vector<std::byte> buffer(300);
        for (int packets = 0; const auto one = who.machine().poll_transmit(buffer); ++packets) {
            demand(who.link != sixfold::link_id::none, "frames without a link");
            demand(packets < 100, "frames without end");
            put_in_flight({who.link, true, {one->begin(), one->end()}});
        }
    }

    void put_in_flight(packet one) {
        if (in_flight_.size() == in_flight_max) {
            in_flight_.erase(in_flight_.begin());
        }
        in_flight_.push_back(std::move(one));
    }
    void drop(std::size_t place) {
        if (!in_flight_.empty()) {
            in_flight_.erase(in_flight_.begin() +
                             static_cast<std::ptrdiff_t>(place % in_flight_.size()));
        }
    }
    void deliver(std::size_t place, bool once) {
        if (!in_flight_.empty()) {
            const packet one = in_flight_[place % in_flight_.size()];
            if (once) {
                drop(place);
            }
            (void)arrive(one);
        }
    }
    void corrupt(std::size_t place) {
        if (!in_flight_.empty()) {
            packet one = in_flight_[place % in_flight_.size()];
            drop(place);
            one.data[in_.byte() % one.data.size()] ^= std::byte{1} << in_.byte() % 8;
            demand(arrive(one) != sixfold::refusal::none, "damage is not seen");
        }
    }

    /// Where nobody is at home any more it is lost.
    sixfold::refusal arrive(const packet& one) {
        if (one.to_relay) {
            return at_relay(one);
        }
        for (world_party& each : parties_) {
            if (each.link == one.link) {
                return each.machine().handle(one.data);
            }
        }
        return sixfold::refusal::unknown_link;
    }
    sixfold::refusal at_relay(const packet& one) {
        sixfold::reactions out;
        const sixfold::refusal why = relay_->handle(one.link, one.data, out);
        while (const auto request = out.next_request()) {
            relay_->complete(*request, execute(*request), out);
        }
        demand(out.frames().size() < 100, "one packet has too many answers");
        for (const sixfold::outgoing& each : out.frames()) {
            if (each.link != sixfold::link_id::none) {
                put_in_flight({each.link, false, {each.bytes.begin(), each.bytes.end()}});
            }
        }
        return why;
    }
    /// 1: it is not done; 2: it is, and nobody knows; 3: it is done twice.
    sixfold::mailbox_outcome execute(const sixfold::mailbox_request& request) {
        const int how = std::exchange(mailbox_fails_, 0);
        if (how == 1) {
            return {};
        }
        sixfold::mailbox_outcome out = mailbox_.execute(request);
        if (how == 3) {
            out = mailbox_.execute(request);
        }
        return how == 2 ? sixfold::mailbox_outcome() : out;
    }

    void link_up(world_party& who) {
        who.link = sixfold::link_id{++links_};
        demand(relay_->link_up(who.link, who.options().self).has_value(), "a link is refused");
        who.machine().link_up();
    }
    void link_down(world_party& who) {
        relay_->link_down(who.link);
        who.machine().link_down();
        who.link = sixfold::link_id::none;
    }
    void replace_relay() {
        relay_.emplace(sixfold::relay::create({}).value());
        for (world_party& each : parties_) {
            if (each.link != sixfold::link_id::none) {
                each.machine().link_down();
                link_up(each);
            }
        }
    }
    void crash(world_party& who) {
        const bool linked = who.link != sixfold::link_id::none;
        relay_->link_down(who.link);
        who.crash(in_.byte());
        if (linked) {
            link_up(who);
        }
    }

    /// Everybody does what an app does, and everything arrives.
    void round() {
        for (world_party& each : parties_) {
            hear(each);
            each.take(other(each).options().self);
            while (each.has_handed()) {
                each.settle(0, false);
            }
            each.all_durable();
            transmit(each);
        }
        for (std::size_t left = in_flight_.size(); left != 0; --left) {
            deliver(0, true);
        }
    }

    // --- what must hold ---

    void check_news(const world_party& receiver, text_number which, sixfold::status news) {
        text_truth& truth = truths_[which];
        const app_rows& there = receiver.durable_rows();
        const bool too_large = truth.size > receiver.options().receiver.payload_max;
        if (news == sixfold::status::stored) {
            truth.stored = true;
            demand(truth.stopped || too_large || there.accepted.contains(which) ||
                       there.refused.contains(which) || is_stored(receiver.options().self, which),
                   "told stored, and it is nowhere");
        }
        if (!is_final(news)) {
            return;
        }
        demand(truth.told == sixfold::status::none || truth.told == news,
               "told two different ends");
        truth.told = news;
        if (news == sixfold::status::delivered) {
            demand(there.accepted.contains(which), "told delivered, and it is not accepted");
        } else if (news == sixfold::status::rejected) {
            demand(too_large || there.refused.contains(which),
                   "told rejected, and nobody has refused it");
        } else if (news == sixfold::status::ended) {
            demand(truth.stored || anything_refused(), "told ended, and everything was remembered");
        } else {
            demand(truth.stopped, "told cancelled or expired, and nobody wanted that");
        }
        check_not_accepted(receiver, which);
    }

    /// Did anything happen that a receiver has to remember as an exception?
    [[nodiscard]] bool anything_refused() const {
        bool out = !parties_[0].rows().refused.empty() || !parties_[1].rows().refused.empty();
        for (const text_truth& each : truths_) {
            out = out || each.stopped || each.size > 32;
        }
        return out;
    }

    void check_not_accepted(const world_party& receiver, text_number which) {
        const sixfold::status told = truths_[which].told;
        demand(!receiver.rows().accepted.contains(which) || told == sixfold::status::none ||
                   told == sixfold::status::delivered || told == sixfold::status::ended,
               "told to have ended otherwise, and it is accepted");
    }

    bool is_stored(const sixfold::peer& receiver, text_number which) {
        sixfold::sync_request sync{.rows = UINT32_MAX, .room = UINT32_MAX};
        do {
            const sixfold::mailbox_outcome page =
                mailbox_.execute({.from = receiver, .what = sync});
            for (const sixfold::mailbox_row& row : page.rows) {
                if (!row.tombstone && number_of(row.payload) == which) {
                    return true;
                }
            }
            sync.from = page.next;
        } while (sync.from);
        return false;
    }

    [[nodiscard]] bool all_ended() const {
        for (const world_party& each : parties_) {
            for (const auto& [which, row] : each.durable_rows().outbox) {
                if (!is_final(row.last)) {
                    return false;
                }
            }
        }
        return mailbox_.rows() == 0;
    }

    /// Links are there, nothing is lost any more, and time goes on.
    void heal() {
        mailbox_fails_ = 0;
        for (world_party& each : parties_) {
            if (each.link == sixfold::link_id::none) {
                link_up(each);
            }
        }
        for (int rounds = 0; !all_ended(); ++rounds) {
            demand(rounds < 1000, "it does not end");
            round();
            if (in_flight_.empty()) {
                const sixfold::time_point next = (std::min)(parties_[0].machine().next_deadline(),
                                                            parties_[1].machine().next_deadline());
                demand(next != sixfold::never, "everybody waits for ever");
                clock_.set((std::max)(next, clock_.now()));
            }
        }
    }

    void check_ends() {
        for (world_party& each : parties_) {
            for (const auto& [which, row] : each.durable_rows().outbox) {
                check_not_accepted(other(each), which);
            }
        }
    }

    input& in_;
    sixfold::manual_clock clock_;
    std::vector<text_truth> truths_;
    sixfold::memory_mailbox mailbox_;
    std::optional<sixfold::relay> relay_;
    world_party parties_[2];
    std::vector<packet> in_flight_;
    std::uint64_t links_ = 0;
    int mailbox_fails_ = 0;
};

inline void run_world(sixfold::bytes data) {
    input in(data);
    world(in).run();
}

}  // namespace fuzz

#endif
