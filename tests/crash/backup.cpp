// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/crash_world.hpp"

// A disk that was set back to an earlier day, or lost: what is promised then (spec 6). Nobody stalls.

namespace backup_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using support::crash_world;
using support::disk;
using support::node;

enum class whose { a, b };

/// Six messages; after `then` of them a copy of the disk is made, after all it is brought back; six more. B is away or not.
void play(disk kind, whose disk_of, int then, bool away) {
    CAPTURE(kind == disk::log, disk_of == whose::a, then, away);
    crash_world world(kind, {.self = "alice", .life = {.start = 1, .seed = 1}},
                      {.self = "bob", .life = {.start = 1, .seed = 1000}});
    const auto subject = [&]() -> node& {
        return disk_of == whose::a ? world.a() : world.b();
    };
    crash_world::backup yesterday;
    world.at(0s, [&] { world.connect(world.a()); });
    world.at(0s, [&] { world.connect(world.b()); });
    for (int i = 0; i < 6; ++i) {
        world.at(std::chrono::seconds(1 + i), [&, i] {
            if (i == then) {
                yesterday = crash_world::back_up(subject());
                if (away) {
                    world.disconnect(world.b());
                }
            }
            world.submit(world.a(), "old " + std::to_string(i));
        });
    }
    world.at(10s, [&] { ++subject().options.life.start; });
    world.at(10s, [&] { world.bring_back(subject(), yesterday); });
    world.at(11s, [&] { world.connect(world.b()); });
    for (int i = 0; i < 6; ++i) {
        world.at(std::chrono::seconds(20 + i),
                 [&, i] { world.submit(world.a(), "new " + std::to_string(i)); });
    }
    REQUIRE(world.run());
    // A sender that does not know what it has sent may use the same names again, until it hears of it (spec 6.4).
    const std::size_t unknown = disk_of == whose::a ? 6 - static_cast<std::size_t>(then) : 0;
    std::vector<std::string> came;
    for (const std::string& each : world.b().inbox) {
        if (each.starts_with("new")) {
            came.push_back(each);
        }
    }
    REQUIRE(came.size() + unknown >= 6);
    for (std::size_t i = 0; i < came.size(); ++i) {
        CHECK(came[i] == "new " + std::to_string(6 - came.size() + i));
    }
    for (const node::outgoing& each : world.a().outbox) {
        CHECK((!each.text.starts_with("new") || each.end == status::delivered));
    }
}

TEST_CASE(
    "backup: the disk of the sender is set back, or lost, and nobody stalls [spec 6.1, 6.4]") {
    for (const disk kind : {disk::transaction, disk::log}) {
        for (const bool away : {false, true}) {
            for (int then = 0; then < 6; ++then) {
                play(kind, whose::a, then, away);
            }
        }
    }
}

TEST_CASE("backup: the disk of the receiver is set back, or lost, and nobody stalls [spec 6.2]") {
    for (const disk kind : {disk::transaction, disk::log}) {
        for (const bool away : {false, true}) {
            for (int then = 0; then < 6; ++then) {
                play(kind, whose::b, then, away);
            }
        }
    }
}

}  // namespace
}  // namespace backup_tests
