// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// A gives B up: what becomes of what was under way, and that both go on as if they had just met.

namespace given_up_tests {

using namespace sixfold;
using namespace support;

namespace {

void forget(trio& t, const party& whom) {
    REQUIRE(t.a.machine->forget(whom.name()));
    t.run_for(0s);
}

}  // namespace

TEST_CASE(
    "given up: what lies in the mailbox still comes, and then what is written next [spec 3.14, "
    "3.22]") {
    trio t;
    t.disconnect(t.b);
    t.send("one");
    t.send("two");
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.mailbox().rows() == 2);
    forget(t, t.b);
    REQUIRE(t.a.told("one") == "relayed stored ended");
    REQUIRE(t.a.told("two") == "relayed stored ended");
    const bool writes_before = GENERATE(false, true);
    if (writes_before) {
        t.send("three");
    }
    t.run_for(1min);
    t.connect(t.b);
    REQUIRE(t.run_until_quiet(1h));
    if (!writes_before) {
        REQUIRE(t.b.inbox == strings{"one", "two"});
        t.send("three");
        REQUIRE(t.run_until_quiet(1h));
    }
    REQUIRE(t.b.inbox == strings{"one", "two", "three"});
    REQUIRE(t.a.told("three").ends_with("delivered"));
    REQUIRE(t.mailbox().rows() == 0);
}

TEST_CASE(
    "given up: a hole that nobody fills any more holds up nothing that is written later [spec "
    "3.14, 3.23]") {
    trio t;
    t.disconnect(t.b);
    t.next(kind::msg_r, lost);
    t.send("lost");
    t.send("waits behind it");
    t.run_for(15ms);
    REQUIRE(t.mailbox().rows() == 1);
    forget(t, t.b);
    t.connect(t.b);
    t.run_for(1min);
    REQUIRE(t.b.inbox.empty());
    t.send("later");
    REQUIRE(t.run_until([&] { return t.b.inbox.size() == 2; }, 5s));
    REQUIRE(t.b.inbox == strings{"waits behind it", "later"});
    REQUIRE(t.run_until_quiet(1h));
    REQUIRE(t.a.told("lost").ends_with("ended"));
    REQUIRE(t.a.told("later").ends_with("delivered"));
}

TEST_CASE("given up: to one who is here goes what is written next, and nothing of what was before "
          "[spec 3.14]") {
    trio t;
    t.send("before");
    REQUIRE(t.run_until_quiet());
    t.next(kind::msg_n, lost);
    t.send("on its way");
    t.run_for(5ms);
    forget(t, t.b);
    t.send("after");
    REQUIRE(t.run_until_quiet(1h));
    REQUIRE(t.a.told("on its way").ends_with("ended"));
    REQUIRE(t.a.told("after").ends_with("delivered"));
    REQUIRE(t.b.inbox == strings{"before", "after"});
    forget(t, t.b);
    t.send("once more");
    REQUIRE(t.run_until_quiet(1h));
    REQUIRE(t.b.inbox == strings{"before", "after", "once more"});
}

TEST_CASE(
    "given up: with one place for peers all are written to, one after the other [spec 3.14]") {
    trio_options options;
    options.a.sender.peers_max = 1;
    trio t(options);
    party& carol = t.add({.self = "carol", .life = {.start = 1, .seed = 3}});
    for (int round = 0; round < 20; ++round) {
        party& to = round % 2 == 0 ? t.b : carol;
        t.send(t.a, to, std::to_string(round));
        REQUIRE(t.run_until_quiet());
        REQUIRE(t.a.told(std::to_string(round)) == "relayed delivered");
        forget(t, to);
    }
    REQUIRE(t.b.inbox.size() == 10);
    REQUIRE(carol.inbox.size() == 10);
}

