// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_RESTORE_HPP
#define SIXFOLD_SENDING_OUTBOUND_RESTORE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/options.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_record.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

// The messages of a sender back from the journal. (spec 7.7)

namespace sixfold::inline v0 {

inline void outbound_messages::resume(std::uint32_t which,
                                      const outbound_ledger::stream_record& last,
                                      sixfold::epoch present) {
    ledger.resume(which, last);
    streams_[which].begin(present);
}

inline bool outbound_messages::resume(slot at) {
    const entry& e = queue[at];
    outbound_stream& stream = streams_[e.stream];
    if (e.seq < stream.next() || !reach(e.stream, e.seq)) {
        return false;
    }
    if (e.state == message_state::ended) {
        stream.append_ended();
        resume_ended(at);
        return true;
    }
    (void)stream.append(at, is_tombstone(e.state));
    if (e.state == message_state::stored) {
        stream.become(e.seq, transit::stored);
        queue.make_unsettled(at);  // as many as can: the others find room in the queue
    }
    queue.announce(at);
    return true;
}

}  // namespace sixfold::inline v0

namespace sixfold::inline v0::detail {

/// Puts together what an earlier life of a sender has left.
///
/// First the last record of each slot is found, then the messages are put into their slots, and in the order of their seqs
/// into their streams. O(n log n); needs memory for as many slots as there were, for so long.
class outbound_restore {
  public:
    /// Nobody lived for `away`.
    outbound_restore(outbound_messages& into,
                     const sender_options& options,
                     duration away,
                     time_point now)
        : all_(into), options_(options), away_(away), now_(now) {}

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
        if (each.kind == record_kind::left) {
            std::uint64_t start = 0;
            const result<void> read = decode_left(each.value, start);
            all_.epochs.resume(start);
            all_.ledger.resume_left(start);
            return read;
        }
        if (each.kind == record_kind::outbound && each.gone) {
            end_stream(peer_of(each));
            return {};
        }
        if (each.kind == record_kind::outbound) {
            outbound_record stream;
            const result<void> read = decode_outbound(each, stream);
            return read ? begin_stream(stream) : read;
        }
        if (each.kind == record_kind::message || each.kind == record_kind::renamed) {
            std::vector<std::optional<record>>& latest =
                each.kind == record_kind::message ? latest_ : names_;
            const slot at = wait_ack_queue::slot_of(ticket_of(each));
            if (wait_ack_queue::generation_of(ticket_of(each)) == UINT32_MAX) {
                return damaged_value;  // which is never given
            }
            if (at >= all_.queue.slots_max()) {
                return error{errc::option,
                             "sender.queue_entries or unsettled_max: fewer than the journal needs"};
            }
            latest.resize((std::max)(latest.size(), std::size_t{at} + 1));
            latest[at] = each.gone ? std::nullopt : std::optional(each);
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

    /// It was let go: what comes behind is of another.
    void end_stream(const peer& to) {
        if (const std::uint32_t which = all_.peers.find(to); which != peer_table::none) {
            all_.peers.erase(which);
            record_of(which) = {};
        }
    }

    [[nodiscard]] result<void> put_back(const record& from) {
        message_record m;
        if (const result<void> read = decode_message(from, m); !read) {
            return read;
        }
        const result<bool> renamed = take_name(m);
        if (!renamed) {
            return renamed.error();
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
        all_.queue.give(at, which);
        e.epoch = m.name.epoch;
        e.seq = m.name.seq;
        e.state = m.state;
        e.outcome = m.outcome;
        e.reason = m.reason;
        e.storing = m.storing;
        e.renamed = *renamed;
        e.journaled = true;
        if (m.expires_after != (duration::max)()) {
            all_.expiries.set(at,
                              later(now_, (std::max)(m.expires_after - away_, duration::zero())));
        }
        in_order_.push_back(at);
        return {};
    }

    /// A name that it got later has a larger epoch. Was it renamed? (spec 7.6)
    [[nodiscard]] result<bool> take_name(message_record& m) const {
        const slot at = wait_ack_queue::slot_of(m.id);
        if (at >= names_.size() || !names_[at] || ticket_of(*names_[at]) != m.id) {
            return false;
        }
        msgid name;
        if (const result<void> read = decode_renamed(names_[at]->value, name); !read) {
            return read.error();
        }
        if (name.epoch > m.name.epoch) {
            m.name = name;
        }
        return true;
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
        for (std::uint32_t which = 0; which < streams_.size(); ++which) {
            if (streams_[which].present != epoch::none && all_[which].next() == 0) {
                all_.give_up(which);  // there is nothing to go on with
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
    duration away_;
    time_point now_;
    std::vector<std::optional<record>> latest_;  // of messages, by slot
    std::vector<std::optional<record>> names_;   // that they got later, likewise
    std::vector<stream_record> streams_;         // by the index of the receiver
    std::vector<slot> in_order_;                 // of their seqs, stream by stream
    std::uint32_t generations_ = 0;              // below it tickets may have been given
};

}  // namespace sixfold::inline v0::detail

#endif
