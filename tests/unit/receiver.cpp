// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <sixfold/receiver.hpp>
#include <sixfold/wire/packet.hpp>
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/receiver_access.hpp"

namespace receiver_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

constexpr epoch entered{0xE};
constexpr epoch larger{0xF};

/// A receiver on a clock of its own, and all that comes out of it.
struct fixture {
    manual_clock clock;
    receiver b;
    std::array<std::byte, 8192> buffer{};
    std::vector<std::byte> wire;        // all bytes that came out
    std::array<std::byte, 512> last{};  // the last ack state
    sending_number number = 0;          // of the last sending

    explicit fixture(const receiver_options& options = {},
                     journaling keeps = journaling::none,
                     std::uint64_t seed = 1)
        : b(receiver::create(clock, seed, options, keeps).value()) {
        b.link_up(framing("bob"));
    }

    /// Polls the records; how many they are.
    std::uint64_t journal() {
        const std::uint64_t before = b.written();
        while (b.poll_journal(buffer)) {
        }
        return b.written() - before;
    }

    struct sent {
        std::vector<ack_request> acks;
        std::vector<sync_request> syncs;
    };
    sent transmit() {
        sent out;
        while (const auto packet = b.poll_transmit(buffer)) {
            wire.insert(wire.end(), packet->begin(), packet->end());
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                frame decoded;
                REQUIRE(decode(*one, framing("bob"), decoded) == refusal::none);
                if (auto* ack = std::get_if<ack_request>(&decoded)) {
                    std::copy(ack->state.begin(), ack->state.end(), last.begin());
                    ack->state = std::span(last).first(ack->state.size());
                    out.acks.push_back(*ack);
                } else {
                    out.syncs.push_back(std::get<sync_request>(decoded));
                }
            }
        }
        return out;
    }
    /// The ack state that comes out now.
    ack_state state() {
        const sent out = transmit();
        REQUIRE(!out.acks.empty());
        ack_state decoded;
        REQUIRE(ack_state::decode(out.acks.back().state, decoded) == refusal::none);
        return decoded;
    }
    /// Everything is answered; the mailbox is empty.
    void settle() {
        for (sent out = transmit(); !out.acks.empty() || !out.syncs.empty(); out = transmit()) {
            for (const ack_request& each : out.acks) {
                (void)b.handle(ack_answer{each.serial});
            }
            for (const sync_request& each : out.syncs) {
                (void)b.handle(sync_answer{each.serial, 0, std::nullopt});
            }
        }
    }

    refusal probe(seq low = 0, const peer& from = "alice", epoch in = entered) {
        return b.handle(msg_notify{.from = from, .epoch = in, .number = ++number, .low = low});
    }
    refusal direct(seq which, std::string_view text = "text", const peer& from = "alice") {
        return b.handle(msg_notify{.from = from,
                                   .epoch = entered,
                                   .number = ++number,
                                   .first = which,
                                   .entries = run::of(as_bytes(text))});
    }
    refusal tombstone(seq which) {
        return b.handle(msg_notify{.from = "alice",
                                   .epoch = entered,
                                   .number = ++number,
                                   .first = which,
                                   .entries = run::tombstone()});
    }
    /// A message comes out, and is not settled.
    message get() {
        const auto next = b.poll_message();
        REQUIRE(next.has_value());
        return *next;
    }
    std::vector<seq> take_all() {
        std::vector<seq> out;
        while (const auto next = b.poll_message()) {
            out.push_back(next->id.seq);
            REQUIRE(b.accept(*next));
        }
        return out;
    }
};

// --- the app -----------------------------------------------------------------------------------------

TEST_CASE("receiver: takes decoded frames of any kind that it has a part in") {
    fixture f;
    CHECK(f.b.handle(frame(msg_notify{.from = "alice", .epoch = entered})) == refusal::none);
    const fixture::sent out = f.transmit();
    REQUIRE(out.acks.size() == 1);
    REQUIRE(out.syncs.size() == 1);
    CHECK(f.b.next_deadline() < never);
    CHECK(f.b.handle(frame(ack_answer{out.acks[0].serial})) == refusal::none);
    CHECK(f.b.handle(frame(sync_answer{out.syncs[0].serial, 0, std::nullopt})) == refusal::none);
    f.clock.advance(10s);  // nothing that was asked waits for its answer any more
    CHECK(f.transmit().acks.empty());
}

TEST_CASE("receiver: a sync that finds no room behind the acks goes into the next packet") {
    fixture f;
    fixture twin;
    std::size_t all = 0;
    for (fixture* each : {&f, &twin}) {
        (void)each->probe();
    }
    const auto whole = twin.b.poll_transmit(twin.buffer);
    REQUIRE(whole);
    all = whole->size();
    const auto first = f.b.poll_transmit(std::span(f.buffer).first(all - 1));
    REQUIRE(first);
    CHECK(first->size() < all - 1);
    const auto second = f.b.poll_transmit(f.buffer);
    REQUIRE(second);
    CHECK(first->size() + second->size() == all);
    CHECK_FALSE(f.b.poll_transmit(f.buffer));
}

TEST_CASE("receiver: nothing is acknowledged as delivered before the app's word [spec 3.18]") {
    fixture f;
    (void)f.probe();
    (void)f.direct(0);
    CHECK(f.state().of(0) == fate::held);
    const message first = f.get();
    CHECK(as_text(first.payload) == "text");
    CHECK(f.transmit().acks.empty());
    CHECK(f.b.held() == 1);
    REQUIRE(f.b.accept(first));
    CHECK(f.b.held() == 0);
    CHECK(f.state().of(0) == fate::accepted);
}

