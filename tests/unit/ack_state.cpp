// SPDX-License-Identifier: BSL-1.0
#include "sixfold/wire/ack_state.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <random>
#include <vector>

#include "sixfold/receiving/ack_report.hpp"
#include "support/catch.hpp"

namespace ack_state_tests {
namespace {

using namespace sixfold;
using blob = std::vector<std::byte>;

blob raw(std::initializer_list<int> values) {
    blob out;
    for (const int value : values) {
        out.push_back(static_cast<std::byte>(value));
    }
    return out;
}

blob encoded(const ack_report& report) {
    blob out(ack_state_size_max());
    out.resize(encode_ack_state(report, out));
    REQUIRE_FALSE(out.empty());
    return out;
}

refusal refused(std::initializer_list<int> values) {
    const blob input = raw(values);
    ack_state out;
    return ack_state::decode(input, out);
}

/// What a decoded ack state says, as a report again.
blob encoded_again(const ack_state& state, bytes accepted, bytes held) {
    std::vector<exception> exceptions;
    for (const exception e : state.exceptions()) {
        exceptions.push_back(e);
    }
    return encoded({.floor = state.floor(),
                    .horizon = state.horizon(),
                    .skip = static_cast<std::uint32_t>((state.first() - state.floor()) / 8),
                    .accepted = accepted,
                    .held = held,
                    .exceptions = exceptions,
                    .limits = state.limits()});
}

/// The bits that `of()` tells of.
blob bits_of(const ack_state& state, bool held) {
    blob bits(ack_bits_size_max);
    for (seq i = 0; state.first() + i < state.end(); ++i) {
        const seq which = state.first() + i;
        const bool is_set = held ? state.of(which) == fate::held : state.covers(which);
        if (is_set) {
            bits[i / 8] |= static_cast<std::byte>(1U << i % 8);
        }
    }
    return bits;
}

}  // namespace

TEST_CASE("ack state: the example of the specification [spec 2.9]") {
    const exception list[] = {{7, fate::tombstoned}, {12, fate::rejected}};
    const blob accepted = raw({0x04});
    const blob held = raw({0x11});
    const blob wire = encoded({.floor = 10,
                               .horizon = 5,
                               .accepted = accepted,
                               .held = held,
                               .exceptions = list,
                               .limits = receiver_limits{}});
    CHECK(wire == raw({0x0A, 0x0F, 0x40, 0x40, 0x80, 0x08, 0x01, 0x04, 0x01, 0x11, 0x05, 0x02, 0x04,
                       0x09}));

    ack_state state;
    REQUIRE(ack_state::decode(wire, state) == refusal::none);
    CHECK(state.floor() == 10);
    CHECK(state.horizon() == 5);
    CHECK(state.limits() == receiver_limits{});
    CHECK(state.end() == 15);
    const std::map<seq, fate> expected{
        {0, fate::ended},      {4, fate::ended},     {5, fate::accepted}, {6, fate::accepted},
        {7, fate::tombstoned}, {8, fate::accepted},  {9, fate::accepted}, {10, fate::held},
        {11, fate::open},      {12, fate::rejected}, {13, fate::open},    {14, fate::held},
        {15, fate::open},      {seq_end, fate::open}};
    for (const auto& [which, how] : expected) {
        CAPTURE(which);
        CHECK(state.of(which) == how);
        CHECK(state.covers(which) == (how != fate::open && how != fate::held));
    }
}

TEST_CASE("ack state: it counts all seqs of which it says something") {
    const blob accepted(64, std::byte{0xFE});
    const blob held(60, std::byte{0x01});
    const blob wire = encoded({.floor = 10, .accepted = accepted, .held = held});
    ack_state state;
    REQUIRE(ack_state::decode(wire, state) == refusal::none);
    CHECK(state.known() == 10 + 64 * 7 + 60);
}

TEST_CASE("ack state: of a later part of a large window it is silent about the earlier one "
          "[spec 2.9]") {
    const exception list[] = {
        {300, fate::rejected}, {525, fate::rejected}, {526, fate::tombstoned}};
    const blob accepted = raw({0x00, 0x09, 0x00});          // 522 and 525
    const blob held = raw({0x00, 0x40});                    // 528
    const blob wire = raw({0x0A, 0x12, 0x40, 0x01, 0x09});  // as the specification has it
    CHECK(encoded({.floor = 10, .skip = 64, .accepted = bytes(accepted).subspan(1)}) == wire);
    CHECK(encoded({.floor = 10, .skip = 63, .accepted = accepted}) == wire);  // in one form

    ack_state state;
    const blob more =
        encoded({.floor = 10, .skip = 63, .accepted = accepted, .held = held, .exceptions = list});
    REQUIRE(ack_state::decode(more, state) == refusal::none);
    CHECK(state.floor() == 10);
    CHECK(state.first() == 522);
    CHECK(state.end() == 529);
    CHECK(state.known() == 13);
    for (const seq silent : {seq{10}, seq{300}, seq{521}, seq{523}, seq{526}, seq{529}}) {
        CHECK(state.of(silent) == fate::open);
        CHECK_FALSE(state.covers(silent));
    }
    for (const seq told : {seq{0}, seq{9}, seq{522}, seq{523}, seq{522 + 511}}) {
        CHECK(state.tells(told));
    }
    for (const seq left_out : {seq{10}, seq{300}, seq{521}, seq{522 + 512}, seq_end}) {
        CHECK_FALSE(state.tells(left_out));
    }
    CHECK(state.of(9) == fate::accepted);
    CHECK(state.of(522) == fate::accepted);
    CHECK(state.of(525) == fate::rejected);
    CHECK(state.of(528) == fate::held);

    const blob zeros(3);
    CHECK(encoded({.floor = 10, .skip = 63, .accepted = zeros}) == raw({10}));
    CHECK(encoded({.floor = 10, .horizon = 900, .skip = 63, .accepted = accepted}) ==
          raw({10, 0x1A, 0x40, 1, 9, 0x8E, 0x04, 0}));  // 526, the end of what it says has ended
    CHECK(encoded({.floor = 10, .horizon = 900, .skip = 63, .held = held}) ==
          raw({10, 0x1C, 0x40, 1, 0x40, 10, 0}));
}

TEST_CASE("ack state: of an unknown stream it is one byte, and all is open [spec 2.9]") {
    const blob wire = encoded({});
    CHECK(wire == raw({0}));
    ack_state state;
    REQUIRE(ack_state::decode(wire, state) == refusal::none);
    CHECK(state.floor() == 0);
    CHECK(state.end() == 0);
    CHECK(state.of(0) == fate::open);
    CHECK_FALSE(state.limits());
    CHECK(ack_state().of(0) == fate::open);
}

TEST_CASE("ack state: a horizon above the floor leaves accepted bits unvouched for [spec 2.9]") {
    const blob accepted = raw({0x0A});  // 11 and 13
    const exception list[] = {{13, fate::rejected}};
    const blob wire =
        encoded({.floor = 10, .horizon = 12, .accepted = accepted, .exceptions = list});
    ack_state state;
    REQUIRE(ack_state::decode(wire, state) == refusal::none);
    CHECK(state.of(9) == fate::ended);
    CHECK(state.of(10) == fate::open);
    CHECK(state.of(11) == fate::ended);
    CHECK(state.of(12) == fate::open);
    CHECK(state.of(13) == fate::rejected);
}

TEST_CASE(
    "ack state: the writer trims bits, and leaves out what it then does not report [spec 2.9]") {
    blob accepted(100);
    accepted[1] = std::byte{0x80};   // 15
    accepted[63] = std::byte{0x80};  // 511, the last that fits
    accepted[64] = std::byte{0x01};  // 512
    const exception list[] = {{3, fate::rejected},
                              {15, fate::tombstoned},
                              {20, fate::rejected},
                              {511, fate::rejected},
                              {512, fate::tombstoned}};
    const blob wire = encoded({.floor = 0, .accepted = accepted, .exceptions = list});
    ack_state state;
    REQUIRE(ack_state::decode(wire, state) == refusal::none);
    CHECK(state.exceptions().size() == 2);
    CHECK(state.of(15) == fate::tombstoned);
    CHECK(state.of(511) == fate::rejected);
    CHECK(state.of(512) == fate::open);
    CHECK(state.end() == 512);

    const blob zeros(100);
    CHECK(encoded({.floor = 1, .accepted = zeros, .held = zeros}) == raw({1}));
    const blob trailing = raw({0x02, 0x00, 0x00});
    CHECK(encoded({.floor = 1, .accepted = trailing}) == raw({1, 2, 1, 2}));
    // A horizon behind all that has ended says no more than one at its end.
    CHECK(encoded({.floor = 1, .horizon = 900, .accepted = trailing}) == raw({1, 10, 1, 2, 3, 0}));
}

TEST_CASE("ack state: the largest fits the promised bound, and not one byte less than it takes "
          "[spec 2.14]") {
    blob accepted(64, std::byte{0xFF});
    accepted[0] = std::byte{0x7E};
    blob held(64);
    held[0] = std::byte{0x81};
    held[63] = std::byte{0x00};
    accepted[63] = std::byte{0x7F};
    held[63] = std::byte{0x80};
    std::vector<exception> list;
    for (seq i = 0; i < 64; ++i) {
        list.push_back({(i + 1) << 55, fate::rejected});
    }
    const ack_report report{.floor = seq_end - 512,
                            .horizon = 1,
                            .accepted = accepted,
                            .held = held,
                            .exceptions = list,
                            .limits = receiver_limits{.room = receiver_limits::room_max,
                                                      .exceptions = 64,
                                                      .payload_max = (1U << 28) - 1}};
    const blob wire = encoded(report);
    CHECK(wire.size() <= ack_state_size_max());
    CHECK(ack_state_size_max() == 161 + 9 * 64);
    CHECK(ack_state_size_max({receiver_limits::room_max, 1}) == 161 + 9);
    CHECK(ack_state_size_max({512, 1}) == 158 + 9);
    ack_state state;
    REQUIRE(ack_state::decode(wire, state) == refusal::none);
    CHECK(state.end() == seq_end);
    CHECK(encoded_again(state, accepted, held) == wire);
    for (std::size_t size = 0; size < wire.size(); ++size) {
        blob small(size);
        CHECK(encode_ack_state(report, small) == 0);
    }
}

TEST_CASE("ack state: the bound of small limits is a bound, and a close one") {
    for (const std::uint32_t window : {2U, 8U, 9U, 64U, 511U, 512U, 4096U}) {
        for (const std::uint32_t count : {1U, 4U, 64U}) {
            const receiver_limits limits{window, count, receiver_limits::payload_max_max};
            const std::uint32_t told = (std::min)(window, 512U);
            const std::uint32_t skip = window > told ? (1U << 17) - 1 : 0;
            blob accepted((told + 7) / 8);
            blob held(accepted.size());
            for (std::uint32_t i = 0; i < told; ++i) {  // both strings are as long as they can be
                (i % 8 == 0 ? held : accepted)[i / 8] |= std::byte{1} << static_cast<int>(i % 8);
            }
            std::vector<exception> list;
            for (seq i = 0; i < count; ++i) {
                list.push_back({(i + 1) * ((seq{1} << 55) + 1), fate::rejected});
            }
            const blob wire = encoded({.floor = seq_end - told - 8 * skip,
                                       .horizon = 1,
                                       .skip = skip,
                                       .accepted = accepted,
                                       .held = held,
                                       .exceptions = list,
                                       .limits = limits});
            CHECK(wire.size() <= ack_state_size_max(limits));
            CHECK(wire.size() + 12 > ack_state_size_max(limits));
        }
    }
}

TEST_CASE("ack state: cut at any byte but behind its floor it is refused") {
    const exception list[] = {{7, fate::tombstoned}, {12, fate::rejected}};
    const blob accepted = raw({0x04, 0x01});
    const blob wire = encoded({.floor = 10,
                               .horizon = 5,
                               .accepted = accepted,
                               .exceptions = list,
                               .limits = receiver_limits{}});
    for (std::size_t size = 0; size < wire.size(); ++size) {
        ack_state state;
        const bool is_floor = size == 1;  // which says that nothing else is known
        CHECK(ack_state::decode(bytes(wire).first(size), state) ==
              (is_floor ? refusal::none : refusal::truncated));
        CHECK(state.floor() == (is_floor ? 10 : 0));  // left as it was
    }
}

TEST_CASE("ack state: each way to be wrong has its refusal [spec 2.9]") {
    CHECK(refused({}) == refusal::truncated);
    CHECK(refused({0, 0x20}) == refusal::flags);
    CHECK(refused({0}) == refusal::none);
    CHECK(refused({0, 0}) == refusal::not_canonical);  // no parts are not told
    CHECK(refused({0, 0, 0}) == refusal::not_canonical);
    CHECK(refused({0, 2, 1, 2, 0}) == refusal::trailing);
    CHECK(refused({0x80, 0}) == refusal::not_canonical);
    // floor: 2^62 is the highest
    CHECK(refused({128, 128, 128, 128, 128, 128, 128, 128, 0x40}) == refusal::none);
    CHECK(refused({129, 128, 128, 128, 128, 128, 128, 128, 0x40}) == refusal::seq_range);
    // limits: room 1 to 2^20, exceptions 1 to 64, payload below 2^28
    CHECK(refused({0, 1, 1, 1, 0}) == refusal::none);
    CHECK(refused({0, 1, 0, 1, 0}) == refusal::ack_state);
    CHECK(refused({0, 1, 128, 128, 64, 64, 0}) == refusal::none);
    CHECK(refused({0, 1, 129, 128, 64, 64, 0}) == refusal::ack_state);
    CHECK(refused({0, 1, 1, 0, 0}) == refusal::ack_state);
    CHECK(refused({0, 1, 1, 65, 0}) == refusal::ack_state);
    CHECK(refused({0, 1, 1, 1, 128, 128, 128, 128, 1}) == refusal::not_canonical);
    CHECK(refused({0, 1, 0}) == refusal::ack_state);  // each is asked as soon as it is read
    CHECK(refused({0, 1, 1, 0}) == refusal::ack_state);
    // bit strings
    CHECK(refused({0, 2, 0}) == refusal::not_canonical);
    CHECK(refused({0, 2, 1, 0}) == refusal::not_canonical);
    CHECK(refused({0, 2, 2, 2, 0}) == refusal::not_canonical);
    CHECK(refused({0, 2, 65}) == refusal::ack_state);
    CHECK(refused({0, 2, 1, 1}) == refusal::ack_state);  // the floor is accepted
    CHECK(refused({0, 2, 1, 2}) == refusal::none);
    CHECK(refused({0, 4, 1, 1}) == refusal::none);  // the floor is held
    CHECK(refused({0, 4, 0}) == refusal::not_canonical);
    CHECK(refused({0, 6, 1, 2, 1, 3}) == refusal::ack_state);  // accepted and held
    CHECK(refused({0, 6, 1, 2, 1, 1}) == refusal::none);
    // a skip: 1 to 2^17 - 1, and as much as can be skipped
    CHECK(refused({0, 18, 1, 1, 1}) == refusal::none);  // not the floor's bit
    CHECK(refused({0, 20, 1, 1, 1}) == refusal::none);
    CHECK(refused({0, 22, 1, 2, 0, 1, 1, 2}) == refusal::none);
    CHECK(refused({0, 22, 1, 1, 3, 1, 2}) == refusal::ack_state);  // accepted and held
    CHECK(refused({0, 18, 0, 1, 1}) == refusal::not_canonical);
    CHECK(refused({0, 18, 255, 255, 7, 1, 1}) == refusal::none);
    CHECK(refused({0, 18, 128, 128, 8, 1, 1}) == refusal::ack_state);
    CHECK(refused({0, 18, 255, 255, 255, 255, 16}) == refusal::not_canonical);  // of 33 bits
    CHECK(refused({0, 18, 1, 2, 0, 1}) == refusal::not_canonical);
    CHECK(refused({0, 22, 1, 2, 0, 1, 2, 0, 2}) == refusal::not_canonical);
    CHECK(refused({0, 16, 1}) == refusal::not_canonical);
    CHECK(refused({5, 24, 1, 5, 0}) == refusal::not_canonical);
    CHECK(refused({5, 26, 1, 1, 1, 14, 0}) == refusal::none);         // 13, and nobody knows how
    CHECK(refused({5, 26, 1, 1, 1, 15, 0}) == refusal::ack_state);    // a horizon behind all
    CHECK(refused({5, 28, 1, 1, 1, 6, 0}) == refusal::ack_state);     // only held
    CHECK(refused({5, 26, 1, 1, 1, 5, 1, 16}) == refusal::none);      // 13 is an exception
    CHECK(refused({5, 26, 1, 1, 1, 5, 1, 4}) == refusal::ack_state);  // 7 was skipped
    // bits at 2^62 and above: floor 2^62 - 1
    CHECK(refused({255, 255, 255, 255, 255, 255, 255, 255, 0x3F, 4, 1, 1}) == refusal::none);
    CHECK(refused({255, 255, 255, 255, 255, 255, 255, 255, 0x3F, 4, 1, 3}) == refusal::seq_range);
    // and behind a skip of one byte: floor 2^62 - 9
    CHECK(refused({247, 255, 255, 255, 255, 255, 255, 255, 0x3F, 20, 1, 1, 1}) == refusal::none);
    CHECK(refused({247, 255, 255, 255, 255, 255, 255, 255, 0x3F, 20, 1, 1, 3}) ==
          refusal::seq_range);
    // exceptions
    CHECK(refused({5, 8, 0, 0}) == refusal::not_canonical);
    CHECK(refused({5, 8, 5, 0}) == refusal::none);
    CHECK(refused({5, 8, 6, 0}) == refusal::ack_state);  // a horizon behind all that ended
    CHECK(refused({5, 8, 6}) == refusal::ack_state);
    CHECK(refused({5, 8, 0, 1, 8}) == refusal::none);                 // 4
    CHECK(refused({5, 8, 0, 1, 10}) == refusal::ack_state);           // 5 has not ended
    CHECK(refused({5, 8, 4, 2, 0, 0}) == refusal::ack_state);         // 4, 5
    CHECK(refused({5, 10, 1, 2, 4, 2, 0, 3}) == refusal::none);       // 4, then 6: it has its bit
    CHECK(refused({5, 10, 1, 4, 4, 2, 0, 3}) == refusal::ack_state);  // 7 has, 6 has not
    CHECK(refused({5, 8, 0, 65}) == refusal::ack_state);
    CHECK(refused({5, 8, 0, 1}) == refusal::truncated);
    CHECK(refused({5, 8, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}) ==
          refusal::ack_state);
}

TEST_CASE("ack state: random states say of each seq what their receiver says [spec 2.9]") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 3000; ++round) {
        const seq floor = random() % 40;
        std::map<seq, fate> truth;
        blob accepted(1 + random() % 6);
        blob held(accepted.size());
        const seq end = floor + 8 * accepted.size();
        const seq horizon = random() % (floor + 1);
        std::vector<exception> list;
        for (seq s = 0; s < end; ++s) {
            fate how = static_cast<fate>(random() % 5);
            if (s < floor && (how == fate::open || how == fate::held)) how = fate::accepted;
            if (s == floor && how != fate::held) how = fate::open;
            const bool is_exception = how == fate::tombstoned || how == fate::rejected;
            if (is_exception && s >= horizon) list.push_back({s, how});
            if (s >= floor) {
                auto& bits = how == fate::held ? held : accepted;
                if (how != fate::open) {
                    bits[(s - floor) / 8] |= static_cast<std::byte>(1U << (s - floor) % 8);
                }
            }
            truth[s] = s < horizon ? fate::ended : how;
        }
        if (list.size() > 64) continue;
        const blob wire = encoded({.floor = floor,
                                   .horizon = horizon,
                                   .accepted = accepted,
                                   .held = held,
                                   .exceptions = list});
        ack_state state;
        REQUIRE(ack_state::decode(wire, state) == refusal::none);
        for (const auto& [s, how] : truth) {
            REQUIRE(state.of(s) == how);
        }
        REQUIRE(state.of(end) == fate::open);
        const seq until = random() % (end + 100);
        std::vector<seq> open;
        state.for_each_open([&](seq s) { open.push_back(s); }, until);
        std::vector<seq> expected;
        for (seq s = floor; s < until && s < floor + 512; ++s) {
            if (state.of(s) == fate::open) expected.push_back(s);
        }
        REQUIRE(open == expected);
        REQUIRE(std::vector<exception>(list) == [&] {
            std::vector<exception> out;
            for (const exception e : state.exceptions()) {
                out.push_back(e);
            }
            return out;
        }());
    }
}

