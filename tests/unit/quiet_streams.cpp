// SPDX-License-Identifier: BSL-1.0
#include <cstdint>

#include <sixfold/sending/quiet_streams.hpp>
#include "support/catch.hpp"

namespace quiet_streams_tests {
namespace {

using namespace sixfold;

TEST_CASE("quiet_streams: the last 64 keep their memory, each counted once [spec 3.2]") {
    quiet_streams all;
    for (std::uint32_t round = 0; round < 2; ++round) {
        for (std::uint32_t which = 0; which < quiet_streams::kept; ++which) {
            CHECK(!all.add(which));
        }
    }
    CHECK(all.add(1'000) == 0U);
    CHECK(all.add(0) == 1U);
    CHECK(!all.add(1'000));
    CHECK(all.add(1) == 2U);
}

}  // namespace
}  // namespace quiet_streams_tests
