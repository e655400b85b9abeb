// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "hostile/lone_bob.hpp"
#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/catch.hpp"

// Clocks that are wrong.

namespace clocks_tests {
namespace {

using namespace hostile;

constexpr time_point beginning = (time_point::min)();

/// How many frames a client has to send until it has no more; a thousand stand for a storm, or no end.
std::size_t frames(client& who) {
    std::array<std::byte, 4096> buffer{};
    std::size_t count = 0;
    for (auto packet = who.poll_transmit(buffer); packet && count < 1000;
         packet = who.poll_transmit(buffer)) {
        packet_reader reader(*packet);
        while (reader.next()) {
            ++count;
        }
    }
    return count;
}

/// Alice has filled her window, and nobody answers.
void fill(scene& s) {
    s.send(s.alice, "bob", 60);
    s.lose(s.alice);
    (void)scene::heard(s.alice);
}

}  // namespace

TEST_CASE("hostile 49: a clock that goes back, jumps ahead, or stands at either end of time") {
    // One burst, a probe and an acknowledgement for each peer, and sync:R.
    constexpr std::size_t burst = 32 + 2 + 2 + 1;
    SECTION("back: it stands still, and whatever happens then is as if it had not gone back") {
        scene s;
        fill(s);
        const time_point now = s.clock.now();
        const blob probe =
            encoded(msg_notify{.from = "alice", .epoch = s.of_alice(), .number = 99}, "bob");
        client other_alice = test_access::copy_of(s.alice);
        client other_bob = test_access::copy_of(s.bob);
        const auto act = [&](client& sending, client& receiving) {
            s.send(sending, "dave", 1);
            CHECK(frames(sending) >= 1);
            CHECK(receiving.handle(probe) == refusal::none);
            CHECK(frames(receiving) == 1);
        };
        for (const time_point wrong : {now - 1ns, now - 24h * 365, time_point(-1h), beginning}) {
            s.clock.set(wrong);
            act(s.alice, s.bob);
            CHECK(s.alice.next_deadline() >= now);
            CHECK(s.bob.next_deadline() >= now);
            s.clock.set(now);
            act(other_alice, other_bob);
        }
        CHECK(portrait(s.alice, s.clock) == portrait(other_alice, s.clock));
        CHECK(portrait(s.bob, s.clock) == portrait(other_bob, s.clock));
    }
    SECTION("a year ahead: one burst, and the next one when it may come") {
        scene s;
        fill(s);
        for (int year = 0; year < 20; ++year) {
            s.clock.advance(24h * 365);
            const std::size_t now = frames(s.alice);
            CHECK(now >= 1);  // the lowest that are out, as one run
            CHECK(now <= burst);
            CHECK(s.alice.next_deadline() > s.clock.now());
            CHECK(frames(s.bob) <= burst);
        }
    }
    SECTION("the end of time: one burst, then no timer comes any more, but frames and links do") {
        scene s;
        fill(s);
        s.clock.set(never);
        CHECK(frames(s.alice) <= burst);
        CHECK(frames(s.bob) <= burst);
        CHECK(frames(s.alice) + frames(s.bob) == 0);
        s.clock.set(
            time_point(2h));  // it was a moment's error; for these machines it is late for ever
        CHECK(frames(s.alice) + frames(s.bob) == 0);
        std::size_t shown = 0;
        for (int i = 0; i < 3; ++i) {
            s.alice.link_down();
            s.link(s.alice, at_alice);
            shown += s.finish();
        }
        CHECK(shown == 62);
        const std::vector<status> ends = scene::heard(s.alice);
        CHECK(std::count(ends.begin(), ends.end(), status::delivered) == 63);
    }
    SECTION("the beginning of time, and from there to the end") {
        manual_clock clock;
        clock.set(beginning);
        client alice = client::create(clock, small("alice")).value();
        alice.link_up();
        REQUIRE(alice.send("bob", as_bytes("text"), {.expires_after = (duration::max)() - 1ns}));
        CHECK(frames(alice) > 0);
        for (int step = 0; step < 64; ++step) {  // twice as far each time
            clock.set(later(beginning, duration((std::int64_t{1} << (step % 63)) - 1)));
            CHECK(frames(alice) <= burst);
            CHECK(alice.next_deadline() >= time_point());
        }
        clock.set(never);
        (void)frames(alice);
        CHECK(frames(alice) == 0);
    }
    SECTION("round trips of centuries, and negative ones, leave timers within their cap") {
        lone_bob in;
        const auto acknowledge = [&] {
            REQUIRE(in.bob.handle(encoded(
                        ack_answer{receiver_access::state_serial(in.bob.receiver(), "alice")},
                        "bob")) == refusal::none);
        };
        for (const time_point when : {time_point(24h * 365 * 200), time_point(1h), never - 24h}) {
            REQUIRE(in.probe() == refusal::none);
            CHECK(in.answer().states == 1);
            in.clock.set(when);
            acknowledge();
        }
        REQUIRE(in.probe() == refusal::none);
        CHECK(in.answer().states == 1);
        const duration wait = in.bob.next_deadline() - in.clock.now();
        CHECK(wait >= 0s);
        CHECK(wait <= 30s * 5 / 4);
    }
    SECTION("a round through the mailbox that waits longer each time, without bound") {
        lone_bob in({.sync_interval = (duration::max)()});
        for (int round = 0; round < 3; ++round) {
            in.bob.link_down();
            in.bob.link_up();
            std::array<std::byte, 4096> buffer{};
            const auto asked = in.bob.poll_transmit(buffer);
            REQUIRE(asked);
            frame out;
            REQUIRE(decode(*asked, framing("bob"), out) == refusal::none);
            const auto* sync = std::get_if<sync_request>(&out);
            REQUIRE(sync != nullptr);
            REQUIRE(in.bob.handle(encoded(sync_answer{.serial = sync->serial}, "bob")) ==
                    refusal::none);
            in.clock.advance(1s);
            (void)frames(in.bob);
            CHECK(in.bob.next_deadline() - in.clock.now() > 24h * 365 * 100);
        }
    }
}

}  // namespace clocks_tests
