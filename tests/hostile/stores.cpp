// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

// Mailboxes that are filled, that fail, and that have much to say. What every mailbox promises, the suite of
// include/sixfold/testing asks of each; here it is the relay in front of one.

namespace stores_tests {
namespace {

using namespace hostile;

/// A relay with a mailbox, and as many links as senders.
struct post_office {
    sixfold::relay relay = sixfold::relay::create({}).value();
    memory_mailbox box;
    reactions out;
    std::size_t stored = 0;           // ack:N of that word
    std::size_t others = 0;           // frames of any other kind
    std::size_t put_allocations = 0;  // of the mailbox, when it did not do it

    explicit post_office(const mailbox_limits& limits)
        : box(memory_mailbox::create(limits).value()) {}

    static link_id link_of(int number) { return link_id{static_cast<std::uint64_t>(number)}; }
    void link(int number, const peer& name) { REQUIRE(relay.link_up(link_of(number), name)); }

    /// A message from one to the other; whether the mailbox has taken it.
    bool put(int number, const peer& from, const peer& to, seq at, std::string_view text = "text") {
        const blob wire = encoded(
            msg_request{
                .to = to, .epoch = epoch{1}, .first = at, .entries = run::of(as_bytes(text))},
            from);
        REQUIRE(relay.handle(link_of(number), wire, out) == refusal::none);
        const auto request = out.next_request();
        REQUIRE(request.has_value());
        mailbox_outcome outcome;
        const std::size_t allocated =
            support::allocations_in([&] { outcome = box.execute(*request); });
        put_allocations += outcome.done ? 0 : allocated;
        const refusal why = relay.complete(*request, outcome, out);
        CHECK((why == refusal::none) == outcome.done);
        CHECK_FALSE(out.next_request());
        for (const outgoing each : out.frames()) {
            frame what;
            REQUIRE(decode(each.bytes, framing(each.to), what) == refusal::none);
            const auto* ack = std::get_if<ack_notify>(&what);
            ++(ack != nullptr && ack->word == ack_word::stored ? stored : others);
        }
        out.clear();
        return outcome.done;
    }
};

}  // namespace

TEST_CASE("hostile 41: a mailbox is full for one sender, for one receiver, and in all") {
    SECTION("one sender") {
        post_office office({.rows_per_pair_max = 16});
        office.link(1, "mallory");
        office.link(2, "alice");
        std::size_t done = 0;
        for (seq at = 0; at < 10'000; ++at) {
            done += std::size_t{office.put(1, "mallory", "carol", at)};
        }
        CHECK(done == 16);
        CHECK(office.stored == 16);
        CHECK(office.others == 10'000 + 16);  // msg:A, and a hint for carol with what was stored
        CHECK(office.put(2, "alice", "carol", 0));
        CHECK(office.put(1, "mallory", "dave", 0));
        CHECK(office.box.rows() == 18);
        CHECK(office.relay.refusals()[refusal::mailbox] == 10'000 - 16);
        CHECK(office.put_allocations == 0);
    }
    SECTION("one sender, with invented names of receivers") {
        post_office office({.rows_per_sender_max = 16});
        office.link(1, "mallory");
        office.link(2, "alice");
        std::size_t done = 0;
        for (int i = 0; i < 10'000; ++i) {
            done += std::size_t{office.put(1, "mallory", "nobody" + std::to_string(i), 0)};
        }
        CHECK(done == 16);
        CHECK(office.put(2, "alice", "carol", 0));
        CHECK(office.box.rows() == 17);
        CHECK(office.put_allocations == 0);
    }
    SECTION("ten thousand senders") {
        post_office office({.rows_per_receiver_max = 100});
        for (int i = 1; i <= 10'000; ++i) {
            const peer name = "mallory" + std::to_string(i);
            office.link(i, name);
            (void)office.put(i, name, "carol", 0);
        }
        CHECK(office.stored == 100);
        CHECK(office.box.rows() == 100);
        CHECK(office.put(1, "mallory1", "dave", 0));
        CHECK(office.relay.refusals()[refusal::mailbox] == 10'000 - 100);
        CHECK(office.put_allocations == 0);
    }
    SECTION("all rows, and all bytes") {
        for (const mailbox_limits& limits : {mailbox_limits{.rows_max = 10}, {.bytes_max = 40}}) {
            post_office office(limits);
            office.link(1, "mallory");
            for (int to = 0; to < 100; ++to) {
                CHECK(office.put(1, "mallory", "carol" + std::to_string(to), 0) == (to < 10));
            }
            CHECK(office.box.bytes() == 40);
            CHECK(office.stored == 10);
            CHECK(office.put_allocations == 0);
        }
    }
    SECTION("nobody fills the whole, with the limits as they come") {
        const mailbox_limits limits;
        CHECK(limits.rows_per_receiver_max * relay_options{}.payload_max < limits.bytes_max);
        CHECK(limits.rows_per_receiver_max < limits.rows_max);
        CHECK(limits.rows_per_pair_max * 8 < limits.rows_per_receiver_max);
        CHECK(limits.rows_per_sender_max * 8 < limits.rows_max);
        CHECK(limits.bytes_per_sender_max * 8 < limits.bytes_max);
        // And no person meets them: so much is the most that a client has stored.
        CHECK(sender_options{}.unsettled_max < limits.rows_per_sender_max);
        CHECK(sender_options{}.unsettled_max * relay_options{}.payload_max <
              limits.bytes_per_sender_max);
    }
}

TEST_CASE(
    "hostile 56: a packet full of sync:R is one page, and one full of probes what is left to it") {
    post_office office({});
    office.link(1, "alice");
    office.link(2, "mallory");
    for (seq at = 0; at < 300; ++at) {
        REQUIRE(office.put(1, "alice", "carol", at, std::string(1000, 'x')));
    }
    office.link(2, "carol");
    const auto caused_by = [&](const frame& what) {
        const blob one = encoded(what, "carol");
        blob packet;
        while (packet.size() + one.size() <= 65'507) {
            packet.insert(packet.end(), one.begin(), one.end());
        }
        (void)office.relay.handle(post_office::link_of(2), packet, office.out);
        std::size_t requests = 0;
        while (const auto request = office.out.next_request()) {
            (void)office.relay.complete(*request, office.box.execute(*request), office.out);
            ++requests;
        }
        std::size_t size = 0;
        for (const outgoing each : office.out.frames()) {
            size += each.bytes.size();
        }
        office.out.clear();
        return std::pair(requests, size);
    };
    const auto [pages, size] = caused_by(sync_request{.rows = UINT32_MAX, .room = UINT32_MAX});
    CHECK(pages == 1);
    CHECK(size < 300 * 1024);
    const auto [looks, said] = caused_by(msg_request{.to = "alice", .epoch = epoch{1}});
    CHECK(looks < 1500);
    CHECK(said < relay_options{}.bytes_per_packet_max);
    CHECK(office.relay.refusals()[refusal::too_much] > 4000);
}

TEST_CASE(
    "hostile 42: a receiver that comes back to a full mailbox gets a page each time it asks") {
    scene s;
    s.clock.advance(1s);
    REQUIRE(s.finish() == 2);
    s.bob.link_down();
    s.relay.link_down(at_bob);
    for (int i = 0; i < 900; ++i) {
        s.send(s.alice, "bob", 1);
        s.settle();
    }
    (void)scene::heard(s.alice);
    REQUIRE(s.box.rows() == 903);

    s.link(s.bob, at_bob);
    std::size_t shown = 0;
    std::array<std::byte, 4096> buffer{};
    for (int calls = 0; shown < 900; ++calls) {
        REQUIRE(calls < 5000);
        while (const auto packet = s.bob.poll_transmit(buffer)) {
            const blob copy(packet->begin(), packet->end());
            packet_reader reader(copy);
            while (const auto one = reader.next()) {
                REQUIRE(s.at_relay(at_bob, *one) == refusal::none);
                REQUIRE(s.out.frames().size() <= 257);  // a page of 256 rows, and its end
                s.carry();
            }
        }
        while (const auto message = s.bob.poll_message()) {
            REQUIRE(s.bob.accept(*message));
            ++shown;
        }
        s.clock.set((std::max)(s.clock.now(), s.bob.next_deadline()));
    }
    s.settle();
    CHECK(s.box.rows() == 3);
    // Somebody who asks a thousand times at once gets a thousand answers, on his own link.
    const blob ask = encoded(sync_request{.serial = 1, .rows = 9, .room = 999}, "mallory");
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(s.at_relay(at_mallory, ask) == refusal::none);
    }
    CHECK(s.out.frames().size() == 1000);
    for (const outgoing each : s.out.frames()) {
        REQUIRE(each.link == at_mallory);
    }
}

TEST_CASE(
    "hostile 52: a store that fails after it has done it is asked again, and nothing doubles") {
    scene s;
    const std::vector<frame> asked = {
        msg_request{.to = "carol",
                    .epoch = s.of_alice(),
                    .first = 7,
                    .base = 7,
                    .entries = run::of(as_bytes("x"))},
        msg_request{.to = "carol",
                    .epoch = s.of_alice(),
                    .first = 7,
                    .base = 7,
                    .entries = run::tombstone()},
        msg_request{.to = "carol", .epoch = s.of_alice(), .base = 7},
        ack_request{.to = "bob", .epoch = s.of_bob(), .serial = 7, .state = first_accepted},
        ack_request{.to = "bob",
                    .epoch = s.of_bob(),
                    .word = ack_word::past,
                    .serial = 8,
                    .current = epoch{~std::uint64_t{0}}},
        sync_request{.serial = 9, .rows = 9, .room = 999},
    };
    for (const frame& each : asked) {
        const blob wire = encoded(each, "alice");
        s.out.clear();
        REQUIRE(s.relay.handle(at_alice, wire, s.out) == refusal::none);
        const std::size_t said = s.out.frames().size();  // msg:A at most: it speaks of the frame
        const auto request = s.out.next_request();
        REQUIRE(request.has_value());

        watch seen(s);
        REQUIRE(s.box.execute(*request).done);
        const std::string done = portrait(s.box, s.clock);
        CHECK(s.relay.complete(*request, {}, s.out) == refusal::mailbox);
        CHECK(seen.relay.counted(refusal::mailbox) == 1);
        CHECK(s.out.frames().size() == said);
        CHECK(seen.relay.unmoved());

        for (int again = 0; again < 3; ++again) {
            CHECK(s.relay.complete(*request, s.box.execute(*request), s.out) == refusal::none);
            CHECK(portrait(s.box, s.clock) == done);
        }
        CHECK(s.out.frames().size() >= said + 3);
        CHECK(seen.relay.same());
    }
}

}  // namespace stores_tests
