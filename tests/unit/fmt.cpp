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
    CHECK(text(form::probe) == "probe");
    CHECK(text(ack_word::waiting) == "waiting");
    CHECK(text(errc::queue_full) == "queue_full");
    CHECK(text(refusal::not_canonical) == "not_canonical");
    CHECK(fmt::format("{:>8}|{:-<8}", status::stored, form::probe) == "  stored|probe---");
    CHECK(text(error{errc::option, "burst: must be at least 1"}) ==
          "option: burst: must be at least 1");
}

TEST_CASE("fmt: msg frames") {
    const std::string payload(64, 'x');
    msg_request r{
        .to = "bob", .epoch = e, .seq = 17, .base = 15, .attempt = 2, .payload = as_bytes(payload)};
    CHECK(text(r) == "msg:R to bob 1a2b/17 attempt 2 base 15 64 bytes");
    r.storing = storing::forbidden;
    CHECK(text(r) == "msg:R to bob 1a2b/17 never-stored attempt 2 base 15 64 bytes");
    CHECK(text(msg_request{
              .to = "bob", .epoch = e, .form = form::tombstone, .seq = 17, .base = 15}) ==
          "msg:R to bob 1a2b/17 tombstone attempt 0 base 15");
    CHECK(text(msg_request{.to = "bob", .epoch = e, .form = form::probe, .base = 15}) ==
          "msg:R to bob 1a2b probe base 15");

    CHECK(text(msg_answer{.to = "bob", .id = {e, 17}, .attempt = 2}) ==
          "msg:A to bob 1a2b/17 attempt 2");
    CHECK(text(msg_answer{.to = "bob", .id = {e, 17}, .away = true}) ==
          "msg:A to bob 1a2b/17 attempt 0 away");

    msg_notify n{.from = "alice", .epoch = e, .seq = 17, .attempt = 2};
    n.payload = as_bytes(payload);
    CHECK(text(n) == "msg:N from alice 1a2b/17 attempt 2 64 bytes");
    n.form = form::tombstone;
    CHECK(text(n) == "msg:N from alice 1a2b/17 tombstone attempt 2");
    CHECK(text(msg_notify{.from = "alice", .epoch = e, .seq = 17, .drained = true, .low = 15}) ==
          "msg:N from alice 1a2b/17 drained clean low 15 0 bytes");
    CHECK(text(msg_notify{.from = "alice",
                          .epoch = e,
                          .form = form::probe,
                          .low = 15,
                          .smaller = {epoch{0x1a2a}, 3}}) ==
          "msg:N from alice 1a2b probe low 15 smaller 1a2a/3");
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
    CHECK(
        text(ack_request{
            .to = "alice", .epoch = e, .serial = 7, .echo = echo{17, 2}, .state = state.state()}) ==
        "ack:R to alice 1a2b serial 7 state echo 17 attempt 2 floor 5 accepted 8,10-11 held 5,9 "
        "horizon 2 tombstoned 7 rejected 3 window 64 exceptions 32 payload_max 1024");
    CHECK(text(ack_request{.to = "alice", .epoch = e, .word = ack_word::waiting, .serial = 7}) ==
          "ack:R to alice 1a2b serial 7 waiting");
    CHECK(text(ack_answer{"alice", 7}) == "ack:A to alice serial 7");

    const encoded small({.floor = 5});
    CHECK(text(ack_notify{.from = "bob", .epoch = e, .state = small.state()}) ==
          "ack:N from bob 1a2b state floor 5");
    CHECK(text(ack_notify{
              .from = "bob", .epoch = e, .word = ack_word::past, .current = epoch{0x3c4d}}) ==
          "ack:N from bob 1a2b past current 3c4d");
    CHECK(text(ack_notify{
              .from = "bob", .epoch = e, .word = ack_word::stored, .seq = 17, .attempt = 2}) ==
          "ack:N from bob 1a2b/17 stored attempt 2");
    ack_notify ended{.from = "bob", .epoch = e, .word = ack_word::ended, .low = 4};
    CHECK(text(ended) == "ack:N from bob 1a2b ended low 4");
    ended.state = small.state();
    CHECK(text(ended) == "ack:N from bob 1a2b ended low 4 floor 5");
    CHECK(text(ack_notify{.from = "bob", .epoch = e, .state = as_bytes("nonsense")}) ==
          "ack:N from bob 1a2b state (no ack state, 8 bytes)");
}

TEST_CASE("fmt: sync frames") {
    CHECK(text(sync_request{.serial = 3}) == "sync:R serial 3");
    CHECK(text(sync_request{.serial = 3, .after = mailbox_key{"alice", {e, 4}}}) ==
          "sync:R serial 3 after alice 1a2b/4");
    CHECK(text(sync_answer{.serial = 3}) == "sync:A serial 3 rows 0 end");
    CHECK(text(sync_answer{.serial = 3, .last = mailbox_key{"alice", {e, 4}}, .rows = 2}) ==
          "sync:A serial 3 rows 2 last alice 1a2b/4");
}

TEST_CASE("fmt: any frame, an event, a message, an ack state") {
    CHECK(text(frame(ack_answer{"alice", 7})) == "ack:A to alice serial 7");
    CHECK(text(event{ticket{4}, "bob", {e, 17}, status::delivered}) ==
          "#4 to bob 1a2b/17 delivered");
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
