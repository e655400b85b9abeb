// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_NODES_HPP
#define SIXFOLD_TESTS_EXPLORE_NODES_HPP

#include <array>
#include <cstdint>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "explore/parts.hpp"

namespace explore {

/// A and its app.
struct a_node {
    sender machine;
    std::array<ticket, ids_max> tickets{};
    std::array<status, ids_max> known{};  // the strongest that the app heard
    id_set stored = 0;                    // was told `stored`, ever
    id_set settled = 0;                   // was told how it ended, ever
    id_set cancelled = 0;                 // asked for
    id_set submitted = 0;
    std::uint8_t life = 0;
    network sends{};
};

/// B and its app.
struct b_node {
    receiver machine;
    std::vector<message>
        looked_at{};  // handed out, not settled (their payloads are not read again)
    std::vector<std::uint32_t> uncommitted{};  // only where that rule is broken
    id_set inbox = 0;                          // accepted in this life
    id_set rejected = 0;                       // in any life
    std::uint8_t amnesias = 0;
    network sends{};
};

/// The mailbox.
struct box_node {
    memory_mailbox machine;
    id_set payloads = 0;  // a row has the message
};

}  // namespace explore

#endif
