// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/lone_sender.hpp"
#include "support/test_access.hpp"

namespace sender_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

using fixture = support::lone_sender;

const std::vector<status> nothing;

// --- misuse ------------------------------------------------------------------------------------------

TEST_CASE("sender: refuses a peer without a name, and one with a name of 48 bytes") {
    fixture f;
    CHECK(f.a.send("", as_bytes("x")).error().code == errc::peer_name);
    CHECK(f.a.send(std::string(48, 'b'), as_bytes("x")).error().code == errc::peer_name);
    CHECK(f.a.send(std::string(47, 'b'), as_bytes("x")).has_value());
    CHECK(f.a.queued() == 1);
}

TEST_CASE("sender: refuses a payload that is too large, and takes the largest") {
    fixture f({.payload_max = 10});
    CHECK(f.a.send("bob", as_bytes("12345678901")).error().code == errc::payload_too_large);
    CHECK(f.a.queued() == 0);
    CHECK(f.a.send("bob", as_bytes("1234567890")).has_value());
    CHECK(f.a.send("bob", {}).has_value());
}

TEST_CASE("sender: a run leaves room for the longest name that its msg:N may have [spec 2.14]") {
    fixture f({.payload_max = 200});
    f.up();
    for (int i = 0; i < 100; ++i) {
        f.send("b", "0123456789012345678901234567");
    }
    std::array<std::byte, 400> room{};
    REQUIRE(f.a.poll_transmit(room));  // the probe, and a run
    const auto packet = f.a.poll_transmit(room);
    REQUIRE(packet);
    std::vector<support::sent_request> runs;
    f.take(*packet, runs);
    REQUIRE(!runs.empty());
    const auto notify = [&](const std::string& from) {
        std::array<std::byte, 400> out{};
        const msg_notify told{.from = from,
                              .epoch = runs[0].epoch,
                              .number = runs[0].number,
                              .first = seq_end - 100,
                              .entries = runs[0].entries};
        return encode(told, framing("b"), out);
    };
    CHECK(notify(std::string(47, 'a')) != 0);
    CHECK(notify(std::string(47, 'a')) > 400 - 60);  // and not for much more
}

TEST_CASE("sender: takes every payload up to its own limit until the receiver has said less") {
    fixture f({.payload_max = 4000});
    const std::string large(4000, 'x');
    CHECK(f.a.send("bob", as_bytes(large)).has_value());
    CHECK(f.a.send("bob", as_bytes(large)).has_value());
    f.up();
    (void)f.transmit();
    REQUIRE(f.state({.limits = receiver_limits{.payload_max = 2000}}) == refusal::none);
    CHECK(f.a.send("bob", as_bytes(large)).error().code == errc::payload_too_large);
    CHECK(f.a.send("carol", as_bytes(large)).has_value());
}

TEST_CASE("sender: refuses a message when the entries of the queue are used up") {
    fixture f({.queue_entries = 2});
    f.up();
    f.send("bob", "0");
    f.send("bob", "1");
    CHECK(f.a.send("bob", as_bytes("2")).error().code == errc::queue_full);
    CHECK(f.seqs() == std::vector<seq>{0, 1});
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK(f.a.send("bob", as_bytes("2")).error().code == errc::queue_full);  // not heard yet
    CHECK(f.news() == std::vector{status::delivered});
    f.send("bob", "2");
    CHECK(f.seqs() == std::vector<seq>{2});  // the refused ones have left no hole
}

TEST_CASE("sender: refuses a message when the bytes of the queue are used up") {
    fixture f({.queue_bytes = 64, .payload_max = 64});
    const std::string large(64, 'x');
    f.send("bob", large);
    CHECK(f.a.send("bob", as_bytes("y")).error().code == errc::queue_full);
    CHECK(f.a.send("bob", {}).has_value());
    CHECK(f.a.queued() == 2);
}

TEST_CASE("sender: one peer holds no more than its share of the queue, and others are served [spec "
          "3.13]") {
    fixture f({.window = 2, .queue_entries = 8, .peer_entries = 3});
    f.up();
    std::vector<ticket> all;
    for (int i = 0; i < 3; ++i) {
        all.push_back(f.send("bob", "x"));
    }
    const auto full = [&] {
        const auto sent = f.a.send("bob", as_bytes("x"));
        return !sent && sent.error().code == errc::peer_full;
    };
    CHECK(full());
    CHECK(f.a.queued() == 3);
    f.send("carol", "x");
    REQUIRE(f.a.cancel(all[2]));  // never sent: it keeps its seq, and its place
    CHECK(full());
    (void)f.transmit();
    f.last = test_access::path(f.a, "bob").sendings.next() - 1;
    REQUIRE(f.stored(0) == refusal::none);
    f.send("bob", "has the place of what is stored");
    CHECK(full());
    REQUIRE(f.state({.floor = 2}) == refusal::none);
    CHECK(full());  // as the app has not heard of it yet
    (void)f.news();
    f.send("bob", "x");
    CHECK(full());
    for (int i = 0; i < 2; ++i) {
        f.send("carol", "x");
    }
    CHECK(f.a.send("carol", as_bytes("x")).error().code == errc::peer_full);
    for (int i = 0; i < 2; ++i) {
        f.send("dave", "x");
    }
    CHECK(f.a.send("dave", as_bytes("x")).error().code == errc::queue_full);
}

