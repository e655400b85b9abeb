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
#include "sixfold/parts/id_queue.hpp"
#include "sixfold/parts/peer_table.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/sending/epoch_numbers.hpp"
#include "sixfold/sending/message_state.hpp"
#include "sixfold/sending/outbound_ledger.hpp"
#include "sixfold/sending/outbound_stream.hpp"
#include "sixfold/sending/wait_ack_queue.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// All messages of a sender: the wait-ack queue, the stream of each receiver, and their deadlines.
///
/// Keeps track of which message has which seq of which stream, where each stands, what waits for which record, and when each
/// expires; and applies to all of them what is learnt of one. Does not know links, sendings or when something is sent again,
/// nor whose word it was. O(1) for each message that a call touches, O(log n) where a deadline moves.
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
          peers(options.peers_max, random.next()), epochs(life.start), ledger(keeps) {
        // By chance, so that the tickets of another life, of which no journal tells, are not taken for ours. (spec 7.8)
        queue.restored(
            static_cast<std::uint32_t>(random_source(life.seed + life.start).next() >> 33));
    }

    // --- messages --------------------------------------------------------------------------------------------------

    /// Puts a queued message behind all others to this peer, whose stream is `known`, or none; its stream. Precondition: room for
    /// the peer, and an epoch.
    std::uint32_t append(slot at, const peer& to, std::uint32_t known);
    /// The app or a deadline ends it: from now on it is a tombstone.
    void take_back(slot at, message_state to);
    /// The relay has it in the mailbox, durably. Precondition: it is unfinished. (spec 3.7)
    void store(slot at);
    /// The relay has taken it.
    void relay(slot at);
    /// It has left in this sending; where it was before.
    transit sent(slot at, sending_number in);
    /// How it ended is known.
    void end(slot at, status how);
    /// The relay refuses all to its receiver.
    void refuse(slot at, refused_reason why);
    /// It has ended, and the app has heard how: it goes as soon as the journal has let go of it.
    void heard(slot at);
    void remove(slot at);  ///< it goes

    // --- streams ---------------------------------------------------------------------------------------------------

    /// Ends what the ack state says has ended. False if that is nothing new. (spec 3.8)
    bool settle(std::uint32_t which, const ack_state& ack);
    /// Moves on what has a place in this stream.
    void become(std::uint32_t which, seq at, transit to) { streams_[which].become(at, to); }
    /// One of the sendings that it waits for is lost.
    void lose(std::uint32_t which, seq at) { streams_[which].lose(at); }
    /// Goes on under an epoch larger than `above` and our own. False where there is none: then nothing has changed.
    [[nodiscard]] bool begin_again(std::uint32_t which, sixfold::epoch above);
    /// A stream whose present epoch is unused goes as soon as app and journal have let go of all its messages, unless there is
    /// another one first. (spec 3.14)
    void give_up(std::uint32_t which) {
        given_up_[which] = true;
        let_go_if_unused(which);
    }
    /// Was it given up, and is nothing left of it?
    [[nodiscard]] bool is_unused(std::uint32_t which) const noexcept {
        return given_up_[which] != 0 && queue.of(which).entries == 0;
    }
    /// It is as if it had never been. Precondition: it is unused.
    void let_go(std::uint32_t which);
    /// The stream of a receiver, its old one or an empty new one; `peer_table::none` when there are too many.
    [[nodiscard]] std::uint32_t insert(const peer& to);
    /// How many there are.
    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(streams_.size());
    }
    /// The seqs of a stream, and how far they are.
    [[nodiscard]] const outbound_stream& operator[](std::uint32_t which) const noexcept {
        return streams_[which];
    }
    /// The lowest seq of a stream that is due; `outbound_stream::no_seq`.
    [[nodiscard]] seq lowest_due(std::uint32_t which) noexcept {
        return streams_[which].lowest_due();
    }
    /// A stream that is empty gives back what only others need.
    void rest(std::uint32_t which) noexcept { streams_[which].rest(); }
    /// The lowest that was turned away; likewise.
    [[nodiscard]] seq lowest_turned_away(std::uint32_t which) noexcept {
        return streams_[which].lowest_turned_away();
    }

    // --- earlier lives: outbound_restore.hpp ------------------------------------------------------------------------

    /// A stream as its record has it; none has a message yet.
    void
    resume(std::uint32_t which, const outbound_ledger::stream_record& last, sixfold::epoch present);
    /// A message of the present epoch of its stream, in the order of seqs. False if its seq is taken, or out of all bounds.
    [[nodiscard]] bool resume(slot at);
    /// No seq in front of `next` is given again; those that have no message have ended. False if it is out of all bounds.
    [[nodiscard]] bool reach(std::uint32_t which, seq next) { return streams_[which].reach(next); }
    /// All of a stream are there, and may have been sent. (spec 7.7)
    void assume_sent(std::uint32_t which) noexcept { streams_[which].assume_sent(); }
    /// A message of an epoch that its stream has left: it has ended, or goes on under the next seq. (spec 3.12, 7.7)
    void carry_over(slot at);

    // --- the journal -----------------------------------------------------------------------------------------------

    /// The first so many records are durable. Calls `visit(stream)` for each message that may go on now.
    template <class Visit>
    void durable(std::uint64_t records, Visit visit);
    /// Is the epoch of this stream in the journal? Before, nothing may leave that names it.
    [[nodiscard]] bool is_durable(std::uint32_t which) const noexcept {
        return ledger.is_epoch_durable(which);
    }
    /// Is the journal to hear of something?
    [[nodiscard]] bool owes_records() const noexcept {
        return queue.first(place::unwritten) != wait_ack_queue::none || !leaving.empty();
    }
    /// May this message leave, as far as the journal is concerned?
    [[nodiscard]] bool is_durable_message(slot at) const noexcept {
        return ledger.is_durable(queue[at].record);
    }

    random_source random;    ///< epochs, numbers and jitter
    wait_ack_queue queue;    ///< the messages
    peer_table peers;        ///< the index of a peer is that of its stream
    epoch_numbers epochs;    ///< which may be begun
    deadlines expiries;      ///< by slot
    outbound_ledger ledger;  ///< what the journal knows of all that
    id_queue leaving;  ///< streams of which the journal is to let go, unless they are used again

  private:
    friend struct test_access;

    void let_go_if_unused(std::uint32_t which);
    void begin(std::uint32_t which, sixfold::epoch with);
    void place_in(std::uint32_t which, slot at);
    void close(slot at, status how);
    void resume_ended(slot at);
    void note(slot at);

    std::vector<outbound_stream> streams_;  // by the index of the receiver
    std::vector<std::uint8_t> given_up_;    // likewise: whether it was
};

