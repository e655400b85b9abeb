// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <sixfold/ext/sqlite_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/crash_world.hpp"
#include "support/temporary_file.hpp"

// Each client and the relay crash at each of their effects, the clients again while they recover, and begin a new life from what
// the disk has. Then every message is there once, in order, and its sender knows.

namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using support::crash_world;
using support::disk;
using support::node;

/// Messages both ways: B is away at first and once more, one message is taken back, the relay is replaced.
void play(crash_world& world) {
    world.at(0s, [&] { world.connect(world.a()); });
    world.at(1s, [&] { world.submit(world.a(), "a0"); });
    world.at(2s, [&] { world.submit(world.a(), "a1"); });
    world.at(3s, [&] { world.submit(world.a(), "a2, taken back"); });
    world.at(4s, [&] { world.cancel(world.a(), "a2, taken back"); });
    world.at(5s, [&] { world.connect(world.b()); });
    world.at(6s, [&] { world.submit(world.b(), "b0"); });
    world.at(6s, [&] { world.submit(world.a(), "a3"); });
    world.at(7s, [&] { world.disconnect(world.b()); });
    world.at(8s, [&] { world.submit(world.a(), "a4"); });
    world.at(8s, [&] { world.submit(world.b(), "b1"); });
    world.at(9s, [&] { world.replace_relay(); });
    world.at(10s, [&] { world.connect(world.b()); });
    world.at(11s, [&] { world.submit(world.a(), "a5"); });
}

std::vector<std::string> delivered(const node& who) {
    std::vector<std::string> out;
    for (const node::outgoing& each : who.outbox) {
        if (each.end == status::delivered) {
            out.push_back(each.text);
        }
    }
    return out;
}

/// Whether what was sent has come, once and in order, and whether both know how it ended.
void check(const node& from, const node& to, std::size_t sent) {
    REQUIRE(from.outbox.size() == sent);
    CHECK(to.inbox == delivered(from));
    for (const node::outgoing& each : from.outbox) {
        CHECK((each.end == status::delivered || (each.end == status::cancelled && each.cancelled)));
    }
}

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
    crash_world world(kind, {.self = "alice", .start = 1, .seed = 1},
                      {.self = "bob", .start = 1, .seed = 1000});
    world.a().crash_at = how.a;
    world.b().crash_at = how.b;
    world.a().recrash_at = how.a != 0 ? how.again : 0;
    world.b().recrash_at = how.b != 0 ? how.again : 0;
    world.a().left = world.b().left = how.tail;
    world.compact_at_start = how.compact;
    play(world);
    REQUIRE(world.run());
    check(world.a(), world.b(), 6);
    check(world.b(), world.a(), 2);
    CHECK(world.a().lives >= (how.a == 0 ? 1U : 2U));
    CHECK(world.b().lives >= (how.b == 0 ? 1U : 2U));
    if (seen != nullptr) {
        *seen = {world.a().effects, world.b().effects};
    }
}

/// Crashes whom `make` says at each effect that it has.
template <class Make>
void at_each_effect(disk kind, Make make) {
    effects all{};
    run(kind, {}, &all);
    REQUIRE((all.a > 20 && all.b > 20));
    for (std::size_t k = 1; k <= all.a; ++k) {
        run(kind, make(plan{.a = k}));
    }
    for (std::size_t k = 1; k <= all.b; ++k) {
        run(kind, make(plan{.b = k}));
    }
}

/// How many effects the relay has, which crashes at the k-th.
std::size_t run_with_relay(std::size_t k, bool in_sqlite) {
    CAPTURE(k, in_sqlite);
    crash_world world(disk::transaction, {.self = "alice", .start = 1, .seed = 1},
                      {.self = "bob", .start = 1, .seed = 1000});
    const support::temporary_file file;
    std::optional<sqlite_mailbox> mailbox;
    if (in_sqlite) {
        world.relay_crashed = [&] {
            mailbox.reset();
            mailbox.emplace(sqlite_mailbox::open(file.path()).value());
        };
        world.mailbox = [&](const mailbox_request& request) {
            return mailbox->execute(request);
        };
        world.relay_crashed();
    }
    world.relay_crash_at = k;
    play(world);
    REQUIRE(world.run());
    check(world.a(), world.b(), 6);
    check(world.b(), world.a(), 2);
    return world.relay_effects;
}

TEST_CASE("each effect: the relay, with a mailbox in SQLite or one that outlives it") {
    for (const bool in_sqlite : {true, false}) {
        const std::size_t all = run_with_relay(0, in_sqlite);
        REQUIRE(all > 40);
        for (std::size_t k = 1; k <= all; ++k) {
            run_with_relay(k, in_sqlite);
        }
    }
}

TEST_CASE("each effect: one commit for rows and records") {
    at_each_effect(disk::transaction, [](plan p) { return p; });
}

TEST_CASE("each effect: a log of records, of which the tail is lost") {
    at_each_effect(disk::log, [](plan p) {
        p.tail = {0};
        return p;
    });
}

TEST_CASE("each effect: a log of records, of which the tail has survived") {
    at_each_effect(disk::log, [](plan p) { return p; });
}

TEST_CASE("each effect: a log of records, torn at each byte") {
    for (std::size_t bytes = 1; bytes < 260; ++bytes) {
        for (const plan& p : {plan{.a = 2}, plan{.a = 6}, plan{.a = 10}, plan{.a = 13}}) {
            plan torn = p;
            torn.tail = {bytes};
            run(disk::log, torn);
        }
    }
}

TEST_CASE("each effect: and again while it recovers") {
    for (const disk kind : {disk::transaction, disk::log}) {
        for (std::size_t again : {1U, 2U, 3U, 5U}) {
            at_each_effect(kind, [again](plan p) {
                p.again = again;
                return p;
            });
        }
    }
}

TEST_CASE("each effect: a new life begins with a compacted journal") {
    for (const disk kind : {disk::transaction, disk::log}) {
        at_each_effect(kind, [](plan p) {
            p.compact = true;
            return p;
        });
    }
}

}  // namespace
