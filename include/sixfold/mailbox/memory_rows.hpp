// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MAILBOX_MEMORY_ROWS_HPP
#define SIXFOLD_MAILBOX_MEMORY_ROWS_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "sixfold/mailbox/last_states.hpp"
#include "sixfold/mailbox/mailbox_retention.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

namespace sixfold::inline v0 {

/// The rows of a mailbox in memory, in the order in which they are drained; and what follows from them: counts, bases, and which
/// of them have waited longest.
///
/// It does not know limits, requests or why a row goes. Each call costs O(log n) for each row that it touches. If memory runs out,
/// nothing has changed.
class memory_rows {
  public:
    using pair_key = last_states::pair_key;  ///< who stores for whom

    /// Names the stream that a row is of. (spec 1.4)
    struct stream_key {
        pair_key pair;         ///< the peers
        sixfold::epoch epoch;  ///< the life of the stream
        /// By receiver, then by sender.
        friend bool operator<(const stream_key& a, const stream_key& b) noexcept {
            return a.pair < b.pair || (!(b.pair < a.pair) && a.epoch < b.epoch);
        }
    };
    /// Receivers lie apart, and the rows of one receiver in the order in which it drains them. (spec 1.7)
    struct row_key {
        peer to;          ///< the receiver
        mailbox_key key;  ///< all else
        /// In that order.
        friend bool operator<(const row_key& a, const row_key& b) noexcept {
            return a.to == b.to ? a.key < b.key : a.to < b.to;
        }
        /// Whose row it is.
        [[nodiscard]] stream_key stream() const noexcept { return {{to, key.from}, key.id.epoch}; }
    };
    /// A row.
    struct row {
        bool tombstone = false;            ///< or a payload
        std::vector<std::byte> payload{};  ///< empty in a tombstone
        time_point since{};                ///< of a payload: when it came
        time_point expires = never;        ///< of a payload: when it becomes a tombstone
    };
    using map = std::map<row_key, row>;  ///< all rows
    using iterator = map::iterator;      ///< one of them

    /// How much there is of something.
    struct usage {
        std::size_t rows = 0;   ///< payloads and tombstones
        std::size_t bytes = 0;  ///< of their payloads
    };
    /// What is known of a receiver that has rows.
    struct presence {
        std::size_t rows = 0;  ///< for this receiver
        time_point came{};     ///< when it last came
    };
    /// What is known of a stream that has rows.
    struct stream {
        seq base = 0;        ///< the highest that was brought
        time_point since{};  ///< its receiver has not come since then, as far as was looked
    };

    /// The row of a seq, whether it is there or not.
    [[nodiscard]] static row_key key_of(const stream_key& stream, seq which) noexcept {
        return {stream.pair.to, {stream.pair.from, {stream.epoch, which}}};
    }

    // --- rows --------------------------------------------------------------------------------------------------------

    /// The first row at or behind a key.
    [[nodiscard]] iterator from(const row_key& key) { return rows_.lower_bound(key); }
    /// The row of this key, or `end`.
    [[nodiscard]] iterator find(const row_key& key) { return rows_.find(key); }
    /// Behind all.
    [[nodiscard]] iterator end() noexcept { return rows_.end(); }

    /// The rows of a run that are not there yet, and its tombstones in the place of payloads. (spec 5.6)
    void put(const stream_key& of, const msg_request& msg, time_point now) {
        map fresh = fresh_rows(of, msg, now);
        insert(fresh, of, now);
        seq which = msg.first;
        for (const run_entry& each : msg.entries) {
            if (each.tombstone) {
                bury(rows_.find(key_of(of, which)));
            }
            ++which;
        }
    }

    /// Turns a payload into a tombstone.
    void bury(iterator at) noexcept {
        row& here = at->second;
        if (here.tombstone) {
            return;
        }
        payloads_.erase({here.since, at->first});
        deadlines_.erase({here.expires, at->first});
        bytes_ -= here.payload.size();
        senders_.find(at->first.key.from)->second.bytes -= here.payload.size();
        here = {.tombstone = true};
    }

    /// The one behind it.
    iterator erase(iterator at) noexcept {
        bury(at);
        const auto pair = pairs_.find({at->first.to, at->first.key.from});
        const auto receiver = receivers_.find(at->first.to);
        const auto sender = senders_.find(at->first.key.from);
        if (--pair->second == 0) {
            pairs_.erase(pair);
        }
        if (--receiver->second.rows == 0) {
            receivers_.erase(receiver);
        }
        if (--sender->second.rows == 0) {
            senders_.erase(sender);
        }
        const stream_key of = at->first.stream();
        const iterator next = rows_.erase(at);
        if (lowest(of) == seq_end) {
            const auto here = streams_.find(of);
            waiting_.erase({here->second.since, of});
            streams_.erase(here);
        }
        return next;
    }

    // --- counts ------------------------------------------------------------------------------------------------------

    /// What all rows take.
    [[nodiscard]] usage all() const noexcept { return {rows_.size(), bytes_}; }
    /// What the rows of a sender take, over all receivers.
    [[nodiscard]] usage of_sender(const peer& from) const { return value(senders_, from); }
    /// The rows of a receiver, and when it last came.
    [[nodiscard]] presence of_receiver(const peer& to) const { return value(receivers_, to); }
    /// Rows of a pair.
    [[nodiscard]] std::size_t of_pair(const pair_key& pair) const { return value(pairs_, pair); }

    // --- streams -----------------------------------------------------------------------------------------------------

