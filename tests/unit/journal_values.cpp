// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <sixfold/journal/journal.hpp>
#include <sixfold/receiving/inbound_record.hpp>
#include <sixfold/sending/outbound_record.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

// Records that are whole, and whose value cannot be: they are refused, and nothing is taken from them.

namespace journal_values_tests {
namespace {

using namespace sixfold;

constexpr epoch life{0x0102030405060708};

/// A record of this kind with this value.
template <class Key>
std::vector<std::byte> record_of(record_kind kind, Key key, std::initializer_list<int> value) {
    std::vector<std::byte> out(256);
    out.resize(detail::encode_record(kind, false, out, [&](auto& to) {
        key(to);
        for (const int each : value) {
            to.put_u8(static_cast<std::uint8_t>(each));
        }
    }));
    return out;
}

/// What becomes of a client that begins with this record.
std::string outcome_of(const std::vector<std::byte>& journal) {
    manual_clock clock;
    client_options options{.self = "bob", .life = {.start = 1, .seed = 1}};
    options.journaling = journaling::withhold;
    const auto made = client::create(clock, options, journal);
    return made ? "taken" : std::string(to_string(made.error().code));
}

/// Of what a receiver has of alice, behind the epoch: floor, horizon, size, bits, count, entries.
std::string inbound(std::initializer_list<int> rest) {
    return outcome_of(record_of(
        record_kind::inbound,
        [](auto& to) {
            to.put_peer("alice");
            to.put_epoch(life);
        },
        rest));
}

/// Of a message to alice, behind its epoch: seq, what, expires, payload.
std::string outbound_message(std::initializer_list<int> rest) {
    return outcome_of(record_of(
        record_kind::message,
        [](auto& to) {
            to.put_u64(7);
            to.put_peer("alice");
            to.put_epoch(life);
        },
        rest));
}

TEST_CASE("journal values: each way for what a receiver has to be wrong is refused [spec 7.4]") {
    CHECK(inbound({0, 0, 0, 0}) == "taken");
    CHECK(inbound({10, 5, 1, 0x04, 2, 14, 25}) == "taken");  // the example of the specification
    CHECK(inbound({10, 5, 1, 0x05, 2, 14, 25}) == "journal_damaged");     // the floor is accepted
    CHECK(inbound({10, 5, 2, 0x04, 0, 2, 14, 25}) == "journal_damaged");  // a byte too many
    CHECK(inbound({10, 5, 1, 0, 0}) == "journal_damaged");
    CHECK(inbound({10, 13, 1, 0x04, 0}) == "taken");
    CHECK(inbound({10, 14, 1, 0x04, 0}) == "journal_damaged");  // a horizon behind all that ended
    CHECK(inbound({10, 8, 1, 0x04, 1, 14}) == "journal_damaged");      // 7 is below the horizon
    CHECK(inbound({10, 5, 1, 0x04, 1, 22}) == "journal_damaged");      // 11 has not ended
    CHECK(inbound({10, 5, 1, 0x04, 2, 25, 14}) == "journal_damaged");  // not in order
    CHECK(inbound({10, 5, 1, 0x04, 2, 14, 14}) == "journal_damaged");
    CHECK(inbound({10, 5, 1, 0x04, 0, 0}) == "journal_damaged");  // something behind it
    CHECK(inbound({10, 5, 1, 0x04, 2, 14}) == "journal_damaged");
    // 2^62 is a floor, and no seq is as large: 2^62 - 2, and bits 1 and 2 from there.
    CHECK(inbound({128, 128, 128, 128, 128, 128, 128, 128, 64, 0, 0, 0}) == "taken");
    CHECK(inbound({254, 255, 255, 255, 255, 255, 255, 255, 63, 0, 1, 0x02, 0}) == "taken");
    CHECK(inbound({254, 255, 255, 255, 255, 255, 255, 255, 63, 0, 1, 0x04, 0}) ==
          "journal_damaged");
}

TEST_CASE("journal values: more exceptions than there can be are refused [spec 7.4]") {
    for (const std::size_t count : {64U, 65U}) {
        std::vector<std::byte> journal(512);
        journal.resize(detail::encode_record(record_kind::inbound, false, journal, [&](auto& to) {
            to.put_peer("alice");
            to.put_epoch(life);
            to.put_varint(100);
            to.put_varint(0);
            to.put_varint(0);
            to.put_u8(static_cast<std::uint8_t>(count));
            for (std::size_t i = 0; i < count; ++i) {
                to.put_varint(i << 1);
            }
        }));
        CHECK(outcome_of(journal) == (count == 64 ? "taken" : "journal_damaged"));
    }
}

TEST_CASE("journal values: each way for a message to be wrong is refused [spec 7.6]") {
    CHECK(outbound_message({5, 0, 0, 'h', 'i'}) == "taken");
    CHECK(outbound_message({5, 0, 0}) == "taken");
    // not to be stored, and with a deadline
    CHECK(outbound_message({5, 8, 100, 'h', 'i'}) == "taken");
    CHECK(outbound_message({5, 1, 100}) == "taken");
    for (const int state : {2, 3, 5}) {
        CHECK(outbound_message({5, state, 0}) == "taken");
        // the deadline is over, or cancelled
        CHECK(outbound_message({5, state, 100}) == "journal_damaged");
        CHECK(outbound_message({5, state, 0, 'h'}) == "journal_damaged");
        for (const int how : {0x40, 0xC0}) {
            CHECK(outbound_message({5, how | state, 0}) == "journal_damaged");  // it has not ended
        }
    }
    // only a queued one has a payload
    CHECK(outbound_message({5, 1, 0, 'h'}) == "journal_damaged");
    CHECK(outbound_message({5, 0x40, 0}) == "journal_damaged");
    for (int how = 0; how < 16; ++how) {
        CHECK(outbound_message({5, how << 4 | 4, 0}) ==
              (how >= 4 && how <= 12 ? "taken" : "journal_damaged"));
        CHECK(outbound_message({5, how << 4 | 4, 100}) == "journal_damaged");
    }
    for (const int state : {6, 7}) {
        CHECK(outbound_message({5, state, 0}) == "journal_damaged");
    }
    CHECK(outbound_message({5, 0}) == "journal_damaged");  // cut
    // 2^63 says that 2^63 - 1 nanoseconds are left, and no duration is longer.
    CHECK(outbound_message({5, 0, 128, 128, 128, 128, 128, 128, 128, 128, 128, 1}) == "taken");
    CHECK(outbound_message({5, 0, 129, 128, 128, 128, 128, 128, 128, 128, 128, 1}) ==
          "journal_damaged");
}

}  // namespace
}  // namespace journal_values_tests
