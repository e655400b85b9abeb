// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_ROUND_TRIP_HPP
#define SIXFOLD_PARTS_ROUND_TRIP_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "sixfold/parts/number.hpp"
#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// How long an answer takes on one path: the estimator of RFC 6298, section 2, with the gains of RFC 7323, appendix G.
///
/// It keeps a smoothed round trip and its variation, not the samples, and knows nothing of messages or resends. Each sample
/// belongs to exactly one sending, because sendings have numbers. A new path takes a new `round_trip`.
///
/// Frames that are sent together are answered in the order of their delays, so the samples of one round trip are close to one
/// another, and far from those of the next. Therefore all samples of a round together weigh about as much as one alone; else a
/// burst would make the variation forgotten. Three samples in a row that are all far above, or all far below, say that the path
/// has become another one: the third begins the estimate anew. (spec 3.4)
class round_trip {
  public:
    /// Takes one measurement, which has ended at `now`. A negative one counts as zero, one of many years as `sample_max`. O(1).
    constexpr void sample(duration measured, time_point now) noexcept {
        measured = (std::clamp)(measured, duration::zero(), sample_max);
        last_ = measured;
        if (!sampled_ || is_moved(measured)) {
            sampled_ = true;
            far_ = 0;
            smoothed_ = measured;
            variation_ = measured / 2;
        } else {
            const unsigned crowd =
                detail::width_of((std::max)(round_samples_, last_samples_) | 1U) - 1;
            const duration error = measured - smoothed_;
            variation_ += part((error < duration::zero() ? -error : error) - variation_, 2 + crowd);
            smoothed_ += part(error, 3 + crowd);
        }
        if (now >= round_end_) {
            last_samples_ = std::exchange(round_samples_, 0U);
            round_end_ = later(now, smoothed_);
        }
        ++round_samples_;
    }

    /// Has anything been measured?
    [[nodiscard]] constexpr bool sampled() const noexcept { return sampled_; }

    /// The longer of the smoothed round trip and the last sample: what was not answered by then is late.
    [[nodiscard]] constexpr duration longest() const noexcept {
        return (std::max)(smoothed_, last_);
    }

    /// How long to wait for an answer: the smoothed round trip and four variations, at most `most`, and at least `least`, even if
    /// `most` is less. One answer after a standstill, or a clock that has jumped, makes nobody wait for longer than `most`.
    /// Precondition: `sampled`.
    [[nodiscard]] constexpr duration wait(duration least,
                                          duration most = (duration::max)()) const noexcept {
        const duration spread = (std::max)({4 * variation_, smoothed_ / 4, granularity});
        return (std::max)(least, (std::min)(smoothed_ + spread, most));
    }

    /// Whether both give the same answers, now and later.
    friend constexpr bool operator==(const round_trip&, const round_trip&) noexcept = default;

  private:
    friend struct test_access;

    /// A path without any variation still needs room for a scheduler's hiccup.
    static constexpr duration granularity = std::chrono::milliseconds(1);
    /// 18 years: far from any real sample, and four variations of it still fit into a duration.
    static constexpr duration sample_max = (duration::max)() / 16;
    /// So many samples in a row that are far off on the same side mean another path.
    static constexpr int moved_after = 3;

    /// 1/2^shift of it, rounded down: a division would cost more than the rest of a sample.
    [[nodiscard]] static constexpr duration part(duration whole, unsigned shift) noexcept {
        return duration(whole.count() >> shift);
    }

    /// Counts the samples in a row that are above twice the smoothed round trip, or below half of it. True: it is another path.
    [[nodiscard]] constexpr bool is_moved(duration measured) noexcept {
        if (measured > 2 * smoothed_) {
            far_ = static_cast<std::int8_t>((std::max)(far_, std::int8_t{0}) + 1);
        } else if (measured < smoothed_ / 2) {
            far_ = static_cast<std::int8_t>((std::min)(far_, std::int8_t{0}) - 1);
        } else {
            far_ = 0;
        }
        return far_ == moved_after || far_ == -moved_after;
    }

    duration smoothed_{};
    duration variation_{};
    duration last_{};
    time_point round_end_ = (time_point::min)();
    std::uint32_t round_samples_ = 0;  // in this round
    std::uint32_t last_samples_ = 0;   // in the one before
    std::int8_t far_ = 0;              // in a row: above if positive, below if negative
    bool sampled_ = false;
};

}  // namespace sixfold::inline v0

#endif
