// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/journal_bytes.hpp"

// "Nothing arrives?" of examples/README.md: each mistake of its table is made, and what the table says to look at shows it.

namespace nothing_arrives_tests {

using namespace sixfold;
using namespace std::chrono_literals;

namespace {

constexpr link_id at_alice{1};
constexpr link_id at_bob{2};

client_options named(const char* name) {
    return {.self = name, .life = {.start = 1, .seed = 1}};
}

/// Alice writes to Bob, over a relay. What each of them does in its turn is here, to be left out or done wrongly.
struct world {
    explicit world(const client_options& a = named("alice"), const client_options& b = named("bob"))
        : alice(client::create(clock, a).value()), bob(client::create(clock, b).value()) {}

    void link_up() {
        alice.link_up();
        bob.link_up();
        relay_link_up();
    }
    void relay_link_up() {
        REQUIRE(server.link_up(at_alice, "alice"));
        REQUIRE(server.link_up(at_bob, "bob"));
    }
    ticket send(const peer& to = "bob") { return alice.send(to, as_bytes("Dinner?")).value(); }

    /// Apps that do everything right, for a while.
    void run(duration time = 3s) {
        for (const time_point end = clock.now() + time; clock.now() < end; clock.advance(10ms)) {
            turn(alice, at_alice);
            turn(bob, at_bob);
        }
    }
    void turn(client& who, link_id link) {
        while (const auto news = who.poll_event()) {
            told += std::string(told.empty() ? "" : " ") + std::string(to_string(news->what));
        }
        while (polls_messages) {
            const auto message = who.poll_message();
            if (!message) break;
            inbox += as_text(message->payload);
            if (accepts) who.accept(*message);
        }
        for (auto packet = who.poll_transmit(buffer); packet; packet = who.poll_transmit(buffer)) {
            if (!sends) continue;
            const std::vector<std::byte> copy(packet->begin(), packet->end());
            server.handle(link, copy, out);
            put_out();
        }
    }
    void put_out() {
        while (const auto request = out.next_request()) {
            if (asks_mailbox) server.complete(*request, mailbox.execute(*request), out);
        }
        for (const auto frame : out.frames()) {
            client* const to = frame.link == at_alice ? &alice
                               : frame.link == at_bob ? &bob
                                                      : nullptr;
            if (to != nullptr && takes_packets) to->handle(frame.bytes);
        }
        out.clear();
    }

    bool polls_messages = true;
    bool accepts = true;
    bool sends = true;
    bool takes_packets = true;
    bool asks_mailbox = true;

