// SPDX-License-Identifier: BSL-1.0
#include <cstddef>

#include "support/catch.hpp"
#include "support/effort.hpp"
#include "support/file_world.hpp"

// The power goes at each effect of an app with a file journal: at each operation of its disk, those of compaction and of the
// recovery from an earlier crash among them, and with each way to lose what was not synced.

namespace file_journal_tests {
namespace {

using support::file_plan;
using support::file_world;
using rest = support::simulated_disk::rest;

/// How many effects A and B had, or would have had.
struct effects {
    std::size_t a;
    std::size_t b;
};

effects run(const file_plan& how) {
    CAPTURE(how.a, how.b, how.again, int(how.data), int(how.names), how.compact_every, how.seed);
    file_world there(how);
    there.run();
    CHECK(there.a.gave_up + there.b.gave_up == 0);
    CHECK(there.a.cuts >= (how.a == 0 ? 0U : 1U));
    CHECK(there.b.cuts >= (how.b == 0 ? 0U : 1U));
    return {there.world.a().effects, there.world.b().effects};
}

/// `way`: another number for each call.
void at_each_effect(std::size_t way, file_plan how) {
    const effects all = run(how);
    REQUIRE((all.a > 30 && all.b > 30));
    for (how.a = support::first_place(way); how.a <= all.a; how.a += support::stride()) {
        ++how.seed;
        run(how);
    }
    how.a = 0;
    for (how.b = support::first_place(way); how.b <= all.b; how.b += support::stride()) {
        ++how.seed;
        run(how);
    }
}

TEST_CASE("file journal: power lost at each effect, and with it all, nothing or some of what was "
          "not synced "
          "[spec 8.3]") {
    std::size_t way = 0;
    for (const rest data : {rest::nothing, rest::everything, rest::some}) {
        for (const rest names : {rest::nothing, rest::everything, rest::some}) {
            at_each_effect(way++, {.data = data, .names = names});
        }
    }
}

TEST_CASE("file journal: power lost at each effect, some of them of compaction [spec 8.3]") {
    std::size_t way = 0;
    for (const std::size_t often : {1U, 3U}) {
        for (const rest data : {rest::nothing, rest::everything, rest::some}) {
            for (const rest names : {rest::nothing, rest::everything, rest::some}) {
                at_each_effect(way++, {.data = data, .names = names, .compact_every = often});
            }
        }
    }
}

TEST_CASE("file journal: power lost at each effect, and again while it recovers [spec 8.3]") {
    std::size_t way = 0;
    for (std::size_t again = 1; again <= 9; ++again) {  // six operations open a journal
        for (const rest data : {rest::nothing, rest::some}) {
            at_each_effect(way++,
                           {.again = again, .data = data, .names = rest::some, .compact_every = 4});
        }
    }
}

TEST_CASE("file journal: power lost at each effect, and sectors arrive in any order") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        at_each_effect(
            seed,
            {.data = rest::some, .names = rest::some, .compact_every = 5, .seed = seed * 1000});
    }
}

}  // namespace
}  // namespace file_journal_tests
