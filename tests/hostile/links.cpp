// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

// Links that come and go, that are two, or that nobody knows, and what comes out of them.

namespace links_tests {
namespace {

using namespace hostile;

/// How many frames a client has to send now.
std::size_t frames(client& who) {
    std::array<std::byte, 4096> buffer{};
    std::size_t count = 0;
    while (const auto packet = who.poll_transmit(buffer)) {
        packet_reader reader(*packet);
        while (reader.next()) {
            ++count;
        }
    }
    return count;
}

}  // namespace

TEST_CASE(
    "hostile 43: links that come and go a thousand times a second cost a bounded burst each") {
    scene s;
    const auto flap = [&](std::uint64_t number) {
        REQUIRE(s.relay.link_up(link_id{1000 + number}, "mallory"));
        s.relay.link_down(link_id{1000 + number});
    };
    flap(0);
    watch seen(s);
    const std::size_t allocated = support::allocations_in([&] {
        for (std::uint64_t i = 1; i <= 100'000; ++i) {
            flap(i);
        }
    });
    CHECK(allocated == 0);
    CHECK(s.out.empty());
    CHECK(seen.unmoved());

    // A client in whose window there is much: burst, a probe for each receiver, an acknowledgement for each sender, and sync:R.
    s.send(s.alice, "bob", 60);
    s.lose(s.alice);
    constexpr std::size_t most = 32 + 2 + 1 + 1;
    std::size_t all = 0;
    for (int i = 0; i < 1000; ++i) {
        s.alice.link_down();
        s.clock.advance(1ms);
        s.alice.link_up();
        const std::size_t now = frames(s.alice);
        REQUIRE(now <= most);
        all += now;
    }
    CHECK(all > 1000);                // and each burst is there
    for (int i = 0; i < 1000; ++i) {  // unseen by anybody who polls, it is as if it were one
        s.alice.link_down();
        s.alice.link_up();
    }
    CHECK(frames(s.alice) <= most);
    CHECK(frames(s.alice) == 0);
    s.alice.link_down();
    CHECK(frames(s.alice) == 0);
}

TEST_CASE(
    "hostile 44: of two links of one peer the newest is heard, and the former hears nothing more") {
    scene s;
    const link_id newer{7};
    REQUIRE(s.relay.link_up(newer, "bob"));
    watch seen(s);
    for (const frame& each : all_to_relay("alice", s.of_bob(), s.of_alice())) {
        CHECK(seen.at_relay(encoded(each, "bob"), at_bob) == refusal::unknown_link);
    }
    CHECK(seen.relay.counted(refusal::unknown_link) == 11);
    s.relay.link_down(at_bob);  // and its late end says nothing of the other
    CHECK(seen.unmoved());
    CHECK(s.relay.online("bob"));
    CHECK(s.at_relay(at_alice, s.for_relay().front()) == refusal::none);
    REQUIRE(s.out.frames().size() == 2);
    for (const outgoing each : s.out.frames()) {
        CHECK(each.link == (each.to == peer("bob") ? newer : at_alice));
    }
    s.out.clear();
    // The number of the link may belong to another one next: then bob is away, and frames of his are nobody's.
    REQUIRE(s.relay.link_up(newer, "eve"));
    CHECK_FALSE(s.relay.online("bob"));
    CHECK(s.relay.handle(newer, encoded(sync_request{.serial = 1, .rows = 9, .room = 999}, "bob"),
                         s.out) == refusal::checksum);
    CHECK(s.out.empty());
}

TEST_CASE(
    "hostile 45: a flood from links that nobody has logged in costs nothing and is not answered") {
    // Who may log in, and how often he may try, is the app's.
    scene s;
    watch seen(s);
    const std::vector<blob> wires = s.for_relay();
    for (std::uint64_t i = 0; i < 1'000'000; ++i) {
        REQUIRE(seen.at_relay(wires[i % wires.size()], link_id{1000 + i}) == refusal::unknown_link);
    }
    CHECK(seen.at_relay(wires[0], link_id::none) == refusal::unknown_link);
    CHECK(seen.relay.counted(refusal::unknown_link) == 1'000'001);
    CHECK(seen.relay.counted() == 1'000'001);
    CHECK(ends_stream(refusal::unknown_link));
    CHECK(seen.unmoved());
}

TEST_CASE("hostile 46: a flood from one peer gives work for its own streams only") {
    // How many frames a peer may send in a second is for the app to say, for each peer by itself.
    scene s;
    std::vector<blob> flood;
    for (const frame& each : all_to_relay("bob", epoch{1}, epoch{1})) {
        flood.push_back(encoded(each, "mallory"));
    }
    const blob large(2000);
    const blob too_large = encoded(msg_request{.to = "bob",
                                               .epoch = epoch{1},
                                               .first = 1,
                                               .entries = run::of(bytes(large).first(1025))},
                                   "mallory");
    const auto round = [&](watch& seen) {
        for (const blob& wire : flood) {
            REQUIRE(seen.at_relay(wire, at_mallory) == refusal::none);
            while (const auto request = s.out.next_request()) {
                REQUIRE(request->from == peer("mallory"));
            }
            REQUIRE(s.out.frames().size() <= 2);
            for (const outgoing each : s.out.frames()) {
                REQUIRE((each.to == peer("mallory") || each.to == peer("bob")));
                if (each.to == peer("bob")) {
                    (void)seen.bob.handle(each.bytes);
                }
            }
            s.out.clear();
        }
        REQUIRE(seen.at_relay(too_large, at_mallory) == refusal::payload_too_large);
        REQUIRE(s.out.frames().size() == 1);  // mallory is told so (spec 5.1)
        for (const outgoing each : s.out.frames()) {
            REQUIRE(each.link == at_mallory);
        }
        s.out.clear();
        (void)frames(s.bob);
    };
    {
        watch first(s);
        round(first);
    }
    const blob of_bob = support::snapshot_of(s.bob);
    watch seen(s);
    for (int i = 0; i < 10'000; ++i) {
        round(seen);
    }
    CHECK(seen.relay.counted(refusal::payload_too_large) == 10'000);
    CHECK(seen.relay.counted() == 10'000);
    CHECK(seen.bob.counted(refusal::unknown_stream) == seen.bob.counted());
    CHECK(seen.bob.allocations() == 0);
    CHECK(seen.relay.unmoved());
    CHECK(seen.alice.unmoved());
    CHECK(support::snapshot_of(s.bob) == of_bob);
    CHECK_FALSE(s.bob.poll_message());
    CHECK(s.box.rows() == 3);
}

TEST_CASE("hostile 58: a hundred thousand small acknowledgements in one tick") {
    scene s;
    s.finish();
    s.send(s.alice, "bob", 60);
    s.lose(s.alice);
    (void)scene::heard(s.alice);
    const epoch which = s.of_alice();
    const seq first = test_access::stream(s.alice.sender(), "bob").first();
    watch seen(s);
    for (seq i = 0; i < 100'000; ++i) {
        const blob state = state_of(first + i * 60 / 100'000);
        REQUIRE(seen.alice.handle(encoded(ack_notify{.from = "bob", .epoch = which, .state = state},
                                          "alice")) == refusal::none);
    }
    const blob state = state_of(first + 60);
    const blob last = encoded(ack_notify{.from = "bob", .epoch = which, .state = state}, "alice");
    REQUIRE(seen.alice.handle(last) == refusal::none);
    CHECK(seen.alice.allocations() == 0);
    CHECK(seen.alice.counted() == 0);
    CHECK(scene::heard(s.alice) == std::vector<status>(60, status::delivered));
    CHECK(frames(s.alice) == 0);
}

}  // namespace links_tests
