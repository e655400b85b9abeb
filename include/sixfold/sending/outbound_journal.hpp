// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_JOURNAL_HPP
#define SIXFOLD_SENDING_OUTBOUND_JOURNAL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sixfold/journal/journal.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_record.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

// The messages of a sender to the journal. (spec 7.5 to 7.8)
//
// A record says where a message stands now, not what has happened to it. They are written in the order in which the messages
// changed, so that every beginning of a journal is a state that fits into the queue.

namespace sixfold::inline v0::detail {

[[nodiscard]] inline message_record
record_of(const outbound_messages& all, outbound_messages::slot at, time_point now) {
    const outbound_messages::entry& e = all.queue[at];
    const bool passing = e.state == message_state::sent || e.state == message_state::relayed;
    const time_point expiry = all.expiries.of(at);
    return {.id = all.queue.ticket_of(at),
            .to = all.peers[e.stream],
            .name = {e.epoch, e.seq},
            .state = passing ? message_state::queued : e.state,
            .outcome = e.outcome,
            .reason = e.reason,
            .storing = e.storing,
            .expires_after =
                expiry == never ? (duration::max)() : (std::max)(expiry - now, duration::zero()),
            .payload = all.queue.payload(at)};
}

[[nodiscard]] inline std::size_t
write_stream(outbound_messages& all, std::uint32_t which, std::span<std::byte> out) {
    const std::size_t size =
        encode_outbound({all.peers[which], all[which].epoch(), all[which].next()}, out);
    if (size != 0) {
        all.ledger.wrote_stream(which, {all[which].epoch(), all[which].next()});
    }
    return size;
}

/// What is gone says nothing of its ticket any more, so that is said first: for as many to come, too, that it is seldom. (spec 7.8)
[[nodiscard]] inline std::size_t write_tickets(outbound_messages& all, std::span<std::byte> out) {
    constexpr std::uint32_t ahead = 255;
    const std::uint32_t end = all.queue.generation_end();
    const std::uint32_t known = end > UINT32_MAX - ahead ? UINT32_MAX : end + ahead;
    const std::size_t size = encode_tickets(known, out);
    if (size != 0) {
        all.ledger.wrote_tickets(known);
    }
    return size;
}

/// Streams that were let go leave one number, the largest start of all, and that comes first. (spec 7.5)
[[nodiscard]] inline std::size_t write_leaving(outbound_messages& all, std::span<std::byte> out) {
    while (!all.leaving.empty() && !all.is_unused(all.leaving.front())) {
        all.leaving.pop();  // it was used again
    }
    if (all.leaving.empty()) {
        return 0;
    }
    const std::uint32_t which = all.leaving.front();
    all.epochs.leave(all[which].epoch());
    if (all.ledger.left() < all.epochs.left()) {
        const std::size_t size = encode_left(all.epochs.left(), out);
        if (size != 0) {
            all.ledger.wrote_left(all.epochs.left());
        }
        return size;
    }
    const std::size_t size = encode_outbound_gone(all.peers[which], out);
    if (size != 0) {
        all.ledger.wrote();
        all.leaving.pop();
        all.let_go(which);
    }
    return size;
}

/// Whether the journal knows enough of a stream for the record of one of its messages: of one that is to go, that its seq was
/// given; of one that ended with its epoch, that there is another, unless the next message says so.
[[nodiscard]] inline bool
is_stream_journaled(const outbound_messages& all, outbound_messages::slot at, bool gone) noexcept {
    const outbound_messages::entry& e = all.queue[at];
    const outbound_stream& stream = all[e.stream];
    const outbound_ledger::stream_record& last = all.ledger.last(e.stream);
    if (e.epoch != stream.epoch()) {
        return last.epoch == stream.epoch() || (!gone && stream.next() != 0);
    }
    return !gone || (last.epoch == e.epoch && e.seq < last.next);
}

/// A message that goes on under another name is in the journal already, with its payload: then the name is enough. (spec 3.12)
[[nodiscard]] inline std::size_t write_message(const outbound_messages& all,
                                               outbound_messages::slot at,
                                               std::span<std::byte> out,
                                               time_point now) {
    const message_record what = record_of(all, at, now);
    const bool only_name = what.state == message_state::queued && all.queue[at].journaled;
    return only_name ? encode_renamed(what.id, what.name, out) : encode_message(what, out);
}

/// Its name goes behind it, as without it nothing is named; both at once.
[[nodiscard]] inline std::size_t
write_gone(ticket name, bool renamed, std::span<std::byte> out) noexcept {
    const std::size_t first = encode_gone(record_kind::message, name, out);
    if (first == 0 || !renamed) {
        return first;
    }
    const std::size_t second = encode_gone(record_kind::renamed, name, out.subspan(first));
    return second == 0 ? 0 : first + second;
}

inline void message_written(outbound_messages& all, outbound_messages::slot at) noexcept {
    using place = outbound_messages::place;
    outbound_messages::entry& e = all.queue[at];
    e.journaled = true;
    e.record =
        e.epoch == all[e.stream].epoch() ? all.ledger.wrote_message(e.stream) : all.ledger.wrote();
    all.queue.move(at, is_unfinished(e.state) ? place::written : place::nowhere);
}

/// Writes the next record that the journal has to take; its size, or 0: there is none, or it does not fit. (spec 7.5, 7.6)
[[nodiscard]] inline std::size_t
write_record(outbound_messages& all, std::span<std::byte> out, time_point now) {
    using place = outbound_messages::place;
    const outbound_messages::slot at = all.queue.first(place::unwritten);
    if (at == wait_ack_queue::none) {
        return write_leaving(all, out);
    }
    const bool gone = is_final(all.queue[at].told);
    if (!is_stream_journaled(all, at, gone)) {
        return write_stream(all, all.queue[at].stream, out);
    }
    const ticket name = all.queue.ticket_of(at);
    if (gone && wait_ack_queue::generation_of(name) >= all.ledger.generation_end()) {
        return write_tickets(all, out);
    }
    const bool renamed = all.queue[at].renamed;
    const std::size_t size =
        gone ? write_gone(name, renamed, out) : write_message(all, at, out, now);
    if (size != 0 && gone) {
        all.ledger.wrote(1 + std::uint64_t{renamed});
        all.remove(at);
    } else if (size != 0) {
        message_written(all, at);
    }
    return size;
}

/// Writes the next record of a snapshot; its size, or 0: it does not fit, or that was the last. `at` counts: first the
/// tickets, then what was left, then the streams, then the slots.
[[nodiscard]] inline std::size_t write_snapshot(const outbound_messages& all,
                                                std::uint64_t& at,
                                                std::span<std::byte> out,
                                                time_point now) {
    const std::uint64_t first_stream = 2;
    const std::uint64_t first_slot = first_stream + all.size();
    const std::uint64_t end = first_slot + all.queue.size();
    const auto stream_of = [&](std::uint64_t place) {
        return static_cast<std::uint32_t>(place - first_stream);
    };
    const auto slot_of = [&](std::uint64_t place) {
        return static_cast<outbound_messages::slot>(place - first_slot);
    };
    const auto is_nothing = [&](std::uint64_t place) {
        if (place < first_slot) {
            return place == 1 ? all.epochs.left() == 0
                              : place != 0 && all[stream_of(place)].epoch() == epoch::none;
        }
        return !all.queue[slot_of(place)].taken || is_final(all.queue[slot_of(place)].told);
    };
    while (at < end && is_nothing(at)) {
        ++at;
    }
    if (!all.ledger.journals() || at == end) {
        return 0;
    }
    std::size_t size = 0;
    if (at == 0) {
        size = encode_tickets((std::max)(all.ledger.generation_end(), all.queue.generation_end()),
                              out);
    } else if (at == 1) {
        size = encode_left(all.epochs.left(), out);
    } else if (at < first_slot) {
        const outbound_stream& stream = all[stream_of(at)];
        size = encode_outbound({all.peers[stream_of(at)], stream.epoch(), stream.next()}, out);
    } else {
        size = encode_message(record_of(all, slot_of(at), now), out);
    }
    at += std::uint64_t{size != 0};
    return size;
}

}  // namespace sixfold::inline v0::detail

#endif
