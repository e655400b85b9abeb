// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/lone_sender.hpp"
#include "support/test_access.hpp"

// When a sender sends what again, what makes it due, and what it says then of its base.

namespace resending_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using fixture = support::lone_sender;
using support::met;
using seqs = std::vector<seq>;

constexpr std::byte operator""_bits(unsigned long long value) {
    return static_cast<std::byte>(value);
}
constexpr std::array first{1_bits};
/// Sends so many messages more, each in a run of its own; the number of the first.
sending_number send_apart(fixture& f, int messages) {
    const sending_number out = test_access::path(f.a, "bob").sendings.next();
    for (int i = 0; i < messages; ++i) {
        f.send("bob", std::to_string(i));
        (void)f.transmit();
    }
    return out;
}
constexpr sending_number plus(sending_number number, int more) {
    return static_cast<sending_number>(number + more);
}

/// What the relay and B have to say of a message that B has accepted, after so long.
void answer(fixture& f, seq floor, duration hop, duration rest) {
    f.clock.advance(hop);
    REQUIRE(f.taken() == refusal::none);
    f.clock.advance(rest);
    REQUIRE(f.echoed({.floor = floor}) == refusal::none);
}

/// How long it waits until something of `what` goes again.
duration wait_for(fixture& f, seq what) {
    const time_point before = f.clock.now();
    for (int frames = 0; frames < 100; ++frames) {
        for (const auto& each : f.next()) {
            if (!each.probes() && each.to == peer("bob") && each.first == what) {
                return f.clock.now() - before;
            }
        }
    }
    FAIL("it does not go again");
    return {};
}

// --- time-outs ---------------------------------------------------------------------------------------

TEST_CASE(
    "resending: what the relay does not answer goes again ever more slowly, up to the cap, with "
    "jitter [spec 3.6]") {
    fixture f = met(1, {.retry = {.first = 100ms, .max = 2s}});
    std::vector<duration> waits;
    for (int i = 0; i < 40; ++i) {
        waits.push_back(wait_for(f, 0));
    }
    CHECK(waits[0] == 100ms);
    std::size_t different = 0;
    duration plain = 100ms;
    for (std::size_t i = 1; i < waits.size(); ++i) {
        plain = (std::min)(2 * plain, duration(2s));
        CHECK(waits[i] >= plain);
        CHECK(waits[i] <= plain * 5 / 4);
        different += std::size_t{i > 10 && waits[i] != waits[i - 1]};
    }
    CHECK(different > 20);
}

TEST_CASE("resending: the wait for the relay is short again when it has answered anything, also of "
          "another stream [spec 3.6]") {
    fixture f = met(1, {.retry = {.first = 100ms, .max = 10s}});
    while (wait_for(f, 0) < 5s) {
    }
    f.send("carol", "x");
    (void)f.transmit();
    REQUIRE(f.a.handle(msg_answer{.to = "carol",
                                  .number = static_cast<sending_number>(
                                      test_access::path(f.a, "carol").sendings.next() - 1)}) ==
            refusal::none);
    CHECK(test_access::hop(f.a).timeouts(f.clock.now()) == 0);
    CHECK(wait_for(f, 0) <= 200ms);
}

TEST_CASE(
    "resending: of what the relay has taken B's word is waited for, and its time-outs count until "
    "it says anything [spec 3.6]") {
    fixture f = met(1, {.retry = {.first = 100ms, .max = 10s}});
    answer(f, 1, 10ms, 190ms);
    f.send("bob", "1");
    (void)f.transmit();
    REQUIRE(f.taken() == refusal::none);
    const duration way = test_access::path(f.a, "bob").trip.wait(20ms);
    CHECK(way >= 200ms);
    CHECK(wait_for(f, 1) == way);
    REQUIRE(f.taken() == refusal::none);
    const duration second = wait_for(f, 1);
    CHECK((second >= 2 * way && second <= 5 * way / 2));
    REQUIRE(f.taken() == refusal::none);
    REQUIRE(f.state({.floor = 1}) == refusal::none);  // a word, though it is no news
    CHECK(wait_for(f, 1) == way);
}

TEST_CASE(
    "resending: from the third sending without B's word on the mailbox is asked to keep, and B "
    "does not count as met [spec 3.6, 4.1]") {
    fixture f = met(4, {.retry = {.first = 100ms}});
    REQUIRE(f.state({.limits = receiver_limits{.room = 4}}) == refusal::none);
    for (int i = 0; i < 20; ++i) {
        f.send("bob", "new");
    }
    CHECK(f.transmit().empty());  // no room
    REQUIRE(f.taken() == refusal::none);
    const auto second = f.next();
    REQUIRE(second.size() == 1);
    CHECK((second[0].first == 0 && !second[0].keep));
    CHECK(second[0].messages.size() == 2);  // half of what was neither stored nor seen
    REQUIRE(f.taken() == refusal::none);
    const auto third = f.next();
    REQUIRE(third.size() == 3);
    CHECK(third[0].probes());
    CHECK((third[1].first == 0 && third[1].keep && third[1].messages.size() == 1));
    CHECK((third[2].first == 4 && third[2].keep && third[2].messages.size() == 20));  // together
    REQUIRE(f.state({.limits = receiver_limits{.room = 24}}) == refusal::none);
    f.send("bob", "more");
    CHECK(f.transmit().empty());  // it is there, and has no room
}

