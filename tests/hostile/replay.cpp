// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/parts/random.hpp>
#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/catch.hpp"

// Frames that are right, and come once more, or come to somebody else.

namespace replay_tests {
namespace {

using namespace hostile;

constexpr int million = 1'000'000;

/// How many ack:R frames a client has to send now.
std::size_t acks(client& who) {
    std::array<std::byte, 4096> buffer{};
    std::size_t count = 0;
    while (const auto packet = who.poll_transmit(buffer)) {
        packet_reader reader(*packet);
        while (const auto one = reader.next()) {
            frame out;
            REQUIRE(decode(*one, framing(who.self()), out) == refusal::none);
            count += std::size_t{std::holds_alternative<ack_request>(out)};
        }
    }
    return count;
}

/// All that was ever said comes again, in the same order, and what it causes is carried out.
void replay_all(scene& s) {
    const auto told = s.told;
    const auto asked = s.asked;
    for (const auto& [link, wire] : told) {
        (void)s.at(link).handle(wire);
    }
    for (const auto& [link, wire] : asked) {
        (void)s.at_relay(link, wire);
        s.carry();
    }
    s.settle();
}

}  // namespace

TEST_CASE("hostile: the witness sees what a frame does that is taken") {
    scene s;
    std::size_t seen_at_bob = 0;
    const std::vector<blob> all = s.for_bob();
    for (const blob& wire : all) {
        scene fresh;
        watch seen(fresh);
        REQUIRE(seen.bob.handle(wire) == refusal::none);
        seen_at_bob += std::size_t{!seen.unmoved()};
    }
    // All but those that speak of what is over: four of the sender's, an ack:A and two sync:A of another serial.
    CHECK(seen_at_bob >= all.size() - 8);
    for (const blob& wire : s.for_relay()) {
        scene fresh;
        watch seen(fresh);
        REQUIRE(seen.at_relay(wire) == refusal::none);
        CHECK_FALSE(seen.unmoved());
    }
    watch seen(s);
    (void)s.box.execute({.from = "carol",
                         .what = ack_request{.to = "alice",
                                             .epoch = s.epoch_of(s.alice, "carol"),
                                             .word = ack_word::past,
                                             .current = epoch{~std::uint64_t{0}}},
                         .wire = {}});
    CHECK_FALSE(seen.unmoved());
}

TEST_CASE("hostile 16: a frame that comes a million times has one effect") {
    // It is answered each time that somebody polls, once, whatever came in between: how often that is, is the app's.
    scene s;
    const blob lost = s.for_bob().front();
    REQUIRE(s.bob.handle(lost) == refusal::none);
    s.finish();
    REQUIRE(acks(s.bob) == 0);
    const auto before = support::snapshot_of(s.bob);
    const std::uint64_t duplicates = s.bob.receiver().duplicates();

    watch seen(s);
    int taken = 0;  // a REQUIRE each would take most of the time
    for (int i = 0; i < million; ++i) {
        taken += int{seen.bob.handle(lost) == refusal::none};
    }
    CHECK(taken == million);
    CHECK(acks(s.bob) == 1);
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(seen.bob.handle(lost) == refusal::none);
        REQUIRE(acks(s.bob) == 1);
    }
    CHECK(seen.bob.allocations() == 0);
    CHECK(seen.bob.counted() == 0);
    CHECK(s.bob.receiver().duplicates() == duplicates + million + 1000);
    CHECK_FALSE(s.bob.poll_message());
    CHECK(support::snapshot_of(s.bob) == before);

    // What ends a message, ends it once; the relay has nothing that could grow.
    const blob ack =
        encoded(ack_notify{.from = "bob", .epoch = s.of_alice(), .state = state_of(5)}, "alice");
    REQUIRE(s.alice.handle(ack) == refusal::none);
    const blob request = s.for_relay().front();
    REQUIRE(seen.at_relay(request) == refusal::none);
    s.out.clear();
    (void)scene::heard(s.alice);
    watch again(s);
    for (int i = 0; i < million / 10; ++i) {
        REQUIRE(again.alice.handle(ack) == refusal::none);
        REQUIRE(again.at_relay(request) == refusal::none);
        REQUIRE(s.out.frames().size() == 2);
        s.out.clear();
    }
    CHECK(scene::heard(s.alice).empty());
    CHECK(again.unmoved());
}

