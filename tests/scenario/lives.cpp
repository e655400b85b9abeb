// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <utility>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// Clients that lost what they should have kept, and what is promised all the same: nobody stands still, and
// nobody is told what is not so.

namespace lives_tests {

using namespace sixfold;
using namespace support;

namespace {

client_options reborn(const party& who, std::uint64_t start) {
    client_options options = who.options;
    options.life.start = start;
    options.life.seed = 100 + start;
    return options;
}

void require_settled(trio& t) {
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }));
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.mailbox().rows() == 0);
    REQUIRE(t.a.machine->sender().queued() == 0);
    REQUIRE(t.a.machine->sender().unsettled() == 0);
}

}  // namespace

// --- A has lost its journal ----------------------------------------------------------------------------

TEST_CASE("lost journal: with a larger start, what A sends is new, whatever B has seen before "
          "[spec 6.1]") {
    trio t;
    for (int i = 0; i < 5; ++i) {
        t.send("old " + std::to_string(i));
    }
    require_settled(t);
    t.replace(t.a, reborn(t.a, 2));
    t.b.inbox.clear();
    t.send("new 0");
    t.send("new 1");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"new 0", "new 1"});
    REQUIRE(t.a.told("new 0") == "relayed delivered");
    REQUIRE(t.a.told("new 1") == "relayed delivered");
    REQUIRE(t.a.machine->sender().past_epochs() == 0);
    REQUIRE(t.b.machine->receiver().past_epochs() == 0);
}

TEST_CASE("lost journal: with the same numbers, what A sends is taken for what B has, and called "
          "delivered "
          "[spec 6.1]") {
    trio t;
    for (int i = 0; i < 3; ++i) {
        t.send("old " + std::to_string(i));
    }
    require_settled(t);
    t.replace(t.a, t.a.options);  // the mistake
    t.b.inbox.clear();
    for (int i = 0; i < 5; ++i) {
        t.send("new " + std::to_string(i));
    }
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"new 3", "new 4"});
    REQUIRE(t.a.told("new 0") == "relayed delivered");  // which nobody can see
    REQUIRE(t.b.machine->receiver().past_epochs() == 0);
}

TEST_CASE(
    "lost journal: with a smaller start nothing new is lost, and both ends count it [spec 6.1]") {
    trio_options how;
    how.a.life.start = 9;
    trio t(how);
    t.send("old");
    require_settled(t);
    t.replace(t.a, reborn(t.a, 5));
    t.b.inbox.clear();
    t.send("new");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"new"});
    REQUIRE(t.a.machine->sender().past_epochs() == 1);
    REQUIRE(t.b.machine->receiver().past_epochs() >= 1);
}

TEST_CASE("lost journal: what was stored is delivered before what is new [spec 3.22, 6.1]") {
    trio t;
    t.send("before");
    require_settled(t);
    t.disconnect(t.b);
    t.send("stored 0");
    t.send("stored 1");
    REQUIRE(t.run_until_quiet());
    t.replace(t.a, reborn(t.a, 2));
    SECTION("the new ones are stored too") {
        t.send("new 0");
        t.send("new 1");
        REQUIRE(t.run_until_quiet());
        REQUIRE(t.mailbox().rows() == 4);
        t.connect(t.b);
    }
    SECTION("the new ones come directly") {
        t.connect(t.b);
        t.send("new 0");
        t.send("new 1");
    }
    SECTION("the new ones come directly, and in front of the mailbox") {
        t.next(kind::sync_r, late(3s));
        t.next(kind::sync_r, lost, 3);
        t.connect(t.b);
        t.send("new 0");
        t.send("new 1");
    }
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"before", "stored 0", "stored 1", "new 0", "new 1"});
    REQUIRE(t.a.told("new 1").ends_with("delivered"));
}

TEST_CASE("lost journal: a hole that nobody can fill any more holds up nothing behind it "
          "[spec 3.23, 6.1]") {
    trio t;
    t.send("before");
    require_settled(t);
    t.next(kind::msg_r, lost, 1);  // "lost" reaches nobody, and A will not remember it
    t.send("lost");
    t.disconnect(t.b);
    t.send("stored");
    t.run_for(15ms);
    t.replace(t.a, reborn(t.a, 2));
    REQUIRE(t.mailbox().rows() == 1);
    t.send("new");
    REQUIRE(t.run_until_quiet());
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"before", "stored", "new"});
    REQUIRE(t.a.told("new").ends_with("delivered"));
}

