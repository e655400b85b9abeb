// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <sixfold/receiver.hpp>
#include <sixfold/wire/packet.hpp>
#include "support/catch.hpp"
#include "support/receiver_access.hpp"

// What a new link, epoch or life begins anew at a receiver, and what never goes back.

namespace receiver_beginnings_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using names = std::vector<std::string>;

constexpr epoch entered{0xE};
constexpr epoch larger{0xF};
const framing link("bob");

inbound_stream used_stream() {
    inbound_stream out(8, 4);
    out.enter(epoch{7});
    out.raise(3);
    out.end(5, fate::rejected);
    out.hold(6);
    out.hear();
    (void)out.hand_out();
    return out;
}

TEST_CASE("inbound_stream: a new epoch keeps that it must not be dropped and was begun in this "
          "life, and nothing else [spec 3.16, 3.22, 7.10]") {
    const inbound_stream before = used_stream();
    inbound_stream after = before;
    after.enter(epoch{9});
    inbound_stream fresh(8, 4);
    fresh.enter(epoch{9});
    CHECK(receiver_access::differing(after, fresh) == names{"kept", "handed_out"});
    CHECK(receiver_access::differing(before, fresh).size() == 10);  // all but a limit were in use
}

TEST_CASE(
    "inbound_answer: a new epoch keeps what was said and is owed, but for what was asked about it "
    "[spec 3.22, 3.25]") {
    inbound_answer before(5);
    before.saw(7);
    before.owe_state(3);
    before.said_state(9, 40);
    before.answered(9, 40);
    before.owe_state(4);
    before.owe_past(epoch{1});
    before.owe_waiting(epoch{9}, 8);
    before.said_state(10, 0);
    inbound_answer after = before;
    after.enter(epoch{10});
    CHECK(receiver_access::differing(before, after) == names{"seen", "latest", "waiting"});
    // all fields were in use
    CHECK(receiver_access::differing(before, inbound_answer(4)).size() == 11);
}

TEST_CASE("inbound_answer: what asked about an epoch, and was not answered before that was "
          "entered, was seen [spec 3.25]") {
    inbound_answer answer(5);
    answer.owe_waiting(epoch{9}, 8);
    inbound_answer asked = answer;
    asked.enter(epoch{9});
    CHECK(asked.seen().get() == echo{8, 0, false});
    answer.said_waiting();
    answer.enter(epoch{9});
    CHECK(!answer.seen().get());
}

TEST_CASE("ack_ring: a new link begins anew, and the serials go on [spec 3.28]") {
    ack_ring used(0xFFFD);
    for (int i = 0; i < 9; ++i) {
        used.sent(ack_ring::kind::state, 1, 1, time_point(1s));
    }
    for (const ack_serial each : {ack_serial{5}, ack_serial{0xFFFE}}) {
        (void)used.answered(each);
    }
    while (used.lose(round_trip(), time_point(1s))) {
    }
    (void)used.answered(0xFFFF);  // it was called lost: the rule is wider
    used.restart();
    const ack_ring fresh(static_cast<ack_serial>(used.next() - 1));
    CHECK(used.next() == fresh.next());
    CHECK(receiver_access::differing(used, fresh) == names{"first", "open", "latest", "next"});
    CHECK(!used.give_up());  // in places that count on where serials wrap; nothing is open in them
}

struct fixture {
    manual_clock clock;
    receiver b;
    std::array<std::byte, 8192> buffer{};

    explicit fixture(journaling keeps = journaling::none)
        : b(receiver::create(clock, 1, {.window = 8}, keeps).value()) {
        b.link_up(link);
    }
    void transmit() {
        while (b.poll_transmit(buffer)) {
        }
    }
    void probe(epoch in = entered, seq low = 0) {
        REQUIRE(b.handle(msg_notify{.from = "alice", .epoch = in, .number = 3, .low = low}) ==
                refusal::none);
    }
    void direct(seq first) {
        REQUIRE(b.handle(msg_notify{.from = "alice",
                                    .epoch = entered,
                                    .number = 4,
                                    .first = first,
                                    .entries = run::of(as_bytes("x"))}) == refusal::none);
    }
    std::vector<std::byte> journal() {
        std::vector<std::byte> out;
        while (const auto records = b.poll_journal(buffer)) {
            out.insert(out.end(), records->begin(), records->end());
        }
        b.durable(b.written());
        return out;
    }
};

