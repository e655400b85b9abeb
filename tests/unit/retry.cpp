// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/retry.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "support/catch.hpp"

namespace retry_tests {

using namespace sixfold;
using namespace std::chrono_literals;

TEST_CASE(
    "retry: backoff doubles up to its cap, and the first wait is what it is [spec 3.6, 3.28]") {
    duration plain = 100ms;
    for (std::uint32_t times = 0; times < 100; ++times) {
        INFO("times " << times);
        CHECK(backoff(100ms, times, 60s, 0) == plain);
        plain = (std::min)(plain * 2, duration(60s));
    }
    CHECK(backoff(100ms, 0, 60s, 255) == 100ms);
    CHECK(backoff(2min, 0, 60s, 255) == 2min);  // nor does a cap below it shorten it
    CHECK(backoff(2min, 7, 60s, 0) == 2min);
}

TEST_CASE("retry: chance makes it up to a quarter longer, evenly [spec 3.6]") {
    duration last{};
    for (unsigned chance = 0; chance < 256; ++chance) {
        const duration wait = backoff(1s, 2, 1min, static_cast<std::uint8_t>(chance));
        CHECK(wait >= 4s + chance * 3900us);
        CHECK(wait <= 4s + chance * 3910us);
        CHECK(wait > last);
        last = wait;
    }
    CHECK(last < 5s);
}

TEST_CASE("retry: backoff overflows for no arguments at all") {
    const duration times[] = {(duration::min)(),
                              -1ns,
                              0ns,
                              1ns,
                              3ns,
                              1s,
                              24h * 365,
                              (duration::max)() / 2,
                              (duration::max)() - 1ns,
                              (duration::max)()};
    for (const duration first : times) {
        for (const duration cap : times) {
            for (const std::uint32_t tries :
                 {0U, 1U, 2U, 31U, 32U, 61U, 62U, 63U, 64U, 127U, ~0U}) {
                INFO(first.count() << " * 2^" << tries << ", cap " << cap.count());
                const duration least = (std::max)(first, 0ns);
                const duration most = (std::max)(cap, least);
                const duration wait = backoff(first, tries, cap, 255);
                CHECK(wait >= least);
                CHECK(wait - most <= most / 4);
                if (tries == 0) {
                    CHECK(wait == least);
                } else if (least > 0ns) {
                    // Compared in floating point, which only a wrapped product would be far from.
                    const double product =
                        static_cast<double>(least.count()) *
                        static_cast<double>(std::uint64_t{1} << (std::min)(tries, 63U));
                    CHECK(static_cast<double>(wait.count()) >=
                          (std::min)(product, static_cast<double>(most.count())) * 0.999999);
                }
            }
        }
    }
}

}  // namespace retry_tests
