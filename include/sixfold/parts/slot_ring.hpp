// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_SLOT_RING_HPP
#define SIXFOLD_PARTS_SLOT_RING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sixfold/parts/number.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// For each seq of a range that moves upwards, the slot of its message, or none.
///
/// A seq has its place in a ring, so nothing is ever shifted. Keeps track, too, of which places are in use and which of those
/// are marked, so that 64 of them can be asked at once. Does not know where the range begins and ends: that is the caller's
/// business, and that it is never larger than the ring; nor what a mark means.
class slot_ring {
  public:
    /// No slot.
    static constexpr std::uint32_t none = UINT32_MAX;

    /// How many seqs have a place.
    [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }

    /// The slot of a seq in the range. O(1).
    [[nodiscard]] std::uint32_t operator[](seq at) const noexcept { return slots_[place_of(at)]; }

    /// Gives a seq its slot, or none, without a mark. O(1).
    void put(seq at, std::uint32_t slot) noexcept {
        const std::size_t place = place_of(at);
        slots_[place] = slot;
        if (!bits_.empty()) {
            word& all = bits_[place / 64];
            all.used = slot == none ? all.used & ~bit_at(place) : all.used | bit_at(place);
            all.marked &= ~bit_at(place);
        }
    }

    /// Marks a seq that has a slot, or takes the mark away. Small rings have no marks. O(1).
    void mark(seq at, bool on) noexcept {
        if (!bits_.empty()) {
            const std::size_t place = place_of(at);
            std::uint64_t& all = bits_[place / 64].marked;
            all = on ? all | bit_at(place) : all & ~bit_at(place);
        }
    }

    /// Bit i is set if `from + i` is in the range and has a slot; it may be set for seqs that are not in the range. O(1).
    [[nodiscard]] std::uint64_t used(seq from) const noexcept {
        return bits_.empty() ? ~std::uint64_t{0} : get(&word::used, from);
    }
    /// The same without those that are marked. O(1).
    [[nodiscard]] std::uint64_t unmarked(seq from) const noexcept {
        return bits_.empty() ? ~std::uint64_t{0}
                             : get(&word::used, from) & ~get(&word::marked, from);
    }

    /// Room for twice as many, at least 8; those of [first, end) keep their slots, and lose their marks. O(size).
    void grow(seq first, seq end) {
        slot_ring larger;
        larger.slots_.resize((std::max)(std::size_t{8}, 2 * size()), none);
        larger.bits_.resize(larger.size() / 64);
        for (seq at = first; at < end; ++at) {
            larger.put(at, (*this)[at]);
        }
        *this = std::move(larger);
    }

  private:
    /// Of 64 places.
    struct word {
        std::uint64_t used = 0;
        std::uint64_t marked = 0;
    };

    [[nodiscard]] std::size_t place_of(seq at) const noexcept {
        return detail::to_size(at) & (slots_.size() - 1);
    }

    [[nodiscard]] static std::uint64_t bit_at(std::size_t place) noexcept {
        return std::uint64_t{1} << place % 64;
    }
    [[nodiscard]] std::uint64_t get(std::uint64_t word::*which, seq from) const noexcept {
        const std::size_t place = place_of(from);
        const std::uint64_t low = bits_[place / 64].*which >> place % 64;
        const std::uint64_t high = bits_[(place / 64 + 1) % bits_.size()].*which;
        return place % 64 == 0 ? low : low | high << (64 - place % 64);
    }

    std::vector<std::uint32_t> slots_;  // none, or a power of two of them
    std::vector<word> bits_;            // for each 64 of them
};

}  // namespace sixfold::inline v0

#endif
