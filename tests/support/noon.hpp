// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_NOON_HPP
#define SIXFOLD_TESTS_SUPPORT_NOON_HPP

#include <chrono>

#include <sixfold/time.hpp>

namespace support {

/// It is always noon, so that each run of a store does the same.
inline constexpr struct {
    [[nodiscard]] sixfold::time_point now() const {
        return sixfold::time_point(std::chrono::hours(12));
    }
} noon;

}  // namespace support

#endif
