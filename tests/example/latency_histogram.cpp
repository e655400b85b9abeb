// SPDX-License-Identifier: BSL-1.0
#include "latency_histogram.hpp"

#include <chrono>
#include <cstdint>
#include <limits>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

namespace latency_histogram_tests {

using namespace std::chrono_literals;
using example::latency_histogram;

TEST_CASE("latency histogram: of nothing it says zero") {
    const latency_histogram none;
    CHECK(none.count() == 0);
    CHECK(none.percentile(99) == 0ns);
    CHECK(none.max() == 0ns);
}

TEST_CASE("latency histogram: a percentile is too high by less than 0.1 %, and never too low") {
    latency_histogram times;
    for (int each = 1; each <= 100'000; ++each) {
        times.add(each * 1us);
    }
    for (const int percent : {1, 50, 90, 99}) {
        const auto exact = percent * 1000us;
        CHECK(times.percentile(percent) >= exact);
        CHECK(times.percentile(percent) < exact * 1001 / 1000);
    }
    CHECK(times.max() == 100ms);
    CHECK(times.percentile(100) == 100ms);
}

TEST_CASE("latency histogram: small and huge times have their bucket") {
    for (const auto each : {0ns, 1ns, 1023ns, 1024ns, 2047ns, 2048ns, 2049ns,
                            std::chrono::nanoseconds((std::numeric_limits<std::int64_t>::max)())}) {
        latency_histogram one;
        one.add(each);
        CHECK(one.percentile(50) == each);
    }
}

}  // namespace latency_histogram_tests
