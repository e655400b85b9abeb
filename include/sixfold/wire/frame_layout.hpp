// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_FRAME_LAYOUT_HPP
#define SIXFOLD_WIRE_FRAME_LAYOUT_HPP

#include <cstdint>

#include "sixfold/wire/bytes.hpp"

// The flags and the body of each kind of frame, one struct a kind. (spec 4.1 to 4.8)
//
// It knows the fields of a frame and their order; what stands in front of a body and behind it,
// codec.hpp knows. Each struct has the same five functions:
//
//     flags      the flags byte that these fields have
//     accepts    whether there is a frame with this flags byte: all that is not listed is refused
//     is_valid   whether reading these fields back would give the same fields
//     write      the body; called twice, once with a byte_counter and once with a byte_writer
//     read       the body, given flags that are accepted; the reader keeps what was wrong

namespace sixfold::inline v0::detail {

template <class Frame>
struct frame_layout;

[[nodiscard]] constexpr unsigned flag(unsigned mask, bool condition) noexcept {
    return condition ? mask : 0;
}

}  // namespace sixfold::inline v0::detail

#endif
