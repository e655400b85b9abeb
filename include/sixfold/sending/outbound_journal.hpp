// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_JOURNAL_HPP
#define SIXFOLD_SENDING_OUTBOUND_JOURNAL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_record.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

// The messages of a sender to the journal and back. (spec 7.5 to 7.8)
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

/// Writes the next record that the journal has to take; its size, or 0: there is none, or it does not fit. (spec 7.5, 7.6)
[[nodiscard]] inline std::size_t
write_record(outbound_messages& all, std::span<std::byte> out, time_point now) {
    using place = outbound_messages::place;
    const outbound_messages::slot at = all.queue.first(place::unwritten);
    if (at == wait_ack_queue::none) {
        return 0;
    }
    const bool gone = is_final(all.queue[at].told);
    if (gone && !all.is_seq_journaled(at)) {
        return write_stream(all, all.queue[at].stream,
                            out);  // only the message said that its seq was given
    }
    const ticket name = all.queue.ticket_of(at);
    if (gone && wait_ack_queue::generation_of(name) >= all.ledger.generation_end()) {
        return write_tickets(all, out);
    }
    const std::size_t size =
        gone ? encode_message_gone(name, out) : encode_message(record_of(all, at, now), out);
    if (size != 0 && gone) {
        all.ledger.wrote();
        all.queue.remove(at);
    } else if (size != 0) {
        all.message_written(at);
    }
    return size;
}

/// Writes the next record of a snapshot; its size, or 0: it does not fit, or that was the last. `at` counts: first the
/// tickets, then the streams, then the first_slot.
[[nodiscard]] inline std::size_t write_snapshot(const outbound_messages& all,
                                                std::uint64_t& at,
                                                std::span<std::byte> out,
                                                time_point now) {
    const std::uint64_t first_slot = 1 + all.size();
    const std::uint64_t end = first_slot + all.queue.size();
    const auto is_gone = [&](outbound_messages::slot which) {
        return !all.queue[which].taken || is_final(all.queue[which].told);
    };
    while (at >= first_slot && at < end &&
           is_gone(static_cast<outbound_messages::slot>(at - first_slot))) {
        ++at;
    }
    if (!all.ledger.journals() || at == end) {
        return 0;
    }
    std::size_t size = 0;
    if (at == 0) {
        size = encode_tickets((std::max)(all.ledger.generation_end(), all.queue.generation_end()),
                              out);
    } else if (at < first_slot) {
        const auto which = static_cast<std::uint32_t>(at - 1);
        size = encode_outbound({all.peers[which], all[which].epoch(), all[which].next()}, out);
    } else {
        size = encode_message(
            record_of(all, static_cast<outbound_messages::slot>(at - first_slot), now), out);
    }
    at += std::uint64_t{size != 0};
    return size;
}

/// Puts together what an earlier life of a sender has left.
///
/// First the last record of each slot is found, then the messages are put into their slots, and in the order of their seqs
/// into their streams. O(n log n); needs memory for as many slots as there were, for so long.
class outbound_restore {
  public:
    outbound_restore(outbound_messages& into, const sender_options& options, time_point now)
        : all_(into), options_(options), now_(now) {}

    /// Precondition: nothing was called before, and `check_journal` has no objection.
    [[nodiscard]] result<void> read(bytes journal) {
        journal_reader reader(journal);
        while (const auto each = reader.next()) {
            const result<void> taken = take(*each);
            if (!taken) {
                return taken;
            }
        }
        for (const std::optional<record>& each : latest_) {
            if (each) {
                const result<void> put = put_back(*each);
                if (!put) {
                    return put;
                }
            }
        }
        if (generations_ != 0) {
            all_.queue.restored(generations_);
        }
        return line_up();
    }

  private:
    using slot = outbound_messages::slot;

    [[nodiscard]] result<void> take(const record& each) {
        if (each.kind == record_kind::tickets) {
            std::uint32_t known = 0;
            const result<void> read = decode_tickets(each.value, known);
            all_.ledger.resume(known);
            generations_ = (std::max)(generations_, known);
            return read;
        }
        if (each.kind == record_kind::outbound) {
            outbound_record stream;
            const result<void> read = decode_outbound(each, stream);
            return read ? begin_stream(stream) : read;
        }
        if (each.kind == record_kind::message) {
            const slot at = wait_ack_queue::slot_of(ticket_of(each));
            if (wait_ack_queue::generation_of(ticket_of(each)) == UINT32_MAX) {
                return damaged_value;  // which is never given
            }
            if (at >= all_.queue.slots_max()) {
                return error{errc::option,
                             "sender.queue_entries or unsettled_max: fewer than the journal needs"};
            }
            latest_.resize((std::max)(latest_.size(), std::size_t{at} + 1));
            latest_[at] = each.gone ? std::nullopt : std::optional(each);
            generations_ =
                (std::max)(generations_, wait_ack_queue::generation_of(ticket_of(each)) + 1);
        }
        return {};
    }

