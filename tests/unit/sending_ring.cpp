// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <sixfold/sending/sending_ring.hpp>
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace sending_ring_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using numbers = std::vector<sending_number>;
using standing = sending::standing;

/// A ring whose messages all wait for their sendings, but those of `done`. Times are given in milliseconds.
struct fixture {
    sending_ring ring;
    round_trip hop;
    round_trip way;
    std::set<sending_number> done;

    explicit fixture(sending_number first = 100) : ring(first) {}

    /// So many runs of one message, a millisecond apart.
    void send(int count, int at = 0) {
        for (int i = 0; i < count; ++i) {
            (void)ring.add({.at = time_point(std::chrono::milliseconds(at + i)),
                            .first = seq(at) + static_cast<seq>(i),
                            .count = 1});
        }
    }
    [[nodiscard]] auto carries() const {
        return [this](const sending&, sending_number number) {
            return done.count(number) == 0;
        };
    }
    numbers lost(int now, bool with_hop = true) {
        numbers out;
        next = ring.lose(time_point(std::chrono::milliseconds(now)), with_hop ? &hop : nullptr, way,
                         carries(),
                         [&out](const sending&, sending_number number) { out.push_back(number); });
        return out;
    }
    numbers arrived(const echo& seen) {
        numbers out;
        ring.told(seen, [&out](const sending&, sending_number number) { out.push_back(number); });
        return out;
    }
    [[nodiscard]] standing of(sending_number number) const { return ring.find(number)->now; }

    time_point next = never;  // when the next one is lost, as `lose` said
};

// --- numbers -----------------------------------------------------------------------------------------