TEST_CASE("resending: what must not be stored is never asked to be kept [spec 3.6]") {
    fixture f;
    f.up();
    f.send("bob", "x", {.storing = storing::forbidden});
    for (int i = 0; i < 8; ++i) {
        for (const auto& each : f.next()) {
            CHECK_FALSE(each.keep);
            CHECK((each.probes() || each.storing == storing::forbidden));
        }
    }
}

TEST_CASE(
    "resending: where nothing is out B is asked, and after two questions in vain sent to again "
    "[spec 3.6]") {
    fixture f = met(1);
    REQUIRE(f.echoed({.held = first}) == refusal::none);
    const time_point began = f.clock.now();
    CHECK(f.next().front().probes());
    CHECK(f.clock.now() - began == 500ms);
    SECTION("it answers: then it is asked again, more and more slowly, until it gets on") {
        duration last = 500ms;
        for (int i = 0; i < 12; ++i) {
            REQUIRE(f.state({.held = first}, echo{f.probed}) == refusal::none);
            const time_point asked = f.clock.now();
            const auto frames = f.next();
            CHECK((frames.size() == 1 && frames[0].probes()));
            const duration wait = f.clock.now() - asked;
            CHECK(wait >= (std::min)(last * 3 / 2, duration(60s)));
            CHECK(wait <= 75s);
            last = wait;
        }
        f.send("bob", "1");
        (void)f.transmit();
        REQUIRE(f.echoed({.floor = 1, .held = first}) == refusal::none);
        const time_point heard = f.clock.now();
        CHECK(f.next().front().probes());
        CHECK(f.clock.now() - heard <= 625ms);
    }
    SECTION("it is silent") {
        CHECK(f.next().front().probes());
        const auto frames = f.next();
        REQUIRE(frames.size() == 2);
        CHECK(frames[0].probes());
        CHECK((frames[1].first == 0 && frames[1].keep));
    }
}

TEST_CASE(
    "resending: streams whose frames were lost together do not wait for one another [spec 3.6]") {
    fixture f;
    f.up();
    const auto name = [](int i) {
        return "peer " + std::to_string(i);
    };
    const auto relay_answers = [&] {  // of all that was sent, some time ago
        for (int i = 0; i < 30; ++i) {
            const auto& sendings = test_access::path(f.a, name(i)).sendings;
            REQUIRE(f.a.handle(msg_answer{.to = name(i),
                                          .number = static_cast<sending_number>(
                                              sendings.next() - 1)}) == refusal::none);
        }
    };
    const auto send_all = [&] {
        for (int i = 0; i < 30; ++i) {
            f.send(name(i), "x");
        }
        (void)f.transmit();
    };
    send_all();
    f.clock.advance(100ms);
    relay_answers();
    send_all();
    const time_point sent = f.clock.now();
    const duration wait = test_access::trip(test_access::hop(f.a)).wait(20ms);
    (void)f.transmit();
    std::size_t again = 0;
    while (f.a.next_deadline() < sent + wait + 10ms) {
        f.clock.set(f.a.next_deadline());
        again += f.seqs().size();
    }
    CHECK(again == 60);                                         // a run of two each
    CHECK(test_access::hop(f.a).timeouts(f.clock.now()) == 1);  // one of the link, not thirty
}

TEST_CASE("resending: ten minutes without a link that is worth the name cost a handful of sendings "
          "[spec 3.6, 3.28]") {
    fixture f = met(60);
    const std::uint64_t before = f.a.sent();
    std::size_t runs = 0;
    std::size_t probes = 0;
    while (f.clock.now() < time_point(10min)) {
        for (const auto& each : f.next()) {
            (each.probes() ? probes : runs) += 1;
        }
    }
    CHECK(runs <= 30);
    CHECK(probes <= runs);
    CHECK(f.a.sent() - before <= runs * 64);
}

// --- loss --------------------------------------------------------------------------------------------

TEST_CASE(
    "resending: what three later ones were answered before is lost, and goes again at once [spec "
    "3.5]") {
    fixture f = met(1);
    REQUIRE(f.echoed({.floor = 1}) == refusal::none);
    const sending_number zero = send_apart(f, 5);
    f.clock.advance(10ms);
    for (const int later : {1, 2}) {
        REQUIRE(f.taken(plus(zero, later)) == refusal::none);
        CHECK(f.transmit().empty());
    }
    REQUIRE(f.taken(plus(zero, 3)) == refusal::none);
    CHECK(f.seqs() == seqs{1});
    CHECK(f.a.resent() == 1);
}

