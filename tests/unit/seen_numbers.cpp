// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <set>

#include <sixfold/parts/random.hpp>
#include <sixfold/receiving/seen_numbers.hpp>
#include "support/catch.hpp"

namespace seen_numbers_tests {
namespace {

using namespace sixfold;

TEST_CASE("seen_numbers: says nothing before a first one, and then that nothing is missing [spec "
          "2.10, 3.25]") {
    seen_numbers seen;
    CHECK(!seen.get());
    seen.add(0xFFFF);
    CHECK(seen.get() == echo{0xFFFF, 0, false});
}

TEST_CASE(
    "seen_numbers: what lies between is missing until it comes, around 2^16, too [spec 2.10]") {
    seen_numbers seen;
    seen.add(0xFFFE);
    seen.add(2);  // FFFF, 0 and 1 lie between
    CHECK(seen.get() == echo{2, 0b111, false});
    seen.add(0);
    CHECK(seen.get() == echo{2, 0b101, false});
    seen.add(3);
    CHECK(seen.get() == echo{3, 0b1010, false});
    seen.add(0xFFFF);
    seen.add(1);
    CHECK(seen.get() == echo{3, 0, false});
}

TEST_CASE(
    "seen_numbers: it is repeated as long as the newest is the one that was told [spec 3.25]") {
    seen_numbers seen;
    seen.tell();
    seen.add(7);
    CHECK(!seen.get()->repeated);
    seen.tell();
    seen.add(7);
    seen.add(6);
    CHECK(seen.get()->repeated);
    seen.add(8);
    CHECK(!seen.get()->repeated);
}

TEST_CASE("seen_numbers: a number is the newest unless it is one of the 64 before [spec 3.25]") {
    seen_numbers seen;
    seen.add(1000);
    seen.add(1000 - 64);
    CHECK(seen.get()->number == 1000);
    seen.add(1000 - 65);  // of another life of its sender
    CHECK(seen.get() == echo{1000 - 65, 0, false});
    seen.add(1000 - 65 + 0x7FFF);
    CHECK(seen.get() == echo{1000 - 65 + 0x7FFF, ~std::uint64_t{0}, false});
}

TEST_CASE("seen_numbers: knows what a set of all numbers knows [spec 2.10]") {
    random_source random(3);
    for (int world = 0; world < 50; ++world) {
        seen_numbers seen;
        std::set<std::uint64_t> all;
        std::uint64_t newest = 100'000 + random.below(100'000);
        const std::uint64_t first = newest;
        for (int i = 0; i < 300; ++i) {
            const std::uint64_t next = i == 0                 ? newest
                                       : random.below(2) != 0 ? newest + random.below(100)
                                                              : newest - random.below(65);
            seen.add(static_cast<sending_number>(next));
            all.insert(next);
            newest = std::max(newest, next);
            REQUIRE(seen.get()->number == static_cast<sending_number>(newest));
            for (unsigned before = 1; before <= 64; ++before) {
                const std::uint64_t at = newest - before;
                REQUIRE(seen.get()->saw(before) == (at < first || all.count(at) != 0));
            }
        }
    }
}

}  // namespace
}  // namespace seen_numbers_tests
