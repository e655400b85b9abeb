// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/round_trip.hpp"

#include <chrono>

#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace round_trip_tests {

using namespace sixfold;
using namespace std::chrono_literals;

namespace {

/// Samples far from each other, each in a round of its own.
class lonely {
  public:
    void sample(round_trip& path, duration measured) { path.sample(measured, now_ += 1h); }

  private:
    time_point now_{};
};

duration wait_of(const round_trip& path) {
    return path.wait(0ms);
}
duration smoothed(const round_trip& path) {
    return test_access::smoothed(path);
}

}  // namespace

TEST_CASE(
    "round_trip: the first sample counts for itself and half of it for the variation [spec 3.4]") {
    round_trip path;
    lonely apart;
    apart.sample(path, 100ms);
    CHECK(wait_of(path) == 100ms + 4 * 50ms);
}

TEST_CASE("round_trip: later samples are smoothed as in RFC 6298, section 2.3 [spec 3.4]") {
    round_trip path;
    lonely apart;
    apart.sample(path, 100ms);
    apart.sample(path, 180ms);  // variation 3/4 * 50 + 1/4 * 80, round trip 7/8 * 100 + 1/8 * 180
    CHECK(wait_of(path) == 110ms + 4 * 57'500us);
    apart.sample(path, 30ms);  // variation 3/4 * 57.5 + 1/4 * 80, round trip 7/8 * 110 + 1/8 * 30
    CHECK(wait_of(path) == 100ms + 4 * 63'125us);
}

TEST_CASE("round_trip: all samples of a round weigh as one, whatever their order [RFC 7323, "
          "appendix G]") {
    // 64 messages at once, with delays of 100 to 163 ms: each round they are answered in that order.
    round_trip path;
    for (int round = 0; round < 20; ++round) {
        const time_point sent = time_point{} + round * 200ms;
        for (int i = 0; i < 64; ++i) {
            path.sample(100ms + i * 1ms, sent + 100ms + i * 1ms);
            REQUIRE(wait_of(path) > 100ms + i * 1ms);
        }
        REQUIRE(wait_of(path) > 163ms);
        REQUIRE((round == 0 || wait_of(path) < 300ms));
    }
    // Alone again, it follows as fast as ever.
    for (int i = 0; i < 40; ++i) {
        path.sample(20ms, time_point{} + 1h + i * 1s);
    }
    CHECK(wait_of(path) < 30ms);
}

TEST_CASE("round_trip: the first samples of a round weigh as little as those of the last") {
    round_trip path;
    time_point now{};
    for (int i = 0; i < 64; ++i) {
        path.sample(100ms, now);
    }
    now += 1s;
    for (int i = 0; i < 64; ++i) {
        path.sample(i % 2 == 0 ? 50ms : 150ms, now);
    }
    const duration before = wait_of(path);
    now += 1s;
    path.sample(100ms, now);
    path.sample(100ms, now);
    CHECK(before - wait_of(path) < 15ms);
}

TEST_CASE("round_trip: a path without variation still gets a quarter of it [spec 3.4]") {
    round_trip path;
    lonely apart;
    for (int i = 0; i < 100; ++i) {
        apart.sample(path, 20ms);
    }
    CHECK(wait_of(path) == 25ms);
}

TEST_CASE(
    "round_trip: a wait is the estimate and four variations, a quarter of it or a millisecond, and "
    "never below the least [spec 3.4]") {
    round_trip path;
    CHECK_FALSE(path.sampled());
    lonely apart;
    for (int i = 0; i < 200; ++i) {
        apart.sample(path, 2ms);
    }
    CHECK(path.sampled());
    CHECK(wait_of(path) == 3ms);
    CHECK(path.wait(20ms) == 20ms);
    apart.sample(path, 100ms);
    CHECK(path.longest() == 100ms);
    CHECK(path.wait(20ms) > 100ms);
    apart.sample(path, 2ms);
    CHECK(path.longest() == smoothed(path));
}

TEST_CASE("round_trip: the third sample in a row that is far off, on one side, is another path "
          "[spec 3.4]") {
    for (const bool up : {true, false}) {
        const duration before = up ? 100ms : 10s;
        const duration after = up ? duration(10s) : duration(100ms);
        round_trip path;
        lonely apart;
        for (int i = 0; i < 50; ++i) {
            apart.sample(path, before);
        }
        duration last = smoothed(path);
        for (int i = 0; i < 2; ++i) {
            apart.sample(path, after);
            CHECK(smoothed(path) - last == duration((after - last).count() >> 3));
            last = smoothed(path);
        }
        apart.sample(path, after);
        round_trip anew;
        anew.sample(after, time_point{});
        CHECK(smoothed(path) == after);
        CHECK(path.wait(0ms) == anew.wait(0ms));
    }
}

TEST_CASE("round_trip: samples far off on one side and on the other are one path that varies [spec "
          "3.4]") {
    round_trip path;
    lonely apart;
    for (int i = 0; i < 20; ++i) {
        apart.sample(path, 100ms);
    }
    for (int i = 0; i < 40; ++i) {
        const duration last = smoothed(path);
        const duration measured = i % 3 == 2 ? 10ms : 400ms;
        apart.sample(path, measured);
        CHECK(smoothed(path) - last == duration((measured - last).count() >> 3));
    }
}

TEST_CASE("round_trip: an answer that came after an hour makes nobody wait for longer than the cap "
          "[spec 3.4]") {
    round_trip path;
    path.sample(1h, time_point{} + 1h);
    CHECK(path.wait(20ms) == 3h);
    CHECK(path.wait(20ms, 30s) == 30s);
    CHECK(path.wait(1min, 30s) == 1min);
}

TEST_CASE("round_trip: absurd samples neither overflow nor go below zero") {
    round_trip path;
    lonely apart;
    apart.sample(path, (duration::min)());
    CHECK(wait_of(path) == 1ms);
    for (int i = 0; i < 100; ++i) {
        apart.sample(path, (duration::max)());
        REQUIRE(wait_of(path) >= 1ms);
        apart.sample(path, (duration::min)());
        REQUIRE(wait_of(path) >= 1ms);
    }
}

}  // namespace round_trip_tests