TEST_CASE(
    "ack state: what is open is asked for 64 seqs at a time, eight times at most, whatever the "
    "window [spec 2.9]") {
    const blob wire = encoded({.floor = 3, .held = blob(2, std::byte{0x55})});
    ack_state state;
    REQUIRE(ack_state::decode(wire, state) == refusal::none);
    for (const seq in_flight : {seq{256}, seq{1024}, seq{4096}, seq{1} << 20}) {
        int words = 0;
        int visits = 0;
        state.for_each_open([&](seq) { ++visits; }, in_flight,
                            [&](seq from) {
                                ++words;
                                return from == 3 ? std::uint64_t{0x7}
                                                 : 0;  // three messages wait to hear of it
                            });
        CHECK(words == (in_flight == 256 ? 4 : 8));
        CHECK(visits == 1);  // seq 4, as 3 and 5 are held
    }
}

TEST_CASE("ack state: random bytes that are taken are encoded again as they were") {
    std::mt19937_64 random(8);
    int taken = 0;
    for (int round = 0; round < 300000; ++round) {
        blob input(2 + random() % 9);
        for (std::byte& byte : input) {
            byte = static_cast<std::byte>(random() % 3 == 0 ? random() : random() % 6);
        }
        ack_state state;
        if (ack_state::decode(input, state) != refusal::none) {
            continue;
        }
        ++taken;
        REQUIRE(encoded_again(state, bits_of(state, false), bits_of(state, true)) == input);
    }
    CHECK(taken > 1000);
}

