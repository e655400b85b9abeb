// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_CONGESTION_HPP
#define SIXFOLD_SENDING_CONGESTION_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "sixfold/parts/number.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// How many bytes may be under way to the relay at once, so that they do not pile up in a queue on the path. (spec 3.30)
///
/// A loss counts only while there is a queue; else it is one of chance, and a path that loses is used in full. While there is a
/// queue, the window shrinks by our part of it. If the queue was not short for a second, we let it drain: all who share it see the
/// shortest round trip then, and those who never give way are noticed. So a queue stays short, and shares become alike.
///
/// It keeps the window, what is under way, and the shortest round trip of the link and of the present round. It does not know
/// sendings, messages or streams. On a byte stream, and where the transport has congestion control of its own, it holds nobody
/// back. A round goes from an answer to the answer of something that left after it. All O(1).
class congestion {
  public:
    static constexpr std::uint64_t packet = 1200;  ///< bytes of a full one
    /// Bytes that are sent after an outage before the relay has answered: one packet, or some small frames, so that many who come
    /// back at once are no storm.
    static constexpr std::uint64_t opening = packet + packet / 2;

    /// `first` bytes may be under way before the relay has answered; 0: any number may, on every link.
    explicit congestion(std::uint32_t first) noexcept : first_(first) {}

    /// There is a new link, on which nothing is under way. `awaited`: messages have waited for it.
    void link_up(transport over, bool awaited) noexcept {
        *this = congestion(first_);
        holds_ = first_ != 0 && over == transport::datagrams;
        window_ = awaited ? opening : (std::max)(std::uint64_t{first_}, opening);
    }

    /// May something leave?
    [[nodiscard]] bool has_room() const noexcept {
        return flight_ == 0 || flight_ + packet <= window_ || !holds_;
    }
    /// May something leave that nobody has asked for? Only if there is room for as much again. Holding it back lets the window
    /// grow, as holding back a message does; but then only a queue that cannot be jitter shrinks the window.
    [[nodiscard]] bool may_repeat() noexcept {
        const bool plenty = 2 * flight_ <= window_ || !holds_;
        wants_ = wants_ || !plenty;
        return plenty;
    }
    /// Something had `before` bytes under way, and has `now` bytes.
    void under_way(std::uint64_t before, std::uint64_t now) noexcept { flight_ += now - before; }
    /// The window holds something back. A window that holds nothing back does not change.
    void held_back() noexcept { is_limited_ = holds_; }

    /// The relay has answered something of `size` bytes that left at `sent`.
    void answered(std::uint64_t size, time_point sent, time_point now) noexcept {
        last_ = (std::max)(now - sent, duration::zero());
        learn_shortest(2 * size >= packet);
        round_ = (std::min)(round_, last_);
        losses_ -= losses_ / 128;
        const bool wants = wants_;
        if (sent >= round_began_) {
            end_round(now);
        }
        if ((is_limited() || wants) && !settles_ && !drains_) {
            grow(size);
        }
    }
    /// Something that left at `sent` is lost.
    void lost(time_point sent, time_point now) noexcept {
        losses_ += (whole - losses_) / 128;
        if (sent < cut_at_ || drains_ || !is_limited()) {
            return;  // one cut is enough for all that was under way; and who does not fill it has no part in a queue
        }
        const duration trip = (std::min)(round_, former_);
        if (losses_ > excess) {
            cut_for_good(window_ * 7 / 10, now);
        } else if (is_queued(trip)) {
            cut_for_good(eased(trip), now);
        }
    }
    /// Nothing was answered for long; `again`: nor was anything since the last time.
    void timed_out(bool again, time_point now) noexcept {
        if (!is_limited()) {
            return;
        }
        cut(window_ * 7 / 10, now);
        resume_ = resume_ * 7 / 10;
        if (again) {
            window_ = opening;
            grows_fast_ = true;
            drains_ = false;
            in_vain_ = rivals_ = 0;
            short_at_ = now;
        }
    }

    /// Bytes that may be under way at once.
    [[nodiscard]] std::uint64_t window() const noexcept { return window_; }
    /// Bytes that are under way, as far as is known.
    [[nodiscard]] std::uint64_t flight() const noexcept { return flight_; }

    /// Whether both say the same, now and later.
    friend bool operator==(const congestion&, const congestion&) noexcept = default;

  private:
    friend struct test_access;

    static constexpr std::uint64_t least = 2 * packet;
    static constexpr std::uint64_t window_most = std::uint64_t{1} << 31;
    static constexpr std::uint32_t whole = 1 << 16;
    static constexpr std::uint32_t excess = whole / 2;  // more losses than any path has by chance
    static constexpr duration noise = std::chrono::milliseconds(2);
    static constexpr duration patience = std::chrono::seconds(1);
    static constexpr std::uint32_t rival_rounds = 128;

