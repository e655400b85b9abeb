// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_SHRINK_HPP
#define SIXFOLD_TESTS_SIMULATION_SHRINK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulation/world.hpp"

namespace simulation {

/// A world that goes wrong.
struct failure {
    plan what;
    std::optional<std::vector<decision>> only{};  ///< none: all faults that happen by the plan
    outcome result{};
};

/// Makes a failing world smaller for as long as it fails: fewer kinds of faults, fewer and smaller of everything, and then
/// the fewest single faults (ddmin: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002).
class shrinking {
  public:
    explicit shrinking(failure from) : smallest_(std::move(from)) {}

    failure run() {
        leave_out_kinds();
        make_smaller();
        leave_out_faults();
        return smallest_;
    }

  private:
    bool still_fails(const plan& what, const std::optional<std::vector<decision>>& only) {
        if (runs_ == runs_max) {
            return false;
        }
        ++runs_;
        outcome result = world(what, only).run();
        if (result.wrong.empty()) {
            return false;
        }
        smallest_ = {what, only, std::move(result)};
        return true;
    }
    void leave_out_kinds() {
        for (std::size_t i = 0; i < fault_kinds; ++i) {
            plan less = smallest_.what;
            if (std::exchange(less.rate[i], 0) != 0) {
                still_fails(less, {});
            }
        }
    }
    void make_smaller() {
        for (const auto& each : numbers) {
            const auto halfway = [&](std::uint64_t to) {
                return (smallest_.what.*each.value + to) / 2;
            };
            for (std::uint64_t to = each.least; to < smallest_.what.*each.value;) {
                plan less = smallest_.what;
                less.*each.value = to;
                to = still_fails(less, {}) ? each.least : (std::max)(to + 1, halfway(to));
            }
        }
    }
    void leave_out_faults() {
        std::vector<decision> left = smallest_.result.happened;
        if (!still_fails(smallest_.what, left)) {
            return;
        }
        for (std::size_t size = (std::max)(left.size() / 2, std::size_t{1});; size /= 2) {
            for (std::size_t at = 0; at < left.size();) {
                std::vector<decision> fewer = left;
                const auto first = fewer.begin() + static_cast<std::ptrdiff_t>(at);
                fewer.erase(
                    first, first + static_cast<std::ptrdiff_t>((std::min)(size, left.size() - at)));
                if (still_fails(smallest_.what, fewer)) {
                    left = std::move(fewer);
                } else {
                    at += size;
                }
            }
            if (size <= 1) {
                return;
            }
        }
    }

    static constexpr int runs_max = 2000;

    failure smallest_;
    int runs_ = 0;
};

/// The arguments with which `simulate` shows this world: a seed, what is not as the seed has it, and the single faults.
[[nodiscard]] inline std::string replay_arguments(const failure& it) {
    std::string out = "--seed " + std::to_string(it.what.seed);
    const std::string set = differences(it.what, draw(it.what.seed));
    if (!set.empty()) {
        out += " --set " + set;
    }
    if (it.only) {
        out += " --only";
        for (const decision& each : *it.only) {
            out += " " + std::string(fault_names[static_cast<std::size_t>(each.kind)]) + ':' +
                   std::to_string(each.ordinal);
        }
    }
    return out;
}

}  // namespace simulation

#endif
