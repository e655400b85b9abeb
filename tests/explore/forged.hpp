// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_FORGED_HPP
#define SIXFOLD_TESTS_EXPLORE_FORGED_HPP

#include <array>
#include <vector>

#include "explore/parts.hpp"

namespace explore {

/// What a client that wishes A and B ill can say, in frames that are right in themselves. It knows the epoch of A.
[[nodiscard]] inline std::vector<frame> forged(epoch of_a) {
    static const std::array<std::byte, 1> evil{std::byte{forged_id}};
    static const std::array<std::byte, 1> floor_1{std::byte{1}};
    static const std::array<std::byte, 1> floor_99{std::byte{99}};
    const epoch own{std::uint64_t{1} << epoch_random_bits | 7};
    const epoch last{start_max << epoch_random_bits};
    const auto msg = [](epoch e, run what, seq at, seq base) {
        return msg_request{.to = "b", .epoch = e, .first = at, .base = base, .entries = what};
    };
    const auto ack = [&](ack_word word, epoch current, bytes state) {
        return ack_request{
            .to = "a", .epoch = of_a, .word = word, .current = current, .state = state};
    };
    return {
        msg(own, run::of(evil), 0, 0),                // one as anybody may send it
        msg(own, run::of(evil), 1000, 1000),          // far beyond the window, all below ended
        msg(of_a, run::of(evil), 0, 0),               // under the name of A's first
        msg(of_a, run::tombstone(), 0, 0),            // a tombstone for it
        msg(of_a, run(), 0, 1),                       // it has ended
        msg(last, run::of(evil), 0, 0),               // of the last epoch that there is
        ack(ack_word::state, epoch::none, floor_1),   // as if C were B, and had it
        ack(ack_word::state, epoch::none, floor_99),  // ... and what was never sent
        ack(ack_word::waiting, epoch::none, {}),      // ... and were not in A's epoch
        ack(ack_word::past, last, {}),                // ... and were past it
    };
}

}  // namespace explore

#endif
