// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstdint>
#include <optional>

#include <sixfold/receiving/mailbox_sync.hpp>
#include "support/catch.hpp"

namespace mailbox_sync_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

constexpr time_point start{};

/// A request goes out, under this serial.
sync_request ask(mailbox_sync& sync, std::uint32_t serial, time_point now = start) {
    REQUIRE(sync.deadline() <= now);
    const sync_request out = sync.poll(serial);
    sync.sent(now + 1s);
    return out;
}

mailbox_key key(seq which) {
    return {"alice", {epoch{1}, which}};
}

TEST_CASE(
    "mailbox_sync: asks when the link comes up, and page by page from the last key [spec 5.4]") {
    mailbox_sync sync(30s);
    CHECK(sync.deadline() == never);
    sync.start(start);
    CHECK(!ask(sync, 1).after.has_value());
    CHECK(sync.deadline() == start + 1s);
    sync.row();
    CHECK(sync.answered({1, key(7)}, start, 100ms));
    CHECK(ask(sync, 2).after == key(7));
    CHECK(sync.answered({2, std::nullopt}, start, 100ms));
    CHECK(sync.deadline() ==
          start + 30s);  // nothing was accepted: a round more would bring the same
    CHECK(!ask(sync, 3, start + 30s).after.has_value());
}

TEST_CASE("mailbox_sync: a request that is not answered goes out again, the same page [spec 5.4]") {
    mailbox_sync sync(30s);
    sync.start(start);
    ask(sync, 1);
    REQUIRE(sync.answered({1, key(7)}, start, 100ms));
    ask(sync, 2);
    CHECK(sync.resends() == 1);
    CHECK(ask(sync, 3, start + 1s).after == key(7));
    CHECK(sync.resends() == 2);
    CHECK(sync.answered({3, key(9)}, start, 100ms));
    CHECK(!sync.answered({3, key(9)}, start, 100ms));
    CHECK(ask(sync, 4).after == key(9));
    CHECK(sync.resends() == 1);
}

TEST_CASE(
    "mailbox_sync: an answer to an earlier sending of the request is one, and where the cap is "
    "below the round "
    "trip no other comes [spec 5.4]") {
    constexpr std::uint32_t near_the_end = UINT32_MAX - 1;  // serials run on from there to 0
    mailbox_sync sync(30s);
    sync.start(start);
    ask(sync, near_the_end - 1);
    REQUIRE(sync.answered({near_the_end - 1, key(7)}, start, 100ms));
    ask(sync, near_the_end);
    ask(sync, near_the_end + 1, start + 1s);
    ask(sync, near_the_end + 2, start + 2s);
    for (const std::uint32_t foreign : {near_the_end - 1, near_the_end + 3}) {
        CHECK(!sync.answered({foreign, key(9)}, start + 2s, 100ms));
    }
    CHECK(sync.answered({near_the_end, key(9), 5}, start + 2s, 100ms));
    CHECK(!sync.answered({near_the_end + 2, key(9)}, start + 2s, 100ms));
    CHECK(ask(sync, 7, start + 2s).after == key(9));
    CHECK(!sync.answered({near_the_end + 1, key(9)}, start + 2s, 100ms));
    CHECK(sync.answered({7, std::nullopt}, start + 2s, 100ms));
    CHECK(sync.deadline() ==
          start + 32s);  // the rows of the earlier sending come with the last one: nothing is lost
}

TEST_CASE("mailbox_sync: a round in which something was accepted is followed by another at once "
          "[spec 5.4]") {
    mailbox_sync sync(30s);
    sync.start(start);
    ask(sync, 1);
    sync.row();
    sync.progress(start);
    REQUIRE(sync.answered({1, std::nullopt}, start, 100ms));
    CHECK(sync.deadline() == start);
    CHECK(!ask(sync, 2).after.has_value());
    REQUIRE(sync.answered({2, std::nullopt}, start, 100ms));  // empty now
    CHECK(sync.deadline() == start + 30s);
}

TEST_CASE(
    "mailbox_sync: rows that were passed by are asked for when the receiver gets on [spec 5.4]") {
    mailbox_sync sync(30s);
    sync.start(start);
    ask(sync, 1);
    sync.row();
    REQUIRE(sync.answered({1, std::nullopt}, start, 100ms));
    CHECK(sync.deadline() == start + 30s);
    sync.progress(start + 5s);
    CHECK(sync.deadline() == start + 5s);
}