TEST_CASE("receiver: accepting what was never handed out is an error and changes nothing") {
    fixture f;
    (void)f.probe();
    (void)f.direct(0);
    (void)f.direct(1);
    f.settle();
    const std::string before = receiver_access::fingerprint(f.b);
    for (const seq which : {seq{0}, seq{1}, seq{2}, seq{1000}, seq_end - 1}) {
        CHECK_FALSE(f.b.accept({"alice", {entered, which}, {}}));
        CHECK_FALSE(f.b.reject({"alice", {entered, which}, {}}));
    }
    CHECK_FALSE(f.b.accept({"alice", {larger, 0}, {}}));
    CHECK_FALSE(f.b.accept({"carol", {entered, 0}, {}}));
    CHECK_FALSE(f.b.accept({"", {}, {}}));
    CHECK(receiver_access::fingerprint(f.b) == before);
    CHECK(f.transmit().acks.empty());
    CHECK(f.take_all() == std::vector<seq>{0, 1});
}

TEST_CASE("receiver: a message is accepted by its name, wherever it is said to be kept") {
    for (const std::uint32_t place : {0u, 1u, 2u, 1000u, UINT32_MAX}) {
        fixture f;
        (void)f.probe();
        (void)f.direct(0);
        (void)f.direct(1);
        message first = f.get();
        message second = f.get();
        first.place = second.place = place;
        CHECK(f.b.accept(first));
        CHECK(f.state().floor() == 1);
        CHECK(f.b.accept(second));
        CHECK(f.state().floor() == 2);
    }
}

TEST_CASE("receiver: accepting twice is once, and so is rejecting") {
    fixture f;
    (void)f.probe();
    (void)f.direct(0);
    (void)f.direct(1);
    const message first = f.get();
    const message second = f.get();
    REQUIRE(f.b.accept(first));
    REQUIRE(f.b.reject(second));
    f.settle();
    const std::string before = receiver_access::fingerprint(f.b);
    CHECK(f.b.accept(first));
    CHECK(f.b.reject(second));
    CHECK(receiver_access::fingerprint(f.b) == before);
    CHECK(f.transmit().acks.empty());
    CHECK(!f.b.poll_message().has_value());
}

TEST_CASE("receiver: with acceptance on delivery the app may still say that it accepts") {
    fixture f({.acceptance = acceptance::on_delivery});
    (void)f.probe();
    (void)f.direct(0, "zero");
    (void)f.direct(1, "one");
    const message first = f.get();
    CHECK(f.state().floor() == 1);
    CHECK(f.b.accept(first));
    CHECK(as_text(first.payload) == "zero");  // good until the next one
    const message second = f.get();
    CHECK(as_text(second.payload) == "one");
    CHECK(f.b.reject(second));  // too late: it has been accepted
    CHECK(!f.b.poll_message().has_value());
    CHECK(f.state().of(1) == fate::accepted);
}

TEST_CASE("receiver: messages may be settled in any order, and come in theirs [spec 3.21]") {
    fixture f;
    (void)f.probe();
    (void)f.direct(2);
    CHECK(!f.b.poll_message().has_value());
    (void)f.direct(1);
    CHECK(!f.b.poll_message().has_value());
    (void)f.direct(0);
    const message a = f.get();
    const message b = f.get();
    const message c = f.get();
    CHECK((a.id.seq == 0 && b.id.seq == 1 && c.id.seq == 2));
    REQUIRE(f.b.accept(c));
    REQUIRE(f.b.reject(a));
    const ack_state state = f.state();
    CHECK(state.floor() == 1);
    CHECK(state.of(0) == fate::rejected);
    CHECK(state.of(1) == fate::held);
    CHECK(state.of(2) == fate::accepted);
    REQUIRE(f.b.accept(b));
    CHECK(f.state().floor() == 3);
}

TEST_CASE("receiver: as it comes, a gap holds nothing up") {
    fixture f({.delivery = delivery::as_it_comes});
    (void)f.probe();
    (void)f.direct(5);
    (void)f.direct(3);
    (void)f.direct(5);
    CHECK(f.take_all() == std::vector<seq>{5, 3});
    CHECK(f.b.duplicates() == 1);
}

TEST_CASE("receiver: hands each message out once, however often it comes") {
    fixture f;
    (void)f.probe();
    for (int i = 0; i < 3; ++i) {
        (void)f.direct(0);
    }
    const message first = f.get();
    (void)f.direct(0);
    CHECK(!f.b.poll_message().has_value());
    REQUIRE(f.b.accept(first));
    (void)f.direct(0);
    CHECK(!f.b.poll_message().has_value());
    CHECK(f.b.duplicates() == 4);
    CHECK(f.state().floor() == 1);
}

TEST_CASE(
    "receiver: the app's word comes before a tombstone that came while it looked [spec 3.18]") {
    fixture f;
    (void)f.probe();
    (void)f.direct(0);
    const message first = f.get();
    (void)f.tombstone(0);
    CHECK(f.state().of(0) == fate::held);
    CHECK(as_text(first.payload) == "text");
    REQUIRE(f.b.accept(first));
    CHECK(f.state().of(0) == fate::accepted);
}

