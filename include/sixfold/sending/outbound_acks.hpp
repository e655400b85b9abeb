// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_ACKS_HPP
#define SIXFOLD_SENDING_OUTBOUND_ACKS_HPP

#include <cstdint>
#include <utility>  // exchange

#include "sixfold/error.hpp"
#include "sixfold/sending/message_state.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_probes.hpp"
#include "sixfold/sending/outbound_stream.hpp"
#include "sixfold/sending/wait_ack_queue.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

// What an ack:N says of the messages to one receiver: its own word, or the relay's of what it has stored and remembers.
// (spec 3.5 to 3.9)
//
// What cannot be true, as it speaks of what was never sent, is refused: it is another's word, or of a life that our journal has
// lost.

namespace sixfold::inline v0::detail {

/// The receiver's own word, of today.
[[nodiscard]] inline refusal take_state(outbound_messages& all,
                                        outbound_probes& probes,
                                        std::uint32_t which,
                                        const ack_notify& notice,
                                        time_point now) {
    ack_state ack;
    if (const refusal why = ack_state::decode(notice.state, ack); why != refusal::none) {
        return why;
    }
    outbound_stream& stream = all.streams[which];
    if (ack.end() > stream.sent_end) {
        all.begin_again(which, stream.epoch);
        return refusal::never_sent;
    }
    if (ack.limits()) {
        stream.limits = *ack.limits();
    }
    if (notice.echo) {
        const auto at = stream.slot(notice.echo->seq);
        if (at != wait_ack_queue::none &&
            notice.echo->attempt == static_cast<std::uint8_t>(all.queue[at].attempt - 1) &&
            all.queue[at].where == wait_ack_queue::place::nowhere) {
            stream.trip.sample(now - all.queue[at].sent_at, now);
        }
    }
    stream.met = true;
    const bool got_on = stream.reported_floor && ack.floor() > *stream.reported_floor;
    stream.reported_floor = ack.floor();
    if (ack.first() == ack.floor()) {  // a later part of its window is no measure
        if (const seq known = ack.known(); known > std::exchange(stream.known, known)) {
            all.hurry(which);  // B gets on. Else it may be busy, and hears of us often enough.
        }
    }
    all.settle(which, ack, now);
    // While something is stored B gets on by what it fetches, and needs no probe for it.
    if (got_on && stream.stored == 0 && ack.floor() < stream.base()) {
        probes.hurry(all, which, now);
    }
    return refusal::none;
}

/// The relay's word that the message is in the mailbox. It finishes nothing for a tombstone, which only B can finish, and says
/// nothing of it unless it answers its last sending: an earlier one may have been that of the message. (spec 3.5)
[[nodiscard]] inline refusal
take_stored(outbound_messages& all, std::uint32_t which, const ack_notify& notice, time_point now) {
    if (notice.seq >= all.streams[which].sent_end) {
        return refusal::never_sent;
    }
    const auto at = all.streams[which].slot(notice.seq);
    if (at == wait_ack_queue::none || !is_unfinished(all.queue[at].state)) {
        return refusal::none;  // late, and no harm
    }
    if (!is_tombstone(all.queue[at].state)) {
        all.hurry(which);
        all.store(at);
    } else if (notice.attempt == static_cast<std::uint8_t>(all.queue[at].attempt - 1)) {
        all.stretch(at, now);
    }
    return refusal::none;
}

/// The relay's answer to a probe. What it remembers of B is as true as B's own word, but says nothing of B today.
[[nodiscard]] inline refusal
take_ended(outbound_messages& all, std::uint32_t which, const ack_notify& notice, time_point now) {
    outbound_stream& stream = all.streams[which];
    ack_state ack;
    const bool remembered = !notice.state.empty();
    if (remembered) {
        if (const refusal why = ack_state::decode(notice.state, ack); why != refusal::none) {
            return why;
        }
    }
    if (notice.low > stream.sent_end || (remembered && ack.end() > stream.sent_end)) {
        return refusal::never_sent;
    }
    if (remembered) {
        all.settle(which, ack, now);
    }
    // That something has ended is less than how. It is enough only when the memory for it is used up,
    // and then for one message. (spec 3.6)
    if (all.queue.unsettled_full() && stream.first() < notice.low &&
        all.queue[stream.slot(stream.first())].state == message_state::stored) {
        all.end(stream.slot(stream.first()), status::ended);
        all.advance(which);
    }
    return refusal::none;
}

/// Any ack:N of a stream's present epoch, which it may leave by that.
[[nodiscard]] inline refusal take_ack(outbound_messages& all,
                                      outbound_probes& probes,
                                      std::uint32_t which,
                                      const ack_notify& notice,
                                      time_point now) {
    switch (notice.word) {
    case ack_word::state: return take_state(all, probes, which, notice, now);
    case ack_word::waiting: probes.wait_for_entry(all, which, now); break;
    case ack_word::past: all.begin_again(which, notice.current); break;
    case ack_word::stored: return take_stored(all, which, notice, now);
    case ack_word::ended: return take_ended(all, which, notice, now);
    }
    return refusal::none;
}

}  // namespace sixfold::inline v0::detail

#endif