TEST_CASE("ack state: limits are valid within their bounds, both included [spec 2.9]") {
    constexpr std::uint32_t payload_end = receiver_limits::payload_max_max + 1;
    CHECK(receiver_limits{1, 1, 0}.valid());
    CHECK(receiver_limits{receiver_limits::room_max, receiver_limits::exceptions_max,
                          receiver_limits::payload_max_max}
              .valid());
    CHECK_FALSE(receiver_limits{0, 1, 0}.valid());
    CHECK_FALSE(receiver_limits{receiver_limits::room_max + 1, 1, 0}.valid());
    CHECK_FALSE(receiver_limits{1, 0, 0}.valid());
    CHECK_FALSE(receiver_limits{1, receiver_limits::exceptions_max + 1, 0}.valid());
    CHECK_FALSE(receiver_limits{1, 1, payload_end}.valid());
}

TEST_CASE("ack state: an exception below the horizon is left out") {
    std::array<std::byte, 64> out{};
    const std::array<exception, 2> known{exception{4, fate::rejected},
                                         exception{6, fate::rejected}};
    const std::size_t size = encode_ack_state({.floor = 9, .horizon = 5, .exceptions = known}, out);
    ack_state read;
    REQUIRE(ack_state::decode(bytes(out).first(size), read) == refusal::none);
    CHECK(read.of(4) == fate::ended);
    CHECK(read.of(5) == fate::accepted);
    CHECK(read.of(6) == fate::rejected);
}

}  // namespace ack_state_tests
