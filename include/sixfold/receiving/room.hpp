// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_ROOM_HPP
#define SIXFOLD_RECEIVING_ROOM_HPP

#include <algorithm>
#include <cstdint>

#include "sixfold/types.hpp"

// How much a sender may send now. (spec 3.24)
//
//     floor          next              end
//       | 1 1 1 1 1 1 | 0 1 0 0 1 1 0 1 | free ...            limit
//       |                 open: 4       | less those four      |
//       |<---------------------- room ------------------------>|

namespace sixfold::inline v0 {

/// What the room of one sender depends on.
struct room_view {
    seq floor = 0;  ///< all below have ended
    seq next = 0;   ///< the first that the app needs
    seq end = 0;    ///< one above the highest that is held or has ended; the floor at least
    std::uint32_t window = 1;  ///< W
    std::uint32_t open = 0;    ///< seqs below `end` that are not held and have not ended
    std::uint32_t free = 0;    ///< places that this sender can still get
    bool takes_next = true;    ///< there is a place for the next one, or one can be made
};

/// How many seqs from the floor on are taken now. They include the next one, for which everything waits, unless the app has all
/// places; and they are at least one, because the ack state cannot tell less.
[[nodiscard]] constexpr std::uint32_t room(const room_view& of) noexcept {
    const std::uint32_t above = of.free > of.open ? of.free - of.open : 0;
    const seq least = (std::max)(of.next + seq{of.takes_next}, of.floor + 1);
    const seq limit = (std::max)(least, (std::min)(of.floor + of.window, of.end + above));
    return static_cast<std::uint32_t>((std::min)(limit - of.floor, seq{of.window}));
}

/// How many of `places` one sender may have: all while no other sender has any (`alone`), else a quarter, at least one.
[[nodiscard]] constexpr std::uint32_t share(std::uint32_t places, bool alone) noexcept {
    return alone ? places : (std::max)(places / 4, std::uint32_t{1});
}

}  // namespace sixfold::inline v0

#endif
