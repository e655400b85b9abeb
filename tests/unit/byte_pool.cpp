// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/byte_pool.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sixfold/parts/random.hpp"
#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace byte_pool_tests {

using namespace sixfold;

namespace {

struct piece {
    byte_pool::handle block;
    std::size_t size;
    std::byte fill;
};

bool filled(const byte_pool& pool, const piece& p) {
    const auto data = pool.at(p.block, p.size);
    return std::all_of(data.begin(), data.end(), [&](std::byte b) { return b == p.fill; });
}

}  // namespace

TEST_CASE("byte pool: a capacity of 1 has room for one small payload") {
    byte_pool pool(1);
    CHECK(pool.capacity() == byte_pool::unit);
    CHECK(pool.size_max() == byte_pool::unit);
    const byte_pool::handle block = pool.allocate(1);
    REQUIRE(block != byte_pool::none);
    CHECK(pool.used() == byte_pool::unit);
    CHECK(pool.allocate(1) == byte_pool::none);
    pool.release(block, 1);
    CHECK(pool.used() == 0);
    CHECK(pool.allocate(byte_pool::unit) != byte_pool::none);
}

TEST_CASE("byte pool: a payload without bytes always has room") {
    byte_pool pool(0);
    CHECK(pool.capacity() == 0);
    CHECK(pool.size_max() == 0);
    CHECK(pool.allocate(1) == byte_pool::none);
    const byte_pool::handle block = pool.allocate(0);
    CHECK(block == byte_pool::empty);
    CHECK(block != byte_pool::none);
    CHECK(pool.at(block, 0).empty());
    CHECK(pool.at(byte_pool::none, 0).empty());
    pool.release(block, 0);
    pool.release(block, 0);
    CHECK(pool.used() == 0);
    CHECK(test_access::is_consistent(pool));
}

TEST_CASE("byte pool: what does not fit is refused and changes nothing") {
    byte_pool pool(1000);
    CHECK(pool.allocate(1025) == byte_pool::none);
    CHECK(pool.allocate(std::size_t{1} << 40) == byte_pool::none);
    CHECK(pool.allocate(~std::size_t{0}) == byte_pool::none);
    CHECK(pool.used() == 0);
    CHECK(test_access::is_consistent(pool));
    CHECK(pool.allocate(1024) != byte_pool::none);
}

TEST_CASE("byte pool: the cost of a payload is what is used, and less than twice its size") {
    byte_pool pool(4096);
    for (std::size_t size = 1; size <= 4096; ++size) {
        const byte_pool::handle block = pool.allocate(size);
        REQUIRE(block != byte_pool::none);
        REQUIRE(pool.used() == byte_pool::cost(size));
        REQUIRE(pool.used() >= size);
        REQUIRE((pool.used() < 2 * size || pool.used() == byte_pool::unit));
        pool.release(block, size);
        REQUIRE(pool.used() == 0);
    }
    CHECK(byte_pool::cost(0) == 0);
}

TEST_CASE("byte pool: of any capacity, all of it can be used, and the largest payload comes back") {
    for (std::size_t units = 1; units <= 70; ++units) {
        INFO(units << " units");
        byte_pool pool(units * byte_pool::unit);
        REQUIRE(test_access::is_consistent(pool));
        std::vector<byte_pool::handle> blocks;
        for (byte_pool::handle b = pool.allocate(1); b != byte_pool::none; b = pool.allocate(1)) {
            blocks.push_back(b);
        }
        CHECK(blocks.size() == units);
        CHECK(pool.used() == pool.capacity());
        // Evens first, then odds: the buddies meet in the second half.
        for (std::size_t first : {0u, 1u}) {
            for (std::size_t i = first; i < blocks.size(); i += 2) {
                pool.release(blocks[i], 1);
                REQUIRE(test_access::is_consistent(pool));
            }
        }
        CHECK(pool.used() == 0);
        CHECK(pool.size_max() * 2 > pool.capacity());
        CHECK(pool.allocate(pool.size_max()) != byte_pool::none);
    }
}

TEST_CASE("byte pool: payloads keep their bytes in random operations, and all heals") {
    for (std::size_t capacity : {32u, 100u, 4096u, 10'000u, 65'535u}) {
        random_source random(capacity);
        byte_pool pool(capacity);
        std::vector<piece> pieces;
        std::size_t used = 0;
        for (int step = 0; step < 5'000; ++step) {
            INFO("capacity " << capacity << ", step " << step);
            if (random.below(2) == 0 || pieces.empty()) {
                const std::size_t size = random.below(random.below(capacity + 1) + 1);
                const byte_pool::handle block = pool.allocate(size);
                if (block != byte_pool::none) {
                    pieces.push_back({block, size, static_cast<std::byte>(step)});
                    std::ranges::fill(pool.at(block, size), pieces.back().fill);
                    used += byte_pool::cost(size);
                } else {
                    REQUIRE(size != 0);
                }
            } else {
                const std::size_t i = random.below(pieces.size());
                REQUIRE(filled(pool, pieces[i]));
                pool.release(pieces[i].block, pieces[i].size);
                used -= byte_pool::cost(pieces[i].size);
                pieces[i] = pieces.back();
                pieces.pop_back();
            }
            REQUIRE(pool.used() == used);
            if (step % 16 == 0) {
                REQUIRE(test_access::is_consistent(pool));
            }
        }
        for (const piece& p : pieces) {
            REQUIRE(filled(pool, p));
            pool.release(p.block, p.size);
        }
        CHECK(test_access::is_consistent(pool));
        const byte_pool::handle largest = pool.allocate(pool.size_max());
        REQUIRE(largest != byte_pool::none);
        pool.release(largest, pool.size_max());
        while (pool.allocate(1) != byte_pool::none) {
        }
        CHECK(pool.used() == pool.capacity());
    }
}

TEST_CASE("byte pool: a copy has the same bytes under the same handles") {
    byte_pool pool(256);
    const piece p{pool.allocate(40), 40, std::byte{7}};
    std::ranges::fill(pool.at(p.block, p.size), p.fill);
    const byte_pool copy = pool;
    std::ranges::fill(pool.at(p.block, p.size), std::byte{8});
    CHECK(filled(copy, p));
    CHECK(copy.at(p.block, p.size).data() != pool.at(p.block, p.size).data());
}

TEST_CASE("byte pool: the same calls give the same handles") {
    byte_pool a(5000);
    byte_pool b(5000);
    for (std::size_t size : {10u, 700u, 33u, 2000u, 64u, 1u}) {
        CHECK(a.allocate(size) == b.allocate(size));
    }
}

}  // namespace byte_pool_tests
