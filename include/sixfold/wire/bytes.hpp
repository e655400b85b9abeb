// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_BYTES_HPP
#define SIXFOLD_WIRE_BYTES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sixfold/error.hpp"
#include "sixfold/parts/little_endian.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/types.hpp"

// Numbers, names and spans, to bytes and back. These three classes know how wide a field is and where
// the end is. Their callers know what the fields mean, and in which order they come.
//
// Fixed fields are little-endian. A varint carries 7 bits a byte, the lowest first; the high bit
// says that more bytes follow. It has no superfluous byte, so each number has one encoding. (spec 2.3)
//
//     5      05
//     300    AC 02         300 = 0b10'0101100
//     2^62   80 80 80 80 80 80 80 80 40

#if defined(__GNUC__)
/// In this header only: a reader or writer stays in registers only if none of its functions is called out of line. With g++ 12 that makes
/// a relay, which does little else, do a fifth less.
#define SIXFOLD_INLINE [[gnu::always_inline]]
#else
/// In this header only: see above.
#define SIXFOLD_INLINE
#endif

namespace sixfold::inline v0 {

/// How many bytes the varint of a value takes: 1 to 10.
[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) noexcept {
    return (detail::width_of(value | 1) * 9 + 64) / 64;  // a seventh, rounded up
}

namespace detail {

/// A varint as it was read; of no size if it was refused.
struct varint {
    std::uint64_t value;
    std::uint32_t size;
    refusal refused;
};

/// Reads a varint that has more than one byte, or none.
[[nodiscard]] inline varint read_varint(bytes from, unsigned bits) noexcept {
    const std::byte* at = from.data();
    const std::byte* const end = at + from.size();
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        if (at == end) {
            return {0, 0, refusal::truncated};
        }
        const auto byte = std::to_integer<std::uint64_t>(*at++);
        value |= (byte & 0x7F) << shift;
        if (byte < 0x80) {
            const bool superfluous = byte == 0;
            const bool too_wide = bits - shift < 7 && byte >> (bits - shift) != 0;
            if (superfluous || too_wide) {
                break;
            }
            return {value, static_cast<std::uint32_t>(at - from.data()), refusal::none};
        }
    }
    return {0, 0, refusal::not_canonical};
}

/// Where a number begins that was written as a varint of more than one byte; the end of it.
inline std::byte* write_varint(std::uint64_t value, std::byte* to) noexcept {
    for (; value >= 0x80; value >>= 7) {
        *to++ = static_cast<std::byte>(value | 0x80);
    }
    *to++ = static_cast<std::byte>(value);
    return to;
}

}  // namespace detail

/// Counts the bytes that a `byte_writer` would write, and writes nothing: the first pass over what
/// begins with its own length.
class byte_counter {
  public:
    /// One byte.
    constexpr void put_u8(std::uint8_t) noexcept { size_ += 1; }
    /// Two bytes.
    constexpr void put_u16(std::uint16_t) noexcept { size_ += 2; }
    /// Four bytes.
    constexpr void put_u32(std::uint32_t) noexcept { size_ += 4; }
    /// Eight bytes.
    constexpr void put_u64(std::uint64_t) noexcept { size_ += 8; }
    /// `varint_size(value)` bytes.
    constexpr void put_varint(std::uint64_t value) noexcept { size_ += varint_size(value); }
    /// As many as there are.
    constexpr void put_bytes(bytes data) noexcept { size_ += data.size(); }
    /// A length byte and the name.
    constexpr void put_peer(const peer& who) noexcept { size_ += 1 + who.name().size(); }
    /// Eight bytes.
    constexpr void put_epoch(epoch) noexcept { size_ += 8; }

    /// All of them.
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

  private:
    std::size_t size_ = 0;
};

/// Writes into the caller's buffer, and keeps track of how far it is and whether everything has
/// fitted.
///
/// After the first thing that does not fit it writes nothing more: ask `ok()` once, at the end.
/// It refers to the buffer, which must outlive it. Each call is O(bytes written).
class byte_writer {
  public:
    /// Into a buffer that outlives it.
    SIXFOLD_INLINE explicit byte_writer(std::span<std::byte> out) noexcept
        : begin_(out.data()), at_(begin_), end_(begin_ + out.size()) {}

