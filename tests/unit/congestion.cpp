// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <chrono>
#include <cstdint>

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
    "congestion: while it opens the window grows by what is answered, until a queue stands, and "
    "then it shrinks by that [spec 3.30]") {
    fixture f;
    f.round(50ms);
    CHECK(f.link.window() == 24'000);
    f.round(51ms);  // noise
    CHECK(f.link.window() == 48'000);
    f.round(80ms);
    CHECK(f.link.window() == 48'000);  // what waited in a queue adds nothing
    f.round(80ms);                     // a round trip is judged when it is over
    const std::uint64_t before = f.link.window();
    CHECK((before > 29'900 && before < 30'100));
    f.round(50ms);
    const std::uint64_t grown = f.link.window() - before;
    const std::uint64_t step = detail::root_of(before * 1200) / 2 / 3;
    CHECK((grown > step / 2 && grown < 2 * step));
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
    for (int i = 0; i < 9; ++i) {
        f.round(150ms);  // another's queue, as it turns out
    }
    const std::uint64_t full = f.link.window();
    f.fill(true);
    f.link.lost(f.now, f.now);
    CHECK(f.link.window() == full * 7 / 10);
    f.link.lost(f.now - 1ms, f.now);
    f.link.lost(f.now - 2ms, f.now);
    CHECK(f.link.window() == full * 7 / 10);
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

TEST_CASE("congestion: a queue that stands whatever we do is another's: the window comes back, and "
          "for 128 round trips only losses count [spec 3.30]") {
    fixture f;
    f.settle();
    f.round(150ms);
    const std::uint64_t before = f.link.window();
    std::uint64_t least = before;
    for (int i = 0; i < 9; ++i) {
        f.round(150ms);
        least = (std::min)(least, f.link.window());
    }
    CHECK(least < before / 2);
    CHECK(f.link.window() >= before);
    std::uint64_t highest = f.link.window();
    for (int i = 0; i < 110; ++i) {
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
    CHECK(lowest < highest / 2);
    CHECK(f.link.window() > highest / 2);
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