// --- messages --------------------------------------------------------------------------------------------------------

inline std::uint32_t outbound_messages::append(slot at, const peer& to, std::uint32_t known) {
    std::uint32_t which = known;
    if (which == peer_table::none) {
        which = insert(to);
        begin(which, epochs.next(epoch::none, random));
    }
    given_up_[which] = false;
    queue.give(at, which);
    place_in(which, at);
    return which;
}

inline std::uint32_t outbound_messages::insert(const peer& to) {
    const std::uint32_t which = peers.insert(to);
    if (which == streams_.size()) {
        streams_.emplace_back();
        given_up_.push_back(0);
        ledger.add_stream();
    }
    return which;
}

/// Nothing of the epoch may leave before the first record that names it is durable.
inline void outbound_messages::begin(std::uint32_t which, sixfold::epoch with) {
    streams_[which].begin(with);
    ledger.begin(which);
}

inline void outbound_messages::place_in(std::uint32_t which, slot at) {
    entry& e = queue[at];
    e.epoch = streams_[which].epoch();
    e.seq = streams_[which].append(at);
    note(at);
}

/// The journal is to hear of its present state. What is still to be sent waits for that.
inline void outbound_messages::note(slot at) {
    if (ledger.journals()) {
        queue[at].record = outbound_ledger::no_record;
        queue.move_written(at, place::unwritten);
    }
}

inline void outbound_messages::heard(slot at) {
    ledger.journals() ? note(at) : remove(at);
}

inline void outbound_messages::remove(slot at) {
    const std::uint32_t which = queue[at].stream;
    queue.remove(at);
    let_go_if_unused(which);
}

/// A tombstone goes out under the same seq: a seq is never abandoned, so that the receiver has no hole (law 3, spec 3.13).
inline void outbound_messages::take_back(slot at, message_state to) {
    entry& e = queue[at];
    outbound_stream& stream = streams_[e.stream];
    stream.bury(e.seq);
    if (stream[e.seq].now != transit::fresh) {
        stream.become(e.seq, ledger.journals() ? transit::noted : transit::due);
    }
    e.state = to;
    e.reason = to == message_state::refusing ? refused_reason::too_large : refused_reason::none;
    queue.drop_payload(at);
    queue.announce(at);
    expiries.clear(at);
    note(at);
}

inline void outbound_messages::relay(slot at) {
    if (queue[at].state == message_state::sent) {
        queue[at].state = message_state::relayed;
        queue.announce(at);
    }
}

