// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/random.hpp"

#include <array>
#include <cstdint>

#include "support/catch.hpp"

namespace random_tests {

using namespace sixfold;

TEST_CASE("random: gives the numbers of SplitMix64") {
    // The first outputs for the seed 1234567, as other implementations print them.
    random_source random(1234567);
    CHECK(random.next() == 6457827717110365317u);
    CHECK(random.next() == 3203168211198807973u);
    CHECK(random.next() == 9817491932198370423u);
    CHECK(random.next() == 4593380528125082431u);
    CHECK(random.next() == 16408922859458223821u);
}

TEST_CASE("random: equal seeds give equal numbers, and so does a copy") {
    random_source a(7);
    random_source b(7);
    CHECK(a.next() == b.next());
    random_source c = a;
    CHECK(c == a);
    CHECK(c.next() == a.next());
    CHECK(c == a);
    CHECK_FALSE(b == a);
    CHECK(random_source(8).next() != random_source(7).next());
}

TEST_CASE("random: below stays below, for small and for the largest bounds") {
    random_source random(1);
    for (std::uint64_t n :
         {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1} << 63,
          (std::uint64_t{1} << 63) + 1, ~std::uint64_t{0}}) {
        std::uint64_t highest = 0;
        for (int i = 0; i < 100; ++i) {
            const std::uint64_t x = random.below(n);
            REQUIRE(x < n);
            highest = x > highest ? x : highest;
        }
        CHECK(highest >= n / 2);
    }
}

TEST_CASE("random: below is fair") {
    random_source random(2);
    std::array<int, 10> counts{};
    for (int i = 0; i < 100'000; ++i) {
        ++counts[random.below(counts.size())];
    }
    for (int count : counts) {
        CHECK(count > 9'600);
        CHECK(count < 10'400);
    }
}

TEST_CASE("random: below throws away what would make small numbers likelier") {
    // Modulo 3 * 2^62, the numbers below 2^62 would come twice as often as the others.
    random_source random(3);
    int low = 0;
    for (int i = 0; i < 30'000; ++i) {
        low += random.below(std::uint64_t{3} << 62) < std::uint64_t{1} << 62 ? 1 : 0;
    }
    CHECK(low > 9'600);
    CHECK(low < 10'400);
}

}  // namespace random_tests
