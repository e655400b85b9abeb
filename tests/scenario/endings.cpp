// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// How a message can end otherwise than by being delivered, and what A learns of it.

namespace endings_tests {

using namespace sixfold;
using namespace support;

namespace {

/// Two clients that know each other, and B away.
void part(trio& t) {
    t.send("before");
    REQUIRE(t.run_until_quiet());
    t.b.inbox.clear();
    t.disconnect(t.b);
}

void require_settled(trio& t) {
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }));
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.mailbox().rows() == 0);
    REQUIRE(t.a.machine->sender().queued() == 0);
    REQUIRE(t.a.machine->sender().unsettled() == 0);
}

}  // namespace

// --- cancel ------------------------------------------------------------------------------------------

TEST_CASE("cancel: before the message was sent, and B never sees it [spec 3.13]") {
    trio t;
    t.disconnect(t.a);
    const ticket hello = t.send("hello");
    t.cancel(t.a, hello);
    t.connect(t.a);
    require_settled(t);
    REQUIRE(t.b.shown.empty());
    REQUIRE(t.a.told("hello") == "cancelled");
    for (const msg_request& each : t.log.all<msg_request>()) {
        REQUIRE(each.entries.tombstones() == each.entries.count());
    }
}

TEST_CASE("cancel: while msg:N is lost again and again, and B never sees the message") {
    trio t;
    t.next(kind::msg_n, lost, 3);
    const ticket hello = t.send("hello");
    t.run_for(300ms);
    t.cancel(t.a, hello);
    require_settled(t);
    REQUIRE(t.b.shown.empty());
    REQUIRE(t.a.told("hello") == "relayed cancelled");
}

TEST_CASE("cancel: too late, B's app has the message, and A learns the truth") {
    trio t;
    t.next(kind::ack_n, lost, 4);
    const ticket hello = t.send("hello");
    REQUIRE(t.run_until([&] { return t.b.inbox.size() == 1; }));
    t.cancel(t.a, hello);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"hello"});
    REQUIRE(t.a.told("hello") == "relayed delivered");
}

TEST_CASE("cancel: B's app is looking at the message, and has the first word") {
    trio t;
    t.b.app = app::waits;
    const ticket hello = t.send("hello");
    REQUIRE(t.run_until([&] { return t.b.waiting.size() == 1; }));
    t.cancel(t.a, hello);
    t.run_for(1min);
    REQUIRE(t.a.told("hello") == "relayed");
    t.accept_one(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"hello"});
    REQUIRE(t.a.told("hello") == "relayed delivered");
}

TEST_CASE("cancel: after it was stored, and B never sees it although it lay in its mailbox "
          "[spec 3.8, 3.13]") {
    trio t;
    part(t);
    const ticket hello = t.send("hello");
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.a.told("hello") == "relayed stored");
    t.cancel(t.a, hello);
    t.run_for(1min);
    REQUIRE(t.mailbox().rows() == 1);  // the tombstone in the place of the message
    REQUIRE(t.mailbox().bytes() == 0);
    REQUIRE(t.a.told("hello") == "relayed stored");  // only B can say
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox.empty());
    REQUIRE(t.a.told("hello") == "relayed stored cancelled");
}

TEST_CASE("cancel: one of several that are stored, and the others arrive in order") {
    trio t;
    part(t);
    t.send("one");
    const ticket two = t.send("two");
    t.send("three");
    REQUIRE(t.run_until_quiet());
    t.cancel(t.a, two);
    t.run_for(1s);
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"one", "three"});
    REQUIRE(t.a.told("one") == "relayed stored delivered");
    REQUIRE(t.a.told("two") == "relayed stored cancelled");
    REQUIRE(t.a.told("three") == "relayed stored delivered");
}

