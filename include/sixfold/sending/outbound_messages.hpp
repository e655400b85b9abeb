// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_MESSAGES_HPP
#define SIXFOLD_SENDING_OUTBOUND_MESSAGES_HPP

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "sixfold/journal/journal.hpp"
#include "sixfold/options.hpp"
#include "sixfold/parts/deadlines.hpp"
#include "sixfold/parts/peer_table.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/parts/retry.hpp"
#include "sixfold/sending/message_state.hpp"
#include "sixfold/sending/outbound_stream.hpp"
#include "sixfold/sending/wait_ack_queue.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// All messages of a sender: the wait-ack queue, the stream of each receiver, and the timers of both.
///
/// Keeps track of which message has which seq of which stream, what may be sent, when it is sent again and when it
/// expires; and applies to all of them what is learnt of one. Does not know frames, links or probes, nor whose word it was.
/// O(1) for each message that a call touches, O(log n) where a timer moves.
class outbound_messages {
  public:
    /// Names a message in the queue.
    using slot = wait_ack_queue::slot;
    /// What the queue keeps of it.
    using entry = wait_ack_queue::entry;
    /// In which list of the queue it is.
    using place = wait_ack_queue::place;

    /// `life` gives epochs and keys.
    outbound_messages(incarnation life, const sender_options& options, sixfold::journaling keeps)
        : random(life.seed), queue(options.queue_entries,
                                   options.unsettled_max,
                                   (std::max)(std::size_t{options.queue_bytes},
                                              std::bit_ceil(std::size_t{options.payload_max}))),
          peers(options.peers_max, random.next()), options_(options), journaling_(keeps),
          start_(life.start) {
        // By chance, so that the tickets of another life, of which no journal tells, are not taken for ours. (spec 7.8)
        queue.restored(static_cast<std::uint32_t>(random_source(life.seed + start_).next() >> 33));
    }

    // --- messages --------------------------------------------------------------------------------------------------

    /// Puts a queued message behind all others to this peer, whose stream is `known`, or none. Precondition: room for the peer.
    void append(slot at, const peer& to, std::uint32_t known);
    /// The app or a deadline ends it: from now on it is a tombstone.
    void take_back(slot at, message_state to);
    /// The relay has it in the mailbox, durably. Precondition: it is unfinished, and no tombstone.
    void store(slot at);
    /// How it ended is known.
    void end(slot at, status how);
    /// It has ended, and the app has heard how.
    void forget(slot at);
    /// Somebody has it safe for now.
    void stretch(slot at, time_point now);
    /// It was sent, and `wait` is how long an answer takes.
    void arm(slot at, duration wait);

    // --- streams ---------------------------------------------------------------------------------------------------

    /// Applies the receiver's own word to its stream.
    void settle(std::uint32_t stream, const ack_state& ack, time_point now);
    /// What has ended or is stored makes room for more.
    void advance(std::uint32_t stream);
    /// Something was heard after a long silence.
    void hurry(std::uint32_t stream);
    void resend_all(std::uint32_t stream);
    /// Goes on under an epoch that is larger than `above` and our own.
    void begin_again(std::uint32_t stream, sixfold::epoch above);
    void open_window(std::uint32_t stream);
    /// The stream of a receiver, its old one or an empty new one; `peer_table::none` when there are too many.
    [[nodiscard]] std::uint32_t insert(const peer& to);
    /// A message whose stream has left its epoch.
    void carry_over(std::uint32_t stream, slot at);
    /// A message of an earlier life, as it stood; the stream has it already, unless it has ended.
    void resume(slot at);

    // --- the journal -----------------------------------------------------------------------------------------------

