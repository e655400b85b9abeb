// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <string>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// In which order B's app sees messages, when it says what it thinks of them, and what happens when there
// is no more room.

namespace order_tests {

using namespace sixfold;
using namespace support;

namespace {

void require_settled(trio& t) {
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }));
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.mailbox().rows() == 0);
    REQUIRE(t.a.machine->sender().queued() == 0);
    REQUIRE(t.a.machine->sender().unsettled() == 0);
    REQUIRE(t.a.all_delivered());
}

strings numbered(int count) {
    strings all;
    for (int i = 0; i < count; ++i) {
        all.push_back("message " + std::to_string(i));
    }
    return all;
}

void send_all(trio& t, const strings& all) {
    for (const std::string& each : all) {
        t.send(each);
    }
}

}  // namespace

// --- order -------------------------------------------------------------------------------------------

TEST_CASE("order: what arrives out of order is handed out in order [spec 3.21]") {
    trio t;
    t.send("before");
    REQUIRE(t.run_until_quiet());
    t.next(kind::msg_n, late(300ms));
    t.next(kind::msg_n, late(200ms));
    t.next(kind::msg_n, late(100ms));
    send_all(t, {"one", "two", "three", "four"});
    t.run_for(25ms);
    REQUIRE(t.b.inbox == strings{"before"});  // "four" has come and is held
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"before", "one", "two", "three", "four"});
}

TEST_CASE("order: as it comes, what arrives out of order is handed out at once") {
    trio_options options;
    options.b.receiver.delivery = delivery::as_it_comes;
    trio t(options);
    t.send("before");
    REQUIRE(t.run_until_quiet());
    t.next(kind::msg_n, lost);
    t.next(kind::msg_n, late(15ms));
    send_all(t, {"one", "two", "three"});
    t.run_for(25ms);
    REQUIRE(t.b.inbox == strings{"before", "three"});
    t.run_for(15ms);
    REQUIRE(t.b.inbox == strings{"before", "three", "two"});
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"before", "three", "two", "one"});
}

TEST_CASE("order: part of a stream through the mailbox, part of it directly, still in order "
          "[spec 3.21]") {
    trio t;
    t.send("one");
    REQUIRE(t.run_until_quiet());
    t.disconnect(t.b);
    send_all(t, {"two", "three"});
    REQUIRE(t.run_until_quiet());
    t.next(kind::sync_r, late(500ms));  // B's question comes behind what is direct
    t.connect(t.b);
    send_all(t, {"four", "five"});
    t.run_for(50ms);
    REQUIRE(t.b.inbox == strings{"one"});
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"one", "two", "three", "four", "five"});
}

// --- the app takes its time --------------------------------------------------------------------------

TEST_CASE("acceptance: the app accepts later than it polls, in any order, and A learns of each") {
    trio t;
    t.b.app = app::waits;
    send_all(t, {"one", "two", "three"});
    REQUIRE(t.run_until([&] { return t.b.waiting.size() == 3; }));
    t.run_for(200ms);
    REQUIRE(t.a.told("three") == "relayed");
    std::rotate(t.b.waiting.begin(), t.b.waiting.begin() + 2, t.b.waiting.end());
    t.accept_one(t.b);
    t.run_for(200ms);
    REQUIRE(t.a.told("three") == "relayed delivered");
    REQUIRE(t.a.told("one") == "relayed");
    REQUIRE(t.a.told("two") == "relayed");
    t.accept_one(t.b);
    t.accept_one(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"three", "one", "two"});
    REQUIRE(t.b.shown.size() == 3);
}

TEST_CASE(
    "acceptance: a message that the app thinks about for an hour is not sent again and again") {
    trio t;
    t.b.app = app::waits;
    t.send("hello");
    t.run_for(1h);
    REQUIRE(t.b.shown.size() == 1);
    REQUIRE(t.log.count(kind::msg_r) == 1);  // B has it,
    const std::size_t probes = t.log.probes(kind::msg_r);
    REQUIRE(probes > 45);   // and never stops being asked,
    REQUIRE(probes <= 67);  // but only each minute
    t.accept_one(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"hello"});
}