TEST_CASE("mailbox_sync: what comes directly does not make a quiet mailbox ask") {
    mailbox_sync sync(30s);
    sync.start(start);
    ask(sync, 1);
    REQUIRE(sync.answered({1, std::nullopt}, start, 100ms));
    sync.progress(start + 5s);
    CHECK(sync.deadline() == start + 30s);
}

TEST_CASE(
    "mailbox_sync: a round in which rows were lost is followed by another soon, and less soon "
    "[spec 5.4]") {
    mailbox_sync sync(30s);
    sync.start(start);
    ask(sync, 1);
    sync.row();
    REQUIRE(sync.answered({1, std::nullopt, 2}, start, 100ms));
    CHECK(sync.deadline() == start + 100ms);
    ask(sync, 2, start + 100ms);
    REQUIRE(sync.answered({2, std::nullopt, 2}, start + 100ms, 100ms));
    CHECK(sync.deadline() == start + 200ms);
    ask(sync, 3, start + 200ms);
    REQUIRE(sync.answered({3, std::nullopt, 2}, start + 200ms, 100ms));
    CHECK(sync.deadline() == start + 400ms);
    SECTION("at last they come") {
        ask(sync, 4, start + 400ms);
        sync.row();
        sync.row();
        REQUIRE(sync.answered({4, std::nullopt, 2}, start + 400ms, 100ms));
        CHECK(sync.deadline() == start + 400ms + 30s);
    }
    SECTION("never later than the interval") {
        for (std::uint32_t serial = 4; serial < 50; ++serial) {
            const time_point now = sync.deadline();
            ask(sync, serial, now);
            REQUIRE(sync.answered({serial, std::nullopt, 2}, now, 100ms));
            CHECK(sync.deadline() <= now + 30s);
        }
    }
}

TEST_CASE(
    "mailbox_sync: rows that stay are asked for less and less often, whatever else is accepted "
    "[spec 5.4]") {
    mailbox_sync sync(30s);
    sync.start(start);
    time_point now = start;
    int rounds = 0;
    for (std::uint32_t serial = 1; now < start + 100s; now += 10ms) {  // an acceptance each 10 ms
        sync.progress(now);
        if (sync.deadline() <= now) {
            ask(sync, serial, now);
            for (int i = 0; i < 64; ++i) {
                sync.row();
            }
            REQUIRE(sync.answered({serial++, std::nullopt, 64}, now, 100ms));
            ++rounds;
        }
    }
    CHECK(rounds < 14);
    SECTION("and at once again when they get fewer") {
        now = sync.deadline();
        ask(sync, 100, now);
        sync.row();
        sync.progress(now);
        REQUIRE(sync.answered({100, std::nullopt, 1}, now, 100ms));
        CHECK(sync.deadline() == now);
    }
}

TEST_CASE("mailbox_sync: lost rows of one page count for the whole round [spec 5.4]") {
    mailbox_sync sync(30s);
    sync.start(start);
    ask(sync, 1);
    REQUIRE(sync.answered({1, key(7), 1}, start, 100ms));
    ask(sync, 2);
    sync.row();
    REQUIRE(sync.answered({2, std::nullopt, 1}, start, 100ms));
    CHECK(sync.deadline() == start + 100ms);
}

TEST_CASE("mailbox_sync: without a link nothing is asked, and no answer is taken") {
    mailbox_sync sync(30s);
    sync.start(start);
    ask(sync, 1);
    sync.stop();
    CHECK(sync.deadline() == never);
    CHECK(!sync.answered({1, key(3)}, start, 100ms));
    sync.start(start + 9s);
    CHECK(sync.deadline() == start + 9s);
    CHECK(!ask(sync, 2, start + 9s).after.has_value());
}

TEST_CASE("mailbox_sync: on a new link there is no patience left of the last one [spec 5.4]") {
    mailbox_sync sync(30s);
    time_point now = start;
    std::uint32_t serial = 0;
    const auto round = [&] {
        ask(sync, ++serial, now);
        for (int i = 0; i < 5; ++i) {
            sync.row();
        }
        sync.progress(now);
        CHECK(sync.answered({serial, std::nullopt, 5}, now, 100ms));
    };
    sync.start(now);
    round();
    CHECK(sync.deadline() == now);
    round();
    CHECK(sync.deadline() > now);
    sync.stop();
    sync.start(now);
    round();
    CHECK(sync.deadline() == now);
}

}  // namespace
}  // namespace mailbox_sync_tests
