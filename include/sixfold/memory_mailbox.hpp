// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MEMORY_MAILBOX_HPP
#define SIXFOLD_MEMORY_MAILBOX_HPP

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <variant>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/mailbox/last_states.hpp"
#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/mailbox/mailbox_retention.hpp"
#include "sixfold/mailbox/memory_rows.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

namespace sixfold::inline v0 {

/// A mailbox in memory, which ends with its process: a stand-in for a durable store.
///
/// It is for tests and demonstrations, and for a relay whose mailbox may be lost with its process. A message
/// that was `stored` is lost then, as its sender no longer has it (spec 6.3). A mailbox that must not lose
/// anything is durable before it says `done`.
///
/// It keeps track of rows, in the order in which they are drained; of the base of each stream with rows, and since when its
/// receiver has not come; and, for a pair of peers, of the last ack state, from the first one that deleted something on. It knows
/// nothing of links. Each request costs O(log n) and the rows that it deletes, buries or hands out. Unlike the
/// machines it allocates for every row, as a store does.
class memory_mailbox {
  public:
    /// Refuses a limit that is 0. Error: option, which names the limit. The clock must outlive the mailbox. Without a clock time stands
    /// still: no deadline passes, and nothing becomes too old.
    [[nodiscard]] static result<memory_mailbox> create(const mailbox_limits& limits = {},
                                                       clock_ref clock = stopped_clock) {
        if (const std::string_view problem = limits.problem(); !problem.empty()) {
            return error{errc::option, problem};
        }
        return memory_mailbox(limits, clock);
    }

    /// Does what a relay asks. The same request again changes nothing more. What it returns is good
    /// until the next request.
    [[nodiscard]] mailbox_outcome execute(const mailbox_request& request) {
        tick();
        if (const auto* msg = std::get_if<msg_request>(&request.what)) {
            return msg->probes() ? look(request.from, *msg) : put(request.from, *msg);
        }
        rows_.came(request.from, now_);
        if (const auto* ack = std::get_if<ack_request>(&request.what)) {
            return erase(request.from, *ack);
        }
        return page(request.from, std::get<sync_request>(request.what));
    }

    /// Retention: turns payloads whose time is over into tombstones, and gives up streams whose time is over, until it has handled
    /// `rows_max` rows; a stream is given up as a whole. Returns how many rows it has handled: call it again at once while that is not
    /// less than `rows_max`. (spec 5.6)
    std::size_t expire(const mailbox_retention& promised, std::size_t rows_max) {
        tick();
        std::size_t done = 0;
        const time_point too_old = now_ - promised.payloads;
        for (auto at = rows_.oldest(too_old); done < rows_max && at != rows_.end();
             at = rows_.oldest(too_old)) {
            rows_.bury(at);
            ++done;
        }
        const time_point too_long = now_ - promised.streams;
        for (auto at = rows_.longest_waiting(too_long); done < rows_max && at;
             at = rows_.longest_waiting(too_long)) {
            done += give_up(*at);
        }
        return done;
    }

    /// The number of rows, of all receivers.
    [[nodiscard]] std::size_t rows() const noexcept { return rows_.all().rows; }
    /// Payload bytes of all rows.
    [[nodiscard]] std::size_t bytes() const noexcept { return rows_.all().bytes; }
    /// Pairs of peers whose last ack state is kept.
    [[nodiscard]] std::size_t states() const noexcept { return states_.size(); }

  private:
    using stream_key = memory_rows::stream_key;

    memory_mailbox(const mailbox_limits& limits, clock_ref clock)
        : limits_(limits), clock_(clock), states_(limits.states_max) {}

    /// Reads the clock; payloads whose deadline has passed become tombstones.
    void tick() {
        now_ = (std::max)(now_, clock_.now());
        rows_.bury_late(now_);
    }

    /// Puts all rows of a run or none, each as if it were alone. (spec 5.2, 5.6)
    [[nodiscard]] mailbox_outcome put(const peer& from, const msg_request& msg) {
        const stream_key stream{{msg.to, from}, msg.epoch};
        mailbox_outcome outcome;
        const space needed = space_of(stream, msg);
        outcome.done = needed.rows == 0 || fits(stream.pair, needed);
        if (outcome.done) {
            rows_.put(stream, msg, now_);
            rows_.raise(stream, msg.base);
        }
        return outcome;
    }