TEST_CASE("cancel: of more at once than B remembers, and A hears of the others that they ended "
          "[spec 3.8, 3.19]") {
    trio_options options;
    options.b.receiver.exceptions = 8;
    trio t(options);
    t.send("before");
    REQUIRE(t.run_until_quiet());
    constexpr int count = 64;
    t.next(kind::msg_n, lost, count);
    std::vector<ticket> sent;
    for (int i = 0; i < count; ++i) {
        sent.push_back(t.send(std::to_string(i)));
    }
    t.run_for(25ms);
    t.next(kind::ack_n, lost, count - 8);  // each tells of 8, so what was told before goes unheard
    for (const ticket each : sent) {
        t.cancel(t.a, each);
    }
    require_settled(t);
    REQUIRE(t.b.shown.size() == 1);  // that before
    int cancelled = 0;
    for (int i = 0; i < count; ++i) {
        const std::string told = t.a.told(std::to_string(i));
        CAPTURE(told);
        const bool is_cancelled = told == "relayed cancelled";
        REQUIRE((is_cancelled || told == "relayed ended"));
        cancelled += is_cancelled ? 1 : 0;
    }
    REQUIRE(cancelled >= 8);
    REQUIRE(cancelled < count);
}

TEST_CASE("cancel: twice is once, and after the end it is an error that says so") {
    trio t;
    const ticket hello = t.send("hello");
    REQUIRE(t.a.machine->cancel(hello));
    REQUIRE(t.a.machine->cancel(hello));
    require_settled(t);
    REQUIRE_FALSE(t.a.machine->cancel(hello));
    REQUIRE_FALSE(t.a.machine->cancel(ticket{12345}));
}

// --- deadline ----------------------------------------------------------------------------------------

TEST_CASE("deadline: it passes while B is away, A hears expiring, and expired when B has said so "
          "[spec 3.8, 3.13]") {
    trio t;
    part(t);
    t.send("hello", {.expires_after = 10s});
    t.run_for(9s);
    REQUIRE(t.a.told("hello") == "relayed stored");
    t.run_for(2s);
    REQUIRE(t.a.told("hello") == "relayed stored expiring");
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox.empty());
    REQUIRE(t.a.told("hello") == "relayed stored expiring expired");
}

TEST_CASE("deadline: it passes while the link is down, and the app hears so at once") {
    trio t;
    t.disconnect(t.a);
    t.send("hello", {.expires_after = 10s});
    REQUIRE(t.a.machine->next_deadline() == t.clock.now() + 10s);
    t.run_for(10s);
    REQUIRE(t.a.told("hello") == "expiring");
    t.connect(t.a);
    require_settled(t);
    REQUIRE(t.b.shown.empty());
    REQUIRE(t.a.told("hello") == "expiring expired");
}

TEST_CASE(
    "deadline: it passes, but B had the message already, and A hears expiring and delivered") {
    trio t;
    t.send("before");
    REQUIRE(t.run_until_quiet());
    t.next(kind::ack_n, lost, 20);
    t.send("hello", {.expires_after = 1s});
    t.run_for(2s);
    REQUIRE(t.b.inbox == strings{"before", "hello"});
    REQUIRE(t.a.told("hello") == "relayed expiring");
    require_settled(t);
    REQUIRE(t.a.told("hello") == "relayed expiring delivered");
}

TEST_CASE("deadline: it does not pass, and nobody hears of it") {
    trio t;
    t.send("hello", {.expires_after = 1s});
    t.run_for(1min);
    require_settled(t);
    REQUIRE(t.a.told("hello") == "relayed delivered");
    REQUIRE(t.log.count(kind::msg_r) == 1);
}

// --- storing::forbidden ----------------------------------------------------------------------------------

TEST_CASE("never store: B is away, the relay says so, and the message is taken back at once "
          "[spec 3.3, 5.2]") {
    trio t;
    part(t);
    t.send("now or never", {.storing = storing::forbidden});
    t.run_for(1s);
    REQUIRE(t.a.told("now or never") == "expiring");
    REQUIRE(t.mailbox().bytes() == 0);
    t.send("later");
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"later"});
    REQUIRE(t.a.told("now or never") == "expiring expired");
    REQUIRE(t.a.all_delivered() == false);
}

