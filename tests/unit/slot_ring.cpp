// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/slot_ring.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>

#include "support/catch.hpp"

namespace slot_ring_tests {
namespace {

using namespace sixfold;

/// Whether the bits are those of the slots that there are, as far as they are in the range.
bool tells_the_truth(const slot_ring& ring,
                     const std::map<seq, std::uint32_t>& truth,
                     seq first,
                     seq end,
                     seq from) {
    const std::uint64_t used = ring.used(from);
    if ((ring.unmarked(from) & ~used) != 0) {
        return false;
    }
    for (unsigned i = 0; i < 64; ++i) {
        const seq at = from + i;
        const bool is_set = (used >> i & 1) != 0;
        const bool has_slot = truth.contains(at);
        if (at >= first && at < end &&
            (ring.size() < 64 ? has_slot && !is_set : has_slot != is_set)) {
            return false;
        }
    }
    return true;
}

}  // namespace

TEST_CASE(
    "slot_ring: a mark leaves a seq out, until it is taken away or the seq has another slot") {
    slot_ring ring;
    for (int i = 0; i < 5; ++i) {
        ring.grow(0, 0);
    }
    for (seq at = 100; at < 228; ++at) {
        ring.put(at, 1);
    }
    for (const seq at : {seq{100}, seq{127}, seq{128}, seq{227}}) {
        ring.mark(at, true);
        CHECK(ring.used(at) == ~std::uint64_t{0});
        CHECK(ring.unmarked(at) % 2 == 0);
        CHECK(ring.unmarked(at - 63) >> 63 == 0);
        ring.mark(at, false);
        CHECK(ring.unmarked(at) == ~std::uint64_t{0});
        ring.mark(at, true);
        ring.put(at, 2);
        CHECK(ring.unmarked(at) == ~std::uint64_t{0});
    }
    ring.mark(150, true);
    ring.grow(100, 228);
    CHECK((ring.size() == 256 && ring[150] == 1));
    CHECK((ring.unmarked(150) & 1) != 0);  // marks are hints, and not kept
    slot_ring small;
    small.grow(0, 0);
    small.put(3, 7);
    small.mark(3, true);
    CHECK(small.unmarked(3) == ~std::uint64_t{0});
}

TEST_CASE("slot_ring: an empty one has room for nothing, and grows by doubling") {
    slot_ring ring;
    CHECK(ring.size() == 0);
    for (const std::size_t size : {8U, 16U, 32U, 64U, 128U}) {
        ring.grow(5, 5);
        CHECK(ring.size() == size);
        CHECK(ring[5] == slot_ring::none);
    }
    CHECK(ring.used(5) == 0);
}

TEST_CASE("slot_ring: any range that moves upwards finds its slots, one by one and 64 at a time") {
    std::mt19937_64 random(3);
    for (const std::uint64_t most : {5U, 60U, 64U, 200U, 1000U}) {
        slot_ring ring;
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
                ring.put(end, ended ? slot_ring::none : slot);
                if (!ended) {
                    truth[end] = slot;
                }
                ++end;
            } else if (end != first) {
                const seq gone = first + random() % (std::min)(end - first, seq{3});
                ring.put(gone, slot_ring::none);
                truth.erase(gone);
                while (first < end && !truth.contains(first)) {
                    ++first;
                }
            }
            if (end != first) {
                const seq at = first + random() % (end - first);
                REQUIRE(ring[at] == (truth.contains(at) ? truth[at] : slot_ring::none));
                REQUIRE(tells_the_truth(ring, truth, first, end, at));
                REQUIRE(
                    tells_the_truth(ring, truth, first, end, first - (std::min)(first, seq{30})));
            }
        }
        CHECK(ring.size() >= most / 2);
    }
}

}  // namespace slot_ring_tests