TEST_CASE("sender: the bytes of one peer have a share, too, and one message is always taken") {
    fixture f({.queue_bytes = 1024, .peer_bytes = 100, .payload_max = 512});
    f.send("bob", std::string(33, 'x'));  // which takes 64
    CHECK(f.a.send("bob", as_bytes(std::string(33, 'x'))).error().code == errc::peer_full);
    f.send("bob", std::string(32, 'x'));
    f.send("bob", "");
    CHECK(f.a.send("bob", as_bytes("x")).error().code == errc::peer_full);
    f.send("carol", std::string(512, 'x'));
    CHECK(f.a.send("carol", as_bytes("x")).error().code == errc::peer_full);
    f.up();
    (void)f.transmit();
    REQUIRE(f.state({.floor = 3}) == refusal::none);
    (void)f.news();
    CHECK(test_access::queue(f.a).of(0).bytes == 0);
    CHECK(test_access::queue(f.a).of(0).queued == 0);
    CHECK(test_access::queue(f.a).of(0).entries == 0);
    f.send("bob", std::string(400, 'x'));
}

TEST_CASE("sender: the time in which nobody lived counts, too, as far as the app knows it [spec "
          "7.7]") {
    fixture f({}, journaling::withhold);
    const ticket early = f.send("bob", "early", {.expires_after = 1h});
    const ticket later = f.send("bob", "later", {.expires_after = 3h});
    const ticket any = f.send("bob", "any");
    f.clock.advance(30min);
    f.keep();  // 30 min and 2 h 30 min are left
    std::vector<std::byte> journal;
    for (std::uint64_t at = 0; const auto part = f.a.snapshot(at, f.buffer);) {
        journal.insert(journal.end(), part->begin(), part->end());
    }
    const auto expiring = [&](duration away, duration lived) {
        manual_clock clock;
        sender next = sender::create(clock, {.start = 2, .seed = 2, .away = away}, {},
                                     journaling::withhold, journal)
                          .value();
        clock.advance(lived);
        std::vector<ticket> out;
        while (const auto news = next.poll_event()) {
            CHECK(news->what == status::expiring);
            out.push_back(news->id);
        }
        return out;
    };
    CHECK(expiring(0s, 29min).empty());
    CHECK(expiring(0s, 30min) == std::vector{early});
    CHECK(expiring(20min, 9min).empty());
    CHECK(expiring(20min, 10min) == std::vector{early});
    CHECK(expiring(2h, 0s) == std::vector{early});
    CHECK(expiring(2h, 30min) == std::vector{early, later});
    CHECK(expiring((duration::max)(), 0s) == std::vector{early, later});
    (void)any;  // has no deadline
}

TEST_CASE("sender: a new life counts what each peer has of the queue [spec 3.13, 7.7]") {
    fixture f({.peer_entries = 3}, journaling::withhold);
    f.send("bob", "x");
    f.send("bob", std::string(100, 'x'));
    f.send("carol", "x");
    f.keep();
    std::vector<std::byte> journal;
    for (std::uint64_t at = 0; const auto part = f.a.snapshot(at, f.buffer);) {
        journal.insert(journal.end(), part->begin(), part->end());
    }
    f.a = sender::create(f.clock, {.start = 2, .seed = 2}, {.peer_entries = 3},
                         journaling::withhold, journal)
              .value();
    CHECK(test_access::queue(f.a).of(0).bytes == 32 + 128);
    f.send("bob", "x");
    CHECK(f.a.send("bob", as_bytes("x")).error().code == errc::peer_full);
    f.send("carol", "x");
}

TEST_CASE("sender: refuses a peer too many, and goes on with those it has") {
    fixture f({.peers_max = 1});
    f.send("bob", "x");
    CHECK(f.a.send("carol", as_bytes("x")).error().code == errc::peers_full);
    CHECK(f.a.queued() == 1);
    f.send("bob", "y");
}

