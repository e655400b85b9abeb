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
/// Keeps a smoothed round trip and its variation, not the samples, and knows nothing of messages or resends. Each sample is of
/// one sending without doubt, because sendings have numbers. Whose path is a new one takes a new `round_trip`.
///
/// What is sent together is answered in the order of its delays, so that the samples of one round trip are close to one
/// another, and far from those of the next. All of a round together therefore weigh about as much as one sample alone; else
/// the variation would be forgotten within a burst. A path that has become another one, which three samples in a row say
/// that are all far above or all far below, is learnt as a new one is, by the third. (spec 3.4)
class round_trip {
  public:
    /// Takes one measurement, which ends now. A negative one counts as zero; none is too long to be added up. O(1).
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

    /// The longer of the smoothed round trip and the last sample: who has not been answered by then is late.
    [[nodiscard]] constexpr duration longest() const noexcept {
        return (std::max)(smoothed_, last_);
    }

    /// When to give up waiting for an answer: the smoothed round trip and four variations, at least `least` and at most
    /// `most` unless that is less: one answer that came after a standstill, or a clock that has jumped, silences nobody for long.
    /// Precondition: `sampled`.
    [[nodiscard]] constexpr duration wait(duration least,
                                          duration most = (duration::max)()) const noexcept {
        const duration spread = (std::max)({4 * variation_, smoothed_ / 4, granularity});
        return (std::max)(least, (std::min)(smoothed_ + spread, most));
    }

    /// Whether they answer everything alike.
    friend constexpr bool operator==(const round_trip&, const round_trip&) noexcept = default;

  private:
    friend struct test_access;

    /// A path without any variation still needs room for a scheduler's hiccup.
    static constexpr duration granularity = std::chrono::milliseconds(1);
    /// 18 years: far from any real sample, and four variations of it still fit into a duration.
    static constexpr duration sample_max = (duration::max)() / 16;
    /// So many in a row that are far off on the same side are another path.
    static constexpr int moved_after = 3;

    /// 1/2^shift of it, rounded down: a division would cost more than the rest of a sample.
    [[nodiscard]] static constexpr duration part(duration whole, unsigned shift) noexcept {
        return duration(whole.count() >> shift);
    }

    /// Counts samples above twice, or below half of, what was smoothed.
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