    /// What a put needs: rows that are not there yet, bytes of their payloads, and bytes of those that become tombstones.
    struct space {
        std::size_t rows = 0;
        std::size_t bytes = 0;
        std::size_t freed = 0;
    };
    [[nodiscard]] space space_of(const stream_key& stream, const msg_request& msg) {
        space out;
        seq which = msg.first;
        for (const run_entry& each : msg.entries) {
            const auto at = rows_.find(memory_rows::key_of(stream, which++));
            if (at == rows_.end()) {
                ++out.rows;
                out.bytes += each.payload.size();
            } else if (each.tombstone) {
                out.freed += at->second.payload.size();
            }
        }
        return out;
    }
    [[nodiscard]] bool fits(const memory_rows::pair_key& pair, const space& needed) const {
        const memory_rows::usage all = rows_.all();
        const memory_rows::usage of_sender = rows_.of_sender(pair.from);
        return detail::has_place(needed.bytes, all.bytes - needed.freed, limits_.bytes_max) &&
               detail::has_place(needed.bytes, of_sender.bytes - needed.freed,
                                 limits_.bytes_per_sender_max) &&
               detail::has_place(needed.rows, all.rows, limits_.rows_max) &&
               detail::has_place(needed.rows, of_sender.rows, limits_.rows_per_sender_max) &&
               detail::has_place(needed.rows, rows_.of_pair(pair), limits_.rows_per_pair_max) &&
               detail::has_place(needed.rows, rows_.of_receiver(pair.to).rows,
                                 limits_.rows_per_receiver_max);
    }

    /// Here `from` is the receiver: it says what it no longer needs of the stream that `ack.to` sends
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
        const std::size_t before = rows();
        const seq end = past ? seq_end : state.end();
        auto at = rows_.from(memory_rows::key_of(stream, 0));
        while (at != rows_.end() && memory_rows::is_in(at->first, stream) &&
               at->first.key.id.seq < end) {
            at = past || state.covers(at->first.key.id.seq) ? rows_.erase(at) : std::next(at);
        }
        if (!past) {
            states_.remember(stream.pair, ack, state.floor(), rows() != before);
        }
        outcome.done = true;
        return outcome;
    }

    /// Removes all rows of a stream, and returns how many there were. Up to the first hole above its base everything was stored, or
    /// has ended. (spec 5.6)
    std::size_t give_up(const stream_key& stream) {
        seq end = rows_.base(stream).value_or(0);
        while (rows_.find(memory_rows::key_of(stream, end)) != rows_.end()) {
            ++end;
        }
        states_.give_up(stream.pair, stream.epoch, end);
        const std::size_t before = rows();
        auto at = rows_.from(memory_rows::key_of(stream, 0));
        while (at != rows_.end() && memory_rows::is_in(at->first, stream)) {
            at = rows_.erase(at);
        }
        return before - rows();
    }

    /// Keeps the base that the probe brings, if the stream has rows. (spec 5.3)
    [[nodiscard]] mailbox_outcome look(const peer& from, const msg_request& msg) {
        const stream_key stream{{msg.to, from}, msg.epoch};
        mailbox_outcome outcome;
        outcome.done = true;
        rows_.raise(stream, msg.base);
        outcome.low = low(stream, msg.base);
        outcome.smaller = rows_.smaller(stream);
        if (const auto* kept = states_.find(stream.pair, stream.epoch)) {
            outcome.last_state = kept->state;
            if (kept->given_up) {
                outcome.given_up = (std::min)(*kept->given_up, rows_.lowest(stream));
            }
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
        auto at = rows_.from({to, sync.from.value_or(mailbox_key{})});
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

    [[nodiscard]] mailbox_row row_at(const memory_rows::map::value_type& each) const {
        const mailbox_key& key = each.first.key;
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
            const stream_key stream = each.first.stream();
            out.low = low(stream, 0);
            out.smaller = rows_.smaller(stream);
        }
        return out;
    }

    /// Everything below has ended, as a look that brings this base, or a row, says.
    [[nodiscard]] seq low(const stream_key& stream, seq brought) const {
        return (std::min)(rows_.lowest(stream), rows_.base(stream).value_or(brought));
    }

    mailbox_limits limits_;
    clock_ref clock_;
    time_point now_{};  // as the clock said, but never back
    memory_rows rows_;
    last_states states_;
    std::vector<mailbox_row> page_;  // what the last page referred to
};

}  // namespace sixfold::inline v0

#endif