TEST_CASE("receiver: a tombstone ends what the app has not seen [spec 3.18]") {
    fixture f;
    (void)f.probe();
    (void)f.direct(1);
    (void)f.tombstone(1);
    (void)f.direct(1);
    (void)f.direct(0);
    CHECK(f.take_all() == std::vector<seq>{0});
    const ack_state state = f.state();
    CHECK(state.floor() == 2);
    CHECK(state.of(1) == fate::tombstoned);
    (void)f.direct(2);
    (void)f.tombstone(2);
    CHECK(f.take_all().empty());
    CHECK(f.b.held() == 0);
}

TEST_CASE("receiver: a message that is settled after its stream moved on is no error") {
    fixture f;
    (void)f.probe();
    (void)f.direct(0);
    const message first = f.get();
    SECTION("to another floor") {
        (void)f.probe(3);
        CHECK(f.b.accept(first));
        CHECK(f.state().floor() == 3);
    }
    SECTION("to another epoch") {
        (void)f.probe(0, "alice", larger);
        CHECK(as_text(first.payload) == "text");
        CHECK(f.b.accept(first));
        CHECK(f.b.accept(first));  // twice is once, here too
        const ack_state state = f.state();
        CHECK(state.floor() == 0);
        CHECK(state.of(0) == fate::open);
    }
}

// --- capacities --------------------------------------------------------------------------------------

TEST_CASE("receiver: every capacity can be one") {
    fixture f({.window = 1,
               .exceptions = 1,
               .payload_max = 1,
               .held_entries = 1,
               .held_bytes = 1,
               .peers_max = 1});
    (void)f.probe();
    for (seq i = 0; i < 20; ++i) {
        (void)f.direct(i + 1, "y");  // beyond the window
        if (i % 3 == 1) {
            (void)f.tombstone(i);
        } else {
            (void)f.direct(i, "x");
            const message next = f.get();
            CHECK(next.id.seq == i);
            REQUIRE((i % 3 == 0 ? f.b.accept(next) : f.b.reject(next)));
        }
        const ack_state state = f.state();
        CHECK(state.floor() == i + 1);
        CHECK(state.of(i) == std::array{fate::accepted, fate::tombstoned, fate::rejected}[i % 3]);
    }
}

TEST_CASE("receiver: a sender too many is refused, counted, and not answered [spec 3.16]") {
    fixture f({.peers_max = 1});
    (void)f.probe(1);  // something of alice has ended
    f.settle();
    CHECK(f.direct(0, "x", "carol") == refusal::peers_full);
    CHECK(f.b.refusals()[refusal::peers_full] == 1);
    CHECK(f.transmit().acks.empty());
    CHECK(f.direct(1) == refusal::none);
}

TEST_CASE("receiver: a sender of whom nothing is known goes for a new one [spec 3.16]") {
    fixture f({.peers_max = 2});
    const auto known = [&f](const char* name) {
        return receiver_access::knows(f.b, name);
    };
    (void)f.probe(0, "alice");
    (void)f.probe(0, "carol");
    (void)f.transmit();
    SECTION("the one that came first, with what is held of it") {
        (void)f.direct(1, "x", "alice");
        REQUIRE(f.probe(0, "dave") == refusal::none);
        CHECK((!known("alice") && known("carol") && known("dave")));
        CHECK(f.b.held() == 0);
        const auto out = f.transmit();
        REQUIRE(out.acks.size() == 1);
        CHECK(out.acks[0].to == peer("dave"));
    }
    SECTION("not one of whom a message is handed out, until it is over") {
        (void)f.direct(0, "x", "alice");
        const message first = f.get();
        REQUIRE(f.probe(0, "dave") == refusal::none);
        CHECK((known("alice") && !known("carol")));
        CHECK(as_text(first.payload) == "x");
    }
    SECTION("not one of whom something has ended, in any epoch") {
        for (const peer name : {"alice", "carol"}) {
            (void)f.direct(0, "x", name);
            REQUIRE(f.b.reject(f.get()));
            (void)f.probe(0, name, larger);
        }
        CHECK(f.probe(0, "dave") == refusal::peers_full);
    }
    SECTION("not one to whom `past` was said") {
        for (const peer name : {"alice", "carol"}) {
            (void)f.b.handle(msg_notify{.from = name, .epoch = epoch{1}});
        }
        CHECK(f.probe(0, "dave") == refusal::peers_full);
    }
    SECTION("what was owed to it is not said to the next") {
        (void)f.probe(0, "alice");
        REQUIRE(f.direct(0, "x", "dave") == refusal::none);
        const auto out = f.transmit();
        REQUIRE(out.acks.size() == 1);
        CHECK((out.acks[0].to == peer("dave") && out.acks[0].word == ack_word::waiting));
    }
    SECTION("what was said of it is not taken for what is said of the next") {
        const ack_serial of_alice = receiver_access::state_serial(f.b, "alice");
        (void)f.probe(0, "dave");
        (void)f.b.handle(ack_answer{of_alice});
        (void)f.transmit();
        CHECK_FALSE(receiver_access::quiet(f.b));
        CHECK(receiver_access::answer(f.b, "dave").state() == inbound_answer::progress::said);
    }
}

TEST_CASE("receiver: what the next one needs is taken from what waits behind a hole [spec 3.24]") {
    fixture f({.held_entries = 2});
    (void)f.probe();
    for (seq i = 6; i > 0; --i) {
        (void)f.direct(i);
    }
    const ack_state full = f.state();
    CHECK((full.of(6) == fate::held && full.of(5) == fate::held && full.of(4) == fate::open));
    for (seq i = 0; i < 5; ++i) {
        (void)f.direct(i);
        CHECK(f.get().id.seq == i);
        REQUIRE(f.b.accept({"alice", {entered, i}, {}}));
    }
    const ack_state after = f.state();
    CHECK((after.of(5) == fate::held && after.of(6) == fate::open));
    CHECK(f.take_all() == std::vector<seq>{5});
}

