// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "hostile/lone_bob.hpp"
#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"
#include "support/lone_sender.hpp"

// What a relay or a peer says of rows, sendings and epochs that are not there, to a client.

namespace lies_tests {
namespace {

using namespace hostile;

/// A relay that has nothing, and says of a page whatever a test wants: how often Bob asks it, in so long a time.
template <class Answer>
std::size_t asked_of(lone_bob& in, duration time, Answer answer) {
    std::array<std::byte, 8192> buffer{};
    std::size_t count = 0;
    const time_point end = in.clock.now() + time;
    while (in.bob.next_deadline() <= end) {
        in.clock.set((std::max)(in.clock.now(), in.bob.next_deadline()));
        std::vector<ack_serial> requests;
        while (const auto packet = in.bob.poll_transmit(buffer)) {
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                frame decoded;
                REQUIRE(decode(*one, framing("bob"), decoded) == refusal::none);
                if (const auto* sync = std::get_if<sync_request>(&decoded)) {
                    requests.push_back(sync->serial);
                } else {
                    const ack_serial serial = std::get<ack_request>(decoded).serial;
                    REQUIRE(in.bob.handle(encoded(ack_answer{serial}, "bob")) == refusal::none);
                }
            }
        }
        in.clock.set(in.clock.now() + 40ms);
        for (const ack_serial each : requests) {
            answer(each);
        }
        count += requests.size();
        REQUIRE(count < 10'000);
    }
    return count;
}

/// What Alice has sent.
struct amount {
    std::size_t packets = 0;
    std::size_t bytes = 0;
    std::uint64_t again = 0;  ///< messages
};

/// Alice, who always has something to say, and a relay and a peer that say of her sendings whatever a test wants, each 10 ms.
template <class Lie>
amount sent_to(const sender_options& options, std::size_t size, Lie lie) {
    support::lone_sender f(options);
    std::array<std::byte, 1200> buffer{};
    amount out;
    f.up();
    for (const time_point end = f.clock.now() + 10s; f.clock.now() < end; f.clock.advance(10ms)) {
        while (f.a.send("bob", as_bytes(std::string(size, 'x'))).has_value()) {
        }
        std::vector<support::sent_request> left;
        while (const auto packet = f.a.poll_transmit(buffer)) {
            ++out.packets;
            out.bytes += packet->size();
            f.take(*packet, left);
            const congestion& link = test_access::congestion(f.a);
            const std::uint64_t room = (std::max)(link.window(), std::uint64_t{buffer.size()});
            CHECK((!test_access::holds(link) || link.flight() <= room));
            CHECK(link.window() <= options.flight_first + congestion::opening + out.bytes);
        }
        lie(f, left);
        (void)f.news();
    }
    out.again = f.a.resent() + f.a.repeated();
    return out;
}

}  // namespace

TEST_CASE("hostile 61: rows that are named and are not there are asked for a few times") {
    // All of them were sent, it says, and none comes.
    lone_bob lost;
    CHECK(asked_of(lost, 1h, [&](ack_serial serial) {
              const sync_answer answer{.serial = serial, .rows = 3};
              REQUIRE(lost.bob.handle(encoded(answer, "bob")) == refusal::none);
          }) < 200);

    // One comes that cannot be taken before another one, which is not there.
    lone_bob behind;
    REQUIRE(behind.probe() == refusal::none);
    CHECK(asked_of(behind, 1h, [&](ack_serial serial) {
              const msg_notify row{.from = "alice",
                                   .epoch = next_life,
                                   .drained = true,
                                   .serial = serial,
                                   .first = 0,
                                   .smaller = {this_life, 70},
                                   .entries = run::of(as_bytes("text"))};
              REQUIRE(behind.tell(row) == refusal::none);
              const sync_answer answer{.serial = serial, .rows = 1};
              REQUIRE(behind.bob.handle(encoded(answer, "bob")) == refusal::none);
          }) < 100);
    CHECK(behind.take_all().empty());
}

TEST_CASE("hostile 62: a verdict on what was never sent ends nothing") {
    scene s;
    watch seen(s);
    const epoch to_bob = s.of_alice();
    const epoch to_carol = s.epoch_of(s.alice, "carol");
    const auto bob_next = test_access::path(s.alice.sender(), "bob").sendings.next();
    const auto say = [&](const peer& of, epoch which, sending_number number, refused_reason why) {
        return seen.alice.handle(encoded(
            msg_answer{.to = of,
                       .epoch = which,
                       .number = number,
                       .word = msg_word::refused,
                       .reason = why,
                       .payload_max = why == refused_reason::too_large ? std::uint32_t{1} : 0},
            "alice"));
    };
    for (const refused_reason why : {refused_reason::unknown_peer, refused_reason::not_allowed,
                                     refused_reason::over_quota, refused_reason::too_large}) {
        CHECK(say("mallory", to_bob, 1, why) == refusal::unknown_stream);
        CHECK(say("bob", to_carol, 1, why) == refusal::unknown_stream);
        for (const int ahead : {0, 1, 1000, 1 << 15}) {
            const auto number = static_cast<sending_number>(bob_next + ahead);
            CHECK(say("bob", to_bob, number, why) == refusal::none);
        }
    }
    CHECK(seen.alice.counted(refusal::unknown_stream) == 8);
    CHECK(seen.alice.counted() == 8);
    CHECK(seen.unmoved());

    // A mailbox that has given up what nobody sent.
    const seq sent_end = test_access::stream(s.alice.sender(), "bob").sent_end();
    for (const seq low : {sent_end + 1, seq_end}) {
        CHECK(seen.alice.handle(encoded(ack_notify{.from = "bob",
                                                   .epoch = to_bob,
                                                   .word = ack_word::ended,
                                                   .low = low,
                                                   .given_up = true},
                                        "alice")) == refusal::never_sent);
    }
    CHECK(seen.unmoved());
}

TEST_CASE("hostile 63: ten thousand streams that are never accepted cost no place and no journal") {
    lone_bob in({.peers_max = 16});
    REQUIRE(in.probe(3, this_life, "friend") == refusal::none);
    (void)in.answer();
    const blob before = support::snapshot_of(in.bob);
    for (int i = 0; i < 10'000; ++i) {
        const peer from = "stranger " + std::to_string(i);
        REQUIRE(in.probe(0, this_life, from) == refusal::none);
        REQUIRE(in.direct(1, "behind a hole", this_life, from) == refusal::none);
        REQUIRE(in.direct(0, "not clean", next_life, from) == refusal::none);
        (void)in.answer();
    }
    CHECK(support::snapshot_of(in.bob) == before);
    CHECK(in.take_all().empty());
    CHECK(in.bob.receiver().refusals().total() == 0);

    // The friend, and one who is new, are taken at once.
    REQUIRE(in.direct(3, "hello", this_life, "friend") == refusal::none);
    REQUIRE(in.probe(0, this_life, "new friend") == refusal::none);
    REQUIRE(in.direct(0, "hi", this_life, "new friend") == refusal::none);
    CHECK(in.take_all() == std::vector<std::string>{"hello", "hi"});
}

TEST_CASE("hostile 64: a stream begins again at most once in a time, however often it is told to") {
    scene s;
    witness<client> alice(s.alice, s.clock);
    const epoch first = s.of_alice();
    std::size_t begun = 0;
    for (int i = 0; i < 60'000; ++i) {
        const epoch now = s.of_alice();
        const blob past = encoded(ack_notify{.from = "bob",
                                             .epoch = now,
                                             .word = ack_word::past,
                                             .current = epoch{static_cast<std::uint64_t>(now) + 1}},
                                  "alice");
        const refusal why = alice.handle(past);
        REQUIRE((why == refusal::none || why == refusal::too_soon));
        begun += std::size_t{why == refusal::none};
        if (i % 1000 == 999) {
            s.clock.set(s.clock.now() + 1s);
        }
    }
    CHECK(s.of_alice() > first);
    CHECK(begun >= 2);
    CHECK(begun <= 12);  // in a minute
    CHECK(alice.counted(refusal::too_soon) == 60'000 - begun);
    CHECK(s.alice.sender().queued() != 0);  // nothing has ended
}

TEST_CASE("hostile 65: lies about numbers, echoes and losses make nobody send more than without "
          "congestion control and repetition") {
    using support::lone_sender;
    using requests = std::vector<support::sent_request>;
    const auto all_taken = [](lone_sender& f, const requests& left, int times) {
        for (const auto& each : left) {
            int taken = 0;  // a REQUIRE each would take most of the time
            for (int i = 0; i < times; ++i) {
                taken += int{f.taken(each.number) == refusal::none};
            }
            REQUIRE(taken == times);
        }
    };
    const auto says_of_the_last = [](lone_sender& f, std::uint64_t missing) {
        REQUIRE(f.state({}, echo{.number = f.last, .missing = missing}) == refusal::none);
    };
    const std::vector<std::function<void(lone_sender&, const requests&)>> lies{
        // Nothing is answered.
        [](lone_sender&, const requests&) {},
        // All of it is, a hundred times each.
        [&](lone_sender& f, const requests& left) { all_taken(f, left, 100); },
        // So is what was never sent, and what was sent long ago.
        [](lone_sender& f, const requests&) {
            for (int i = -500; i < 500; ++i) {
                REQUIRE(f.taken(static_cast<sending_number>(f.last + i)) == refusal::none);
            }
        },
        // All came to the relay, and three of four, or all but the last, are missing at Bob.
        [&](lone_sender& f, const requests& left) {
            all_taken(f, left, 1);
            says_of_the_last(f, 0x7777'7777'7777'7777);
        },
        [&](lone_sender& f, const requests& left) {
            all_taken(f, left, 1);
            says_of_the_last(f, ~std::uint64_t{0});
        },
        // The relay has one of eight, and Bob all of them, but nothing ever ends.
        [&](lone_sender& f, const requests& left) {
            for (const auto& each : left) {
                if (each.number % 8 == 0) {
                    REQUIRE(f.taken(each.number) == refusal::none);
                }
            }
            says_of_the_last(f, 0);
        },
        // Bob has accepted whatever has left, and the relay has one of four.
        [](lone_sender& f, const requests& left) {
            for (const auto& each : left) {
                if (each.number % 4 == 0) {
                    REQUIRE(f.taken(each.number) == refusal::none);
                }
            }
            REQUIRE(f.state({.floor = test_access::stream(f.a, "bob").sent_end()},
                            echo{.number = f.last}) == refusal::none);
        },
    };
    // they ride again, or fill the window of the link
    const std::size_t size = GENERATE(60U, 1000U);
    if (size < support::some_or_all(1000U, 60U)) {
        return;
    }
    for (std::size_t which = 0; which < lies.size(); ++which) {
        CAPTURE(size, which);
        const amount is = sent_to({}, size, lies[which]);
        const sender_options neither{.flight_first = 0, .repeat_bytes = 0, .repeat_packets = 0};
        const amount most = sent_to(neither, size, lies[which]);
        CAPTURE(is.packets, is.bytes, is.again, most.packets, most.bytes, most.again);
        CHECK(is.packets <= most.packets);
        CHECK(is.bytes <= most.bytes + 1200);  // what rode again in one
    }
}

}  // namespace lies_tests
