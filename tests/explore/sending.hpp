// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_SENDING_HPP
#define SIXFOLD_TESTS_EXPLORE_SENDING_HPP

#include <algorithm>
#include <array>
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
    friend bool operator==(const stream_name&, const stream_name&) = default;
};

/// A and C, each by itself: (state, input) -> state and frames.
class sending {
  public:
    sending(const rules& r, frame_book& frames) : rules_(r), frames_(frames) {}

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
    // --- a real journal ----------------------------------------------------------------------------

    /// A writes its records, each by itself.
    const step& writes(std::uint32_t at) {
        return when(at, write, [&](a_node& a) {
            std::array<std::byte, 2048> buffer;
            while (const auto records = a.machine.poll_journal(buffer)) {
                journal_reader reader(*records);
                while (const auto each = reader.next()) {
                    a.files.write(each->wire, 0);
                }
            }
            if (rules_.what == broken::sent_before_durable) {
                a.machine.durable(a.machine.written());
            }
        });
    }
    const step& syncs(std::uint32_t at) {
        return when(at, sync, [](a_node& a) {
            (void)a.files.sync();
            a.machine.durable(a.machine.written());
        });
    }
    /// A crashes, and comes back with what was durable and so many of the records that were not. Its app knows what it has
    /// submitted and heard, and submits again what the machine does not know.
    const step& comes_back(std::uint32_t at, std::uint32_t kept) {
        return when(at, come_back + kept, [&](a_node& a) {
            const bool late = rules_.what == broken::tail_out_of_order;
            (void)a.files.keep(late ? a.files.unsynced() - kept : 0, kept);
            ++a.crashes;
            a.machine = make(start_of(a), a.is_c, a.files.image());
            const std::uint32_t end = first_id(a) + submitted_in_life(a);
            for (std::uint32_t id = first_id(a); id < end; ++id) {
                if (is_final(a.known[id])) {
                    continue;
                }
                if (!a.machine.outstanding(a.tickets[id])) {
                    do_send(a, id);
                }
                if (has(a.cancelled, id)) {
                    a.machine.cancel(a.tickets[id]);
                }
            }
        });
    }

    const step& loses_journal(std::uint32_t at) {
        return when(at, new_life, [&](a_node& a) {
            ++a.life;
            a.files = {};
            a.machine = make(rules_.what == broken::epoch_used_again ? 0 : start_of(a), a.is_c);
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
                    hear(a, id, e->what);
                }
            }
        }
    }
    /// All streams that there were.
    [[nodiscard]] const std::vector<stream_name>& streams() const { return streams_; }
    /// The epoch of A's first life, which is minted when it submits something.
    [[nodiscard]] epoch first_epoch() const {
        a_node a{make(0, false)};
        do_submit(a);
        return test_access::stream(a.machine, "b").epoch;
    }

  private:
    enum input : std::uint32_t {
        submit,
        cancel,
        crash = cancel + ids_max,
        new_life,
        write,
        sync,
        come_back,
        first_frame = come_back + 32
    };

    /// After a crash the app may be told again what it has heard, and keeps the first end. `ended` is less than any other;
    /// and a tombstone is told as the crash has left it: who ended the message is not what B knows.
    [[nodiscard]] static bool may_follow(status first, status second) {
        const auto is_tombstone = [](status s) {
            return s == status::cancelled || s == status::expired;
        };
        return second == first || first == status::ended || second == status::ended ||
               (is_tombstone(first) && is_tombstone(second));
    }
    static void hear(a_node& a, std::uint32_t id, status what) {
        status& known = a.known[id];
        if (is_final(known)) {
            a.differs |= is_final(what) && !may_follow(known, what);
        } else if (what > known && what != status::relayed) {
            known = what;
            a.stored |= what == status::stored ? bit(id) : id_set{0};
            a.settled |= is_final(what) ? bit(id) : id_set{0};
        }
    }

    /// Grows with each start, and no two ways to lose a journal lead to the same.
    [[nodiscard]] std::uint32_t start_of(const a_node& a) const {
        return a.life + rules_.lives * a.crashes;
    }
    sender make(std::uint32_t start, bool is_c, const std::string& journal = {}) const {
        sender_options o;
        o.window = rules_.window;
        o.queue_entries = 8;
        o.queue_bytes = 256;
        o.payload_max = 1;
        o.unsettled_max = 8;
        o.peers_max = 1;
        const journaling keeps = rules_.journal ? journaling::withhold : journaling::none;
        const incarnation life{start + 1U, is_c ? 2U : 1U};
        sender s = sender::create(the_clock(), life, o, keeps, as_bytes(journal)).value();
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

    void note_stream(a_node& a) {
        if (test_access::streams(a.machine) != 0) {
            const stream_name name{a.is_c ? "c" : "a", test_access::stream(a.machine, "b").epoch};
            if (std::find(streams_.begin(), streams_.end(), name) == streams_.end()) {
                streams_.push_back(name);
            }
        }
    }

    template <class Happen>
    const step& when(std::uint32_t at, std::uint32_t what, Happen happen) {
        return steps_.get(at, what, [&] {
            a_node next = nodes[at];
            step s;
            happen(next);
            poll(next.machine, way_of(next), frames_, s.sent);
            hear(next);
            s.wrong = next.differs && rules_.amnesias == 0
                          ? "A was told two different ends of one message"
                          : "";
            s.to = number(std::move(next));
            return s;
        });
    }

    std::uint32_t number(a_node a) {
        std::string key = test_access::fingerprint(a.machine);
        for (const status s : a.known) {
            key.push_back(static_cast<char>(s));
        }
        key.append({static_cast<char>(a.stored), static_cast<char>(a.settled),
                    static_cast<char>(a.cancelled), static_cast<char>(a.submitted),
                    static_cast<char>(a.life), static_cast<char>(a.is_c)});
        if (rules_.journal) {
            key += test_access::journal_fingerprint(a.machine) + a.files.fingerprint();
            key.push_back(static_cast<char>(a.crashes));
        }
        return nodes.number(key, std::move(a), [&](a_node& fresh) {
            note_stream(fresh);
            fresh.sends = saturate(fresh.machine, way_of(fresh), frames_);
        });
    }

    rules rules_;
    frame_book& frames_;
    std::vector<stream_name> streams_;
    step_book steps_;
};

}  // namespace explore

#endif
