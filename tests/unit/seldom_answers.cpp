// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/lone_sender.hpp"
#include "support/test_access.hpp"

// Answers that a sender seldom hears: late ones, of what is not remembered any more, and at odd moments.

namespace seldom_answers_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using fixture = support::lone_sender;
using support::met;
using seqs = std::vector<seq>;

constexpr std::array first{std::byte{1}};
constexpr std::array second{std::byte{2}};
void cancel(fixture& f, std::uint32_t slot) {
    REQUIRE(f.a.cancel(test_access::queue(f.a).ticket_of(slot)));
    (void)f.transmit();
}
/// B has seen all there is, and has room for seq 0 only.
refusal full(fixture& f) {
    return f.echoed({.limits = receiver_limits{.room = 1}});
}

// --- the relay's word --------------------------------------------------------------------------------

TEST_CASE(
    "seldom answers: what a relay has stored although it must not be is not taken back, whoever "
    "is away [spec 3.3]") {
    fixture f;
    f.up();
    f.send("bob", "x", {.storing = storing::forbidden});
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    REQUIRE(f.away() == refusal::none);
    CHECK(f.where(0) == transit::stored);
    CHECK(f.news() == std::vector{status::stored});
    CHECK(f.seqs().empty());
}

TEST_CASE("seldom answers: that B is away, in the answer to a probe that is not remembered, makes "
          "nothing due [spec 3.3]") {
    fixture f = met(2);
    REQUIRE(f.echoed({.held = second}) == refusal::none);
    REQUIRE(f.where(1) == transit::there);
    f.probed = static_cast<sending_number>(f.last + 1000);
    REQUIRE(f.ended(0, true) == refusal::none);
    CHECK(f.where(1) == transit::there);
}

TEST_CASE("seldom answers: that B waits for its epoch, when nothing is left to tell it, brings no "
          "probe [spec 3.10]") {
    fixture f = met(1);
    f.clock.advance(1min);
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    REQUIRE(f.waiting() == refusal::none);
    CHECK(f.transmit().empty());
}

// --- B's own word ------------------------------------------------------------------------------------

TEST_CASE("seldom answers: what was turned away is there as soon as B holds it [spec 3.8]") {
    fixture f = met(2);
    REQUIRE(full(f) == refusal::none);
    REQUIRE(f.where(1) == transit::turned_away);
    REQUIRE(f.state({.held = second}) == refusal::none);
    CHECK(f.where(1) == transit::there);
}

TEST_CASE(
    "seldom answers: a tombstone that was turned away is buried when it is stored [spec 3.7]") {
    fixture f = met(2);
    cancel(f, 1);
    REQUIRE(full(f) == refusal::none);
    REQUIRE(f.where(1) == transit::turned_away);
    REQUIRE(f.stored(1) == refusal::none);
    CHECK(f.where(1) == transit::buried);
}

TEST_CASE("seldom answers: whether a tombstone is there nobody knows when its last sending is not "
          "remembered [spec 3.2, 3.8]") {
    fixture f = met(2);
    cancel(f, 1);
    REQUIRE(full(f) == refusal::none);
    for (int probes = 0; probes < 100;) {
        for (const auto& each : f.next()) {
            probes += each.probes() ? 1 : 0;
            REQUIRE(f.state({.limits = receiver_limits{.room = 1}}, echo{each.number}) ==
                    refusal::none);
        }
    }
    REQUIRE(f.where(1) == transit::turned_away);
    REQUIRE(f.state({.held = second, .limits = receiver_limits{.room = 1}}) == refusal::none);
    CHECK(f.where(1) == transit::turned_away);  // it may be the message that is held
}