TEST_CASE("sender: refuses a deadline that has passed already") {
    fixture f;
    const auto refused = f.a.send("bob", as_bytes("x"), {.expires_after = 0s});
    CHECK(refused.error().code == errc::option);
    CHECK(refused.error().what.starts_with("expires_after"));
}

TEST_CASE("sender: cancelling what it does not know, or what has ended, is an error") {
    fixture f;
    f.up();
    CHECK_FALSE(f.a.cancel(ticket{7}));
    const ticket message = f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK_FALSE(f.a.cancel(message));
    CHECK(f.news() == std::vector{status::delivered});
    const ticket other = f.send("bob", "y");
    CHECK(other != message);  // the same place in memory
    CHECK_FALSE(f.a.cancel(message));
    CHECK(f.a.cancel(other));
    CHECK(f.a.cancel(other));
}

TEST_CASE("sender: takes decoded frames of any kind that it has a part in") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    CHECK(f.a.handle(frame(msg_answer{.to = "bob", .number = f.last})) == refusal::none);
    const std::array<std::byte, 1> floor_1{std::byte{1}};
    CHECK(f.a.handle(frame(ack_notify{.from = "bob", .epoch = f.stream(), .state = floor_1})) ==
          refusal::none);
    const auto heard = f.a.poll_event();
    REQUIRE(heard);
    CHECK(heard->what == status::delivered);
}

TEST_CASE("sender: a frame of a stream or an epoch that it has not changes nothing [spec 2.11]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    const std::string before = test_access::fingerprint(f.a);
    const std::array<std::byte, 1> floor_1{std::byte{1}};
    CHECK(f.a.handle(ack_notify{.from = "carol", .epoch = f.stream(), .state = floor_1}) ==
          refusal::unknown_stream);
    CHECK(f.a.handle(ack_notify{.from = "bob", .epoch = epoch{1}, .state = floor_1}) ==
          refusal::unknown_stream);
    CHECK(f.a.handle(msg_answer{.to = "carol"}) == refusal::unknown_stream);
    CHECK(f.a.handle(msg_answer{
              .to = "bob", .epoch = epoch{1}, .number = f.last, .word = msg_word::away}) ==
          refusal::unknown_stream);
    CHECK(f.a.handle(frame(sync_answer{})) == refusal::direction);
    CHECK(test_access::fingerprint(f.a) == before);
    CHECK(f.news() == nothing);
    CHECK(f.transmit().empty());
    CHECK(f.a.refusals()[refusal::unknown_stream] == 4);
    CHECK(f.a.refusals().total() == 5);
}

// --- what the app hears ------------------------------------------------------------------------------

TEST_CASE("sender: the epoch of a stream is the start number, and random bits below it") {
    const manual_clock clock;
    const auto epoch_of = [&](std::uint64_t start, std::uint64_t seed) {
        sender a = sender::create(clock, {.start = start, .seed = seed}).value();
        REQUIRE(a.send("bob", as_bytes("x")).has_value());
        return static_cast<std::uint64_t>(test_access::stream(a, "bob").epoch());
    };
    for (const std::uint64_t start : {std::uint64_t{1}, std::uint64_t{77}, start_max}) {
        CHECK(epoch_of(start, 1) >> epoch_random_bits == start);
    }
    CHECK(epoch_of(77, 1) != epoch_of(77, 2));  // two lives with one start number are told apart
}

TEST_CASE("sender: what it tells only grows stronger, and each thing once") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.taken() == refusal::none);
    REQUIRE(f.taken() == refusal::none);
    CHECK(f.news() == std::vector{status::relayed});
    REQUIRE(f.stored(0) == refusal::none);
    REQUIRE(f.stored(0) == refusal::none);
    REQUIRE(f.taken() == refusal::none);
    CHECK(f.news() == std::vector{status::stored});
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    REQUIRE(f.stored(0) == refusal::none);
    CHECK(f.news() == std::vector{status::delivered});
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK(f.news() == nothing);
}

TEST_CASE(
    "sender: no event says nothing, when a message is cancelled before the app has heard more") {
    fixture f;
    f.up();
    const ticket message = f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.taken() == refusal::none);
    REQUIRE(f.a.cancel(message));
    CHECK(f.news() == nothing);
    std::array<exception, 1> tombstone{exception{0, fate::tombstoned}};
    REQUIRE(f.state({.floor = 1, .exceptions = tombstone}) == refusal::none);
    CHECK(f.news() == std::vector{status::cancelled});
}