TEST_CASE("sending_ring: numbers count up from the first one, modulo 2^16 [spec 1.6]") {
    fixture f(65'534);
    f.send(4);
    CHECK(f.ring.next() == 2);
    for (const auto& [number, which] : {std::pair(65'534, 0U), {65'535, 1U}, {0, 2U}, {1, 3U}}) {
        const sending* const found = f.ring.find(static_cast<sending_number>(number));
        REQUIRE(found != nullptr);
        CHECK(found->first == which);
    }
    CHECK(f.ring.find(65'533) == nullptr);
    CHECK(f.ring.find(2) == nullptr);
}

TEST_CASE(
    "sending_ring: of what is settled the last 64 are remembered, of what is open all [spec 3.2]") {
    fixture f;
    f.send(200);
    for (sending_number number = 101; number < 300; ++number) {
        CHECK(f.ring.told(number, signal::way));
    }
    CHECK(f.ring.find(100) != nullptr);
    CHECK(test_access::remembered(f.ring) == 200);  // those behind an open one, too
    CHECK(f.ring.told(100, signal::way));
    CHECK(f.ring.idle());
    CHECK(test_access::remembered(f.ring) == 64);
    CHECK(f.ring.find(235) == nullptr);
    CHECK(f.ring.find(236) != nullptr);
    CHECK_FALSE(f.ring.told(235, signal::way));
}

TEST_CASE("sending_ring: where at most 16 are open at once, the last 64 of all are remembered, and "
          "it takes no more memory [spec 3.2]") {
    fixture f;
    const auto turns = [&](sending_number open) {
        for (int i = 0; i < 100; ++i) {
            const sending_number number = f.ring.add({.count = 1});
            (void)f.ring.told(static_cast<sending_number>(number - open), signal::way);
        }
    };
    f.send(16);
    turns(16);
    CHECK(support::allocations_in([&] { turns(16); }) == 0);
    CHECK(test_access::remembered(f.ring) == 64);
    f.send(1);
    CHECK(support::allocations_in([&] { turns(17); }) == 1);
    CHECK(test_access::remembered(f.ring) == 64 + 17);
}

TEST_CASE("sending_ring: one that was lost and is forgotten for another is not waited for") {
    fixture f;
    f.send(4);
    REQUIRE(f.ring.told(103, signal::way));
    REQUIRE(f.lost(0) == numbers{100});
    for (sending_number number = 104; f.ring.find(100) != nullptr; ++number) {
        (void)f.ring.add({.count = 1});
        (void)f.ring.told(number, signal::way);
        (void)f.lost(0);
    }
    CHECK(test_access::remembered(f.ring) == 64);
    CHECK(test_access::lost(f.ring) == 2);  // of three, each overtaken by three
    CHECK_FALSE(f.ring.told(100, signal::way));
}

TEST_CASE(
    "sending_ring: 2^15 are remembered at most, and the oldest counts as lost then [spec 3.2]") {
    fixture f;
    for (std::uint64_t i = 0; i < sending_ring::open_max; ++i) {
        (void)f.ring.add({.first = i, .count = 1});
    }
    numbers lost;
    const auto lose = [&](const sending&, sending_number number) {
        lost.push_back(number);
    };
    REQUIRE(f.ring.full());
    f.ring.lose_oldest(f.carries(), lose);
    CHECK_FALSE(f.ring.full());
    REQUIRE_FALSE(lost.empty());
    CHECK((lost.front() == 100 && lost.size() <= 65));
    for (int i = 0; i < 1000; ++i) {
        if (f.ring.full()) {
            f.ring.lose_oldest(f.carries(), lose);
        }
        (void)f.ring.add({.count = 1});
    }
    CHECK(lost.size() == 1064);  // the 64 that are remembered, and one for each
    CHECK(f.ring.find(100) == nullptr);
}

TEST_CASE("sending_ring: in the steady state it takes no memory") {
    fixture f;
    f.send(20);
    const auto turn = [&] {
        for (int i = 0; i < 500; ++i) {
            const sending_number number = f.ring.add({.count = 1});
            (void)f.ring.told(static_cast<sending_number>(number - 10), signal::way);
            (void)f.lost(0);
        }
    };
    turn();
    CHECK(support::allocations_in(turn) == 0);
}

// --- what answers say --------------------------------------------------------------------------------

TEST_CASE("sending_ring: each signal of a sending is news once [spec 3.3]") {
    fixture f;
    f.send(2);
    CHECK(f.ring.told(100, signal::hop));
    CHECK_FALSE(f.ring.told(100, signal::hop));
    CHECK((f.ring.find(100)->taken && !f.ring.find(100)->arrived && f.of(100) == standing::open));
    CHECK(f.ring.told(100, signal::way));
    CHECK_FALSE(f.ring.told(100, signal::way));
    CHECK((f.ring.find(100)->arrived && f.of(100) == standing::closed));
    CHECK_FALSE(f.ring.told(102, signal::hop));  // never sent
    CHECK_FALSE(f.ring.told(99, signal::way));
}

TEST_CASE(
    "sending_ring: an echo tells of its number and of those of the 64 before that are not missing "
    "[spec 2.10, 3.3]") {
    fixture f;
    f.send(100);
    CHECK(f.arrived({.number = 110, .missing = ~std::uint64_t{0} & ~std::uint64_t{0b101}}) ==
          numbers{107, 109, 110});
    CHECK(f.arrived({.number = 110}) == numbers{100, 101, 102, 103, 104, 105, 106, 108});
    CHECK(f.arrived({.number = 200}).empty());  // never sent
    const numbers all = f.arrived({.number = 199});
    REQUIRE(all.size() == 65);  // from 135 on: what is further back it does not speak of
    CHECK((all.front() == 135 && all.back() == 199));
    CHECK(f.of(111) == standing::open);
}

TEST_CASE("sending_ring: the number of an echo is a measure also when nothing waits for it any "
          "more [spec "
          "3.3]") {
    fixture f;
    f.send(3);
    f.ring.close(100);
    f.ring.close(101);
    CHECK(f.arrived({.number = 101}) == numbers{101});
    CHECK(f.arrived({.number = 101}).empty());
}

TEST_CASE("sending_ring: of what the relay has closed nothing is expected [spec 3.3]") {
    fixture f;
    f.send(2);
    f.ring.close(100);
    f.ring.close(77);  // never sent
    CHECK(f.of(100) == standing::closed);
    CHECK(f.ring.newest_run(f.carries())->first == 1);
}

// --- loss --------------------------------------------------------------------------------------------

TEST_CASE(
    "sending_ring: lost by order is what was sent three before what was told, by either signal "
    "[spec 3.5]") {
    for (const sixfold::signal by : {signal::hop, signal::way}) {
        fixture f;
        f.send(6);
        CHECK(f.lost(50).empty());
        (void)f.ring.told(102, by);
        CHECK(f.lost(50).empty());
        (void)f.ring.told(103, by);
        CHECK(f.lost(50) == numbers{100});
        CHECK(f.of(100) == (by == signal::hop ? standing::lost_hop : standing::lost_way));
        CHECK(f.lost(50).empty());  // once
        (void)f.ring.told(105, by);
        CHECK(f.lost(50) == numbers{101});  // 102 and 103 were told; 104 is one before
    }
}

TEST_CASE("sending_ring: lost by time is what is late when a later one was told [spec 3.5]") {
    fixture f;
    f.send(3);
    f.hop.sample(80ms, time_point{});
    CHECK(f.lost(1000).empty());  // no later one was
    CHECK(f.next == never);
    (void)f.ring.told(102, signal::hop);
    CHECK(f.lost(89).empty());
    CHECK(f.next == time_point(90ms));
    CHECK(f.lost(90) == numbers{100});
    CHECK(f.next == time_point(91ms));
    CHECK(f.lost(91) == numbers{101});
    CHECK(f.next == never);
}

TEST_CASE(
    "sending_ring: what the relay has taken is not lost by its word, but by the receiver's [spec "
    "3.5]") {
    fixture f;
    f.send(8);
    (void)f.ring.told(100, signal::hop);
    (void)f.ring.told(107, signal::hop);
    CHECK(f.lost(50) == numbers{101, 102, 103, 104});
    (void)f.ring.told(103, signal::way);  // which was needless
    CHECK(f.lost(50) == numbers{100});
}

TEST_CASE("sending_ring: without the hop only the word of the receiver makes lost [spec 3.5]") {
    fixture f;
    f.send(6);
    f.hop.sample(1ms, time_point{});
    (void)f.ring.told(105, signal::hop);
    CHECK(f.lost(1000, false).empty());
    (void)f.ring.told(104, signal::way);
    CHECK(f.lost(1000, false) == numbers{100, 101});
}

TEST_CASE("sending_ring: what nobody waits for is not lost, but closed [spec 3.6]") {
    fixture f;
    f.send(6);
    f.done = {100, 101};
    (void)f.ring.told(105, signal::way);
    CHECK(f.lost(50) == numbers{102});
    CHECK(f.of(100) == standing::closed);
    (void)f.ring.add({.count = 0});  // for a probe the stream waits
    f.send(3);
    (void)f.ring.told(109, signal::way);
    CHECK(f.lost(50) == numbers{103, 104, 106});
}

TEST_CASE(
    "sending_ring: a lost one that is told after all was needless, if it is the same signal [spec "
    "3.5]") {
    fixture f;
    f.send(4);
    (void)f.ring.told(103, signal::hop);
    REQUIRE(f.lost(50) == numbers{100});
    SECTION("by the other signal") {
        CHECK(f.arrived({.number = 100}) == numbers{100});
        CHECK(test_access::rule(f.ring, signal::hop).by_order(3));
        CHECK(test_access::rule(f.ring, signal::way).by_order(3));
    }
    SECTION("by the same") {
        CHECK(f.ring.told(100, signal::hop));
        CHECK_FALSE(test_access::rule(f.ring, signal::hop).by_order(5));
        CHECK(test_access::rule(f.ring, signal::hop).by_order(6));
        CHECK(test_access::rule(f.ring, signal::way).by_order(3));
        CHECK(f.of(100) == standing::closed);
    }
}

TEST_CASE("sending_ring: needless by time widens the time [spec 3.5]") {
    fixture f;
    f.send(2);
    f.hop.sample(80ms, time_point{});
    (void)f.ring.told(101, signal::hop);
    REQUIRE(f.lost(90) == numbers{100});
    (void)f.ring.told(100, signal::hop);
    CHECK(test_access::rule(f.ring, signal::hop).patience(f.hop) == 100ms);
    CHECK(test_access::rule(f.ring, signal::hop).by_order(3));
}

TEST_CASE(
    "sending_ring: all that are open before one are lost at once when the receiver is away [spec "
    "3.3]") {
    fixture f;
    f.send(6);
    f.done = {102};
    (void)f.ring.told(101, signal::way);
    (void)f.ring.told(103, signal::hop);  // taken, which does not help it now
    numbers lost;
    const auto lose = [&](const sending&, sending_number number) {
        lost.push_back(number);
    };
    f.ring.lose_before(77, f.carries(), lose);  // nobody knows when that was
    CHECK(lost.empty());
    f.ring.lose_before(104, f.carries(), lose);
    CHECK(lost == numbers{100, 103});
    CHECK(f.of(104) == standing::open);
    f.ring.lose_before(f.ring.next(), f.carries(), lose);
    CHECK(lost == numbers{100, 103, 104, 105});
}

TEST_CASE("sending_ring: the newest run is the last that is open and waited for, and no probe "
          "[spec 3.6]") {
    fixture f;
    CHECK(f.ring.newest_run(f.carries()) == nullptr);
    f.send(3);
    (void)f.ring.add({.count = 0});
    CHECK(f.ring.newest_run(f.carries())->first == 2);
    f.done = {102};
    CHECK(f.ring.newest_run(f.carries())->first == 1);
    CHECK(f.of(102) == standing::closed);
    (void)f.ring.told(101, signal::hop);
    CHECK(f.ring.newest_run(f.carries())->taken);
    (void)f.ring.told(101, signal::way);
    CHECK(f.ring.newest_run(f.carries())->first == 0);
    f.done = {100};
    CHECK(f.ring.newest_run(f.carries()) == nullptr);
}

// --- a new epoch -------------------------------------------------------------------------------------

TEST_CASE("sending_ring: a new epoch forgets all sendings, while numbers and what is known of the "
          "path go on "
          "[spec 3.2]") {
    fixture f;
    f.send(10);
    (void)f.ring.told(108, signal::hop);
    (void)f.ring.told(107, signal::way);
    REQUIRE_FALSE(f.lost(50).empty());
    (void)f.ring.told(100, signal::hop);
    const sending_ring before = f.ring;
    f.ring.forget();
    CHECK(f.ring.idle());
    CHECK(f.ring.next() == 110);
    CHECK(f.ring.find(109) == nullptr);
    CHECK(f.lost(1000).empty());
    CHECK(test_access::differing(f.ring, sending_ring(100)) ==
          test_access::names{"begin", "end", "expected", "judged", "stranded", "rules"});
    CHECK(test_access::differing(before, sending_ring(1)) ==
          test_access::names{"end", "told", "expected", "rules", "lost", "origin"});
}

TEST_CASE(
    "sending_ring: an echo that misses what another one has seen is an older one [spec 3.8]") {
    fixture f(100);
    f.send(80);
    (void)f.arrived(echo{.number = 150});
    (void)f.ring.told(151, signal::way);  // by another word than an echo
    const echo older{.number = 152, .missing = 0b1111};
    CHECK(f.ring.is_news_to(older, 150));
    CHECK(!f.ring.is_news_to(older, 147));
    CHECK(!f.ring.is_news_to(older, 151));
    CHECK(!f.ring.is_news_to(echo{.number = 153}, 150));
    CHECK(!f.ring.is_news_to(echo{.number = 149}, 150));  // which says nothing of later ones
    CHECK(!f.ring.is_news_to(echo{.number = 179, .missing = ~std::uint64_t{0}}, 100));
    CHECK(!f.ring.is_news_to(echo{.number = 99}, 150));
    CHECK(!f.ring.is_news_to(older, 99));
}

}  // namespace
}  // namespace sending_ring_tests
