// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_TEST_ACCESS_HPP
#define SIXFOLD_TESTS_SUPPORT_TEST_ACCESS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>

// What tests may do to a machine that no app can: copy it, look inside, and pull the plug.

namespace sixfold::inline v0 {

struct test_access {
    // --- a copy, so that one state goes on in several ways -------------------------------------------

    /// A machine that can be copied.
    template <class Machine>
    struct forkable : Machine {
        forkable(Machine machine) : Machine(std::move(machine)) {}
        forkable(const forkable& other) : Machine(other) {}
        forkable(forkable&&) noexcept = default;
        forkable& operator=(const forkable& other) {
            Machine::operator=(other);
            return *this;
        }
        forkable& operator=(forkable&&) noexcept = default;
    };
    template <class Machine>
    static Machine copy_of(const Machine& machine) {
        return machine;
    }

    // --- the plug ----------------------------------------------------------------------------------

    /// What is left of a receiver after a crash, if its journal holds what it has committed: the first
    /// group of each stream, and nothing else.
    static void crash(receiver& r) {
        held_messages none(r.options_.held_entries, r.options_.held_bytes, r.options_.payload_max,
                           1);
        r.messages_.held = none;
        r.sync_ = mailbox_sync(r.options_.sync_interval);
        r.acks_.owed_ = {};
        r.acks_.withheld_.clear();
        r.acks_.retries_ = deadlines();
        r.acks_.relay_trip_ = round_trip();
        r.shown_ = held_messages::none;
        r.linked_ = false;
        for (inbound_stream& stream : r.messages_.streams) {
            inbound_stream left(r.options_.window, r.options_.exceptions);
            left.epoch = stream.epoch;
            left.window = stream.window;
            left.horizon = stream.horizon;
            left.exceptions = stream.exceptions;
            left.next = stream.window.floor();
            left.record = stream.record;
            stream = left;
        }
        for (std::uint32_t which = 0; which < r.messages_.streams.size(); ++which) {
            r.messages_.line_up(which);
        }
    }

    // --- a look inside -----------------------------------------------------------------------------

    /// All that decides what a sender will do next, but for times and counts of tries.
    static std::string fingerprint(const sender& s) {
        std::string out;
        for (const outbound_stream& stream : s.messages_.streams) {
            add(out, static_cast<std::uint64_t>(stream.epoch));
            add(out, stream.first());
            add(out, stream.base());
            add(out, stream.unsent());
            add(out, stream.next());
            add(out, stream.sent_end);
            add(out, stream.reported_floor ? *stream.reported_floor + 1 : 0);
            add(out, stream.stored);
            add(out, stream.tombstones);
            add(out, (stream.met ? 1U : 0U));
            add(out, stream.limits.window);
            for (seq at = stream.first(); at < stream.next(); ++at) {
                const std::uint32_t slot = stream.slot(at);
                add(out, slot == outbound_stream::no_slot
                             ? 99U
                             : static_cast<std::uint64_t>(
                                   without_relayed(s.messages_.queue[slot].state)) *
                                       8 +
                                   (s.messages_.queue[slot].unsettled ? 1U : 0U));
            }
        }
        return out;
    }

    /// What more decides what a sender will do if it keeps a journal.
    static std::string journal_fingerprint(const sender& s) {
        const wait_ack_queue& queue = s.messages_.queue;
        std::string out;
        for (std::uint32_t which = 0; which < s.messages_.streams.size(); ++which) {
            const outbound_stream& stream = s.messages_.streams[which];
            add(out, s.messages_.is_durable(which) ? 1U : 0U);
            add(out, stream.record == wait_ack_queue::no_record ? 1U : 0U);
            add(out, static_cast<std::uint64_t>(stream.journaled_epoch));
            add(out, stream.journaled_next);
        }
        for (std::uint32_t slot = 0; slot < queue.size(); ++slot) {
            const wait_ack_queue::entry& e = queue[slot];
            add(out, e.taken ? 1U : 0U);
            add(out, static_cast<std::uint64_t>(e.epoch));
            add(out, e.seq);
            add(out, static_cast<std::uint64_t>(without_relayed(e.state)));
            add(out, static_cast<std::uint64_t>(e.where));
            add(out, static_cast<std::uint64_t>(e.outcome) * 16 +
                         static_cast<std::uint64_t>(is_final(e.told) ? e.told : status::none));
        }
        for (std::uint32_t slot = queue.first(wait_ack_queue::place::unwritten);
             slot != wait_ack_queue::none; slot = queue[slot].next) {
            add(out, slot);
        }
        return out;
    }
    /// Likewise of a receiver: what was not written, and what waits for it.
    static std::string journal_fingerprint(const receiver& r) {
        std::string out;
        for (const inbound_stream& stream : r.messages_.streams) {
            const bool withheld = stream.record > r.acks_.durable_;
            add(out, stream.record == inbound_stream::no_record ? 2U : withheld ? 1U : 0U);
            add(out, withheld ? static_cast<std::uint64_t>(stream.past) : 0U);
            add(out, withheld ? static_cast<std::uint64_t>(stream.waiting) : 0U);
        }
        return out;
    }