TEST_CASE("never store: B is online, and the message is delivered as any other") {
    trio t;
    t.send("now or never", {.storing = storing::forbidden});
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"now or never"});
    REQUIRE(t.a.told("now or never") == "relayed delivered");
}

TEST_CASE(
    "never store: no payload of it ever reaches the mailbox, even when B goes away under it") {
    trio t;
    t.send("before");
    REQUIRE(t.run_until_quiet());
    t.next(kind::msg_n, lost);
    t.send("now or never", {.storing = storing::forbidden});
    t.run_for(15ms);
    t.disconnect(t.b);
    for (int i = 0; i < 100; ++i) {
        t.run_for(50ms);
        REQUIRE(t.mailbox().bytes() == 0);
    }
    REQUIRE(t.a.told("now or never") == "relayed expiring");
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"before"});
    REQUIRE(t.a.told("now or never") == "relayed expiring expired");
}

// --- reject ------------------------------------------------------------------------------------------

TEST_CASE(
    "reject: B's app will not have the message, and A hears so, once and for ever [spec 3.8]") {
    trio t;
    t.b.app = app::rejects;
    SECTION("directly") {
        t.send("hello");
        require_settled(t);
        REQUIRE(t.a.told("hello") == "relayed rejected");
    }
    SECTION("although the acknowledgement is lost") {
        t.next(kind::ack_n, lost, 3);
        t.send("hello");
        require_settled(t);
        REQUIRE(t.a.told("hello") == "relayed rejected");
    }
    SECTION("out of the mailbox") {
        part(t);
        t.send("hello");
        REQUIRE(t.run_until_quiet());
        t.connect(t.b);
        require_settled(t);
        REQUIRE(t.a.told("hello") == "relayed stored rejected");
    }
    REQUIRE(t.b.inbox.empty());
    const std::size_t shown = t.b.shown.size();
    t.b.app = app::accepts;
    t.send("next");
    require_settled(t);
    REQUIRE(t.b.shown.size() == shown + 1);
    REQUIRE(t.b.inbox == strings{"next"});
}

TEST_CASE("reject: a payload larger than B takes is rejected by B itself, and stops nobody") {
    trio_options options;
    options.b.receiver.payload_max = 4;
    trio t(options);
    t.send("too large for B");
    t.send("fits");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"fits"});
    REQUIRE(t.a.told("too large for B") == "relayed rejected");
    REQUIRE(t.a.told("fits") == "relayed delivered");
    // B has told its limits meanwhile.
    REQUIRE(t.try_send(t.a, t.b, "too large").error().code == errc::payload_too_large);
}

// --- acceptance on delivery --------------------------------------------------------------------------

TEST_CASE("acceptance on delivery: to have polled the message is to have it") {
    trio_options options;
    options.b.receiver.acceptance = acceptance::on_delivery;
    trio t(options);
    t.b.app = app::looks_at_it;
    t.send("one");
    t.send("two");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"one", "two"});
    REQUIRE(t.a.told("one") == "relayed delivered");
    REQUIRE(t.a.told("two") == "relayed delivered");
}

TEST_CASE("acceptance on delivery: an app that says accept nevertheless does no harm") {
    trio_options options;
    options.b.receiver.acceptance = acceptance::on_delivery;
    trio t(options);
    t.b.app = app::accepts;
    t.send("one");
    t.send("two");
    require_settled(t);
    t.send("three");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"one", "two", "three"});
}

TEST_CASE("acceptance on delivery: every message once, through loss and through the mailbox") {
    trio_options options;
    options.b.receiver.acceptance = acceptance::on_delivery;
    trio t(options);
    t.b.app = app::looks_at_it;
    t.next(kind::ack_n, lost, 4);
    t.next(kind::msg_n, lost, 2);
    t.send("one");
    t.send("two");
    require_settled(t);
    t.disconnect(t.b);
    t.send("three");
    REQUIRE(t.run_until_quiet());
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"one", "two", "three"});
    REQUIRE(t.a.all_delivered());
}

}  // namespace endings_tests