TEST_CASE(
    "sender: no event says nothing, when a stream begins again before the app has heard more") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.taken() == refusal::none);
    REQUIRE(f.past(epoch{std::uint64_t{9} << epoch_random_bits}) == refusal::none);
    CHECK(f.news() == nothing);
    CHECK(f.seqs() == std::vector<seq>{0});
}

TEST_CASE("sender: what was never sent cannot be delivered [spec 3.12]") {
    fixture f({.window = 1});
    f.up();
    f.send("bob", "0");
    f.send("bob", "1");
    REQUIRE(f.seqs() == std::vector<seq>{0});
    // B knows more of this stream than we do: our journal is old (law 1).
    CHECK(f.state({.floor = 2}) == refusal::never_sent);
    CHECK(f.news() == nothing);
    CHECK(f.seqs() == std::vector<seq>{0});  // both go on under a larger epoch
    CHECK(f.a.queued() == 2);
}

TEST_CASE("sender: what was never sent cannot be stored") {
    fixture f;
    f.send("bob", "0");
    CHECK(f.stored(0) == refusal::never_sent);
    CHECK(f.news() == nothing);
    f.up();
    CHECK(f.seqs() == std::vector<seq>{0});
}

TEST_CASE("sender: a deadline is heard as expiring, and then how it ended [spec 3.8, 3.13]") {
    fixture f;
    f.up();
    f.send("bob", "x", {.expires_after = 10s});
    (void)f.transmit();
    f.clock.advance(10s);
    CHECK(f.news() == std::vector{status::expiring});
    const auto frames = f.transmit();
    REQUIRE(!frames.empty());
    CHECK(frames.back().messages.back() == support::sent_request::tombstone);
    CHECK(frames.back().first == 0);

    SECTION("the message came first") {
        REQUIRE(f.state({.floor = 1}) == refusal::none);
        CHECK(f.news() == std::vector{status::delivered});
    }
    SECTION("the tombstone came first") {
        std::array<exception, 1> tombstone{exception{0, fate::tombstoned}};
        REQUIRE(f.state({.floor = 1, .exceptions = tombstone}) == refusal::none);
        CHECK(f.news() == std::vector{status::expired});
    }
    SECTION("nobody knows any more") {
        REQUIRE(f.state({.floor = 1, .horizon = 1}) == refusal::none);
        CHECK(f.news() == std::vector{status::ended});
    }
}

TEST_CASE("sender: a deadline that has passed comes before a cancel that is called later") {
    fixture f;
    f.up();
    const ticket late = f.send("bob", "x", {.expires_after = 10s});
    (void)f.transmit();
    f.clock.advance(10s);
    CHECK(f.a.cancel(late));
    CHECK(f.news() == std::vector{status::expiring});
}

TEST_CASE(
    "sender: only as many stored messages are given up as the memory for them needs [spec 3.11]") {
    fixture f({.unsettled_max = 2});
    f.up();
    for (const char* text : {"0", "1"}) {
        f.send("bob", text);
    }
    (void)f.transmit();
    const auto ended = [&f](seq low) {
        return f.ended(low);
    };
    REQUIRE(f.stored(0) == refusal::none);
    REQUIRE(ended(2) == refusal::none);  // there is memory to wait for more
    CHECK(f.news() == std::vector{status::stored});
    REQUIRE(f.stored(1) == refusal::none);
    CHECK(f.news() == std::vector{status::stored});
    REQUIRE(f.a.unsettled() == 2);
    // The relay's word alone makes nothing delivered; one place is enough for the next message.
    REQUIRE(ended(2) == refusal::none);
    CHECK(f.news() == std::vector{status::ended});
    CHECK(f.a.unsettled() == 1);
}

// --- windows -----------------------------------------------------------------------------------------

TEST_CASE("sender: keeps within its own window, and hands on as it moves [spec 3.9]") {
    fixture f({.window = 3});
    f.up();
    for (int i = 0; i < 7; ++i) {
        f.send("bob", "x");
    }
    CHECK(f.seqs() == std::vector<seq>{0, 1, 2});
    REQUIRE(f.state({.floor = 2}) == refusal::none);
    CHECK(f.seqs() == std::vector<seq>{3, 4});
    const std::array<std::byte, 1> accepted{std::byte{0b110}};
    REQUIRE(f.state({.floor = 2, .accepted = accepted}) == refusal::none);
    CHECK(f.seqs().empty());  // seq 2 still holds the window
}

