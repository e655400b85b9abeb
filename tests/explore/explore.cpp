// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <cstdlib>

#include "explore/search.hpp"
#include "support/catch.hpp"

// Every world that these rules allow, with the real machines: all frames ever sent may arrive at any time, any number of
// times or never; A and B crash; and from each state a network that has lost everything must still lead to the end.

namespace {

using explore::broken;
using explore::finding;
using explore::rules;

/// SIXFOLD_EXPLORE=all runs the large worlds too; they take minutes.
bool all_worlds() {
    const char* wish = std::getenv("SIXFOLD_EXPLORE");
    return wish != nullptr && std::string(wish) == "all";
}

void holds(const char* name, const rules& r) {
    const finding f = explore::search(r).run();
    std::printf("explored %-44s %9zu states %8zu cores %10zu transitions\n", name, f.states,
                f.cores, f.transitions);
    INFO(name << ": " << f.wrong << "\n" << f.path);
    CHECK(f.wrong.empty());
    CHECK(f.complete);
}

void refutes(const rules& r) {
    const finding f = explore::search(r).run();
    INFO("rule " << static_cast<int>(r.what) << ", " << f.states << " states: " << f.wrong << "\n"
                 << f.path);
    CHECK_FALSE(f.wrong.empty());
}

}  // namespace

TEST_CASE("explore: one message, all faults") {
    holds("1 message", {});
    holds("1 message, cancelled", {.cancels = 1});
    holds("1 message, B loses its state", {.amnesias = 1});
    holds("1 message, cancelled, B loses its state", {.cancels = 1, .amnesias = 1});
    holds("1 message, cancelled, the app is slow", {.cancels = 1, .slow_app = true});
    holds("1 message, cancelled or rejected", {.cancels = 1, .slow_app = true, .reject = true});
    holds("1 message, as it comes", {.cancels = 1, .in_order = false});
}

TEST_CASE("explore: two messages, windows of 1 and 2") {
    holds("2 messages, window 1", {.messages = 2});
    holds("2 messages, window 2", {.messages = 2, .window = 2, .width = 2});
    holds("2 messages, window 1 of 2", {.messages = 2, .width = 2});
    holds("2 messages, window 1, one cancelled", {.messages = 2, .cancels = 1});
    holds("2 messages, window 1, rejected", {.messages = 2, .reject = true});
    holds("2 messages, window 2, as it comes",
          {.messages = 2, .window = 2, .width = 2, .in_order = false, .crash = false});
}

TEST_CASE("explore: A loses its journal and begins a new epoch") {
    holds("1 message, 2 lives of A", {.lives = 2});
    holds("2 messages, 2 lives of A", {.messages = 2, .lives = 2, .crash = false});
}

TEST_CASE("explore: the large worlds, on request") {
    if (!all_worlds()) {
        SUCCEED("set SIXFOLD_EXPLORE=all to run them");
        return;
    }
    const std::uint32_t enough = 40'000'000;
    holds("2 messages, window 2 of 1",
          {.messages = 2, .window = 2, .width = 1, .states_max = enough});
    holds(
        "2 messages, window 2 of 1, 2 lives of A",
        {.messages = 2, .window = 2, .width = 1, .lives = 2, .crash = false, .states_max = enough});
    holds(
        "2 messages, window 2, 2 lives of A",
        {.messages = 2, .window = 2, .width = 2, .lives = 2, .crash = false, .states_max = enough});
    holds("2 messages, window 1, B loses its state",
          {.messages = 2, .amnesias = 1, .states_max = enough});
    holds("1 message, 2 lives of A, B loses its state",
          {.amnesias = 1, .lives = 2, .states_max = enough});
    holds("2 messages, one cancelled, the app is slow",
          {.messages = 2, .cancels = 1, .slow_app = true, .states_max = enough});
    holds("2 messages, window 2, as it comes, one cancelled", {.messages = 2,
                                                               .window = 2,
                                                               .width = 2,
                                                               .cancels = 1,
                                                               .in_order = false,
                                                               .crash = false,
                                                               .states_max = enough});
}

TEST_CASE("explore: a law that is broken on purpose is refuted") {
    const rules cancelled{.cancels = 1, .slow_app = true};
    const rules forgetful{.amnesias = 1, .slow_app = true};
    const rules lives{.messages = 2, .lives = 2, .crash = false};
    const rules holes{.messages = 2, .window = 2, .width = 1, .lives = 2, .crash = false};
    const struct {
        broken what;
        rules where;
    } all[] = {
        {broken::stored_before_put, cancelled},
        {broken::low_without_look, forgetful},
        {broken::low_without_base, {.messages = 2, .window = 2, .width = 2, .cancels = 1}},
        {broken::clean_without_look, lives},
        {broken::direct_frame_enters, lives},
        {broken::forget_on_relayed, cancelled},
        {broken::forget_on_held, cancelled},
        {broken::erase_on_held, cancelled},
        {broken::stored_ends_tombstone, cancelled},
        {broken::silence_beyond_window, {.messages = 2, .amnesias = 1}},
        {broken::highest_floor, {.messages = 2, .amnesias = 1, .crash = false}},
        {broken::epoch_used_again, lives},
        {broken::holes_stay, holes},
        {broken::holes_told_by_probe_only, holes},
        {broken::accept_before_commit, cancelled},
        {broken::dedup_not_durable, cancelled},
        {broken::delivered_by_relays_word,
         {.messages = 1, .cancels = 1, .amnesias = 1, .slow_app = true}},
        {broken::ack_of_any_epoch, lives},
    };
    for (const auto& one : all) {
        rules r = one.where;
        r.what = one.what;
        refutes(r);
    }
}