inline transit outbound_messages::sent(slot at, sending_number in) {
    entry& e = queue[at];
    outbound_stream& stream = streams_[e.stream];
    const transit before = stream[e.seq].now;
    stream.sent(e.seq, in);
    if (e.state == message_state::queued) {
        e.state = message_state::sent;
    }
    return before;
}

inline void outbound_messages::store(slot at) {
    entry& e = queue[at];
    if (is_tombstone(e.state)) {
        streams_[e.stream].become(e.seq, transit::buried);
        queue.make_unsettled(at);
        return;
    }
    e.state = message_state::stored;
    streams_[e.stream].become(e.seq, transit::stored);
    queue.drop_payload(at);
    queue.make_unsettled(at);
    queue.move_written(at, place::nowhere);
    queue.announce(at);
    note(at);
}

/// B, or the relay, has said how the message ended.
inline void outbound_messages::end(slot at, status how) {
    streams_[queue[at].stream].remove(queue[at].seq);
    close(at, how);
}

inline void outbound_messages::refuse(slot at, refused_reason why) {
    queue[at].reason = why;
    end(at, status::refused);
}

inline void outbound_messages::close(slot at, status how) {
    queue[at].state = message_state::ended;
    queue[at].outcome = how;
    queue[at].reason = how == status::refused ? queue[at].reason : refused_reason::none;
    queue.move_written(at, place::nowhere);
    queue.drop_payload(at);
    expiries.clear(at);
    queue.announce(at);
    note(at);
}

// --- streams ---------------------------------------------------------------------------------------------------------

inline bool outbound_messages::settle(std::uint32_t which, const ack_state& ack) {
    const outbound_stream& stream = streams_[which];
    const seq floor = (std::min)(ack.floor(), stream.next());
    bool any = stream.first() < floor;
    while (stream.first() < floor) {
        const slot at = stream.slot(stream.first());
        end(at, conclude(queue[at].state, ack.of(stream.first())));
    }
    const auto ends = [&](seq accepted) {
        if (const slot at = stream.slot(accepted); at != wait_ack_queue::none) {
            end(at, conclude(queue[at].state, ack.of(accepted)));
            any = true;
        }
    };
    ack.for_each_accepted(ends, stream.open());  // most of what an ack says was said before
    return any;
}

/// B is past our epoch, or knows more of it than we do: our journal was lost or is old. What is unfinished goes on under a
/// larger epoch; of the rest nobody can say how it ended (law 1, spec 3.12).
inline bool outbound_messages::begin_again(std::uint32_t which, sixfold::epoch above) {
    outbound_stream& stream = streams_[which];
    const sixfold::epoch next = epochs.next((std::max)(above, stream.epoch()), random);
    if (next == epoch::none) {
        return false;  // only a receiver that makes epochs up brings us here; its own stream stands still
    }
    std::vector<slot> messages;
    for (seq at = stream.first(); at < stream.next(); ++at) {
        if (stream.has(at)) {
            messages.push_back(stream.slot(at));
        }
    }
    begin(which, next);
    for (const slot message : messages) {
        carry_over(message);
    }
    return true;
}

inline void outbound_messages::let_go_if_unused(std::uint32_t which) {
    if (is_unused(which)) {
        ledger.journals() ? leaving.push(which) : let_go(which);
    }
}

inline void outbound_messages::let_go(std::uint32_t which) {
    epochs.leave(streams_[which].epoch());
    peers.erase(which);
    streams_[which] = outbound_stream();
    given_up_[which] = false;
    ledger.forget(which);
}

inline void outbound_messages::carry_over(slot at) {
    entry& e = queue[at];
    if (e.state == message_state::ended) {
        return resume_ended(at);
    }
    if (e.state == message_state::stored || is_tombstone(e.state)) {
        return close(at, status::ended);
    }
    queue.move(at, place::nowhere);  // the records come in the order of the new seqs
    e.state = message_state::queued;
    e.renamed = true;
    place_in(e.stream, at);
}

// --- earlier lives ---------------------------------------------------------------------------------------------------

/// The app has not heard of its end.
inline void outbound_messages::resume_ended(slot at) {
    queue.make_unsettled(at);
    queue.announce(at);
}

// --- the journal -----------------------------------------------------------------------------------------------------

template <class Visit>
void outbound_messages::durable(std::uint64_t records, Visit visit) {
    ledger.durable(records);
    for (slot at = queue.first(place::written);
         at != wait_ack_queue::none && is_durable_message(at); at = queue.first(place::written)) {
        const entry& e = queue[at];
        queue.move(at, place::nowhere);
        if (streams_[e.stream][e.seq].now == transit::noted) {
            streams_[e.stream].become(e.seq, transit::due);
        }
        visit(e.stream);
    }
}

}  // namespace sixfold::inline v0

#endif
