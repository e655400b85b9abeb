// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_HOLDS_HPP
#define SIXFOLD_TESTS_EXPLORE_HOLDS_HPP

#include <cstdio>

#include "explore/search.hpp"
#include "support/catch.hpp"

namespace explore {

/// All laws hold in all worlds of these rules.
inline finding holds(const char* name, const rules& r) {
    const finding f = explored(r);
    std::printf("explored %-48s %9zu states %8zu cores %10zu transitions %7.1f s\n", name, f.states,
                f.cores, f.transitions, f.seconds);
    std::fflush(stdout);
    INFO(name << "\n" << f.diagram);
    CHECK(f.wrong.empty());
    CHECK(f.complete);
    return f;
}

}  // namespace explore

#endif