TEST_CASE("receiver: a payload that is too large is rejected, not waited for [spec 3.18]") {
    fixture f({.payload_max = 4});
    (void)f.probe();
    (void)f.direct(0, "12345");
    (void)f.direct(1, "1234");
    CHECK(f.take_all() == std::vector<seq>{1});
    const ack_state state = f.state();
    CHECK(state.floor() == 2);
    CHECK(state.of(0) == fate::rejected);
}

TEST_CASE("receiver: the oldest exception is forgotten honestly [spec 3.19]") {
    fixture f({.exceptions = 2});
    (void)f.probe();
    for (seq i = 0; i < 6; ++i) {
        (void)(i % 2 == 0 ? f.tombstone(i) : f.direct(i));
    }
    CHECK(f.take_all() == std::vector<seq>{1, 3, 5});
    const ack_state state = f.state();
    CHECK(state.floor() == 6);
    CHECK(state.of(0) == fate::ended);
    CHECK(state.of(1) == fate::accepted);
    CHECK(state.of(2) == fate::tombstoned);
    CHECK(state.of(4) == fate::tombstoned);
}

TEST_CASE("receiver: tells its limits when a probe asks, until that was answered [spec 3.25]") {
    fixture f({.window = 7, .exceptions = 5, .payload_max = 99});
    (void)f.probe();
    auto out = f.transmit();
    REQUIRE(out.acks.size() == 1);
    ack_state state;
    REQUIRE(ack_state::decode(out.acks[0].state, state) == refusal::none);
    CHECK(state.limits() == receiver_limits{7, 5, 99});
    (void)f.direct(0);
    CHECK(f.state().limits().has_value());
    (void)f.b.handle(ack_answer{static_cast<ack_serial>(out.acks[0].serial + 2)});
    f.settle();
    (void)f.direct(1);
    CHECK(!f.state().limits().has_value());
}

// --- floors ------------------------------------------------------------------------------------------

TEST_CASE("receiver: whatever its window says of a seq, the answer is the ack state as it is "
          "[spec 3.16, 3.25]") {
    fixture f({.window = 4, .delivery = delivery::as_it_comes});
    (void)f.probe();
    (void)f.direct(0);
    (void)f.direct(2);
    CHECK(f.take_all() == std::vector<seq>{0, 2});
    f.settle();
    const auto answered = [&f](seq which) {
        (void)f.direct(which);
        const ack_state state = f.state();
        CHECK(state.floor() == 1);
        return state.of(which);
    };
    CHECK(answered(0) == fate::accepted);  // below the floor
    CHECK(answered(2) == fate::accepted);  // its bit is set
    CHECK(answered(5) == fate::open);      // beyond: floor + W
    CHECK(answered(seq_end - 1) == fate::open);
    CHECK(f.take_all().empty());
    CHECK(answered(4) == fate::held);  // floor + W - 1
    CHECK(f.take_all() == std::vector<seq>{4});
}

TEST_CASE(
    "receiver: the low of a probe and of a drained row raises floor and horizon [spec 3.20]") {
    fixture f({.delivery = delivery::as_it_comes});
    (void)f.probe();
    (void)f.direct(1);
    CHECK(f.take_all() == std::vector<seq>{1});
    const auto row = [&f](seq which, seq low) {
        (void)f.b.handle(msg_notify{.from = "alice",
                                    .epoch = entered,
                                    .drained = true,
                                    .first = which,
                                    .low = low,
                                    .entries = run::of(as_bytes("row"))});
    };
    SECTION("of a probe") {
        (void)f.probe(5);
    }
    SECTION("of a row, which is taken all the same") {
        row(6, 5);
        CHECK(f.take_all() == std::vector<seq>{6});
    }
    ack_state state = f.state();
    CHECK(state.floor() == 5);
    CHECK(state.horizon() == 5);
    CHECK(state.of(1) == fate::ended);  // it was accepted, and we no longer vouch for it
    (void)f.probe(3);                   // never back
    row(8, 4);
    (void)f.direct(9);
    state = f.state();
    CHECK(state.floor() == 5);
    CHECK(state.horizon() == 5);
}

// --- epochs ------------------------------------------------------------------------------------------

TEST_CASE("receiver: frames of a smaller epoch are told so, and change nothing [spec 3.22]") {
    fixture f;
    (void)f.probe(1, "alice", larger);
    f.settle();
    const std::string before = receiver_access::fingerprint(f.b);
    CHECK(f.b.past_epochs() == 0);
    (void)f.direct(0);
    CHECK(f.b.past_epochs() == 1);
    auto out = f.transmit();
    REQUIRE(out.acks.size() == 1);
    CHECK(out.acks[0].word == ack_word::past);
    CHECK(out.acks[0].current == larger);
    CHECK(receiver_access::fingerprint(f.b) == before);
    CHECK(!f.b.poll_message().has_value());
}

