// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_DEDUP_WINDOW_HPP
#define SIXFOLD_RECEIVING_DEDUP_WINDOW_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/bit_ring.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// What a `dedup_window` says of a seq.
enum class standing : std::uint8_t {
    duplicate,  ///< accepted before: acknowledge it again
    fresh,      ///< not accepted yet, and may be
    beyond,     ///< too far above the floor to be remembered: it must not be accepted now
};

/// Which seqs of one stream have been accepted: exact, for ever, in 8 bytes and W bits. (law of
/// de-duplication, law 2, spec 3.16)
///
///                 floor                     floor + W
///      . . . 1 1 1 | 0 1 1 0 1 0 . . . 0 0 0 | . . .
///       duplicate       the bit decides        beyond
///
/// All below the floor was accepted, the seq at the floor was not. It keeps no payload, no epoch,
/// and nothing of how a seq ended. Its state depends only on the set of seqs that were accepted
/// and the floors it was raised to, not on their order.
class dedup_window {
  public:
    /// Nothing is accepted. `width` is W, in 1 .. bit_ring::width_max.
    explicit dedup_window(std::uint32_t width) : bits_(width) {}

    /// The lowest seq that was not accepted.
    [[nodiscard]] seq floor() const noexcept { return floor_; }
    /// W, as at construction.
    [[nodiscard]] std::uint32_t width() const noexcept { return bits_.width(); }

    /// How many seqs above the floor were accepted. O(1).
    [[nodiscard]] std::uint32_t count() const noexcept { return bits_.count(); }

    /// Any seq may be asked for, from the wire as it is. O(1).
    [[nodiscard]] standing of(seq at) const noexcept {
        if (at < floor_) {
            return standing::duplicate;
        }
        if (at - floor_ >= width()) {  // not `at >= floor_ + width()`, which could overflow
            return standing::beyond;
        }
        return bits_.test(at) ? standing::duplicate : standing::fresh;
    }

    /// Bit i says whether `from + i` was accepted; not below the floor, and as `bit_ring::bits` behind the end. O(1).
    [[nodiscard]] std::uint64_t bits(seq from) const noexcept { return bits_.bits(from); }

    /// Accepts one seq, which is fresh. O(1) on average over the seqs of a stream.
    void accept(seq at) noexcept {
        SIXFOLD_ASSERT(of(at) == standing::fresh);
        if (at == floor_) {
            move_floor(at + 1);
        } else {
            bits_.set(at);
        }
    }

    /// Counts all below `new_floor` as accepted; nothing if that is known. O(W / 64), however far.
    void raise(seq new_floor) noexcept {
        if (new_floor > floor_) {
            move_floor(new_floor);
        }
    }

    /// Nothing is accepted, as at first.
    void clear() noexcept {
        floor_ = 0;
        bits_.clear();
    }

    /// Writes the window to `out`, as far as it reaches: bit i, lowest first in each byte, says
    /// whether floor + from + i was accepted. Returns the bytes up to the last that is not zero, and writes no more.
    std::size_t copy_bits(std::span<std::byte> out, std::uint32_t from = 0) const noexcept {
        return bits_.copy_bits(floor_ + from, width() - from, out);
    }

    /// Same width, and the same answer to every question.
    friend bool operator==(const dedup_window&, const dedup_window&) noexcept = default;

  private:
    /// To `new_floor`, which is above the floor, and on over what was accepted from there.
    void move_floor(seq new_floor) noexcept {
        // What falls below goes first: its places in the ring stand for seqs above from now on.
        bits_.reset_range(floor_, new_floor);
        const seq end = new_floor + bits_.run(new_floor);
        bits_.reset_range(new_floor, end);
        floor_ = end;
    }

    seq floor_ = 0;
    bit_ring bits_;  ///< set only in (floor_, floor_ + width()), never at the floor itself
};

}  // namespace sixfold::inline v0

#endif
