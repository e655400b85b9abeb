// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/siphash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>

#include "support/catch.hpp"

namespace siphash_tests {

using namespace sixfold;

namespace {

constexpr std::uint64_t key_low = 0x0706050403020100;
constexpr std::uint64_t key_high = 0x0f0e0d0c0b0a0908;

template <std::size_t Size>
std::array<std::byte, Size> counting() {
    std::array<std::byte, Size> data{};
    for (std::size_t i = 0; i < Size; ++i) {
        data[i] = static_cast<std::byte>(i);
    }
    return data;
}

}  // namespace

TEST_CASE("siphash: gives the hash of appendix A of its paper") {
    CHECK(siphash<2, 4>(key_low, key_high)(counting<15>()) == 0xa129ca6149be45e5);
}

TEST_CASE("siphash: each length, byte and half of the key makes another hash") {
    const siphash<1, 3> hash(key_low, key_high);
    std::set<std::uint64_t> seen;
    std::array<std::byte, 48> data{};
    for (std::size_t size = 0; size <= data.size(); ++size) {
        seen.insert(hash(bytes(data).first(size)));
    }
    for (std::byte& b : data) {
        b = std::byte{1};
        seen.insert(hash(data));
        b = std::byte{0};
    }
    seen.insert(siphash<1, 3>(key_low + 1, key_high)(data));
    seen.insert(siphash<1, 3>(key_low, key_high + 1)(data));
    seen.insert(siphash<2, 4>(key_low, key_high)(data));
    CHECK(seen.size() == 49 + 48 + 3);
}

}  // namespace siphash_tests