    /// Likewise of a receiver, but for its round through the mailbox and the answers it waits for.
    static std::string fingerprint(const receiver& r) {
        std::map<std::string, std::string> streams;  // by name: which came first does not matter
        for (std::uint32_t which = 0; which < r.messages_.streams.size(); ++which) {
            streams[std::string(r.messages_.peers[which].name())] = fingerprint_of(r, which);
        }
        std::string out;
        for (const auto& [name, state] : streams) {
            out += name;
            out += state;
        }
        for (std::uint32_t slot = r.messages_.held.first_; slot != held_messages::none;
             slot = r.messages_.held[slot].next) {
            out += r.messages_.peers[r.messages_.held[slot].stream].name();
            add(out, r.messages_.held[slot].id.seq);
        }
        return out;
    }
    /// ... of what it has from one sender.
    static std::string fingerprint(const receiver& r, const peer& from) {
        const std::uint32_t which = r.messages_.peers.look_up(from);
        return which == peer_table::none ? std::string() : fingerprint_of(r, which);
    }

    /// Has it nothing to send, and waits for no answer but those to its probes, which are repair?
    static bool quiet(const sender& s) {
        return s.messages_.retries.size() == 0 &&
               s.messages_.queue.first(wait_ack_queue::place::due) == wait_ack_queue::none;
    }
    /// Likewise, but for the mailbox that it asks for now and then.
    static bool quiet(const receiver& r) {
        const mailbox_sync& sync = r.sync_;
        return r.acks_.retries_.size() == 0 && r.acks_.owed_.empty() && sync.resting_ &&
               sync.deadline_ >= later(sync.rested_at_, sync.interval_);
    }

    /// The serial that the next ack:A, or sync:A, must name to be taken for an answer.
    static std::uint32_t ack_serial(const receiver& r, const peer& from) {
        const std::uint32_t which = r.messages_.peers.look_up(from);
        return which == peer_table::none ? 0 : r.messages_.streams[which].serial;
    }

    // A peer by value: GCC 14 suspects a reference of coming from a temporary that it was given.
    static outbound_stream& stream(sender& s, peer to) {
        return s.messages_.streams[s.messages_.peers.look_up(to)];
    }
    static bool writes_to(const sender& s, const peer& to) {
        return s.messages_.peers.look_up(to) != peer_table::none;
    }
    static inbound_stream& stream(receiver& r, peer from) {
        return r.messages_.streams[r.messages_.peers.look_up(from)];
    }
    /// How many peers were written to.
    static std::size_t streams(const sender& s) { return s.messages_.streams.size(); }
    static wait_ack_queue& queue(sender& s) { return s.messages_.queue; }
    static const wait_ack_queue& queue(const sender& s) { return s.messages_.queue; }
    static const held_messages& held(const receiver& r) { return r.messages_.held; }
    static std::uint32_t index(const receiver& r, const peer& from) {
        return r.messages_.peers.look_up(from);
    }
    /// When the message in a slot is sent again, and when its receiver is probed again.
    static time_point retry_of(const sender& s, std::uint32_t slot) {
        return s.messages_.retries.of(slot);
    }
    static time_point probe_of(const sender& s, const peer& to) {
        return s.probes_.of(s.messages_.peers.look_up(to));
    }
    /// The sender's estimate of the time to the relay, and to a receiver.
    static const round_trip& relay_trip(const sender& s) { return s.requests_.relay_trip_; }
    static const round_trip& relay_trip(const receiver& r) { return r.acks_.relay_trip_; }
    static const mailbox_sync& sync(const receiver& r) { return r.sync_; }
    /// Zero for a sender that is not known.
    static seq floor(const receiver& r, const peer& from) {
        const std::uint32_t which = r.messages_.peers.look_up(from);
        return which == peer_table::none ? 0 : r.messages_.streams[which].window.floor();
    }
    static bytes held_payload(const receiver& r, const message& m) {
        return r.messages_.held.payload(
            r.messages_.held.find(r.messages_.peers.look_up(m.from), m.id));
    }

