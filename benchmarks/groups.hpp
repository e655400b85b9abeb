// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_GROUPS_HPP
#define SIXFOLD_BENCHMARKS_GROUPS_HPP

#include "measure.hpp"

// What is measured, each group in a file of its own. A group prints its lines.

namespace bench {

void measure_baseline(const settings& how);
void measure_exchange(const settings& how);
void measure_shares(const settings& how);
void measure_growth(const settings& how);
void measure_memory(const settings& how);
void measure_wire(const settings& how);
void measure_journal(const settings& how);

}  // namespace bench

#endif