TEST_CASE("acceptance: accept is refused for what was not handed out, and twice is once") {
    trio t;
    t.b.app = app::waits;
    t.send("hello");
    REQUIRE(t.run_until([&] { return t.b.waiting.size() == 1; }));
    const message handed = t.b.waiting.front();
    message other = handed;
    other.id.seq = 1;
    REQUIRE_FALSE(t.b.machine->accept(other));
    other = handed;
    other.from = "mallory";
    REQUIRE_FALSE(t.b.machine->accept(other));
    t.accept_one(t.b);
    REQUIRE(t.b.machine->accept(handed));
    REQUIRE(t.b.machine->reject(handed));
    require_settled(t);
    REQUIRE(t.a.told("hello") == "relayed delivered");
}

// --- capacities --------------------------------------------------------------------------------------

TEST_CASE("back-pressure: a full queue says so, and takes more after an event") {
    trio_options options;
    options.a.sender.queue_entries = 2;
    trio t(options);
    t.disconnect(t.a);
    t.send("one");
    t.send("two");
    REQUIRE(t.try_send(t.a, t.b, "three").error().code == errc::queue_full);
    t.connect(t.a);
    REQUIRE(t.try_send(t.a, t.b, "three").error().code == errc::queue_full);
    REQUIRE(t.run_until([&] { return t.a.open() < 2; }));
    t.send("three");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"one", "two", "three"});
}

TEST_CASE("back-pressure: full by bytes, and more fits when something was delivered") {
    trio_options options;
    options.a.sender.payload_max = 1024;
    options.a.sender.queue_bytes = 2048;
    trio t(options);
    const std::string large(1024, 'x');
    t.send(large);
    t.send(large);
    REQUIRE(t.try_send(t.a, t.b, "y").error().code == errc::queue_full);
    require_settled(t);
    t.send("y");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{large, large, "y"});
}

TEST_CASE("back-pressure: what is stored makes room, up to unsettled_max") {
    trio_options options;
    options.a.sender.queue_entries = 2;
    options.a.sender.unsettled_max = 3;
    trio t(options);
    t.disconnect(t.b);
    for (const std::string& each : numbered(5)) {
        t.send(each);
        REQUIRE(t.run_until_quiet());
    }
    REQUIRE(t.a.machine->sender().unsettled() == 3);
    REQUIRE(t.a.machine->sender().queued() == 2);
    REQUIRE(t.try_send(t.a, t.b, "one more").error().code == errc::queue_full);
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == numbered(5));
}

TEST_CASE("back-pressure: every capacity is one, and everything arrives in order") {
    trio_options options;
    for (client_options* each : {&options.a, &options.b}) {
        each->sender.window = each->sender.queue_entries = each->sender.unsettled_max = 1;
        each->sender.payload_max = each->sender.queue_bytes = 16;
        each->sender.peers_max = each->sender.burst = 1;
        each->receiver.window = each->receiver.exceptions = each->receiver.held_entries = 1;
        each->receiver.payload_max = each->receiver.held_bytes = 16;
        each->receiver.peers_max = 1;
    }
    options.relay.payload_max = 16;
    options.relay.peers_max = 2;
    options.mailbox = {.rows_per_pair_max = 1,
                       .rows_per_sender_max = 1,
                       .rows_per_receiver_max = 1,
                       .rows_max = 1,
                       .bytes_per_sender_max = 16,
                       .bytes_max = 16,
                       .page_rows = 1,
                       .page_bytes = 1,
                       .states_max = 1};
    trio t(options);
    bool away = false;
    for (const std::string& each : numbered(20)) {
        REQUIRE(t.run_until([&] { return t.try_send(t.a, t.b, each).has_value(); }, 1h));
        if (away) {
            t.connect(t.b);
        } else {
            t.disconnect(t.b);
        }
        away = !away;
    }
    if (away) {
        t.connect(t.b);
    }
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1h));
    require_settled(t);
    REQUIRE(t.b.inbox == numbered(20));
}

TEST_CASE("back-pressure: an app that settles nothing fills B's room, and nothing is lost") {
    trio_options options;
    options.b.receiver.held_entries = 4;
    trio t(options);
    t.b.app = app::waits;
    send_all(t, numbered(12));
    t.run_for(1min);
    REQUIRE(t.b.shown.size() == 4);
    REQUIRE(t.b.machine->receiver().held() == 4);
    t.b.app = app::accepts;
    while (!t.b.waiting.empty()) {
        t.accept_one(t.b);
    }
    require_settled(t);
    REQUIRE(t.b.inbox == numbered(12));
}

