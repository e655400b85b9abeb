// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/seq_ring.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>

#include "support/catch.hpp"

namespace seq_ring_tests {
namespace {

using namespace sixfold;

/// Whether the bits are those of the seqs that have values, as far as they are in the range.
bool tells_the_truth(const seq_ring<std::uint32_t>& ring,
                     const std::map<seq, std::uint32_t>& truth,
                     seq first,
                     seq end,
                     seq from) {
    const std::uint64_t used = ring.used(from);
    for (unsigned i = 0; i < 64; ++i) {
        const seq at = from + i;
        const bool is_set = (used >> i & 1) != 0;
        const bool has_value = truth.contains(at);
        if (at >= first && at < end &&
            (ring.size() < 64 ? has_value && !is_set : has_value != is_set)) {
            return false;
        }
    }
    return true;
}

}  // namespace

TEST_CASE("seq_ring: an empty one has room for nothing, and grows by doubling") {
    seq_ring<std::uint32_t> ring;
    CHECK(ring.size() == 0);
    for (const std::size_t size : {8U, 16U, 32U, 64U, 128U}) {
        ring.grow(5, 5);
        CHECK(ring.size() == size);
        CHECK_FALSE(ring.has(5));
    }
    CHECK(ring.used(5) == 0);
    ring.put(70, 7);
    ring.clear();
    CHECK((ring.size() == 128 && ring.used(64) == 0));
}

TEST_CASE("seq_ring: any range that moves upwards finds its values, one by one and 64 at a time") {
    std::mt19937_64 random(3);
    for (const std::uint64_t most : {5U, 60U, 64U, 200U, 1000U}) {
        seq_ring<std::uint32_t> ring;
        std::map<seq, std::uint32_t> truth;
        seq first = random() % 1000;
        seq end = first;
        for (int step = 0; step < 5000; ++step) {
            if (end - first < most && random() % 2 == 0) {
                if (end - first == ring.size()) {
                    ring.grow(first, end);
                }
                const bool ended = random() % 8 == 0;
                const auto slot = static_cast<std::uint32_t>(random() % 100);
                if (ended) {
                    ring.erase(end);
                } else {
                    ring.put(end, slot);
                    truth[end] = slot;
                }
                ++end;
            } else if (end != first) {
                const seq gone = first + random() % (std::min)(end - first, seq{3});
                ring.erase(gone);
                truth.erase(gone);
                while (first < end && !truth.contains(first)) {
                    ++first;
                }
            }
            if (end != first) {
                const seq at = first + random() % (end - first);
                REQUIRE(ring.has(at) == truth.contains(at));
                REQUIRE((!truth.contains(at) || ring[at] == truth[at]));
                REQUIRE(tells_the_truth(ring, truth, first, end, at));
                REQUIRE(
                    tells_the_truth(ring, truth, first, end, first - (std::min)(first, seq{30})));
            }
        }
        CHECK(ring.size() >= most / 2);
    }
}

TEST_CASE("seq_ring: marks go with their values, 64 at a time") {
    seq_ring<int> ring;
    ring.grow(0, 0);
    for (seq at = 100; at < 108; ++at) {
        ring.put(at, 1);
    }
    CHECK(ring.marked(100) == ~std::uint64_t{0});  // a small ring does not tell
    ring.mark(101, true);
    ring.mark(103, true);
    while (ring.size() < 128) {
        ring.grow(100, 108);
    }
    CHECK(ring.marked(100) == 0b1010);
    CHECK(ring.marked(103) == 1);
    ring.mark(103, false);
    CHECK(ring.marked(100) == 0b10);
    ring.erase(101);
    ring.put(101, 2);
    CHECK(ring.marked(100) == 0);
    ring.mark(101, true);
    ring.clear();
    CHECK(ring.marked(100) == 0);
}

}  // namespace seq_ring_tests