    [[nodiscard]] bool is_limited() const noexcept { return is_limited_ || was_limited_; }
    /// How much of ours may be in the queue: half of the geometric mean of the window and a packet. That is a smaller part of a
    /// large window, so that shares become alike.
    [[nodiscard]] std::uint64_t tolerated() const noexcept {
        return detail::root_of(window_ * packet) / 2;
    }
    /// Is more of ours in the queue, if a round trip takes so long?
    [[nodiscard]] bool is_queued(duration trip) const noexcept {
        return trip != (duration::max)() && trip - shortest_ > noise &&
               window_ - drained(window_, trip) > tolerated();
    }
    /// The window of which nothing would be in the queue. Our part of the queue is that part of the window by which the round trip
    /// is longer than the shortest.
    [[nodiscard]] std::uint64_t drained(std::uint64_t window, duration trip) const noexcept {
        return window * micros((std::min)(shortest_, trip)) / micros(trip);
    }
    /// The window without twice our part of the queue, so that who has more gives up more; at least 7/10 of it.
    [[nodiscard]] std::uint64_t eased(duration trip) const noexcept {
        return window_ - (std::min)(2 * (window_ - drained(window_, trip)), window_ * 3 / 10);
    }
    /// Is hardly anything in the queue, of anybody?
    [[nodiscard]] bool is_short(duration trip) const noexcept {
        return trip - shortest_ <= (std::max)(noise, shortest_ / 8);
    }
    [[nodiscard]] static bool is_long_since(time_point then, time_point now) noexcept {
        return now > later(then, patience);
    }

    /// A large packet takes longer than a small one, also where nothing waits: the small ones count until a large one was answered.
    void learn_shortest(bool is_large) noexcept {
        if (is_large != knows_large_) {
            shortest_ = is_large ? last_ : shortest_;
        } else {
            shortest_ = (std::min)(shortest_, last_);
        }
        knows_large_ = knows_large_ || is_large;
    }
    /// Microseconds: never 0, and of 32 bits.
    [[nodiscard]] static std::uint64_t micros(duration of) noexcept {
        return std::uint64_t{1} + ((static_cast<std::uint64_t>(of.count()) / 1000) & UINT32_MAX);
    }

    void grow(std::uint64_t size) noexcept {
        if (grows_fast_ && is_queued(last_)) {
            return;  // more would wait behind it
        }
        const std::uint64_t part = rivals_ != 0 ? 3 : 5;  // faster where it is not alone
        window_ += grows_fast_ ? size : (packet + tolerated()) * size / (part * window_) + 1;
        window_ = (std::min)(window_, window_most);
    }
    /// A loss: the window that it may return to beside rivals shrinks, too.
    void cut_for_good(std::uint64_t to, time_point now) noexcept {
        before_ = before_ * 7 / 10;
        cut(to, now);
    }
    void cut(std::uint64_t to, time_point now) noexcept {
        window_ = (std::max)(to, least);
        cut_at_ = now;
        grows_fast_ = false;
        settles_ = true;
        begin_round(now);
    }
    void begin_round(time_point now) noexcept {
        round_began_ = now;
        round_ = (duration::max)();
        was_limited_ = std::exchange(is_limited_, false);
        wants_ = false;
    }
    void end_round(time_point now) noexcept {
        const duration trip = former_ = round_;
        const bool is_cut = std::exchange(settles_, false);  // before it, more was under way
        const bool counts = is_limited() || (wants_ && trip > shortest_ * 3 / 2);
        const bool rested = is_long_since(round_began_, now);  // or the way is as long
        begin_round(now);
        if (drains_) {
            if (!is_cut) {
                end_drain(trip, now);
            }
            return;
        }
        rivals_ -= std::uint32_t{rivals_ != 0 && counts};
        if (!counts || rested || rivals_ != 0 || is_short(trip)) {
            short_at_ = now;
            in_vain_ = 0;
            before_ = window_;
        }
        if (is_cut || !counts || rivals_ != 0) {
            return;
        }
        if (is_long_since(short_at_, now) || (grows_fast_ && is_queued(trip))) {
            drain(trip, now);
        } else if (is_queued(trip)) {
            cut(eased(trip), now);
        }
    }
    void drain(duration trip, time_point now) noexcept {
        resume_ = window_;
        resume_trip_ = trip;
        cut(window_ / 8, now);
        drains_ = true;
    }
    /// Those who share the queue have let it drain at about the same time. If it is not short even then, twice, others do not.
    void end_drain(duration trip, time_point now) noexcept {
        drains_ = false;
        const bool was_long = is_long_since(short_at_, now);
        in_vain_ = is_short(trip) ? 0 : in_vain_ + std::uint32_t{was_long};
        rivals_ = in_vain_ == 2 ? rival_rounds : 0;
        window_ = rivals_ != 0 ? (std::max)(window_, before_)
                               : (std::max)(drained(resume_, resume_trip_), least);
        short_at_ = now;
    }

    std::uint32_t first_;
    std::uint64_t window_ = opening;
    std::uint64_t flight_ = 0;
    std::uint64_t before_ = 0;  // the window when the queue was last short
    std::uint64_t resume_ = 0;  // the window when the drain began
    duration resume_trip_{};    // the round trip then
    duration shortest_ = (duration::max)();
    duration round_ = (duration::max)();   // the shortest of this round
    duration former_ = (duration::max)();  // the shortest of the one before
    duration last_{};
    time_point round_began_ = (time_point::min)();
    time_point cut_at_ = (time_point::min)();
    time_point short_at_ = (time_point::min)();  // the queue was, or nothing was held back
    std::uint32_t losses_ = 0;                   // share of what was sent, of `whole`
    std::uint32_t in_vain_ = 0;  // drains since the queue was short, but the one after the opening
    std::uint32_t rivals_ = 0;   // rounds in which no queue counts, as others fill it
    bool holds_ = false;
    bool knows_large_ = false;  // a large one was answered
    bool is_limited_ = false;   // in this round
    bool was_limited_ = false;  // in the one before
    bool wants_ = false;        // in this round something was not repeated
    bool grows_fast_ = true;
    bool drains_ = false;   // for a round trip, so that all see the shortest
    bool settles_ = false;  // it was cut, and what left before is still under way
};

}  // namespace sixfold::inline v0

#endif
