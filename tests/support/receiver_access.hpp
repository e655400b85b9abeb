// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_RECEIVER_ACCESS_HPP
#define SIXFOLD_TESTS_SUPPORT_RECEIVER_ACCESS_HPP

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/receiver.hpp>

// What tests may do to a receiver that no app can: copy it, look inside, and pull the plug.

namespace sixfold::inline v0 {

struct receiver_access {
    static receiver copy_of(const receiver& machine) { return machine; }

    /// What is left of a receiver after a crash, if its journal holds what it has committed.
    static void crash(receiver& r) {
        const inbound_store before = store(r);
        inbound_journal& journal = r.inbox_.messages_.journal_;
        const inbound_journal records = journal;
        random_source random(1);
        r.inbox_ = inbox(r.options_, records.keeps_, random);
        for (std::uint32_t which = 0; which < before.size(); ++which) {
            inbound_stream left = before.empty_stream();
            const inbound_stream& was = before[which];
            if (was.kept()) {
                left.epoch_ = was.epoch_;
                left.stage_ = stream_stage::entered;
                left.window_ = was.window_;
                left.horizon_ = was.horizon_;
                left.exceptions_ = was.exceptions_;
                left.next_ = was.window_.floor();
                left.end_ = was.end_;
                left.kept_ = true;
                const std::uint32_t now = store(r).insert(before.senders()[which]);
                store(r).restore(now, left);
            }
        }
        r.inbox_.messages_.journal_ = records;
        r.linked_ = false;
    }

    // --- a look inside -----------------------------------------------------------------------------

    static inbound_store& store(receiver& r) { return r.inbox_.messages_.store_; }
    static const inbound_store& store(const receiver& r) { return r.inbox_.messages_.store_; }
    static const held_messages& held(const receiver& r) { return store(r).held(); }
    static std::uint32_t index(const receiver& r, const peer& from) {
        return store(r).senders().look_up(from);
    }
    // A peer by value: GCC 14 suspects a reference of coming from a temporary that it was given.
    static const inbound_stream& stream(const receiver& r, peer from) {
        return store(r)[index(r, from)];
    }
    static const inbound_answer& answer(const receiver& r, peer from) {
        return r.inbox_.acks_.answers_[index(r, from)].answer;
    }
    static bool knows(const receiver& r, const peer& from) {
        return index(r, from) != inbound_store::none;
    }
    /// Zero for a sender that is not known.
    static seq floor(const receiver& r, const peer& from) {
        return knows(r, from) ? stream(r, from).window().floor() : 0;
    }
    static bytes held_payload(const receiver& r, const message& m) {
        return held(r).payload(held(r).find(index(r, m.from), m.id));
    }
    /// How many messages of a larger epoch are held.
    static std::size_t early(const receiver& r, const peer& from) {
        std::size_t count = 0;
        for (auto at = held(r).early(index(r, from)); at != held_messages::none;
             at = held(r)[at].below) {
            ++count;
        }
        return count;
    }
    /// The serial that the next ack:A must name to be taken for an answer to the last state.
    static ack_serial state_serial(const receiver& r, const peer& from) {
        return knows(r, from) ? answer(r, from).last_serial_ : ack_serial{0};
    }
    static const round_trip& relay_trip(const receiver& r) { return r.inbox_.acks_.path_; }
    static const mailbox_round& round(const receiver& r) { return r.inbox_.round_; }

    // --- for who looks at states alone ---------------------------------------------------------------

    /// Limits go with the next state of each stream.
    static void tell_limits(receiver& r) {
        inbound_acks& acks = r.inbox_.acks_;
        for (std::uint32_t which = 0; which < acks.answers_.size(); ++which) {
            acks.answers_[which].answer.owe_limits(acks.ring_.next());
        }
    }
    /// Nothing is echoed any more, but what is to be echoed as soon as a record is durable.
    static void forget_seen(receiver& r) {
        inbound_acks& acks = r.inbox_.acks_;
        for (std::uint32_t which = 0; which < acks.answers_.size(); ++which) {
            if (r.inbox_.messages_.journal_.is_durable(which)) {
                acks.answers_[which].answer.seen_ = seen_numbers();
            }
        }
    }

    /// Has it nothing to send, and waits for no answer, but for the mailbox that it asks for now and then?
    static bool quiet(const receiver& r) {
        return r.inbox_.acks_.said_ == 0 && r.inbox_.acks_.owed_.empty() &&
               r.inbox_.round_.stage_ == mailbox_round::stage::resting;
    }

