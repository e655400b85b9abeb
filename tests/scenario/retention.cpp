// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// What lies in a mailbox when its time is over: a deadline that its sender does not live to see, and a stream whose receiver does
// not come.

namespace retention_tests {

using namespace sixfold;
using namespace support;

namespace {

/// Bob has not come for nine days, and the relay promised no more.
void give_up(trio& t) {
    t.run_for(24h * 9);
    REQUIRE(t.mailbox().expire({.payloads = 24h * 365, .streams = 24h * 9}, 1000) > 0);
    REQUIRE(t.mailbox().rows() == 0);
}

}  // namespace

TEST_CASE(
    "retention: a message whose sender has gone is buried in the mailbox when its time is over, "
    "and nobody is shown it [spec 3.13, 4.1, 5.6]") {
    trio t;
    t.disconnect(t.b);
    t.send("soon too late", {.expires_after = 1min});
    t.send("later", {.expires_after = 1h});
    t.send("for ever");
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.a.told("soon too late") == "relayed stored");
    t.disconnect(t.a);
    t.run_for(30min);
    t.connect(t.b);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.b.inbox == strings{"later", "for ever"});
    REQUIRE(t.mailbox().rows() == 0);
    t.connect(t.a);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.a.told("soon too late") == "relayed stored expiring expired");
    REQUIRE(t.a.told("later") == "relayed stored delivered");
}

TEST_CASE("retention: a message that is resent has as much time in the mailbox as is left, and no "
          "more [spec 3.13]") {
    trio t;
    t.disconnect(t.b);
    t.next(kind::msg_r, lost, 3);
    t.send("hello", {.expires_after = 1min});
    REQUIRE(t.run_until([&] { return t.mailbox().rows() == 1; }, 50s));
    t.disconnect(t.a);
    t.run_for(59s - t.now());
    REQUIRE(t.mailbox().bytes() == 5);
    t.run_for(1001ms);
    t.connect(t.b);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.b.inbox.empty());
}

TEST_CASE("retention: who does not come for longer than was promised is given up, and the sender "
          "hears it with the next probe [spec 3.11, 5.3, 5.6]") {
    trio t;
    t.disconnect(t.b);
    for (const char* text : {"one", "two", "three"}) {
        t.send(text);
    }
    REQUIRE(t.run_until_quiet());
    give_up(t);
    REQUIRE(t.a.told("one") == "relayed stored");
    t.run_for(2h);
    for (const char* text : {"one", "two", "three"}) {
        REQUIRE(t.a.told(text) == "relayed stored ended");
    }
    const bool comes_first = GENERATE(true, false);
    if (comes_first) {
        t.connect(t.b);
        REQUIRE(t.run_until_quiet());
        t.send("four");
    } else {
        t.send("four");
        REQUIRE(t.run_until_quiet());
        REQUIRE(t.mailbox().rows() == 1);
        t.connect(t.b);
    }
    REQUIRE(t.run_until([&] { return t.a.told("four").ends_with("delivered"); }, 5s));
    REQUIRE(t.b.inbox == strings{"four"});
    REQUIRE(t.mailbox().rows() == 0);
}

TEST_CASE(
    "retention: who comes back when his stream was given up waits for no hole of it, though its "
    "sender knew of nothing [spec 3.20, 3.9]") {
    trio t;
    t.send("zero");
    REQUIRE(t.run_until_quiet());
    t.disconnect(t.b);
    t.send("one");
    t.send("two");
    REQUIRE(t.run_until_quiet());
    t.disconnect(t.a);
    give_up(t);
    t.connect(t.b);
    t.run_for(1min);
    t.connect(t.a);
    t.send("three");
    REQUIRE(t.run_until([&] { return t.b.inbox.size() == 2; }, 5s));
    REQUIRE(t.b.inbox == strings{"zero", "three"});
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.a.told("one") == "relayed stored ended");
    REQUIRE(t.a.told("two") == "relayed stored ended");
    REQUIRE(t.a.told("three").ends_with("delivered"));
}

TEST_CASE(
    "retention: what is stored behind a stream that was given up arrives, though its sender is "
    "gone by then [spec 3.20, 5.6]") {
    trio t;
    t.disconnect(t.b);
    t.send("one");
    t.send("two");
    REQUIRE(t.run_until_quiet());
    give_up(t);
    const bool hears_of_it = GENERATE(true, false);
    if (hears_of_it) {
        t.run_for(2h);
        REQUIRE(t.a.open() == 0);
    }
    t.send("three");
    REQUIRE(t.run_until([&] { return t.mailbox().rows() == 1; }, 1min));
    t.disconnect(t.a);
    t.connect(t.b);
    REQUIRE(t.run_until([&] { return t.b.inbox.size() == 1; }, 5s));
    REQUIRE(t.b.inbox == strings{"three"});
}

TEST_CASE("retention: a tombstone that was given up ends, too, and its stream is shut no more "
          "[spec 3.11, 3.9]") {
    trio_options options;
    options.a.sender.window = 4;
    trio t(options);
    t.disconnect(t.b);
    const ticket gone = t.send("cancelled");
    t.send("one");
    REQUIRE(t.run_until_quiet());
    t.cancel(t.a, gone);
    REQUIRE(t.run_until_quiet());
    for (const char* text : {"two", "three", "four", "five"}) {
        t.send(text);
    }
    t.run_for(1h);
    REQUIRE(t.mailbox().rows() == 4);  // the tombstone keeps its seq in the window
    give_up(t);
    t.run_for(3h);
    REQUIRE(t.a.told("cancelled") == "relayed stored ended");
    REQUIRE(t.a.told("three") == "relayed stored ended");
    REQUIRE(t.mailbox().rows() == 2);  // what had to wait
    t.connect(t.b);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.b.inbox == strings{"four", "five"});
    REQUIRE(t.a.told("five").ends_with("delivered"));
}

TEST_CASE("retention: of a stream with a hole no more is said to have ended than had, and what its "
          "sender still has arrives [spec 3.11, 5.6]") {
    trio_options options;
    options.mailbox.rows_per_pair_max = 3;
    options.b.receiver.delivery = GENERATE(delivery::in_order, delivery::as_it_comes);
    trio t(options);
    t.disconnect(t.b);
    for (const char* text : {"one", "two", "three", "four", "five"}) {
        t.send(text);
    }
    REQUIRE(t.run_until([&] { return t.mailbox().rows() == 3; }, 1min));
    t.run_for(1min);
    t.disconnect(t.a);
    give_up(t);
    t.connect(t.a);
    REQUIRE(t.run_until([&] { return t.mailbox().rows() == 2; }, 1h));
    t.run_for(2h);
    REQUIRE(t.a.told("three") == "relayed stored ended");
    REQUIRE(t.a.told("five") == "relayed stored");
    t.connect(t.b);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.b.inbox == strings{"four", "five"});
    REQUIRE(t.a.told("five") == "relayed stored delivered");
}

TEST_CASE("retention: who comes now and then is not given up, however little he takes [spec 5.6]") {
    trio t;
    t.b.app = app::waits;
    t.disconnect(t.b);
    t.send("one");
    t.send("two");
    REQUIRE(t.run_until_quiet());
    for (int month = 0; month < 12; ++month) {
        t.run_for(24h * 30);
        REQUIRE(t.mailbox().expire({.payloads = 24h * 1000, .streams = 24h * 40}, 1000) == 0);
        t.connect(t.b);
        t.run_for(1s);
        t.disconnect(t.b);
    }
    REQUIRE(t.mailbox().rows() == 2);
    REQUIRE(t.a.told("one") == "relayed stored");
}

}  // namespace retention_tests
