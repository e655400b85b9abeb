// SPDX-License-Identifier: BSL-1.0
#include <bit>
#include <cstdint>
#include <type_traits>

#include <sixfold/parts/number.hpp>
#include "support/catch.hpp"

namespace number_tests {

using namespace sixfold;

TEST_CASE("number: the width of a value is as std::bit_width says, and always unsigned") {
    static_assert(std::is_same_v<decltype(detail::width_of(std::uint8_t{1})), unsigned>);
    for (unsigned value = 0; value < 256; ++value) {
        const auto small = static_cast<std::uint8_t>(value);
        CHECK(detail::width_of(small) == static_cast<unsigned>(std::bit_width(small)));
    }
    CHECK(detail::width_of(~std::uint64_t{0}) == 64);
    CHECK(detail::width_of(std::uint32_t{0}) == 0);
}

TEST_CASE("number: a size is what fits into one of a large value") {
    CHECK(detail::to_size(0) == 0);
    CHECK(detail::to_size(123'456'789) == 123'456'789);
    CHECK(detail::to_size(SIZE_MAX) == SIZE_MAX);
    CHECK(detail::to_size(~std::uint64_t{0}) == SIZE_MAX);
}

}  // namespace number_tests
