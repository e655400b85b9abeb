// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/bit_ring.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <vector>

#include "sixfold/parts/random.hpp"
#include "support/catch.hpp"

namespace bit_ring_tests {

using namespace sixfold;

namespace {

/// What `copy_bits` is to write, found out bit by bit.
std::vector<std::byte> bits_of(const std::set<seq>& bits, seq from, std::uint32_t width) {
    std::vector<std::byte> out((width + 7) / 8);
    for (seq at : bits) {
        if (at >= from && at - from < width) {
            out[(at - from) / 8] |= static_cast<std::byte>(1u << (at - from) % 8);
        }
    }
    return out;
}

std::uint32_t run_of(const std::set<seq>& bits, seq from, std::uint32_t width) {
    std::uint32_t length = 0;
    while (length < width && bits.count(from + length) != 0) {
        ++length;
    }
    return length;
}

}  // namespace

TEST_CASE("bit ring: a bit is set until it is reset") {
    for (std::uint32_t width : {1u, 2u, 63u, 64u, 65u, 200u, bit_ring::width_max}) {
        bit_ring ring(width);
        for (seq at : {seq{0}, seq{width - 1}, seq{width} * 1000 + 1, seq_end}) {
            INFO("width " << width << ", seq " << at);
            CHECK_FALSE(ring.test(at));
            ring.set(at);
            CHECK(ring.test(at));
            ring.reset(at);
            CHECK(ring == bit_ring(width));
        }
    }
}

TEST_CASE("bit ring: rings of different widths or bits differ") {
    bit_ring ring(8);
    CHECK_FALSE(ring == bit_ring(9));
    ring.set(3);
    CHECK_FALSE(ring == bit_ring(8));
    ring.clear();
    CHECK(ring == bit_ring(8));
}

TEST_CASE("bit ring: a range is reset and nothing beside it") {
    for (std::uint32_t width : {64u, 128u, 300u}) {
        for (seq from = 1000; from <= 1000 + width; from += 7) {
            for (seq to = from; to <= 1000 + width; to += 5) {
                bit_ring ring(width);
                for (seq at = 1000; at < 1000 + width; ++at) {
                    ring.set(at);
                }
                ring.reset_range(from, to);
                for (seq at = 1000; at < 1000 + width; ++at) {
                    INFO(width << ": [" << from << ", " << to << ") at " << at);
                    REQUIRE(ring.test(at) == (at < from || at >= to));
                }
            }
        }
    }
}

TEST_CASE("bit ring: a range that ends before it begins is empty, and a huge one is all") {
    for (std::uint32_t width : {8u, 1000u}) {
        bit_ring ring(width);
        ring.set(5);
        ring.reset_range(6, 5);
        ring.reset_range(~seq{0}, 0);
        CHECK(ring.test(5));
        ring.reset_range(6, ~seq{0});  // passes the place of 5 many times
        CHECK(ring == bit_ring(width));
    }
}

TEST_CASE("bit ring: copies bits as far as the buffer reaches") {
    bit_ring ring(100);
    ring.set(1000);
    ring.set(1015);
    ring.set(1099);
    std::array<std::byte, 16> out{};
    out.fill(std::byte{0xee});
    CHECK(ring.copy_bits(1000, 100, out) == 13);
    CHECK(out[0] == std::byte{0x01});
    CHECK(out[1] == std::byte{0x80});
    CHECK(out[12] == std::byte{0x08});
    CHECK(out[13] == std::byte{0xee});
    CHECK(ring.copy_bits(1000, 99, out) == 2);
    CHECK(ring.copy_bits(1000, 100, std::span(out).first(12)) == 2);
    CHECK(ring.copy_bits(1000, 100, std::span(out).first(1)) == 1);
    CHECK(ring.copy_bits(1000, 100, {}) == 0);
    CHECK(ring.copy_bits(1001, 14, out) == 0);
    CHECK(ring.copy_bits(1001, 15, out) == 2);
}

TEST_CASE("bit ring: a run goes over words up to the first bit that is not set, at most a width") {
    for (std::uint32_t width : {1u, 63u, 64u, 65u, 128u, 300u}) {
        for (seq from : {seq{0}, seq{1}, seq{63}, seq{1000}}) {
            INFO("width " << width << ", from " << from);
            bit_ring ring(width);
            CHECK(ring.run(from) == 0);
            for (std::uint32_t i = 0; i < width; ++i) {
                ring.set(from + i);
                REQUIRE(ring.run(from) == i + 1);
            }
            // A ring may have more places than its width, and then more bits in a row.
            for (std::uint32_t i = width; i < width + 64; ++i) {
                ring.set(from + i);
            }
            CHECK(ring.run(from) == width);
        }
    }
}

TEST_CASE("bit ring: agrees with a set while its window slides") {
    for (std::uint32_t width : {1u, 2u, 3u, 8u, 63u, 64u, 65u, 127u, 128u, 129u, 1000u}) {
        random_source random(width);
        bit_ring ring(width);
        std::set<seq> model;
        seq from = 0;
        for (int step = 0; step < 2000; ++step) {
            INFO("width " << width << ", step " << step << ", from " << from);
            const seq at = from + random.below(width);
            switch (random.below(5)) {
            case 0:
            case 1:
            case 2:
                ring.set(at);
                model.insert(at);
                break;
            case 3:
                ring.reset(at);
                model.erase(at);
                break;
            case 4: {
                const seq to = from + random.below(random.below(20) == 0 ? width * 3 : 3);
                ring.reset_range(from, to);
                model.erase(model.begin(), model.lower_bound(to));
                from = to;
                break;
            }
            }
            const seq asked = from + random.below(width);
            REQUIRE(ring.test(asked) == (model.count(asked) != 0));
            const auto rest = static_cast<std::uint32_t>(from + width - asked);
            REQUIRE((std::min)(ring.run(asked), rest) == run_of(model, asked, rest));
            const auto above = model.lower_bound(asked);
            const bool any = above != model.begin() && *std::prev(above) >= from;
            REQUIRE(ring.highest(from, asked) == (any ? *std::prev(above) : asked));
            REQUIRE(ring.count() == model.size());
            std::vector<std::byte> expected = bits_of(model, asked, rest);
            std::vector<std::byte> out((rest + 7) / 8, std::byte{0xee});
            const std::size_t size = ring.copy_bits(asked, rest, out);
            while (!expected.empty() && expected.back() == std::byte{0}) {
                expected.pop_back();
            }
            REQUIRE(size == expected.size());
            expected.resize(out.size(), std::byte{0xee});  // no more was written
            REQUIRE(out == expected);
        }
    }
}

}  // namespace bit_ring_tests
