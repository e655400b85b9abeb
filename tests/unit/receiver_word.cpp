// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>

#include <sixfold/receiving/ack_report.hpp>
#include <sixfold/sending/outbound_ledger.hpp>
#include <sixfold/sending/receiver_word.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

// What a sender keeps of its receiver's words, and of what its journal has.

namespace receiver_word_tests {
namespace {

using namespace sixfold;
using names = test_access::names;

/// Says it, and what came of that.
receiver_word::progress say(receiver_word& word, const ack_report& report) {
    std::array<std::byte, ack_state_size_max()> buffer{};
    ack_state state;
    REQUIRE(ack_state::decode(bytes(buffer).first(encode_ack_state(report, buffer)), state) ==
            refusal::none);
    return word.said(state);
}
constexpr std::array two{std::byte{0b110}};

TEST_CASE("receiver_word: until something was said nothing is known but the defaults [spec 3.9]") {
    const receiver_word word(500);
    CHECK_FALSE(word.met());
    CHECK(word.exceptions() == 64);
    CHECK(word.payload_max() == 500);
    CHECK(word.last_room_end() == seq_end);
    CHECK_FALSE(word.is_behind(seq_end));
}

TEST_CASE(
    "receiver_word: the room counts from the floor that was last told, also where that fell [spec "
    "3.9]") {
    receiver_word word(500);
    (void)say(word, {.floor = 7});
    CHECK((word.met() && word.last_room_end() == 71));
    (void)say(word, {.floor = 8, .limits = receiver_limits{.room = 3}});
    CHECK(word.last_room_end() == 11);
    (void)say(word, {.floor = 2});
    CHECK(word.last_room_end() == 5);
    CHECK(word.is_behind(3));
    CHECK_FALSE(word.is_behind(2));
}

TEST_CASE(
    "receiver_word: it gets on when it has or holds more than ever, from its floor on [spec 3.6]") {
    receiver_word word(500);
    CHECK_FALSE(say(word, {}).got_on);
    CHECK(say(word, {.held = two}).got_on);
    CHECK_FALSE(say(word, {.accepted = two}).got_on);
    CHECK_FALSE(say(word, {.floor = 2}).got_on);
    CHECK(say(word, {.floor = 3}).got_on);
    CHECK_FALSE(say(word, {.floor = 3, .skip = 8, .held = two}).got_on);  // a later part
    CHECK_FALSE(say(word, {}).got_on);
    CHECK_FALSE(say(word, {.floor = 3}).got_on);
}

TEST_CASE(
    "receiver_word: its floor rises above what it last said, not above the highest [spec 3.10]") {
    receiver_word word(500);
    CHECK(say(word, {}).rose);
    CHECK(say(word, {.floor = 5}).rose);
    CHECK_FALSE(say(word, {.floor = 5}).rose);
    CHECK_FALSE(say(word, {.floor = 1}).rose);
    CHECK(say(word, {.floor = 2}).rose);
}

TEST_CASE("receiver_word: a payload must be small enough for the receiver and for the relay [spec "
          "3.14]") {
    receiver_word word(500);
    (void)say(word, {.limits = receiver_limits{.payload_max = 400}});
    CHECK(word.payload_max() == 400);
    word.limit_payload(300);
    word.limit_payload(350);
    (void)say(word, {.limits = receiver_limits{.payload_max = 400}});
    CHECK(word.payload_max() == 300);
}

TEST_CASE("receiver_word: each end forgets what ended with it, and nothing else [spec 3.9, 3.28]") {
    const receiver_word fresh(500);
    receiver_word used(500);
    (void)say(used, {.floor = 3, .limits = receiver_limits{7, 6, 5}});
    used.limit_payload(300);
    const names all{"limits", "relay_payload_max", "floor", "known", "met"};
    const names limits{"limits", "relay_payload_max", "known"};
    REQUIRE(test_access::differing(used, fresh) == all);
    receiver_word word = used;
    word.link_up();
    CHECK(test_access::differing(word, fresh) == limits);
    word = used;
    word.waits();
    CHECK(test_access::differing(word, fresh) ==
          names{"limits", "relay_payload_max", "known", "waits"});
    word.away();
    CHECK(test_access::differing(word, fresh) == limits);
    word = used;
    word.away();
    CHECK(test_access::differing(word, fresh) == limits);
    word = used;
    word.begin();
    CHECK(test_access::differing(word, fresh) == names{"limits", "relay_payload_max"});
}

// --- the ledger --------------------------------------------------------------------------------------

TEST_CASE("outbound_ledger: without a journal everything is durable at once [spec 7.6]") {
    outbound_ledger ledger(journaling::none);
    ledger.add_stream();
    ledger.begin(0);
    CHECK_FALSE(ledger.journals());
    CHECK(ledger.is_epoch_durable(0));
    CHECK(ledger.is_durable(ledger.unwritten()));
}

TEST_CASE("outbound_ledger: an epoch is durable with the first record that names it, and what was "
          "durable stays so [spec 7.6]") {
    outbound_ledger ledger(journaling::withhold);
    ledger.add_stream();
    ledger.add_stream();
    ledger.begin(0);
    ledger.begin(1);
    CHECK_FALSE(ledger.is_durable(ledger.unwritten()));
    CHECK(ledger.wrote_message(0) == 1);
    CHECK(ledger.wrote_message(1) == 2);
    CHECK(ledger.wrote_message(0) == 3);
    ledger.durable(1);
    CHECK((ledger.is_epoch_durable(0) && !ledger.is_epoch_durable(1)));
    CHECK_FALSE(ledger.is_durable(3));
    ledger.durable(99);  // no more than were given
    CHECK(ledger.is_durable(3));
    ledger.durable(0);
    CHECK((ledger.is_durable(3) && !ledger.is_durable(4)));
    ledger.begin(0);
    CHECK_FALSE(ledger.is_epoch_durable(0));
    CHECK(ledger.wrote_message(0) == 4);
    CHECK_FALSE(ledger.is_epoch_durable(0));
    ledger.durable(4);
    CHECK(ledger.is_epoch_durable(0));
}

TEST_CASE(
    "outbound_ledger: knows what the last record of streams and tickets said [spec 7.5, 7.8]") {
    outbound_ledger ledger(journaling::withhold);
    ledger.add_stream();
    ledger.resume(0, {epoch{3}, 7});
    ledger.resume(5);
    CHECK((ledger.last(0).epoch == epoch{3} && ledger.last(0).next == 7));
    CHECK(ledger.generation_end() == 5);
    CHECK(ledger.written() == 0);
    ledger.wrote_stream(0, {epoch{4}, 9});
    ledger.wrote_tickets(300);
    CHECK((ledger.last(0).epoch == epoch{4} && ledger.last(0).next == 9));
    CHECK(ledger.generation_end() == 300);
    CHECK(ledger.written() == 2);
}

}  // namespace
}  // namespace receiver_word_tests
