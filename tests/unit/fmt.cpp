// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <sixfold/ext/fmt.hpp>
#include <sixfold/receiving/ack_report.hpp>
#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace fmt_tests {
namespace {

using namespace sixfold;

template <class T>
std::string text(const T& what) {
    return fmt::format("{}", what);
}

/// An encoded ack state, for a frame.
struct encoded {
    std::array<std::byte, 512> buffer{};
    std::size_t size;
    explicit encoded(const ack_report& report) : size(encode_ack_state(report, buffer)) {}
    [[nodiscard]] bytes state() const { return std::span(buffer).first(size); }
};

constexpr epoch e{0x1a2b};

TEST_CASE("fmt: a peer is printable, whatever its bytes are") {
    CHECK(text(peer("bob")) == "bob");
    CHECK(text(peer("")) == "(nobody)");
    CHECK(text(peer("two words~")) == "two words~");
    CHECK(text(peer(std::string_view("a\n\0\xff\\", 5))) == "a\\x0a\\x00\\xff\\x5c");
    for (int i = 0; i < 256; ++i) {
        const char letter = static_cast<char>(i);
        for (const char each : text(peer(std::string_view(&letter, 1)))) {
            CHECK((each >= ' ' && each <= '~'));
        }
    }
}

TEST_CASE("fmt: ids") {
    CHECK(text(e) == "1a2b");
    CHECK(text(epoch::none) == "none");
    CHECK(text(msgid{e, 17}) == "1a2b/17");
    CHECK(text(ticket{5}) == "#5");
    CHECK(text(link_id{3}) == "link 3");
    CHECK(text(link_id::none) == "no link");
}

TEST_CASE("fmt: words are those of the core, and can be aligned as strings can") {
    CHECK(text(status::delivered) == "delivered");
    CHECK(text(message_state::cancelling) == "cancelling");
    CHECK(text(fate::tombstoned) == "tombstoned");
    CHECK(text(msg_word::away) == "away");
    CHECK(text(refused_reason::too_large) == "too_large");
    CHECK(text(ack_word::waiting) == "waiting");
    CHECK(text(errc::queue_full) == "queue_full");
    CHECK(text(refusal::not_canonical) == "not_canonical");
    CHECK(fmt::format("{:>8}|{:-<8}", status::stored, fate::open) == "  stored|open----");
    CHECK(text(error{errc::option, "burst: must be at least 1"}) ==
          "option: burst: must be at least 1");
}

TEST_CASE("fmt: msg frames") {
    const std::string payload(64, 'x');
    run_writer several;
    several.add({false, as_bytes(payload)});
    several.add({true, {}});
    several.add({false, {}});
    msg_request r{.to = "bob", .epoch = e, .number = 2, .first = 17, .base = 15};
    r.entries = run::of(as_bytes(payload));
    CHECK(text(r) == "msg:R to bob 1a2b/17 number 2 base 15 64 bytes");
    r.storing = storing::forbidden;
    CHECK(text(r) == "msg:R to bob 1a2b/17 number 2 base 15 never-stored 64 bytes");
    r.storing = storing::allowed;
    r.keep = true;
    r.left = 60000;
    r.entries = several.get();
    CHECK(text(r) ==
          "msg:R to bob 1a2b/17-19 number 2 base 15 keep left 60000 ms run 64,+,0 bytes");
    CHECK(text(msg_request{
              .to = "bob", .epoch = e, .first = 17, .base = 15, .entries = run::tombstone()}) ==
          "msg:R to bob 1a2b/17 number 0 base 15 tombstone");
    CHECK(text(msg_request{.to = "bob", .epoch = e, .number = 9, .base = 15}) ==
          "msg:R to bob 1a2b number 9 probe base 15");

    CHECK(text(msg_answer{.to = "bob", .number = 2}) == "msg:A to bob number 2 taken");
    CHECK(text(msg_answer{.to = "bob", .epoch = e, .number = 2, .word = msg_word::away}) ==
          "msg:A to bob 1a2b number 2 away");
    msg_answer refused{.to = "bob", .epoch = e, .number = 2, .word = msg_word::refused};
    refused.reason = refused_reason::over_quota;
    CHECK(text(refused) == "msg:A to bob 1a2b number 2 refused over_quota");
    refused.reason = refused_reason::too_large;
    refused.payload_max = 1024;
    CHECK(text(refused) == "msg:A to bob 1a2b number 2 refused too_large payload_max 1024");

    msg_notify n{.from = "alice", .epoch = e, .number = 2, .first = 17};
    n.entries = run::of(as_bytes(payload));
    CHECK(text(n) == "msg:N from alice 1a2b/17 number 2 64 bytes");
    n.entries = several.get();
    CHECK(text(n) == "msg:N from alice 1a2b/17-19 number 2 run 64,+,0 bytes");
    n.number = 0;
    n.drained = true;
    n.serial = 7;
    n.index = 3;
    n.low = 15;
    CHECK(text(n) ==
          "msg:N from alice 1a2b/17-19 drained serial 7 index 3 low 15 clean run 64,+,0 bytes");
    n.entries = run::tombstone();
    n.smaller = {epoch{0x1a2a}, 3};
    CHECK(text(n) ==
          "msg:N from alice 1a2b/17 drained serial 7 index 3 low 15 smaller 1a2a/3 tombstone");
    CHECK(
        text(msg_notify{
            .from = "alice", .epoch = e, .number = 2, .low = 15, .smaller = {epoch{0x1a2a}, 3}}) ==
        "msg:N from alice 1a2b number 2 probe low 15 smaller 1a2a/3");
    CHECK(text(msg_notify{.from = "alice", .epoch = e, .number = 2, .low = 15}) ==
          "msg:N from alice 1a2b number 2 probe low 15 clean");
}

TEST_CASE("fmt: ack frames") {
    const std::array<std::byte, 1> accepted{std::byte{0b01101100}};
    const std::array<std::byte, 1> held{std::byte{0b00010001}};
    const std::array<exception, 2> exceptions{exception{3, fate::rejected},
                                              exception{7, fate::tombstoned}};
    const encoded state({.floor = 5,
                         .horizon = 2,
                         .accepted = accepted,
                         .held = held,
                         .exceptions = exceptions,
                         .limits = receiver_limits{64, 32, 1024}});
    CHECK(text(ack_request{.to = "alice",
                           .epoch = e,
                           .serial = 7,
                           .echo = echo{17, 0b1001, true},
                           .state = state.state()}) ==
          "ack:R to alice 1a2b serial 7 state echo number 17 missing 16,13 repeated floor 5 "
          "accepted 8,10-11 held 5,9 "
          "horizon 2 tombstoned 7 rejected 3 room 64 exceptions 32 payload_max 1024");
    CHECK(text(ack_request{
              .to = "alice", .epoch = e, .word = ack_word::waiting, .serial = 7, .number = 2}) ==
          "ack:R to alice 1a2b serial 7 waiting number 2");
    CHECK(text(ack_answer{7}) == "ack:A serial 7");

    const encoded small({.floor = 5});
    CHECK(text(ack_notify{.from = "bob", .epoch = e, .state = small.state()}) ==
          "ack:N from bob 1a2b state floor 5");
    CHECK(text(ack_notify{
              .from = "bob", .epoch = e, .word = ack_word::past, .current = epoch{0x3c4d}}) ==
          "ack:N from bob 1a2b past current 3c4d");
    CHECK(text(ack_notify{.from = "bob", .epoch = e, .echo = echo{2}, .state = small.state()}) ==
          "ack:N from bob 1a2b state echo number 2 floor 5");
    ack_notify stored{.from = "bob", .epoch = e, .word = ack_word::stored, .number = 2};
    stored.first = 17;
    stored.count = 1;
    CHECK(text(stored) == "ack:N from bob 1a2b/17 stored number 2");
    stored.count = 3;
    CHECK(text(stored) == "ack:N from bob 1a2b/17-19 stored number 2");
    ack_notify ended{.from = "bob", .epoch = e, .word = ack_word::ended, .number = 2, .low = 4};
    CHECK(text(ended) == "ack:N from bob 1a2b ended number 2 low 4");
    ended.away = ended.given_up = true;
    ended.state = small.state();
    CHECK(text(ended) == "ack:N from bob 1a2b ended number 2 low 4 away given-up floor 5");
    CHECK(text(ack_notify{.from = "bob", .epoch = e, .state = as_bytes("nonsense")}) ==
          "ack:N from bob 1a2b state (no ack state, 8 bytes)");
}

TEST_CASE("fmt: sync frames") {
    sync_request r{.serial = 3, .rows = 16, .room = 4096};
    CHECK(text(r) == "sync:R serial 3 rows 16 room 4096");
    r.from = mailbox_key{"alice", {e, 4}};
    CHECK(text(r) == "sync:R serial 3 rows 16 room 4096 from alice 1a2b/4");
    r.until = mailbox_key{"bob", {e, 0}};
    CHECK(text(r) == "sync:R serial 3 rows 16 room 4096 from alice 1a2b/4 until bob 1a2b/0");
    CHECK(text(sync_answer{.serial = 3}) == "sync:A serial 3 rows 0 all");
    CHECK(text(sync_answer{.serial = 3, .rows = 2, .next = mailbox_key{"alice", {e, 4}}}) ==
          "sync:A serial 3 rows 2 next alice 1a2b/4");
}

TEST_CASE("fmt: any frame, an event, a message, an ack state") {
    CHECK(text(frame(ack_answer{7})) == "ack:A serial 7");
    CHECK(text(event{ticket{4}, "bob", {e, 17}, status::delivered}) ==
          "#4 to bob 1a2b/17 delivered");
    CHECK(text(event{ticket{4}, "bob", {e, 17}, status::refused, refused_reason::unknown_peer}) ==
          "#4 to bob 1a2b/17 refused: unknown_peer");
    CHECK(text(message{"alice", {e, 17}, as_bytes("four")}) == "from alice 1a2b/17 4 bytes");
    CHECK(text(ack_state()) == "floor 0");
}

TEST_CASE("fmt: width, fill and alignment are those of a string") {
    CHECK(fmt::format("{:>7}|{:<7}|{:.^7}", peer("bob"), status::stored, e) ==
          "    bob|stored |.1a2b..");
    CHECK(fmt::format("{:>12}", frame(sync_answer{})).size() == text(frame(sync_answer{})).size());
}

TEST_CASE("fmt: memory that runs out within a line is an exception that can be caught, at each "
          "allocation") {
    std::array<std::byte, 2048> buffer{};
    std::array<std::byte, 16> bits{};
    std::size_t failed = 0;
    for (std::size_t run = 1; run < 60;
         ++run) {  // each seq a run of its own, so that each comes to be where memory runs out
        bits[run / 4] |= std::byte{1} << (run % 4 * 2);
        ack_report report;
        report.floor = 1'000'000'000'000;
        report.held = bytes(bits).first(run / 4 + 1);
        ack_state state;
        REQUIRE(ack_state::decode(bytes(buffer).first(encode_ack_state(report, buffer)), state) ==
                refusal::none);
        const std::size_t needed = support::allocations_in([&] { (void)text(state); });
        for (std::size_t i = 0; i < needed; ++i, ++failed) {
            support::failing_allocation = support::allocation_count + i;
            CHECK_THROWS_AS(text(state), std::bad_alloc);
        }
        support::failing_allocation = SIZE_MAX;
    }
    CHECK(failed > 60);
}

}  // namespace
}  // namespace fmt_tests
