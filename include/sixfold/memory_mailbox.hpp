// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MEMORY_MAILBOX_HPP
#define SIXFOLD_MEMORY_MAILBOX_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

namespace sixfold::inline v0 {

/// A mailbox in memory, which ends with its process: a stand-in for a durable store.
///
/// It is for tests and demonstrations, and for a relay that accepts to lose its mailbox with its
/// process; then a message that was `stored` is lost with it, for its sender no longer has it (spec 6.3). A
/// mailbox that must not lose anything is durable before it says `done`.
///
/// It keeps rows, ordered as they are drained, of each stream with rows its base, and of a pair of
/// peers the last ack state, from the first that deleted something on. It knows nothing of links, time or retention. Each request
/// costs O(log n), and what it deletes or hands out. Unlike the machines it allocates for every
/// row, as a store does.
class memory_mailbox {
  public:
    /// Fails with `option`, and the name of a limit that is 0.
    [[nodiscard]] static result<memory_mailbox> create(const mailbox_limits& limits = {}) {
        if (const std::string_view problem = limits.problem(); !problem.empty()) {
            return error{errc::option, problem};
        }
        return memory_mailbox(limits);
    }

    /// Does what a relay asks. Asking twice changes nothing more. What it returns is good until the
    /// next request.
    [[nodiscard]] mailbox_outcome execute(const mailbox_request& request) {
        if (const auto* msg = std::get_if<msg_request>(&request.what)) {
            return msg->probes() ? look(request.from, *msg) : put(request.from, *msg);
        }
        if (const auto* ack = std::get_if<ack_request>(&request.what)) {
            return erase(request.from, *ack);
        }
        return page(request.from, std::get<sync_request>(request.what));
    }

    /// Rows of all receivers.
    [[nodiscard]] std::size_t rows() const noexcept { return rows_.size(); }
    /// Payload bytes of all rows.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Pairs of which an ack state is kept.
    [[nodiscard]] std::size_t states() const noexcept { return states_.size(); }

  private:
    /// Receivers lie apart, and the rows of one receiver in the order in which it drains them. (spec 1.7)
    struct row_key {
        peer to;
        mailbox_key key;
        friend bool operator<(const row_key& a, const row_key& b) noexcept {
            return a.to == b.to ? a.key < b.key : a.to < b.to;
        }
    };
    struct row {
        bool tombstone;
        std::vector<std::byte> payload;
    };
    using row_map = std::map<row_key, row>;

    struct pair_key {
        peer to;
        peer from;
        friend bool operator<(const pair_key& a, const pair_key& b) noexcept {
            return a.to == b.to ? a.from < b.from : a.to < b.to;
        }
    };
    struct stream_key {
        pair_key pair;
        sixfold::epoch epoch;
        friend bool operator<(const stream_key& a, const stream_key& b) noexcept {
            return a.pair < b.pair || (!(b.pair < a.pair) && a.epoch < b.epoch);
        }
    };
    struct last_state {
        sixfold::epoch epoch;
        seq floor;
        std::uint64_t changed;  // its place in by_age_
        std::vector<std::byte> state;
    };

    explicit memory_mailbox(const mailbox_limits& limits) : limits_(limits) {}

    /// All rows of a run or none, each as if it were alone. (spec 5.2, 5.6)
    [[nodiscard]] mailbox_outcome put(const peer& from, const msg_request& msg) {
        const stream_key stream{{msg.to, from}, msg.epoch};
        mailbox_outcome outcome;
        const space after = space_after(stream, msg);
        outcome.done = after.new_rows == 0 || fits(stream.pair, after.new_rows, after.bytes);
        if (outcome.done) {  // made apart, so that a mailbox whose memory has run out is as it was
            row_map fresh = new_rows(stream, msg);
            insert(fresh, stream);
            bury(stream, msg);
            bytes_ = after.bytes;
            raise(stream, msg.base);
        }
        return outcome;
    }

    /// What a put would take: rows that are not there yet, and bytes of all rows behind it.
    struct space {
        std::size_t new_rows = 0;
        std::size_t bytes = 0;
    };
    [[nodiscard]] space space_after(const stream_key& stream, const msg_request& msg) const {
        space out{0, bytes_};
        seq which = msg.first;
        for (const run_entry& each : msg.entries) {
            const auto at = rows_.find(key_of(stream, which++));
            if (at == rows_.end()) {
                ++out.new_rows;
                out.bytes += each.payload.size();
            } else if (each.tombstone) {
                out.bytes -= at->second.payload.size();
            }
        }
        return out;
    }
    [[nodiscard]] row_map new_rows(const stream_key& stream, const msg_request& msg) const {
        row_map out;
        seq which = msg.first;
        for (const run_entry& each : msg.entries) {
            const row_key key = key_of(stream, which++);
            if (!rows_.contains(key)) {
                out.emplace(key, row{each.tombstone, {each.payload.begin(), each.payload.end()}});
            }
        }
        return out;
    }

