// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include <sixfold/sixfold.hpp>
#include "scenario/bottleneck.hpp"
#include "support/catch.hpp"
#include "support/lone_sender.hpp"
#include "support/test_access.hpp"

// How a sender lives with the window of its link: what waits in line, and whose timers go on meanwhile. (spec 3.30)

namespace flight_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using fixture = support::lone_sender;

const std::string large(1000, 'x');

/// Two packets may be under way, and messages to several wait.
fixture full() {
    fixture f({.flight_first = 2400});
    f.up();
    for (int i = 0; i < 4; ++i) {
        f.send("bob", large);
        f.send("carol", large);
    }
    return f;
}

TEST_CASE("flight: what fits the window leaves, and the rest when it is answered [spec 3.30]") {
    fixture f = full();
    const auto first = f.transmit();
    CHECK(first.size() >= 1);
    CHECK(first.size() < 8);
    CHECK(f.transmit().empty());
    const time_point due = f.a.next_deadline();
    CHECK(due > f.clock.now());  // nobody asks without need
    CHECK(due != never);         // and nobody waits for ever
    f.clock.advance(50ms);
    for (const auto& each : first) {
        REQUIRE(f.a.handle(msg_answer{.to = each.to, .number = each.number}) == refusal::none);
    }
    CHECK(f.a.next_deadline() <= f.clock.now());
    CHECK(!f.seqs().empty());
}

TEST_CASE("flight: who waits in line is told by its timer all the same [spec 3.6, 3.30]") {
    fixture f = full();
    (void)f.transmit();
    REQUIRE(f.state({}) == refusal::none);  // bob's stream is looked at again, in line
    (void)f.transmit();
    f.send("dave", large);  // and somebody comes while nothing may leave
    std::size_t all = 0;
    for (int turn = 0; turn < 100 && all < 9; ++turn) {
        REQUIRE(f.a.next_deadline() != never);
        f.clock.set((std::max)(f.clock.now(), f.a.next_deadline()));
        for (const auto& each : f.transmit()) {
            all += each.messages.size();
            REQUIRE(f.a.handle(msg_answer{.to = each.to, .number = each.number}) == refusal::none);
        }
    }
    CHECK(all >= 9);
}

TEST_CASE("flight: a small message waits for one run of a bulk to somebody else, not for the bulk "
          "[spec 3.6, "
          "3.30]") {
    fixture f({.flight_first = 4000});
    f.up();
    for (int i = 0; i < 64; ++i) {
        f.send("bob", large);
    }
    const auto first = f.transmit();
    CHECK(first.size() <= 4);
    f.send("carol", "hello");
    CHECK(f.transmit().empty());
    f.clock.advance(50ms);
    REQUIRE(f.a.handle(msg_answer{.to = "bob", .number = first.back().number}) == refusal::none);
    std::size_t before = 0;  // runs to Bob
    bool has_left = false;
    for (const auto& each : f.transmit()) {
        has_left = has_left || each.to == peer("carol");
        before += std::size_t{!has_left && !each.probes()};
    }
    CHECK(has_left);
    CHECK(before <= 1);
}

TEST_CASE("flight: acknowledgements do not wait for the window, and go first [spec 3.30]") {
    manual_clock clock;
    client_options options{.self = "alice", .life = {.start = 1, .seed = 1}};
    options.sender.flight_first = 2400;
    client alice = client::create(clock, options).value();
    alice.link_up();
    std::array<std::byte, 1200> buffer{};
    const auto kind_of_next = [&]() -> std::optional<bool> {
        const auto packet = alice.poll_transmit(buffer);
        frame decoded;
        if (!packet ||
            decode(*packet_reader(*packet).next(), framing("alice"), decoded) != refusal::none) {
            return std::nullopt;
        }
        return std::holds_alternative<ack_request>(decoded);
    };
    for (int i = 0; i < 20; ++i) {
        REQUIRE(alice.send("bob", as_bytes(large)).has_value());
    }
    while (kind_of_next()) {
    }
    std::array<std::byte, 100> notice{};
    const std::size_t size = encode(msg_notify{.from = "carol", .epoch = epoch{7}, .number = 1},
                                    framing("alice"), notice);
    REQUIRE(size != 0);
    alice.handle(std::span(notice).first(size));
    CHECK(kind_of_next() == true);
    CHECK_FALSE(kind_of_next());
}

TEST_CASE("flight: on a slow uplink that loses, all arrive, and what rides again waits for room "
          "[spec 3.29, 3.30]") {
    const scenario::bottleneck_outcome out =
        scenario::bottleneck(
            {.mbit = .256, .queue = 200ms, .loss = .1, .messages = 100, .size = 250, .time = 60s})
            .run();
    REQUIRE(out.done.size() == 1);
    CHECK(out.done[0] > 0);
    CHECK(out.done[0] < 30);
    CHECK(out.sent_again <= 200);
}

}  // namespace
}  // namespace flight_tests
