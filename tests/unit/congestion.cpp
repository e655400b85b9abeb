// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <tuple>

#include <sixfold/parts/number.hpp>
#include <sixfold/sending/congestion.hpp>
#include "support/catch.hpp"

namespace congestion_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

constexpr std::uint32_t first = 12'000;

/// A link of which each round trip is played at once: it is full, and all of it is answered.
struct fixture {
    explicit fixture(transport over = transport::datagrams, bool awaited = false) : link(first) {
        link.link_up(over, awaited);
    }
    /// So long a round trip, which is limited, or not; a part of what was sent in it is lost.
    void round(duration trip, bool limited = true, bool one_is_lost = false) {
        const time_point sent = now;
        fill(limited);
        now += trip;
        if (one_is_lost) {
            link.lost(sent, now);
        }
        for (std::uint64_t left = link.window(); left >= 1000; left -= 1000) {
            link.answered(1000, sent, now);
            if (limited) {
                link.held_back();
            }
        }
        now += 1us;
    }
    void fill(bool limited) {
        if (limited) {
            link.held_back();
        }
    }
    /// The opening is over, with a queue that goes away.
    void settle() {
        round(50ms);
        round(100ms);
        round(100ms);
        round(50ms);
        round(50ms);
    }
    congestion link;
    time_point now{1h};
};