TEST_CASE("hostile 17: frames that come again after 30 days bring nothing, and are answered") {
    scene s;
    REQUIRE(s.bob.handle(s.for_bob().front()) == refusal::none);
    CHECK(s.finish() == 2);
    (void)scene::heard(s.alice);
    s.clock.advance(24h * 30);
    s.settle();
    (void)s.alice.poll_message();  // it was waiting there all the time
    const auto of_alice = support::snapshot_of(s.alice);
    const auto of_bob = support::snapshot_of(s.bob);
    const std::size_t rows = s.box.rows();
    const std::size_t told = s.told.size();

    replay_all(s);
    CHECK_FALSE(s.bob.poll_message());
    CHECK_FALSE(s.alice.poll_message());
    CHECK(scene::heard(s.alice).empty());
    CHECK(scene::heard(s.bob).empty());
    CHECK(support::snapshot_of(s.alice) == of_alice);
    CHECK(support::snapshot_of(s.bob) == of_bob);
    CHECK(s.box.rows() == rows);
    CHECK(s.told.size() > told);
}

TEST_CASE("hostile 18: a frame that comes back to its author is refused") {
    scene s;
    watch seen(s);
    for (const blob& wire : s.for_relay()) {
        CHECK(seen.alice.handle(wire) == refusal::direction);
    }
    for (const blob& wire : s.for_bob()) {
        CHECK(seen.at_relay(wire, at_bob) == refusal::direction);
    }
    CHECK(seen.alice.counted(refusal::direction) == s.for_relay().size());
    CHECK(seen.relay.counted(refusal::direction) == s.for_bob().size());
    CHECK(seen.alice.counted() + seen.relay.counted() == s.for_relay().size() + s.for_bob().size());
    CHECK(seen.unmoved());
}

TEST_CASE("hostile 19: a frame that comes to a third peer is refused as a damaged one is") {
    // On a link without checksums whom it reaches is the transport's to see to (spec 2.5).
    scene s;
    watch seen(s);
    for (const blob& wire : s.for_bob()) {
        CHECK(seen.alice.handle(wire) == refusal::checksum);
    }
    for (const blob& wire : s.for_relay()) {
        CHECK(seen.at_relay(wire, at_mallory) == refusal::checksum);
    }
    for (const blob& wire : s.for_bob(checksum::off)) {
        CHECK(seen.bob.handle(wire) != refusal::none);  // and the setting is no flag in the frame
    }
    CHECK(seen.alice.counted(refusal::checksum) == s.for_bob().size());
    CHECK(seen.relay.counted(refusal::checksum) == s.for_relay().size());
    CHECK(seen.unmoved());
}

TEST_CASE("hostile 20: nothing in a frame says from whom it is") {
    scene s;
    const peer author = "mallory";
    std::size_t told = 0;
    const auto check = [&](bytes wire) {
        (void)s.relay.handle(at_mallory, wire, s.out);
        while (const auto request = s.out.next_request()) {
            REQUIRE(request->from == author);
            (void)s.relay.complete(*request, s.box.execute(*request), s.out);
        }
        for (const outgoing each : s.out.frames()) {
            frame out;
            REQUIRE(decode(each.bytes, framing(each.to), out) == refusal::none);
            if (each.to == author) {
                continue;
            }
            const auto* msg = std::get_if<msg_notify>(&out);
            const auto* ack = std::get_if<ack_notify>(&out);
            REQUIRE((msg != nullptr || ack != nullptr));
            REQUIRE((msg != nullptr ? msg->from : ack->from) == author);
            ++told;
        }
        s.out.clear();
    };
    for (const peer to : {"alice", "bob", "carol"}) {
        for (const frame& each : all_to_relay(to, s.of_alice(), s.of_bob())) {
            check(encoded(each, author));
        }
    }
    CHECK(told > 10);
    // Whatever he makes up, with checksums that are right.
    random_source dice(20);
    const std::vector<blob> seeds = s.for_relay();
    told = 0;
    for (int i = 0; i < 100'000; ++i) {
        const blob& seed = seeds[dice.below(seeds.size())];
        blob body(body_of(seed).begin(), body_of(seed).end());
        for (std::uint64_t change = dice.below(3); change-- > 0;) {
            body[dice.below(body.size())] = static_cast<std::byte>(dice.next());
        }
        check(sealed(std::to_integer<unsigned>(seed[0]), std::to_integer<unsigned>(seed[1]), body,
                     author));
    }
    CHECK(told > 10'000);
    CHECK(s.box.rows() >= 3);
}

}  // namespace replay_tests
