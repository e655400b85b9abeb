// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_ADVERSITY_LOSSES_HPP
#define SIXFOLD_TESTS_SCENARIO_ADVERSITY_LOSSES_HPP

#include <string>
#include <utility>

#include "scenario/adversity_world.hpp"
#include "scenario/lossy_path.hpp"

namespace adversity {

/// How late the latest are, in order, over two hops of 50 to 70 ms. The least is what was computed for one who repeats without a
/// byte too few, and knows how much gets lost.
inline void add_losses(rows& out) {
    struct least {
        double loss, p99, p999;
    };
    for (const least& each : {least{.05, 141, 259}, least{.20, 168, 400}}) {
        const scenario::lossy_outcome ours =
            scenario::lossy_path({.loss = each.loss, .messages = 20'000}).run();
        const std::string what = "64 B each 10 ms, two hops of 50 to 70 ms, " +
                                 std::to_string(static_cast<int>(each.loss * 100)) +
                                 " % lost on each: in order, ";
        out.push_back({what + "99 %", "ms", each.p99, ours.quantile(.99), 1.1});
        out.push_back({what + "99.9 %", "ms", each.p999, ours.quantile(.999), 1.1});
        out.push_back({what + "all", "packets a message", 1, ours.packets_per_message, 1.05});
    }
}

}  // namespace adversity

#endif