    /// Whether anything waits for records; if not, everything counts as durable at once.
    [[nodiscard]] bool journals() const noexcept { return journaling_ != journaling::none; }
    /// Calls `visit(stream)` for each message that may go on now.
    template <class Visit>
    void durable(std::uint64_t record, Visit visit);
    /// Is the epoch of this stream in the journal? Before, nothing may leave that names it.
    [[nodiscard]] bool is_durable(std::uint32_t stream) const noexcept {
        return streams[stream].record <= durable_;
    }
    /// Does it wait for its record?
    [[nodiscard]] bool is_withheld(slot at) const noexcept {
        return queue[at].where == place::unwritten || queue[at].where == place::written;
    }
    /// How long to wait for an answer on a path.
    [[nodiscard]] duration answer_timeout(const round_trip& trip) const noexcept {
        return trip.answer_timeout(options_.retry.first, options_.retry.min, options_.retry.max);
    }

    random_source random;                     ///< epochs and jitter
    wait_ack_queue queue;                     ///< the messages
    peer_table peers;                         ///< the index of a peer is that of its stream
    std::vector<outbound_stream> streams;     ///< by the index of the receiver
    deadlines retries;                        ///< by slot
    deadlines expiries;                       ///< by slot
    std::uint64_t written = 0;                ///< records that the journal was given
    std::uint32_t journaled_generations = 0;  ///< `generation_end`, as the journal knows it

  private:
    /// A start number in the upper 44 bits, random ones below (law 1, spec 3.1).
    [[nodiscard]] sixfold::epoch mint(std::uint64_t start) noexcept {
        return sixfold::epoch{start << epoch_random_bits |
                              random.below(std::uint64_t{1} << epoch_random_bits)};
    }
    void place_in(std::uint32_t stream, slot at);
    void close(slot at, status how);
    void note(slot at);
    /// What an epoch waits for of which no record was written yet.
    [[nodiscard]] std::uint64_t unwritten_epoch() const noexcept {
        return journals() ? wait_ack_queue::no_record : 0;
    }

    sender_options options_;
    sixfold::journaling journaling_;
    std::uint64_t start_;
    std::uint64_t durable_ = 0;
};

// --- messages --------------------------------------------------------------------------------------------------------

inline void outbound_messages::append(slot at, const peer& to, std::uint32_t known) {
    std::uint32_t which = known;
    if (which == peer_table::none) {
        which = insert(to);
        streams[which].epoch = mint(start_);
        streams[which].record = unwritten_epoch();
    }
    place_in(which, at);
    open_window(which);
}

inline std::uint32_t outbound_messages::insert(const peer& to) {
    const std::uint32_t which = peers.insert(to);
    if (which != peer_table::none) {
        streams.resize((std::max)(streams.size(), std::size_t{which} + 1));
        streams[which].limits.payload_max = options_.payload_max;  // until told otherwise
    }
    return which;
}

inline void outbound_messages::place_in(std::uint32_t which, slot at) {
    entry& e = queue[at];
    e.stream = which;
    e.epoch = streams[which].epoch;
    e.seq = streams[which].append(at);
    note(at);
}

/// Waits for an answer to the last attempt, longer after each one. (spec 3.2)
inline void outbound_messages::arm(slot at, duration wait) {
    const std::uint32_t resends = queue[at].resends == 0 ? 0U : queue[at].resends - 1U;
    streams[queue[at].stream].set_stretched(queue[at].seq, false);
    retries.set(at, later(queue[at].sent_at, backoff(wait, resends, options_.retry.max, random)));
}

/// The journal is to hear of its present state. What is still to be sent waits for that.
inline void outbound_messages::note(slot at) {
    if (journals()) {
        queue[at].record = wait_ack_queue::no_record;
        queue.move_written(at, place::unwritten);
    }
}

inline void outbound_messages::forget(slot at) {
    if (journals()) {
        note(at);  // it keeps its slot until the journal has let go of it
    } else {
        queue.remove(at);
    }
}

