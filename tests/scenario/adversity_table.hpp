// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_ADVERSITY_TABLE_HPP
#define SIXFOLD_TESTS_SCENARIO_ADVERSITY_TABLE_HPP

#include "scenario/adversity_drains.hpp"
#include "scenario/adversity_losses.hpp"
#include "scenario/adversity_peers.hpp"
#include "scenario/adversity_uplinks.hpp"

// What it costs when things go wrong: a small factor over the least that is possible (law 15). Counts in virtual time, so each run
// gives the same. `benchmarks/adversity.cpp` prints the rows, and `adversity_table.cpp` bounds them.

#endif
