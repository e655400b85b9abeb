// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_TEST_ACCESS_HPP
#define SIXFOLD_TESTS_SUPPORT_TEST_ACCESS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>

// What tests may do to a machine that no app can: copy it, and look inside. Of a receiver: receiver_access.hpp.

namespace sixfold::inline v0 {

struct test_access {
    using names = std::vector<std::string>;

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

    // --- a look inside -----------------------------------------------------------------------------

    /// All that decides what a sender will do next, but for times, sendings and counts of tries.
    static std::string fingerprint(const sender& s) {
        std::string out;
        for (std::uint32_t which = 0; which < s.messages_.size(); ++which) {
            const outbound_stream& stream = s.messages_[which];
            const outbound_path& path = s.requests_.path(which);
            add(out, static_cast<std::uint64_t>(stream.epoch()));
            add(out, stream.first());
            add(out, stream.base());
            add(out, stream.unsent());
            add(out, stream.next());
            add(out, stream.sent_end());
            add(out, path.word.floor_ ? *path.word.floor_ + 1 : 0);
            add(out, path.word.met() ? 1U : 0U);
            add(out, path.word.limits_.room);
            for (seq at = stream.first(); at < stream.next(); ++at) {
                add(out, stream.has(at) ? place_word(s, stream[at]) : 99U);
            }
        }
        return out;
    }

