// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include <sixfold/receiving/ack_ring.hpp>
#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace ack_ring_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using kind = ack_ring::kind;

constexpr time_point start{};

/// A ring in front of serial 65534, and a path of 40 ms.
struct fixture {
    ack_ring ring{0xFFFD};
    round_trip path;
    fixture() { path.sample(40ms, start); }

    ack_serial send(std::uint32_t stream, duration at = 0ms, kind what = kind::state) {
        const ack_serial serial = ring.next();
        ring.sent(what, stream, 0, start + at);
        return serial;
    }
    std::vector<std::uint32_t> lost(duration at = 0ms) {
        std::vector<std::uint32_t> out;
        while (const auto one = ring.lose(path, start + at)) {
            out.push_back(one->stream);
        }
        return out;
    }
};

TEST_CASE(
    "ack_ring: serials go on from the first, and an answer finds its request once [spec 3.25]") {
    fixture f;
    CHECK(f.send(1, 1ms) == 0xFFFE);
    CHECK(f.send(2, 2ms) == 0xFFFF);
    CHECK(f.send(3, 3ms) == 0);
    const auto second = f.ring.answered(0xFFFF);
    REQUIRE(second);
    CHECK((second->stream == 2 && second->at == start + 2ms && second->serial == 0xFFFF));
    CHECK(!f.ring.answered(0xFFFF));
    CHECK(!f.ring.answered(0xFFFD));  // of another life
    CHECK(!f.ring.answered(1));
    CHECK(!f.ring.answered(0x7FFF));
    CHECK(f.ring.answered(0)->stream == 3);
}

TEST_CASE("ack_ring: lost is what three later ones have overtaken [spec 3.5, 3.25]") {
    fixture f;
    for (std::uint32_t i = 1; i <= 4; ++i) {
        (void)f.send(i);
    }
    CHECK(f.lost().empty());
    (void)f.ring.answered(
        static_cast<ack_serial>(0xFFFE + 2));  // that of 3; two places behind the first
    CHECK(f.lost().empty());
    (void)f.ring.answered(static_cast<ack_serial>(0xFFFE + 3));
    CHECK(f.lost() == std::vector<std::uint32_t>{1});
    CHECK(f.lost().empty());
    CHECK(f.lost(44ms).empty());
    CHECK(f.ring.next_loss(f.path) == start + 45ms);
    // a later one was answered, and it is late
    CHECK(f.lost(45ms) == std::vector<std::uint32_t>{2});
    CHECK(f.ring.next_loss(f.path) == never);
}

TEST_CASE("ack_ring: what was overtaken is lost at once, whenever that is asked [spec 3.5, 3.25]") {
    fixture f;
    for (std::uint32_t i = 1; i <= 4; ++i) {
        (void)f.send(i, 7ms);
    }
    (void)f.ring.answered(static_cast<ack_serial>(0xFFFE + 2));
    CHECK(f.ring.next_loss(f.path) == start + 7ms + 45ms);
    (void)f.ring.answered(static_cast<ack_serial>(0xFFFE + 3));
    CHECK(f.ring.next_loss(f.path) == start + 7ms);
}

TEST_CASE("ack_ring: without a later one that was answered nothing is lost, however long ago [spec "
          "3.5]") {
    fixture f;
    (void)f.send(1);
    (void)f.send(2);
    CHECK(f.lost(24h).empty());
    CHECK(f.ring.next_loss(f.path) == never);
    (void)f.ring.answered(0xFFFE);
    CHECK(f.lost(24h).empty());
    SECTION("but may be given up") {
        CHECK(f.ring.give_up()->stream == 2);
        CHECK(!f.ring.give_up());
    }
}

TEST_CASE("ack_ring: one that was called lost and answered after all widens the rule [spec 3.5]") {
    fixture f;
    const auto lose_first = [&](unsigned behind) {
        const ack_serial first = f.send(1);
        for (unsigned i = 0; i < behind; ++i) {
            (void)f.send(2);
        }
        for (unsigned i = 1; i <= behind; ++i) {
            (void)f.ring.answered(static_cast<ack_serial>(first + i));
        }
        const bool lost = !f.lost().empty();
        (void)f.ring.answered(first);
        return lost;
    };
    CHECK_FALSE(lose_first(2));
    CHECK(lose_first(3));
    CHECK_FALSE(lose_first(5));
    CHECK(lose_first(6));
    CHECK_FALSE(lose_first(11));
}

TEST_CASE("ack_ring: a sync:R is measured, and neither lost nor a signal [spec 3.27]") {
    fixture f;
    (void)f.send(1);
    const ack_serial sync = f.send(0, 5ms, kind::sync);
    (void)f.send(2);
    CHECK(f.ring.answered(sync)->at == start + 5ms);
    CHECK(f.lost(1h).empty());
    CHECK(f.ring.give_up()->stream == 1);
    CHECK(f.ring.give_up()->stream == 2);
    CHECK(!f.ring.give_up());
}

TEST_CASE("ack_ring: a new link forgets all but the serials [spec 3.28]") {
    fixture f;
    for (std::uint32_t i = 0; i < 5; ++i) {
        (void)f.send(i);
    }
    (void)f.ring.answered(1);
    REQUIRE(f.lost() == std::vector<std::uint32_t>{0});
    REQUIRE(f.ring.answered(0xFFFE));  // after all: this link reorders
    const ack_serial next = f.ring.next();
    f.ring.restart();
    CHECK(f.ring.next() == next);
    CHECK(!f.ring.answered(0xFFFF));
    CHECK(!f.ring.give_up());
    for (std::uint32_t i = 0; i < 4; ++i) {
        (void)f.send(i);
    }
    REQUIRE(f.ring.answered(static_cast<ack_serial>(next + 3)));
    CHECK(f.lost() == std::vector<std::uint32_t>{0});
}

TEST_CASE("ack_ring: 2^15 may be unanswered, and no more, and of those that are the last 64 are "
          "remembered") {
    fixture f;
    while (f.ring.has_room()) {
        (void)f.send(7);
    }
    CHECK(static_cast<ack_serial>(f.ring.next() - 0xFFFE) == 0x8000);
    REQUIRE(f.ring.give_up());
    CHECK(f.ring.has_room());
    fixture g;
    const ack_serial first = g.send(1);
    for (int i = 0; i < 100'000; ++i) {
        (void)g.ring.answered(g.send(2));
        (void)g.lost();
    }
    CHECK(g.ring.has_room());
    CHECK(!g.ring.answered(first));
    CHECK(support::allocations_in([&] {
              for (int i = 0; i < 1000; ++i) {
                  (void)g.ring.answered(g.send(2));
              }
          }) == 0);
}

TEST_CASE(
    "ack_ring: the last 64 are remembered, and where few wait at once the last 32 [spec 3.25]") {
    const auto is_remembered = [](unsigned open, unsigned behind) {
        fixture f;
        const ack_serial first = f.send(0, 0ms, kind::sync);
        for (unsigned i = 1; i <= behind; ++i) {
            (void)f.send(1);
            if (i > open) {
                (void)f.ring.answered(static_cast<ack_serial>(f.ring.next() - 1U - open));
            }
        }
        return f.ring.answered(first).has_value();
    };
    for (const auto& [open, behind] : {std::pair(1U, 31U), {8U, 31U}, {9U, 63U}, {40U, 63U}}) {
        CAPTURE(open);
        CHECK(is_remembered(open, behind));
        CHECK_FALSE(is_remembered(open, behind + 1));
    }
}

}  // namespace
}  // namespace ack_ring_tests
