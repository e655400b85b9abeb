// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/drained_world.hpp"
#include "support/receiver_access.hpp"

// The drain by need, over a good or bad link. What is counted are rows, frames and bytes; times are virtual.

namespace mailbox_round_tests {
namespace {

using support::drained_world;
using namespace sixfold;
using namespace std::chrono_literals;

constexpr epoch entered{0xE};
constexpr epoch larger{0xF};
const framing link("bob");

std::string name(int i) {
    return "alice" + std::to_string(100 + i);
}
/// Was each row accepted once, and each stream in its order?
void check_all(const drained_world& w, std::size_t count) {
    CHECK(w.rows.empty());
    CHECK(w.accepted.size() == count);
    CHECK(w.order.size() == count);
    std::map<std::string, seq> next;
    for (const mailbox_key& each : w.order) {
        seq& own = next[std::string(each.from.name())];
        CHECK(each.id.seq == own);
        own = each.id.seq + 1;
    }
}

// --- how often a row comes -------------------------------------------------------------------------------

TEST_CASE("mailbox_round: each row comes about once, whatever gets lost [spec 3.26, 3.27]") {
    struct bound {
        double loss;
        double rows_per_row;
        duration time;  // virtual, in the mean, at 20 ms a hop
    };
    for (const bound& most : {bound{0, 1.0, 300ms}, bound{.01, 1.1, 700ms}, bound{.05, 1.2, 1500ms},
                              bound{.2, 1.45, 3s}, bound{.3, 1.7, 4s}}) {
        constexpr int worlds = 5;
        std::size_t rows = 0;
        duration time{};
        for (int i = 0; i < worlds; ++i) {
            drained_world w;
            w.random = random_source(static_cast<std::uint64_t>(i) + 1);
            w.loss = most.loss;
            w.put("alice", entered, 0, 1000, 64);
            w.b.link_up(link);
            time += w.drain();
            rows += w.sent_rows;
            check_all(w, 1000);
        }
        INFO("loss " << most.loss);
        CHECK(static_cast<double>(rows) <= most.rows_per_row * 1000 * worlds);
        CHECK(time <= most.time * worlds);
    }
}

TEST_CASE("mailbox_round: many senders at once, and a link that loses 30 % [spec 3.26]") {
    drained_world w;
    w.loss = .3;
    for (int i = 0; i < 16; ++i) {
        w.put(name(i), entered, 0, 256, 64);
    }
    w.b.link_up(link);
    CHECK(w.drain() < 20s);
    check_all(w, 16 * 256);
    CHECK(w.sent_rows < 2 * 16 * 256);
}

TEST_CASE("mailbox_round: rows that are held and settled one by one are not asked for again [spec "
          "3.26]") {
    drained_world w;
    w.app = 200ms;
    w.put("alice", entered, 0, 32, 1000);
    w.b.link_up(link);
    (void)w.drain();
    check_all(w, 32);
    CHECK(w.notices == 32);  // each in a frame of its own, as two have no room
    CHECK(w.sent_rows == 32);
    CHECK(w.syncs <= 3);
}

TEST_CASE("mailbox_round: an app that takes a row a second costs a tenth more than the rows [spec "
          "3.26]") {
    drained_world w;
    w.app = 1s;
    w.put("alice", entered, 0, 1024, 1024);
    w.b.link_up(link);
    CHECK(w.drain() <= 1024s);
    check_all(w, 1024);
    CHECK(w.sent_rows <= 1024 + 16);
    CHECK(w.syncs <= 80);
    CHECK(w.bytes_down + w.bytes_up <= 1024 * 1024 * 11 / 10);
}

TEST_CASE("mailbox_round: streams wait for places, and none of them twice for nothing [spec 3.24, "
          "3.26]") {
    drained_world w;
    w.app = 100ms;
    for (int i = 0; i < 20; ++i) {
        w.put(name(i), entered, 0, 64, 64);
    }
    w.b.link_up(link);
    CHECK(w.drain() <= 130s);
    check_all(w, 20 * 64);
    CHECK(w.sent_rows <= 1280 * 21 / 20);
    CHECK(w.syncs <= 60);
}

TEST_CASE("mailbox_round: with capacities of one it is slow, and comes to its end [spec 3.24]") {
    drained_world w({.window = 1, .held_entries = 1});
    w.app = 1ms;
    w.loss = .2;
    for (int i = 0; i < 3; ++i) {
        w.put(name(i), entered, 0, 20, 64);
    }
    w.b.link_up(link);
    CHECK(w.drain() < 10min);
    check_all(w, 60);
    CHECK(w.sent_rows < 60 * 6);
}

TEST_CASE(
    "mailbox_round: a row for which there is no place is asked for once in a round, until there is "
    "one [spec 3.24, 3.26]") {
    drained_world w({.window = 8, .payload_max = 32, .held_entries = 3, .held_bytes = 64});
    w.app_takes = false;
    w.put("alice", entered, 0, 1, 32);
    w.b.link_up(link);
    w.run_for(1s);
    const std::string text(32, 'x');
    msg_notify direct{.from = "alice", .epoch = entered, .first = 5};
    direct.entries = run::of(as_bytes(text));
    REQUIRE(w.b.handle(direct) == refusal::none);
    CHECK(w.b.held() == 2);  // all the bytes there are; up to 5 there is room as far as seqs go
    w.put("alice", entered, 2, 3, 32);
    w.run_for(100s);
    CHECK(w.b.held() == 2);
    CHECK(w.syncs <= 15);  // in three rounds, not each time that the relay has answered
    CHECK(w.sent_rows <= 8);
    direct.first = 1;
    REQUIRE(w.b.handle(direct) == refusal::none);
    w.app_takes = true;
    CHECK(w.drain() < 1s);
    CHECK(w.order.size() == 5);  // 5 has made place for 1
}

TEST_CASE("mailbox_round: what came early, of an epoch that is never entered, holds up nobody "
          "[spec 3.24, "
          "3.26]") {
    drained_world w({.window = 8, .payload_max = 32, .held_entries = 8, .held_bytes = 32});
    const std::string text(32, 'x');
    msg_notify early{.from = "mallory", .epoch = larger};
    early.entries = run::of(as_bytes(text));
    REQUIRE(w.b.handle(early) == refusal::none);
    CHECK(w.b.held() == 1);  // and all bytes there are
    w.put("alice", entered, 0, 5, 32);
    w.b.link_up(link);
    CHECK(w.drain() < 5s);
    CHECK(w.order.size() == 5);
}

TEST_CASE("mailbox_round: a stream that is full holds up no other [spec 3.26]") {
    drained_world w({.window = 8});
    w.app_takes = false;
    w.put(name(0), entered, 0, 100, 10);
    w.put(name(1), entered, 0, 5, 10);
    w.b.link_up(link);
    w.run_for(5s);
    CHECK(w.b.held() == 8 + 5);
    const std::size_t before = w.sent_rows;
    CHECK(before <= 64 + 8 + 5);
    w.run_for(20s);
    CHECK(w.sent_rows == before);  // what is full is not asked for
    w.app_takes = true;
    CHECK(w.drain() < 10s);
    check_all(w, 105);
    CHECK(w.sent_rows <= before + 95);
}

TEST_CASE(
    "mailbox_round: what waits behind a hole is not asked for again, but for the hole, and that "
    "more and more seldom [spec 3.26]") {
    drained_world w;
    w.base = 0;
    w.put("alice", entered, 1, 63, 64);
    w.b.link_up(link);
    w.run_for(1s);
    CHECK(w.b.held() == 63);
    w.run_for(24h);
    // the row behind the hole comes in each round, and says what has ended
    CHECK(w.sent_rows <= 63 + 8 + 24);
    CHECK(w.syncs <= 3 * (8 + 24));
    const std::size_t before = w.sent_rows;
    SECTION("it is filled") {
        w.put("alice", entered, 0, 1, 64);
        CHECK(w.drain(2h) <= 75min);
        CHECK(w.order.size() == 64);
        CHECK(w.sent_rows <= before + 2);
    }
    SECTION("nobody fills it, as somebody's look into the mailbox has told that") {
        w.base = 1;
        CHECK(w.drain(2h) <= 75min);
        CHECK(w.order.size() == 63);
        CHECK(w.sent_rows <= before + 1);
    }
}

TEST_CASE("mailbox_round: where no row is in a hole, one behind it is asked for that has no room "
          "before, as only that says whether anybody fills it [spec 3.26]") {
    // In another life B has had 0 and more: the sender ends behind that, has stored what is next, and is gone.
    const std::uint32_t width = GENERATE(1U, 4U);
    CAPTURE(width);
    drained_world w({.window = width});
    REQUIRE(w.b.handle(msg_notify{.from = "alice", .epoch = entered}) == refusal::none);
    msg_notify direct{.from = "alice", .epoch = entered};
    direct.entries = run::of(as_bytes("once more"));
    for (direct.first = 1; direct.first < width; ++direct.first) {
        REQUIRE(w.b.handle(direct) == refusal::none);
    }
    const bool was_turned_away = GENERATE(false, true);
    if (was_turned_away) {
        REQUIRE(w.b.handle(direct) == refusal::none);
    }
    CHECK(w.b.held() == width - 1);
    w.put("alice", entered, width, 5, 10);
    SECTION("nobody does") {
        w.b.link_up(link);
        CHECK(w.drain() < 1s);
        CHECK(w.order.size() == 5);
    }
    SECTION("somebody may") {
        w.base = 0;
        w.b.link_up(link);
        w.run_for(1s);
        CHECK(w.sent_rows <= 2);
        w.run_for(24h);
        CHECK(w.sent_rows <= 2 * (8 + 24));
        CHECK(w.order.empty());
        w.put("alice", entered, 0, width, 10);
        CHECK(w.drain(2h) <= 75min);
        CHECK(w.order.size() == width + 5);
    }
}

TEST_CASE(
    "mailbox_round: of several holes all are asked for together, up to the last [spec 3.26]") {
    drained_world w;
    w.base = 0;
    for (const seq at : {1U, 2U, 4U, 6U, 7U, 8U}) {
        w.put("alice", entered, at, 1, 64);
    }
    w.b.link_up(link);
    w.run_for(1s);
    CHECK(w.b.held() == 6);
    w.put("alice", entered, 3, 1, 64);
    w.run_for(1min);
    CHECK(w.b.held() == 7);
    CHECK(w.sent_rows == 6 + 5);  // 1 to 4 once more, and 6
    for (const seq at : {0U, 5U}) {
        w.put("alice", entered, at, 1, 64);
    }
    (void)w.drain();
    CHECK(w.order.size() == 9);
    CHECK(w.sent_rows <= 6 + 5 + 7);
}

TEST_CASE("mailbox_round: rows of strangers that fill the store behind holes are passed by, and a "
          "friend's come at once [spec 3.24, 3.26]") {
    drained_world w;
    w.base = 0;
    for (int i = 0; i < 8; ++i) {
        w.put("stranger" + std::to_string(i), entered, 1, 1024, 1000);
    }
    w.put("zoe", entered, 0, 64, 64);
    w.b.link_up(link);
    w.run_for(2s);
    CHECK(w.order.size() == 64);
    CHECK(w.b.held() >= 240);
    const std::size_t before = w.sent_rows;
    CHECK(before <= 1024);
    w.run_for(1h);
    CHECK(w.sent_rows <= before + 8 * 8);
    CHECK(w.syncs <= 200);
}

TEST_CASE(
    "mailbox_round: what is asked for in a rest does not put off the next round [spec 3.26]") {
    drained_world w;
    w.app = 1s;
    w.put(name(0), entered, 0, 200, 10);
    w.b.link_up(link);
    w.run_for(10s);
    w.put(name(1), entered, 0, 1, 10);
    w.run_for(40s);
    CHECK(receiver_access::knows(w.b, name(1)));
}

TEST_CASE(
    "mailbox_round: a mark that was asked for in vain stays while only what is in front of it is "
    "asked for [spec 3.26]") {
    drained_world w;
    w.b.link_up(link);
    w.run_for(1s);
    w.put("alice", entered, 0, 64, 64);
    std::size_t lost = 0;
    const auto is_of_hole = [](const auto& each) {
        frame decoded;
        REQUIRE(decode(each.second, link, decoded) == refusal::none);
        const auto* const notice = std::get_if<msg_notify>(&decoded);
        return notice != nullptr && notice->drained && notice->first < 15;
    };
    const auto lose_rows = [&](duration time) {
        const time_point until = w.clock.now() + time;
        while (w.step(until)) {
            lost += std::erase_if(w.to_b, is_of_hole);
        }
    };
    for (const sending_number number : {sending_number{1}, sending_number{3}}) {
        REQUIRE(w.b.handle(msg_notify{.from = "alice", .epoch = entered, .number = number}) ==
                refusal::none);
    }
    lose_rows(45ms);
    CHECK(w.b.held() == 49);
    // More is stored, and turned away: there is no room for it, nor for anything, until 0 has come.
    w.put("alice", entered, 64, 36, 64);
    REQUIRE(w.b.handle(msg_notify{.from = "alice",
                                  .epoch = entered,
                                  .number = 4,
                                  .first = 64,
                                  .entries = run::of(as_bytes("x"))}) == refusal::none);
    lose_rows(1s);
    CHECK(lost >= 2);
    CHECK(w.drain() < 5s);
    CHECK(w.order.size() == 100);
}

TEST_CASE("mailbox_round: tombstones end what they stand for [spec 3.18]") {
    drained_world w;
    w.put("alice", entered, 0, 10, 10);
    w.rows[{"alice", {entered, 4}}] = "";
    w.b.link_up(link);
    (void)w.drain();
    CHECK(w.rows.empty());
    CHECK(w.order.size() == 9);
    CHECK(w.sent_rows == 10);
}

// --- epochs ------------------------------------------------------------------------------------------------

TEST_CASE("mailbox_round: rows of a larger epoch come when those of the smaller ones are over, "
          "once more at most "
          "[spec 3.22, 3.26]") {
    for (const duration app : {duration::zero(), duration(50ms)}) {
        drained_world w;
        w.app = app;
        w.put("alice", entered, 0, 10, 10);
        w.put("alice", larger, 0, 10, 10);
        w.put("carol", entered, 0, 10, 10);
        w.b.link_up(link);
        CHECK(w.drain() < 10s);
        CHECK(w.rows.empty());
        CHECK(w.order.size() == 30);
        CHECK(w.sent_rows <= 30 + 12);
        CHECK(receiver_access::stream(w.b, "alice").epoch() == larger);
    }
}

TEST_CASE("mailbox_round: rows of a larger epoch are not asked for while the app has something of "
          "ours [spec 3.26]") {
    drained_world w;
    w.app_takes = false;
    REQUIRE(w.b.handle(msg_notify{.from = "alice", .epoch = entered}) == refusal::none);
    msg_notify direct{.from = "alice", .epoch = entered};
    direct.entries = run::of(as_bytes("for the app"));
    REQUIRE(w.b.handle(direct) == refusal::none);
    w.put("alice", larger, 0, 3, 10);
    REQUIRE(w.b.handle(msg_notify{
                .from = "alice", .epoch = epoch{0x20}, .low = 0, .smaller = {larger, 0}}) ==
            refusal::none);
    w.b.link_up(link);
    w.run_for(1min);
    CHECK(w.sent_rows == 0);
    w.app_takes = true;
    CHECK(w.drain() < 1s);
    CHECK(w.order.size() == 4);
}

TEST_CASE("mailbox_round: holes of an epoch that its sender has left are passed, and its rows "
          "taken [spec 3.23]") {
    drained_world w;
    w.put("alice", entered, 0, 3, 10);
    w.put("alice", entered, 5, 3, 10);  // 3 and 4 are lost for ever
    w.b.link_up(link);
    w.run_for(1s);
    CHECK(w.order.size() == 3);
    w.put("alice", larger, 0, 4, 10);
    REQUIRE(w.b.handle(
                msg_notify{.from = "alice", .epoch = larger, .low = 0, .smaller = {entered, 5}}) ==
            refusal::none);
    CHECK(w.drain() < 5s);
    CHECK(w.rows.empty());
    CHECK(w.order.size() == 10);
}

TEST_CASE("mailbox_round: what is held behind a hole of an epoch that its sender has left is in "
          "nobody's way "
          "[spec 3.22, 3.26]") {
    constexpr epoch largest{0x20};
    drained_world w;
    REQUIRE(w.b.handle(msg_notify{.from = "alice", .epoch = entered}) == refusal::none);
    msg_notify direct{.from = "alice", .epoch = entered, .first = 1};
    direct.entries = run::of(as_bytes("0 is lost for ever"));
    REQUIRE(w.b.handle(direct) == refusal::none);
    CHECK(w.b.held() == 1);
    w.put("alice", larger, 0, 1, 10);
    w.put("alice", largest, 0, 1, 10);
    REQUIRE(w.b.handle(
                msg_notify{.from = "alice", .epoch = largest, .low = 0, .smaller = {larger, 0}}) ==
            refusal::none);
    w.b.link_up(link);
    CHECK(w.drain() < 5s);
    CHECK(w.order.size() == 2);
}

TEST_CASE("mailbox_round: rows of a past epoch are told so, and deleted [spec 3.22]") {
    drained_world w;
    REQUIRE(w.b.handle(msg_notify{.from = "alice", .epoch = larger}) == refusal::none);
    w.put("alice", entered, 0, 50, 10);
    w.b.link_up(link);
    CHECK(w.drain() < 1s);
    CHECK(w.order.empty());
    CHECK(w.sent_rows == 50);
    CHECK(w.b.past_epochs() >= 1);
}

TEST_CASE(
    "mailbox_round: while a record is not durable, what lies in the way of a larger epoch is not "
    "asked for without end [spec 3.26, 7.4]") {
    drained_world w({}, journaling::withhold);
    REQUIRE(w.b.handle(msg_notify{.from = "alice", .epoch = larger}) == refusal::none);
    w.put("alice", entered, 0, 1, 10);
    w.put("alice", epoch{0x10}, 0, 1, 10);
    w.b.link_up(link);
    w.run_for(20s);
    CHECK(w.syncs <= 4);
    CHECK(w.acks == 1);  // that it is in its epoch, in which nothing has ended
    for (int record = 0; record < 3; ++record) {
        w.b.durable(w.b.written());
        w.run_for(1s);
    }
    CHECK(w.rows.empty());
    CHECK(w.order.size() == 1);
    CHECK(w.syncs <= 8);
}

// --- rounds ------------------------------------------------------------------------------------------------

TEST_CASE(
    "mailbox_round: while nothing is new the rests grow, from 30 s to an hour [spec 3.26, 3.28]") {
    drained_world w;
    w.b.link_up(link);
    std::vector<duration> rests;
    time_point last = w.clock.now();
    std::size_t before = 0;
    while (rests.size() < 14) {
        REQUIRE(w.step(time_point(100h)));
        if (w.syncs != before) {
            before = w.syncs;
            rests.push_back(w.clock.now() - last);
            last = w.clock.now();
        }
    }
    duration least = 30s;
    for (std::size_t i = 1; i < rests.size(); ++i) {
        CHECK(rests[i] >= least);
        CHECK(rests[i] <= least * 5 / 4 + 100ms);
        least = std::min<duration>(2 * least, 1h);
    }
    SECTION("and begin anew when something was") {
        w.put("alice", entered, 0, 1, 10);
        (void)w.drain(2h);
        CHECK(w.rows.empty());
        const std::size_t syncs = w.syncs;
        w.run_for(40s);
        CHECK(w.syncs > syncs);
    }
    SECTION("and with a new link") {
        w.b.link_up(link);
        w.run_for(1s);
        const std::size_t syncs = w.syncs;
        w.run_for(39s);
        CHECK(w.syncs == syncs + 1);
    }
    SECTION("and at once at a probe in front of which sendings are missing: they may be stored") {
        w.put("alice", entered, 0, 1, 10);
        for (const sending_number number : {sending_number{1}, sending_number{3}}) {
            const std::size_t syncs = w.syncs;
            (void)w.b.handle(msg_notify{.from = "alice", .epoch = entered, .number = number});
            w.run_for(1s);
            CHECK(w.syncs - syncs == (number == 3 ? 1 : 0));
        }
        CHECK(w.order.size() == 1);
    }
    SECTION("and are no longer than the first behind any other probe") {
        w.put("alice", entered, 0, 1, 10);
        (void)w.b.handle(msg_notify{.from = "alice", .epoch = entered, .number = 1});
        w.run_for(40s);
        CHECK(w.order.size() == 1);
    }
    SECTION("and end sooner when something waits behind a hole, which a row may fill") {
        w.put("alice", entered, 0, 1, 10);  // stored, and its msg:N was lost
        w.run_for(1s);
        (void)w.b.handle(msg_notify{.from = "alice", .epoch = entered});
        (void)w.b.handle(msg_notify{
            .from = "alice", .epoch = entered, .first = 1, .entries = run::of(as_bytes("x"))});
        w.run_for(31s);
        CHECK(w.order.size() == 2);
    }
}

TEST_CASE("mailbox_round: without an answer it asks more and more seldom, and goes on where it was "
          "[spec 3.27]") {
    drained_world w;
    w.put("alice", entered, 0, 600, 64);
    w.b.link_up(link);
    while (w.order.size() < 200) {
        REQUIRE(w.step(time_point(1min)));
    }
    const std::size_t syncs = w.syncs;
    w.loss = 1;
    w.run_for(10min);
    CHECK(w.syncs - syncs <= 1);
    CHECK(w.bytes_up < 10'000);  // of ten minutes
    w.loss = 0;
    const std::size_t rows = w.sent_rows;
    CHECK(w.drain() < 1min);
    check_all(w, 600);
    CHECK(w.sent_rows - rows <= 600 - 192);
}

TEST_CASE("mailbox_round: a link that comes and goes finds the round where it was [spec 3.26]") {
    drained_world w({.held_entries = 1024, .held_bytes = 1 << 20});
    for (int i = 0; i < 40; ++i) {
        w.put(name(i), entered, 0, 64, 64);
    }
    w.app_takes = false;  // nothing gets out of the mailbox
    int links = 0;
    for (std::uint32_t before = UINT32_MAX; w.b.held() != before && links < 100; ++links) {
        before = w.b.held();
        w.b.link_up(link);
        w.run_for(130ms);  // enough for three pages
        w.b.link_down();
        w.to_b.clear();
        w.to_relay.clear();
    }
    CHECK(w.b.held() >= 768);
    CHECK(w.sent_rows < w.b.held() * 2);
}

TEST_CASE(
    "mailbox_round: what came meanwhile in front of where the last link ended is asked for at the "
    "end of the round [spec 3.26]") {
    drained_world w;
    w.put("bea", entered, 0, 600, 64);
    w.b.link_up(link);
    while (w.order.size() < 200) {
        REQUIRE(w.step(time_point(1min)));
    }
    w.b.link_down();
    w.put("alice", entered, 0, 1, 64);
    w.b.link_up(link);
    CHECK(w.drain() < 5s);
    check_all(w, 601);
}

TEST_CASE("mailbox_round: what had to make place is asked for when there is a place again [spec "
          "3.24, 3.26]") {
    drained_world w({.held_entries = 8});
    w.put("alice", entered, 0, 1, 10);
    w.put("alice", entered, 2, 7, 10);  // behind a hole
    w.b.link_up(link);
    w.run_for(1s);
    REQUIRE(w.b.held() == 7);
    (void)w.b.handle(msg_notify{.from = "carol", .epoch = entered, .number = 1});
    for (const seq each : {seq{5}, seq{7}}) {
        (void)w.b.handle(msg_notify{
            .from = "carol", .epoch = entered, .first = each, .entries = run::of(as_bytes("x"))});
    }
    w.run_for(1s);
    (void)w.b.handle(msg_notify{
        .from = "alice", .epoch = entered, .first = 1, .entries = run::of(as_bytes("x"))});
    w.run_for(2s);
    CHECK(w.rows.empty());
    CHECK(w.order.size() == 9);
}

TEST_CASE("mailbox_round: an epoch that is entered after a wait is asked for at once [spec 3.26]") {
    drained_world w;
    w.b.link_up(link);
    w.run_for(1s);
    w.put("alice", entered, 0, 1, 10);  // stored, and its msg:N was lost
    (void)w.b.handle(msg_notify{.from = "alice",
                                .epoch = entered,
                                .number = 2,
                                .first = 1,
                                .entries = run::of(as_bytes("x"))});
    w.run_for(100ms);
    (void)w.b.handle(msg_notify{.from = "alice", .epoch = entered, .number = 3});
    w.run_for(2s);
    CHECK(w.order.size() == 2);
}

TEST_CASE("mailbox_round: once some of a page has come, the rest is asked for soon [spec 3.27]") {
    drained_world w;
    w.put("alice", entered, 0, 3, 1000);
    w.b.link_up(link);
    while (w.step(time_point(300ms))) {  // no answer came yet, so that it would wait for 500
        std::erase_if(w.to_b,
                      [&](const auto& each) { return w.syncs == 1 && each.second.size() < 500; });
    }
    CHECK(w.syncs == 2);
}

TEST_CASE("mailbox_round: rows that never get through do not make a storm [spec 3.27]") {
    drained_world w;
    w.put("alice", entered, 0, 1, 1000);
    w.b.link_up(link);
    for (int i = 0; i < 100'000 && w.step(time_point(10min)); ++i) {
        std::erase_if(w.to_b, [&](const auto& each) {
            return each.second.size() > 500;  // as if the packets were too large
        });
    }
    CHECK(w.syncs < 60);
}

}  // namespace
}  // namespace mailbox_round_tests