    /// All that decides what a receiver will do next with messages.
    static std::string fingerprint(const receiver& r) {
        std::map<std::string, std::string> streams;  // by name: which came first does not matter
        for (std::uint32_t which = 0; which < store(r).size(); ++which) {
            streams[std::string(store(r).senders()[which].name())] = fingerprint_of(r, which);
        }
        std::string out;
        for (const auto& [name, state] : streams) {
            out += name;
            out += state;
        }
        for (std::uint32_t slot = held(r).first_; slot != held_messages::none;
             slot = held(r)[slot].next) {
            out += store(r).senders()[held(r)[slot].stream].name();
            add(out, held(r)[slot].id.seq);
        }
        // Who stands in line for a place.
        const room_line& places = r.inbox_.acks_.offers_.places_;
        places.line_.for_each([&](std::uint32_t which) {
            if (places.waits(which)) {
                out += store(r).senders()[which].name();
            }
        });
        return out;
    }
    /// ... of what it has from one sender.
    static std::string fingerprint(const receiver& r, const peer& from) {
        return knows(r, from) ? fingerprint_of(r, index(r, from)) : std::string();
    }
    /// What more decides what it will do if it keeps a journal: what was not written, and what waits for it.
    static std::string journal_fingerprint(const receiver& r) {
        const inbound_journal& journal = r.inbox_.messages_.journal_;
        std::string out;
        for (std::uint32_t which = 0; which < store(r).size(); ++which) {
            const bool withheld = !journal.is_durable(which);
            const bool unwritten =
                withheld && journal.records_[which] == inbound_journal::unwritten;
            const inbound_answer& owed = r.inbox_.acks_.answers_[which].answer;
            add(out, unwritten ? 2U : withheld ? 1U : 0U);
            add(out, withheld ? static_cast<std::uint64_t>(owed.past()) : 0U);
            add(out, withheld ? static_cast<std::uint64_t>(owed.waiting().epoch) : 0U);
            const std::optional<echo> seen = withheld ? owed.seen().get() : std::nullopt;
            add(out, seen ? seen->number + 1U : 0U);
        }
        return out;
    }

    // --- whether it is in order, O(n) -------------------------------------------------------------

    /// Do lists, counts and bits say the same?
    static bool is_consistent(const inbound_store& all) {
        const held_messages& held = all.held_;
        std::uint32_t sum = 0;
        std::uint32_t waiting = 0;
        for (std::uint32_t which = 0; which < all.size(); ++which) {
            std::uint32_t listed = 0;
            seq last = 0;
            for (auto at = held.lowest(which); at != held_messages::none; at = held[at].above) {
                const bool rises = listed == 0 || held[at].id.seq > last;
                if (!rises || !all[which].holds(held[at].id.seq) ||
                    held[at].id.epoch != all[which].epoch() || held[at].stream != which) {
                    return false;
                }
                last = held[at].id.seq;
                ++listed;
            }
            if (listed != all[which].held_.count()) {
                return false;
            }
            sum += held.count(which);
            waiting += held.waiting(which);
        }
        return sum == held.size() && waiting == held.waiting() && held.size() <= held.places();
    }

    // --- field by field ------------------------------------------------------------------------------