    manual_clock clock;
    client alice;
    client bob;
    relay server = relay::create({}).value();
    memory_mailbox mailbox = memory_mailbox::create({.rows_per_pair_max = 2}).value();
    reactions out;
    std::vector<std::byte> buffer = std::vector<std::byte>(2048);
    std::string told;
    std::string inbox;
};

}  // namespace

TEST_CASE("nothing arrives: all is well") {
    world w;
    w.link_up();
    w.send();
    w.run();
    CHECK(w.inbox == "Dinner?");
    CHECK(w.told == "delivered");
    CHECK(w.alice.linked());
    CHECK(w.server.online("alice"));
    CHECK(w.alice.sender().sent() == 1);
    CHECK(w.alice.sender().resent() == 0);
    CHECK(w.alice.sender().queued() == 0);
    CHECK(w.bob.receiver().held() == 0);
    CHECK(w.bob.receiver().duplicates() == 0);
    for (const auto* each :
         {&w.alice.refusals(), &w.alice.sender().refusals(), &w.alice.receiver().refusals(),
          &w.bob.refusals(), &w.bob.sender().refusals(), &w.bob.receiver().refusals(),
          &w.server.refusals()}) {
        CHECK(each->total() == 0);
    }
}

TEST_CASE("nothing arrives: client.link_up was forgotten") {
    world w;
    w.relay_link_up();
    w.send();
    w.run();
    CHECK_FALSE(w.alice.linked());
    CHECK(w.alice.sender().queued() == 1);
    CHECK(w.alice.sender().sent() == 0);
    w.alice.link_up();
    w.bob.link_up();
    w.run();
    CHECK(w.told == "delivered");
}

TEST_CASE("nothing arrives: relay.link_up was forgotten, or another link has taken its place") {
    world w;
    w.alice.link_up();
    w.bob.link_up();
    w.send();
    w.run();
    CHECK(w.server.refusals()[refusal::unknown_link] > 0);
    CHECK(w.server.link_of("alice") == link_id::none);
    w.relay_link_up();
    w.run();
    CHECK(w.inbox == "Dinner?");

    const auto before = w.server.refusals()[refusal::unknown_link];
    REQUIRE(w.server.link_up(link_id{3}, "alice"));  // the same name is there twice
    w.send();
    w.run();
    CHECK(w.server.refusals()[refusal::unknown_link] > before);
    CHECK(w.server.link_of("alice") == link_id{3});
}

TEST_CASE("nothing arrives: the relay was told another name than self") {
    world w;
    w.alice.link_up();
    REQUIRE(w.server.link_up(at_alice, "Alice"));
    w.send();
    w.run();
    CHECK(w.server.refusals()[refusal::checksum] > 0);
    CHECK_FALSE(w.server.online("alice"));
}

TEST_CASE("nothing arrives: checksum::off at the client alone") {
    world w;
    w.alice.link_up(checksum::off);
    w.relay_link_up();
    w.send();
    w.run();
    CHECK(w.server.refusals()[refusal::checksum] + w.server.refusals()[refusal::truncated] > 0);
    CHECK(w.told.empty());
}

TEST_CASE("nothing arrives: checksum::off at the relay alone") {
    world w;
    w.alice.link_up();
    REQUIRE(w.server.link_up(at_alice, "alice", checksum::off));
    w.send();
    w.run();
    CHECK(w.server.refusals()[refusal::trailing] > 0);
    CHECK(w.server.online("alice"));
    CHECK(w.told.empty());
}

TEST_CASE("nothing arrives: what poll_transmit gives is not sent, or what comes not handled") {
    for (const bool sends : {true, false}) {
        world w;
        w.sends = sends;
        w.takes_packets = !sends;
        w.link_up();
        w.send();
        w.run();
        CHECK(w.alice.linked());
        CHECK(w.alice.sender().resent() > 0);
        CHECK(w.told.empty());
        CHECK(w.alice.refusals().total() + w.server.refusals().total() == 0);
    }
}

TEST_CASE("nothing arrives: nobody polls at next_deadline") {
    world w;
    w.link_up();
    w.send();
    w.run();
    w.sends = false;  // lost
    w.send();
    w.turn(w.alice, at_alice);
    w.clock.advance(10s);
    CHECK(w.alice.next_deadline() < w.clock.now());
    CHECK(w.alice.sender().resent() == 0);
}

TEST_CASE("nothing arrives: the journal is withheld and never durable") {
    client_options withholding = named("alice");
    withholding.journaling = journaling::withhold;
    world w(withholding);
    w.link_up();
    w.send();
    w.run();
    CHECK(w.alice.linked());
    CHECK(w.alice.sender().queued() == 1);
    CHECK(w.alice.sender().sent() == 0);
    CHECK(w.alice.next_deadline() <= w.clock.now());
    while (w.alice.poll_journal(w.buffer)) {
    }
    w.alice.durable(w.alice.written());
    w.run();
    CHECK(w.inbox == "Dinner?");
}

TEST_CASE("nothing arrives: the receiving app does not poll, or does not accept") {
    for (const bool polls : {true, false}) {
        world w;
        w.polls_messages = polls;
        w.accepts = false;
        w.link_up();
        w.send();
        w.run();
        CHECK(w.told == "relayed");
        CHECK(w.bob.receiver().held() == 1);
        CHECK(w.inbox == (polls ? "Dinner?" : ""));
    }
}

TEST_CASE("nothing arrives: the relay does not ask the mailbox") {
    world w;
    w.asks_mailbox = false;
    w.link_up();
    w.send();
    w.run();
    // not even shown: nobody has said that the mailbox has nothing older
    CHECK(w.bob.receiver().held() == 1);
    CHECK(w.told == "relayed");
}

TEST_CASE("nothing arrives: the mailbox is full, or fails") {
    world w;
    w.alice.link_up();
    w.relay_link_up();
    w.server.link_down(at_bob);
    for (int i = 0; i < 3; ++i) {
        w.send();
    }
    w.run();
    CHECK(w.server.refusals()[refusal::mailbox] > 0);
    // two have room, and that was found out
    CHECK(w.told == "relayed relayed relayed stored stored");
}

TEST_CASE("nothing arrives: the payload is larger than the relay takes") {
    world w;
    w.server = relay::create({.payload_max = 4}).value();
    w.link_up();
    w.send();
    w.run();
    CHECK(w.server.refusals()[refusal::payload_too_large] == 1);
    CHECK(w.told == "refused");
    CHECK(w.alice.send("bob", as_bytes("Dinner?")).error().code == errc::payload_too_large);
}

TEST_CASE("nothing arrives: the receiver has as many senders as it may") {
    client_options full = named("bob");
    full.receiver.peers_max = 1;
    world w(named("alice"), full);
    w.link_up();
    auto carol = client::create(w.clock, named("carol")).value();
    carol.link_up();
    REQUIRE(w.server.link_up(link_id{3}, "carol"));
    REQUIRE(carol.send("bob", as_bytes("first")));
    w.turn(carol, link_id{3});
    w.run(100ms);
    CHECK(w.inbox == "first");
    w.send();
    w.run();
    CHECK(w.bob.receiver().refusals()[refusal::peers_full] > 0);
    CHECK(w.inbox == "first");
}

TEST_CASE("nothing arrives: it is for another name") {
    world w;
    w.link_up();
    w.send("Bob");
    w.run();
    CHECK(w.told == "stored");
    CHECK(w.alice.sender().unsettled() == 1);
    CHECK_FALSE(w.server.online("Bob"));
}

TEST_CASE("nothing arrives: the receiver has gone, and the relay was not told") {
    world w;
    w.alice.link_up();
    w.relay_link_up();
    w.send();
    w.run();
    CHECK(w.told == "relayed stored");
    CHECK(w.alice.sender().resent() == 2);  // the last of them asked the relay to keep it
    CHECK(w.server.online("bob"));
}

TEST_CASE("nothing arrives: for half a minute, and the receiver has its link at another relay") {
    world w;
    w.link_up();
    w.run();
    w.server.link_down(at_bob);
    w.send();
    w.run();
    CHECK(w.told == "stored");
    CHECK_FALSE(w.server.online("bob"));
    CHECK(w.bob.linked());
    REQUIRE(w.server.link_up(at_bob, "bob"));  // the next look at the mailbox, wherever it is
    w.run(31s);
    CHECK(w.told == "stored delivered");
}

TEST_CASE("nothing arrives: a message crashes the app") {
    client_options keeps = named("bob");
    keeps.journaling = journaling::withhold;
    world w(named("alice"), keeps);
    std::vector<std::byte> journal;
    w.polls_messages = false;
    w.link_up();
    w.send();
    w.run();
    for (const std::uint32_t attempt : {1U, 2U, 3U}) {
        const auto message = w.bob.poll_message();
        REQUIRE(message);
        CHECK(message->attempts == attempt);
        const auto records = support::records_of(w.bob);
        journal.insert(journal.end(), records.begin(), records.end());
        if (attempt == 3) {
            REQUIRE(w.bob.reject(*message));
            break;
        }
        w.bob = client::create(w.clock, keeps, journal).value();  // here it crashes
        w.bob.link_up();
        w.run(2min);
    }
    (void)support::records_of(w.bob);
    w.bob.durable(w.bob.written());
    w.run();
    CHECK(w.told == "relayed rejected");
}

}  // namespace nothing_arrives_tests
