// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_SENDING_HPP
#define SIXFOLD_TESTS_EXPLORE_SENDING_HPP

#include <bitset>
#include <string>
#include <utility>
#include <vector>

#include "explore/broken.hpp"

namespace explore {

/// One of those who are known to the mailbox: a sender, and one of its epochs.
struct stream_name {
    peer from;
    sixfold::epoch epoch = epoch::none;
};

/// A and C, each by itself: (state, input) -> state and frames.
class sending {
  public:
    sending(const rules& r, frame_book& frames)
        : rules_(r), frames_(frames), streams_(r.lives + 1U) {}

    node_book<a_node> nodes;

    std::uint32_t first(bool is_c) { return number(a_node{make(0, is_c), is_c}); }

    [[nodiscard]] bool may_submit(const a_node& a) const {
        return submitted_in_life(a) < (a.life == 0 && !a.is_c ? rules_.messages : 1U);
    }
    [[nodiscard]] bool may_cancel(const a_node& a, std::uint32_t id) const {
        return has(a.submitted, id) && !has(a.cancelled, id) && !is_final(a.known[id]) &&
               std::bitset<ids_max>(a.cancelled).count() < rules_.cancels && a.life == 0;
    }

    const step& submits(std::uint32_t at) {
        return when(at, submit, [&](a_node& a) { do_submit(a); });
    }
    const step& cancels(std::uint32_t at, std::uint32_t id) {
        return when(at, cancel + id, [&](a_node& a) {
            a.machine.cancel(a.tickets[id]);
            a.cancelled |= bit(id);
        });
    }
    /// A comes back with its journal: the worst there is, which knows what was submitted and cancelled, and nothing of
    /// what was learned since.
    const step& crashes(std::uint32_t at) {
        return when(at, crash, [&](a_node& a) {
            a.machine = make(a.life, a.is_c);
            const std::uint32_t end = first_id(a) + submitted_in_life(a);
            for (std::uint32_t id = first_id(a); id < end; ++id) {
                a.known[id] = status::none;
                do_send(a, id);
                if (has(a.cancelled, id)) {
                    a.machine.cancel(a.tickets[id]);
                }
            }
            if (end != first_id(a)) {
                outbound_stream& stream = test_access::stream(a.machine, "b");
                stream.sent_end = stream.next();  // a journal does not know what was sent
            }
        });
    }
    const step& loses_journal(std::uint32_t at) {
        return when(at, new_life, [&](a_node& a) {
            ++a.life;
            a.machine = make(rules_.what == broken::epoch_used_again ? 0 : a.life, a.is_c);
        });
    }
    const step& takes(std::uint32_t at, frame_id f) {
        return when(at, first_frame + f, [&](a_node& a) { give(a, frames_[f].what, rules_.what); });
    }

    /// The number of the first message of a present life.
    [[nodiscard]] std::uint32_t first_id(const a_node& a) const {
        return a.is_c ? first_id_of_c : a.life == 0 ? 0 : rules_.messages + a.life - 1U;
    }
    [[nodiscard]] std::uint32_t submitted_in_life(const a_node& a) const {
        return static_cast<std::uint32_t>(std::bitset<ids_max>(a.submitted >> first_id(a)).count());
    }
    void do_submit(a_node& a) const { do_send(a, first_id(a) + submitted_in_life(a)); }
    void hear(a_node& a) const {
        while (auto e = a.machine.poll_event()) {
            for (std::uint32_t id = first_id(a); id < first_id(a) + submitted_in_life(a); ++id) {
                if (a.tickets[id] == e->id) {
                    a.known[id] = e->what == status::relayed ? status::none : e->what;
                    a.stored |= e->what == status::stored ? bit(id) : id_set{0};
                    a.settled |= is_final(e->what) ? bit(id) : id_set{0};
                }
            }
        }
    }
    /// The streams of all lives, as far as there were any.
    [[nodiscard]] const std::vector<stream_name>& streams() const { return streams_; }
    /// The epoch of A's first life, which is minted when it submits something.
    [[nodiscard]] epoch first_epoch() const {
        a_node a{make(0, false)};
        do_submit(a);
        return test_access::stream(a.machine, "b").epoch;
    }

  private:
    enum input : std::uint32_t { submit, cancel, crash = cancel + ids_max, new_life, first_frame };

    sender make(std::uint32_t life, bool is_c) const {
        sender_options o;
        o.window = rules_.window;
        o.queue_entries = 8;
        o.queue_bytes = 256;
        o.payload_max = 1;
        o.unsettled_max = 8;
        o.peers_max = 1;
        sender s = sender::create(the_clock(), {life + 1U, is_c ? 2U : 1U}, o).value();
        s.link_up(wire());
        return s;
    }
    static void do_send(a_node& a, std::uint32_t id) {
        const std::byte payload[] = {static_cast<std::byte>(id)};
        a.tickets[id] = a.machine.send("b", payload).value();
        a.submitted |= bit(id);
    }

    [[nodiscard]] static place way_of(const a_node& a) {
        return a.is_c ? place::at_relay_from_c : place::at_relay_from_a;
    }

    template <class Happen>
    const step& when(std::uint32_t at, std::uint32_t what, Happen happen) {
        return steps_.get(at, what, [&] {
            a_node next = nodes[at];
            step s;
            happen(next);
            poll(next.machine, way_of(next), frames_, s.sent);
            s.to = number(std::move(next));
            return s;
        });
    }

    std::uint32_t number(a_node a) {
        hear(a);
        std::string key = test_access::fingerprint(a.machine);
        for (const status s : a.known) {
            key.push_back(static_cast<char>(s));
        }
        key.append({static_cast<char>(a.stored), static_cast<char>(a.settled),
                    static_cast<char>(a.cancelled), static_cast<char>(a.submitted),
                    static_cast<char>(a.life), static_cast<char>(a.is_c)});
        return nodes.number(key, std::move(a), [&](a_node& fresh) {
            if (submitted_in_life(fresh) != 0) {
                streams_[fresh.is_c ? rules_.lives : fresh.life] = {
                    fresh.is_c ? "c" : "a", test_access::stream(fresh.machine, "b").epoch};
            }
            fresh.sends = saturate(fresh.machine, way_of(fresh), frames_);
        });
    }

    rules rules_;
    frame_book& frames_;
    std::vector<stream_name> streams_;  // of A by its life, then of C
    step_book steps_;
};

}  // namespace explore

#endif