TEST_CASE("receiver: a larger epoch waits for the word that nothing of a smaller one is left "
          "[spec 3.22]") {
    fixture f;
    (void)f.probe();
    (void)f.b.handle(
        msg_notify{.from = "alice", .epoch = larger, .entries = run::of(as_bytes("new"))});
    auto out = f.transmit();
    REQUIRE(out.acks.size() == 2);  // of the message, and of the probe
    CHECK(out.acks[0].word == ack_word::waiting);
    CHECK(out.acks[0].epoch == larger);
    CHECK(!f.b.poll_message().has_value());
    (void)f.probe(0, "alice", larger);
    (void)f.b.handle(
        msg_notify{.from = "alice", .epoch = larger, .entries = run::of(as_bytes("new"))});
    CHECK(as_text(f.get().payload) == "new");
}

TEST_CASE("receiver: what overtakes the word that lets us in is held, and not shown [spec 3.22]") {
    constexpr epoch largest{0xFF};
    fixture f({.window = 4});
    const auto early = [&](seq which, epoch in, std::string_view text) {
        (void)f.b.handle(msg_notify{
            .from = "alice", .epoch = in, .first = which, .entries = run::of(as_bytes(text))});
    };
    early(1, larger, "one");
    early(0, larger, "zero");
    early(0, larger, "zero");
    early(4, larger, "beyond the window");
    CHECK(!f.b.poll_message().has_value());
    SECTION("until we enter") {
        (void)f.probe(0, "alice", larger);
        CHECK(f.state().of(1) == fate::held);
        const message zero = f.get();
        CHECK(as_text(zero.payload) == "zero");
        CHECK(zero.id == msgid{larger, 0});
        CHECK(as_text(f.get().payload) == "one");
        CHECK(!f.b.poll_message().has_value());
    }
    SECTION("what has ended meanwhile is not shown") {
        (void)f.probe(1, "alice", larger);
        CHECK(as_text(f.get().payload) == "one");
    }
    SECTION("and is dropped if we enter another") {
        (void)f.probe(0, "alice", largest);
        CHECK(!f.b.poll_message().has_value());
        CHECK(f.state().end() == 0);
    }
    SECTION("or if a larger one comes") {
        early(0, largest, "newest");
        early(1, larger, "one");
        (void)f.probe(0, "alice", largest);
        CHECK(as_text(f.get().payload) == "newest");
        CHECK(!f.b.poll_message().has_value());
    }
}

TEST_CASE(
    "receiver: rows of a larger epoch are asked for when all of ours is over, and the relay knows "
    "[spec 3.26]") {
    fixture f;
    const auto row = [&f](epoch of, msgid smaller) {
        (void)f.b.handle(msg_notify{.from = "alice",
                                    .epoch = of,
                                    .drained = true,
                                    .smaller = smaller,
                                    .entries = run::of(as_bytes("row"))});
    };
    (void)f.probe();
    f.settle();
    row(entered, {});
    row(larger, {entered, 0});
    REQUIRE(f.take_all() == std::vector<seq>{0});
    fixture::sent out = f.transmit();
    REQUIRE(out.acks.size() == 1);
    const ack_serial over = out.acks[0].serial;
    while (!out.syncs.empty()) {
        CHECK(out.syncs[0].from->id.epoch == entered);
        (void)f.b.handle(sync_answer{out.syncs[0].serial, 0, std::nullopt});
        out = f.transmit();
    }
    (void)f.b.handle(ack_answer{over});
    out = f.transmit();
    REQUIRE(out.syncs.size() == 1);
    CHECK(out.syncs[0].from->id == msgid{larger, 0});
}

TEST_CASE(
    "receiver: rows of a request that was given up say nothing of what the next one lacks [spec "
    "3.27]") {
    fixture f;
    const auto first = f.transmit().syncs;
    REQUIRE(first.size() == 1);
    f.clock.advance(10s);
    const auto second = f.transmit().syncs;
    REQUIRE(second.size() == 1);
    (void)f.b.handle(msg_notify{.from = "alice",
                                .epoch = entered,
                                .drained = true,
                                .serial = first[0].serial,
                                .entries = run::of(as_bytes("x"))});
    (void)f.b.handle(sync_answer{second[0].serial, 1, std::nullopt});
    f.clock.advance(5s);
    CHECK(f.transmit().syncs.size() == 1);
}

TEST_CASE("receiver: what nobody can send any more is not waited for [spec 3.23]") {
    fixture f({.window = 4});
    (void)f.probe();
    (void)f.direct(0);
    CHECK(f.take_all() == std::vector<seq>{0});
    f.settle();
    const auto row = [&](seq which) {
        (void)f.b.handle(msg_notify{.from = "alice",
                                    .epoch = entered,
                                    .drained = true,
                                    .first = which,
                                    .low = 1,
                                    .entries = run::of(as_bytes("row"))});
    };
    /// A frame of a larger epoch: what is the lowest row of a smaller one?
    const auto look = [&](seq lowest, epoch of = entered) {
        (void)f.b.handle(msg_notify{.from = "alice", .epoch = larger, .smaller = {of, lowest}});
    };
    SECTION("within the window") {
        row(3);
        CHECK(f.take_all().empty());
        look(3);
        CHECK(f.take_all() == std::vector<seq>{3});
    }
    SECTION("beyond the window") {
        row(9);
        look(9);
        row(9);
        CHECK(f.take_all() == std::vector<seq>{9});
    }
    SECTION("a drained row says it as well as a probe") {
        row(3);
        (void)f.b.handle(
            msg_notify{.from = "alice", .epoch = larger, .drained = true, .smaller = {entered, 3}});
        CHECK(f.take_all() == std::vector<seq>{3});
    }
    SECTION("what came directly and waits for a hole goes first") {
        (void)f.direct(2);
        row(3);
        look(3);
        CHECK(f.take_all() == std::vector<seq>{2, 3});
    }
    SECTION("what the app has not settled yet is waited for") {
        (void)f.direct(1);
        const message held = f.get();
        look(9);
        CHECK(f.state().floor() == 1);
        CHECK(f.b.accept(held));
        look(9);
        CHECK(f.state().floor() == 9);
    }
    SECTION("it says nothing of another epoch") {
        row(3);
        look(3, epoch{1});
        CHECK(f.take_all().empty());
        CHECK(f.state().floor() == 1);
    }
    SECTION("what has ended is answered anew, for its erasing got lost") {
        look(0);
        ack_state said;
        int states = 0;
        for (const ack_request& each : f.transmit().acks) {
            if (each.word == ack_word::state && each.epoch == entered) {
                REQUIRE(ack_state::decode(each.state, said) == refusal::none);
                CHECK(said.covers(0));
                ++states;
            }
        }
        CHECK(states == 1);
    }
    SECTION("the mailbox is asked for at once") {
        look(3);
        CHECK(f.transmit().syncs.size() == 1);
    }
}