TEST_CASE("refused: who may not write to somebody hears it at once, and everybody else is served "
          "[spec 3.14, 5.1]") {
    trio t;
    party& carol = t.add({.self = "carol", .life = {.start = 1, .seed = 3}});
    const bool is_here = GENERATE(false, true);
    if (!is_here) {
        t.disconnect(carol);
    }
    bool blocked = true;
    t.verdict = [&](const peer& from, const peer& to) {
        return blocked && from == t.a.name() && to == carol.name() ? refused_reason::not_allowed
                                                                   : refused_reason::none;
    };
    const std::size_t before = t.log.size();
    for (const char* text : {"one", "two", "three"}) {
        t.send(t.a, carol, text);
    }
    t.send("to bob");
    t.run_for(50ms);
    for (const char* text : {"one", "two", "three"}) {
        REQUIRE(t.a.told(text) == "refused");
    }
    REQUIRE(t.a.told("to bob") == "relayed delivered");
    REQUIRE(t.a.machine->sender().queued() == 0);
    REQUIRE(carol.inbox.empty());
    REQUIRE(t.mailbox().rows() == 0);
    REQUIRE(t.log.count(kind::msg_r, before) <= 4);
    const std::size_t after = t.log.size();
    t.run_for(1h);
    REQUIRE(t.log.count(kind::msg_r, after) + t.log.probes(kind::msg_r, after) == 0);
    blocked = false;  // and what is sent next is asked for anew
    t.connect(carol);
    t.send(t.a, carol, "four");
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.a.told("four") == "relayed delivered");
    REQUIRE(carol.inbox == strings{"four"});
}

TEST_CASE(
    "refused: what had arrived by a relay that allowed it is not delivered twice, and what is "
    "stored still comes [spec 3.14]") {
    trio t;
    t.send("delivered");
    REQUIRE(t.run_until_quiet());
    t.disconnect(t.b);
    t.send("stored");
    REQUIRE(t.run_until_quiet());
    t.verdict = [](const peer& from, const peer&) {
        return from == peer("alice") ? refused_reason::over_quota : refused_reason::none;
    };
    t.send("refused");
    t.run_for(1s);
    REQUIRE(t.a.told("stored") == "relayed stored ended");
    REQUIRE(t.a.told("refused") == "refused");
    t.connect(t.b);
    t.run_for(1min);
    REQUIRE(t.b.inbox == strings{"delivered", "stored"});
    t.verdict = allow_all();
    t.send("again");
    REQUIRE(t.run_until_quiet(1h));
    REQUIRE(t.b.inbox == strings{"delivered", "stored", "again"});
    REQUIRE(t.a.told("again") == "relayed delivered");
    REQUIRE(t.mailbox().rows() == 0);
}

// --- what an absent peer takes from others ---------------------------------------------------------------

TEST_CASE(
    "absent: what is taken back from one who is away takes nothing from others, though no relay "
    "stores it [spec 3.13]") {
    trio_options options;
    options.a.sender.queue_entries = 8;
    options.a.sender.peer_entries = 4;
    options.mailbox.rows_max = 1;
    trio t(options);
    party& carol = t.add({.self = "carol", .life = {.start = 1, .seed = 3}});
    t.disconnect(t.b);
    t.send(carol, t.b, "takes the only row");
    REQUIRE(t.run_until_quiet());
    const int how = GENERATE(0, 1, 2);
    const std::array<send_options, 3> ways = {
        {{}, {.expires_after = 1s}, {.storing = storing::forbidden}}};
    int taken = 0;
    while (const auto sent = t.try_send(t.a, t.b, "x", ways[static_cast<std::size_t>(how)])) {
        if (how == 0) {
            t.cancel(t.a, *sent);
        }
        t.run_for(10s);
        REQUIRE(++taken <= 4);
    }
    REQUIRE(taken == 4);
    REQUIRE(t.try_send(t.a, t.b, "x").error().code == errc::peer_full);
    for (int i = 0; i < 16; ++i) {
        t.send(t.a, carol, "y");
        t.run_for(1s);
    }
    REQUIRE(carol.inbox == strings(16, "y"));
    forget(t, t.b);
    t.send("z");
}

}  // namespace given_up_tests