    /// Whether there is a place for so many more rows, and for so many bytes in all.
    [[nodiscard]] bool fits(const pair_key& pair, std::size_t rows, std::size_t bytes) const {
        return bytes <= limits_.bytes_max &&
               detail::has_place(rows, rows_.size(), limits_.rows_max) &&
               detail::has_place(rows, count(per_pair_, pair), limits_.rows_per_pair_max) &&
               detail::has_place(rows, count(per_receiver_, pair.to),
                                 limits_.rows_per_receiver_max);
    }

    void insert(row_map& fresh, const stream_key& stream) {
        if (fresh.empty()) {
            return;
        }
        const std::size_t rows = fresh.size();
        std::map<pair_key, std::size_t> of_pair{{stream.pair, 0}};
        std::map<peer, std::size_t> of_receiver{{stream.pair.to, 0}};
        std::map<stream_key, seq> of_stream{{stream, 0}};
        rows_.merge(fresh);
        per_pair_.merge(of_pair);
        per_receiver_.merge(of_receiver);
        bases_.merge(of_stream);
        per_pair_[stream.pair] += rows;
        per_receiver_[stream.pair.to] += rows;
    }

    /// A tombstone ends its seq for good: it replaces a payload, never the reverse. (spec 5.6)
    void bury(const stream_key& stream, const msg_request& msg) {
        seq which = msg.first;
        for (const run_entry& each : msg.entries) {
            if (each.tombstone) {
                rows_.at(key_of(stream, which)) = {true, {}};
            }
            ++which;
        }
    }

    /// Of a stream with rows the highest base is kept. (spec 5.6)
    void raise(const stream_key& stream, seq base) {
        if (const auto at = bases_.find(stream); at != bases_.end()) {
            at->second = (std::max)(at->second, base);
        }
    }

    /// `from` is the receiver here: it says what it needs no more of the stream that `ack.to` sends
    /// it. (spec 5.4)
    [[nodiscard]] mailbox_outcome erase(const peer& from, const ack_request& ack) {
        mailbox_outcome outcome;
        ack_state state;
        const bool past = ack.word == ack_word::past;
        if (!past &&
            (ack.word != ack_word::state || ack_state::decode(ack.state, state) != refusal::none)) {
            return outcome;
        }
        const stream_key stream{{from, ack.to}, ack.epoch};
        const std::size_t before = rows_.size();
        const seq end = past ? seq_end : state.end();
        auto at = rows_.lower_bound(key_of(stream, 0));
        while (at != rows_.end() && in_stream(at->first, stream) && at->first.key.id.seq < end) {
            at = past || state.covers(at->first.key.id.seq) ? drop(at) : std::next(at);
        }
        if (lowest(stream) == seq_end) {
            bases_.erase(stream);
        }
        if (!past) {
            remember(stream.pair, ack, state.floor(), rows_.size() != before);
        }
        outcome.done = true;
        return outcome;
    }

    row_map::iterator drop(row_map::iterator at) {
        bytes_ -= at->second.payload.size();
        uncount(per_pair_, {at->first.to, at->first.key.from});
        uncount(per_receiver_, at->first.to);
        return rows_.erase(at);
    }

    /// Keeps an ack state for a sender that will ask while its receiver is away. Only of pairs that
    /// had rows here: who never stores anything hears from the receiver itself. (spec 5.4)
    void remember(const pair_key& pair, const ack_request& ack, seq floor, bool deleted) {
        auto at = states_.find(pair);
        const bool known = at != states_.end();
        if (known ? ack.epoch < at->second.epoch ||
                        (ack.epoch == at->second.epoch && floor < at->second.floor)
                  : !deleted) {
            return;
        }
        last_state kept{ack.epoch, floor, changes_, {ack.state.begin(), ack.state.end()}};
        std::map<std::uint64_t, pair_key> youngest{{changes_, pair}};
        at = states_.try_emplace(pair).first;  // the last thing that can run out
        if (known) {
            by_age_.erase(at->second.changed);
        } else if (states_.size() > limits_.states_max) {
            states_.erase(by_age_.begin()->second);
            by_age_.erase(by_age_.begin());
        }
        at->second = std::move(kept);
        by_age_.merge(youngest);
        ++changes_;
    }

