// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iostream>
#include <utility>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/effort.hpp"
#include "support/trio.hpp"

// One conversation, again and again, each time with another frame lost, doubled, late, or the last that a
// relay has seen: until there are no more frames. And with every two of them lost.

namespace each_frame_tests {

using namespace sixfold;
using namespace support;

namespace {

/// A fault: the frame with this number, and what happens to it.
using fault = std::pair<std::size_t, treatment>;

trio_options with_window(std::uint32_t window) {
    trio_options options;
    for (client_options* each : {&options.a, &options.b}) {
        each->sender.window = window;
        each->receiver.window = window;
        each->sender.payload_max = each->receiver.payload_max = 16;
        each->sender.queue_bytes = each->receiver.held_bytes = 1024;  // quick to construct
        each->receiver.held_entries = 8;
    }
    return options;
}

/// Both write, B goes away with things on their way, A goes on, B returns, both write again.
void converse(trio& t) {
    t.send(t.a, t.b, "a0");
    t.send(t.a, t.b, "a1");
    t.after(15ms, [&t] { t.send(t.b, t.a, "b0"); });
    t.after(65ms, [&t] { t.send(t.a, t.b, "a2"); });
    t.after(80ms, [&t] { t.disconnect(t.b); });
    t.after(120ms, [&t] { t.send(t.a, t.b, "a3"); });
    t.after(300ms, [&t] { t.connect(t.b); });
    t.after(315ms, [&t] { t.send(t.a, t.b, "a4"); });
    t.after(325ms, [&t] { t.send(t.b, t.a, "b1"); });
}

/// Runs the conversation to its end with these faults. False if it ended before the last of them.
bool survives(const trio_options& options, std::initializer_list<fault> faults) {
    trio t(options);
    for (const auto& [frame, what] : faults) {
        t.at(frame, what);
    }
    converse(t);
    const auto settled = [&t] {
        return t.a.outbox.size() == 5 && t.b.outbox.size() == 2 && t.a.open() == 0 &&
               t.b.open() == 0 && t.mailbox().rows() == 0 && t.quiet();
    };
    REQUIRE(t.run_until(settled, 10min));
    REQUIRE(t.b.inbox == strings{"a0", "a1", "a2", "a3", "a4"});
    REQUIRE(t.a.inbox == strings{"b0", "b1"});
    REQUIRE(t.b.shown.size() == 5);
    REQUIRE(t.a.shown.size() == 2);
    REQUIRE(t.a.all_delivered());
    REQUIRE(t.b.all_delivered());
    REQUIRE(t.a.machine->sender().queued() + t.a.machine->sender().unsettled() == 0);
    REQUIRE(t.b.machine->sender().queued() + t.b.machine->sender().unsettled() == 0);
    return t.log.size() > (faults.end() - 1)->first;
}

/// Does this to each frame; how many there were.
std::size_t to_each_frame(const trio_options& options, treatment what) {
    for (std::size_t i = 0;; ++i) {
        INFO("frame " << i << ", window " << options.a.sender.window);
        if (!survives(options, {{i, what}})) {
            return i;
        }
    }
}

void report(const char* what, std::uint32_t window, std::size_t runs) {
    std::cout << what << ", window " << window << ": " << runs << " runs\n";
}

}  // namespace

TEST_CASE("fault: each frame lost, and everything arrives once, in order, and is known to have") {
    const std::uint32_t window = GENERATE(1U, 2U, 64U);
    const std::size_t runs = to_each_frame(with_window(window), lost);
    report("each frame lost", window, runs);
    REQUIRE(runs > 50);
}

TEST_CASE("fault: each frame doubled") {
    const std::uint32_t window = GENERATE(1U, 2U, 64U);
    const std::size_t runs = to_each_frame(with_window(window), twice);
    report("each frame doubled", window, runs);
    REQUIRE(runs > 50);
}

TEST_CASE("fault: each frame late, by one hop, by a round trip, and by more than a resend") {
    const std::uint32_t window = GENERATE(1U, 2U, 64U);
    const duration delay = GENERATE(as<duration>{}, 12ms, 45ms, 2s);
    const std::size_t runs = to_each_frame(with_window(window), late(delay));
    report("each frame late", window, runs);
    REQUIRE(runs > 50);
}

TEST_CASE("fault: the relay crashes at each frame, before it has done or said what that asks for") {
    const std::uint32_t window = GENERATE(1U, 2U, 64U);
    const std::size_t runs = to_each_frame(with_window(window), crashed);
    report("relay crashed at each frame", window, runs);
    REQUIRE(runs > 50);
}

TEST_CASE("fault: each frame lost, doubled or late, with a mailbox that takes its time") {
    const treatment what = GENERATE(as<treatment>{}, lost, twice, late(45ms), crashed);
    trio_options options = with_window(2);
    options.put = options.store = GENERATE(as<duration>{}, 7ms, 150ms);
    const std::size_t runs = to_each_frame(options, what);
    report("each frame, slow mailbox", 2, runs);
    REQUIRE(runs > 50);
}

TEST_CASE("fault: every two frames lost") {
    const std::uint32_t window = GENERATE(1U, 2U, 64U);
    const trio_options options = with_window(window);
    std::size_t runs = 0;
    for (std::size_t i = 0;; ++i) {
        const std::size_t first = i + support::first_place(i);
        std::size_t j = first;
        while (true) {
            INFO("frames " << i << " and " << j << ", window " << window);
            if (!survives(options, {{i, lost}, {j, lost}})) {
                break;
            }
            ++runs;
            j += support::stride();
        }
        if (j == first) {
            break;  // with frame i lost there was none behind it
        }
    }
    report("every two frames lost", window, runs);
    REQUIRE(runs > 50 * 49 / 2 / support::stride());
}

}  // namespace each_frame_tests
