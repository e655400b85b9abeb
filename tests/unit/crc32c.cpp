// SPDX-License-Identifier: BSL-1.0
#include "sixfold/wire/crc32c.hpp"

#include <array>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

namespace crc32c_tests {
namespace {

using namespace sixfold;

constexpr std::array<std::byte, 3> abc{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
static_assert(crc32c(abc) == 0x364B3FB7, "works at compile time as well");

/// The definition, bit by bit: what the tables must agree with.
std::uint32_t slow_crc32c(bytes data) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const std::byte byte : data) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }
    }
    return ~crc;
}

std::vector<std::byte> some_bytes(std::size_t size) {
    std::vector<std::byte> out(size);
    std::uint32_t state = 12345;
    for (std::byte& byte : out) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::byte>(state >> 24);
    }
    return out;
}

}  // namespace

TEST_CASE("crc32c: the published vectors [spec 2.5]") {
    CHECK(crc32c(as_bytes("123456789")) == 0xE3069283);
    CHECK(crc32c({}) == 0);
    std::array<std::byte, 32> data{};
    CHECK(crc32c(data) == 0x8A9136AA);
    data.fill(std::byte{0xFF});
    CHECK(crc32c(data) == 0x62A8AB43);
    for (std::size_t i = 0; i < 32; ++i) {
        data[i] = static_cast<std::byte>(i);
    }
    CHECK(crc32c(data) == 0x46DD794E);
    for (std::size_t i = 0; i < 32; ++i) {
        data[i] = static_cast<std::byte>(31 - i);
    }
    CHECK(crc32c(data) == 0x113FDB5C);
}

TEST_CASE("crc32c: agrees with its definition at every length and alignment") {
    const auto data = some_bytes(80);
    for (std::size_t from = 0; from < 9; ++from) {
        for (std::size_t size = 0; from + size <= data.size(); ++size) {
            const bytes part = bytes(data).subspan(from, size);
            REQUIRE(crc32c(part) == slow_crc32c(part));
            REQUIRE(~detail::crc32c_by_tables<1>(part, ~0U) == slow_crc32c(part));
            REQUIRE(~detail::crc32c_by_tables<8>(part, ~0U) == slow_crc32c(part));
        }
    }
}

TEST_CASE("crc32c: goes on from the checksum of what came before") {
    const auto data = some_bytes(64);
    for (std::size_t cut = 0; cut <= data.size(); ++cut) {
        CHECK(crc32c(bytes(data).subspan(cut), crc32c(bytes(data).first(cut))) == crc32c(data));
    }
}

}  // namespace crc32c_tests
