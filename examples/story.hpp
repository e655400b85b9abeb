// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_STORY_HPP
#define SIXFOLD_EXAMPLES_STORY_HPP

#include <array>
#include <chrono>
#include <string_view>

#include <sixfold/sixfold.hpp>
#include "simulated_network.hpp"

// What happens when nobody says what shall happen: five messages, and something goes wrong with
// each but the first. Told by message and frame, not by count, so that it stays the same story
// when the protocol learns to do with fewer frames.

namespace example::story {

using namespace std::chrono_literals;

struct title {
    sixfold::duration at;
    std::string_view text;
};

struct line {
    sixfold::duration at;
    std::string_view text;
};

inline constexpr std::array<title, 5> titles{{
    {490ms, "All goes well: six frames, and Alice knows that Bob's app has it"},
    {1990ms, "msg:N 1 gets lost: no ack comes, so Alice sends again"},
    {3990ms, "ack:N 2 gets lost: Alice sends again, Bob's app sees it once"},
    {5990ms, "Bob is away: the mailbox keeps it until he is back"},
    {8990ms, "The relay is replaced in the middle: nothing lost, nothing twice"},
}};

inline constexpr std::array<line, 5> lines{{
    {500ms, "Hi Bob!"},
    {2s, "Dinner?"},
    {4s, "At eight?"},
    {6200ms, "Bob?"},
    {9s, "See you!"},
}};

inline constexpr std::array<scripted_loss, 2> losses{{
    {kind::msg_n, 1},
    {kind::ack_n, 2},
}};
inline constexpr sixfold::duration bob_leaves = 6s;
inline constexpr sixfold::duration bob_returns = 7500ms;
inline constexpr sixfold::duration relay_replaced = 9050ms;  // has passed it on, not its ack

}  // namespace example::story

#endif
