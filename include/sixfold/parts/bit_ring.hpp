// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_BIT_RING_HPP
#define SIXFOLD_PARTS_BIT_RING_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/little_endian.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/parts/seldom.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// One bit for each seq of a window that slides upwards and is `width` seqs wide.
///
/// A seq has its place in a ring of words, so nothing is ever shifted when the window moves (the idea of RFC 6479). The ring
/// does not know where the window is. That is the caller's business, and so is this invariant: whatever leaves the window is
/// reset before its place is needed again. Up to a width of 64 the bits are held in the object, without an allocation.
class bit_ring {
  public:
    /// The largest width: 128 KiB of bits.
    static constexpr std::uint32_t width_max = std::uint32_t{1} << 20;

    /// No bit is set. `width` is in 1 .. width_max.
    explicit bit_ring(std::uint32_t width) : width_(width) {
        SIXFOLD_ASSERT(width >= 1 && width <= width_max);
        if (width > word_bits) {
            many_.edit().resize(std::bit_ceil((width + word_bits - 1) / word_bits));
        }
    }

    /// As at construction.
    [[nodiscard]] std::uint32_t width() const noexcept { return width_; }

    /// Whether the bit of this seq is set. O(1).
    [[nodiscard]] bool test(seq at) const noexcept {
        return (word_at(at) >> (at % word_bits) & 1) != 0;
    }
    /// Sets it. O(1).
    void set(seq at) noexcept {
        count_ += std::uint32_t{!test(at)};
        word_at(at) |= std::uint64_t{1} << (at % word_bits);
    }
    /// Resets it. O(1).
    void reset(seq at) noexcept {
        count_ -= std::uint32_t{test(at)};
        word_at(at) &= ~(std::uint64_t{1} << (at % word_bits));
    }

    /// 64 bits: bit i is that of `from + i`. Bits behind the end of the window may be those of its beginning. O(1).
    [[nodiscard]] std::uint64_t bits(seq from) const noexcept {
        const seq shift = from % word_bits;
        const std::uint64_t low = word_at(from) >> shift;
        return shift == 0 ? low : low | word_at(from + word_bits) << (word_bits - shift);
    }

    /// Whether none is set, as is most often the case where messages come in order. O(1).
    [[nodiscard]] bool none() const noexcept { return count_ == 0; }
    /// How many are set. O(1).
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

    /// Resets all.
    void clear() noexcept {
        count_ = 0;
        one_ = 0;
        if (is_wide()) {
            std::fill(many_.edit().begin(), many_.edit().end(), std::uint64_t{0});
        }
    }

    /// Resets all of [from, to); nothing if that is empty. O(width / 64), however long it is.
    void reset_range(seq from, seq to) noexcept {
        if (none()) {
            return;
        }
        if (from < to && to - from >= place_count()) {
            return clear();
        }
        while (from < to) {
            const seq count = (std::min)(to - from, word_bits - from % word_bits);
            const std::uint64_t mask = ~std::uint64_t{0} >> (word_bits - count)
                                                                << (from % word_bits);
            count_ -= static_cast<std::uint32_t>(std::popcount(word_at(from) & mask));
            word_at(from) &= ~mask;
            from += count;
        }
    }

    /// How many bits are set in a row, beginning with `from`; at most `width`.
    [[nodiscard]] std::uint32_t run(seq from) const noexcept {
        if (none()) {
            return 0;
        }
        std::uint32_t length = 0;
        while (length < width_) {
            const auto ones = static_cast<std::uint32_t>(std::countr_one(bits(from + length)));
            length += ones;
            if (ones < word_bits) {
                break;
            }
        }
        return (std::min)(length, width_);
    }

    /// The highest seq of [from, to) whose bit is set; `to` if there is none. O(1 + (to - that seq) / 64).
    [[nodiscard]] seq highest(seq from, seq to) const noexcept {
        if (none()) {
            return to;
        }
        for (seq end = to; end > from;) {
            const seq size = (std::min)(end - from, seq{word_bits});
            const std::uint64_t set = bits(end - size) & ~std::uint64_t{0} >> (word_bits - size);
            if (set != 0) {
                return end - size + detail::width_of(set) - 1;
            }
            end -= size;
        }
        return to;
    }

    /// Writes the bits of [from, from + width) to `out`, as many as have room: bit i, lowest first in each byte, is that of
    /// `from + i`. Writes the bytes up to the last that is not zero, and returns how many these are. `width` is at most that of
    /// the ring. O(width / 64).
    std::size_t copy_bits(seq from, std::uint32_t width, std::span<std::byte> out) const noexcept {
        SIXFOLD_ASSERT(width <= width_);
        if (none()) {
            return 0;
        }
        const std::size_t bits = (std::min)(8 * out.size(), std::size_t{width});
        std::size_t words = (bits + word_bits - 1) / word_bits;
        while (words != 0 && piece(from, bits, words - 1) == 0) {
            --words;
        }
        if (words == 0) {
            return 0;
        }
        for (std::size_t i = 0; i + 1 < words; ++i) {
            detail::store_little64(out.data() + 8 * i, piece(from, bits, i));
        }
        std::size_t end = 8 * (words - 1);
        for (std::uint64_t last = piece(from, bits, words - 1); last != 0; last >>= 8) {
            out[end++] = static_cast<std::byte>(last);
        }
        return end;
    }

    /// Same width, same bits.
    friend bool operator==(const bit_ring&, const bit_ring&) noexcept = default;

  private:
    static constexpr std::uint32_t word_bits = 64;

    [[nodiscard]] seq place_count() const noexcept {
        return is_wide() ? seq{word_bits} * many_.get()->size() : word_bits;
    }
    [[nodiscard]] bool is_wide() const noexcept { return many_.get() != nullptr; }
    [[nodiscard]] std::size_t index(seq at) const noexcept {
        return detail::to_size(at / word_bits) & (many_.get()->size() - 1);
    }
    [[nodiscard]] std::uint64_t word_at(seq at) const noexcept {
        return is_wide() ? (*many_.get())[index(at)] : one_;
    }
    [[nodiscard]] std::uint64_t& word_at(seq at) noexcept {
        return is_wide() ? many_.edit()[index(at)] : one_;
    }
    /// Word `i` of the `count` bits that begin with `from`; the bits behind these are zero.
    [[nodiscard]] std::uint64_t piece(seq from, std::size_t count, std::size_t i) const noexcept {
        const std::size_t left = count - word_bits * i;
        const std::uint64_t mask = left < word_bits ? (std::uint64_t{1} << left) - 1 : ~seq{0};
        return bits(from + word_bits * i) & mask;
    }

    // A receiver has two of them for each sender that it ever heard of, so each byte counts.
    std::uint64_t one_ = 0;  ///< all bits, if the width is at most 64
    /// All bits of a larger width: a power of two of words.
    seldom<std::vector<std::uint64_t>> many_;
    std::uint32_t width_;
    std::uint32_t count_ = 0;  ///< bits that are set
};

}  // namespace sixfold::inline v0

#endif
