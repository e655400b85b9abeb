// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <sixfold/wire/codec.hpp>
#include "support/catch.hpp"

// What a frame is refused for when more than one thing is wrong with it: the first of the order in which it is checked.

namespace refusals_tests {
namespace {

using namespace sixfold;

/// What can be wrong, in the order of the specification.
enum fault : unsigned {
    size,
    version,
    kind,
    length,
    checksum_wrong,
    flags,
    name,
    life,
    seq_place,
    end
};
constexpr std::array reasons{refusal::truncated, refusal::version,   refusal::kind,
                             refusal::none,  // which one, says `lengths`
                             refusal::checksum,  refusal::flags,     refusal::peer_name,
                             refusal::epoch,     refusal::seq_range, refusal::trailing};
constexpr unsigned faults = reasons.size();

/// A length that is none, or that of a longer or shorter frame.
constexpr std::array lengths{refusal::not_canonical, refusal::truncated, refusal::trailing};

/// A probe to the relay with everything wrong that is in the set.
std::vector<std::byte> spoilt(unsigned set, refusal bad_length) {
    const auto has = [set](fault each) {
        return (set >> each & 1) != 0;
    };
    std::array<std::byte, 100> body_bytes{};
    byte_writer body(body_bytes);
    body.put_u8(has(name) ? 48 : 3);
    body.put_bytes(as_bytes("bob"));
    body.put_u64(has(life) ? 0 : 7);
    body.put_u16(1);                                    // the number
    body.put_varint(has(seq_place) ? seq_end + 1 : 5);  // the base
    if (has(end)) {
        body.put_u8(0);
    }
    std::array<std::byte, 200> out{};
    byte_writer to(out);
    to.put_u8(static_cast<std::uint8_t>((has(version) ? 1 : 2) << 4 | (has(kind) ? 9 : 1)));
    to.put_u8(has(flags) ? 0x42 : 0x02);
    const auto right = static_cast<std::uint8_t>(body.size() + 4);
    if (!has(length)) {
        to.put_u8(right);
    } else if (bad_length == refusal::not_canonical) {
        to.put_u8(right | 0x80);
        to.put_u8(0);
    } else {
        to.put_u8(
            static_cast<std::uint8_t>(bad_length == refusal::truncated ? right + 1 : right - 1));
    }
    to.put_bytes(body.written());
    to.put_u32(framing("alice").checksum_of(to.written()) ^ (has(checksum_wrong) ? 1U : 0U));
    const bytes whole = to.written().first(has(size) ? 2 : to.size());
    return {whole.begin(), whole.end()};
}

TEST_CASE("refusals: of all that is wrong with a frame the first is the reason [spec 2.11]") {
    for (const refusal bad_length : lengths) {
        for (unsigned set = 0; set < 1U << faults; ++set) {
            CAPTURE(set, bad_length);
            refusal expected = refusal::none;
            for (unsigned each = 0; each < faults && expected == refusal::none; ++each) {
                if ((set >> each & 1) != 0) {
                    expected = each == length ? bad_length : reasons[each];
                }
            }
            frame out;
            CHECK(decode(spoilt(set, bad_length), framing("alice"), out) == expected);
        }
    }
}

/// An ack state under a header, a name and an epoch that are right.
refusal of_ack_state(std::initializer_list<int> state) {
    std::array<std::byte, 100> out{};
    byte_writer to(out);
    to.put_u8(0x24);
    to.put_u8(0);
    to.put_u8(static_cast<std::uint8_t>(1 + 1 + 8 + 2 + state.size()));
    to.put_peer("b");
    to.put_epoch(epoch{1});
    to.put_u16(9);  // the serial
    for (const int each : state) {
        to.put_u8(static_cast<std::uint8_t>(each));
    }
    frame ignored;
    return decode(to.written(), framing("alice", checksum::off), ignored);
}

TEST_CASE("refusals: the fields of an ack state are checked one after the other [spec 2.9, 2.11]") {
    CHECK(of_ack_state({0, 0x0F, 1, 1, 0, 1, 2, 1, 1, 1, 0}) == refusal::none);
    CHECK(of_ack_state({0x80, 0, 0x20}) == refusal::not_canonical);  // the floor, and no more
    CHECK(of_ack_state({0, 0x20, 0}) == refusal::flags);
    CHECK(of_ack_state({0, 0}) == refusal::not_canonical);        // no parts
    CHECK(of_ack_state({0, 0x0F, 0}) == refusal::ack_state);      // a room of 0, and no more
    CHECK(of_ack_state({0, 0x0F, 1, 0}) == refusal::ack_state);   // no exception,
    CHECK(of_ack_state({0, 0x0F, 1, 65}) == refusal::ack_state);  // or too many
    CHECK(of_ack_state({0, 0x0F, 1, 1}) == refusal::truncated);
    CHECK(of_ack_state({0, 0x0F, 1, 1, 0, 0}) == refusal::not_canonical);          // no bits at all
    CHECK(of_ack_state({0, 0x0F, 1, 1, 0, 65}) == refusal::ack_state);             // too many
    CHECK(of_ack_state({0, 0x0F, 1, 1, 0, 1, 1}) == refusal::ack_state);           // the floor
    CHECK(of_ack_state({0, 0x0F, 1, 1, 0, 1, 2, 1, 2}) == refusal::ack_state);     // and held
    CHECK(of_ack_state({0, 0x0F, 1, 1, 0, 1, 2, 1, 1, 3}) == refusal::ack_state);  // the horizon
    CHECK(of_ack_state({0, 0x0F, 1, 1, 0, 1, 2, 1, 1, 0, 0}) == refusal::not_canonical);
    CHECK(of_ack_state({0, 0x0F, 1, 1, 0, 1, 2, 1, 1, 1, 0, 0}) == refusal::trailing);

    CHECK(of_ack_state({0, 0x16, 1, 1, 1, 1, 2}) == refusal::none);
    CHECK(of_ack_state({0, 0x16, 0}) == refusal::not_canonical);  // a skip of 0, and no more
    CHECK(of_ack_state({0, 0x16, 0x80, 0x80, 8}) == refusal::ack_state);  // too far
    CHECK(of_ack_state({0, 0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0x10}) == refusal::not_canonical);
    CHECK(of_ack_state({0, 0x16, 1, 2, 0, 1}) == refusal::truncated);  // held may begin there
    CHECK(of_ack_state({0, 0x16, 1, 2, 0, 1, 2, 0, 1}) == refusal::ack_state);  // both
    CHECK(of_ack_state({0, 0x16, 1, 2, 0, 1, 2, 0, 2}) == refusal::not_canonical);
}

}  // namespace
}  // namespace refusals_tests
