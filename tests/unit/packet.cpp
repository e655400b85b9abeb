// SPDX-License-Identifier: BSL-1.0
#include "sixfold/wire/packet.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "sixfold/wire/codec.hpp"
#include "support/catch.hpp"

namespace packet_tests {
namespace {

using namespace sixfold;

struct packet_of_three {
    packet_of_three() {
        const framing link("bob");
        const ack_answer answer{.serial = 7};
        const sync_request sync{.serial = 1, .rows = 1, .room = 1};
        const msg_request msg{.to = "alice",
                              .epoch = epoch{9},
                              .entries = run::of(as_bytes("a payload of some length"))};
        for (const frame& what : {frame(answer), frame(sync), frame(msg)}) {
            std::array<std::byte, 128> buffer{};
            const std::size_t size = encode(what, link, buffer);
            data.insert(data.end(), buffer.begin(), buffer.begin() + static_cast<long>(size));
            ends.push_back(data.size());
        }
    }
    std::vector<std::byte> data;
    std::vector<std::size_t> ends;
};

}  // namespace

TEST_CASE("packet: comes apart into the frames that it was made of [spec 2.12]") {
    const packet_of_three packet;
    packet_reader reader(packet.data);
    std::size_t at = 0;
    for (const std::size_t end : packet.ends) {
        const auto frame = reader.next();
        REQUIRE(frame);
        CHECK(frame->data() == packet.data.data() + at);
        CHECK(frame->size() == end - at);
        at = end;
    }
    CHECK_FALSE(reader.next());
    CHECK(reader.refused() == refusal::none);
}

TEST_CASE("packet: an empty packet has no frame and nothing wrong with it [spec 2.12]") {
    packet_reader reader({});
    CHECK_FALSE(reader.next());
    CHECK(reader.refused() == refusal::none);
}

TEST_CASE(
    "packet: cut at any byte, it gives the whole frames and refuses the rest [spec 2.4, 2.12]") {
    const packet_of_three packet;
    for (std::size_t size = 0; size < packet.data.size(); ++size) {
        packet_reader reader(bytes(packet.data).first(size));
        std::size_t whole = 0;
        std::size_t used = 0;
        while (const auto frame = reader.next()) {
            ++whole;
            used += frame->size();
        }
        const auto expected = std::count_if(packet.ends.begin(), packet.ends.end(),
                                            [&](std::size_t end) { return end <= size; });
        CHECK(whole == static_cast<std::size_t>(expected));
        CHECK(reader.refused() == (used == size ? refusal::none : refusal::truncated));
        CHECK_FALSE(reader.next());
    }
}

TEST_CASE("packet: nothing is taken behind a length that is none [spec 2.3, 2.4]") {
    const std::array<std::byte, 9> bad{std::byte{0x27}, std::byte{0},    std::byte{0x81},
                                       std::byte{0},    std::byte{0x27}, std::byte{0},
                                       std::byte{1},    std::byte{1},    std::byte{1}};
    packet_reader reader(bad);
    CHECK_FALSE(reader.next());
    CHECK(reader.refused() == refusal::not_canonical);
    CHECK_FALSE(reader.next());

    const std::array<std::byte, 8> long_one{std::byte{0x27}, std::byte{0},    std::byte{0x80},
                                            std::byte{0x80}, std::byte{0x80}, std::byte{0x80},
                                            std::byte{1},    std::byte{1}};
    const frame_extent none = measure_frame(long_one);
    CHECK(none.refused == refusal::not_canonical);
    CHECK(none.header == 0);
    CHECK(none.size == 0);
}

TEST_CASE(
    "packet: what does not end with a frame is refused for the reason of a frame [spec 2.12]") {
    const auto refused = [](std::initializer_list<std::uint8_t> packet) {
        packet_reader reader(std::as_bytes(std::span(packet.begin(), packet.size())));
        CHECK_FALSE(reader.next());
        return reader.refused();
    };
    CHECK(refused({0x37, 0}) == refusal::truncated);  // three bytes come first
    CHECK(refused({0x37, 0, 5}) == refusal::version);
    CHECK(refused({0x37, 0, 0x81, 0}) == refusal::version);
    CHECK(refused({0x29, 0, 5}) == refusal::kind);
    CHECK(refused({0x27, 0, 5}) == refusal::truncated);
}

TEST_CASE("packet: the first byte is version 2 and one of eight kinds [spec 2.1, 2.2]") {
    for (unsigned first = 0; first < 256; ++first) {
        const refusal why = check_first_byte(static_cast<std::byte>(first));
        const unsigned kind = first & 15;
        const refusal expected = first >> 4 != 2         ? refusal::version
                                 : kind == 0 || kind > 8 ? refusal::kind
                                                         : refusal::none;
        CHECK(why == expected);
    }
}

}  // namespace packet_tests
