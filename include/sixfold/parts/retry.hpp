// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_RETRY_HPP
#define SIXFOLD_PARTS_RETRY_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>  // exchange

#include "sixfold/parts/number.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/time.hpp"

// How long to wait for an answer before asking again.

namespace sixfold::inline v0 {

/// How long an answer takes on one path: the estimator of RFC 6298, section 2, with the gains of RFC 7323, appendix G.
///
/// It keeps a smoothed round trip and its variation, not the samples, and knows nothing of messages
/// or resends. The caller samples only what it can match without doubt to one transmission (Karn's
/// rule, section 3), and says itself when a path is a new one: with a new `round_trip`.
///
/// What is sent together is answered in the order of its delays, so that the samples of one round
/// trip are close to one another, and far from those of the next. All of a round together therefore
/// weigh about as much as one sample alone; else the variation would be forgotten within a burst.
class round_trip {
  public:
    /// Takes one measurement, which ends now. A negative one counts as zero; none is too long to be added up.
    constexpr void sample(duration measured, time_point now) noexcept {
        measured = (std::clamp)(measured, duration::zero(), sample_max);
        if (!sampled_) {
            sampled_ = true;
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

    /// When to give up waiting for an answer: `initial` until the first sample, from then on the
    /// smoothed round trip and four variations, in [min, max]. If `min` is above `max`, it wins.
    [[nodiscard]] constexpr duration
    answer_timeout(duration initial, duration min, duration max) const noexcept {
        if (!sampled_) {
            return initial;
        }
        const duration wait = smoothed_ + (std::max)(4 * variation_, granularity);
        return (std::max)(min, (std::min)(wait, max));
    }

    /// Whether they answer everything alike.
    friend constexpr bool operator==(const round_trip&, const round_trip&) noexcept = default;

  private:
    /// A path without any variation still needs room for a scheduler's hiccup.
    static constexpr duration granularity = std::chrono::milliseconds(1);
    /// 18 years: far from any real sample, and four variations of it still fit into a duration.
    static constexpr duration sample_max = (duration::max)() / 16;

    /// 1/2^shift of it, rounded down: a division would cost more than the rest of a sample.
    [[nodiscard]] static constexpr duration part(duration whole, unsigned shift) noexcept {
        return duration(whole.count() >> shift);
    }

    duration smoothed_{};
    duration variation_{};
    time_point round_end_ = (time_point::min)();
    std::uint32_t round_samples_ = 0;  // in this round
    std::uint32_t last_samples_ = 0;   // in the one before
    bool sampled_ = false;
};

/// How long to wait after the resend number `attempt` (0 is the first transmission): `initial`,
/// doubled `attempt` times, at most `cap`; and up to a quarter more, by chance, so that what was
/// lost together is not sent again together. Never above cap * 5/4, and without overflow whatever
/// the arguments; a negative time counts as zero. (spec 3.2)
[[nodiscard]] constexpr duration
backoff(duration initial, std::uint32_t attempt, duration cap, random_source& random) noexcept {
    const duration::rep first = (std::max)(initial, duration::zero()).count();
    const duration::rep most = (std::max)(cap, duration::zero()).count();
    const std::uint32_t shift = (std::min)(attempt, std::uint32_t{63});
    // `first << shift` is above `most` exactly if `first` is above `most >> shift`; otherwise it
    // does not overflow. From 63 on, nothing but zero is left of `most`, as of 2^63 and more.
    const bool capped = first > (most >> shift);
    const duration::rep wait = capped ? most : first << shift;
    const auto jitter =
        static_cast<duration::rep>(random.below(static_cast<std::uint64_t>(wait / 4) + 1));
    return duration((std::min)(jitter, (duration::max)().count() - wait) + wait);
}

}  // namespace sixfold::inline v0

#endif