TEST_CASE("lost journal: holes that are wider than B's window hold up nothing behind them") {
    trio_options options;
    options.b.receiver.window = 2;
    options.b.receiver.delivery = GENERATE(delivery::in_order, delivery::as_it_comes);
    trio t(options);
    t.disconnect(t.b);
    for (const int last : {4, 9}) {
        t.weather = [](kind what) {
            return what == kind::msg_r ? lost : treatment{};
        };
        for (int i = last - 4; i < last; ++i) {
            t.send("lost " + std::to_string(i));
        }
        const auto again = std::exchange(t.weather, nullptr);
        t.send("stored " + std::to_string(last));
        t.weather = again;
        t.run_for(15ms);  // what is missing is sent again, and is lost again
    }
    REQUIRE(t.mailbox().rows() == 2);
    t.replace(t.a, reborn(t.a, 2));
    t.weather = nullptr;
    SECTION("A writes again") {
        t.send("new");
        t.connect(t.b);
        require_settled(t);
    }
    SECTION("A writes again, and is gone for ever") {
        t.send("new");
        REQUIRE(t.run_until_quiet());
        t.disconnect(t.a);
        t.connect(t.b);
        REQUIRE(t.run_until_quiet());
    }
    REQUIRE(t.b.inbox == strings{"stored 4", "stored 9", "new"});
    REQUIRE(t.mailbox().rows() == 0);
}

TEST_CASE("lost journal: twice in a row, and B follows from life to life") {
    trio t;
    strings all;
    for (std::uint64_t life = 1; life <= 3; ++life) {
        if (life > 1) {
            t.replace(t.a, reborn(t.a, life));
        }
        t.disconnect(t.b);
        for (int i = 0; i < 3; ++i) {
            all.push_back("life " + std::to_string(life) + " message " + std::to_string(i));
            t.send(all.back());
        }
        REQUIRE(t.run_until_quiet());
    }
    REQUIRE(t.mailbox().rows() == 9);
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == all);
}

TEST_CASE("lost journal: with a smaller start A is told so, and what is sent then is delivered "
          "[spec 6.1]") {
    trio_options options;
    options.a.life.start = 9;
    trio t(options);
    t.send("before");
    require_settled(t);
    t.replace(t.a, reborn(t.a, 3));
    t.b.inbox.clear();
    SECTION("B is online") {
        t.send("new 0");
        t.send("new 1");
        require_settled(t);
        REQUIRE(t.a.told("new 0") == "relayed delivered");
        REQUIRE(t.a.told("new 1") == "relayed delivered");
        REQUIRE(t.b.inbox == strings{"new 0", "new 1"});
    }
    SECTION("B is away, and what was stored under the smaller epoch ends as nobody knows") {
        t.disconnect(t.b);
        t.send("stored too early");
        REQUIRE(t.run_until_quiet());
        t.connect(t.b);
        require_settled(t);
        REQUIRE(t.a.told("stored too early") == "relayed stored ended");
        t.send("new");
        require_settled(t);
        REQUIRE(t.a.told("new") == "relayed delivered");
        REQUIRE(t.b.inbox == strings{"new"});
    }
}

TEST_CASE(
    "lost journal: a journal from a backup, with the epoch of B and fewer messages than B has "
    "[spec 3.12, 6.4]") {
    // What such a journal holds is what a client with the same options holds that has sent nothing yet.
    trio t;
    for (int i = 0; i < 4; ++i) {
        t.send("old " + std::to_string(i));
    }
    require_settled(t);
    t.replace(t.a, t.a.options);
    t.b.inbox.clear();
    t.send("new 0");
    t.send("new 1");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"new 0", "new 1"});
    REQUIRE(t.a.told("new 1") == "relayed delivered");
}

// --- the mailbox has lost something ----------------------------------------------------------------------

