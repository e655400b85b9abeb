// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_WALL_CLOCK_HPP
#define SIXFOLD_EXT_WALL_CLOCK_HPP

#include <chrono>

#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// The system's clock that knows the date. It goes on while a program is down, so it is for dates that are kept in a store. Do not use
/// it for machines, as it can be set.
struct wall_clock {
    /// The time since 1970.
    [[nodiscard]] time_point now() const noexcept {
        return time_point(std::chrono::duration_cast<duration>(
            std::chrono::system_clock::now().time_since_epoch()));
    }
};

/// The only object of it that is needed.
inline constexpr wall_clock wall_time{};

}  // namespace sixfold::inline v0

#endif
