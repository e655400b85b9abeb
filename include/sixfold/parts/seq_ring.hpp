// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_SEQ_RING_HPP
#define SIXFOLD_PARTS_SEQ_RING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sixfold/parts/number.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// A value, or none, for each seq of a range that moves upwards.
///
/// A seq has its place in a ring, so nothing is ever shifted. Bits say which places are in use and which of these are marked, so
/// that 64 of them can be asked at once. The ring does not know where the range begins and ends. That is the caller's business,
/// and so is this invariant: the range is never larger than the ring.
template <class Value>
class seq_ring {
  public:
    /// How many seqs have a place.
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }

    /// Whether a seq in the range has a value. O(1).
    [[nodiscard]] bool has(seq at) const noexcept {
        const std::size_t place = place_of(at);
        return (used_[place / 64] >> place % 64 & 1) != 0;
    }
    /// The value of a seq that has one. O(1).
    [[nodiscard]] Value& operator[](seq at) noexcept { return values_[place_of(at)]; }
    /// The same, to look at.
    [[nodiscard]] const Value& operator[](seq at) const noexcept { return values_[place_of(at)]; }

    /// Gives a seq a value. It has no mark, if the value that had this place before was erased. O(1).
    void put(seq at, const Value& value) noexcept {
        const std::size_t place = place_of(at);
        values_[place] = value;
        used_[place / 64] |= bit_at(place);
    }
    /// Removes the value of a seq, and its mark. O(1).
    void erase(seq at) noexcept {
        const std::size_t place = place_of(at);
        used_[place / 64] &= ~bit_at(place);
        mark(at, false);
    }
    /// Sets or removes the mark of a seq that has a value. O(1).
    void mark(seq at, bool is_marked) noexcept {
        const std::size_t place = place_of(at);
        std::uint64_t& word = marked_[place / 64];
        word = is_marked ? word | bit_at(place) : word & ~bit_at(place);
    }

    /// Bit i is set if `from + i` is in the range and has a value; it may be set for seqs that are not in the range. O(1).
    [[nodiscard]] std::uint64_t used(seq from) const noexcept { return bits(used_, from); }
    /// The same for those that are marked.
    [[nodiscard]] std::uint64_t marked(seq from) const noexcept { return bits(marked_, from); }

    /// Room for twice as many, at least 8; those of [first, end) keep their values. O(size).
    void grow(seq first, seq end) {
        seq_ring larger;
        larger.values_.resize((std::max)(std::size_t{8}, 2 * size()));
        larger.used_.resize((larger.size() + 63) / 64);
        larger.marked_.resize(larger.used_.size());
        for (seq at = first; at < end; ++at) {
            if (has(at)) {
                const std::size_t place = place_of(at);
                larger.put(at, (*this)[at]);
                larger.mark(at, (marked_[place / 64] & bit_at(place)) != 0);
            }
        }
        *this = std::move(larger);
    }

    /// Removes all values and keeps the memory. O(size / 64).
    void clear() noexcept {
        std::fill(used_.begin(), used_.end(), std::uint64_t{0});
        std::fill(marked_.begin(), marked_.end(), std::uint64_t{0});
    }

  private:
    [[nodiscard]] std::size_t place_of(seq at) const noexcept {
        return detail::to_size(at) & (values_.size() - 1);
    }
    [[nodiscard]] static std::uint64_t bit_at(std::size_t place) noexcept {
        return std::uint64_t{1} << place % 64;
    }

    [[nodiscard]] std::uint64_t bits(const std::vector<std::uint64_t>& of,
                                     seq from) const noexcept {
        if (size() < 64) {
            return ~std::uint64_t{0};
        }
        const std::size_t place = place_of(from);
        const std::uint64_t low = of[place / 64] >> place % 64;
        const std::uint64_t high = of[(place / 64 + 1) % of.size()];
        return place % 64 == 0 ? low : low | high << (64 - place % 64);
    }

    std::vector<Value> values_;          // none, or a power of two of them
    std::vector<std::uint64_t> used_;    // a bit for each
    std::vector<std::uint64_t> marked_;  // likewise
};

}  // namespace sixfold::inline v0

#endif
