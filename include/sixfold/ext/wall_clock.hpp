// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_WALL_CLOCK_HPP
#define SIXFOLD_EXT_WALL_CLOCK_HPP

#include <chrono>

#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// The clock of the system that knows the date: it goes on while a program is down, so dates that are kept in a store are its. Not
/// for machines: somebody sets it.
struct wall_clock {
    /// Since 1970.
    [[nodiscard]] time_point now() const noexcept {
        return time_point(std::chrono::duration_cast<duration>(
            std::chrono::system_clock::now().time_since_epoch()));
    }
};

/// The only one that there is.
inline constexpr wall_clock wall_time{};

}  // namespace sixfold::inline v0

#endif
