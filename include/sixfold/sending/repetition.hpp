// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_REPETITION_HPP
#define SIXFOLD_SENDING_REPETITION_HPP

#include <algorithm>
#include <cstdint>

#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// How many recent runs are sent again before anybody can know that they are lost, depending on how much the way to a receiver
/// loses. This is redundant data bundling: Petlund, Evensen, Griwodz and Halvorsen, "Redundant bundling in TCP to reduce
/// perceived latency for time-dependent thin streams", 2008. (spec 3.29)
///
/// It keeps the share of sendings that the receiver has not seen. The share rises faster than it falls, as losses come in bursts.
/// It does not know sendings, messages or time. On a way that loses nothing it asks for nothing. All O(1).
class repetition {
  public:
    /// A copy of a run leaves so long after it, if nothing has followed the run.
    static constexpr duration pause = std::chrono::milliseconds(12);

    /// It is known of one more sending whether the receiver has seen it.
    constexpr void judged(bool seen) noexcept {
        lost_ = seen ? lost_ - (lost_ + 127) / 128 : lost_ + (whole - lost_) / 16;
    }

    /// How many runs ride again in a new one while so many sendings are under way: so many that hardly ever a run is lost each time
    /// that it is sent.
    [[nodiscard]] constexpr std::uint32_t runs(std::uint64_t under_way) const noexcept {
        if (!is_lossy()) {
            return 0;
        }
        std::uint32_t out = 0;
        for (std::uint64_t in_vain = lost_ * under_way; in_vain > tolerated && out < runs_max;
             ++out) {
            in_vain = in_vain * lost_ / whole;
        }
        return out;
    }
    /// How many copies follow a run if nothing else follows it.
    [[nodiscard]] constexpr std::uint32_t copies() const noexcept {
        return is_lossy() ? 1 + std::uint32_t{lost_ > often} : 0;
    }

    /// Whether both ask for the same, now and later.
    friend constexpr bool operator==(const repetition&, const repetition&) noexcept = default;

  private:
    static constexpr std::uint64_t whole = 1 << 16;
    static constexpr std::uint64_t least = whole / 1024;  // a path that loses less loses nothing
    static constexpr std::uint64_t often = whole * 6 / 10;
    // How many sendings are lost in one round trip, in the mean.
    static constexpr std::uint64_t tolerated = whole / 4000;
    static constexpr std::uint32_t runs_max = 12;

    [[nodiscard]] constexpr bool is_lossy() const noexcept { return lost_ >= least; }

    std::uint64_t lost_ = 0;  // of `whole`
};

}  // namespace sixfold::inline v0

#endif