TEST_CASE("mailbox: full, the relay says nothing, and A goes on until there is room") {
    trio_options options;
    options.mailbox.rows_max = 2;
    trio t(options);
    t.disconnect(t.b);
    send_all(t, {"one", "two", "three"});
    t.run_for(10min);
    REQUIRE(t.mailbox().rows() == 2);
    REQUIRE(t.a.told("three") == "relayed");
    REQUIRE(t.relay().refusals()[refusal::mailbox] > 10);
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"one", "two", "three"});
}

TEST_CASE("mailbox: a backlog of 1000 messages is drained round after round, in order, at once") {
    const auto how = GENERATE(delivery::in_order, delivery::as_it_comes);
    trio_options options;
    options.b.receiver.delivery = how;
    options.a.sender.peer_entries = 1000;
    trio t(options);
    t.disconnect(t.b);
    const strings all = numbered(1000);
    send_all(t, all);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.mailbox().rows() == 1000);
    REQUIRE(t.a.machine->sender().queued() == 0);
    t.run_for(24h);
    const duration back = t.now();
    t.connect(t.b);
    REQUIRE(t.run_until([&] { return t.b.inbox.size() == 1000; }, 10s));
    REQUIRE(t.b.inbox == all);
    REQUIRE(t.now() - back < 5s);
    require_settled(t);
    REQUIRE(t.b.shown.size() == 1000);
}

TEST_CASE(
    "mailbox: a backlog of 1000 messages through a network that loses a third of everything") {
    trio_options options;
    options.a.sender.peer_entries = 1000;
    trio t(options);
    t.disconnect(t.b);
    const strings all = numbered(1000);
    send_all(t, all);
    REQUIRE(t.run_until_quiet());
    random_source dice(7);
    t.weather = [&](kind) {
        return dice.below(3) == 0 ? lost : treatment{};
    };
    t.connect(t.b);
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 24h));
    t.weather = nullptr;
    require_settled(t);
    REQUIRE(t.b.inbox == all);
}

TEST_CASE(
    "mailbox: a row that is lost on the way comes again in the next round, at once [spec 3.27]") {
    trio_options options;
    options.b.receiver.window = 2;
    trio t(options);
    t.send("before");
    require_settled(t);
    t.disconnect(t.b);
    send_all(t, numbered(6));
    REQUIRE(t.run_until_quiet());
    t.b.inbox.clear();
    t.disconnect(t.a);  // so that it is B's doing alone
    t.connect(t.b);
    t.next(kind::msg_n, treatment{});
    t.next(kind::msg_n, lost);
    REQUIRE(t.run_until([&] { return t.b.inbox.size() == 6; }, 1s));
    REQUIRE(t.b.inbox == numbered(6));
    t.connect(t.a);
    require_settled(t);
}

TEST_CASE("mailbox: rows that cannot be taken yet do not keep those behind them away") {
    trio_options options;
    options.b.receiver.window = 2;
    trio t(options);
    party& carol = t.add({.self = "carol", .life = {.start = 1, .seed = 3}});
    t.disconnect(t.b);
    send_all(t, numbered(50));  // three pages, of which two rows fit into the window
    t.send(carol, t.b, "from carol");
    REQUIRE(t.run_until_quiet());
    t.b.app = app::waits;
    t.connect(t.b);
    REQUIRE(t.run_until([&] { return t.b.waiting.size() == 3; }, 1s));
    REQUIRE(as_text(t.b.waiting[0].payload) == "message 0");
    REQUIRE(as_text(t.b.waiting[1].payload) == "message 1");
    REQUIRE(as_text(t.b.waiting[2].payload) == "from carol");
    t.b.app = app::accepts;
    while (!t.b.waiting.empty()) {
        t.accept_one(t.b);
    }
    REQUIRE(t.run_until([&] { return carol.open() == 0; }));
    require_settled(t);
    REQUIRE(t.b.inbox.size() == 51);
}

}  // namespace order_tests