TEST_CASE("sender: the room that a receiver tells, from its floor on, narrows what is sent for the "
          "first time [spec 3.9]") {
    fixture f({.window = 8});
    f.up();
    for (int i = 0; i < 8; ++i) {
        f.send("bob", "x");
    }
    CHECK(f.seqs().size() == 8);
    REQUIRE(f.echoed({.floor = 8, .limits = receiver_limits{.room = 2}}) == refusal::none);
    (void)f.news();
    for (int i = 0; i < 8; ++i) {
        f.send("bob", "x");
    }
    CHECK(f.seqs() == std::vector<seq>{8, 9});
    const std::array<std::byte, 1> next_is_held{std::byte{1}};
    REQUIRE(f.echoed({.floor = 9, .held = next_is_held}) == refusal::none);
    CHECK(f.seqs() == std::vector<seq>{10});
    REQUIRE(f.echoed({.floor = 11, .limits = receiver_limits{.room = 1000}}) == refusal::none);
    CHECK(f.seqs() == std::vector<seq>{11, 12, 13, 14, 15});
}

TEST_CASE(
    "sender: while a tombstone is under way the receiver's memory for exceptions is the window "
    "[spec 3.9]") {
    fixture f;
    f.up();
    const ticket first = f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.state({.limits = receiver_limits{.exceptions = 2}}) == refusal::none);
    REQUIRE(f.a.cancel(first));
    for (int i = 0; i < 5; ++i) {
        f.send("bob", "x");
    }
    CHECK(f.seqs() == std::vector<seq>{0, 1});
    std::array<exception, 1> tombstone{exception{0, fate::tombstoned}};
    REQUIRE(f.state({.floor = 1, .exceptions = tombstone}) == refusal::none);
    CHECK(f.seqs() == std::vector<seq>{2, 3, 4, 5});
}

TEST_CASE(
    "sender: stored frees the payload, the place in the queue and the window [spec 3.7, 3.9]") {
    fixture f({.window = 1, .queue_entries = 1, .queue_bytes = 32, .payload_max = 32});
    f.up();
    f.send("bob", std::string(32, 'x'));
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    CHECK(f.a.queued() == 0);
    CHECK(f.a.unsettled() == 1);
    f.send("bob", std::string(32, 'y'));
    CHECK(f.seqs() == std::vector<seq>{1});
}

// --- time --------------------------------------------------------------------------------------------

TEST_CASE("sender: a clock that steps back stands still") {
    fixture f;
    f.clock.advance(1h);
    f.up();
    f.send("bob", "x", {.expires_after = 10min});
    (void)f.transmit();
    const time_point due = f.a.next_deadline();
    f.clock.set({});
    CHECK(f.transmit().empty());
    CHECK(f.a.next_deadline() == due);
    f.clock.set(due - 1ns);
    (void)f.transmit();
    CHECK(f.a.resent() == 0);
    f.clock.set({});
    REQUIRE(f.taken() == refusal::none);  // not a negative sample
    round_trip expected;
    expected.sample(due - 1ns - (time_point{} + 1h), due - 1ns);
    CHECK(test_access::trip(test_access::hop(f.a)) == expected);
    f.clock.set(time_point{} + 1h + 10min);
    (void)f.news();
    CHECK(f.transmit().back().messages.back() == support::sent_request::tombstone);
}

TEST_CASE(
    "sender: after a year everything is resent in bounded bursts, each message once [spec 3.28]") {
    fixture f({.burst = 10, .burst_interval = 5ms});
    f.up();
    for (int i = 0; i < 30; ++i) {
        f.send("peer " + std::to_string(i), "x");
    }
    CHECK(f.seqs().size() == 30);
    f.clock.advance(std::chrono::hours(24 * 365));
    std::size_t resent = 0;
    for (int burst = 0; burst < 3; ++burst) {
        const std::size_t now = f.seqs().size();
        CHECK(now == 10);
        CHECK(f.seqs().empty());
        resent += now;
        f.clock.set(f.a.next_deadline());
    }
    CHECK(resent == 30);
    CHECK(f.a.resent() == 30);
}

TEST_CASE(
    "sender: after polling until empty the next deadline is ahead, and waiting for it moves on") {
    fixture f({.window = 4, .retry = {.max = 10s}, .probe_max = 20s, .burst = 2});
    f.up();
    for (int i = 0; i < 10; ++i) {
        f.send(i % 2 == 0 ? "bob" : "carol", "x", {.expires_after = i % 3 == 0 ? 30s : 1h});
    }
    std::size_t idle = 0;
    for (int i = 0; i < 500; ++i) {
        const bool moved = !f.transmit().empty();
        const bool told = !f.news().empty();
        idle = moved || told ? 0 : idle + 1;
        CHECK(idle < 3);  // a deadline may be for nothing, but not again and again
        const time_point next = f.a.next_deadline();
        REQUIRE(next > f.clock.now());
        REQUIRE(next != never);
        f.clock.set(next);
        if (i == 200) {
            REQUIRE(f.stored(0) == refusal::none);
        }
        if (i == 250) {
            f.a.link_down();
            f.up();
        }
    }
}

