// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_MEASURE_HPP
#define SIXFOLD_BENCHMARKS_MEASURE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "baseline.hpp"

// How figures are taken, and the lines in which they come out:
//
//     group,case,n,value,unit,baselines
//
// `n` is what the case is about, such as messages in flight. `baselines` says how many times the baseline of the same payload, with 64
// in flight and taken in the same round, the value is; it is empty where that says nothing.

namespace bench {

/// How thoroughly.
struct settings {
    int rounds = 5;                          ///< the median of so many is printed
    std::chrono::milliseconds at_least{40};  ///< time for each case in each round
    std::uint64_t n_max = 1'000'000;         ///< the largest number of anything, where it grows
    std::string folder;                      ///< for files of journals
};

/// Of what baseline a time is a multiple.
enum class yardstick {
    none,         ///< it is no exchange, nor a part of one
    exchange_64,  ///< of 64 bytes
    exchange_1k,  ///< of 1,024 bytes
};

/// A benchmark of something that did not happen is worse than none.
inline void require(bool so, const char* what) {
    if (!so) {
        throw std::logic_error(what);
    }
}

/// So many operations, and how long they took.
struct lap {
    std::uint64_t operations = 0;
    std::chrono::nanoseconds took{};

    lap& operator+=(const lap& other) {
        operations += other.operations;
        took += other.took;
        return *this;
    }
};

/// Something whose time is measured.
struct timed {
    std::string what;
    std::uint64_t n;
    yardstick of;
    /// Does a piece of work; what it does not time itself does not count.
    std::function<lap()> run;
};

/// How long this one call takes, which returns how many operations it was.
template <class Work>
[[nodiscard]] lap time_of(Work work) {
    using clock = std::chrono::steady_clock;
    const clock::time_point begin = clock::now();
    const std::uint64_t operations = work();
    return {operations, clock::now() - begin};
}

/// For work of which everything counts. Small pieces are put together, so that reading the clock costs nothing.
template <class Work>
[[nodiscard]] std::function<lap()> all_of(Work work) {
    return [work]() mutable {
        return time_of([&] {
            std::uint64_t operations = 0;
            while (operations < 1000) {
                operations += work();
            }
            return operations;
        });
    };
}

/// Nanoseconds per operation.
[[nodiscard]] inline double time_one(const std::function<lap()>& run,
                                     std::chrono::nanoseconds at_least) {
    lap all;
    while (all.took < at_least) {
        all += run();
    }
    return static_cast<double>(all.took.count()) / static_cast<double>(all.operations);
}

[[nodiscard]] inline double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// What was measured of one case: medians.
struct figure {
    double nanoseconds;
    double baselines;  ///< 0: none
};

/// Times all cases in turns, and the baselines with them in each round, so that what else the machine does meets all alike.
[[nodiscard]] inline std::vector<figure> measure(const settings& how,
                                                 const std::vector<timed>& cases) {
    baseline<64> small(64);
    baseline<1024> large(64);
    const auto of_small = all_of([&small] { return small.exchange(); });
    const auto of_large = all_of([&large] { return large.exchange(); });
    std::vector<std::vector<double>> times(cases.size());
    std::vector<std::vector<double>> ratios(cases.size());
    for (int round = 0; round < how.rounds; ++round) {
        const double exchange_64 = time_one(of_small, how.at_least);
        const double exchange_1k = time_one(of_large, how.at_least);
        for (std::size_t i = 0; i < cases.size(); ++i) {
            const double time = time_one(cases[i].run, how.at_least);
            times[i].push_back(time);
            ratios[i].push_back(
                time / (cases[i].of == yardstick::exchange_1k ? exchange_1k : exchange_64));
        }
    }
    std::vector<figure> out;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        out.push_back({median(times[i]), cases[i].of == yardstick::none ? 0 : median(ratios[i])});
    }
    return out;
}

/// One line. Without `baselines` their column is empty.
inline void print(const std::string& group,
                  const std::string& what,
                  std::uint64_t n,
                  double value,
                  const std::string& unit,
                  double baselines = 0) {
    require(what.find(',') == std::string::npos, "a comma in the name of a case");
    std::printf("%s,%s,%llu,%.6g,%s,", group.c_str(), what.c_str(),
                static_cast<unsigned long long>(n), value, unit.c_str());
    if (baselines != 0) {
        std::printf("%.4g", baselines);
    }
    std::putchar('\n');
    std::fflush(stdout);
}

/// Measures all cases, and prints a line for each.
inline void
compare(const settings& how, const std::string& group, const std::vector<timed>& cases) {
    const std::vector<figure> figures = measure(how, cases);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        print(group, cases[i].what, cases[i].n, figures[i].nanoseconds, "ns", figures[i].baselines);
    }
}

}  // namespace bench

#endif
