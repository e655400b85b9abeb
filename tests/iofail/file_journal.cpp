// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <system_error>

#include "support/catch.hpp"
#include "support/effort.hpp"
#include "support/file_world.hpp"

// The disk fails at each of its operations, for once or for a while, having done what it was asked or not. The journal says so
// and does nothing more, the app begins a new life from what is there, and everything arrives.

namespace file_journal_tests {
namespace {

using support::file_plan;
using support::file_world;
using rest = support::simulated_disk::rest;

/// How many operations the broken disk had, or would have had.
std::size_t run(const file_plan& how) {
    CAPTURE(how.a, how.b, how.broken.at, how.broken.count, int(how.broken.says), how.broken.done);
    CAPTURE(how.compact_every, how.broken_is_a, how.seed);
    file_world there(how);
    there.run();
    const auto& broken = how.broken_is_a ? there.a : there.b;
    CHECK(broken.gave_up >= (how.broken.at == 0 ? 0U : 1U));
    return broken.disk.operations;
}

/// `way`: another number for each call.
template <class Run>
void at_each_operation(std::size_t way, file_plan how, Run run_it) {
    for (const bool a : {true, false}) {
        how.broken_is_a = a;
        how.broken.at = 0;
        const std::size_t all = run(how);
        REQUIRE(all > 20);
        for (how.broken.at = support::first_place(way); how.broken.at <= all;
             how.broken.at += support::stride()) {
            ++how.seed;
            run_it(how);
        }
    }
}

TEST_CASE("file journal: each operation fails once, done or not done [spec 8.3]") {
    std::size_t way = 0;
    for (const std::size_t often : {0U, 1U, 3U}) {
        for (const bool done : {false, true}) {
            at_each_operation(way++, {.compact_every = often, .broken = {.done = done}}, run);
        }
    }
}

TEST_CASE("file journal: no space is left, for some operations") {
    std::size_t way = 0;
    for (const std::size_t often : {0U, 3U}) {
        for (const std::size_t count : {2U, 5U, 12U}) {
            at_each_operation(way++,
                              {.compact_every = often,
                               .broken = {.count = count, .says = std::errc::no_space_on_device}},
                              run);
        }
    }
}

TEST_CASE("file journal: an operation fails, and some effects later the power [spec 8.3]") {
    std::size_t way = 0;
    for (const rest data : {rest::nothing, rest::some}) {
        for (std::size_t later = 1; later <= 40; later += 3) {
            at_each_operation(way++, {.data = data, .names = rest::some, .compact_every = 7},
                              [later](file_plan how) {
                                  (how.broken_is_a ? how.a : how.b) = how.broken.at + later;
                                  run(how);
                              });
        }
    }
}

}  // namespace
}  // namespace file_journal_tests
