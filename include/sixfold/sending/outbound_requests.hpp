// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_REQUESTS_HPP
#define SIXFOLD_SENDING_OUTBOUND_REQUESTS_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sixfold/options.hpp"
#include "sixfold/parts/deadlines.hpp"
#include "sixfold/sending/outbound_losses.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_path.hpp"
#include "sixfold/sending/outbound_wish.hpp"
#include "sixfold/sending/quiet_streams.hpp"
#include "sixfold/sending/request_writer.hpp"
#include "sixfold/sending/resend_pacer.hpp"
#include "sixfold/sending/stream_turns.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// The way of messages to their receivers: each msg:R, run or probe, when it is sent, and when something is sent again.
/// (spec 3.2 to 3.6, 3.10)
///
/// Keeps the path of each stream, the link that they share, whose turn it is, and one timer for each stream. What a message is,
/// and where it stands, is in the messages. Does not know what an answer says. O(1) for each frame and each message in it,
/// O(log n) where a timer moves.
class outbound_requests {
  public:
    /// No stream, and no link.
    explicit outbound_requests(const sender_options& options)
        : options_(options), hop_(options.retry, options.flight_first),
          pacer_(options.burst, options.burst_interval),
          copies_(options.repeat_packets, std::chrono::seconds(1)), writer_(options) {}

    /// The path of a stream. Good until there is another stream.
    [[nodiscard]] outbound_path& path(std::uint32_t which) noexcept { return paths_[which]; }
    /// The same, to look at.
    [[nodiscard]] const outbound_path& path(std::uint32_t which) const noexcept {
        return paths_[which];
    }
    /// The link.
    [[nodiscard]] outbound_hop& hop() noexcept { return hop_; }
    /// How long the receiver of a stream may take to answer.
    [[nodiscard]] duration wait_way(std::uint32_t which) const noexcept {
        return hop_.wait_way(paths_[which].trip);
    }

    /// A stream begins, perhaps in the place of one that was let go: of the way to its receiver nothing is known.
    void begin(outbound_messages& all, std::uint32_t which) {
        if (which < paths_.size()) {
            paths_[which].sendings.strand();
            count_in(which);
            paths_[which] = fresh_path(all);
        }
        consider(all, which);
    }
    /// Something has changed in this stream: what it has to send, what is lost and when it is due is worked out anew, but only when
    /// that is asked for, as answers come in numbers. O(1).
    void consider(outbound_messages& all, std::uint32_t which);
    /// There is a new link: the lowest run of each stream goes out again. O(streams).
    void link_up(outbound_messages& all, transport over);
    /// The relay or the receiver has answered something. O(1), O(streams) after an outage.
    void answered(outbound_messages& all) {
        if (hop_.answered()) {
            consider_all(all);
        }
    }
    /// The receiver has no link: what it held or turned away, and what left before this sending, is due. (spec 3.3)
    void away(outbound_messages& all, std::uint32_t which, sending_number before) {
        losses(all, which).away(before);
    }
    /// A probe is to go out at once.
    void ask(outbound_messages& all, std::uint32_t which) {
        paths_[which].asks = true;
        consider(all, which);
    }
    /// Puts as many msg:R as are due and fit behind one another; their size. Streams take turns, and what is sent for the first
    /// time does not wait for what is sent again.
    [[nodiscard]] std::size_t
    transmit(outbound_messages& all, const framing& link, std::span<std::byte> out, time_point now);

    /// When the next msg:R may leave; `never` if none is to be sent, or sent again. O(1), and O(log n) for each stream that has
    /// changed.
    [[nodiscard]] time_point next(outbound_messages& all, time_point now);
    /// How many messages and tombstones were sent.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    /// How many of these were not the first of their message.
    [[nodiscard]] std::uint64_t resent() const noexcept { return resent_; }
    /// How many were sent before anybody could know that they were needed.
    [[nodiscard]] std::uint64_t repeated() const noexcept { return repeated_; }

  private:
    friend struct test_access;

    [[nodiscard]] outbound_wish wish(const outbound_messages& all,
                                     std::uint32_t which) const noexcept {
        return {all, which, paths_[which], options_.window};
    }
    [[nodiscard]] stream_timer::due
    next_of(outbound_messages& all, std::uint32_t which, time_point now);

    [[nodiscard]] outbound_path fresh_path(outbound_messages& all) const {
        return {static_cast<sending_number>(all.random.next()), options_.payload_max};
    }
    void consider_all(outbound_messages& all) {
        for (std::uint32_t which = 0; which < paths_.size(); ++which) {
            consider(all, which);
        }
    }
    [[nodiscard]] outbound_losses losses(outbound_messages& all, std::uint32_t which) {
        return {all, which, paths_[which]};
    }
    /// The link counts what is under way of a stream.
    void count_in(std::uint32_t which) noexcept { paths_[which].count_in(hop_.congestion()); }
    void hold_back(outbound_messages& all, time_point now);
    void settle(outbound_messages& all, time_point now);
    void settle_one(outbound_messages& all, std::uint32_t which, time_point now);
    [[nodiscard]] bool is_quiet(const outbound_messages& all, std::uint32_t which) const noexcept {
        return all[which].empty() && paths_[which].sendings.idle() && !turns_.waits(which);
    }
    void take_due(outbound_messages& all, time_point now);
    void gather(outbound_messages& all, time_point now);