    [[nodiscard]] result<void> begin_stream(const outbound_record& from) {
        const std::uint32_t which = all_.insert(from.to);
        if (which == peer_table::none) {
            return error{errc::option, "sender.peers_max: fewer than the journal has receivers"};
        }
        stream_record& stream = record_of(which);
        if (from.epoch < stream.last.epoch) {
            return damaged_value;
        }
        stream.last.epoch = from.epoch;
        stream.last.next = from.next;
        stream.present = (std::max)(stream.present, from.epoch);
        return {};
    }

    [[nodiscard]] result<void> put_back(const record& from) {
        message_record m;
        if (const result<void> read = decode_message(from, m); !read) {
            return read;
        }
        if (m.payload.size() > options_.payload_max) {
            return error{errc::option, "sender.payload_max: smaller than a payload of the journal"};
        }
        if (!all_.queue.restore(m.id, m.payload)) {
            return error{errc::option, "sender.queue_bytes: fewer than the journal has payloads"};
        }
        const std::uint32_t which = all_.insert(m.to);
        if (which == peer_table::none) {
            return error{errc::option, "sender.peers_max: fewer than the journal has receivers"};
        }
        record_of(which).present = (std::max)(record_of(which).present, m.name.epoch);
        const slot at = wait_ack_queue::slot_of(m.id);
        outbound_messages::entry& e = all_.queue[at];
        e.stream = which;
        e.epoch = m.name.epoch;
        e.seq = m.name.seq;
        e.state = m.state;
        e.outcome = m.outcome;
        e.storing = m.storing;
        if (m.expires_after != (duration::max)()) {
            all_.expiries.set(at, later(now_, m.expires_after));
        }
        in_order_.push_back(at);
        return {};
    }

    /// Into the streams. What is still of an epoch that its stream has left was about to go on under the new one (law 1, spec 7.7).
    [[nodiscard]] result<void> line_up() {
        const auto& queue = all_.queue;
        std::sort(in_order_.begin(), in_order_.end(), [&](slot a, slot b) {
            const auto& x = queue[a];
            const auto& y = queue[b];
            return x.epoch != y.epoch ? x.epoch > y.epoch : x.seq < y.seq;
        });
        const auto is_present = [&](slot at) {
            return queue[at].epoch == streams_[queue[at].stream].present;
        };
        for (std::uint32_t which = 0; which < streams_.size(); ++which) {
            all_.resume(which, streams_[which].last, streams_[which].present);
        }
        for (const slot at : in_order_) {
            if (is_present(at) && !all_.resume(at)) {
                return damaged_value;
            }
        }
        for (std::uint32_t which = 0; which < streams_.size(); ++which) {
            const auto& [last, present] = streams_[which];
            if (!all_.reach(which, last.epoch == present ? last.next : 0)) {
                return damaged_value;
            }
            all_.assume_sent(which);
        }
        for (const slot at : in_order_) {
            if (!is_present(at)) {
                all_.carry_over(at);
            }
        }
        return {};
    }

    /// A stream, as far as its records tell.
    struct stream_record {
        outbound_ledger::stream_record last{};
        sixfold::epoch present = epoch::none;  ///< the largest that any record names
    };
    [[nodiscard]] stream_record& record_of(std::uint32_t which) {
        streams_.resize((std::max)(streams_.size(), std::size_t{which} + 1));
        return streams_[which];
    }

    outbound_messages& all_;
    const sender_options& options_;
    time_point now_;
    std::vector<std::optional<record>> latest_;  // by slot
    std::vector<stream_record> streams_;         // by the index of the receiver
    std::vector<slot> in_order_;                 // of their seqs, stream by stream
    std::uint32_t generations_ = 0;              // below it tickets may have been given
};

}  // namespace sixfold::inline v0::detail

#endif
