// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <poll.h>

#include "sixfold/ext/redis.hpp"
#include "sixfold/memory_mailbox.hpp"
#include "sixfold/sixfold.hpp"
#include "redis/server.hpp"
#include "support/catch.hpp"

// Relays that carry to each other over a real Redis. The time of the machines stands still: what would come by a look into the mailbox
// never comes. That of the carriers moves when it is told to.

namespace carrier_tests {

using namespace sixfold;
using namespace std::chrono_literals;
using redis_tests::server;

namespace {

/// A relay and what carries for it.
struct node {
    node(const server& redis,
         std::uint64_t number,
         const manual_clock& clock,
         const std::string& password = {})
        : carrier(redis_carrier::create({.host = redis.path(), .password = password}, number, clock)
                      .value()) {}

    relay machine = relay::create({}).value();
    redis_carrier carrier;
    reactions out;
    std::vector<link_id> ended;
    std::uint64_t led_away = 0;  // peers whose link is elsewhere, so far
    bool ends = true;            // links that are told to be superseded
};

/// No link of a person has such a number.
constexpr std::uint64_t leads_away = std::uint64_t{1} << 63U;

/// Clients on links of their own, at one of two relays that share a mailbox and a Redis.
struct world {
    world() : nodes{node(started(redis), 1, clock), node(redis, 2, clock)} {}
    static server& started(server& which) {
        which.start();
        return which;
    }

    struct person {
        person(const peer& self, const manual_clock& clock)
            : machine(
                  client::create(clock, {.self = self, .life = {.start = 1, .seed = 7}}).value()),
              name(self) {}
        client machine;
        peer name;
        node* at = nullptr;
        link_id link = link_id::none;
        std::vector<std::string> inbox;
        std::string told;
    };

    void log_in(person& who, std::size_t where) {
        who.at = &nodes[where];
        who.link = link_id{++links};
        REQUIRE(who.at->machine.link_up(who.link, who.name));
        who.at->carrier.link_up(who.name);
        who.machine.link_up();
    }
    person& add(const peer& name, std::size_t where) {
        people.push_back(std::make_unique<person>(name, clock));
        log_in(*people.back(), where);
        return *people.back();
    }
    void deliver(link_id link, bytes frame) {
        for (const auto& each : people) {
            if (each->link == link) {
                (void)each->machine.handle(frame);
            }
        }
    }
    void flush(node& at) {
        while (const auto request = at.out.next_request()) {
            const auto* msg = std::get_if<msg_request>(&request->what);
            puts += std::uint64_t{msg != nullptr && !msg->probes()};
            (void)at.machine.complete(*request, mailbox.execute(*request), at.out);
        }
        for (const auto frame : at.out.frames()) {
            if (frame.link == link_id::none ||
                static_cast<std::uint64_t>(frame.link) >= leads_away) {
                at.carrier.carry(frame.to, frame.bytes);
            } else {
                deliver(frame.link, frame.bytes);
            }
        }
        at.out.clear();
    }
    void turn(person& who) {
        std::array<std::byte, 2048> buffer{};
        while (const auto packet = who.machine.poll_transmit(buffer)) {
            (void)who.at->machine.handle(who.link, *packet, who.at->out);
            flush(*who.at);
        }
        while (const auto message = who.machine.poll_message()) {
            who.inbox.emplace_back(as_text(message->payload));
            (void)who.machine.accept(*message);
        }
        while (const auto event = who.machine.poll_event()) {
            who.told += std::string(to_string(event->what)) + " ";
        }
    }
    void turn(node& at) {
        at.carrier.run();
        while (const auto news = at.carrier.poll_news()) {
            const link_id link = at.machine.link_of(news->who);
            switch (news->what) {
            case redis_word::carried: deliver(link, as_bytes(news->frame)); break;
            case redis_word::superseded:
                at.ended.push_back(link);
                if (at.ends) {
                    log_out(at, news->who);
                }
                break;
            case redis_word::elsewhere:
                REQUIRE(at.machine.link_up(link_id{leads_away | ++at.led_away}, news->who));
                break;
            case redis_word::nowhere:
                REQUIRE((link == link_id::none || static_cast<std::uint64_t>(link) >= leads_away));
                at.machine.link_down(link);
                break;
            }
        }
    }
    static void log_out(node& at, const peer& who) {
        at.machine.link_down(at.machine.link_of(who));
        at.carrier.link_down(who);
    }
    /// Until something is so, or Redis has had seconds for it.
    template <class Condition>
    bool until(Condition so, int tries = 400) {
        for (; tries > 0 && !so(); --tries) {
            for (const auto& each : people) {
                turn(*each);
            }
            for (node& each : nodes) {
                turn(each);
            }
            poll(nullptr, 0, 5);
        }
        return so();
    }
    [[nodiscard]] bool connected() const {
        return nodes[0].carrier.connected() && nodes[1].carrier.connected();
    }

