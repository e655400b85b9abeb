// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_ADVERSITY_UPLINKS_HPP
#define SIXFOLD_TESTS_SCENARIO_ADVERSITY_UPLINKS_HPP

#include <algorithm>
#include <string>

#include "scenario/adversity_world.hpp"
#include "scenario/bottleneck.hpp"

namespace adversity {

/// An uplink of 32 kB/s with messages of 250 bytes, 16 kB a second, for a minute, and so many more after two seconds.
inline void add_burst(rows& out, int burst) {
    constexpr int paced = 60 * 64;
    const scenario::bottleneck_outcome ours = scenario::bottleneck({.mbit = .256,
                                                                    .queue = 500ms,
                                                                    .messages = paced + burst,
                                                                    .each = duration(1s) / 64,
                                                                    .burst = burst,
                                                                    .size = 250,
                                                                    .time = 120s})
                                                  .run();
    const std::string what =
        "an uplink of 32 kB/s, half loaded for a minute, and a burst of " + std::to_string(burst);
    const double all = paced + burst;
    out.push_back({what, "sendings", all, all + static_cast<double>(ours.sent_again), 1.05});
    out.push_back({what + ": until all are there", "s", 60, ours.done[0], 1.05});
}

/// 10 Mbit/s with a round trip of 50 ms and a queue of 100: one who always has something to send, and eight who have a megabyte each.
inline void add_shares(rows& out) {
    const std::string uplink = "10 Mbit/s with a queue of 100 ms, ";
    const scenario::bottleneck_outcome one = scenario::bottleneck({}).run();
    out.push_back(
        {uplink + "one who fills it", "s for a second of payloads", 1, 1 / one.used(), 1.1});
    out.push_back({uplink + "one who fills it: a round trip", "ms", 50, 50 + one.queue, 1.2});
    const scenario::bottleneck_outcome eight =
        scenario::bottleneck({.senders = 8, .messages = 1'000, .time = 60s}).run();
    const double first = *std::min_element(eight.done.begin(), eight.done.end());
    const double last = *std::max_element(eight.done.begin(), eight.done.end());
    out.push_back({uplink + "eight who share it: until all are done", "s", 8. * 1'024'000 / 1.25e6,
                   last, 1.2});
    out.push_back(
        {uplink + "eight who share it: the last one", "times of the first", 1, last / first, 1.25});
    out.push_back({uplink + "eight who share it", "sendings", 8'000,
                   8'000 + static_cast<double>(eight.sent_again), 1.05});
}

inline void add_uplinks(rows& out) {
    add_burst(out, 2);
    add_burst(out, 200);
    add_shares(out);
}

}  // namespace adversity

#endif
