// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_ACKS_HPP
#define SIXFOLD_RECEIVING_INBOUND_ACKS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sixfold/options.hpp"
#include "sixfold/parts/deadlines.hpp"
#include "sixfold/parts/id_queue.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/parts/retry.hpp"
#include "sixfold/receiving/inbound_messages.hpp"
#include "sixfold/receiving/inbound_stream.hpp"
#include "sixfold/receiving/serials.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// Which senders are to be told how far we are, and when one is told again because the relay has not answered. (law 6, spec 3.17)
///
/// Keeps track of their line, and of the answers that are waited for; what there is to be told is in the streams. Does not know
/// messages, links, nor why something is owed. O(1) for each stream that a call is about, O(log n) where a timer moves.
class inbound_acks {
  public:
    /// `random` gives the first serial, and the jitter.
    inbound_acks(const receiver_options& options, random_source random)
        : retry_(options.retry), limits_{(std::min)(options.window, options.held_entries),
                                         options.exceptions, options.payload_max},
          random_(random), serial_(static_cast<std::uint32_t>(random_.below(serials_at_start))) {}

    /// The sender of this stream is to be told.
    void owe(inbound_messages& all, std::uint32_t which);
    /// All whose last ack:R was not answered are to be told again: there is a new link. O(streams).
    void owe_unanswered(inbound_messages& all);
    /// What was not answered for too long is owed again.
    void take_due(inbound_messages& all, time_point now);
    /// False if `take_due` has nothing to do, as is most often the case. O(1).
    [[nodiscard]] bool may_be_due(time_point now) const noexcept {
        return retries_.may_be_due(now);
    }

    /// Puts as many ack:R as are owed and fit behind one another; their size. Those that name what is not durable are withheld.
    [[nodiscard]] std::size_t
    transmit(inbound_messages& all, const framing& link, std::span<std::byte> out, time_point now);
    /// The relay has an ack:R. Only the answer to one that says what the last one of the stream says counts.
    void answered(inbound_messages& all, std::uint32_t which, std::uint32_t serial, time_point now);
    /// The first `records` of the journal are durable: what names them may leave.
    void durable(std::uint64_t records);

    /// What a sender is told that we take.
    [[nodiscard]] const receiver_limits& limits() const noexcept { return limits_; }
    /// Is somebody to be told at once?
    [[nodiscard]] bool owes() const noexcept { return !owed_.empty(); }
    /// When somebody is told again; `never`.
    [[nodiscard]] time_point next_retry() const noexcept { return retries_.next(); }

    /// A new serial, of an ack:R or a sync:R.
    [[nodiscard]] std::uint32_t next_serial() noexcept { return ++serial_; }
    /// How long the relay takes to answer.
    [[nodiscard]] duration answer_timeout() const noexcept {
        return relay_trip_.answer_timeout(retry_.first, retry_.min, retry_.max);
    }
    /// How long to wait for its answer, longer after each of so many resends.
    [[nodiscard]] duration wait(std::uint32_t resends) noexcept {
        return backoff(answer_timeout(), resends, retry_.max, random_);
    }

  private:
    friend struct test_access;
    /// Serials begin at a random number below, so that an answer to an earlier life is hardly ever taken for one to ours (which would
    /// cost time, and no message), and are short on the wire.
    static constexpr std::uint32_t serials_at_start = 1U << 14;

    [[nodiscard]] std::size_t transmit_ack(inbound_messages& all,
                                           std::uint32_t which,
                                           const framing& link,
                                           std::span<std::byte> out,
                                           time_point now);
    [[nodiscard]] std::size_t transmit_state(inbound_messages& all,
                                             std::uint32_t which,
                                             const framing& link,
                                             std::span<std::byte> out,
                                             time_point now);

    retry_options retry_;
    receiver_limits limits_;
    random_source random_;
    std::uint32_t serial_;
    std::uint64_t durable_ = 0;
    id_queue owed_;                        // streams, in order
    std::vector<std::uint32_t> withheld_;  // those of them that wait for a record
    deadlines retries_;                    // by stream
    round_trip relay_trip_;                // from ack:R to ack:A
};

inline void inbound_acks::owe(inbound_messages& all, std::uint32_t which) {
    if (!all.streams[which].owed) {
        all.streams[which].owed = true;
        owed_.push(which);
    }
}