TEST_CASE("resending: what is late when a later one was answered is lost by time [spec 3.5]") {
    fixture f = met(1);
    f.clock.advance(1ms);
    (void)send_apart(f, 1);
    f.clock.advance(80ms);
    REQUIRE(f.taken() == refusal::none);
    CHECK(f.transmit().empty());
    CHECK(f.a.next_deadline() == time_point(90ms));  // 80 ms, and an eighth more
    f.clock.set(time_point(90ms) - 1ns);
    CHECK(f.transmit().empty());
    f.clock.set(time_point(90ms));
    CHECK(f.seqs() == seqs{0});
}

TEST_CASE(
    "resending: a sending that was called lost and comes widens what is called so [spec 3.5]") {
    fixture f = met(1);
    seq next = 1;
    /// After how many later ones the first is lost; then it comes all the same.
    const auto places = [&] {
        REQUIRE(f.echoed({.floor = next}) == refusal::none);
        const sending_number zero = send_apart(f, 40);
        const std::uint64_t before = f.a.resent();
        f.clock.advance(10ms);
        int later = 0;
        while (f.a.resent() == before) {
            REQUIRE(f.taken(plus(zero, ++later)) == refusal::none);
            (void)f.transmit();
        }
        REQUIRE(f.taken(zero) == refusal::none);
        next += 40;
        return later;
    };
    CHECK(places() == 3);
    CHECK(places() == 6);
    CHECK(places() == 12);
}

TEST_CASE(
    "resending: over a byte stream the relay's answers make nothing lost, and a wait is three "
    "seconds at least [spec 3.5, 3.6]") {
    fixture f;
    f.up(transport::byte_stream);
    for (int i = 0; i < 6; ++i) {
        f.send("bob", "x");
        (void)f.transmit();
    }
    REQUIRE(f.taken() == refusal::none);
    f.clock.advance(10ms);
    REQUIRE(f.taken(static_cast<sending_number>(f.last - 1)) == refusal::none);
    f.clock.advance(2980ms);
    CHECK(f.transmit().empty());
    f.clock.advance(10ms);
    CHECK_FALSE(f.transmit().empty());

    REQUIRE(f.echoed({.floor = 6}) == refusal::none);
    for (int i = 0; i < 4; ++i) {
        f.send("bob", "x");
        (void)f.transmit();
    }
    f.clock.advance(1ms);
    const std::array fourth{8_bits};
    REQUIRE(f.state({.floor = 6, .accepted = fourth}, echo{f.last, 0b111}) == refusal::none);
    CHECK(f.seqs() == seqs{6});
}

TEST_CASE(
    "resending: no estimate is fed by an echo that is repeated, nor by what was sent on another "
    "link [spec 3.3, 3.4]") {
    fixture f = met(1);
    f.clock.advance(100ms);
    const round_trip none;
    REQUIRE(f.state({}, echo{f.last, 0, true}) == refusal::none);
    CHECK(test_access::path(f.a, "bob").trip == none);
    REQUIRE(f.state({}, echo{f.last, 0, false}) == refusal::none);  // not news any more
    CHECK(test_access::path(f.a, "bob").trip == none);
    f.send("bob", "1");
    (void)f.transmit();
    f.clock.advance(100ms);
    REQUIRE(f.echoed({}) == refusal::none);
    round_trip expected;
    expected.sample(100ms, f.clock.now());
    CHECK(test_access::path(f.a, "bob").trip == expected);
    f.up();
    CHECK(test_access::path(f.a, "bob").trip == none);
}

TEST_CASE(
    "resending: what goes again by the timer stays within the room that B last told [spec 3.6]") {
    fixture f = met(8);
    REQUIRE(f.state({.limits = receiver_limits{3, 64, 1024}}) == refusal::none);
    const auto out = f.next();
    REQUIRE(out.size() == 1);
    CHECK((out[0].first == 0 && out[0].messages.size() == 3));
}

// --- what makes due ----------------------------------------------------------------------------------

TEST_CASE("resending: what B holds is there, and goes again when it holds it no longer [spec 3.8, "
          "3.15]") {
    fixture f = met(1);
    REQUIRE(f.echoed({.held = first}) == refusal::none);
    CHECK(f.where(0) == transit::there);
    f.clock.advance(10min);
    REQUIRE(f.echoed({}) == refusal::none);  // it has lost it
    CHECK(f.seqs() == seqs{0});
}

TEST_CASE(
    "resending: what was held, and is not any more, goes again though its last sending was never "
    "seen [spec 3.8]") {
    fixture f = met(1);
    f.clock.advance(10min);
    (void)f.transmit();  // once more, which gets lost
    const sending_number again = static_cast<sending_number>(f.last);
    REQUIRE(f.state({.held = first}) == refusal::none);  // the first has come after all
    REQUIRE(f.where(0) == transit::there);
    (void)send_apart(f, 1);
    REQUIRE(plus(again, 1) == f.last);
    REQUIRE(f.state({}, echo{.number = f.last, .missing = 1}) == refusal::none);
    CHECK(f.where(0) != transit::there);
}

