// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>  // swap

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// How soon a loss is repaired when everybody is online: within a few round trips and first timeouts, and not
// by the slow timers that are there for what nobody can notice.

namespace repair_time_tests {

using namespace sixfold;
using namespace support;

namespace {

bool all_done(const trio& t) {
    return t.a.open() == 0 && t.quiet();
}

/// B comes back to a mailbox with this many messages.
void return_to(trio& t, int messages) {
    t.send("before");
    REQUIRE(t.run_until_quiet());
    t.disconnect(t.b);
    for (int i = 0; i < messages; ++i) {
        t.send("stored " + std::to_string(i));
    }
    REQUIRE(t.run_until_quiet());
    t.connect(t.b);
}

}  // namespace

TEST_CASE("repair: some rows of a page are lost, and come soon") {
    trio t;
    return_to(t, 3);
    t.next(kind::msg_n, lost);
    REQUIRE(t.run_until([&] { return all_done(t); }, 3s));
    REQUIRE(t.b.inbox.size() == 4);
}

TEST_CASE("repair: all rows of a page are lost, and come soon") {
    trio t;
    return_to(t, 3);
    t.next(kind::msg_n, lost, 3);
    REQUIRE(t.run_until([&] { return all_done(t); }, 3s));
    REQUIRE(t.b.inbox.size() == 4);
}

TEST_CASE("repair: the last ack:A of many in flight is lost, and B asks again soon") {
    trio t;
    for (int i = 0; i < 20; ++i) {
        t.send("message " + std::to_string(i));
    }
    t.weather = [&](kind what) {  // the last one for now, not for ever
        return what == kind::ack_a && t.log.count(kind::ack_a) == 20 ? lost : treatment{};
    };
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1s));
    REQUIRE(t.run_until([&] { return t.quiet(); }, 3s));
}

TEST_CASE(
    "repair: B was out of reach for long, and what waits is sent soon after the first sign of it") {
    trio t;
    t.send("before");
    REQUIRE(t.run_until_quiet());
    t.weather = [](kind what) {
        return what == kind::msg_n ? lost : treatment{};
    };
    for (int i = 0; i < 10; ++i) {
        t.send("message " + std::to_string(i));
    }
    t.run_for(10min);
    t.weather = nullptr;
    REQUIRE(t.run_until([&] { return t.b.inbox.size() > 1; }, 1min));
    REQUIRE(t.run_until([&] { return all_done(t); }, 3s));
}

TEST_CASE(
    "repair: one of thousands on their way is lost, and only that one is sent again [spec 2.9]") {
    constexpr std::uint32_t many = 3000;
    for (const delivery how : {delivery::in_order, delivery::as_it_comes}) {
        trio_options options;
        options.compare_snapshots = false;
        options.a.sender.window = options.a.sender.queue_entries = many;
        options.a.sender.peer_entries = many;
        options.b.receiver.window = options.b.receiver.held_entries = many;
        options.b.receiver.delivery = how;
        trio t(options);
        t.send("before");
        REQUIRE(t.run_until_quiet());
        const std::size_t before = t.log.count(kind::msg_r);
        t.next(kind::msg_n, lost);
        for (std::uint32_t i = 0; i < many; ++i) {
            t.send("x");
        }
        REQUIRE(t.run_until([&] { return all_done(t); }, 3s));
        REQUIRE(t.b.inbox.size() == many + 1);
        REQUIRE(t.a.machine->sender().resent() == 1);
        REQUIRE(t.log.count(kind::msg_r) <= before + many + 1);
    }
}

TEST_CASE("repair: an app that takes its time is not asked again and again") {
    for (const std::uint32_t many : {10U, 600U}) {  // more than one ack state speaks of, too
        trio_options options;
        options.compare_snapshots = many == 10;
        options.a.sender.window = options.a.sender.peer_entries = many;
        options.b.receiver.window = 1024;
        options.b.receiver.held_entries = 1;
        trio t(options);
        t.send("before");
        REQUIRE(t.run_until_quiet());
        t.b.app = app::waits;
        for (std::uint32_t i = 0; i < many; ++i) {
            t.send("message " + std::to_string(i));
        }
        t.run_for(10min);
        REQUIRE(t.log.count(kind::msg_r) < many * 30);  // each a backoff from half a second to 30
    }
}

TEST_CASE("repair: while B's app keeps one message waiting, A hears of thousands that it took "
          "[spec 2.9]") {
    constexpr std::uint32_t many = 1000;
    for (const bool from_the_mailbox : {false, true}) {
        trio_options options;
        options.compare_snapshots = false;
        options.a.sender.window = options.a.sender.unsettled_max = many;
        options.a.sender.peer_entries = many + 1;
        options.b.receiver.window = options.b.receiver.held_entries = many;
        options.b.receiver.delivery = delivery::as_it_comes;
        trio t(options);
        t.send("before");
        REQUIRE(t.run_until_quiet());
        t.b.app = app::waits;
        if (from_the_mailbox) {
            t.disconnect(t.b);
        }
        for (std::uint32_t i = 0; i < many; ++i) {
            t.send("x");
        }
        t.run_for(1s);
        if (from_the_mailbox) {
            t.connect(t.b);
        }
        const std::size_t before = t.log.count(kind::msg_r);
        REQUIRE(t.run_until(
            [&] {
                for (; t.b.waiting.size() > 1; t.accept_one(t.b)) {
                    std::swap(t.b.waiting[0], t.b.waiting[1]);  // the first is kept
                }
                return t.a.open() == 1;
            },
            5s));
        REQUIRE(t.mailbox().rows() == std::size_t{from_the_mailbox});
        REQUIRE(t.log.count(kind::msg_r) == before);
    }
}

TEST_CASE("repair: what B held, and lost, is stored while it is away, however often A asks") {
    trio_options options;
    options.a.sender.probe_max = 20s;
    trio t(options);
    t.send("before");
    REQUIRE(t.run_until_quiet());
    t.b.app = app::waits;
    t.send("held");
    t.run_for(1s);
    t.crash(t.b);
    t.disconnect(t.b);
    t.send("stored");
    REQUIRE(t.run_until([&] { return t.mailbox().rows() == 2; }, 2min));
}

TEST_CASE(
    "repair: B comes for the first time while the mailbox still writes, and is not left waiting") {
    for (duration back = 0ms; back < 300ms; back += 5ms) {
        CAPTURE(back.count());
        trio_options options;
        options.put = 120ms;
        trio t(options);
        t.disconnect(t.b);
        t.after(back, [&t] { t.connect(t.b); });
        t.send("hello");
        REQUIRE(t.run_until([&] { return !t.b.inbox.empty(); }, 2s));
    }
}

}  // namespace repair_time_tests