    /// One byte.
    SIXFOLD_INLINE void put_u8(std::uint8_t value) noexcept {
        if (fits(1)) {
            *at_++ = static_cast<std::byte>(value);
        }
    }
    /// Two bytes, little-endian.
    SIXFOLD_INLINE void put_u16(std::uint16_t value) noexcept {
        if (fits(2)) {
            *at_++ = static_cast<std::byte>(value & 0xFFU);
            *at_++ = static_cast<std::byte>(value >> 8);
        }
    }
    /// Four bytes, little-endian.
    SIXFOLD_INLINE void put_u32(std::uint32_t value) noexcept {
        if (fits(4)) {
            detail::store_little32(at_, value);
            at_ += 4;
        }
    }
    /// Eight bytes, little-endian.
    SIXFOLD_INLINE void put_u64(std::uint64_t value) noexcept {
        if (fits(8)) {
            detail::store_little64(at_, value);
            at_ += 8;
        }
    }

    /// The shortest varint. (spec 2.3)
    SIXFOLD_INLINE void put_varint(std::uint64_t value) noexcept {
        if (value < 0x80) {  // as most of them are
            return put_u8(static_cast<std::uint8_t>(value));
        }
        if (fits(varint_size(value))) {
            at_ = detail::write_varint(value, at_);
        }
    }

    /// All of them, or none.
    SIXFOLD_INLINE void put_bytes(bytes data) noexcept {
        if (fits(data.size())) {
            at_ = std::copy_n(data.data(), data.size(), at_);
        }
    }

    /// A length byte and the name. (spec 2.6)
    SIXFOLD_INLINE void put_peer(const peer& who) noexcept {
        put_u8(static_cast<std::uint8_t>(who.name().size()));
        put_bytes(who.bytes());
    }

    /// Eight bytes, little-endian. (spec 2.7)
    SIXFOLD_INLINE void put_epoch(epoch value) noexcept {
        put_u64(static_cast<std::uint64_t>(value));
    }

    /// False once something has not fitted.
    [[nodiscard]] SIXFOLD_INLINE bool ok() const noexcept { return ok_; }
    /// How many bytes have been written.
    [[nodiscard]] SIXFOLD_INLINE std::size_t size() const noexcept {
        return static_cast<std::size_t>(at_ - begin_);
    }
    /// What has been written. Good as long as the buffer is.
    [[nodiscard]] bytes written() const noexcept { return {begin_, size()}; }

  private:
    [[nodiscard]] SIXFOLD_INLINE bool fits(std::size_t size) noexcept {
        if (size <= static_cast<std::size_t>(end_ - at_)) {
            return true;
        }
        end_ = at_;
        ok_ = false;
        return false;
    }

    std::byte* begin_;
    std::byte* at_;
    std::byte* end_;
    bool ok_ = true;
};

/// Reads from the front of some bytes, and keeps track of what is left and of the first thing that
/// was wrong.
///
/// It never reads behind the end. After the first refusal nothing is left, and every getter returns
/// zero or nothing: read a whole record, then ask `refused()` once. It copies nothing: spans refer
/// to the input.
class byte_reader {
  public:
    /// Reads bytes that outlive it.
    SIXFOLD_INLINE explicit byte_reader(bytes input) noexcept
        : at_(input.data()), end_(input.data() + input.size()) {}

    /// One byte.
    [[nodiscard]] SIXFOLD_INLINE std::uint8_t get_u8() noexcept {
        return has(1) ? std::to_integer<std::uint8_t>(*at_++) : std::uint8_t{0};
    }
    /// Two bytes, little-endian.
    [[nodiscard]] SIXFOLD_INLINE std::uint16_t get_u16() noexcept {
        if (!has(2)) {
            return 0;
        }
        const std::byte* at = skip(2);
        return static_cast<std::uint16_t>(std::to_integer<unsigned>(at[0]) |
                                          std::to_integer<unsigned>(at[1]) << 8);
    }
    /// Four bytes, little-endian.
    [[nodiscard]] SIXFOLD_INLINE std::uint32_t get_u32() noexcept {
        return has(4) ? detail::load_little32(skip(4)) : 0;
    }
    /// Eight bytes, little-endian.
    [[nodiscard]] SIXFOLD_INLINE std::uint64_t get_u64() noexcept {
        return has(8) ? detail::load_little64(skip(8)) : 0;
    }

