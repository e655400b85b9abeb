// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_RANDOM_HPP
#define SIXFOLD_PARTS_RANDOM_HPP

#include <cstdint>

#include "sixfold/parts/assert.hpp"

namespace sixfold::inline v0 {

/// Numbers that look random, for jitter and for the keys of hash tables. Not for secrets.
///
/// It keeps 8 bytes: a counter, whose steps are scrambled into the output. This is SplitMix64, of Steele, Lea and Flood, "Fast
/// Splittable Pseudorandom Number Generators" (OOPSLA 2014). Equal seeds give equal numbers on every platform, a copy goes on
/// where the original was, and every seed is as good as any other, zero included.
class random_source {
  public:
    /// Equal seeds, equal numbers.
    explicit constexpr random_source(std::uint64_t seed) noexcept : counter_(seed) {}

    /// 64 random bits. Each value comes once in 2^64 calls.
    constexpr std::uint64_t next() noexcept {
        counter_ += 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio, made odd
        std::uint64_t x = counter_;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    /// A number in [0, n), each equally likely; `n` is at least 1. Takes fewer than two calls of `next` on average.
    constexpr std::uint64_t below(std::uint64_t n) noexcept {
        SIXFOLD_ASSERT(n != 0);
        for (;;) {
            const std::uint64_t x = next();
            const std::uint64_t out = x % n;
            // The last 2^64 mod n values are thrown away, so that a multiple of n remains.
            if (x - out <= 0 - n) {
                return out;
            }
        }
    }

    /// Whether the same numbers follow.
    friend constexpr bool operator==(const random_source&, const random_source&) noexcept = default;

  private:
    std::uint64_t counter_;
};

}  // namespace sixfold::inline v0

#endif
