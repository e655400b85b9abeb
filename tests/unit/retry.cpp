// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/retry.hpp"

#include <cstdint>

#include "support/catch.hpp"

namespace retry_tests {

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

duration timeout_of(const round_trip& path) {
    return path.answer_timeout(1s, 0s, 1h);
}

}  // namespace

TEST_CASE("retry: says the initial timeout until the first sample") {
    round_trip path;
    lonely apart;
    CHECK(path.answer_timeout(3s, 1s, 2s) == 3s);
    apart.sample(path, 100ms);
    CHECK(path.answer_timeout(3s, 1ms, 60s) != 3s);
}

TEST_CASE("retry: the first sample counts for itself and half of it for the variation") {
    round_trip path;
    lonely apart;
    apart.sample(path, 100ms);
    CHECK(timeout_of(path) == 100ms + 4 * 50ms);
}

TEST_CASE("retry: later samples are smoothed as in RFC 6298, section 2.3") {
    round_trip path;
    lonely apart;
    apart.sample(path, 100ms);
    apart.sample(path, 180ms);  // variation 3/4 * 50 + 1/4 * 80, round trip 7/8 * 100 + 1/8 * 180
    CHECK(timeout_of(path) == 110ms + 4 * 57'500us);
    apart.sample(path, 30ms);  // variation 3/4 * 57.5 + 1/4 * 80, round trip 7/8 * 110 + 1/8 * 30
    CHECK(timeout_of(path) == 100ms + 4 * 63'125us);
}

TEST_CASE(
    "retry: all samples of a round weigh as one, whatever their order [RFC 7323, appendix G]") {
    // 64 messages at once, with delays of 100 to 163 ms: each round they are answered in that order.
    round_trip path;
    for (int round = 0; round < 20; ++round) {
        const time_point sent = time_point{} + round * 200ms;
        for (int i = 0; i < 64; ++i) {
            path.sample(100ms + i * 1ms, sent + 100ms + i * 1ms);
            REQUIRE(timeout_of(path) > 100ms + i * 1ms);
        }
        REQUIRE(timeout_of(path) > 163ms);
        REQUIRE((round == 0 || timeout_of(path) < 300ms));
    }
    // Alone again, it follows as fast as ever.
    for (int i = 0; i < 40; ++i) {
        path.sample(20ms, time_point{} + 1h + i * 1s);
    }
    CHECK(timeout_of(path) < 30ms);
}

TEST_CASE("retry: the first samples of a round weigh as little as those of the last") {
    round_trip path;
    time_point now{};
    for (int i = 0; i < 64; ++i) {
        path.sample(100ms, now);
    }
    now += 1s;
    for (int i = 0; i < 64; ++i) {
        path.sample(i % 2 == 0 ? 50ms : 150ms, now);
    }
    const duration before = timeout_of(path);
    now += 1s;
    path.sample(100ms, now);
    path.sample(100ms, now);
    CHECK(before - timeout_of(path) < 15ms);
}

TEST_CASE("retry: a path without variation still gets a millisecond") {
    round_trip path;
    lonely apart;
    for (int i = 0; i < 100; ++i) {
        apart.sample(path, 20ms);
    }
    CHECK(timeout_of(path) == 21ms);
}

TEST_CASE("retry: the timeout stays between its bounds, and the lower one wins") {
    round_trip path;
    lonely apart;
    apart.sample(path, 100ms);
    CHECK(path.answer_timeout(1s, 500ms, 2s) == 500ms);
    CHECK(path.answer_timeout(1s, 1ms, 200ms) == 200ms);
    CHECK(path.answer_timeout(1s, 400ms, 200ms) == 400ms);
}

TEST_CASE("retry: absurd samples neither overflow nor go below zero") {
    round_trip path;
    lonely apart;
    apart.sample(path, (duration::min)());
    CHECK(timeout_of(path) == 1ms);
    for (int i = 0; i < 100; ++i) {
        apart.sample(path, (duration::max)());
        apart.sample(path, (duration::min)());
        REQUIRE(path.answer_timeout(1s, 0s, (duration::max)()) >= 1ms);
        REQUIRE(timeout_of(path) <= 1h);
    }
    CHECK(timeout_of(path) == 1h);
}

TEST_CASE("retry: backoff doubles up to its cap [spec 3.2]") {
    random_source random(1);
    duration plain = 100ms;
    for (std::uint32_t attempt = 0; attempt < 100; ++attempt) {
        const duration wait = backoff(100ms, attempt, 60s, random);
        INFO("attempt " << attempt);
        CHECK(wait >= plain);
        CHECK(wait <= plain + plain / 4);
        plain = (std::min)(plain * 2, duration(60s));
    }
}

TEST_CASE("retry: the jitter of a backoff is spread over a quarter of it [spec 3.2]") {
    random_source random(2);
    duration sum{};
    duration lowest = 1h;
    duration highest{};
    for (int i = 0; i < 1000; ++i) {
        const duration wait = backoff(1s, 2, 1min, random);
        sum += wait;
        lowest = (std::min)(lowest, wait);
        highest = (std::max)(highest, wait);
    }
    CHECK(lowest >= 4s);
    CHECK(lowest < 4010ms);
    CHECK(highest <= 5s);
    CHECK(highest > 4990ms);
    CHECK(sum / 1000 > 4450ms);
    CHECK(sum / 1000 < 4550ms);
}

TEST_CASE("retry: backoff overflows for no arguments at all") {
    random_source random(3);
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
    const std::uint32_t attempts[] = {0, 1, 2, 31, 32, 61, 62, 63, 64, 65, 127, 1u << 31, ~0u};
    for (duration timeout : times) {
        for (duration cap : times) {
            for (std::uint32_t attempt : attempts) {
                INFO(timeout.count() << " * 2^" << attempt << ", cap " << cap.count());
                const duration wait = backoff(timeout, attempt, cap, random);
                const duration most = (std::max)(cap, 0ns);
                CHECK(wait >= 0ns);
                CHECK(wait - most <= most / 4);
                if (timeout > 0ns && attempt >= 63) {
                    CHECK(wait >= most);
                }
                if (timeout > 0ns && attempt < 63) {
                    // Compared in floating point, which only a wrapped product would be far from.
                    const double product = static_cast<double>(timeout.count()) *
                                           static_cast<double>(std::uint64_t{1} << attempt);
                    const double plain = (std::min)(product, static_cast<double>(most.count()));
                    CHECK(static_cast<double>(wait.count()) >= plain * 0.999999);
                    CHECK(static_cast<double>(wait.count()) <= plain * 1.250001);
                }
            }
        }
    }
}

TEST_CASE("retry: equal sources of random numbers give equal waits") {
    random_source a(4);
    random_source b(4);
    for (std::uint32_t i = 0; i < 20; ++i) {
        CHECK(backoff(1s, i, 1min, a) == backoff(1s, i, 1min, b));
    }
}

}  // namespace retry_tests