TEST_CASE(
    "seldom answers: a buried tombstone is sent again by the answer to a remembered probe, as far "
    "as that tells [spec 3.7]") {
    fixture f({.window = 1024, .peer_entries = 1024});
    f.up();
    for (int i = 0; i < 600; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    REQUIRE(f.state({.limits = receiver_limits{.room = 1024}}) == refusal::none);
    (void)f.transmit();
    cancel(f, 0);
    REQUIRE(f.stored(0) == refusal::none);
    cancel(f, 599);
    REQUIRE(f.stored(599) == refusal::none);
    REQUIRE((f.where(0) == transit::buried && f.where(599) == transit::buried));
    SECTION("one that is not remembered") {
        REQUIRE(f.state({}, echo{static_cast<sending_number>(f.last + 1000)}) == refusal::none);
        CHECK(f.where(0) == transit::buried);
    }
    SECTION("one that tells of the first of them, with what has ended behind it, and what is out") {
        REQUIRE(f.state({.accepted = second}, echo{f.probed}) == refusal::none);
        CHECK(f.where(0) == transit::due);
        CHECK(f.where(599) == transit::buried);
        REQUIRE(f.state({.floor = 512}, echo{f.probed}) == refusal::none);
        CHECK(f.where(599) == transit::due);
    }
}

TEST_CASE(
    "seldom answers: what was turned away behind what has ended, and has room, goes again [spec "
    "3.8]") {
    fixture f = met(3);
    REQUIRE(f.echoed({.accepted = second, .held = first, .limits = receiver_limits{.room = 3}}) ==
            refusal::none);
    CHECK(f.seqs() == seqs{2});
}

// --- at odd moments ----------------------------------------------------------------------------------

TEST_CASE("seldom answers: a stream whose turn it is to send for the first time, and that has lost "
          "something meanwhile, sends both [spec 3.6]") {
    fixture f = met(1);
    f.send("bob", "1");
    (void)f.transmit();
    f.send("bob", "2");
    CHECK(f.a.next_deadline() == f.clock.now());  // it has got its turn
    REQUIRE(f.stored(1) == refusal::none);        // unasked: B is away, and 0 is lost
    CHECK(f.seqs() == seqs{0, 2});
}

TEST_CASE("seldom answers: a wait that has become longer by what another receiver has answered is "
          "waited for to its end [spec 3.4]") {
    fixture f;
    f.up();
    f.send("carol", "x");
    (void)f.transmit();
    const sending_number slow = f.last;
    const auto hop = [&f](const char* to, sending_number number) {
        REQUIRE(f.a.handle(msg_answer{.to = to, .number = number}) == refusal::none);
    };
    f.clock.advance(450ms);
    f.send("bob", "x");
    (void)f.transmit();
    const time_point due = f.clock.now() + 500ms;
    f.clock.advance(40ms);
    hop("carol", slow);
    f.clock.set(due);
    CHECK(f.transmit().empty());
    CHECK(f.a.next_deadline() > due);
}

TEST_CASE(
    "seldom answers: a stream that has begun to rest a moment ago is not asked along with one "
    "that rests for long [spec 3.10]") {
    fixture f;
    f.up();
    f.send_and_store("bob");
    const time_point first_pause = f.a.next_deadline();
    f.clock.set(first_pause);
    CHECK(f.probes() == 1);
    const time_point second_pause = f.a.next_deadline();
    f.clock.set(second_pause - 5s);
    f.send_and_store("carol");
    f.clock.set(second_pause);
    const auto asked = f.transmit();
    REQUIRE(asked.size() == 1);
    CHECK((asked[0].probes() && asked[0].to == peer("bob")));
}

TEST_CASE("seldom answers: when as many sendings are open as can be remembered, what waits for the "
          "oldest goes again [spec 3.2]") {
    fixture f = met(1);
    sending_ring& all = test_access::path(f.a, "bob").sendings;
    while (!all.full()) {
        (void)all.add({.at = f.clock.now(), .first = 0, .count = 1});
    }
    f.send("bob", "y");
    CHECK(f.seqs() == seqs{0, 1});
    CHECK(all.find(f.last) != nullptr);
}

}  // namespace
}  // namespace seldom_answers_tests