    [[nodiscard]] std::size_t transmit_one(outbound_messages& all,
                                           std::uint32_t which,
                                           const framing& link,
                                           std::span<std::byte> out,
                                           time_point now);
    sender_options options_;
    outbound_hop hop_;
    resend_pacer pacer_;
    resend_pacer copies_;                   // of what nothing has followed
    std::vector<outbound_path> paths_;      // by stream
    std::vector<std::uint32_t> changed_;    // streams, each once,
    std::vector<std::uint8_t> is_changed_;  // by stream: whether it is
    quiet_streams quiet_;
    stream_turns turns_;
    deadlines timers_;  // by stream
    request_writer writer_;
    std::uint64_t sent_ = 0;
    std::uint64_t resent_ = 0;
    std::uint64_t repeated_ = 0;
};

// --- what has changed ------------------------------------------------------------------------------------------------

inline void outbound_requests::consider(outbound_messages& all, std::uint32_t which) {
    while (paths_.size() <= which) {
        paths_.push_back(fresh_path(all));
        is_changed_.push_back(0);
        changed_.reserve(paths_.capacity());  // so that no answer takes memory
    }
    if (is_changed_[which] == 0) {
        is_changed_[which] = true;
        changed_.push_back(which);
    }
}

/// Works out what has changed.
inline void outbound_requests::settle(outbound_messages& all, time_point now) {
    for (const std::uint32_t which : changed_) {
        is_changed_[which] = false;
        settle_one(all, which, now);
        const auto first = is_quiet(all, which) ? quiet_.add(which) : std::nullopt;
        if (first && is_quiet(all, *first)) {
            all.rest(*first);
            paths_[*first].sendings.forget();
        }
    }
    changed_.clear();
}

inline void
outbound_requests::settle_one(outbound_messages& all, std::uint32_t which, time_point now) {
    losses(all, which).detect(hop_, now);
    count_in(which);
    if (!all[which].rests() && !wish(all, which).is_behind()) {
        paths_[which].timer.ask_anew();  // the next reason to ask is a new one
    }
    if (turns_.waits(which)) {
        if (timers_.of(which) != never) {
            timers_.set(which, next_of(all, which, now).at);
        }
        return;  // its turn comes, and then it is considered again
    }
    const auto what = wish(all, which).what();
    if (what) {
        turns_.join(which, *what);
    }
    if (what && hop_.congestion().has_room()) {
        timers_.clear(which);  // it is set when what is about to leave has left
    } else {
        timers_.set(which, next_of(all, which, now).at);
    }
}

/// Those in line, if any, wait for answers to what is under way: their timers go on meanwhile. O(streams in line).
inline void outbound_requests::hold_back(outbound_messages& all, time_point now) {
    turns_.for_each([&](std::uint32_t which) {
        hop_.congestion().held_back();
        if (timers_.of(which) == never) {
            timers_.set(which, next_of(all, which, now).at);
        }
    });
}

inline time_point outbound_requests::next(outbound_messages& all, time_point now) {
    using kind = stream_turns::kind;
    settle(all, now);
    if (!hop_.congestion().has_room()) {
        return timers_.next();
    }
    if (!turns_.empty(kind::first) || (!turns_.empty(kind::again) && !pacer_.spent(now))) {
        return now;
    }
    const time_point paced = turns_.empty(kind::again) ? never : pacer_.next();
    return (std::min)(timers_.next(), paced);
}

// --- when something is sent again ------------------------------------------------------------------------------------

inline stream_timer::due
outbound_requests::next_of(outbound_messages& all, std::uint32_t which, time_point now) {
    outbound_path& path = paths_[which];
    const outbound_stream& stream = all[which];
    const sending* run = losses(all, which).newest_run();
    return path.timer.next({
        .loss = path.loss,
        .runs = run != nullptr,
        .copy = path.copies.may_follow() && options_.repeat_packets != 0,
        .taken = run != nullptr && (losses(all, which).is_taken(*run) || hop_.is_byte_stream()),
        .sent_at = run != nullptr ? run->at : now,
        .unfinished = wish(all, which).is_under_way() || wish(all, which).is_shut(),
        .behind = wish(all, which).is_behind(),
        .resting = stream.rests(),
        .wait_hop = hop_.wait_hop(path.trip),
        .wait_way = hop_.wait_way(path.trip),
        .hop_timeouts = run != nullptr ? hop_.timeouts(run->at) : 0,
        .cap = hop_.cap(),
        .probe_cap = options_.probe_max,
    });
}

