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

/// Which seqs of one stream have been accepted: exact, for ever, in 8 bytes and W bits. (law 2, spec 3.16)
///
///                 floor                     floor + W
///      . . . 1 1 1 | 0 1 1 0 1 0 . . . 0 0 0 | . . .
///       duplicate       the bit decides        beyond
///
/// All seqs below the floor were accepted, the seq at the floor was not. It keeps no payload, no epoch, and nothing of how a seq
/// ended. Its state depends only on which seqs were accepted and to which floors it was raised, not on their order.
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

    /// What to do with a seq. It may be any number that came from the wire. O(1).
    [[nodiscard]] standing of(seq at) const noexcept {
        if (at < floor_) {
            return standing::duplicate;
        }
        if (at - floor_ >= width()) {  // not `at >= floor_ + width()`, which could overflow
            return standing::beyond;
        }
        return bits_.test(at) ? standing::duplicate : standing::fresh;
    }

    /// Bit i says whether `from + i` was accepted. Seqs behind the end are as in `bit_ring::bits`. O(1). Precondition: `from` is
    /// not below the floor.
    [[nodiscard]] std::uint64_t bits(seq from) const noexcept { return bits_.bits(from); }

    /// Accepts one seq. O(1) on average over the seqs of a stream. Precondition: it is fresh.
    void accept(seq at) noexcept {
        SIXFOLD_ASSERT(of(at) == standing::fresh);
        if (at == floor_) {
            move_floor(at + 1);
        } else {
            bits_.set(at);
        }
    }

    /// Counts all seqs below `new_floor` as accepted. A floor that is no higher changes nothing. O(W / 64), however far it is.
    void raise(seq new_floor) noexcept {
        if (new_floor > floor_) {
            move_floor(new_floor);
        }
    }

    /// Forgets all, as at construction.
    void clear() noexcept {
        floor_ = 0;
        bits_.clear();
    }

    /// Writes the bits of the window to `out`, as many as have room: bit i, lowest first in each byte, says whether
    /// floor + from + i was accepted. Writes the bytes up to the last that is not zero, and returns how many these are.
    std::size_t copy_bits(std::span<std::byte> out, std::uint32_t from = 0) const noexcept {
        return bits_.copy_bits(floor_ + from, width() - from, out);
    }

    /// Same width, and the same answer to every question.
    friend bool operator==(const dedup_window&, const dedup_window&) noexcept = default;

  private:
    /// Moves the floor to `new_floor`, which is above it, and on over the seqs that were accepted from there on.
    void move_floor(seq new_floor) noexcept {
        // The bits of seqs that are now below go first: their places in the ring stand for seqs above from now on.
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