    /// A varint of at most so many bits, 7 to 64. A varint with more bits or a superfluous byte is
    /// refused as `not_canonical`, and one that the input cuts off as `truncated`. (spec 2.3)
    [[nodiscard]] SIXFOLD_INLINE std::uint64_t get_varint(unsigned bits = 64) noexcept {
        if (at_ != end_ && *at_ < std::byte{0x80}) {  // as most of them are
            return std::to_integer<std::uint64_t>(*at_++);
        }
        const detail::varint read = detail::read_varint({at_, end_}, bits);
        if (read.size == 0) {
            refuse(read.refused);
            return 0;
        }
        at_ += read.size;
        return read.value;
    }

    /// The next so many bytes. Good as long as the input is.
    [[nodiscard]] SIXFOLD_INLINE bytes get_bytes(std::size_t size) noexcept {
        return has(size) ? bytes(skip(size), size) : bytes();
    }

    /// All that is left, which may be nothing. Good as long as the input is.
    [[nodiscard]] SIXFOLD_INLINE bytes rest() noexcept { return get_bytes(left()); }

    /// A peer's name, 1 to 47 bytes behind a length byte. (spec 2.6)
    [[nodiscard]] SIXFOLD_INLINE peer get_peer() noexcept {
        const std::size_t size = get_u8();
        demand(size != 0 && size <= peer::size_max, refusal::peer_name);
        return peer(get_bytes(size));
    }

    /// An epoch, which is not zero. (spec 2.7)
    [[nodiscard]] SIXFOLD_INLINE epoch get_epoch() noexcept {
        const auto value = static_cast<epoch>(get_u64());
        demand(value != epoch::none, refusal::epoch);
        return value;
    }

    /// The seq of a message: below 2^62. (spec 2.7)
    [[nodiscard]] SIXFOLD_INLINE seq get_seq() noexcept { return get_seq_up_to(seq_end - 1); }

    /// A bound of seqs, such as a floor: at most 2^62. (spec 2.7)
    [[nodiscard]] SIXFOLD_INLINE seq get_seq_bound() noexcept { return get_seq_up_to(seq_end); }

    /// Refuses the input. The first refusal stays.
    SIXFOLD_INLINE void refuse(refusal why) noexcept {
        if (ok()) {
            refused_ = why;
            at_ = end_;
        }
    }

    /// Refuses the input unless the condition holds.
    SIXFOLD_INLINE void demand(bool condition, refusal otherwise) noexcept {
        if (!condition) {
            refuse(otherwise);
        }
    }

    /// Whether nothing has been wrong so far.
    [[nodiscard]] SIXFOLD_INLINE bool ok() const noexcept { return refused_ == refusal::none; }
    /// The first thing that was wrong.
    [[nodiscard]] SIXFOLD_INLINE refusal refused() const noexcept { return refused_; }
    /// How many bytes are left.
    [[nodiscard]] SIXFOLD_INLINE std::size_t left() const noexcept {
        return static_cast<std::size_t>(end_ - at_);
    }

  private:
    /// Are there so many bytes? If not, the input is refused.
    [[nodiscard]] SIXFOLD_INLINE bool has(std::size_t size) noexcept {
        if (size <= left()) {
            return true;
        }
        refuse(refusal::truncated);
        return false;
    }
    /// The next bytes. Precondition: they are there.
    [[nodiscard]] SIXFOLD_INLINE const std::byte* skip(std::size_t size) noexcept {
        at_ += size;
        return at_ - size;
    }

    [[nodiscard]] SIXFOLD_INLINE seq get_seq_up_to(seq max) noexcept {
        const seq value = get_varint();
        if (value > max) {
            refuse(refusal::seq_range);
            return 0;
        }
        return value;
    }

    const std::byte* at_;
    const std::byte* end_;
    refusal refused_ = refusal::none;
};

}  // namespace sixfold::inline v0

#undef SIXFOLD_INLINE

#endif