// --- time and acknowledgements -----------------------------------------------------------------------

TEST_CASE(
    "receiver: an acknowledgement is sent again until it is answered, never later than the cap "
    "[spec 3.25]") {
    fixture f({.retry = {.first = 100ms, .max = 2s}, .sync_interval = 24h});
    f.settle();
    (void)f.probe();
    REQUIRE(f.transmit().acks.size() == 1);
    std::vector<duration> waits;
    time_point last = f.clock.now();
    ack_serial serial = 0;
    for (int i = 0; i < 200 && waits.size() < 30; ++i) {  // the mailbox is asked in between
        f.clock.set(f.b.next_deadline());
        for (const ack_request& each : f.transmit().acks) {
            CHECK(each.serial != serial);
            serial = each.serial;
            waits.push_back(f.clock.now() - last);
            last = f.clock.now();
        }
    }
    REQUIRE(waits.size() == 30);
    CHECK(waits[0] <= 125ms);
    std::size_t different = 0;
    for (std::size_t i = 10; i < waits.size(); ++i) {
        CHECK(waits[i] >= 2s);
        CHECK(waits[i] <= 2500ms);
        different += std::size_t{waits[i] != waits[i - 1]};
    }
    CHECK(different > 15);
    REQUIRE(f.b.handle(ack_answer{serial}) == refusal::none);
    f.clock.advance(3s);
    CHECK(f.transmit().acks.empty());
}

TEST_CASE("receiver: an answer to an earlier ack:R that said the same is one, and where the cap is "
          "below the round "
          "trip no other comes [spec 3.25]") {
    fixture f({.retry = {.first = 100ms, .max = 200ms}, .sync_interval = 24h});
    f.settle();
    (void)f.probe();
    std::vector<ack_serial> serials;
    const auto transmit = [&] {
        for (const ack_request& each : f.transmit().acks) {
            serials.push_back(each.serial);
        }
        return serials.size();
    };
    REQUIRE(transmit() == 1);
    f.clock.set(f.b.next_deadline());
    REQUIRE(transmit() == 2);
    (void)f.direct(0);  // there is more to be said
    REQUIRE(transmit() == 3);
    f.clock.set(f.b.next_deadline());
    REQUIRE(transmit() == 4);
    for (const int said_less : {int{serials[0]}, int{serials[1]}, serials[0] - 1}) {
        REQUIRE(f.b.handle(ack_answer{static_cast<ack_serial>(said_less)}) == refusal::none);
    }
    f.clock.set(f.b.next_deadline());
    REQUIRE(transmit() == 5);
    // of the future
    REQUIRE(f.b.handle(ack_answer{static_cast<ack_serial>(serials[4] + 1)}) == refusal::none);
    f.clock.set(f.b.next_deadline());
    REQUIRE(transmit() == 6);
    REQUIRE(f.b.handle(ack_answer{serials[2]}) == refusal::none);
    f.clock.advance(1h);
    CHECK(transmit() == 6);
}

TEST_CASE(
    "receiver: after a step back of the clock what is ready is ready now, in the time of the app") {
    fixture f;
    f.clock.set(time_point(10h));
    f.settle();
    f.clock.set(time_point(9h));
    CHECK(f.b.next_deadline() > f.clock.now());
    (void)f.probe();
    CHECK(f.b.next_deadline() == f.clock.now());
    CHECK_FALSE(f.transmit().acks.empty());
}

TEST_CASE("receiver: one acknowledgement answers several messages [spec 3.25]") {
    fixture f;
    (void)f.probe();
    f.settle();
    for (seq each = 0; each < 5; ++each) {
        (void)f.direct(each);
    }
    const auto out = f.transmit();
    REQUIRE(out.acks.size() == 1);
    CHECK(out.acks[0].echo == echo{f.number, 0});
    CHECK(f.transmit().acks.empty());
}

TEST_CASE("receiver: owes one sender one acknowledgement, however much comes before it leaves") {
    fixture f;
    (void)f.probe();
    f.settle();
    (void)f.direct(0);
    const std::size_t more = support::allocations_in([&] {
        for (int i = 0; i < 1000; ++i) {
            (void)f.direct(0);
        }
    });
    CHECK(more == 0);
    CHECK(f.transmit().acks.size() == 1);
}

