// SPDX-License-Identifier: BSL-1.0
#include <sixfold/ext/new_life.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

namespace new_life_tests {

using namespace sixfold;

TEST_CASE("new life: each has a start that a client takes, not below the last, and another seed "
          "[spec 3.1]") {
    const incarnation one = new_life();
    const incarnation two = new_life();
    CHECK(one.start > 1'700'000'000'000);  // milliseconds since 1970, and not seconds
    CHECK(two.start >= one.start);
    CHECK(one.seed != two.seed);
    CHECK(one.seed >> 32 != (one.seed & UINT32_MAX));  // both halves are random
    const manual_clock clock;
    CHECK(client::create(clock, {.self = "alice", .life = one}));
}

}  // namespace new_life_tests
