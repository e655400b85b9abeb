// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/lone_sender.hpp"
#include "support/test_access.hpp"

// Why and when a sender asks how far its receiver is.

namespace probes_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using fixture = support::lone_sender;

/// How long it waits from one probe to the next, for so many of them.
std::vector<duration> waits(fixture& f, std::size_t count) {
    std::vector<duration> out;
    time_point last = f.clock.now();
    for (int turn = 0; turn < 1000 && out.size() < count; ++turn) {
        f.clock.set(f.a.next_deadline());
        if (f.probes() != 0) {
            out.push_back(f.clock.now() - last);
            last = f.clock.now();
        }
    }
    REQUIRE(out.size() == count);
    return out;
}

/// So many messages have left, and B has said that it is there.
fixture met(int messages) {
    fixture f;
    f.up();
    for (int i = 0; i < messages; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    REQUIRE(f.state({}) == refusal::none);
    return f;
}

TEST_CASE(
    "probes: what is stored is asked for after a minute, then ever more slowly, up to an hour "
    "[spec 3.10]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    const auto all = waits(f, 12);
    duration plain = 1min;
    for (const duration each : all) {
        CHECK(each >= plain);
        CHECK(each <= plain * 5 / 4);
        plain = (std::min)(2 * plain, duration(1h));
    }
    REQUIRE(f.ended(1) == refusal::none);  // the relay's answer ends no reason
    CHECK(f.a.next_deadline() != never);
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK(f.a.next_deadline() == never);
}

TEST_CASE("probes: what is stored behind messages that the mailbox has given up waits as if it "
          "were the first "
          "[spec 3.10, 3.11]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    (void)waits(f, 5);
    REQUIRE(f.ended(1, true, true) == refusal::none);  // and B itself has said nothing
    REQUIRE(f.a.next_deadline() == never);
    f.send("bob", "y");
    (void)f.transmit();
    REQUIRE(f.stored(1) == refusal::none);
    CHECK(waits(f, 1).front() <= 75s);
}

TEST_CASE("probes: streams that rest are asked together, and each counts [spec 3.10]") {
    fixture f;
    f.up();
    for (int i = 0; i < 20; ++i) {
        f.send_and_store("peer " + std::to_string(i));
        f.clock.advance(1s);
    }
    std::size_t wakes = 0;
    std::size_t probes = 0;
    while (f.clock.now() < time_point(1h)) {
        f.clock.set(f.a.next_deadline());
        probes += f.probes();
        ++wakes;
    }
    CHECK(wakes <= 20);
    CHECK(probes >= 20 * 5);
    CHECK(probes <= 20 * 9);
}

TEST_CASE("probes: go on while the floor that B last reported is below the base [spec 3.10]") {
    fixture f = met(5);
    REQUIRE(f.state({.floor = 5}) == refusal::none);
    CHECK(f.a.next_deadline() == never);
    REQUIRE(f.state({.floor = 2}) == refusal::none);  // the last counts, not the highest
    CHECK(waits(f, 1).front() == 500ms);
    REQUIRE(f.ended(5) == refusal::none);
    REQUIRE(f.state({.floor = 4}) == refusal::none);
    CHECK(waits(f, 1).front() <= 500ms);
    REQUIRE(f.state({.floor = 5}) == refusal::none);
    CHECK(f.a.next_deadline() == never);
}

TEST_CASE("probes: come soon again while B gets on, for each of many holes is closed by one [spec "
          "3.10]") {
    fixture f = met(5);
    REQUIRE(f.state({.floor = 5}) == refusal::none);
    REQUIRE(f.state({.floor = 0}) == refusal::none);  // it has lost its memory
    CHECK(waits(f, 12).back() >= 60s);
    for (seq floor = 1; floor < 4; ++floor) {
        REQUIRE(f.state({.floor = floor}) == refusal::none);
        CHECK(waits(f, 1).front() <= 500ms);
    }
    REQUIRE(f.state({.floor = 3}) == refusal::none);  // said again, it is no progress
    CHECK(waits(f, 12).back() >= 60s);
}

TEST_CASE(
    "probes: a link that came up makes B a stranger again, if there are messages [spec 3.10]") {
    fixture f = met(1);
    f.a.link_down();
    f.up();
    CHECK(f.transmit().front().probes());  // in front of the messages
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    f.a.link_down();
    f.up();
    CHECK(f.transmit().empty());
    CHECK(f.a.next_deadline() == never);
}

TEST_CASE("probes: `waiting` asks for one at once, unless one may be on its way [spec 3.10]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    SECTION("one has just left") {
        REQUIRE(f.waiting(f.last) == refusal::none);
        CHECK(f.probes() == 0);
    }
    SECTION("the last one left long ago") {
        REQUIRE(f.echoed({.floor = 1}) == refusal::none);
        f.clock.advance(10s);
        f.send("bob", "y");
        (void)f.transmit();
        REQUIRE(f.waiting(f.last) == refusal::none);  // B has lost its state
        CHECK(f.probes() == 1);
        REQUIRE(f.waiting(f.last) == refusal::none);
        CHECK(f.probes() == 0);
    }
}

TEST_CASE("probes: wait for the record of their epoch [spec 3.10, 7.6]") {
    fixture f({}, journaling::withhold);
    f.up();
    f.send("bob", "x");
    CHECK(f.journal() == 1);
    REQUIRE(f.waiting() == refusal::none);
    f.clock.advance(1h);
    CHECK(f.transmit().empty());
    f.a.durable(1);
    CHECK(f.probes() == 1);
}

}  // namespace
}  // namespace probes_tests
