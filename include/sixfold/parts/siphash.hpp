// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_SIPHASH_HPP
#define SIXFOLD_PARTS_SIPHASH_HPP

#include <bit>
#include <cstddef>
#include <cstdint>

#include "sixfold/parts/little_endian.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// A hash whose collisions cannot be found without its key: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). It
/// is for tables whose keys an adversary may choose; it is no checksum, and no part of the wire format. The same bytes and key
/// give the same hash on every platform.
///
/// `MixRounds` follow each word and `EndRounds` the last one: 2 and 4 in the paper. Its authors hold 1 and 3 to be enough where
/// nobody outside sees the hashes, as in a table.
template <unsigned MixRounds, unsigned EndRounds>
class siphash {
  public:
    /// The two halves of the key.
    constexpr siphash(std::uint64_t key_low, std::uint64_t key_high) noexcept
        : low_(key_low), high_(key_high) {}

    /// The hash of `data`. O(its size).
    [[nodiscard]] std::uint64_t operator()(bytes data) const noexcept {
        state v{low_ ^ 0x736f6d6570736575, high_ ^ 0x646f72616e646f6d, low_ ^ 0x6c7967656e657261,
                high_ ^ 0x7465646279746573};
        const std::byte* next = data.data();
        std::size_t left = data.size();
        for (; left >= 8; next += 8, left -= 8) {
            v.add(detail::load_little64(next));
        }
        std::uint64_t last = std::uint64_t{data.size()} << 56;
        for (; left != 0; --left) {
            last |= std::to_integer<std::uint64_t>(next[left - 1]) << (8 * (left - 1));
        }
        v.add(last);
        v.c ^= 0xff;
        v.template mix<EndRounds>();
        return v.a ^ v.b ^ v.c ^ v.d;
    }

  private:
    struct state {
        std::uint64_t a, b, c, d;

        void add(std::uint64_t word) noexcept {
            d ^= word;
            mix<MixRounds>();
            a ^= word;
        }

        template <unsigned Rounds>
        void mix() noexcept {
            for (unsigned i = 0; i < Rounds; ++i) {
                a += b;
                c += d;
                b = std::rotl(b, 13) ^ a;
                d = std::rotl(d, 16) ^ c;
                a = std::rotl(a, 32);
                c += b;
                a += d;
                b = std::rotl(b, 17) ^ c;
                d = std::rotl(d, 21) ^ a;
                c = std::rotl(c, 32);
            }
        }
    };

    std::uint64_t low_;
    std::uint64_t high_;
};

}  // namespace sixfold::inline v0

#endif
