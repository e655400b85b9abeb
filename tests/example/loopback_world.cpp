// SPDX-License-Identifier: BSL-1.0
#include "loopback_world.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

namespace loopback_world_tests {

using namespace example;
using namespace std::chrono_literals;

namespace {

loopback_options all_faults(std::uint64_t seed) {
    loopback_options options;
    options.network.loss = 20;
    options.network.duplicate = 10;
    options.network.reorder = 10;
    options.network.corrupt = 5;
    options.offline = {{1s, 2s}};
    options.restart_relay = {3s};
    options.seed = seed;
    return options;
}

}  // namespace

TEST_CASE("loopback world: what its steps say is what the machines counted") {
    constexpr std::uint64_t messages = 200;
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
        loopback_world world(all_faults(seed), message_source(made_up_lines(messages, seed)),
                             nullptr);
        std::uint64_t held_back = 0;
        std::uint64_t read = 0;
        std::uint64_t stored = 0;
        std::uint64_t delivered = 0;
        std::uint64_t in_resends = 0;  // messages
        while (const auto step = world.next_step()) {
            if (const auto* frame = std::get_if<frame_step>(&step->what)) {
                held_back += std::uint64_t{frame->held_back};
                read += frame->read.size();
                stored += frame->stored.size();
                delivered += frame->delivered.size();
                const bool resend = frame->frame.kind == kind::msg_r && frame->frame.resend != 0;
                in_resends += resend && !frame->on_the_way.repeated ? frame->frame.count : 0;
            }
        }
        INFO("seed " << seed);
        CHECK(world.result().good());
        CHECK(read == messages);
        CHECK(delivered == messages);
        CHECK(stored == world.result().stored);
        // The demo counts frames, a machine messages; behind those of a resend there may be new ones.
        CHECK(held_back != 0);
        CHECK(held_back <= world.bob().receiver().duplicates());
        const std::uint64_t resends = world.network().counts(kind::msg_r).resent;
        CHECK(resends != 0);
        CHECK(resends <= world.alice().sender().resent());
        CHECK(in_resends >= world.alice().sender().resent());
        CHECK(world.result().latency.count() == messages);
    }
}

TEST_CASE("loopback world: without faults nothing is sent again, and a message takes two hops") {
    loopback_world world({}, message_source(made_up_lines(64, 1)), nullptr);
    while (const auto step = world.next_step()) {
        if (const auto* frame = std::get_if<frame_step>(&step->what)) {
            CHECK(frame->frame.resend == 0);
        }
    }
    CHECK(world.result().latency.max() == 40ms);
}

}  // namespace loopback_world_tests
