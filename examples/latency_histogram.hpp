// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_LATENCY_HISTOGRAM_HPP
#define SIXFOLD_EXAMPLES_LATENCY_HISTOGRAM_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <sixfold/sixfold.hpp>

namespace example {

/// How long things took, for any number of them in half a MiB.
///
/// Each power of two of nanoseconds has 1024 buckets, so a percentile is too high by less than 0.1 %.
/// The maximum is exact.
class latency_histogram {
  public:
    void add(sixfold::duration time) {
        const auto value =
            static_cast<std::uint64_t>((std::max)(time, sixfold::duration::zero()).count());
        ++buckets_[bucket_of(value)];
        ++count_;
        max_ = (std::max)(max_, value);
    }

    [[nodiscard]] std::uint64_t count() const { return count_; }

    /// No less than `percent` of them took at most so long; zero when there are none.
    [[nodiscard]] sixfold::duration percentile(double percent) const {
        const auto rank =
            static_cast<std::uint64_t>(std::ceil(static_cast<double>(count_) * percent / 100));
        std::uint64_t below = 0;
        for (std::size_t i = 0; i < buckets_.size() && count_ != 0; ++i) {
            below += buckets_[i];
            if (below >= rank) {
                return in_time((std::min)(upper_bound(i), max_));
            }
        }
        return {};
    }
    [[nodiscard]] sixfold::duration max() const { return in_time(max_); }

  private:
    static constexpr int bits = 10;  // of a value that its bucket tells, below the highest one
    static constexpr std::uint64_t per_power = 1 << bits;

    [[nodiscard]] static std::size_t bucket_of(std::uint64_t value) {
        if (value < per_power) {
            return static_cast<std::size_t>(value);
        }
        const int shift = 63 - std::countl_zero(value) - bits;
        return static_cast<std::size_t>(per_power * static_cast<std::uint64_t>(shift) +
                                        (value >> shift));
    }
    /// The largest value of a bucket.
    [[nodiscard]] static std::uint64_t upper_bound(std::size_t bucket) {
        if (bucket < 2 * per_power) {
            return bucket;
        }
        const std::uint64_t shift = bucket / per_power - 1;
        return ((bucket % per_power + per_power + 1) << shift) - 1;
    }
    [[nodiscard]] static sixfold::duration in_time(std::uint64_t value) {
        return sixfold::duration(static_cast<sixfold::duration::rep>(value));
    }

    std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(per_power * (64 - bits + 1));
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace example

#endif