/// A tombstone goes out under the same seq: a seq is never abandoned, so that the receiver has no hole (law 3, spec 3.5).
inline void outbound_messages::take_back(slot at, message_state to) {
    entry& e = queue[at];
    outbound_stream& stream = streams[e.stream];
    ++stream.tombstones;
    stream.stored -= std::uint32_t{e.state == message_state::stored};
    stream.lower_base(e.seq);
    e.state = to;
    e.resends = 0;
    queue.drop_payload(at);
    queue.announce(at);
    retries.clear(at);
    expiries.clear(at);
    queue.move_written(at, e.seq < stream.unsent() ? place::due : place::nowhere);
    note(at);
}

/// B, or the relay, has said how the message ended.
inline void outbound_messages::end(slot at, status how) {
    const entry& e = queue[at];
    outbound_stream& stream = streams[e.stream];
    stream.stored -= std::uint32_t{e.state == message_state::stored};
    stream.tombstones -= std::uint32_t{is_tombstone(e.state)};
    stream.remove(e.seq);
    close(at, how);
}

inline void outbound_messages::close(slot at, status how) {
    queue[at].state = message_state::ended;
    queue[at].outcome = how;
    queue.move_written(at, place::nowhere);
    queue.drop_payload(at);
    retries.clear(at);
    expiries.clear(at);
    queue.announce(at);
    note(at);
}

inline void outbound_messages::store(slot at) {
    const std::uint32_t which = queue[at].stream;
    queue[at].state = message_state::stored;
    ++streams[which].stored;
    queue.drop_payload(at);
    queue.make_unsettled(at);
    queue.move_written(at, place::nowhere);
    queue.announce(at);
    retries.clear(at);
    note(at);
    advance(which);
}

/// Somebody has it safe: its timer is stretched to the cap, never stopped (law 6, spec 3.7); a tombstone is sent once before that.
inline void outbound_messages::stretch(slot at, time_point now) {
    const entry& e = queue[at];
    const bool was_sent = e.was_sent && (e.resends != 0 || !is_tombstone(e.state));
    const time_point cap = later(e.sent_at, options_.retry.max);  // not from now: it is told again
    if (is_unfinished(e.state) && was_sent && now < cap) {
        queue.move(at, place::nowhere);
        retries.set(at, cap);
        streams[e.stream].set_stretched(e.seq, true);
    }
}

// --- streams ---------------------------------------------------------------------------------------------------------

/// Ends what the ack state covers, stretches what it says is held. (spec 3.6)
inline void outbound_messages::settle(std::uint32_t which, const ack_state& ack, time_point now) {
    outbound_stream& stream = streams[which];
    const seq floor = (std::min)(ack.floor(), stream.next());
    while (stream.first() < floor) {
        const slot at = stream.slot(stream.first());
        end(at, conclude(queue[at].state, ack.of(stream.first())));
    }
    const auto ends = [&](seq accepted) {
        if (const slot at = stream.slot(accepted); at != wait_ack_queue::none) {
            end(at, conclude(queue[at].state, ack.of(accepted)));
        }
    };
    const auto stretches = [&](seq held) {
        if (const slot at = stream.slot(held); at != wait_ack_queue::none) {
            stretch(at, now);
        }
    };
    ack.for_each_accepted(ends, stream.open());  // most of what an ack says was said before
    ack.for_each_held(stretches, stream.open_unstretched());
    advance(which);
}

/// A sign of life after a long silence: what was backed off goes out again as if it had been sent once, or it would wait for
/// as long as the cap allows, and the window with it. O(seqs from the base to what is unsent), once for each silence. (spec 3.2)
inline void outbound_messages::hurry(std::uint32_t which) {
    outbound_stream& stream = streams[which];
    if (!stream.backed_off) {
        return;
    }
    stream.backed_off = false;
    for (seq at = stream.base(); at < stream.unsent(); ++at) {
        const slot message = stream.slot(at);
        if (message != wait_ack_queue::none && queue[message].resends > 1 &&
            retries.of(message) != never) {
            queue[message].resends = 0;
            stream.set_stretched(at, false);
            const time_point due = later(queue[message].sent_at, answer_timeout(stream.trip));
            retries.set(message, (std::min)(retries.of(message), due));
        }
    }
}

