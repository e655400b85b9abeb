// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_NUMBER_HPP
#define SIXFOLD_PARTS_NUMBER_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "sixfold/version.hpp"

// Numbers whose type differs from system to system.

namespace sixfold::inline v0::detail {

/// A number as a size of 32 or 64 bits; higher bits are dropped. A cast would be useless on half of the systems, and some
/// compilers warn of that.
[[nodiscard]] constexpr std::size_t to_size(std::uint64_t value) noexcept {
    return value & SIZE_MAX;
}

/// How many bits a value takes. std::bit_width returns an int in some libraries, and the type of the value in others.
template <class Value>
[[nodiscard]] constexpr unsigned width_of(Value value) noexcept {
    return static_cast<unsigned>(std::numeric_limits<Value>::digits - std::countl_zero(value));
}

/// The largest number whose square is not above `value`. O(bits).
[[nodiscard]] constexpr std::uint64_t root_of(std::uint64_t value) noexcept {
    std::uint64_t root = 0;
    for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1) {
        root += (root + bit) * (root + bit) <= value ? bit : 0;
    }
    return root;
}

}  // namespace sixfold::inline v0::detail

#endif
