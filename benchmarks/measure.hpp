// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_MEASURE_HPP
#define SIXFOLD_BENCHMARKS_MEASURE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "baseline.hpp"

// How figures are taken, and the lines in which they come out:
//
//     group,case,n,value,unit,baselines
//
// `n` is what the case is about, such as messages in flight. `baselines` says how many times the baseline of the same payload, taken
// in the same round, the value is; it is empty where that says nothing.

namespace bench {

/// Something whose time is measured.
struct timed {
    std::string what;
    std::uint64_t n = 1;
    std::size_t payload = 64;  ///< 64 or 1,024: of which baseline it is a multiple
    std::function<std::uint64_t()>
        run;  ///< does a piece of work, and says how many operations that was
};

/// Nanoseconds per operation, over at least so much time.
[[nodiscard]] inline double time_one(const std::function<std::uint64_t()>& run,
                                     std::chrono::milliseconds at_least) {
    using clock = std::chrono::steady_clock;
    const clock::time_point begin = clock::now();
    std::uint64_t operations = 0;
    clock::duration elapsed{};
    while (elapsed < at_least) {
        operations += run();
        elapsed = clock::now() - begin;
    }
    return std::chrono::duration<double, std::nano>(elapsed).count() /
           static_cast<double>(operations);
}

[[nodiscard]] inline double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// A figure that was counted, or measured elsewhere.
inline void print(const std::string& group,
                  const std::string& what,
                  std::uint64_t n,
                  double value,
                  const std::string& unit) {
    std::printf("%s,%s,%llu,%.6g,%s,\n", group.c_str(), what.c_str(),
                static_cast<unsigned long long>(n), value, unit.c_str());
    std::fflush(stdout);
}

/// Times all cases in turns, and the baselines with them in each round, so that what else the machine does meets all alike.
/// Prints the median of the rounds for each case.
inline void compare(const std::string& group, const std::vector<timed>& cases) {
    constexpr int rounds = 5;
    constexpr std::chrono::milliseconds at_least{40};
    baseline<64> small(64);
    baseline<1024> large(64);
    std::vector<std::vector<double>> times(cases.size());
    std::vector<std::vector<double>> ratios(cases.size());
    for (int round = 0; round < rounds; ++round) {
        const double of_small = time_one([&] { return small.exchange(); }, at_least);
        const double of_large = time_one([&] { return large.exchange(); }, at_least);
        for (std::size_t i = 0; i < cases.size(); ++i) {
            const double time = time_one(cases[i].run, at_least);
            times[i].push_back(time);
            ratios[i].push_back(time / (cases[i].payload == 64 ? of_small : of_large));
        }
    }
    for (std::size_t i = 0; i < cases.size(); ++i) {
        std::printf("%s,%s,%llu,%.6g,ns,%.4g\n", group.c_str(), cases[i].what.c_str(),
                    static_cast<unsigned long long>(cases[i].n), median(times[i]),
                    median(ratios[i]));
    }
    std::fflush(stdout);
}

}  // namespace bench

#endif