TEST_CASE("receiver: measures how long the relay takes, from the sending that it answers") {
    fixture f;
    (void)f.probe();
    f.settle();
    const round_trip before = receiver_access::relay_trip(f.b);
    f.clock.advance(5s);
    (void)f.direct(0);
    const auto acks = f.transmit().acks;
    REQUIRE(acks.size() == 1);
    f.clock.advance(30ms);
    CHECK(f.b.handle(ack_answer{static_cast<ack_serial>(acks[0].serial - 1)}) == refusal::none);
    CHECK(receiver_access::relay_trip(f.b) == before);
    CHECK(f.b.handle(ack_answer{acks[0].serial}) == refusal::none);
    round_trip expected = before;
    expected.sample(30ms, f.clock.now());
    CHECK(receiver_access::relay_trip(f.b) == expected);
}

TEST_CASE("receiver: `past` and `waiting` are said once for each question [spec 3.25]") {
    fixture f({.sync_interval = 24h});
    (void)f.probe();
    f.settle();
    const auto said = [&f](epoch of) {
        (void)f.b.handle(
            msg_notify{.from = "alice", .epoch = of, .entries = run::of(as_bytes("x"))});
        const auto out = f.transmit();
        REQUIRE(out.acks.size() == 1);
        f.clock.advance(1h);
        CHECK(f.transmit().acks.empty());  // whether it was answered or not
        return out.acks[0].word;
    };
    for (int i = 0; i < 3; ++i) {
        CHECK(said(epoch{1}) == ack_word::past);
        CHECK(said(larger) == ack_word::waiting);
    }
}

TEST_CASE(
    "receiver: after a year one acknowledgement goes out, and the others when that is answered "
    "[spec 3.25]") {
    fixture f;
    for (char c = 'a'; c <= 'z'; ++c) {
        (void)f.probe(0, std::string(1, c));
    }
    REQUIRE(f.transmit().acks.size() == 26);
    f.clock.advance(std::chrono::hours(24 * 365));
    const auto out = f.transmit();
    REQUIRE(out.acks.size() == 1);
    CHECK(out.acks[0].to == peer("a"));
    CHECK(out.syncs.size() == 1);
    CHECK(f.transmit().acks.empty());
    f.clock.advance(10ms);
    (void)f.b.handle(ack_answer{out.acks[0].serial});
    CHECK(f.transmit().acks.size() == 25);
    f.clock.set({});  // and back
    CHECK(f.transmit().acks.empty());
}

TEST_CASE("receiver: after polling until empty the next deadline is ahead") {
    fixture f;
    (void)f.probe();
    (void)f.direct(0);
    for (int i = 0; i < 200; ++i) {
        (void)f.transmit();
        REQUIRE(f.b.next_deadline() > f.clock.now());
        f.clock.set(f.b.next_deadline());
        const auto out = f.transmit();
        CHECK(out.acks.size() + out.syncs.size() > 0);
    }
    f.b.link_down();
    CHECK(f.b.next_deadline() == never);
}

TEST_CASE("receiver: acknowledgements wait for their record [spec 3.18, 7.4]") {
    fixture f({}, journaling::withhold);
    (void)f.probe();  // of whom nothing has ended the journal hears nothing
    f.settle();
    CHECK(f.journal() == 0);
    (void)f.direct(0);
    CHECK(f.state().of(0) == fate::held);  // which depends on no record
    const message first = f.get();
    REQUIRE(f.b.accept(first));
    CHECK(f.transmit().acks.empty());
    (void)f.direct(0);
    (void)f.probe();
    f.clock.advance(10s);
    CHECK(f.transmit().acks.empty());
    f.b.durable(f.b.written());  // not even written
    CHECK(f.transmit().acks.empty());
    CHECK(f.journal() == 1);
    f.b.durable(f.b.written() - 1);
    CHECK(f.transmit().acks.empty());
    f.b.durable(f.b.written());
    CHECK(f.state().of(0) == fate::accepted);
}

TEST_CASE("receiver: a floor that was raised is a record, and acknowledged when that is durable "
          "[spec 7.4]") {
    fixture f({}, journaling::withhold);
    (void)f.probe();
    f.settle();
    (void)f.probe(7);
    CHECK(f.transmit().acks.empty());
    CHECK(f.journal() == 1);
    f.b.durable(f.b.written());
    CHECK(f.state().floor() == 7);
    (void)f.probe(7);
    CHECK(f.journal() == 0);  // nothing new
}

TEST_CASE("receiver: `past` leaves when its epoch is durable, as it must never be forgotten then "
          "[spec 3.16, 7.4]") {
    fixture f({}, journaling::withhold);
    (void)f.probe();
    f.settle();
    (void)f.b.handle(msg_notify{.from = "alice", .epoch = epoch{1}});
    CHECK(f.transmit().acks.empty());
    CHECK(f.journal() == 1);
    f.b.durable(f.b.written());
    const auto out = f.transmit();
    REQUIRE(out.acks.size() == 1);
    CHECK(out.acks[0].word == ack_word::past);
    (void)f.b.handle(msg_notify{.from = "alice", .epoch = larger});  // and so is the next epoch
    CHECK(f.transmit().acks.empty());
    CHECK(f.journal() == 1);
}

TEST_CASE("receiver: the record of one sender holds up no other") {
    fixture f({}, journaling::withhold);
    (void)f.probe(1);
    (void)f.probe(1, "carol");
    CHECK(f.journal() == 2);
    f.b.durable(1);
    const auto out = f.transmit();
    REQUIRE(out.acks.size() == 1);
    CHECK(out.acks[0].to == peer("alice"));
    f.b.durable(2);
    CHECK(f.transmit().acks.size() == 1);
}