TEST_CASE("congestion: something leaves while it fits the window, or nothing is under way [spec "
          "3.30]") {
    fixture f;
    CHECK(f.link.window() == 12'000);
    f.link.under_way(0, 10'800);
    CHECK(f.link.has_room());
    CHECK_FALSE(f.link.may_repeat());
    f.link.under_way(10'800, 10'801);
    CHECK_FALSE(f.link.has_room());
    f.link.under_way(10'801, 6'000);
    CHECK((f.link.has_room() && f.link.may_repeat() && f.link.flight() == 6'000));
    f.link.under_way(6'000, 0);

    fixture after_an_outage(transport::datagrams, true);
    CHECK(after_an_outage.link.window() == 1'800);
    after_an_outage.link.under_way(0, 600);
    CHECK(after_an_outage.link.has_room());
    after_an_outage.link.under_way(600, 601);
    CHECK_FALSE(after_an_outage.link.has_room());
}

TEST_CASE("congestion: a byte stream has no window, nor has who wants none [spec 3.30]") {
    fixture stream(transport::byte_stream, true);
    congestion none(0);
    none.link_up(transport::datagrams, true);
    for (congestion* const each : {&stream.link, &none}) {
        each->under_way(0, std::uint64_t{1} << 40);
        each->held_back();
        each->timed_out(true, stream.now);
        CHECK((each->has_room() && each->may_repeat()));
    }
}

TEST_CASE("congestion: who is not limited changes no window by answers, queues or losses "
          "[spec 3.30]") {
    fixture f;
    f.round(50ms, false);
    f.round(500ms, false, true);
    f.round(500ms, false, true);
    f.link.timed_out(false, f.now);
    CHECK(f.link.window() == 12'000);
}

TEST_CASE(
    "congestion: who only repeats less than he would makes the window grow, and no loss and no "
    "jitter shrink it, but a queue does [spec 3.29, 3.30]") {
    fixture f;
    const auto round = [&f](duration trip) {
        const time_point sent = f.now;
        f.link.under_way(0, f.link.window());
        CHECK_FALSE(f.link.may_repeat());
        f.now += trip;
        f.link.under_way(f.link.window(), 0);
        f.link.lost(sent, f.now);
        f.link.timed_out(false, f.now);
        f.link.answered(6'000, sent, f.now);
        f.now += 1us;
    };
    round(50ms);
    round(50ms);
    CHECK(f.link.window() == 24'000);
    round(50ms);
    const std::uint64_t grown = f.link.window();
    round(74ms);
    round(74ms);
    CHECK(f.link.window() == grown);
    round(80ms);
    round(80ms);
    CHECK(f.link.window() < grown);
}

TEST_CASE(
    "congestion: while it opens the window grows by what is answered, until a queue stands: it "
    "drains for a round trip, and goes on with what the path carries [spec 3.30]") {
    fixture f;
    f.round(50ms);
    CHECK(f.link.window() == 24'000);
    f.round(51ms);  // noise
    CHECK(f.link.window() == 48'000);
    f.round(80ms);
    CHECK(f.link.window() == 48'000);  // what waited in a queue adds nothing
    f.round(80ms);                     // a round trip is judged when it is over
    CHECK(f.link.window() == 6'000);
    f.round(60ms, true, true);  // what is lost is not ours
    f.link.lost(f.now, f.now);
    CHECK(f.link.window() == 6'000);
    f.round(50ms);
    const std::uint64_t step = (1200 + detail::root_of(30'000 * 1200) / 2) / 5;
    CHECK((f.link.window() > 30'000 && f.link.window() < 30'000 + step));
    const std::uint64_t before = f.link.window();
    f.round(50ms);
    CHECK((f.link.window() > before + step * 9 / 10 && f.link.window() < before + step * 11 / 10));
}

TEST_CASE("congestion: a queue shrinks the window by twice what is ours of it, and by no more than "
          "three tenths [spec 3.30]") {
    const auto [trip, least, most] = GENERATE(
        std::tuple(56ms, .99, 1.2), std::tuple(58ms, .71, .75), std::tuple(150ms, .69, .701));
    CAPTURE(trip.count());
    fixture f;
    f.settle();
    for (int i = 0; i < 10; ++i) {
        f.round(50ms);
    }
    f.round(trip);
    const auto before = static_cast<double>(f.link.window());
    f.round(trip);
    CHECK(static_cast<double>(f.link.window()) >= least * before);
    CHECK(static_cast<double>(f.link.window()) <= most * before);
}

TEST_CASE("congestion: a loss shrinks the window where a queue stands, and once for all that was "
          "under way, else it is chance [spec 3.30]") {
    fixture f;
    f.fill(true);
    f.link.lost(f.now, f.now);  // nothing was ever answered, so nobody knows of a queue
    CHECK(f.link.window() == first);
    f.settle();
    const std::uint64_t before = f.link.window();
    f.round(50ms, true, true);
    f.round(53ms, true, true);  // less than may stand there
    CHECK(f.link.window() >= before);
    f.round(150ms);
    f.round(150ms);
    const std::uint64_t full = f.link.window();
    f.fill(true);
    f.link.lost(f.now, f.now);
    CHECK(f.link.window() == full - full * 3 / 10);
    f.link.lost(f.now - 1ms, f.now);
    f.link.lost(f.now - 2ms, f.now);
    CHECK(f.link.window() == full - full * 3 / 10);
}

TEST_CASE("congestion: where more than half is lost, it shrinks without a queue, too [spec "
          "3.30]") {
    fixture f;
    f.settle();
    const std::uint64_t before = f.link.window();
    f.fill(true);
    for (int i = 0; i < 50; ++i) {
        f.link.lost(f.now, f.now);
    }
    CHECK(f.link.window() == before);
    for (int i = 0; i < 60; ++i) {
        f.link.lost(f.now, f.now);
    }
    CHECK(f.link.window() < before);
}

TEST_CASE("congestion: a queue that was not short for a second drains, and the window is then what "
          "the path carries [spec 3.30]") {
    fixture f;
    f.settle();
    std::uint64_t before = f.link.window();
    int rounds = 0;
    while (f.link.window() > before / 5) {
        before = f.link.window();
        f.round(58ms);  // others are in it, too
        REQUIRE(++rounds < 30);
    }
    CHECK(rounds >= 17);
    f.round(52ms);
    CHECK(f.link.window() < before / 5);
    const bool silent = GENERATE(false, true);
    if (silent) {
        f.link.timed_out(false, f.now);
        f.round(52ms);
    }
    f.round(52ms);
    const std::uint64_t carried = before * 50 / 58 * (silent ? 7 : 10) / 10;
    CHECK((f.link.window() > carried * 9 / 10 && f.link.window() < carried * 11 / 10));
    CHECK(f.link.window() < before);
}

TEST_CASE("congestion: a queue that two drains do not shorten is another's: the window comes back, "
          "and for 128 round trips only losses count [spec 3.30]") {
    fixture f;
    f.settle();
    const std::uint64_t before = f.link.window();
    std::uint64_t least = before;
    int rounds = 0;
    do {
        f.round(150ms);
        least = (std::min)(least, f.link.window());
        REQUIRE(++rounds < 30);
    } while (rounds < 3 || f.link.window() < before);
    CHECK(rounds >= 14);  // two seconds
    CHECK(least == 2'400);
    for (int i = 0; i < 10; ++i) {
        f.round(150ms, false);  // nobody asks for room: but for the first two they do not count
    }
    std::uint64_t highest = f.link.window();
    for (int i = 0; i < 124; ++i) {
        f.round(150ms);
        CHECK(f.link.window() >= highest);
        highest = f.link.window();
    }
    f.round(150ms, true, true);
    CHECK(f.link.window() < highest);
    std::uint64_t lowest = highest;
    for (int i = 0; i < 26; ++i) {
        f.round(150ms);  // once more it is tried whether the queue is ours
        lowest = (std::min)(lowest, f.link.window());
    }
    CHECK(lowest < highest / 5);
    CHECK(f.link.window() > highest / 2);
}

TEST_CASE("congestion: a drain in vain does not count when the queue was short since, nor when "
          "nobody asked for room [spec 3.30]") {
    const bool limited = GENERATE(false, true);
    fixture f;
    f.settle();
    for (int i = 0; i < 4; ++i) {
        for (int k = 0; k < 10; ++k) {
            f.round(150ms);  // one drain
        }
        f.round(50ms, limited);
        f.round(50ms, limited);
        f.round(50ms, limited);
    }
    const std::uint64_t before = f.link.window();
    f.round(150ms);
    f.round(150ms);
    f.round(150ms);
    CHECK(f.link.window() < before);  // it still is ours
}

TEST_CASE(
    "congestion: a large packet takes longer than a small one, and that is no queue [spec 3.30]") {
    fixture f;
    const auto one = [&f](std::uint64_t size, duration trip) {
        const time_point sent = f.now;
        f.now += trip;
        f.link.answered(size, sent, f.now);
        f.now += 1us;
    };
    one(100, 20ms);
    for (int i = 0; i < 3; ++i) {
        f.round(40ms);
        f.round(40ms, false);
        one(100, 20ms);
    }
    const std::uint64_t opens = f.link.window();
    f.round(40ms);
    f.round(40ms);
    CHECK(f.link.window() > 3 * opens);  // nothing waits
    f.round(60ms);
    f.round(60ms);
    CHECK(f.link.window() < opens);
}

TEST_CASE("congestion: who has sent nothing for a second has left no queue [spec 3.30]") {
    fixture f;
    f.settle();
    f.fill(true);
    f.link.answered(1000, f.now, f.now + 50ms);  // the last one
    const std::uint64_t before = f.link.window();
    f.now += 10s;
    for (int i = 0; i < 3; ++i) {
        f.round(58ms);  // late by jitter
        CHECK(f.link.window() > before / 2);
    }
}

TEST_CASE("congestion: after an outage the window opens as long as nothing waits [spec 3.30]") {
    fixture f;
    f.settle();
    f.fill(true);
    f.link.timed_out(false, f.now);
    f.now += 3s;
    f.fill(true);
    f.link.timed_out(true, f.now);
    std::uint64_t last = f.link.window();
    for (int i = 0; i < 4; ++i) {
        f.round(57ms);  // hardly
        CHECK(f.link.window() > last);
        last = f.link.window();
    }
}

TEST_CASE(
    "congestion: silence for the second time closes the window, and it opens again by answers "
    "[spec 3.30]") {
    fixture f;
    f.settle();
    const std::uint64_t before = f.link.window();
    f.fill(true);
    f.link.timed_out(false, f.now);
    CHECK(f.link.window() == before * 7 / 10);
    f.link.timed_out(true, f.now);
    CHECK(f.link.window() == 1'800);
    f.round(50ms);
    CHECK(f.link.window() > 2'700);
    const std::uint64_t opens = f.link.window();
    f.round(150ms);
    f.round(150ms);
    CHECK(f.link.window() < opens);  // a drain ends with it, too
    f.fill(true);
    f.link.timed_out(true, f.now);
    f.round(50ms);
    CHECK(f.link.window() > 1'800);
    f.link.link_up(transport::datagrams, false);
    congestion fresh(first);
    fresh.link_up(transport::datagrams, false);
    CHECK(f.link == fresh);
}

TEST_CASE("congestion: the window is never less than two packets, whatever is lost [spec 3.30]") {
    fixture f;
    f.settle();
    for (int i = 0; i < 100; ++i) {
        f.round(300ms, true, true);
        CHECK(f.link.window() >= 2'400);
    }
    f.link.answered(1000, f.now + 1h, f.now);  // not a negative one
    CHECK(f.link.window() >= 2'400);
}

}  // namespace
}  // namespace congestion_tests
