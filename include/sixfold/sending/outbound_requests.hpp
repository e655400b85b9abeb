// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_REQUESTS_HPP
#define SIXFOLD_SENDING_OUTBOUND_REQUESTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sixfold/error.hpp"
#include "sixfold/options.hpp"
#include "sixfold/parts/retry.hpp"
#include "sixfold/sending/message_state.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_stream.hpp"
#include "sixfold/sending/resend_pacer.hpp"
#include "sixfold/sending/wait_ack_queue.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// The way of a message to the relay: its msg:R, as often as it takes, and what a msg:A says of it. (spec 3.2)
///
/// Keeps track of the pace of resends, and of how long the relay takes to answer. Which message is due, and when one is sent
/// again, is in the messages. Does not know links, nor anything of receivers. O(1) for each frame, O(log n) for its timer.
class outbound_requests {
  public:
    /// Uses how many resends go at once, and how long it is to the next.
    explicit outbound_requests(const sender_options& options) noexcept
        : pacer_(options.burst, options.burst_interval) {}

    /// Puts as many msg:R as are due and fit behind one another; their size.
    [[nodiscard]] std::size_t
    transmit(outbound_messages& all, const framing& link, std::span<std::byte> out, time_point now);
    /// A msg:A of this stream.
    [[nodiscard]] refusal
    take(outbound_messages& all, std::uint32_t which, const msg_answer& answer, time_point now);
    /// There is a new link: what is resent need not wait.
    void reset() noexcept { pacer_.reset(); }

    /// When the next one may leave; `never` if none is to be sent, or sent again.
    [[nodiscard]] time_point next(const outbound_messages& all, time_point now) const noexcept;
    /// How many were sent.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    /// How many of these were not the first of their message.
    [[nodiscard]] std::uint64_t resent() const noexcept { return resent_; }

  private:
    friend struct test_access;
    using slot = outbound_messages::slot;
    using entry = outbound_messages::entry;
    using place = outbound_messages::place;

    /// A resend must wait for its turn.
    [[nodiscard]] bool waits(const entry& e, time_point now) const noexcept {
        return e.was_sent && pacer_.spent(now);
    }
    void answered(outbound_messages& all, slot at, std::uint8_t attempt, time_point now);
    [[nodiscard]] std::size_t transmit(outbound_messages& all,
                                       slot at,
                                       const framing& link,
                                       std::span<std::byte> out,
                                       time_point now);

    resend_pacer pacer_;
    round_trip relay_trip_;  // from msg:R to msg:A, whatever the peer
    std::uint64_t sent_ = 0;
    std::uint64_t resent_ = 0;
};

inline time_point outbound_requests::next(const outbound_messages& all,
                                          time_point now) const noexcept {
    const time_point turn = pacer_.spent(now) ? pacer_.next() : now;  // of what is resent
    const slot due = all.queue.first(place::due);
    if (due == wait_ack_queue::none) {
        return (std::max)(all.retries.next(), turn);
    }
    return waits(all.queue[due], now) ? turn : now;
}

inline std::size_t outbound_requests::transmit(outbound_messages& all,
                                               const framing& link,
                                               std::span<std::byte> out,
                                               time_point now) {
    std::size_t used = 0;
    for (slot at = all.queue.first(place::due);
         at != wait_ack_queue::none && !waits(all.queue[at], now);
         at = all.queue.first(place::due)) {
        const std::size_t size = transmit(all, at, link, out.subspan(used), now);
        if (size == 0) {
            break;
        }
        used += size;
    }
    return used;
}

inline std::size_t outbound_requests::transmit(outbound_messages& all,
                                               slot at,
                                               const framing& link,
                                               std::span<std::byte> out,
                                               time_point now) {
    entry& e = all.queue[at];
    outbound_stream& stream = all.streams[e.stream];
    const bool tombstone = is_tombstone(e.state);
    const msg_request request{.to = all.peers[e.stream],
                              .epoch = stream.epoch,
                              .form = tombstone ? form::tombstone : form::payload,
                              .storing = tombstone ? storing::allowed : e.storing,
                              .seq = e.seq,
                              .base = stream.base(),
                              .attempt = e.attempt,
                              .payload = tombstone ? bytes{} : all.queue.payload(at)};
    const std::size_t size = encode(request, link, out);
    if (size == 0) {
        return 0;
    }
    ++sent_;
    if (e.was_sent) {
        ++resent_;
        pacer_.count(now);
    }
    ++e.attempt;
    e.was_sent = true;
    e.resends = static_cast<std::uint8_t>((std::min)(e.resends + 1, 255));
    e.sent_at = now;
    if (e.state == message_state::queued) {
        e.state = message_state::sent;
    }
    stream.sent_end = (std::max)(stream.sent_end, e.seq + 1);
    stream.backed_off |= e.resends > 1;
    all.queue.move(at, place::nowhere);
    all.arm(at, all.answer_timeout(relay_trip_));
    return size;
}

inline refusal outbound_requests::take(outbound_messages& all,
                                       std::uint32_t which,
                                       const msg_answer& answer,
                                       time_point now) {
    const outbound_stream& stream = all.streams[which];
    if (answer.id.seq >= stream.sent_end) {
        return refusal::never_sent;
    }
    const slot at = stream.slot(answer.id.seq);
    if (at == wait_ack_queue::none || !is_unfinished(all.queue[at].state)) {
        return refusal::none;  // late, and no harm
    }
    const entry& e = all.queue[at];
    if (answer.away && e.storing == storing::forbidden && !is_tombstone(e.state)) {
        all.take_back(at, message_state::expiring);
    } else {
        answered(all, at, answer.attempt, now);
    }
    return refusal::none;
}

/// The relay has this attempt of a message that is unfinished.
inline void
outbound_requests::answered(outbound_messages& all, slot at, std::uint8_t attempt, time_point now) {
    entry& e = all.queue[at];
    if (e.state == message_state::sent) {
        e.state = message_state::relayed;
        all.queue.announce(at);
    }
    const bool of_last_attempt = attempt == static_cast<std::uint8_t>(e.attempt - 1);
    if (of_last_attempt && e.where == place::nowhere) {
        relay_trip_.sample(now - e.sent_at, now);
        all.arm(at, all.answer_timeout(all.streams[e.stream].trip));
    }
}

}  // namespace sixfold::inline v0

#endif