TEST_CASE("sender: without a link or a message there is nothing to wait for") {
    fixture f;
    CHECK(f.a.next_deadline() == never);
    f.up();
    CHECK(f.a.next_deadline() == never);
    f.a.link_down();
    f.send("bob", "x");
    CHECK(f.a.next_deadline() == never);
    CHECK(f.transmit().empty());
    f.send("bob", "y", {.expires_after = 1s});
    CHECK(f.a.next_deadline() == f.clock.now() + 1s);
}

// --- links, probes, journals -------------------------------------------------------------------------

TEST_CASE("sender: the lowest run of what is outstanding goes out again when the link comes back, "
          "behind a "
          "probe [spec 3.28]") {
    fixture f;
    f.up();
    for (int i = 0; i < 5; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    REQUIRE(f.stored(1) == refusal::none);
    f.a.link_down();
    f.clock.advance(1h);
    CHECK(f.transmit().empty());
    f.up();
    const auto frames = f.transmit();
    REQUIRE(!frames.empty());
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].probes());
    CHECK((frames[1].first == 0 && frames[1].messages.size() == 1));  // 1 is stored
}

TEST_CASE(
    "sender: nothing leaves before its record is durable, and then in order [spec 3.10, 7.6]") {
    fixture f({}, journaling::withhold);
    f.up();
    const ticket first = f.send("bob", "0");
    f.send("bob", "1");
    f.send("bob", "2");
    f.a.durable(99);              // what was not written is not durable
    CHECK(f.transmit().empty());  // nor a probe: it would name an epoch that no journal knows
    CHECK(f.journal() == 3);
    CHECK(f.a.written() == 3);
    CHECK(f.transmit().empty());
    f.a.durable(1);
    CHECK(f.seqs() == std::vector<seq>{0});
    f.a.durable(0);  // never backwards
    CHECK(f.seqs().empty());
    f.a.durable(99);
    CHECK(f.seqs() == std::vector<seq>{1, 2});

    REQUIRE(f.a.cancel(first));
    CHECK(f.journal() == 1);
    CHECK(f.a.written() == 4);
    f.clock.advance(50ms);
    CHECK(f.transmit().empty());
    f.a.link_down();
    f.up();
    for (const msg_request& each : f.transmit()) {
        CHECK((each.probes() || each.first != 0));  // neither tombstone nor payload
    }
    f.a.durable(4);
    const auto frames = f.transmit();
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].messages.back() == support::sent_request::tombstone);
}

TEST_CASE("sender: a stream that begins again waits for its records too [spec 7.6]") {
    fixture f({}, journaling::withhold);
    f.up();
    f.send("bob", "0");
    CHECK(f.journal() == 1);
    f.a.durable(1);
    (void)f.transmit();
    REQUIRE(f.past(epoch{std::uint64_t{9} << epoch_random_bits}) == refusal::none);
    CHECK(static_cast<std::uint64_t>(f.stream()) >> epoch_random_bits == 10);
    CHECK(f.a.past_epochs() == 1);
    CHECK(f.journal() == 1);
    CHECK(f.transmit().empty());  // nor a probe, which would name the epoch
    f.a.durable(f.a.written());
    CHECK(f.seqs() == std::vector<seq>{0});
}

TEST_CASE("sender: a ticket that it has not given is not found, whoever has given it [spec 7.8]") {
    fixture of_another({}, journaling::none, 2);
    fixture of_next_life({}, journaling::none, 3);
    fixture f;
    const ticket first = f.send("bob", "important");
    const ticket foreign[] = {ticket{}, of_another.send("bob", "x"), of_next_life.send("bob", "y")};
    for (const ticket each : foreign) {
        CHECK_FALSE(f.a.outstanding(each));
        CHECK_FALSE(f.a.cancel(each));
    }
    CHECK(f.a.outstanding(first));
}

TEST_CASE(
    "sender: after a step back of the clock what is ready is ready now, in the time of the app") {
    fixture f;
    f.clock.set(time_point(10h));
    f.up();
    CHECK(f.transmit().empty());
    f.clock.set(time_point(9h));
    f.send("bob", "x");
    CHECK(f.a.next_deadline() == f.clock.now());
    CHECK_FALSE(f.transmit().empty());
    CHECK(f.a.next_deadline() > time_point(10h));  // our time stands still until then
}