/// Hands on what may be sent for the first time.
inline void outbound_messages::open_window(std::uint32_t which) {
    outbound_stream& stream = streams[which];
    while (stream.unsent() < stream.window_end(options_.window)) {
        const slot at = stream.slot(stream.unsent());
        // A life that our journal does not know of may have sent it already, and it was stored.
        if (at != wait_ack_queue::none && is_unfinished(queue[at].state)) {
            if (queue[at].record > durable_) {
                return;
            }
            queue.move(at, place::due);
        }
        stream.pass_unsent();
    }
}

inline void outbound_messages::advance(std::uint32_t which) {
    streams[which].advance_base([this](slot at) { return !is_unfinished(queue[at].state); });
    open_window(which);
}

/// Everything on its way goes out again, in order.
inline void outbound_messages::resend_all(std::uint32_t which) {
    outbound_stream& stream = streams[which];
    for (seq at = stream.base(); at < stream.unsent(); ++at) {
        const slot message = stream.slot(at);
        if (message != wait_ack_queue::none && is_unfinished(queue[message].state) &&
            !is_withheld(message)) {
            queue[message].resends = 0;
            stream.set_stretched(at, false);
            retries.clear(message);
            queue.move(message, place::due);
        }
    }
}

/// B is past our epoch, or knows more of it than we do: our journal was lost or is old. What is unfinished goes on under a
/// larger epoch; of the rest nobody can say how it ended (law 1, spec 3.8).
inline void outbound_messages::begin_again(std::uint32_t which, sixfold::epoch above) {
    outbound_stream& stream = streams[which];
    const std::uint64_t start =
        (static_cast<std::uint64_t>((std::max)(above, stream.epoch)) >> epoch_random_bits) + 1;
    if (start > start_max) {
        return;  // only a receiver that makes epochs up brings us here; its own stream stands still
    }
    std::vector<slot> messages;
    for (seq at = stream.first(); at < stream.next(); ++at) {
        if (stream.slot(at) != wait_ack_queue::none) {
            messages.push_back(stream.slot(at));
        }
    }
    stream.restart(mint(start));
    stream.record = unwritten_epoch();
    for (const slot message : messages) {
        carry_over(which, message);
    }
    open_window(which);
}

/// Its stream has left the epoch of the message. (spec 3.8)
inline void outbound_messages::carry_over(std::uint32_t which, slot at) {
    entry& e = queue[at];
    if (!is_unfinished(e.state) || is_tombstone(e.state)) {
        return close(at, status::ended);
    }
    queue.move(at, place::nowhere);  // the records come in the order of the new seqs
    e.state = message_state::queued;
    e.attempt = e.resends = 0;
    e.was_sent = false;
    retries.clear(at);
    place_in(which, at);
}

/// A message of an earlier life is in its place again.
inline void outbound_messages::resume(slot at) {
    const message_state state = queue[at].state;
    outbound_stream& stream = streams[queue[at].stream];
    stream.tombstones += std::uint32_t{is_tombstone(state)};
    stream.stored += std::uint32_t{state == message_state::stored};
    if (!is_unfinished(state)) {
        queue.make_unsettled(at);  // as many as can: the others find room in the queue
    }
    queue.announce(at);
}

// --- the journal -----------------------------------------------------------------------------------------------------

template <class Visit>
void outbound_messages::durable(std::uint64_t record, Visit visit) {
    durable_ = (std::min)((std::max)(durable_, record), written);
    for (slot at = queue.first(place::written);
         at != wait_ack_queue::none && queue[at].record <= durable_;
         at = queue.first(place::written)) {
        const std::uint32_t stream = queue[at].stream;
        queue.move(at, queue[at].seq < streams[stream].unsent() ? place::due : place::nowhere);
        open_window(stream);
        visit(stream);
    }
}

}  // namespace sixfold::inline v0

#endif
