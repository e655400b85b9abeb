// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_LITTLE_ENDIAN_HPP
#define SIXFOLD_PARTS_LITTLE_ENDIAN_HPP

#include <cstddef>
#include <cstdint>

#include "sixfold/version.hpp"

// Integers of 4 and 8 bytes, the lowest byte first, on any machine. They are written out byte by byte, without a loop, because
// compilers make one load or store of that.

namespace sixfold::inline v0::detail {

[[nodiscard]] constexpr std::uint32_t load_little32(const std::byte* from) noexcept {
    return std::to_integer<std::uint32_t>(from[0]) | std::to_integer<std::uint32_t>(from[1]) << 8 |
           std::to_integer<std::uint32_t>(from[2]) << 16 |
           std::to_integer<std::uint32_t>(from[3]) << 24;
}

[[nodiscard]] constexpr std::uint64_t load_little64(const std::byte* from) noexcept {
    return std::to_integer<std::uint64_t>(from[0]) | std::to_integer<std::uint64_t>(from[1]) << 8 |
           std::to_integer<std::uint64_t>(from[2]) << 16 |
           std::to_integer<std::uint64_t>(from[3]) << 24 |
           std::to_integer<std::uint64_t>(from[4]) << 32 |
           std::to_integer<std::uint64_t>(from[5]) << 40 |
           std::to_integer<std::uint64_t>(from[6]) << 48 |
           std::to_integer<std::uint64_t>(from[7]) << 56;
}

constexpr void store_little32(std::byte* to, std::uint32_t value) noexcept {
    to[0] = static_cast<std::byte>(value);
    to[1] = static_cast<std::byte>(value >> 8);
    to[2] = static_cast<std::byte>(value >> 16);
    to[3] = static_cast<std::byte>(value >> 24);
}

constexpr void store_little64(std::byte* to, std::uint64_t value) noexcept {
    to[0] = static_cast<std::byte>(value);
    to[1] = static_cast<std::byte>(value >> 8);
    to[2] = static_cast<std::byte>(value >> 16);
    to[3] = static_cast<std::byte>(value >> 24);
    to[4] = static_cast<std::byte>(value >> 32);
    to[5] = static_cast<std::byte>(value >> 40);
    to[6] = static_cast<std::byte>(value >> 48);
    to[7] = static_cast<std::byte>(value >> 56);
}

}  // namespace sixfold::inline v0::detail

#endif