    /// The fields in which they differ. A new field does not compile before it is here, and so in the tables of its tests.
    static std::vector<std::string> differing(const inbound_stream& a, const inbound_stream& b) {
        fields out;
        const auto& [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10] = a;
        const auto& [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10] = b;
        out.compare("epoch", a0 == b0);
        out.compare("window", a1 == b1);
        out.compare("held", a2 == b2);
        out.compare("exceptions", a3 == b3);
        out.compare("horizon", a4 == b4);
        out.compare("next", a5 == b5);
        out.compare("end", a6 == b6);
        out.compare("exceptions_max", a7 == b7);
        out.compare("stage", a8 == b8);
        out.compare("kept", a9 == b9);
        out.compare("handed_out", a10 == b10);
        return out.names;
    }
    static std::vector<std::string> differing(const inbound_answer& a, const inbound_answer& b) {
        fields out;
        const auto& [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10] = a;
        const auto& [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10] = b;
        out.compare("seen", a0 == b0);
        out.compare("latest", a1 == b1);
        out.compare("past", a2 == b2);
        out.compare("waiting", a3.epoch == b3.epoch && a3.number == b3.number);
        out.compare("told_room", a4 == b4);
        out.compare("known_room", a5 == b5);
        out.compare("limits_since", a6 == b6);
        out.compare("first_serial", a7 == b7);
        out.compare("last_serial", a8 == b8);
        out.compare("again", a9 == b9);
        out.compare("state", a10 == b10);
        return out.names;
    }
    static std::vector<std::string> differing(const ack_ring& a, const ack_ring& b) {
        fields out;
        const auto& [a0, a1, a2, a3, a4, a5] = a;
        const auto& [b0, b1, b2, b3, b4, b5] = b;
        out.compare("first", a0 == b0);
        out.compare("open", a1 == b1);
        out.compare("latest", a2 == b2);
        out.compare("next", a3 == b3);
        out.compare("rule", a4 == b4);
        (void)a5, (void)b5;  // its places are written before they are read
        return out.names;
    }
    /// What a new link is to forget.
    static std::vector<std::string> differing(const mailbox_round& a, const mailbox_round& b) {
        fields out;
        out.compare("fruitless", a.fruitless_ == b.fruitless_);
        out.compare("marked", a.marked_ == b.marked_);
        out.compare("soon", a.soon_ == b.soon_);
        out.compare("again", a.again_ == b.again_);
        out.compare("rest", a.rest_ == b.rest_);
        out.compare("stage", a.stage_ == b.stage_);
        out.compare("left", a.left_.size() == b.left_.size());
        out.compare("marks", a.marks_.all() == b.marks_.all());
        out.compare("size", a.size_.bytes(UINT32_MAX) == b.size_.bytes(UINT32_MAX));
        return out.names;
    }
    /// The serials of a receiver that has said nothing go on behind this one.
    static void count_from(receiver& r, ack_serial before) {
        r.inbox_.acks_.ring_ = ack_ring(before);
    }
    static ack_ring& ring(receiver& r) { return r.inbox_.acks_.ring_; }
    static inbound_acks& acks(receiver& r) { return r.inbox_.acks_; }
    static const inbound_messages& messages(const receiver& r) { return r.inbox_.messages_; }

  private:
    struct fields {
        std::vector<std::string> names;
        void compare(const char* name, bool same) {
            if (!same) {
                names.emplace_back(name);
            }
        }
    };

    static std::string fingerprint_of(const receiver& r, std::uint32_t which) {
        const inbound_stream& stream = store(r)[which];
        const seq floor = stream.window().floor();
        std::string out;
        add(out, static_cast<std::uint64_t>(stream.epoch()));
        add(out, static_cast<std::uint64_t>(stream.stage()) * 2 + (stream.kept() ? 1U : 0U));
        add(out, floor);
        add(out, stream.horizon());
        add(out, stream.next());
        std::map<seq, epoch> early;
        for (auto at = held(r).early(which); at != held_messages::none; at = held(r)[at].below) {
            early[held(r)[at].id.seq] = held(r)[at].id.epoch;
        }
        for (const auto& [at, of] : early) {
            add(out, at);
            add(out, static_cast<std::uint64_t>(of));
        }
        for (const exception& e : stream.exceptions()) {
            add(out, e.seq * 8 + static_cast<std::uint64_t>(e.how));
        }
        const mailbox_marks& marks = r.inbox_.round_.marks_;
        if (marks.of(which) != mailbox_marks::stage::none) {
            add(out, static_cast<std::uint64_t>(marks.row(which).epoch));
            add(out, marks.row(which).seq + 1);
        } else {
            add(out, 0);
        }
        for (seq at = floor; at < floor + stream.window().width(); ++at) {
            const std::uint32_t slot = held(r).find(which, {stream.epoch(), at});
            const bool handed =
                slot != held_messages::none && held(r)[slot].stage == held_messages::stage::handed;
            add(out, (stream.window().of(at) == standing::duplicate ? 1U : 0U) |
                         (stream.holds(at) ? 2U : 0U) | (handed ? 4U : 0U));
        }
        return out;
    }
    static void add(std::string& out, std::uint64_t value) {
        do {
            out.push_back(static_cast<char>(value & 0x7F));
            value >>= 7;
        } while (value != 0);
        out.push_back(static_cast<char>(0x80));
    }
};

}  // namespace sixfold::inline v0

#endif