TEST_CASE("set back: a mailbox of yesterday has not what came since, and nobody stands still "
          "[spec 6.3]") {
    trio t;
    t.send("before");
    require_settled(t);
    t.disconnect(t.b);
    t.send("of yesterday");
    REQUIRE(t.run_until_quiet());
    const memory_mailbox yesterday = t.mailbox();
    t.send("of today");
    REQUIRE(t.run_until_quiet());
    t.mailbox() = yesterday;
    t.connect(t.b);
    t.send("new");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"before", "of yesterday", "new"});
    REQUIRE(t.a.told("of yesterday") == "relayed stored delivered");
    REQUIRE(t.a.told("of today") == "relayed stored ended");
    REQUIRE(t.a.told("new") == "relayed delivered");
}

// --- B has lost everything -----------------------------------------------------------------------------

TEST_CASE(
    "amnesia: a B that remembers nothing gets what is new, and nothing stands still [spec 6.2]") {
    trio t;
    for (int i = 0; i < 100; ++i) {  // more than a window
        t.send("old " + std::to_string(i));
    }
    require_settled(t);
    t.replace(t.b, reborn(t.b, 2));
    t.b.inbox.clear();
    t.send("new 0");
    t.send("new 1");
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"new 0", "new 1"});
    REQUIRE(t.a.told("new 0") == "relayed delivered");
    REQUIRE(t.a.told("new 1") == "relayed delivered");
}

TEST_CASE(
    "amnesia: a B that remembers nothing gets what is stored for it, and what is new [spec 6.2]") {
    trio t;
    for (int i = 0; i < 100; ++i) {
        t.send("old " + std::to_string(i));
    }
    require_settled(t);
    t.b.inbox.clear();
    t.disconnect(t.b);
    t.send("stored 0");
    t.send("stored 1");
    REQUIRE(t.run_until_quiet());
    t.replace(t.b, reborn(t.b, 2));
    SECTION("A is online") {
        t.connect(t.b);
        t.send("new");
    }
    SECTION("A is away, and comes later") {
        t.disconnect(t.a);
        t.connect(t.b);
        REQUIRE(t.run_until_quiet());
        REQUIRE(t.b.inbox == strings{"stored 0", "stored 1"});
        REQUIRE(t.mailbox().rows() == 0);
        t.connect(t.a);
        t.send("new");
    }
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"stored 0", "stored 1", "new"});
    REQUIRE(t.a.told("stored 1") == "relayed stored delivered");
    REQUIRE(t.a.told("new") == "relayed delivered");
}

TEST_CASE("amnesia: what the app of the first life had seen and not accepted is seen again") {
    trio t;
    t.b.app = app::waits;
    t.send("one");
    t.send("two");
    REQUIRE(t.run_until([&] { return t.b.waiting.size() == 2; }));
    t.accept_one(t.b);
    t.run_for(100ms);
    t.replace(t.b, reborn(t.b, 2));
    t.b.app = app::accepts;
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"one", "two"});  // "one" in the first life
    REQUIRE(t.a.told("one") == "relayed delivered");
    REQUIRE(t.a.told("two") == "relayed delivered");
}

TEST_CASE(
    "amnesia: B loses its state again and again under a stream of messages, and A is told all "
    "[spec 6.2]") {
    trio t;
    for (std::uint64_t life = 2; life < 12; ++life) {
        t.after(life * 23ms, [&t, life] { t.replace(t.b, reborn(t.b, life)); });
    }
    for (int i = 0; i < 40; ++i) {
        t.after(i * 9ms, [&t, i] { t.send("message " + std::to_string(i)); });
    }
    REQUIRE(t.run_until([&] { return t.a.outbox.size() == 40; }));
    require_settled(t);
    REQUIRE(t.a.all_delivered());
    for (int i = 0; i < 40; ++i) {  // each at least once: a B without memory cannot know more
        REQUIRE(std::count(t.b.inbox.begin(), t.b.inbox.end(), "message " + std::to_string(i)) >=
                1);
    }
}

TEST_CASE("amnesia: both have lost everything, with the mailbox full of the former life") {
    trio t;
    t.send("old");
    require_settled(t);
    t.disconnect(t.b);
    t.send("stored");
    REQUIRE(t.run_until_quiet());
    t.replace(t.a, reborn(t.a, 2));
    t.replace(t.b, reborn(t.b, 2));
    t.send("new");
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"old", "stored", "new"});
    REQUIRE(t.a.told("new").ends_with("delivered"));
}

}  // namespace lives_tests