    /// The lowest seq of a stream; seq_end: it has no row.
    [[nodiscard]] seq lowest(const stream_key& of) const {
        const auto at = rows_.lower_bound(key_of(of, 0));
        const bool found = at != rows_.end() && is_in(at->first, of);
        return found ? at->first.key.id.seq : seq_end;
    }
    /// The lowest row of a smaller epoch of this sender; epoch none: it has no row.
    [[nodiscard]] msgid smaller(const stream_key& of) const {
        const auto at = rows_.lower_bound(key_of({of.pair, epoch::none}, 0));
        const bool found = at != rows_.end() && at->first.to == of.pair.to &&
                           at->first.key.from == of.pair.from && at->first.key.id.epoch < of.epoch;
        return found ? at->first.key.id : msgid{};
    }
    /// Whether a row is of this stream.
    [[nodiscard]] static bool is_in(const row_key& which, const stream_key& of) noexcept {
        return which.to == of.pair.to && which.key.from == of.pair.from &&
               which.key.id.epoch == of.epoch;
    }

    /// Keeps the highest base of a stream that has rows. (spec 5.6)
    void raise(const stream_key& of, seq base) {
        if (const auto at = streams_.find(of); at != streams_.end()) {
            at->second.base = (std::max)(at->second.base, base);
        }
    }
    /// That base; none: it has no row.
    [[nodiscard]] std::optional<seq> base(const stream_key& of) const {
        const auto at = streams_.find(of);
        return at == streams_.end() ? std::nullopt : std::optional(at->second.base);
    }

    // --- time --------------------------------------------------------------------------------------------------------

    /// This receiver has come.
    void came(const peer& to, time_point now) noexcept {
        if (const auto at = receivers_.find(to); at != receivers_.end()) {
            at->second.came = now;
        }
    }
    /// Turns payloads whose deadline is now or before into tombstones.
    void bury_late(time_point now) noexcept {
        while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
            bury(rows_.find(deadlines_.begin()->second));
        }
    }
    /// The payload that has been here longest, if it came at this moment or before; or `end`.
    [[nodiscard]] iterator oldest(time_point at) {
        const bool found = !payloads_.empty() && payloads_.begin()->first <= at;
        return found ? rows_.find(payloads_.begin()->second) : rows_.end();
    }
    /// The stream whose receiver has been away longest, if it has not come since this moment; or none. Costs O(log n) more for each
    /// receiver that has.
    [[nodiscard]] std::optional<stream_key> longest_waiting(time_point at) {
        while (!waiting_.empty() && waiting_.begin()->first <= at) {
            const stream_key of = waiting_.begin()->second;
            stream& here = streams_.find(of)->second;
            const time_point came = of_receiver(of.pair.to).came;
            if (came <= here.since) {
                return of;
            }
            auto date = waiting_.extract(waiting_.begin());  // so that no memory is needed
            date.value().first = here.since = came;
            waiting_.insert(std::move(date));
        }
        return std::nullopt;
    }

  private:
    template <class Key>
    using dates = std::set<std::pair<time_point, Key>>;

    [[nodiscard]] map
    fresh_rows(const stream_key& of, const msg_request& msg, time_point now) const {
        const time_point expires = msg.left ? detail::end_of(*msg.left, now) : never;
        map out;
        seq which = msg.first;
        for (const run_entry& each : msg.entries) {
            const row_key key = key_of(of, which++);
            if (rows_.contains(key)) {
                continue;
            }
            if (each.tombstone) {
                out.emplace(key, row{.tombstone = true});
            } else {
                out.emplace(key,
                            row{false, {each.payload.begin(), each.payload.end()}, now, expires});
            }
        }
        return out;
    }

    /// All memory is taken before anything changes.
    void insert(map& fresh, const stream_key& of, time_point now) {
        if (fresh.empty()) {
            return;
        }
        const std::size_t rows = fresh.size();
        std::size_t size = 0;
        dates<row_key> payloads;
        dates<row_key> deadlines;
        for (const auto& [key, each] : fresh) {
            size += each.payload.size();
            if (!each.tombstone) {
                payloads.emplace(each.since, key);
            }
            if (each.expires != never) {
                deadlines.emplace(each.expires, key);
            }
        }
        const bool is_new = !streams_.contains(of);
        std::map<pair_key, std::size_t> pair{{of.pair, 0}};
        std::map<peer, presence> receiver{{of.pair.to, {}}};
        std::map<peer, usage> sender{{of.pair.from, {}}};
        std::map<stream_key, stream> its{{of, {0, now}}};
        dates<stream_key> wait{{now, of}};

        rows_.merge(fresh);
        payloads_.merge(payloads);
        deadlines_.merge(deadlines);
        pairs_.merge(pair);
        receivers_.merge(receiver);
        senders_.merge(sender);
        streams_.merge(its);
        if (is_new) {
            waiting_.merge(wait);
        }
        pairs_[of.pair] += rows;
        receivers_[of.pair.to].rows += rows;
        usage& here = senders_[of.pair.from];
        here.rows += rows;
        here.bytes += size;
        bytes_ += size;
    }

    template <class Key, class Value>
    [[nodiscard]] static Value value(const std::map<Key, Value>& all, const Key& key) {
        const auto at = all.find(key);
        return at == all.end() ? Value{} : at->second;
    }

    map rows_;
    std::size_t bytes_ = 0;                  // of all payloads
    std::map<pair_key, std::size_t> pairs_;  // how many rows; none is 0
    std::map<peer, presence> receivers_;     // those that have rows
    std::map<peer, usage> senders_;          // likewise
    std::map<stream_key, stream> streams_;   // likewise
    dates<row_key> payloads_;                // each payload, by `since`
    dates<row_key> deadlines_;               // each payload that has one
    dates<stream_key> waiting_;              // each stream, by `since`
};

}  // namespace sixfold::inline v0

#endif