    /// The base that it brings is kept, if there are rows. (spec 5.3)
    [[nodiscard]] mailbox_outcome look(const peer& from, const msg_request& msg) {
        const stream_key stream{{msg.to, from}, msg.epoch};
        mailbox_outcome outcome;
        outcome.done = true;
        raise(stream, msg.base);
        outcome.low = bases_.contains(stream) ? low(stream) : msg.base;
        outcome.smaller = smaller(stream);
        const auto at = states_.find(stream.pair);
        if (at != states_.end() && at->second.epoch == msg.epoch) {
            outcome.last_state = at->second.state;
        }
        return outcome;
    }

    [[nodiscard]] mailbox_outcome page(const peer& to, const sync_request& sync) {
        const std::size_t rows = (std::min<std::size_t>)(sync.rows, limits_.page_rows);
        const std::size_t room = (std::min<std::size_t>)(sync.room, limits_.page_bytes);
        page_.clear();
        mailbox_outcome outcome;
        outcome.done = true;
        std::size_t size = 0;
        auto at = rows_.lower_bound({to, sync.from.value_or(mailbox_key{})});
        for (; at != rows_.end() && at->first.to == to; ++at) {
            if (sync.until && !(at->first.key < *sync.until)) {
                break;
            }
            size += at->second.payload.size();
            if (!page_.empty() && (page_.size() == rows || size > room)) {
                outcome.next = at->first.key;
                break;
            }
            page_.push_back(row_at(*at));
        }
        outcome.rows = page_;
        return outcome;
    }

    [[nodiscard]] mailbox_row row_at(const row_map::value_type& each) const {
        const auto& [to, key] = each.first;
        mailbox_row out;
        out.from = key.from;
        out.id = key.id;
        out.tombstone = each.second.tombstone;
        out.payload = each.second.payload;
        if (!page_.empty() && page_.back().from == key.from &&
            page_.back().id.epoch == key.id.epoch) {
            out.low = page_.back().low;  // of the same stream: looked up already
            out.smaller = page_.back().smaller;
        } else {
            const stream_key stream{{to, key.from}, key.id.epoch};
            out.low = low(stream);
            out.smaller = smaller(stream);
        }
        return out;
    }

    /// All below has ended, of a stream with rows.
    [[nodiscard]] seq low(const stream_key& stream) const {
        return (std::min)(bases_.at(stream), lowest(stream));
    }
    /// The lowest seq of a stream; seq_end: it has no row.
    [[nodiscard]] seq lowest(const stream_key& stream) const {
        const auto at = rows_.lower_bound(key_of(stream, 0));
        const bool found = at != rows_.end() && in_stream(at->first, stream);
        return found ? at->first.key.id.seq : seq_end;
    }
    /// The lowest row of a smaller epoch of this sender; epoch none: it has no row.
    [[nodiscard]] msgid smaller(const stream_key& stream) const {
        const auto at = rows_.lower_bound(key_of({stream.pair, epoch::none}, 0));
        const bool found = at != rows_.end() && at->first.to == stream.pair.to &&
                           at->first.key.from == stream.pair.from &&
                           at->first.key.id.epoch < stream.epoch;
        return found ? at->first.key.id : msgid{};
    }
    [[nodiscard]] static row_key key_of(const stream_key& stream, seq which) {
        return {stream.pair.to, {stream.pair.from, {stream.epoch, which}}};
    }
    [[nodiscard]] static bool in_stream(const row_key& key, const stream_key& stream) {
        return key.to == stream.pair.to && key.key.from == stream.pair.from &&
               key.key.id.epoch == stream.epoch;
    }

    template <class Key>
    [[nodiscard]] static std::size_t count(const std::map<Key, std::size_t>& counts,
                                           const Key& key) {
        const auto at = counts.find(key);
        return at == counts.end() ? 0 : at->second;
    }
    template <class Key>
    static void uncount(std::map<Key, std::size_t>& counts, const Key& key) {
        const auto at = counts.find(key);
        if (--at->second == 0) {
            counts.erase(at);
        }
    }

    mailbox_limits limits_;
    row_map rows_;
    std::size_t bytes_ = 0;                     // of all payloads in rows_
    std::map<pair_key, std::size_t> per_pair_;  // how many rows; none is 0
    std::map<peer, std::size_t> per_receiver_;  // how many rows; none is 0
    std::map<stream_key, seq> bases_;           // of the streams that have rows
    std::map<pair_key, last_state> states_;
    std::map<std::uint64_t, pair_key> by_age_;  // states_ in the order in which they changed
    std::uint64_t changes_ = 0;                 // of states_, ever
    std::vector<mailbox_row> page_;             // what the last page referred to
};

}  // namespace sixfold::inline v0

#endif