TEST_CASE("resending: what B waited with, and says open without ever having seen its sending, goes "
          "again [spec "
          "3.8]") {
    fixture f = met(1);
    REQUIRE(f.waiting(f.last) == refusal::none);
    REQUIRE(f.where(0) == transit::there);
    const sending_number waited = f.last;
    REQUIRE(f.state({}, echo{.number = plus(waited, -1)}) == refusal::none);
    CHECK(f.where(0) == transit::there);  // this may have been said before
    (void)send_apart(f, 1);
    REQUIRE(f.state({}, echo{.number = plus(waited, 1), .missing = 1}) == refusal::none);
    CHECK(f.where(0) != transit::there);
}

TEST_CASE(
    "resending: what is due, and held as B says before it leaves, does not go again [spec 3.8]") {
    fixture f = met(1);
    const sending_number later = plus(send_apart(f, 4), 3);
    const std::array others{0b1'1110_bits};
    const std::array all{0b1'1111_bits};
    REQUIRE(f.state({.held = others}, echo{.number = later, .missing = 0b1000}) == refusal::none);
    test_access::settle(f.a);
    REQUIRE(f.where(0) == transit::due);
    REQUIRE(f.state({.held = all}) == refusal::none);
    CHECK(f.where(0) == transit::there);
    CHECK(f.transmit().empty());
}

TEST_CASE("resending: what a relay remembers of B ends messages, and says nothing of B today [spec "
          "3.8, 3.11]") {
    fixture f = met(2);
    f.up();
    REQUIRE(f.transmit().front().probes());
    const std::size_t size =
        encode_ack_state({.floor = 1, .limits = receiver_limits{1, 1, 10}}, f.encoded);
    REQUIRE(f.a.handle(ack_notify{.from = "bob",
                                  .epoch = f.stream(),
                                  .word = ack_word::ended,
                                  .number = f.probed,
                                  .low = 1,
                                  .state = bytes(f.encoded).first(size)}) == refusal::none);
    CHECK(f.news() == std::vector{status::delivered});
    const outbound_path& path = test_access::path(f.a, "bob");
    CHECK_FALSE(path.met());
    CHECK((path.word.exceptions() == 64 && path.word.payload_max() == 1024));
}

TEST_CASE(
    "resending: what was turned away goes again as soon as there is room, then ever more slowly "
    "[spec 3.8]") {
    fixture f = met(3);
    const auto says = [&f](std::uint32_t room,
                           seq floor = 0) {  // repeated, so that nothing is measured
        REQUIRE(f.state({.floor = floor, .limits = receiver_limits{.room = room}},
                        echo{f.last, 0, true}) == refusal::none);
    };
    says(1);
    CHECK(f.where(2) == transit::turned_away);
    CHECK(f.where(1) == transit::turned_away);
    CHECK(f.seqs() == seqs{0});  // for which there is room
    says(3);
    CHECK(f.where(0) == transit::turned_away);  // it has not got on: not before its time
    f.clock.advance(499ms);
    says(3);
    CHECK(f.seqs().empty());
    f.clock.advance(1ms);
    says(3);
    CHECK(f.seqs() == seqs{0, 1, 2});
    says(3);
    f.clock.advance(999ms);
    says(3);
    CHECK(f.seqs().empty());
    says(3, 1);  // it gets on
    CHECK(f.seqs() == seqs{1, 2});
}

TEST_CASE(
    "resending: what came while B waited for its epoch, and is open when it has entered it, goes "
    "again [spec 3.8, 3.22]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.waiting(f.last) == refusal::none);  // it had no room for it
    CHECK(f.where(0) == transit::there);
    f.clock.advance(1s);
    (void)f.transmit();
    REQUIRE(f.waiting() == refusal::none);
    REQUIRE(f.state({}, echo{f.probed}) == refusal::none);
    CHECK(f.seqs() == seqs{0});
}

TEST_CASE(
    "resending: what has arrived, and was left out of an ack state, goes again when that comes to "
    "be open [spec 2.9, 3.8]") {
    fixture f({.window = 1024, .peer_entries = 1024});
    f.up();
    f.send("bob", "0");
    (void)f.transmit();
    REQUIRE(f.echoed({.limits = receiver_limits{.room = 1024}}) == refusal::none);
    for (int i = 1; i < 600; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    // all have arrived, and of 512 and above nothing is said
    REQUIRE(f.echoed({}) == refusal::none);
    (void)f.transmit();
    CHECK(f.where(599) == transit::there);
    REQUIRE(f.echoed({.floor = 512}) == refusal::none);
    const seqs again = f.seqs();
    REQUIRE(again.size() == 88);
    CHECK((again.front() == 512 && again.back() == 599));
}

TEST_CASE(
    "resending: `stored` that was not asked for says that B is away, so what is out before it is "
    "due, and what B held [spec 3.3]") {
    fixture f;
    f.up();
    const auto zero = [&] {
        f.send("bob", "0");
        (void)f.transmit();
        return f.last;
    }();
    (void)send_apart(f, 3);
    REQUIRE(f.state({.held = first}, echo{zero}) == refusal::none);
    CHECK(f.where(0) == transit::there);
    REQUIRE(f.stored_by(static_cast<sending_number>(f.last - 1), 2) == refusal::none);
    CHECK(f.where(2) == transit::stored);
    CHECK(f.seqs() == seqs{0, 1});  // 3 left later: its answer will come
    CHECK(f.where(3) == transit::out);
}

TEST_CASE("resending: `stored` that was asked for says nothing of others [spec 3.3]") {
    fixture f = met(2);
    f.clock.advance(100ms);
    for (int i = 0; i < 2; ++i) {
        REQUIRE(f.taken() == refusal::none);
        (void)f.next();
    }
    REQUIRE(f.taken() == refusal::none);
    f.send("bob", "2");
    const auto frames = f.transmit();
    REQUIRE((frames.size() == 1 && frames[0].keep));
    REQUIRE(f.stored(2) == refusal::none);
    CHECK(f.where(0) == transit::out);
    CHECK(f.transmit().empty());
}

TEST_CASE(
    "resending: that B is away, in the answer to a probe, makes due what left before it [spec "
    "3.3]") {
    fixture f;
    f.up();
    f.send("bob", "0");
    (void)f.transmit();
    const sending_number first_run = f.last;
    REQUIRE(f.ended(0, true) == refusal::none);
    CHECK(f.transmit().empty());  // the probe went in front of it
    REQUIRE(f.state({.held = first}, echo{first_run}) == refusal::none);
    f.clock.advance(500ms);
    CHECK(f.probes() == 1);
    REQUIRE(f.ended(0, true) == refusal::none);
    CHECK(f.seqs() == seqs{0});
}

TEST_CASE(
    "resending: a payload that is too large for the relay becomes a tombstone, and the rest of its "
    "run goes again [spec 3.14]") {
    fixture f;
    f.up();
    f.send("bob", "small");
    f.send("bob", std::string(300, 'x'));
    (void)f.transmit();
    REQUIRE(f.refused(refused_reason::too_large, 100) == refusal::none);
    CHECK(f.news() == std::vector{status::expiring});
    const auto again = f.transmit();
    REQUIRE(again.size() == 1);
    CHECK(again[0].messages == std::vector<std::string>{"small", support::sent_request::tombstone});
    CHECK(f.a.send("bob", as_bytes(std::string(101, 'x'))).error().code == errc::payload_too_large);
    CHECK(f.a.send("carol", as_bytes(std::string(101, 'x'))));
    // What B would take is no matter: the relay is in between.
    REQUIRE(f.state({.limits = receiver_limits{.payload_max = 1000}}) == refusal::none);
    CHECK(f.a.send("bob", as_bytes(std::string(101, 'x'))).error().code == errc::payload_too_large);
    CHECK(f.a.send("bob", as_bytes(std::string(100, 'x'))));
}

TEST_CASE(
    "resending: a word on a sending of an earlier life, or that is not remembered, moves nothing "
    "[spec 1.6, 3.3]") {
    fixture f = met(1);
    const auto path = test_access::path(f.a, "bob");
    const auto far = static_cast<sending_number>(f.last + 1000);
    REQUIRE(f.taken(far) == refusal::none);
    REQUIRE(f.waiting(far) == refusal::none);
    REQUIRE(f.state({}, echo{far}) == refusal::none);
    CHECK(f.where(0) == transit::out);
    CHECK(f.news().empty());
    CHECK(test_access::path(f.a, "bob").trip == path.trip);
    CHECK(test_access::differing(test_access::path(f.a, "bob").sendings, path.sendings).empty());
    REQUIRE(f.stored_by(far, 0) == refusal::none);  // of seqs it counts all the same
    CHECK(f.where(0) == transit::stored);
}

TEST_CASE("resending: the first number of a life is a random one [spec 1.6]") {
    const auto first_of = [](std::uint64_t seed) {
        fixture f({}, journaling::none, seed);
        f.send("bob", "x");
        return test_access::path(f.a, "bob").sendings.next();
    };
    CHECK(first_of(1) != first_of(2));
    CHECK(first_of(2) != first_of(3));
}

TEST_CASE(
    "resending: of what an echo has seen only its number is measured, and of the relay's word "
    "not `stored` [spec 3.3]") {
    fixture f = met(1);
    const auto trip = [&f]() -> const round_trip& {
        return test_access::path(f.a, "bob").trip;
    };
    f.clock.advance(300ms);
    (void)send_apart(f, 1);
    f.clock.advance(10ms);
    REQUIRE(f.echoed({}) == refusal::none);
    CHECK(test_access::smoothed(trip()) == 10ms);
    REQUIRE(f.stored(1) == refusal::none);
    CHECK_FALSE(test_access::trip(test_access::hop(f.a)).sampled());
}

TEST_CASE("resending: what answers a sending of the last epoch says nothing of the present one "
          "[spec 3.2, 3.12]") {
    fixture f = met(3);
    const sending_number old = f.last;
    REQUIRE(f.past(epoch{static_cast<std::uint64_t>(f.stream()) + 1}) == refusal::none);
    REQUIRE_FALSE(f.transmit().empty());
    REQUIRE(f.taken(old) == refusal::none);
    CHECK(f.news().empty());
    CHECK_FALSE(test_access::trip(test_access::hop(f.a)).sampled());
    REQUIRE(f.taken() == refusal::none);
    CHECK(f.news().size() == 3);
}

TEST_CASE("resending: numbers go on over epochs and links, and round about [spec 1.6]") {
    fixture f = met(1);
    sending_number last = f.last;
    for (int i = 0; i < 70'000; ++i) {
        REQUIRE(f.state({.floor = test_access::stream(f.a, "bob").next()}) == refusal::none);
        (void)f.news();
        if (i % 20'000 == 7) {
            f.up();
            REQUIRE(f.past(epoch{static_cast<std::uint64_t>(f.stream()) + 1}) == refusal::none);
        }
        f.send("bob", "x");
        for (const auto& each : f.transmit()) {
            REQUIRE(each.number == static_cast<sending_number>(last + 1));
            last = each.number;
        }
        if (i % 50 == 0) {
            REQUIRE(f.taken() == refusal::none);
        }
    }
    CHECK(test_access::remembered(test_access::path(f.a, "bob").sendings) <= 65);
}

// --- tombstones --------------------------------------------------------------------------------------

TEST_CASE(
    "resending: what is heard of a message does not hold its tombstone back [spec 3.7, 3.13]") {
    for (const bool is_stored : {false, true}) {
        fixture f = met(1);
        const ticket message = f.send("bob", "x");
        (void)f.transmit();
        const sending_number payload = f.last;
        REQUIRE(f.state({.floor = 1}) == refusal::none);
        REQUIRE(f.a.cancel(message));
        REQUIRE((is_stored ? f.stored(1) : f.state({.floor = 1, .held = first})) == refusal::none);
        CHECK(f.a.next_deadline() <= f.clock.now());
        CHECK(f.seqs() == seqs{1});
        REQUIRE(f.stored_by(payload, 1) == refusal::none);  // the message, once more
        CHECK(f.where(1) != transit::buried);
        REQUIRE(f.state({.floor = 1, .held = first}) == refusal::none);
        CHECK(f.where(1) != transit::there);
        REQUIRE(f.stored(1) == refusal::none);
        CHECK(f.where(1) == transit::buried);
    }
}

TEST_CASE(
    "resending: a tombstone whose last sending has arrived is there when B holds the seq [spec "
    "3.8]") {
    fixture f = met(1);
    REQUIRE(f.a.cancel(test_access::queue(f.a).ticket_of(0)));
    (void)f.transmit();
    REQUIRE(f.echoed({.held = first}) == refusal::none);
    CHECK(f.where(0) == transit::there);
}

TEST_CASE("resending: that a message has arrived, and is held, does not hold its tombstone back "
          "[spec 3.8, 3.13]") {
    fixture f = met(1);
    REQUIRE(f.echoed({.held = first}) == refusal::none);
    REQUIRE(f.where(0) == transit::there);
    REQUIRE(f.a.cancel(test_access::queue(f.a).ticket_of(0)));
    REQUIRE(f.state({.held = first}) == refusal::none);
    CHECK(f.seqs() == seqs{0});
}

TEST_CASE("resending: a tombstone that B has seen is buried when it is stored, too [spec 3.7]") {
    fixture f = met(1);
    REQUIRE(f.a.cancel(test_access::queue(f.a).ticket_of(0)));
    (void)f.transmit();
    REQUIRE(f.echoed({.held = first}) == refusal::none);
    REQUIRE(f.where(0) == transit::there);
    REQUIRE(f.stored(0) == refusal::none);
    CHECK(f.where(0) == transit::buried);
    CHECK(f.transmit().empty());
}

TEST_CASE(
    "resending: a buried tombstone is not sent again, unless B says in answer to a probe that its "
    "seq is open [spec 3.7]") {
    fixture f = met(1);
    REQUIRE(f.a.cancel(test_access::queue(f.a).ticket_of(0)));
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    CHECK(f.where(0) == transit::buried);
    CHECK(test_access::stream(f.a, "bob").base() == 0);  // unfinished all the same
    CHECK((f.a.queued() == 0 && f.a.unsettled() == 1));
    REQUIRE(f.echoed({}) == refusal::none);  // in answer to no probe
    for (int i = 0; i < 3; ++i) {
        const auto frames = f.next();
        CHECK((frames.size() == 1 && frames[0].probes()));
    }
    SECTION("B has it, or will get it") {
        REQUIRE(f.state({.held = first}, echo{f.probed}) == refusal::none);
        CHECK(f.where(0) == transit::buried);
    }
    SECTION("it is no answer to a probe") {
        REQUIRE(f.state({}, echo{f.last}) == refusal::none);
        CHECK(f.where(0) == transit::buried);
    }
    SECTION("its row has gone with a life of B") {
        REQUIRE(f.state({}, echo{f.probed}) == refusal::none);
        CHECK(f.seqs() == seqs{0});
    }
}

// --- what it says ------------------------------------------------------------------------------------

TEST_CASE("resending: every msg:R carries the lowest unfinished seq [spec 3.9]") {
    fixture f = met(4);
    const auto bases = [&f] {
        f.a.link_down();
        f.up();  // the lowest go out again, and a probe
        seqs out;
        for (const auto& each : f.transmit()) {
            out.push_back(each.base);
        }
        return out;
    };
    CHECK(bases() == seqs{0, 0});
    REQUIRE(f.stored(0) == refusal::none);
    CHECK(bases() == seqs{1, 1});
    REQUIRE(f.state({.floor = 2}) == refusal::none);
    CHECK(bases() == seqs{2, 2});
    REQUIRE(f.stored(3) == refusal::none);
    CHECK(bases() == seqs{2, 2});
}

TEST_CASE(
    "resending: a tombstone is unfinished, also where its message was stored [spec 3.9, 3.13]") {
    fixture f = met(1);
    REQUIRE(f.stored(0) == refusal::none);
    const ticket second = f.send("bob", "y");
    CHECK(f.transmit().back().base == 1);
    REQUIRE(f.a.cancel(test_access::queue(f.a).ticket_of(0)));
    CHECK(f.transmit().back().base == 0);
    REQUIRE(f.stored(0) == refusal::none);  // ends no tombstone
    REQUIRE(f.a.cancel(second));
    CHECK(f.transmit().back().base == 0);
    CHECK(test_access::stream(f.a, "bob").tombstones() == 2);
}

// --- how far it goes ---------------------------------------------------------------------------------

TEST_CASE(
    "resending: until B has said anything its own window is the limit, then B's room [spec 3.9]") {
    fixture f({.window = 200});
    f.up();
    for (int i = 0; i < 400; ++i) {
        f.send("bob", "x");
    }
    CHECK(f.seqs().size() == 200);
    REQUIRE(f.state({.floor = 200}) == refusal::none);  // without limits: 64
    CHECK(f.seqs().size() == 64);
    REQUIRE(f.state({.floor = 200, .limits = receiver_limits{.room = 100}}) == refusal::none);
    CHECK(f.seqs().size() == 36);
    REQUIRE(f.state({.floor = 200, .limits = receiver_limits{.room = 1000}}) == refusal::none);
    CHECK(f.seqs().size() == 100);  // our own
}

TEST_CASE(
    "resending: a stream that is shut asks, and goes on alone when B is silent [spec 3.6, 3.9]") {
    fixture f({.window = 4, .retry = {.first = 100ms}});
    f.up();
    for (int i = 0; i < 3; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    REQUIRE(f.echoed({.floor = 3, .limits = receiver_limits{.room = 1}}) == refusal::none);
    (void)f.news();
    f.send("bob", "3");
    CHECK(f.seqs() == seqs{3});
    f.send("bob", "4");
    CHECK(f.transmit().empty());
    REQUIRE(f.stored(3) == refusal::none);  // so B is away
    CHECK(f.seqs() == seqs{4});
    REQUIRE(f.echoed({.floor = 3, .limits = receiver_limits{.room = 2}}) == refusal::none);
    REQUIRE(f.stored(4) == refusal::none);
    REQUIRE(f.state({.floor = 3}) == refusal::none);  // it is back, and takes 3 and 4
    f.send("bob", "5");
    CHECK(f.seqs().empty());
    for (int i = 0; i < 10; ++i) {
        const auto frames = f.next();
        CHECK(frames[0].probes());
        if (frames.size() == 2) {  // it does not count as met any more
            CHECK((frames[1].first == 5 && frames[1].keep));
            return;
        }
    }
    FAIL("it waits for a dead link");
}

TEST_CASE(
    "resending: behind a buried tombstone that fills the window nothing spins [spec 3.6, 3.9]") {
    fixture f({.window = 1});
    f.up();
    const ticket message = f.send("bob", "0");
    (void)f.transmit();
    REQUIRE(f.state({.limits = receiver_limits{.room = 1}}) == refusal::none);
    REQUIRE(f.a.cancel(message));
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    REQUIRE(f.state({}) == refusal::none);
    f.send("bob", "1");
    std::size_t frames = 0;
    for (int i = 0; i < 200 && f.clock.now() < time_point(1h); ++i) {
        const std::size_t now = f.transmit().size();
        frames += now;
        f.clock.set((std::max)(f.a.next_deadline(), f.clock.now() + 1ns));
    }
    CHECK(f.clock.now() >= time_point(1h));
    CHECK((frames > 2 && frames < 100));
}

TEST_CASE("resending: what waits behind a buried tombstone waits no longer than a minute for the "
          "word of B "
          "[spec 3.9]") {
    fixture f({.window = 1});
    f.up();
    REQUIRE(f.a.cancel(f.send("bob", "0")));
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);  // so B is away
    f.send("bob", "1");
    CHECK(f.transmit().empty());
    for (int i = 0; i < 20; ++i) {
        const time_point before = f.clock.now();
        const auto frames = f.next();
        CHECK((frames.size() == 1 && frames[0].probes()));
        CHECK(f.clock.now() - before <= 75s);
        REQUIRE(f.ended(0, true) == refusal::none);
    }
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK(f.seqs() == seqs{1});
}

// --- runs --------------------------------------------------------------------------------------------

TEST_CASE("runs: what is sent together goes in one run, new ones behind what is due [spec 3.6]") {
    fixture f;
    f.up();
    for (const char* text : {"a", "b", "c"}) {
        f.send("bob", text);
    }
    const auto all = f.transmit();
    REQUIRE(all.size() == 2);
    CHECK(all[1].messages == std::vector<std::string>{"a", "b", "c"});
    REQUIRE(f.state({}, echo{f.last}) == refusal::none);  // all were turned away
    f.send("bob", "d");
    const auto again = f.transmit();
    REQUIRE(again.size() == 1);
    CHECK(again[0].messages == std::vector<std::string>{"a", "b", "c", "d"});
    CHECK(f.a.resent() == 3);
}

TEST_CASE(
    "runs: one has consecutive seqs, all of which may be stored or none, and 64 at most [spec 1.5, "
    "2.8]") {
    fixture f({.window = 256});
    f.up();
    for (int i = 0; i < 70; ++i) {
        f.send("bob", "x", {.storing = i >= 2 && i < 4 ? storing::forbidden : storing::allowed});
    }
    std::vector<std::pair<seq, std::size_t>> runs;
    for (const auto& each : f.transmit()) {
        if (!each.probes()) {
            runs.emplace_back(each.first, each.messages.size());
            CHECK((each.storing == storing::forbidden) == (each.first == 2));
        }
    }
    CHECK(runs == std::vector<std::pair<seq, std::size_t>>{{0, 2}, {2, 2}, {4, 64}, {68, 2}});
    const ticket third = test_access::queue(f.a).ticket_of(3);
    REQUIRE(f.a.cancel(third));  // its tombstone may be stored
    CHECK(f.transmit().back().storing == storing::allowed);
}

TEST_CASE("runs: as many as fit into the packet, whoever's name is longer [spec 2.14]") {
    fixture f;
    f.up();
    for (int i = 0; i < 40; ++i) {
        f.send("bob", std::string(100, 'x'));
    }
    std::vector<std::byte> small(1'200);
    std::size_t messages = 0;
    while (const auto packet = f.a.poll_transmit(small)) {
        std::vector<support::sent_request> out;
        f.take(*packet, out);
        for (const auto& each : out) {
            messages += each.messages.size();
            CHECK((each.probes() || each.messages.size() * 101 + 66 + 48 - 4 <= 1'200));
        }
    }
    CHECK(messages == 40);
}

TEST_CASE(
    "runs: first sendings do not wait for the resends of others, and streams take turns [spec "
    "3.6]") {
    fixture f({.burst = 1, .burst_interval = 1s});
    f.up();
    for (const char* name : {"a", "b", "c"}) {
        f.send(name, "x");
    }
    (void)f.transmit();
    f.clock.advance(10min);  // all are due, one a second
    f.send("new", "y");
    std::vector<std::string> order;
    for (int i = 0; i < 3; ++i) {
        for (const auto& each : f.transmit()) {
            if (!each.probes()) {
                order.emplace_back(each.to.name());
            }
        }
        f.clock.advance(1s);
    }
    REQUIRE(order.size() == 4);
    CHECK((order[0] == "new" || order[1] == "new"));
}

TEST_CASE("runs: a stream with much to send lets others in between [spec 3.6]") {
    fixture f({.window = 256});
    f.up();
    for (int i = 0; i < 200; ++i) {
        f.send("bob", std::string(500, 'x'));
    }
    f.send("carol", "y");
    std::vector<std::byte> small(1'200);
    for (int packet = 0; packet < 3; ++packet) {
        std::vector<support::sent_request> out;
        f.take(f.a.poll_transmit(small).value(), out);
        for (const auto& each : out) {
            if (each.to == peer("carol")) {
                SUCCEED();
                return;
            }
        }
    }
    FAIL("carol waits for all of bob's");
}

}  // namespace
}  // namespace resending_tests