inline void inbound_acks::owe_unanswered(inbound_messages& all) {
    for (std::uint32_t which = 0; which < all.streams.size(); ++which) {
        if (all.streams[which].unanswered) {
            all.streams[which].resends = 0;
            all.streams[which].state_due = true;
            owe(all, which);
        }
    }
}

inline void inbound_acks::take_due(inbound_messages& all, time_point now) {
    while (auto which = retries_.pop_due(now)) {
        ++all.streams[*which].resends;
        all.streams[*which].state_due = true;
        owe(all, *which);
    }
}

inline std::size_t inbound_acks::transmit(inbound_messages& all,
                                          const framing& link,
                                          std::span<std::byte> out,
                                          time_point now) {
    std::size_t used = 0;
    for (; !owed_.empty(); owed_.pop()) {
        const std::uint32_t which = owed_.front();
        inbound_stream& stream = all.streams[which];
        if (stream.record > durable_) {
            withheld_.push_back(which);
            continue;
        }
        used += transmit_ack(all, which, link, out.subspan(used), now);
        if (stream.owes()) {
            break;  // no room for the rest
        }
        stream.owed = false;
    }
    return used;
}

/// What is owed to one sender: an answer about another epoch, the state of ours, or both. (spec 3.17)
inline std::size_t inbound_acks::transmit_ack(inbound_messages& all,
                                              std::uint32_t which,
                                              const framing& link,
                                              std::span<std::byte> out,
                                              time_point now) {
    inbound_stream& stream = all.streams[which];
    std::size_t used = 0;
    for (sixfold::epoch* other : {&stream.past, &stream.waiting}) {
        if (*other == epoch::none) {
            continue;
        }
        const bool past = other == &stream.past;
        const ack_request answer{.to = all.peers[which],
                                 .epoch = *other,
                                 .word = past ? ack_word::past : ack_word::waiting,
                                 .serial = next_serial(),
                                 .current = past ? stream.epoch : epoch::none};
        const std::size_t size = encode(answer, link, out.subspan(used));
        if (size == 0) {
            return used;
        }
        used += size;
        *other = epoch::none;
    }
    return used + (stream.state_due ? transmit_state(all, which, link, out.subspan(used), now) : 0);
}

inline std::size_t inbound_acks::transmit_state(inbound_messages& all,
                                                std::uint32_t which,
                                                const framing& link,
                                                std::span<std::byte> out,
                                                time_point now) {
    inbound_stream& stream = all.streams[which];
    std::array<std::byte, ack_state_size_max()> state;
    const auto told = stream.tell_limits ? std::optional(limits_) : std::nullopt;
    const std::size_t state_size = stream.report(told, state);
    const ack_request request{.to = all.peers[which],
                              .epoch = stream.epoch,
                              .serial = next_serial(),
                              .echo = stream.echo,
                              .state = bytes(state).first(state_size)};
    const std::size_t size = encode(request, link, out);
    if (size == 0) {
        return 0;
    }
    stream.serial = serial_;
    stream.first_serial = stream.resends == 0 ? serial_ : stream.first_serial;
    stream.sent_at = now;
    stream.state_due = false;
    stream.unanswered = true;
    stream.limits_sent = stream.tell_limits;
    stream.echo.reset();
    retries_.set(which, later(now, wait(stream.resends)));
    return size;
}

inline void inbound_acks::answered(inbound_messages& all,
                                   std::uint32_t which,
                                   std::uint32_t serial,
                                   time_point now) {
    inbound_stream& stream = all.streams[which];
    if (!stream.unanswered || !is_between(stream.first_serial, serial, stream.serial)) {
        return;  // of one that said less; the last is still on its way (spec 3.17)
    }
    if (serial == stream.serial) {  // it names one sending, so no sample is in doubt
        relay_trip_.sample(now - stream.sent_at, now);
    }
    retries_.clear(which);
    stream.unanswered = false;
    stream.resends = 0;
    stream.tell_limits = stream.tell_limits && !stream.limits_sent;
}

inline void inbound_acks::durable(std::uint64_t records) {
    durable_ = (std::max)(durable_, records);
    for (const std::uint32_t which : withheld_) {
        owed_.push(which);
    }
    withheld_.clear();
}

}  // namespace sixfold::inline v0

#endif
