// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_CRASH_SCRIPT_HPP
#define SIXFOLD_TESTS_SUPPORT_CRASH_SCRIPT_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/crash_world.hpp"

// What goes on in a crash_world while somebody crashes.

namespace support {

/// Messages both ways: B is away at first and once more, one message is taken back, the relay is replaced.
inline void play(crash_world& world) {
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

inline std::vector<std::string> delivered(const node& who) {
    std::vector<std::string> out;
    for (const node::outgoing& each : who.outbox) {
        if (each.end == sixfold::status::delivered) {
            out.push_back(each.text);
        }
    }
    return out;
}

/// Whether what was sent has come, once and in order, and whether both know how it ended.
inline void check(const node& from, const node& to, std::size_t sent) {
    REQUIRE(from.outbox.size() == sent);
    CHECK(to.inbox == delivered(from));
    for (const node::outgoing& each : from.outbox) {
        CHECK((each.end == sixfold::status::delivered ||
               (each.end == sixfold::status::cancelled && each.cancelled)));
    }
}

inline void play_and_check(crash_world& world) {
    play(world);
    const bool ended = world.run();
    REQUIRE(ended);
    check(world.a(), world.b(), 6);
    check(world.b(), world.a(), 2);
}

}  // namespace support

#endif