TEST_CASE("receiver: frames that fit into no room come out with the next call") {
    fixture f;
    for (const char* name : {"a", "b", "c", "d"}) {
        (void)f.probe(0, name);
    }
    std::size_t packets = 0;
    std::size_t acks = 0;
    std::array<std::byte, 64> small{};
    while (const auto packet = f.b.poll_transmit(small)) {
        ++packets;
        packet_reader reader(*packet);
        while (reader.next()) {
            ++acks;
        }
        REQUIRE(packets < 20);
    }
    CHECK(acks == 5);  // and the request for the mailbox
    CHECK(packets > 1);
}

TEST_CASE("receiver: a frame of a kind that it never takes is refused [spec 1.1]") {
    fixture f;
    f.settle();
    const std::string before = receiver_access::fingerprint(f.b);
    CHECK(f.b.handle(frame(msg_request{})) == refusal::direction);
    CHECK(f.b.handle(frame(ack_notify{})) == refusal::direction);
    CHECK(f.b.handle(ack_answer{1}) == refusal::none);  // of another life
    CHECK(f.b.handle(sync_answer{12345, 0, std::nullopt}) == refusal::none);
    CHECK(receiver_access::fingerprint(f.b) == before);
    CHECK(f.b.refusals().total() == 2);
    CHECK(f.transmit().acks.empty());
}

TEST_CASE("receiver: the same calls give the same bytes") {
    const auto run = [](std::uint64_t seed) {
        fixture f({.window = 8}, journaling::none, seed);
        for (seq i = 0; i < 60; ++i) {
            const std::string name(1, static_cast<char>('a' + i % 7));
            (void)f.probe(0, name);
            (void)f.direct(i / 7, "text", name);
            (void)f.transmit();
            (void)f.take_all();
            f.clock.set(f.b.next_deadline());
        }
        return f.wire;
    };
    CHECK(run(1) == run(1));
    CHECK(run(1) != run(2));
    CHECK(run(1).size() > 1000);
}

TEST_CASE("receiver: tells its limits again when a probe asked after they were told") {
    fixture f({.window = 7});
    (void)f.probe();
    const auto first = f.transmit();
    REQUIRE(first.acks.size() == 1);
    (void)f.probe();
    (void)f.b.handle(ack_answer{first.acks[0].serial});
    CHECK(f.state().limits().has_value());
    (void)f.b.handle(ack_answer{receiver_access::state_serial(f.b, "alice")});
    (void)f.direct(0);
    CHECK(!f.state().limits().has_value());
}

TEST_CASE("receiver: as it comes, what was held ahead is shown when its epoch is entered") {
    fixture f({.delivery = delivery::as_it_comes});
    for (const seq which : {seq{2}, seq{0}}) {
        (void)f.direct(which);
    }
    CHECK(!f.b.poll_message().has_value());
    (void)f.probe();
    CHECK(f.take_all() == std::vector<seq>{0, 2});
}

TEST_CASE("receiver: answers about other epochs that have no room come with the next packet") {
    fixture f;
    std::vector<std::string> names;
    for (char c = 'a'; c <= 'z'; ++c) {
        names.push_back(std::string(40, c));
        (void)f.probe(0, names.back());
    }
    f.settle();
    for (const std::string& name : names) {
        for (const epoch other : {epoch{1}, larger}) {
            (void)f.b.handle(
                msg_notify{.from = name, .epoch = other, .entries = run::of(as_bytes("x"))});
        }
    }
    std::vector<std::byte> small(f.b.packet_size_min());
    std::vector<std::size_t> answers(2);
    std::size_t packets = 0;
    while (const auto packet = f.b.poll_transmit(small)) {
        ++packets;
        packet_reader reader(*packet);
        while (const auto one = reader.next()) {
            frame decoded;
            REQUIRE(decode(*one, framing("bob"), decoded) == refusal::none);
            if (const auto* ack = std::get_if<ack_request>(&decoded)) {
                REQUIRE(ack->word != ack_word::state);
                ++answers[ack->word == ack_word::past ? 0 : 1];
            }
        }
    }
    CHECK(answers == std::vector{names.size(), names.size()});
    CHECK(packets > 2);
}

TEST_CASE("receiver: holds no tombstone ahead of its epoch, and no payload that it will not take") {
    fixture f({.payload_max = 4});
    (void)f.tombstone(0);
    (void)f.direct(1, "large");
    (void)f.direct(2);
    (void)f.probe();
    const ack_state state = f.state();
    CHECK(state.of(0) == fate::open);
    CHECK(state.of(1) == fate::open);
    CHECK(state.of(2) == fate::held);
}

TEST_CASE(
    "receiver: an ack state speaks of what came or ended last, and to a probe from the floor on "
    "[spec 2.9]") {
    fixture f({.window = 2048, .delivery = delivery::as_it_comes});
    (void)f.probe();
    (void)f.direct(1000);
    (void)f.direct(1);
    CHECK(f.state().first() == 0);
    const message far = f.get();
    REQUIRE(far.id.seq == 1000);
    REQUIRE(f.b.accept(far));
    CHECK(f.state().of(1000) == fate::accepted);
    (void)f.direct(1000);
    (void)f.probe();
    CHECK(f.state().of(1) == fate::held);
    (void)f.direct(1000);  // a duplicate is answered with what it is about
    CHECK(f.state().of(1000) == fate::accepted);
}

}  // namespace
}  // namespace receiver_tests