    /// What more decides what a sender will do if it keeps a journal.
    static std::string journal_fingerprint(const sender& s) {
        const wait_ack_queue& queue = s.messages_.queue;
        std::string out;
        for (const outbound_ledger::known& stream : s.messages_.ledger.streams_) {
            add(out, s.messages_.ledger.is_durable(stream.record) ? 1U : 0U);
            add(out, stream.record == outbound_ledger::no_record ? 1U : 0U);
            add(out, static_cast<std::uint64_t>(stream.last.epoch));
            add(out, stream.last.next);
        }
        for (std::uint32_t slot = 0; slot < queue.size(); ++slot) {
            const wait_ack_queue::entry& e = queue[slot];
            add(out, (e.taken ? 1U : 0U) | (e.renamed ? 2U : 0U) | (e.journaled ? 4U : 0U));
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

    /// Has it nothing to send, and waits for nothing but the answer to a probe about what rests in a mailbox?
    static bool quiet(const sender& s) {
        bool rests = s.requests_.turns_.empty(stream_turns::kind::first) &&
                     s.requests_.turns_.empty(stream_turns::kind::again);
        for (std::uint32_t which = 0; which < s.messages_.size(); ++which) {
            for (const transit each : {transit::fresh, transit::noted, transit::due, transit::out,
                                       transit::there, transit::turned_away}) {
                rests = rests && s.messages_[which].count(each) == 0;
            }
        }
        return rests;
    }

    // A peer by value: GCC 14 suspects a reference of coming from a temporary that it was given.
    static const outbound_stream& stream(const sender& s, peer to) {
        return s.messages_[s.messages_.peers.look_up(to)];
    }
    /// All that was taken may have been sent, by a life that does not know any more what it has sent. (spec 7.7)
    static void assume_sent(sender& s, const peer& to) {
        s.messages_.assume_sent(s.messages_.peers.look_up(to));
    }
    /// Does what is due by time, as the next call for frames does first.
    static void take_due(sender& s) { s.requests_.take_due(s.messages_, s.now_); }
    static outbound_path& path(sender& s, peer to) {
        return s.requests_.path(s.messages_.peers.look_up(to));
    }
    static const outbound_hop& hop(const sender& s) { return s.requests_.hop_; }
    static const round_trip& trip(const outbound_hop& hop) { return hop.trip_; }
    static const sixfold::congestion& congestion(const sender& s) {
        return s.requests_.hop_.congestion_;
    }
    /// Does the window bound what is under way?
    static bool holds(const sixfold::congestion& link) { return link.holds_; }
    /// Has it held something back, in this round trip?
    static bool is_limited(const sixfold::congestion& link) { return link.is_limited_; }
    static duration smoothed(const round_trip& trip) { return trip.smoothed_; }
    static bool writes_to(const sender& s, const peer& to) {
        return s.messages_.peers.look_up(to) != peer_table::none;
    }
    /// Looks at the clock, as every call does.
    static void tick(sender& s) { s.tick(); }
    /// Works out what is lost, and when what is due next, as a call for frames does first.
    static void settle(sender& s) {
        if (s.linked_) {
            s.requests_.settle(s.messages_, s.now_);
        }
    }
    /// The receiver of the stream with this index.
    static const peer& receiver(const sender& s, std::size_t which) {
        return s.messages_.peers[static_cast<std::uint32_t>(which)];
    }
    static time_point now(const sender& s) { return (std::max)(s.now_, s.clock_.now()); }
    /// How often its timer went off in vain, or that of the hop.
    static std::uint64_t time_outs(const sender& s, const peer& to) {
        const outbound_path& of = s.requests_.path(s.messages_.peers.look_up(to));
        return std::uint64_t{s.requests_.hop_.timeouts_} + of.timer.way_timeouts_ +
               of.timer.silences_;
    }
    /// What its timer drew when it last went off.
    static std::uint8_t chance(const sender& s, const peer& to) {
        return s.requests_.path(s.messages_.peers.look_up(to)).timer.chance_;
    }
    static duration last(const round_trip& trip) { return trip.last_; }
    /// Streams in which nothing was sent yet begin to count here.
    static void count_from(sender& s, sending_number first) {
        for (outbound_path& each : s.requests_.paths_) {
            if (each.sendings.end_ == 0) {
                each.sendings.origin_ = first;
            }
        }
    }
    /// How many peers were written to.
    static std::size_t streams(const sender& s) { return s.messages_.size(); }
    static wait_ack_queue& queue(sender& s) { return s.messages_.queue; }
    static const wait_ack_queue& queue(const sender& s) { return s.messages_.queue; }
    static const outbound_ledger& ledger(const sender& s) { return s.messages_.ledger; }
    /// When the timer of a stream goes off.
    static time_point timer(const sender& s, const peer& to) {
        return s.requests_.timers_.of(s.messages_.peers.look_up(to));
    }
    /// What that timer waits for.
    static stream_timer::alarm alarm(sender& s, const peer& to) {
        return s.requests_.next_of(s.messages_, s.messages_.peers.look_up(to), now(s)).what;
    }
    /// Where a seq is on its way; none if it has ended.
    static std::optional<transit> where(const sender& s, const peer& to, seq at) {
        const outbound_stream& of = stream(s, to);
        return of.has(at) ? std::optional(of[at].now) : std::nullopt;
    }
    /// How many sendings are remembered.
    static std::uint64_t remembered(const sending_ring& ring) { return ring.end_ - ring.begin_; }
    static std::uint32_t lost(const sending_ring& ring) { return ring.lost_; }
    static const loss_rule& rule(const sending_ring& ring, signal by) {
        return ring.rules_[sending_ring::index(by)];
    }

    // --- field by field ------------------------------------------------------------------------------

    // The fields in which they differ. A new field does not compile before it is here, and so in the tables of its tests.

    static names differing(const outbound_stream& a, const outbound_stream& b) {
        const auto& [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12] = a;
        const auto& [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12] = b;
        // Places are written before they are read.
        return different({{"epoch", a0 == b0},
                          {"ring", a1.used(0) == b1.used(0) || a1.size() != b1.size()},
                          {"first", a2 == b2},
                          {"base", a3 == b3},
                          {"unsent", a4 == b4},
                          {"next", a5 == b5},
                          {"sent_end", a6 == b6},
                          {"passed", a7 == b7},
                          {"lowest_due", a8 == b8},
                          {"lowest_turned_away", a9 == b9},
                          {"counts", a10 == b10},
                          {"tombstones", a11 == b11},
                          {"lowered", a12 == b12}});
    }
    static names differing(const sending_ring& a, const sending_ring& b) {
        const auto& [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10] = a;
        const auto& [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10] = b;
        (void)a0, (void)b0;  // its places are written before they are read
        return different({{"begin", a1 == b1},
                          {"end", a2 == b2},
                          {"told", std::equal(a3, a3 + 2, b3)},
                          {"expected", std::equal(a4, a4 + 2, b4)},
                          {"judged", a5 == b5},
                          {"stranded", a6 == b6},
                          {"flight", a7 == b7},
                          {"rules", std::equal(a8, a8 + 2, b8)},
                          {"lost", a9 == b9},
                          {"origin", a10 == b10}});
    }
    static names differing(const stream_timer& a, const stream_timer& b) {
        const auto& [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10] = a;
        const auto& [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10] = b;
        return different({{"sent_at", a0 == b0},
                          {"probed_at", a1 == b1},
                          {"heard_at", a2 == b2},
                          {"turned_at", a3 == b3},
                          {"begun_at", a4 == b4},
                          {"way_timeouts", a5 == b5},
                          {"silences", a6 == b6},
                          {"probes", a7 == b7},
                          {"turns", a8 == b8},
                          {"begins", a9 == b9},
                          {"chance", a10 == b10}});
    }
    static names differing(const receiver_word& a, const receiver_word& b) {
        const auto& [a0, a1, a2, a3, a4, a5] = a;
        const auto& [b0, b1, b2, b3, b4, b5] = b;
        return different({{"limits", a0 == b0},
                          {"relay_payload_max", a1 == b1},
                          {"floor", a2 == b2},
                          {"known", a3 == b3},
                          {"met", a4 == b4},
                          {"waits", a5 == b5}});
    }
    static names differing(const outbound_hop& a, const outbound_hop& b) {
        const auto& [a0, a1, a2, a3, a4, a5] = a;
        const auto& [b0, b1, b2, b3, b4, b5] = b;
        (void)a0, (void)b0;  // an option
        return different({{"trip", a1 == b1},
                          {"congestion", a2 == b2},
                          {"counted_at", a3 == b3},
                          {"timeouts", a4 == b4},
                          {"over", a5 == b5}});
    }
    /// ... with those of its parts, each under the name of its part.
    static names differing(const outbound_path& a, const outbound_path& b) {
        const auto& [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10] = a;
        const auto& [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10] = b;
        names out = different({{"counted", a1 == b1},
                               {"trip", a2 == b2},
                               {"loss", a5 == b5},
                               {"run_max", a6 == b6},
                               {"repeats", a7 == b7},
                               {"copies", a8 == b8},
                               {"asks", a9 == b9},
                               {"greet", a10 == b10}});
        const auto add_all = [&out](const std::string& part, const names& fields) {
            for (const std::string& each : fields) {
                out.push_back(part + "." + each);
            }
        };
        add_all("sendings", differing(a0, b0));
        add_all("timer", differing(a3, b3));
        add_all("word", differing(a4, b4));
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
            const bool is_free = pool.is_free(block, order) || is_kept(pool, block, order);
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
    static void end(sender& s, std::uint32_t slot, status how) {
        const std::uint32_t which = s.messages_.queue[slot].stream;
        s.messages_.end(slot, how);
        s.consider(which);
    }

  private:
    static bool is_kept(const byte_pool& pool, byte_pool::handle block, unsigned order) {
        return pool.tags_[block] == byte_pool::tag(byte_pool::kept, order);
    }
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
            for (byte_pool::handle block = pool.kept_[order]; block != byte_pool::none;
                 block = pool.read(block).next) {
                sum += is_kept(pool, block, order) ? byte_pool::unit << order : 0;
            }
        }
        return sum;
    }

    static names different(std::initializer_list<std::pair<const char*, bool>> fields) {
        names out;
        for (const auto& [name, same] : fields) {
            if (!same) {
                out.emplace_back(name);
            }
        }
        return out;
    }

    /// All of a message in one number.
    static std::uint64_t place_word(const sender& s, const outbound_stream::place& here) {
        const wait_ack_queue::entry& e = s.messages_.queue[here.slot];
        return (static_cast<std::uint64_t>(without_relayed(e.state)) * 8 +
                static_cast<std::uint64_t>(here.now)) *
                   2 +
               (e.unsettled ? 1U : 0U);
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
