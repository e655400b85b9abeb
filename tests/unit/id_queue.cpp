// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/id_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

#include <sixfold/parts/random.hpp>
#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace id_queue_tests {
namespace {

using namespace sixfold;

TEST_CASE("id_queue: they leave as they came, whatever comes in between") {
    id_queue line;
    std::deque<std::uint32_t> truth;
    random_source dice(1);
    CHECK(line.empty());
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        if (truth.empty() || dice.below(200) < 100 + (i < 5'000 ? 5U : 0U)) {
            line.push(i);
            truth.push_back(i);
        } else {
            REQUIRE(line.front() == truth.front());
            line.pop();
            truth.pop_front();
        }
        REQUIRE(line.empty() == truth.empty());
    }
    while (!truth.empty()) {
        REQUIRE(line.front() == truth.front());
        line.pop();
        truth.pop_front();
    }
    CHECK(line.empty());
}

TEST_CASE("id_queue: nothing is allocated once the longest line was there") {
    id_queue line;
    const auto push = [&](std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            line.push(i);
        }
    };
    push(200);  // 100 that wait, and as many that have left
    while (!line.empty()) {
        line.pop();
    }
    push(99);
    const std::size_t count = support::allocations_in([&] {
        for (std::uint32_t i = 0; i < 1'000; ++i) {
            line.push(i);
            line.pop();
        }
    });
    CHECK(count == 0);
    CHECK(!line.empty());
}

}  // namespace
}  // namespace id_queue_tests