/// Does what is due by time.
inline void outbound_requests::take_due(outbound_messages& all, time_point now) {
    using alarm = stream_timer::alarm;
    settle(all, now);
    while (const auto which = timers_.pop_due(now)) {
        outbound_path& path = paths_[*which];
        const stream_timer::due due = next_of(all, *which, now);
        if (due.at > now) {
            timers_.set(*which, due.at);
            continue;
        }
        path.timer.went_off(due.what, static_cast<std::uint8_t>(all.random.next()));
        switch (due.what) {
        case alarm::none: break;
        case alarm::loss: break;  // as ever when a stream is settled
        case alarm::hop:
            hop_.timed_out(losses(all, *which).newest_run()->at, now);
            path.sendings.strand();
            losses(all, *which).resend_lowest();
            break;
        case alarm::way:
            path.halve_runs(losses(all, *which).newest_run()->count);
            path.sendings.strand();
            losses(all, *which).resend_lowest();
            break;
        case alarm::silence:
            if (path.timer.way_timeouts() > path.silent_after && wish(all, *which).is_under_way()) {
                losses(all, *which).resend_lowest();
            } else {
                path.asks = true;
            }
            break;
        case alarm::copy:
            path.copies.ask(!copies_.spent(now) && hop_.congestion().may_repeat());
            if (path.copies.is_due()) {
                copies_.count(now);
            }
            break;
        case alarm::behind: path.asks = true; break;
        case alarm::resting:
            path.asks = true;
            gather(all, now);
            break;
        }
        settle_one(all, *which, now);
    }
}

/// One wake-up for all streams that rest, not one for each: those of which half the pause is over go off, too. (spec 3.10)
inline void outbound_requests::gather(outbound_messages& all, time_point now) {
    for (std::uint32_t which = 0; which < paths_.size(); ++which) {
        outbound_path& path = paths_[which];
        const stream_timer::due due = next_of(all, which, now);
        if (!path.asks && due.what == stream_timer::alarm::resting &&
            path.timer.gathered_at() <= now) {
            path.timer.went_off(due.what, static_cast<std::uint8_t>(all.random.next()));
            path.asks = true;
            settle_one(all, which, now);
        }
    }
}

inline void outbound_requests::link_up(outbound_messages& all, transport over) {
    hop_.link_up(over, all.queue.queued() != 0);
    pacer_.reset();
    for (std::uint32_t which = 0; which < paths_.size(); ++which) {
        paths_[which].link_up();
        losses(all, which).resend_lowest();
    }
    consider_all(all);
}

// --- frames ----------------------------------------------------------------------------------------------------------

inline std::size_t outbound_requests::transmit(outbound_messages& all,
                                               const framing& link,
                                               std::span<std::byte> out,
                                               time_point now) {
    using kind = stream_turns::kind;
    std::size_t used = 0;
    take_due(all, now);
    while (hop_.congestion().has_room()) {
        const auto turn = turns_.next(!pacer_.spent(now));
        if (!turn) {
            return used;
        }
        const std::uint32_t which = turns_.front(*turn);
        auto what = wish(all, which).what();
        if (*turn == kind::first && what == kind::again) {
            turns_.leave(*turn);  // it has lost something meanwhile
            turns_.join(which, kind::again);
            continue;
        }
        if (what) {
            const std::size_t size = transmit_one(all, which, link, out.subspan(used), now);
            if (size == 0) {
                return used;  // in the next packet
            }
            used += size;
            what = wish(all, which).what();
        }
        turns_.leave(*turn);
        if (what) {
            turns_.join(which, *what);  // behind the others
        } else {
            consider(all, which);
        }
    }
    hold_back(all, now);
    return used;
}

/// What is next of a stream: a probe, if one is wanted, or a run. Its size; 0: it does not fit. Precondition: there is something.
inline std::size_t outbound_requests::transmit_one(outbound_messages& all,
                                                   std::uint32_t which,
                                                   const framing& link,
                                                   std::span<std::byte> out,
                                                   time_point now) {
    outbound_path& path = paths_[which];
    if (path.sendings.full()) {
        losses(all, which).forget_oldest();
    }
    if (path.asks || (path.greet && !path.met())) {
        return writer_.probe(all, which, path, link, out, now);
    }
    const std::uint32_t repeated = path.repeated_runs();
    const std::uint32_t riding = repeated != 0 && hop_.congestion().may_repeat() ? repeated : 0;
    const request_writer::written done =
        writer_.run(all, which, path, wish(all, which).limit(), riding, link, out, now);
    count_in(which);
    sent_ += done.messages;
    resent_ += done.resent;
    repeated_ += done.repeated;
    if (done.resent != 0) {
        pacer_.count(now);
    }
    return done.size;
}

}  // namespace sixfold::inline v0

#endif
