// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hostile/lone_bob.hpp"
#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/catch.hpp"

// Seqs and epochs that a sender should not send, or not any more, or not yet.

namespace windows_tests {
namespace {

using namespace hostile;

/// A body of a msg frame with this seq, as a varint of 64 bits.
blob body_with_seq(std::string_view name, std::uint64_t at) {
    blob out(64);
    byte_writer to(out);
    to.put_peer(peer(name));
    to.put_u64(static_cast<std::uint64_t>(this_life));
    to.put_u16(5);
    to.put_varint(at);
    to.put_u8(0);
    out.resize(to.size());
    return out;
}

}  // namespace

TEST_CASE("hostile 31: the four edges of a window") {
    constexpr seq floor = 10;
    constexpr std::uint32_t width = 8;
    for (const delivery how : {delivery::in_order, delivery::as_it_comes}) {
        lone_bob in({.window = width, .delivery = how});
        REQUIRE(in.probe(floor) == refusal::none);
        (void)in.answer();

        for (const seq at :
             {floor - 1,
              floor + width}) {  // a duplicate, and too early: answered, and nothing else
            const blob before = support::snapshot_of(in.bob);
            REQUIRE(in.direct(at) == refusal::none);
            const auto said = in.answer();
            CHECK(said.all() == 1);
            CHECK(said.last.floor() == floor);
            CHECK(said.last.end() == floor);
            CHECK(support::snapshot_of(in.bob) == before);
            CHECK_FALSE(in.bob.poll_message());
        }
        CHECK(in.bob.receiver().duplicates() == 1);
        REQUIRE(in.direct(floor + width - 1, "last") == refusal::none);
        CHECK(in.answer().last.known() == floor + 1);
        REQUIRE(in.direct(floor, "first") == refusal::none);
        CHECK(in.take_all().size() == (how == delivery::in_order ? 1U : 2U));
        CHECK(in.answer().last.floor() == floor + 1);
        CHECK(in.bob.receiver().refusals().total() == 0);
    }
}

TEST_CASE("hostile 32: no seq is so large that a sum with it overflows") {
    scene s;
    watch seen(s);
    for (const std::uint64_t at :
         {seq_end, seq_end + 1, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
        CHECK(seen.bob.handle(sealed(0x23, 0, body_with_seq("alice", at), "bob")) ==
              refusal::seq_range);
        CHECK(seen.at_relay(sealed(0x21, 0, body_with_seq("bob", at), "alice")) ==
              refusal::seq_range);
    }
    CHECK(seen.bob.counted(refusal::seq_range) == 4);
    CHECK(seen.relay.counted(refusal::seq_range) == 4);
    CHECK(seen.unmoved());

    lone_bob in({.window = 8});
    REQUIRE(in.probe() == refusal::none);
    const blob before = support::snapshot_of(in.bob);
    for (const seq at : {seq_end - 1, seq_end - 8, seq{1} << 40}) {  // legal, and far beyond
        REQUIRE(in.direct(at) == refusal::none);
    }
    CHECK(in.answer().last.end() == 0);
    CHECK(support::snapshot_of(in.bob) == before);
    CHECK_FALSE(in.bob.poll_message());

    // At the very end of the numbers everything is as it is at the beginning.
    REQUIRE(in.probe(seq_end - 2) == refusal::none);
    REQUIRE(in.direct(seq_end - 1, "last") == refusal::none);
    REQUIRE(in.direct(seq_end - 2, "last but one") == refusal::none);
    CHECK(in.take_all() == std::vector<std::string>{"last but one", "last"});
    CHECK(in.answer().last.floor() == seq_end);
    REQUIRE(in.direct(seq_end - 1, "again") == refusal::none);
    CHECK(in.take_all().empty());
    CHECK(in.answer().last.floor() == seq_end);
}

TEST_CASE("hostile 33: seq 0 on an old stream is answered, and not delivered") {
    lone_bob in;
    REQUIRE(in.probe(1'000'000) == refusal::none);
    (void)in.answer();
    const blob before = support::snapshot_of(in.bob);
    REQUIRE(in.direct(0) == refusal::none);
    const auto said = in.answer();
    CHECK(said.states == 1);
    CHECK(said.last.floor() == 1'000'000);
    CHECK(in.take_all().empty());
    CHECK(support::snapshot_of(in.bob) == before);
}

TEST_CASE("hostile 34: of two messages of one name the first wins, and the second is never seen") {
    for (const delivery how : {delivery::in_order, delivery::as_it_comes}) {
        lone_bob in({.delivery = how});
        REQUIRE(in.probe() == refusal::none);
        REQUIRE(in.direct(1, "first") == refusal::none);
        REQUIRE(in.direct(1, "second, and longer") == refusal::none);
        REQUIRE(in.direct(0, "zero") == refusal::none);
        (void)in.answer();
        const msg_notify drained{.from = "alice",
                                 .epoch = this_life,
                                 .drained = true,
                                 .first = 1,
                                 .entries = run::of(as_bytes("x"))};
        REQUIRE(in.tell(drained) == refusal::none);
        std::vector<std::string> shown;
        while (const auto next = in.bob.poll_message()) {
            REQUIRE(in.direct(next->id.seq, "while the app looks") == refusal::none);
            shown.emplace_back(as_text(next->payload));
            REQUIRE(in.bob.accept(*next));
            REQUIRE(in.direct(next->id.seq, "afterwards") == refusal::none);
            CHECK(in.answer().states == 1);
        }
        CHECK(std::count(shown.begin(), shown.end(), "first") == 1);
        CHECK(shown.size() == 2);
    }
}

TEST_CASE("hostile 35: the same payload under many names is as many messages") {
    lone_bob in;
    REQUIRE(in.probe() == refusal::none);
    for (seq at = 0; at < 64; ++at) {
        REQUIRE(in.direct(at, "the same") == refusal::none);
    }
    CHECK(in.take_all() == std::vector<std::string>(64, "the same"));
    CHECK(in.answer().last.floor() == 64);
}

TEST_CASE("hostile 36: a million epochs of one sender leave one, and no memory") {
    lone_bob in;
    REQUIRE(in.probe(3) == refusal::none);
    REQUIRE(in.direct(4, "held") == refusal::none);
    (void)in.answer();
    const blob before = support::snapshot_of(in.bob);
    witness<client> seen(in.bob, in.clock);
    const auto flood = [&](int count, auto life_of) {
        lone_bob::answers said;
        int taken = 0;  // a REQUIRE each would take most of the time
        for (int i = 1; i <= count; ++i) {
            const msg_notify one{.from = "alice",
                                 .epoch = life_of(static_cast<std::uint64_t>(i)),
                                 .number = static_cast<sending_number>(i),
                                 .first = static_cast<seq>(i % 64),
                                 .entries = run::of(as_bytes("text"))};
            const blob wire = encoded(one, "bob");
            taken += int{seen.handle(wire) == refusal::none};
            if (i % 1000 == 0) {
                const auto now = in.answer();
                said.waiting += now.waiting;
                said.past += now.past;
                said.states += now.states;
                said.current = now.current;
            }
        }
        CHECK(taken == count);
        return said;
    };
    const auto base = static_cast<std::uint64_t>(this_life);
    const auto larger = flood(500'000, [&](auto i) { return epoch{base + i}; });
    CHECK(larger.waiting == 500);
    CHECK(larger.states + larger.past == 0);
    const auto smaller = flood(500'000, [&](auto i) { return epoch{base - i}; });
    CHECK(smaller.past == 500);
    CHECK(smaller.current == this_life);
    CHECK(smaller.states + smaller.waiting == 0);
    CHECK(seen.allocations() == 0);
    CHECK(seen.counted() == 0);
    CHECK(support::snapshot_of(in.bob) == before);
    // What is kept of the largest is one message, in room that was there; what was held of ours is still held.
    CHECK(receiver_access::early(in.bob.receiver(), "alice") == 1);
    CHECK(in.take_all().empty());
    REQUIRE(in.direct(3, "first") == refusal::none);
    CHECK(in.take_all() == std::vector<std::string>{"first", "held"});
}

TEST_CASE("hostile 37: another epoch is answered and not accepted, a larger one as a smaller one") {
    lone_bob in;
    REQUIRE(in.probe() == refusal::none);
    (void)in.answer();
    const blob before = support::snapshot_of(in.bob);

    REQUIRE(in.direct(0, "too early", next_life) == refusal::none);
    auto said = in.answer();
    CHECK((said.waiting == 1 && said.all() == 1));
    REQUIRE(in.direct(0, "too late", past_life) == refusal::none);
    said = in.answer();
    CHECK((said.past == 1 && said.all() == 1));
    CHECK(said.current == this_life);
    // Not even with the relay's word that nothing else is there.
    REQUIRE(in.probe(5, past_life) == refusal::none);
    REQUIRE(in.tell({.from = "alice",
                     .epoch = past_life,
                     .drained = true,
                     .first = 5,
                     .low = 5,
                     .entries = run::of(as_bytes("too late"))}) == refusal::none);
    CHECK(in.answer().past == 1);
    CHECK(in.take_all().empty());
    CHECK(support::snapshot_of(in.bob) == before);
    REQUIRE(in.probe(0, next_life) == refusal::none);
    CHECK(in.take_all() == std::vector<std::string>{"too early"});
    REQUIRE(in.direct(0, "of the life before", this_life) == refusal::none);
    CHECK(in.take_all().empty());
    CHECK(in.answer().current == next_life);
}

TEST_CASE("hostile 38: a sender without its journal goes on under a larger epoch, and cannot do "
          "otherwise") {
    manual_clock clock;
    const auto first_epoch = [&](std::uint64_t start, std::uint64_t seed) {
        sender made = sender::create(clock, {start, seed}).value();
        REQUIRE(made.send("bob", as_bytes("text")));
        return test_access::stream(made, "bob").epoch();
    };
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        for (const std::uint64_t start :
             {std::uint64_t{1}, std::uint64_t{1} << 40, start_max - 1}) {
            CHECK(first_epoch(start, seed) < first_epoch(start + 1, ~seed));
        }
    }
    for (const std::uint64_t start : {std::uint64_t{0}, start_max + 1, ~std::uint64_t{0}}) {
        CHECK(sender::create(clock, {start, 1}).error().code == errc::option);
    }

    scene s;
    s.finish();
    const epoch before = s.of_alice();
    client_options options = small("alice");
    options.life.start = 2;
    s.alice = client::create(s.clock, options).value();
    s.link(s.alice, at_alice);
    s.send(s.alice, "bob", 2);
    s.settle();
    CHECK(s.of_alice() > before);
    CHECK(s.bob.poll_message().value().id == msgid{s.of_alice(), 0});
    CHECK(s.bob.poll_message().value().id == msgid{s.of_alice(), 1});
}

TEST_CASE("hostile 40: a sender of only odd seqs stalls itself and nobody else") {
    lone_bob in({.window = 64, .payload_max = 64, .held_entries = 8, .held_bytes = 1024});
    for (const char* from : {"alice", "mallory"}) {
        REQUIRE(in.probe(0, this_life, from) == refusal::none);
    }
    for (seq at = 1; at < 101; at += 2) {  // what grows with the first that are turned away
        REQUIRE(in.direct(at, "text", this_life, "mallory") == refusal::none);
    }
    (void)in.answer();
    witness<client> seen(in.bob, in.clock);
    for (seq at = 1; at < 100'001; at += 2) {
        const msg_notify odd{.from = "mallory",
                             .epoch = this_life,
                             .first = at,
                             .entries = run::of(as_bytes("text"))};
        REQUIRE(seen.handle(encoded(odd, "bob")) == refusal::none);
    }
    CHECK(seen.allocations() == 0);
    auto said = in.answer();
    CHECK(said.last.floor() == 0);
    CHECK(said.last.known() == 8);  // as many as there is room for
    CHECK(in.take_all().empty());
    CHECK(receiver_access::floor(in.bob.receiver(), "mallory") == 0);
    // The room of one who waits for nothing but his turn is always there.
    for (seq at = 0; at < 100; ++at) {
        REQUIRE(in.direct(at, "honest") == refusal::none);
        CHECK(in.take_all() == std::vector<std::string>{"honest"});
    }
    CHECK(receiver_access::floor(in.bob.receiver(), "alice") == 100);
}

}  // namespace windows_tests