    server redis;
    manual_clock clock;
    std::array<node, 2> nodes;
    memory_mailbox mailbox = memory_mailbox::create().value();
    std::vector<std::unique_ptr<person>> people;
    std::uint64_t links = 0;
    std::uint64_t puts = 0;  // runs that were stored
};

/// Alice is linked at one relay, Bob at the other, and Redis knows it.
struct alice_and_bob : world {
    alice_and_bob() {
        until([] { return false; }, 40);
    }
    person& alice = add("alice", 0);
    person& bob = add("bob", 1);
    node& here = nodes[0];
};

}  // namespace

TEST_CASE("redis_carrier: refuses what cannot work, and names it") {
    const manual_clock clock;
    const auto refused = [&](const redis_options& options) {
        const auto made = redis_carrier::create(options, 1, clock);
        return made ? std::string() : std::string(made.error().what);
    };
    CHECK(refused({.host = ""}).starts_with("redis.host: must"));
    CHECK(refused({.port = 0}).starts_with("redis.port: must"));
    CHECK(refused({.port = 65536}).starts_with("redis.port: must"));
    CHECK(refused({.silence_max = 0s}).find("must be above zero") != std::string::npos);
    CHECK(refused({.retry_delay = 0s}).find("must be above zero") != std::string::npos);
}

TEST_CASE("redis_carrier: who is linked at another relay gets it at once, and its sender hears of "
          "it [spec 5.9]") {
    world w;
    world::person& alice = w.add("alice", 0);
    world::person& bob = w.add(peer(std::string("b\0b", 3)), 1);
    REQUIRE(w.until([&] { return w.connected(); }));
    REQUIRE(w.until([&] { return bob.inbox.empty(); }));
    w.until([] { return false; }, 20);  // both listen
    for (int i = 0; i < 20; ++i) {
        REQUIRE(alice.machine.send(bob.name, as_bytes(std::to_string(i))));
    }
    CHECK(w.until([&] { return bob.inbox.size() == 20; }));
    CHECK(bob.inbox.back() == "19");
    CHECK(w.until([&] { return alice.machine.sender().queued() == 0; }));
    CHECK(w.until([&] { return alice.told.find("delivered") != std::string::npos; }));
    CHECK(w.until([&] { return w.mailbox.rows() == 0; }));
    CHECK(w.nodes[0].carrier.counts().carried > 0);
    CHECK(w.nodes[1].carrier.counts().arrived > 0);
}

TEST_CASE("redis_carrier: a newer link at another relay ends the older one, and is not ended by it "
          "[spec 1.3]") {
    world w;
    world::person& bob = w.add("bob", 0);
    const link_id first = bob.link;
    w.until([] { return false; }, 40);
    for (std::size_t where = 1; where < 5; ++where) {
        node& before = w.nodes[(where + 1) % 2];
        w.log_in(bob, where % 2);
        REQUIRE(w.until([&] { return !before.ended.empty(); }));
        CHECK_FALSE(before.machine.online("bob"));
        CHECK(bob.at->machine.online("bob"));
        CHECK(bob.at->ended.empty());
        CHECK((where > 1 || before.ended.front() == first));
        before.ended.clear();
    }
    w.until([] { return false; }, 20);
    CHECK(bob.at->machine.online("bob"));

    w.log_in(bob, 0);  // again at the same relay: that knows by itself
    w.until([] { return false; }, 20);
    CHECK(w.nodes[0].ended.empty());
    CHECK(w.nodes[0].machine.link_of("bob") == bob.link);
}

TEST_CASE("redis_carrier: who logs in again where he has a link already is the newest for all "
          "others, too [spec 1.3]") {
    world w;
    world::person& bob = w.add("bob", 0);
    w.until([] { return false; }, 20);
    w.nodes[0].ends = false;  // it does not get round to it
    w.log_in(bob, 1);
    REQUIRE(w.until([&] { return !w.nodes[0].ended.empty(); }));
    REQUIRE(w.nodes[0].machine.online("bob"));
    w.nodes[0].ended.clear();

    w.log_in(bob, 0);
    CHECK(w.until([&] { return !w.nodes[1].ended.empty(); }));
    CHECK_FALSE(w.nodes[1].machine.online("bob"));
    w.until([] { return false; }, 20);
    CHECK(w.nodes[0].ended.empty());
    CHECK(w.nodes[0].machine.link_of("bob") == bob.link);
}

TEST_CASE("redis_carrier: what is for one who is known to be elsewhere is not stored first, and is "
          "for one who has left [spec 5.9]") {
    alice_and_bob w;
    const auto say = [&](const std::string& text) {
        const std::size_t before = w.bob.inbox.size();
        REQUIRE(w.alice.machine.send("bob", as_bytes(text)));
        REQUIRE(w.until([&] { return w.bob.inbox.size() > before; }));
        REQUIRE(w.until([&] { return w.alice.machine.sender().queued() == 0; }));
    };
    say("one");
    CHECK(w.puts == 1);
    REQUIRE(w.until([&] { return w.here.machine.online("bob"); }));
    say("two");
    say("three");
    CHECK(w.puts == 1);
    CHECK(w.mailbox.rows() == 0);

    const auto is_stored = [&](const std::string& text) {
        const std::uint64_t before = w.puts;
        w.alice.told.clear();
        REQUIRE(w.alice.machine.send("bob", as_bytes(text)));
        REQUIRE(w.until([&] { return w.alice.told.find("stored") != std::string::npos; }));
        CHECK(w.puts == before + 1);
    };
    SECTION("he leaves") {
        w.bob.machine.link_down();
        world::log_out(w.nodes[1], "bob");
        REQUIRE(w.until([&] { return !w.here.machine.online("bob"); }));
        is_stored("four");
    }
    SECTION("he comes here") {
        w.log_in(w.bob, 0);
        REQUIRE(w.until([&] { return !w.nodes[1].machine.online("bob"); }));
        CHECK(w.here.machine.link_of("bob") == w.bob.link);
        say("four");
        CHECK(w.puts == 1);
    }
    SECTION("his relay dies, and says nothing") {
        w.bob.machine.link_down();
        w.nodes[1] = node(w.redis, 3, w.clock);
        w.bob.at = nullptr;
        w.people.pop_back();
        w.until([] { return false; }, 20);
        REQUIRE(w.here.machine.online("bob"));
        REQUIRE(
            w.alice.machine.send("bob", as_bytes("four")));  // nobody listens: that one comes later
        CHECK(w.until([&] { return !w.here.machine.online("bob"); }));
    }
    SECTION("Redis dies, and knows nothing any more") {
        w.redis.kill();
        REQUIRE(w.until([&] { return !w.here.machine.online("bob"); }));
        is_stored("four");
    }
}

TEST_CASE("redis_carrier: who has come here meanwhile is not elsewhere") {
    world w;
    world::person& bob = w.add("bob", 0);
    w.until([] { return false; }, 20);
    node& here = w.nodes[0];
    here.carrier.carry("bob", as_bytes("what he lets go"));
    REQUIRE(w.until([&] { return here.carrier.counts().arrived == 1; }));
    w.until([] { return false; }, 10);
    CHECK(here.led_away == 0);
    CHECK(here.machine.link_of("bob") == bob.link);
}

TEST_CASE(
    "redis_carrier: an app hears that a peer is elsewhere after he has come here and gone: who "
    "is written to next is nowhere, and what may not be stored is away [spec 5.9]") {
    alice_and_bob w;
    w.here.carrier.carry("bob", as_bytes("what he lets go"));
    for (int tries = 0; tries < 400 && w.nodes[1].carrier.counts().arrived == 0; ++tries) {
        w.here.carrier.run();  // and says nothing of him yet
        w.turn(w.nodes[1]);
        poll(nullptr, 0, 5);
    }
    for (int tries = 0; tries < 20; ++tries) {
        w.here.carrier.run();
        poll(nullptr, 0, 5);
    }
    w.here.carrier.link_up("bob");
    w.here.carrier.link_down("bob");
    w.bob.machine.link_down();
    world::log_out(w.nodes[1], "bob");
    REQUIRE(w.until([&] { return w.here.machine.online("bob"); }));
    REQUIRE(w.here.led_away == 1);
    w.until([] { return false; }, 40);
    REQUIRE(w.here.machine.online("bob"));  // nobody has told otherwise

    SECTION("nobody listens") {
        REQUIRE(
            w.alice.machine.send("bob", as_bytes("now or never"), {.storing = storing::forbidden}));
        REQUIRE(w.until([&] { return !w.here.machine.online("bob"); }));
        CHECK(w.alice.told == "relayed ");
        w.clock.advance(2s);  // it is sent again
        CHECK(w.until([&] { return w.alice.told.find("expiring") != std::string::npos; }));
        CHECK(w.until([&] { return w.puts == 1; }));  // its tombstone
    }
    SECTION("Redis is away") {
        w.redis.kill();
        REQUIRE(w.until([&] { return !w.connected(); }));
        REQUIRE(w.here.machine.online("bob"));
        w.here.carrier.carry("bob", as_bytes("hi"));
        CHECK(w.until([&] { return !w.here.machine.online("bob"); }, 2));
    }
}

TEST_CASE("redis_carrier: two links at the same moment: one is left, the same for all [spec 1.3]") {
    world w;
    for (int round = 0; round < 10; ++round) {
        const peer name = "twin" + std::to_string(round);
        w.add(name, 0);
        w.add(name, 1);
        REQUIRE(w.until(
            [&] { return w.nodes[0].machine.online(name) != w.nodes[1].machine.online(name); }));
        w.until([] { return false; }, 10);
        CHECK(w.nodes[0].machine.online(name) != w.nodes[1].machine.online(name));
    }
}

TEST_CASE("redis_carrier: while Redis is away nothing is lost, and behind that all is as before "
          "[spec 5.9]") {
    alice_and_bob w;
    w.redis.kill();
    REQUIRE(w.until([&] { return !w.connected(); }));
    REQUIRE(w.alice.machine.send("bob", as_bytes("one")));
    REQUIRE(w.until([&] { return w.alice.told.find("stored") != std::string::npos; }));
    w.until([] { return false; }, 20);
    CHECK(w.bob.inbox.empty());
    CHECK(w.nodes[0].carrier.counts().dropped > 0);
    CHECK(w.nodes[0].carrier.counts().lost > 0);
    CHECK_FALSE(w.nodes[0].carrier.last_error().empty());
    world::person& carol = w.add("carol", 1);  // who logs in meanwhile is heard of later

    w.redis.start();
    w.until([] { return false; }, 10);
    CHECK_FALSE(w.connected());  // not before it is time to try again
    w.clock.advance(600ms);
    REQUIRE(w.until([&] { return w.connected(); }));
    w.until([] { return false; }, 20);
    REQUIRE(w.alice.machine.send("carol", as_bytes("two")));
    CHECK(w.until([&] { return carol.inbox.size() == 1; }));
    w.clock.advance(90s);  // a look into the mailbox
    CHECK(w.until([&] { return w.bob.inbox.size() == 1; }));
}

TEST_CASE("redis_carrier: who stands still is given up, asked anew and found again") {
    world w;
    w.until([] { return false; }, 40);
    REQUIRE(w.connected());
    w.clock.advance(3s);  // asked, and answered
    w.until([] { return false; }, 40);
    w.clock.advance(3s);
    w.until([] { return false; }, 40);
    REQUIRE(w.connected());
    CHECK(w.nodes[0].carrier.counts().lost == 0);
    w.redis.signal(SIGSTOP);
    w.clock.advance(6s);
    REQUIRE(w.until([&] { return !w.connected(); }));
    CHECK(w.nodes[0].carrier.last_error() == "Redis is silent");
    w.redis.signal(SIGCONT);
    w.clock.advance(1s);
    CHECK(w.until([&] { return w.connected(); }));
}

TEST_CASE("redis_carrier: keeps only so much for one who does not listen, and drops the rest") {
    server redis;
    redis.start();
    const manual_clock clock;
    auto made = redis_carrier::create({.host = redis.path(), .unsent_max = 1000}, 1, clock).value();
    const std::string frame(300, 'x');
    for (int i = 0; i < 10; ++i) {
        made.carry("bob", as_bytes(frame));
    }
    CHECK(made.counts().carried < 4);
    CHECK(made.counts().carried + made.counts().dropped == 10);
}

TEST_CASE("redis_carrier: one word a peer waits for an app that carries while Redis is away and "
          "does not poll") {
    const server redis;  // never started
    const manual_clock clock;
    auto made = redis_carrier::create({.host = redis.path()}, 1, clock).value();
    for (int i = 0; i < 1000; ++i) {
        made.carry("bob", as_bytes("hi"));
        made.carry("carol", as_bytes("hi"));
    }
    CHECK(made.counts().dropped == 2000);
    for (const peer who : {"bob", "carol"}) {
        const auto news = made.poll_news();
        REQUIRE(news);
        CHECK(news->who == who);
        CHECK(news->what == redis_word::nowhere);
    }
    CHECK_FALSE(made.poll_news());

    made.carry("bob", as_bytes("hi"));  // said again, once it was polled
    CHECK(made.poll_news());
    CHECK_FALSE(made.poll_news());
}

TEST_CASE("redis_carrier: logs in, and tells that it may not") {
    server redis("secret");
    redis.start();
    const manual_clock clock;
    node right(redis, 1, clock, "secret");
    node wrong(redis, 2, clock, "guess");
    for (int tries = 0; tries < 200 && !right.carrier.connected(); ++tries) {
        right.carrier.run();
        wrong.carrier.run();
        poll(nullptr, 0, 5);
    }
    CHECK(right.carrier.connected());
    CHECK_FALSE(wrong.carrier.connected());
    CHECK_FALSE(wrong.carrier.last_error().empty());
}

}  // namespace carrier_tests