    // --- field by field ------------------------------------------------------------------------------

    /// The fields in which they differ. A new field does not compile before it is here, and so in the tables of its tests.
    static std::vector<std::string> differing(const outbound_stream& a, const outbound_stream& b) {
        std::vector<std::string> out;
        const auto compare = [&](const char* name, bool same) {
            if (!same) {
                out.emplace_back(name);
            }
        };
        const auto& [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17,
                     a18, a19, a20] = a;
        const auto& [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16, b17,
                     b18, b19, b20] = b;
        compare("epoch", a0 == b0);
        compare("limits", a1 == b1);
        compare("record", a2 == b2);
        compare("journaled_epoch", a3 == b3);
        compare("journaled_next", a4 == b4);
        compare("trip", a5 == b5);
        compare("reported_floor", a6 == b6);
        compare("known", a7 == b7);
        compare("probed_at", a8 == b8);
        compare("probes", a9 == b9);
        compare("stored", a10 == b10);
        compare("tombstones", a11 == b11);
        compare("met", a12 == b12);
        compare("backed_off", a13 == b13);
        compare("sent_end", a14 == b14);
        (void)a15, (void)b15;  // its places are written before they are read
        compare("first", a16 == b16);
        compare("base", a17 == b17);
        compare("unsent", a18 == b18);
        compare("next", a19 == b19);
        compare("passed", a20 == b20);
        return out;
    }
    static std::vector<std::string> differing(const inbound_stream& a, const inbound_stream& b) {
        std::vector<std::string> out;
        const auto compare = [&](const char* name, bool same) {
            if (!same) {
                out.emplace_back(name);
            }
        };
        const auto& [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17,
                     a18, a19, a20, a21, a22] = a;
        const auto& [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16, b17,
                     b18, b19, b20, b21, b22] = b;
        compare("epoch", a0 == b0);
        compare("window", a1 == b1);
        compare("horizon", a2 == b2);
        compare("exceptions", a3 == b3);
        compare("held", a4 == b4);
        compare("next", a5 == b5);
        compare("ahead_count", a6 == b6);
        compare("ahead", a7 == b7);
        compare("echo", a8 == b8);
        compare("latest", a9 == b9);
        compare("past", a10 == b10);
        compare("waiting", a11 == b11);
        compare("record", a12 == b12);
        compare("sent_at", a13 == b13);
        compare("first_serial", a14 == b14);
        compare("serial", a15 == b15);
        compare("resends", a16 == b16);
        compare("owed", a17 == b17);
        compare("state_due", a18 == b18);
        compare("unanswered", a19 == b19);
        compare("tell_limits", a20 == b20);
        compare("limits_sent", a21 == b21);
        compare("exceptions_max", a22 == b22);
        return out;
    }

    // --- whether it is in order, O(n) -------------------------------------------------------------

