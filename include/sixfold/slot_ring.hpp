// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SLOT_RING_HPP
#define SIXFOLD_SLOT_RING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// For each seq of a range that moves upwards, the slot of its message, or none.
///
/// A seq has its place in a ring, so nothing is ever shifted. Keeps track, too, of which places are in use, so that 64 of them
/// can be asked at once. Does not know where the range begins and ends: that is the caller's business, and that it is never
/// larger than the ring.
class slot_ring {
  public:
    /// No slot.
    static constexpr std::uint32_t none = UINT32_MAX;

    /// How many seqs have a place.
    [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }

    /// The slot of a seq in the range. O(1).
    [[nodiscard]] std::uint32_t operator[](seq at) const noexcept { return slots_[at & mask()]; }

    /// Gives a seq its slot, or none. O(1).
    void put(seq at, std::uint32_t slot) noexcept {
        const std::size_t place = at & mask();
        slots_[place] = slot;
        if (!used_.empty()) {
            const std::uint64_t bit = std::uint64_t{1} << place % 64;
            std::uint64_t& word = used_[place / 64];
            word = slot == none ? word & ~bit : word | bit;
        }
    }

    /// Bit i is set if `from + i` is in the range and has a slot; it may be set for seqs that are not in the range. O(1).
    [[nodiscard]] std::uint64_t used(seq from) const noexcept {
        if (used_.empty()) {
            return ~std::uint64_t{0};
        }
        const std::size_t place = from & mask();
        const std::uint64_t low = used_[place / 64] >> place % 64;
        const std::uint64_t high = used_[(place / 64 + 1) % used_.size()];
        return place % 64 == 0 ? low : low | high << (64 - place % 64);
    }

    /// Room for twice as many, at least 8; those of [first, end) keep their slots. O(size).
    void grow(seq first, seq end) {
        slot_ring larger;
        larger.slots_.resize((std::max)(std::size_t{8}, 2 * size()), none);
        larger.used_.resize(larger.size() / 64);
        for (seq at = first; at < end; ++at) {
            larger.put(at, (*this)[at]);
        }
        *this = std::move(larger);
    }

  private:
    [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }

    std::vector<std::uint32_t> slots_;  // none, or a power of two of them
    std::vector<std::uint64_t> used_;   // a bit for each, if they are 64 or more
};

}  // namespace sixfold::inline v0

#endif