TEST_CASE("receiver: a new link begins the round anew, keeps streams and marks, and says again "
          "what was not answered "
          "[spec 3.25, 3.26, 3.28]") {
    fixture f;
    f.probe();
    f.direct(1);
    f.direct(100);
    f.transmit();
    f.clock.advance(10min);
    f.transmit();
    const inbound_stream stream = receiver_access::stream(f.b, "alice");
    const mailbox_round before = receiver_access::round(f.b);
    f.b.link_down();
    f.b.link_up(link);
    CHECK(receiver_access::differing(stream, receiver_access::stream(f.b, "alice")).empty());
    CHECK(
        receiver_access::differing(before, receiver_access::round(f.b)) ==
        names{"fruitless", "soon", "stage", "left"});  // it goes on where it was, and wraps around
    CHECK(receiver_access::answer(f.b, "alice").state() == inbound_answer::progress::due);
    CHECK(receiver_access::relay_trip(f.b) == round_trip());
}

TEST_CASE("receiver: a new life keeps of a stream what its journal says, and the rest is new [spec "
          "7.4, 7.7]") {
    fixture f(journaling::withhold);
    f.probe();
    f.direct(0);
    REQUIRE(f.b.accept(*f.b.poll_message()));
    f.direct(1);
    REQUIRE(f.b.reject(*f.b.poll_message()));
    f.direct(2);
    f.direct(5);
    REQUIRE(f.b.handle(msg_notify{
                .from = "alice", .epoch = entered, .first = 4, .entries = run::tombstone()}) ==
            refusal::none);
    const std::vector<std::byte> journal = f.journal();
    f.transmit();
    receiver next =
        receiver::create(f.clock, 2, {.window = 8}, journaling::withhold, journal).value();
    CHECK(receiver_access::differing(receiver_access::stream(f.b, "alice"),
                                     receiver_access::stream(next, "alice")) ==
          names{"held", "next", "handed_out"});
    receiver_access::crash(f.b);
    CHECK(receiver_access::differing(receiver_access::stream(f.b, "alice"),
                                     receiver_access::stream(next, "alice"))
              .empty());
}

TEST_CASE(
    "receiver: of whom nothing has ended nothing is in a journal or snapshot [spec 3.16, 7.4]") {
    fixture f(journaling::withhold);
    f.probe();
    f.direct(0);
    f.transmit();
    CHECK(f.journal().empty());
    std::uint64_t at = 0;
    CHECK_FALSE(f.b.snapshot(at, f.buffer));
    f.probe(larger, 2);
    CHECK_FALSE(f.journal().empty());
    at = 0;
    CHECK(f.b.snapshot(at, f.buffer));
}

TEST_CASE("receiver: a floor, a horizon and an epoch never go back [spec 3.20, 3.22]") {
    fixture f;
    f.probe(entered, 5);
    f.probe(entered, 3);
    f.direct(2);
    CHECK(receiver_access::stream(f.b, "alice").window().floor() == 5);
    CHECK(receiver_access::stream(f.b, "alice").horizon() == 5);
    f.probe(larger);
    f.probe(entered, 9);
    CHECK(receiver_access::stream(f.b, "alice").epoch() == larger);
    CHECK(receiver_access::stream(f.b, "alice").window().floor() == 0);
}

TEST_CASE("receiver: what was durable is durable, whatever is said later [spec 7.4]") {
    fixture f(journaling::withhold);
    f.transmit();  // for the mailbox
    f.probe(entered, 1);
    CHECK_FALSE(f.b.poll_transmit(f.buffer));
    REQUIRE(f.b.poll_journal(f.buffer));
    f.b.durable(f.b.written());
    f.b.durable(0);
    CHECK(f.b.poll_transmit(f.buffer));
}

TEST_CASE("receiver: beyond the window nothing is held early, where it would take the room of what "
          "is to come "
          "[spec 3.22]") {
    manual_clock clock;
    receiver bob = receiver::create(clock, 1, {.window = 4, .held_entries = 1}).value();
    const auto direct = [&](seq first) {
        return bob.handle(msg_notify{
            .from = "alice", .epoch = entered, .first = first, .entries = run::of(as_bytes("x"))});
    };
    REQUIRE(direct(4) == refusal::none);
    CHECK(bob.held() == 0);
    REQUIRE(direct(1) == refusal::none);
    CHECK(bob.held() == 1);
    REQUIRE(bob.handle(msg_notify{.from = "alice", .epoch = entered}) == refusal::none);
    REQUIRE(direct(0) == refusal::none);
    std::vector<seq> shown;
    while (const auto each = bob.poll_message()) {
        shown.push_back(each->id.seq);
        REQUIRE(bob.accept(*each));
    }
    CHECK(shown == std::vector<seq>{0});  // for which the other has made place
}

}  // namespace
}  // namespace receiver_beginnings_tests
