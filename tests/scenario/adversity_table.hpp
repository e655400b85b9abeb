// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_ADVERSITY_TABLE_HPP
#define SIXFOLD_TESTS_SCENARIO_ADVERSITY_TABLE_HPP

#include "scenario/adversity_drains.hpp"
#include "scenario/adversity_losses.hpp"
#include "scenario/adversity_peers.hpp"

// What it costs when things go wrong: a small factor over the least that is possible (law 15). Counts in virtual time, so each run
// gives the same. `benchmarks/adversity.cpp` prints the rows, and `adversity_table.cpp` bounds them.

namespace adversity {

/// What is not in it yet, as nothing is done about it yet.
inline constexpr const char* not_yet[] = {
    "an uplink of 32 kB/s, half loaded, and a burst of twice as much",
    "10 Mbit/s with a queue of 100 ms, window 1,024: a standing queue, and 8 senders who share it",
};

}  // namespace adversity

#endif
