// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <chrono>
#include <utility>

#include "scenario/bottleneck.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"

namespace congestion_scenario_tests {
namespace {

using namespace scenario;

bottleneck_outcome outcome_of(const bottleneck_setting& setting) {
    return bottleneck(setting).run();
}

/// A short run takes each queue in front of a slow uplink, and one in front of a faster one: they cost as much time as packets.
bool taken(double mbit, duration queue = 100ms) {
    return support::all() || mbit <= 1 || (mbit <= 10 && queue == 100ms);
}

TEST_CASE("congestion: one sender fills any uplink, drops hardly a packet, and leaves no queue "
          "[spec 3.30]") {
    const double mbit = GENERATE(1., 10., 100.);
    const duration queue = GENERATE(duration(20ms), duration(100ms), duration(200ms));
    if (!taken(mbit, queue)) {
        return;
    }
    CAPTURE(mbit, queue.count());
    const bottleneck_outcome out =
        outcome_of({.mbit = mbit, .queue = queue, .time = mbit > 50 ? 5s : 12s});
    CHECK(out.used() >= .90);
    CHECK(out.dropped <= .02);
    CHECK(out.queue <= 15);
}

TEST_CASE(
    "congestion: a small message before leaves a slow uplink as empty as it was [spec 3.30]") {
    const double mbit = GENERATE(.5, 1., 1.5);
    CAPTURE(mbit);
    const bottleneck_outcome out =
        outcome_of({.mbit = mbit, .queue = 1s, .trip = 30ms, .first = 100, .time = 20s});
    CHECK(out.used() >= .90);
    CHECK(out.queue <= 40);  // two packets
}

TEST_CASE("congestion: random loss of 2 % costs less than a quarter of the link [spec 3.30]") {
    const double mbit = GENERATE(1., 10., 100.);
    if (!taken(mbit)) {
        return;
    }
    CAPTURE(mbit);
    const bottleneck_outcome out =
        outcome_of({.mbit = mbit, .loss = .02, .time = mbit > 50 ? 5s : 12s});
    CHECK(out.used() >= .90);
}

TEST_CASE("congestion: eight senders share an uplink [spec 3.30]") {
    const duration queue = GENERATE(duration(20ms), duration(100ms), duration(200ms));
    if (!taken(10, queue)) {
        return;
    }
    CAPTURE(queue.count());
    const bottleneck_outcome out =
        outcome_of({.queue = queue, .senders = 8, .time = support::some_or_all(20s, 30s)});
    CHECK(out.used() >= .90);
    CHECK(out.fairness() >= .95);
    CHECK(out.dropped <= .02);
    CHECK(out.queue <= 20);
}

TEST_CASE("congestion: eight senders who begin at once, or one behind the other, are done at about "
          "the same time [spec 3.30]") {
    const auto [apart, least] =
        GENERATE(std::pair(duration(0ms), .8), std::pair(duration(5ms), .8),
                 std::pair(duration(17ms), .65), std::pair(duration(60ms), .65));
    const duration queue = GENERATE(duration(100ms), duration(200ms));
    if (!taken(10, queue) && apart != 0ms) {
        return;
    }
    CAPTURE(apart.count(), queue.count());
    const bottleneck_outcome out =
        outcome_of({.queue = queue, .apart = apart, .senders = 8, .messages = 1'000, .time = 60s});
    CHECK(out.first_to_last() >= least);
    CHECK(out.queue <= 20);
}

TEST_CASE("congestion: who comes later gets as much, for the first measures no queue, and the "
          "later what is left of it [spec 3.30]") {
    const bottleneck_outcome out =
        outcome_of({.apart = 5s, .senders = 2, .time = 15s, .counts = 7s});
    CHECK(out.used() >= .90);
    CHECK(out.fairness() >= .95);
    CHECK(out.queue <= 15);
}

TEST_CASE("congestion: beside a flow of CUBIC's kind neither starves [spec 3.30]") {
    const duration queue = GENERATE(duration(20ms), duration(100ms), duration(200ms));
    if (!taken(10, queue)) {
        return;
    }
    CAPTURE(queue.count());
    const bottleneck_outcome out = outcome_of({.queue = queue, .cubic = true, .time = 40s});
    CHECK(out.shares[0] >= .2);
    CHECK(out.rival >= .2);
    CHECK(out.used() >= .95);
}

TEST_CASE("congestion: a burst at once does not bury a slow uplink, nor is it sent twice "
          "[spec 3.30]") {
    const int messages = GENERATE(2, 200);
    CAPTURE(messages);
    const bottleneck_outcome out =
        outcome_of({.mbit = .256, .queue = 500ms, .messages = messages, .size = 250, .time = 60s});
    const double least = messages * 250. / 32'000;  // s
    CHECK(out.done[0] <= 1.4 * least + .3);
    CHECK(out.sent_again <= static_cast<std::uint64_t>(messages) / 4);
}

}  // namespace
}  // namespace congestion_scenario_tests