TEST_CASE("sender: while the pace of resends is used up a timer wakes the app for no more than its "
          "turn") {
    fixture f({.burst = 1, .burst_interval = 300ms});
    f.up();
    for (int i = 0; i < 60; ++i) {
        f.send("peer " + std::to_string(i), "x");
    }
    std::uint64_t for_nothing = 0;
    while (f.clock.now() < time_point(1min)) {
        for_nothing += std::uint64_t{f.transmit().empty()};
        f.clock.set((std::max)(f.a.next_deadline(), f.clock.now()));
    }
    CHECK(f.a.resent() > 90);
    CHECK(for_nothing <= f.a.resent());
}

TEST_CASE("sender: the same calls give the same bytes") {
    const auto run = [](std::uint64_t seed) {
        fixture f({.window = 4}, journaling::none, seed);
        f.up();
        for (int i = 0; i < 12; ++i) {
            f.send(std::string(1, static_cast<char>('a' + i % 5)), "text", {.expires_after = 3s});
        }
        for (int i = 0; i < 60; ++i) {
            (void)f.transmit();
            f.clock.set(f.a.next_deadline());
        }
        return f.wire;
    };
    CHECK(run(1) == run(1));
    CHECK(run(1) != run(2));
    CHECK(run(1).size() > 1000);
}

TEST_CASE("sender: every capacity can be one") {
    fixture f({.window = 1,
               .queue_entries = 1,
               .queue_bytes = 1,
               .unsettled_max = 1,
               .payload_max = 1,
               .peers_max = 1,
               .burst = 1,
               .burst_interval = 0s});
    f.up();
    for (seq i = 0; i < 20; ++i) {
        f.send("bob", "x");
        CHECK(f.seqs() == std::vector<seq>{i});
        REQUIRE(f.taken() == refusal::none);
        if (i % 2 == 0) {
            REQUIRE(f.stored(i) == refusal::none);
        }
        REQUIRE(f.state({.floor = i + 1}) == refusal::none);
        CHECK(f.news() == std::vector{status::delivered});
    }
}

// --- what comes at an odd moment ---------------------------------------------------------------------

TEST_CASE("sender: what is due is due now, but for a resend whose burst is spent") {
    fixture f({.burst = 1, .burst_interval = 1s});
    f.up();
    f.send("bob", "0");
    f.send("carol", "1");
    CHECK(f.a.next_deadline() == f.clock.now());
    (void)f.transmit();
    f.clock.advance(1h);
    CHECK(f.news() == nothing);  // the time goes on here
    CHECK(f.a.next_deadline() <= f.clock.now());
    CHECK(f.seqs().size() == 1);
    CHECK(f.a.next_deadline() == f.clock.now() + 1s);
    f.clock.advance(1s);
    CHECK(f.a.next_deadline() == f.clock.now());
    CHECK(f.seqs().size() == 1);
}

TEST_CASE("sender: a late `away` does not expire what its app has cancelled") {
    fixture f;
    f.up();
    const ticket message = f.send("bob", "x", {.storing = storing::forbidden});
    (void)f.transmit();
    REQUIRE(f.a.cancel(message));
    REQUIRE(f.away() == refusal::none);
    CHECK(f.news() == nothing);
    std::array<exception, 1> tombstone{exception{0, fate::tombstoned}};
    REQUIRE(f.state({.floor = 1, .exceptions = tombstone}) == refusal::none);
    CHECK(f.news() == std::vector{status::cancelled});
}

TEST_CASE("sender: the relay's answer to a probe is refused when what it remembers cannot be") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    const std::string before = test_access::fingerprint(f.a);
    const auto ended = [&](bytes state) {
        return f.a.handle(ack_notify{
            .from = "bob", .epoch = f.stream(), .word = ack_word::ended, .state = state});
    };
    const std::array<std::byte, 1> cut{std::byte{0x80}};
    const std::array<std::byte, 1> floor_2{std::byte{2}};
    CHECK(ended(cut) == refusal::truncated);
    CHECK(ended(floor_2) == refusal::never_sent);
    const std::array<std::byte, 4> accepted_1{std::byte{0}, std::byte{2}, std::byte{1},
                                              std::byte{2}};
    CHECK(ended(accepted_1) == refusal::never_sent);
    CHECK(test_access::fingerprint(f.a) == before);
    CHECK(f.news() == nothing);
    CHECK(f.a.refusals().total() == 3);
}