    /// Do the blocks tile the memory, are no two free ones buddies, and do lists and sums agree with them?
    static bool is_consistent(const byte_pool& pool) {
        std::size_t free_sum = 0;
        std::size_t taken_sum = 0;
        for (std::size_t at = 0; at < pool.tags_.size();) {
            const unsigned order = pool.tags_[at] % 64;
            const auto block = static_cast<byte_pool::handle>(at);
            const bool is_free = pool.is_free(block, order) || pool.kept_[order] == block;
            if (pool.tags_[at] == byte_pool::inside ||
                (pool.is_free(block, order) &&
                 pool.is_free(byte_pool::buddy_of(block, order), order))) {
                return false;
            }
            (is_free ? free_sum : taken_sum) += byte_pool::unit << order;
            at += std::size_t{1} << order;
        }
        return taken_sum == pool.used_ && free_sum + taken_sum == pool.capacity() &&
               listed(pool) == free_sum;
    }
    /// Is every peer found under its index, and every slot a peer's?
    static bool is_consistent(const peer_table& table) {
        const auto filled =
            std::count_if(table.slots_.begin(), table.slots_.end(),
                          [](const auto& slot) { return slot.index != peer_table::none; });
        bool found = true;
        for (std::uint32_t i = 0; i < table.peers_.size(); ++i) {
            found = found && (!table.peers_[i].valid() || table.look_up(table.peers_[i]) == i);
        }
        return found && static_cast<std::size_t>(filled) == table.size_ &&
               table.size_ + table.free_.size() == table.peers_.size() &&
               table.size_ <= table.capacity_;
    }
    /// Is the heap one, and each id where it is said to be?
    static bool is_consistent(const deadlines& all) {
        for (std::size_t i = 0; i < all.heap_.size(); ++i) {
            if (all.due_[all.heap_[i].id].place != i ||
                all.due_[all.heap_[i].id].at < all.heap_[i].at ||
                deadlines::earlier(all.heap_[i], all.heap_[deadlines::parent(i)])) {
                return false;
            }
        }
        const auto none = std::count_if(all.due_.begin(), all.due_.end(), [](const auto& each) {
            return each.place == deadlines::no_place;
        });
        const auto set = std::count_if(all.due_.begin(), all.due_.end(),
                                       [](const auto& each) { return each.at != never; });
        return all.heap_.size() + static_cast<std::size_t>(none) == all.due_.size() &&
               all.size_ == static_cast<std::size_t>(set);
    }

    // --- rules broken on purpose -------------------------------------------------------------------

    /// Ends a message as if B had said so.
    static void advance(sender& s, std::uint32_t stream) {
        s.messages_.advance(stream);
        s.consider_probe(stream);
    }

    static void end(sender& s, std::uint32_t slot, status how) {
        const std::uint32_t which = s.messages_.queue[slot].stream;
        s.messages_.end(slot, how);
        advance(s, which);
    }

  private:
    /// Bytes of all blocks in the free lists, and of the kept ones.
    static std::size_t listed(const byte_pool& pool) {
        std::size_t sum = 0;
        for (unsigned order = 0; order < byte_pool::order_count; ++order) {
            for (byte_pool::handle block = pool.heads_[order]; block != byte_pool::none;
                 block = pool.read(block).next) {
                const bool known =
                    pool.is_free(block, order) && (pool.free_orders_ >> order & 1) != 0;
                sum += known ? byte_pool::unit << order : 0;
            }
            sum += pool.kept_[order] != byte_pool::none ? byte_pool::unit << order : 0;
        }
        return sum;
    }

    static std::string fingerprint_of(const receiver& r, std::uint32_t which) {
        const inbound_stream& stream = r.messages_.streams[which];
        const seq floor = stream.window.floor();
        std::string out;
        add(out, static_cast<std::uint64_t>(stream.epoch));
        add(out, floor);
        add(out, stream.horizon);
        add(out, stream.next);
        add(out, static_cast<std::uint64_t>(stream.ahead));
        for (seq at = 0; at < stream.window.width(); ++at) {
            const bool ahead =
                r.messages_.held.find(which, {stream.ahead, at}) != held_messages::none;
            add(out, ahead ? 1U : 0U);
        }
        for (const exception& e : stream.exceptions) {
            add(out, e.seq * 8 + static_cast<std::uint64_t>(e.how));
        }
        for (seq at = floor; at < floor + stream.window.width(); ++at) {
            const std::uint32_t slot = r.messages_.held.find(which, {stream.epoch, at});
            const bool handed = slot != held_messages::none && r.messages_.held[slot].handed;
            add(out, (stream.window.of(at) == standing::duplicate ? 1U : 0U) |
                         (stream.held.test(at) ? 2U : 0U) | (handed ? 4U : 0U));
        }
        return out;
    }
    /// What the relay has taken is sent again like what it has not: only the app knows the difference.
    static message_state without_relayed(message_state s) {
        return s == message_state::relayed ? message_state::sent : s;
    }
    static void add(std::string& out, std::uint64_t value) {
        do {
            out.push_back(static_cast<char>(value & 0x7F));
            value >>= 7;
        } while (value != 0);
        out.push_back(static_cast<char>(0x80));
    }
};

template <class Machine>
using forkable = test_access::forkable<Machine>;

}  // namespace sixfold::inline v0

#endif
