// SPDX-License-Identifier: BSL-1.0
#include <cstdio>

#include "explore/search.hpp"
#include "support/catch.hpp"

// Laws broken on purpose, outside of the library's code. Each has to be refuted, or nothing is worth what holds.

namespace refuted_tests {

using explore::broken;
using explore::finding;
using explore::rules;
using explore::third;

namespace {

void refutes(const rules& r) {
    const finding fast = explore::timed<explore::proof>(r);
    const finding f = explore::timed<explore::shortest_way>(r);
    std::printf("refuted law %2d: %-64s %7zu, %7zu states %5.1f, %5.1f s\n",
                static_cast<int>(r.what), f.wrong.c_str(), fast.states, f.states, fast.seconds,
                f.seconds);
    std::fflush(stdout);
    INFO("law " << static_cast<int>(r.what));
    CHECK_FALSE(fast.wrong.empty());
    CHECK_FALSE(f.wrong.empty());
}

}  // namespace

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
        {broken::highest_floor,
         {.messages = 2, .window = 2, .width = 2, .amnesias = 1, .crash = false}},
        {broken::epoch_used_again, lives},
        {broken::holes_stay, holes},
        {broken::holes_told_by_probe_only, holes},
        {broken::accept_before_commit, cancelled},
        {broken::dedup_not_durable, cancelled},
        {broken::delivered_by_relays_word,
         {.messages = 1, .cancels = 1, .amnesias = 1, .slow_app = true}},
        {broken::ack_of_any_epoch, lives},
        {broken::sent_before_durable, {.journal = true, .crashes = 1}},
        {broken::acked_before_durable, {.journal = true}},
        {broken::dedup_not_durable, {.journal = true}},
        {broken::tail_out_of_order,
         {.messages = 2, .window = 2, .width = 2, .journal = true, .crashes = 1}},
        {broken::erase_of_any_sender, {.c = third::sender}},
        {broken::retention_drops_row, {.expiries = 1}},
        {broken::silence_is_success, {.late = true}},
        {broken::low_before_page, {.messages = 2, .width = 2, .late = true}},
        {broken::stored_answers_any_sending, cancelled},
        {broken::buried_for_ever,
         {.cancels = 1, .amnesias = 1, .crash = false, .forgets_states = true}},
        {broken::forget_there_on_away, forgetful},
        {broken::remembered_is_said, {.messages = 2, .window = 2, .width = 2}},
        {broken::stored_in_part,
         {.messages = 2, .window = 2, .width = 2, .crash = false, .stored = 1}},
    };
    for (const auto& one : all) {
        rules r = one.where;
        r.what = one.what;
        refutes(r);
    }
}

TEST_CASE("explore: each forged frame would do harm if C were believed to be who it says") {
    for (const std::uint32_t which : {2U, 3U, 4U, 6U, 7U, 9U}) {
        refutes({.c = third::forger, .forged = 1U << which, .what = broken::sender_from_bytes});
    }
}

TEST_CASE("explore: the shortest way to a broken law is drawn as a sequence diagram") {
    const finding f = explore::timed<explore::shortest_way>(
        {.cancels = 1, .slow_app = true, .what = broken::stored_ends_tombstone});
    CHECK(f.diagram ==
          R"(A                                 relay                             B
* A submits a message             |                                 |
* A cancels 0                     |                                 |
| -- msg:R e1 #0 base 0 keep ---> |                                 |
|                                 * mailbox: e1 #0                  |
| -- msg:R e1 probe base 0 -----> |                                 |
|                                 | -- msg:N e1 probe low 0 ------> |
| -- msg:R e1 #0 base 0 --------> |                                 |
|                                 | -- msg:N e1 #0 ---------------> |
|                                 |                                 * B's app looks at a message
| <-- ack:N stored e1 #0 -------- |                                 |
|                                 |                                 * B's app takes a message
=> message 0: A was told `cancelled`, and B has it
)");
}

}  // namespace refuted_tests
