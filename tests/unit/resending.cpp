// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/lone_sender.hpp"
#include "support/test_access.hpp"

// When a sender sends what again, what it says then of its base, and how far it may go.

namespace resending_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using fixture = support::lone_sender;

/// A sender that B has met, so that it does not probe, with so many messages sent once.
fixture met(int messages, const sender_options& options = {.retry = {.first = 100ms}}) {
    fixture f(options);
    f.up();
    for (int i = 0; i < messages; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    REQUIRE(f.state({}) == refusal::none);
    return f;
}

// --- how long it waits -------------------------------------------------------------------------------

TEST_CASE(
    "resending: msg:A changes the wait from that for the relay to that for the peer [spec 3.2]") {
    fixture f = met(1);
    f.clock.advance(10ms);
    REQUIRE(f.taken(0) == refusal::none);  // the relay answers within 10 ms, B has never answered
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    f.send("bob", "y");
    (void)f.transmit();
    const time_point sent = f.clock.now();
    CHECK(f.a.next_deadline() <= sent + 38ms);  // 10 ms, four times its half, and jitter
    REQUIRE(f.taken(1) == refusal::none);
    CHECK(f.a.next_deadline() >= sent + 100ms);
    CHECK(f.a.next_deadline() <= sent + 125ms);
}

/// How long it waits for an answer to the last sending of this message, and then sends it again.
duration next_wait(fixture& f, std::uint32_t slot) {
    const time_point due = test_access::retry_of(f.a, slot);
    const duration wait = due - f.clock.now();
    f.clock.set(due);
    (void)f.transmit();
    return wait;
}

TEST_CASE(
    "resending: when B gets on, what was sent again and again goes on as at first [spec 3.2]") {
    fixture f = met(3);
    while (next_wait(f, 2) < 2s) {
    }
    const std::array<std::byte, 1> one_is_held{std::byte{0b10}};
    SECTION("it has ended more than it said before") {
        REQUIRE(f.state({.floor = 1}) == refusal::none);
    }
    SECTION("it holds more") {
        REQUIRE(f.state({.held = one_is_held}) == refusal::none);
    }
    SECTION("a message is stored") {
        REQUIRE(f.stored(0) == refusal::none);
    }
    for (const duration expected : {100ms, 100ms, 200ms}) {  // the first was the last sending's
        const duration wait = next_wait(f, 2);
        CHECK(wait >= expected);
        CHECK(wait <= expected * 5 / 4);
    }
}

TEST_CASE("resending: what B has said before is no reason to hurry [spec 3.2]") {
    fixture f = met(2);
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    while (next_wait(f, 1) < 10s) {
    }
    const time_point due = test_access::retry_of(f.a, 1);
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK(test_access::retry_of(f.a, 1) == due);
    REQUIRE(f.state({}) == refusal::none);  // an old one
    CHECK(test_access::retry_of(f.a, 1) == due);
}

TEST_CASE("resending: what is stored is not sent again [spec 3.2]") {
    fixture f = met(2);
    REQUIRE(f.stored(0) == refusal::none);
    for (int i = 0; i < 10; ++i) {
        f.clock.set(f.a.next_deadline());
        for (const seq each : f.seqs()) {
            CHECK(each == 1);
        }
    }
    CHECK(f.a.resent() > 3);
}

TEST_CASE("resending: what is held is asked for at the cap, from its last sending on, however "
          "often B says so "
          "[spec 3.7]") {
    fixture f = met(1);
    const std::array<std::byte, 1> held{std::byte{1}};
    const time_point cap = f.clock.now() + sender_options{}.retry.max;
    for (int i = 0; i < 5; ++i) {
        REQUIRE(f.state({.held = held}) == refusal::none);
        CHECK(f.a.next_deadline() == cap);
        f.clock.advance(1s);
    }
    f.clock.set(cap);
    CHECK(f.seqs() == std::vector<seq>{0});  // never stopped
}

TEST_CASE(
    "resending: what is heard of a message does not hold its tombstone back [spec 3.5, 3.7]") {
    const std::array<std::byte, 1> held{std::byte{1}};
    for (const bool is_stored : {false, true}) {
        fixture f = met(1);
        const ticket message = f.send("bob", "x");
        (void)f.transmit();
        REQUIRE(f.state({.floor = 1}) == refusal::none);
        REQUIRE(f.a.cancel(message));
        REQUIRE((is_stored ? f.stored(1) : f.state({.floor = 1, .held = held})) == refusal::none);
        CHECK(f.a.next_deadline() <= f.clock.now());
        CHECK(f.seqs() == std::vector<seq>{1});
        const time_point cap = f.clock.now() + sender_options{}.retry.max;
        REQUIRE(f.stored(1, 0) == refusal::none);  // the message, once more
        CHECK(test_access::retry_of(f.a, 1) < cap);
        REQUIRE(f.stored(1, 1) == refusal::none);
        CHECK(test_access::retry_of(f.a, 1) == cap);
    }
}

TEST_CASE(
    "resending: what was held ends when it is accepted, in a large window, too [spec 3.6, 3.7]") {
    fixture f = met(100, {.window = 128, .queue_entries = 128});
    const std::array<std::byte, 2> bits{std::byte{2}, std::byte{1}};
    REQUIRE(f.state({.held = bits}) == refusal::none);
    (void)f.news();
    REQUIRE(f.state({.accepted = bits}) == refusal::none);
    CHECK(f.news() == std::vector(2, status::delivered));
}

// --- what it says ------------------------------------------------------------------------------------

TEST_CASE("resending: every msg:R carries the lowest unfinished seq [spec 3.3]") {
    fixture f = met(4);
    const auto bases = [&f] {
        f.a.link_down();
        f.up();  // everything goes out again, and a probe
        std::vector<seq> out;
        for (const msg_request& each : f.transmit()) {
            out.push_back(each.base);
        }
        return out;
    };
    CHECK(bases() == std::vector<seq>(5, 0));
    REQUIRE(f.stored(0) == refusal::none);
    CHECK(bases() == std::vector<seq>(4, 1));
    REQUIRE(f.state({.floor = 2}) == refusal::none);
    CHECK(bases() == std::vector<seq>(3, 2));
    REQUIRE(f.stored(3) == refusal::none);
    CHECK(bases() == std::vector<seq>(2, 2));
}

TEST_CASE(
    "resending: a tombstone is unfinished, also where its message was stored [spec 3.3, 3.5]") {
    fixture f = met(1);
    REQUIRE(f.stored(0) == refusal::none);
    const ticket second = f.send("bob", "y");
    CHECK(f.transmit().back().base == 1);
    REQUIRE(f.a.cancel(test_access::queue(f.a).ticket_of(0)));
    CHECK(f.transmit().back().base == 0);
    REQUIRE(f.stored(0) == refusal::none);  // ends no tombstone
    REQUIRE(f.a.cancel(second));
    CHECK(f.transmit().back().base == 0);
    CHECK(test_access::stream(f.a, "bob").tombstones == 2);
}

TEST_CASE("resending: the attempt counts the sendings, modulo 256 [spec 3.2]") {
    fixture f = met(1, {.retry = {.first = 1ms, .min = 1ms, .max = 1ms}});
    for (int sending = 1; sending < 600; ++sending) {
        f.clock.set(f.a.next_deadline());
        const auto frames = f.transmit();
        REQUIRE(frames.size() == 1);
        CHECK(frames[0].attempt == sending % 256);
        CHECK(frames[0].seq == 0);
    }
}

// --- how far it goes ---------------------------------------------------------------------------------

TEST_CASE("resending: until B has told its window it is 64 [spec 3.4]") {
    fixture f({.window = 200});
    f.up();
    for (int i = 0; i < 250; ++i) {
        f.send("bob", "x");
    }
    CHECK(f.seqs().size() == 64);
    REQUIRE(f.state({}) == refusal::none);  // without limits
    CHECK(f.seqs().empty());
    REQUIRE(f.state({.limits = receiver_limits{.window = 100}}) == refusal::none);
    CHECK(f.seqs().size() == 36);
    REQUIRE(f.state({.limits = receiver_limits{.window = 1000}}) == refusal::none);
    CHECK(f.seqs().size() == 100);  // our own
}

}  // namespace
}  // namespace resending_tests
