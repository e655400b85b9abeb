// SPDX-License-Identifier: BSL-1.0
#include <cstddef>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/crash_script.hpp"
#include "support/crash_world.hpp"
#include "support/effort.hpp"

// Each client and the relay crash at each of their effects, the clients again while they recover, and begin a new life from what
// the disk has. Then every message is there once, in order, and its sender knows.

namespace each_effect_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using support::crash_world;
using support::disk;
using support::play_and_check;

struct plan {
    std::size_t a = 0;  // the effect of A that does not happen
    std::size_t b = 0;
    std::size_t again = 0;  // and the one of its next life
    support::tail tail{};
    bool compact = false;
};

/// How many effects A and B had, or would have had.
struct effects {
    std::size_t a;
    std::size_t b;
};

void run(disk kind, const plan& how, effects* seen = nullptr) {
    CAPTURE(kind == disk::log, how.a, how.b, how.again, how.tail.bytes, how.compact);
    crash_world world(kind, {.self = "alice", .life = {.start = 1, .seed = 1}},
                      {.self = "bob", .life = {.start = 1, .seed = 1000}});
    world.a().crash_at = how.a;
    world.b().crash_at = how.b;
    world.a().recrash_at = how.a != 0 ? how.again : 0;
    world.b().recrash_at = how.b != 0 ? how.again : 0;
    world.a().left = world.b().left = how.tail;
    world.compact_at_start = how.compact;
    play_and_check(world);
    CHECK(world.a().lives >= (how.a == 0 ? 1U : 2U));
    CHECK(world.b().lives >= (how.b == 0 ? 1U : 2U));
    if (seen != nullptr) {
        *seen = {world.a().effects, world.b().effects};
    }
}

/// Crashes whom `make` says at each effect that it has. `way`: another number for each call.
template <class Make>
void at_each_effect(std::size_t way, disk kind, Make make) {
    effects all{};
    run(kind, {}, &all);
    REQUIRE((all.a > 20 && all.b > 20));
    for (std::size_t k = support::first_place(way); k <= all.a; k += support::stride()) {
        run(kind, make(plan{.a = k}));
    }
    for (std::size_t k = support::first_place(way); k <= all.b; k += support::stride()) {
        run(kind, make(plan{.b = k}));
    }
}

TEST_CASE("each effect: the relay, whose mailbox outlives it") {
    std::size_t all = 1;
    for (std::size_t k = 0; k <= all; ++k) {
        CAPTURE(k);
        crash_world world(disk::transaction, {.self = "alice", .life = {.start = 1, .seed = 1}},
                          {.self = "bob", .life = {.start = 1, .seed = 1000}});
        world.relay_crash_at = k;
        play_and_check(world);
        all = k == 0 ? world.relay_effects : all;
    }
    CHECK(all > 40);
}

TEST_CASE("each effect: one commit for rows and records") {
    at_each_effect(0, disk::transaction, [](plan p) { return p; });
}

TEST_CASE("each effect: a log of records, of which the tail is lost [spec 7.6]") {
    at_each_effect(1, disk::log, [](plan p) {
        p.tail = {0};
        return p;
    });
}

TEST_CASE("each effect: a log of records, of which the tail has survived") {
    at_each_effect(2, disk::log, [](plan p) { return p; });
}

TEST_CASE("each effect: a log of records, torn at each byte [spec 7.6]") {
    std::size_t way = 0;
    for (const std::size_t effect : {2U, 6U, 8U, 10U, 13U}) {
        for (std::size_t bytes = support::first_place(way++); bytes < 260;
             bytes += support::stride()) {
            run(disk::log, {.a = effect, .tail = {bytes}});
        }
    }
}

TEST_CASE("each effect: and again while it recovers") {
    std::size_t way = 0;
    for (const disk kind : {disk::transaction, disk::log}) {
        for (std::size_t again : {1U, 2U, 3U, 5U}) {
            at_each_effect(way++, kind, [again](plan p) {
                p.again = again;
                return p;
            });
        }
    }
}

TEST_CASE("each effect: a new life begins with a compacted journal") {
    std::size_t way = 3;
    for (const disk kind : {disk::transaction, disk::log}) {
        at_each_effect(way++, kind, [](plan p) {
            p.compact = true;
            return p;
        });
    }
}

}  // namespace
}  // namespace each_effect_tests