TEST_CASE("sender: gives no stored message up for one that is on its way") {
    fixture f({.unsettled_max = 1});
    f.up();
    f.send("bob", "0");
    f.send("bob", "1");
    (void)f.transmit();
    REQUIRE(f.stored(1) == refusal::none);
    CHECK(f.news() == std::vector{status::stored});
    REQUIRE(f.a.handle(ack_notify{
                .from = "bob", .epoch = f.stream(), .word = ack_word::ended, .low = 2}) ==
            refusal::none);
    CHECK(f.news() == nothing);
    CHECK(f.a.unsettled() == 1);
}

TEST_CASE("sender: probes that have no room in a packet come with the next one") {
    fixture f;
    f.up();
    std::vector<std::string> names;
    for (char c = 'a'; c <= 'z'; ++c) {
        names.push_back(std::string(40, c));
        f.send(names.back(), "x");
    }
    std::vector<std::byte> small(f.a.packet_size_min());
    std::size_t packets = 0;
    std::size_t probes = 0;
    while (const auto packet = f.a.poll_transmit(small)) {
        ++packets;
        packet_reader reader(*packet);
        while (const auto one = reader.next()) {
            frame decoded;
            REQUIRE(decode(*one, framing("alice"), decoded) == refusal::none);
            probes += std::size_t{std::get<msg_request>(decoded).probes()};
        }
    }
    CHECK(probes == names.size());
    CHECK(packets > 2);
}

TEST_CASE("sender: a seq that ended twice has ended once") {
    fixture f;
    f.up();
    f.send("bob", "0");
    f.send("bob", "1");
    (void)f.transmit();
    const std::array<std::byte, 1> second{std::byte{2}};
    REQUIRE(f.state({.accepted = second}) == refusal::none);
    REQUIRE(f.state({.accepted = second}) == refusal::none);
    CHECK(f.news() == std::vector{status::delivered});
    CHECK(f.a.queued() == 1);
}

TEST_CASE("sender: a receiver that makes epochs up stops its own stream at most") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    const std::string before = test_access::fingerprint(f.a);
    REQUIRE(f.a.handle(ack_notify{.from = "bob",
                                  .epoch = f.stream(),
                                  .word = ack_word::past,
                                  .current = epoch{UINT64_MAX}}) == refusal::none);
    CHECK(test_access::fingerprint(f.a) == before);
    CHECK(f.news() == nothing);
    f.send("carol", "y");
    CHECK(f.seqs() == std::vector<seq>{0});
}

TEST_CASE("sender: what had ended when a stream begins again stays so, and leaves no hole") {
    fixture f;
    f.up();
    for (const char* text : {"0", "1", "2"}) {
        f.send("bob", text);
    }
    (void)f.transmit();
    const std::array<std::byte, 1> second{std::byte{2}};
    REQUIRE(f.state({.accepted = second}) == refusal::none);
    REQUIRE(f.past(epoch{std::uint64_t{9} << epoch_random_bits}) == refusal::none);
    CHECK(f.seqs() == std::vector<seq>{0, 1});
    CHECK(f.news() == std::vector{status::delivered});
}

TEST_CASE("sender: outstanding is what was taken and has not ended, not what has its place now") {
    fixture f;
    f.up();
    const ticket first = f.send("bob", "0");
    CHECK(f.a.outstanding(first));
    (void)f.transmit();
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK(f.a.outstanding(first));  // its app has not heard
    (void)f.news();
    CHECK_FALSE(f.a.outstanding(first));
    CHECK_FALSE(
        f.a.outstanding(ticket{static_cast<std::uint64_t>(first) + (std::uint64_t{1} << 32)}));
    const ticket second = f.send("bob", "1");
    REQUIRE(wait_ack_queue::slot_of(first) == wait_ack_queue::slot_of(second));
    CHECK_FALSE(f.a.outstanding(first));
    CHECK(f.a.outstanding(second));
    CHECK_FALSE(f.a.outstanding(ticket{12345}));
}

TEST_CASE("sender: `away` takes back nothing that may be stored") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.away() == refusal::none);
    CHECK(f.news() == nothing);
    CHECK(f.where(0) == transit::out);
}

TEST_CASE("sender: the relay's word that more has ended than was sent is refused") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    const auto ended = [&](seq low) {
        return f.ended(low);
    };
    CHECK(ended(2) == refusal::never_sent);
    CHECK(ended(1) == refusal::none);
    CHECK(f.news() == nothing);
}

TEST_CASE("sender: of what was stored nobody can say how it ended, once its stream begins again") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    CHECK(f.news() == std::vector{status::stored});
    REQUIRE(f.past(epoch{std::uint64_t{9} << epoch_random_bits}) == refusal::none);
    CHECK(f.news() == std::vector{status::ended});
    CHECK(f.seqs().empty());
}

}  // namespace
}  // namespace sender_tests
