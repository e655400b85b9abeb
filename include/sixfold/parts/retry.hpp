// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_RETRY_HPP
#define SIXFOLD_PARTS_RETRY_HPP

#include <algorithm>
#include <cstdint>

#include "sixfold/time.hpp"

// How long to wait for an answer before asking again.

namespace sixfold::inline v0 {

/// How long to wait after `times` fruitless tries: `first`, doubled so often, and at most the larger of `first` and `cap`. From
/// the first doubling on up to a quarter is added, by `chance` (0: nothing of it, 255: nearly all), so that what was lost
/// together is not sent again together. No argument makes it overflow; a negative `first` counts as zero. (spec 3.6, 3.28)
[[nodiscard]] constexpr duration
backoff(duration first, std::uint32_t times, duration cap, std::uint8_t chance) noexcept {
    const duration::rep least = (std::max)(first, duration::zero()).count();
    if (times == 0) {
        return duration(least);
    }
    const duration::rep most = (std::max)(cap.count(), least);
    const std::uint32_t shift = (std::min)(times, std::uint32_t{63});
    // `least << shift` is above `most` exactly if `least` is above `most >> shift`; otherwise it does not overflow. From 63 on,
    // nothing but zero is left of `most`, as of 2^63 and more.
    const bool capped = least > (most >> shift);
    const duration::rep wait = capped ? most : least << shift;
    const duration::rep jitter = wait / 1024 * chance;
    return duration((std::min)(jitter, (duration::max)().count() - wait) + wait);
}

}  // namespace sixfold::inline v0

#endif
