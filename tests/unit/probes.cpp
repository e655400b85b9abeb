// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
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

bool probes(fixture& f) {
    return test_access::probe_of(f.a, "bob") != never;
}

/// The relay's answer to a probe: it never ends one.
void relay_answers(fixture& f, seq low) {
    const bool before = probes(f);
    REQUIRE(f.a.handle(ack_notify{
                .from = "bob", .epoch = f.stream(), .word = ack_word::ended, .low = low}) ==
            refusal::none);
    CHECK(probes(f) == before);
}

TEST_CASE("probes: go on while something is stored and its end is not known [spec 3.9]") {
    fixture f({.probe_max = 4s});
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.state({}) == refusal::none);
    CHECK_FALSE(probes(f));
    REQUIRE(f.stored(0) == refusal::none);
    CHECK(probes(f));
    const auto all = waits(f, 12);
    CHECK(all.front() < all.back());
    CHECK(all.back() >= 4s);
    CHECK(all.back() <= 5s);
    relay_answers(f, 1);
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK_FALSE(probes(f));
}

TEST_CASE("probes: go on while the floor that B last reported is below the base [spec 3.9]") {
    fixture f;
    f.up();
    for (int i = 0; i < 5; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    REQUIRE(f.state({.floor = 5}) == refusal::none);
    CHECK_FALSE(probes(f));
    REQUIRE(f.state({.floor = 2}) == refusal::none);  // the last counts, not the highest
    CHECK(probes(f));
    relay_answers(f, 5);
    REQUIRE(f.state({.floor = 4}) == refusal::none);
    CHECK(probes(f));
    REQUIRE(f.state({.floor = 5}) == refusal::none);
    CHECK_FALSE(probes(f));
}

TEST_CASE(
    "probes: come soon again while B gets on, for each of many holes is closed by one [spec 3.9]") {
    fixture f({.probe_max = 60s});
    f.up();
    for (int i = 0; i < 5; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    REQUIRE(f.state({.floor = 4}) == refusal::none);
    REQUIRE(f.state({.floor = 0}) == refusal::none);  // it has lost its memory
    const auto slow = waits(f, 12);
    CHECK(slow.back() >= 60s);
    for (seq floor = 1; floor < 4; ++floor) {
        REQUIRE(f.state({.floor = floor}) == refusal::none);
        CHECK(waits(f, 1).front() < 2s);
    }
    REQUIRE(f.state({.floor = 3}) == refusal::none);  // said again, it is no progress
    CHECK(waits(f, 12).back() >= 60s);

    REQUIRE(f.stored(4) == refusal::none);  // what is fetched needs no probes
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    const time_point due = test_access::probe_of(f.a, "bob");
    REQUIRE(f.state({.floor = 2}) == refusal::none);
    CHECK(test_access::probe_of(f.a, "bob") == due);
}

TEST_CASE("probes: begin when B gets on but has forgotten what it had beyond [spec 3.9]") {
    const std::array<std::byte, 1> beyond{std::byte{0b110}};
    fixture f;
    f.up();
    for (int i = 0; i < 3; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    REQUIRE(f.state({.floor = 0, .accepted = beyond}) == refusal::none);
    CHECK_FALSE(probes(f));
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK(waits(f, 1).front() < 2s);
}

TEST_CASE(
    "probes: a link that came up makes B a stranger again, if there are messages [spec 3.9]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.state({}) == refusal::none);
    f.a.link_down();
    f.up();
    CHECK(f.transmit().front().form == form::probe);  // in front of the messages
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    f.a.link_down();
    f.up();
    CHECK(f.transmit().empty());
    CHECK_FALSE(probes(f));
}

TEST_CASE("probes: `waiting` asks for one at once, unless one may be on its way [spec 3.9]") {
    fixture f({.retry = {.first = 100ms}});
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    SECTION("one has just left") {
        REQUIRE(f.waiting() == refusal::none);
        CHECK(f.probes() == 0);
        f.clock.advance(99ms);
        CHECK(f.probes() == 0);
        f.clock.advance(1ms);
        REQUIRE(f.waiting() == refusal::none);
        CHECK(f.probes() == 1);
    }
    SECTION("the last one has been answered long ago") {
        REQUIRE(f.state({}) == refusal::none);
        f.clock.advance(10s);
        CHECK(f.probes() == 0);
        REQUIRE(f.waiting() == refusal::none);  // B has lost its state
        CHECK(f.probes() == 1);
        REQUIRE(f.waiting() == refusal::none);
        CHECK(f.probes() == 0);
    }
}

TEST_CASE("probes: while B says `waiting` there are at most 16 time-outs between them [spec 3.9]") {
    fixture f({.retry = {.first = 100ms}, .probe_max = 60s});
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    CHECK(waits(f, 20).back() >= 60s);
    for (int i = 0; i < 20; ++i) {
        REQUIRE(f.waiting() == refusal::none);
        CHECK(waits(f, 1).front() <= (i == 0 ? 75s : 2s));  // 16 times 100 ms, and jitter
    }
}

TEST_CASE("probes: wait for the record of their epoch [spec 3.9, 7.6]") {
    fixture f({}, journaling::withhold);
    f.up();
    f.send("bob", "x");
    CHECK(f.journal() == 1);
    f.clock.advance(1h);
    CHECK(f.transmit().empty());
    f.a.durable(1);
    CHECK(f.probes() == 1);
}

}  // namespace
}  // namespace probes_tests
