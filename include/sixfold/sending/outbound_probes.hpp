// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_PROBES_HPP
#define SIXFOLD_SENDING_OUTBOUND_PROBES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>  // exchange

#include "sixfold/parts/deadlines.hpp"
#include "sixfold/parts/retry.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_stream.hpp"
#include "sixfold/time.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// When each receiver is asked how far it is with its stream. (law 11, spec 3.9)
///
/// Keeps track of the next probe of each stream; what is known of its receiver is in the stream. Does not know links, nor what
/// an answer says. O(1) for each stream that a call is about, O(log n) where a probe moves forward.
class outbound_probes {
  public:
    /// The pause between two probes of a stream grows up to `longest`.
    explicit outbound_probes(duration longest) noexcept : longest_(longest) {}

    /// Something has changed in this stream: it is to be probed as before, from now on, or no more.
    void consider(outbound_messages& all, std::uint32_t which, time_point now);
    /// B says that it is not in our epoch: it needs the relay's word on smaller ones first, which a probe brings.
    void wait_for_entry(outbound_messages& all, std::uint32_t which, time_point now);
    /// B itself has got on, and is still behind: what it misses it hears of by a probe, so the pauses begin anew. (spec 3.9)
    void hurry(outbound_messages& all, std::uint32_t which, time_point now) noexcept;
    /// There is a new link: what B itself has said on the last one counts no more, nor the probes. Not probed until considered.
    void forget(outbound_messages& all, std::uint32_t which) noexcept;
    /// It is not probed until it is considered again.
    void clear(std::uint32_t which) noexcept { due_.clear(which); }

    /// Puts as many probes as are due and fit behind one another; their size.
    [[nodiscard]] std::size_t
    transmit(outbound_messages& all, const framing& link, std::span<std::byte> out, time_point now);

    /// When the next one is due; `never`.
    [[nodiscard]] time_point next() const noexcept { return due_.next(); }
    /// When this stream is probed; `never`.
    [[nodiscard]] time_point of(std::uint32_t which) const noexcept { return due_.of(which); }

  private:
    static constexpr std::uint32_t while_waiting = 4;  // 16 time-outs: while B says `waiting`

    [[nodiscard]] static bool wanted(const outbound_messages& all, std::uint32_t which) noexcept;

    duration longest_;
    deadlines due_;  // by stream
};

/// Until B itself has said since the link came up that it is in our epoch, while something is stored and its end unknown, and while
/// the floor that B itself last reported is below our base.
inline bool outbound_probes::wanted(const outbound_messages& all, std::uint32_t which) noexcept {
    const outbound_stream& stream = all.streams[which];
    const bool lags = stream.reported_floor && *stream.reported_floor < stream.base();
    const bool asks = lags || (!stream.empty() && (!stream.met || stream.stored != 0));
    return asks && all.is_durable(which);
}

inline void outbound_probes::consider(outbound_messages& all, std::uint32_t which, time_point now) {
    outbound_stream& stream = all.streams[which];
    if (!wanted(all, which)) {
        due_.clear(which);
        stream.probes = 0;
        return;
    }
    if (due_.of(which) != never) {
        return;
    }
    if (!stream.met && stream.probes == 0) {
        due_.set(which, now);  // in front of the messages, in the same packet
        return;
    }
    due_.set(which, later(now, backoff(all.answer_timeout(stream.trip), stream.probes, longest_,
                                       all.random)));
}

inline void
outbound_probes::hurry(outbound_messages& all, std::uint32_t which, time_point now) noexcept {
    outbound_stream& stream = all.streams[which];
    stream.probes = 0;
    if (due_.of(which) != never) {
        due_.set(which, (std::min)(due_.of(which), later(now, all.answer_timeout(stream.trip))));
    }
}

inline void outbound_probes::forget(outbound_messages& all, std::uint32_t which) noexcept {
    outbound_stream& stream = all.streams[which];
    stream.met = false;
    stream.reported_floor.reset();
    stream.probes = 0;
    clear(which);
}

inline void
outbound_probes::wait_for_entry(outbound_messages& all, std::uint32_t which, time_point now) {
    outbound_stream& stream = all.streams[which];
    if (stream.empty()) {
        return;
    }
    stream.reported_floor.reset();
    // With a low backoff, because B is there: it may have to drain its mailbox first, and is ready soon after.
    stream.probes =
        (std::min)(stream.probes, std::exchange(stream.met, false) ? 0U : while_waiting);
    consider(all, which, now);
    if (due_.of(which) != never) {
        // The first at once, unless one may be on its way.
        const duration::rep times = stream.probes <= 1 ? 1 : 1 << stream.probes;
        const time_point soon = later(stream.probed_at, all.answer_timeout(stream.trip) * times);
        due_.set(which, (std::min)(due_.of(which), (std::max)(now, soon)));
    }
}

inline std::size_t outbound_probes::transmit(outbound_messages& all,
                                             const framing& link,
                                             std::span<std::byte> out,
                                             time_point now) {
    std::size_t used = 0;
    while (const auto which = due_.pop_due(now)) {
        outbound_stream& stream = all.streams[*which];
        const msg_request probe{.to = all.peers[*which],
                                .epoch = stream.epoch,
                                .form = form::probe,
                                .base = stream.base()};
        const std::size_t size = encode(probe, link, out.subspan(used));
        if (size == 0) {
            due_.set(*which, now);  // in the next packet
            break;
        }
        used += size;
        ++stream.probes;
        stream.probed_at = now;
        consider(all, *which, now);
    }
    return used;
}

}  // namespace sixfold::inline v0

#endif
