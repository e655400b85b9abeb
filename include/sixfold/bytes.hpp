// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BYTES_HPP
#define SIXFOLD_BYTES_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sixfold/error.hpp"
#include "sixfold/types.hpp"

// Numbers, names and spans, to bytes and back. These three know how wide a field is and where the
// end is; what the fields mean, and which of them follow each other, is known to those who call
// them.
//
// Fixed fields are little-endian. A varint carries 7 bits a byte, the lowest first; the high bit
// says that more follow. It has no superfluous byte, so that each number has one encoding. (spec
// 2.3)
//
//     5      05
//     300    AC 02         300 = 0b10'0101100
//     2^62   80 80 80 80 80 80 80 80 40

namespace sixfold::inline v0 {

/// How many bytes the varint of a value takes: 1 to 10.
[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) noexcept {
    return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

/// Counts the bytes that a `byte_writer` would write, and writes nothing: the first pass over what
/// begins with its own length.
class byte_counter {
  public:
    /// One byte.
    constexpr void put_u8(std::uint8_t) noexcept { size_ += 1; }
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
/// From the first thing on that does not fit it writes nothing more: ask `ok()` once, at the end.
/// It refers to the buffer, which must outlive it. Each call is O(bytes written).
class byte_writer {
  public:
    /// Into a buffer that outlives it.
    explicit byte_writer(std::span<std::byte> out) noexcept : out_(out) {}

    /// One byte.
    void put_u8(std::uint8_t value) noexcept { put_little(value, 1); }
    /// Four bytes, little-endian.
    void put_u32(std::uint32_t value) noexcept { put_little(value, 4); }
    /// Eight bytes, little-endian.
    void put_u64(std::uint64_t value) noexcept { put_little(value, 8); }

    /// The shortest varint. (spec 2.3)
    void put_varint(std::uint64_t value) noexcept {
        if (!reserve(varint_size(value))) {
            return;
        }
        for (; value >= 0x80; value >>= 7) {
            out_[size_++] = static_cast<std::byte>(value | 0x80);
        }
        out_[size_++] = static_cast<std::byte>(value);
    }

    /// All of them, or none.
    void put_bytes(bytes data) noexcept {
        if (reserve(data.size())) {
            std::copy_n(data.data(), data.size(), out_.data() + size_);
            size_ += data.size();
        }
    }

    /// A length byte and the name. (spec 2.6)
    void put_peer(const peer& who) noexcept {
        put_u8(static_cast<std::uint8_t>(who.name().size()));
        put_bytes(who.bytes());
    }

    /// Eight bytes, little-endian. (spec 2.7)
    void put_epoch(epoch value) noexcept { put_u64(static_cast<std::uint64_t>(value)); }

    /// False as soon as something has not fitted.
    [[nodiscard]] bool ok() const noexcept { return ok_; }
    /// How many bytes have been written.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// What has been written. Good as long as the buffer is.
    [[nodiscard]] bytes written() const noexcept { return out_.first(size_); }

  private:
    [[nodiscard]] bool reserve(std::size_t size) noexcept {
        ok_ = ok_ && size <= out_.size() - size_;
        return ok_;
    }

    void put_little(std::uint64_t value, std::size_t size) noexcept {
        if (reserve(size)) {
            for (std::size_t i = 0; i < size; ++i, value >>= 8) {
                out_[size_++] = static_cast<std::byte>(value);
            }
        }
    }

    std::span<std::byte> out_;
    std::size_t size_ = 0;
    bool ok_ = true;
};

/// Reads from the front of some bytes, and keeps track of what is left and of the first thing that
/// was wrong.
///
/// Never reads behind the end. From the first refusal on nothing is left and every getter returns
/// zero or nothing: read a whole record, then ask `refused()` once. It copies nothing: spans refer
/// to the input.
class byte_reader {
  public:
    /// Of bytes that outlive it.
    explicit byte_reader(bytes input) noexcept : left_(input) {}

    /// One byte.
    [[nodiscard]] std::uint8_t get_u8() noexcept {
        return static_cast<std::uint8_t>(get_little(1));
    }
    /// Four bytes, little-endian.
    [[nodiscard]] std::uint32_t get_u32() noexcept {
        return static_cast<std::uint32_t>(get_little(4));
    }
    /// Eight bytes, little-endian.
    [[nodiscard]] std::uint64_t get_u64() noexcept { return get_little(8); }

    /// A varint of at most so many bits, 1 to 64. One that has more, or a superfluous byte, is
    /// `not_canonical`; one that is not at its end where the input is, is `truncated`. (spec 2.3)
    [[nodiscard]] std::uint64_t get_varint(unsigned bits = 64) noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < bits; shift += 7) {
            const std::uint64_t byte = get_u8();
            const std::uint64_t digit = byte & 0x7F;
            const bool too_wide = bits - shift < 7 && digit >> (bits - shift) != 0;
            const bool superfluous = byte == 0 && shift != 0 && ok();
            if (too_wide || superfluous) {
                break;
            }
            value |= digit << shift;
            if (byte < 0x80) {
                return ok() ? value : 0;
            }
        }
        refuse(refusal::not_canonical);
        return 0;
    }

    /// So many bytes. Good as long as the input is.
    [[nodiscard]] bytes get_bytes(std::size_t size) noexcept {
        if (size > left_.size()) {
            refuse(refusal::truncated);
            return {};
        }
        const bytes front = left_.first(size);
        left_ = left_.subspan(size);
        return front;
    }

    /// All that is left, which may be nothing. Good as long as the input is.
    [[nodiscard]] bytes rest() noexcept { return get_bytes(left_.size()); }

    /// A peer's name, 1 to 47 bytes behind a length byte. (spec 2.6)
    [[nodiscard]] peer get_peer() noexcept {
        const std::size_t size = get_u8();
        if (size == 0 || size > peer::size_max) {
            refuse(refusal::peer_name);
            return {};
        }
        const bytes name = get_bytes(size);
        return ok() ? peer(name) : peer();
    }

    /// An epoch, which is not zero. (spec 2.7)
    [[nodiscard]] epoch get_epoch() noexcept {
        const auto value = static_cast<epoch>(get_u64());
        require(value != epoch::none, refusal::epoch);
        return value;
    }

    /// The seq of a message: below 2^62. (spec 2.7)
    [[nodiscard]] seq get_seq() noexcept { return get_seq_up_to(seq_end - 1); }

    /// A bound of seqs, such as a floor: at most 2^62. (spec 2.7)
    [[nodiscard]] seq get_seq_bound() noexcept { return get_seq_up_to(seq_end); }

    /// Refuses the input. The first refusal stays.
    void refuse(refusal why) noexcept {
        if (ok()) {
            refused_ = why;
            left_ = {};
        }
    }

    /// Refuses the input unless the condition holds.
    void require(bool condition, refusal otherwise) noexcept {
        if (!condition) {
            refuse(otherwise);
        }
    }

    /// Whether nothing was wrong so far.
    [[nodiscard]] bool ok() const noexcept { return refused_ == refusal::none; }
    /// The first thing that was wrong.
    [[nodiscard]] refusal refused() const noexcept { return refused_; }
    /// How many bytes are left.
    [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }

  private:
    [[nodiscard]] std::uint64_t get_little(std::size_t size) noexcept {
        const bytes field = get_bytes(size);
        std::uint64_t value = 0;
        for (std::size_t i = field.size(); i != 0; --i) {
            value = value << 8 | std::to_integer<std::uint64_t>(field[i - 1]);
        }
        return value;
    }

    [[nodiscard]] seq get_seq_up_to(seq max) noexcept {
        const seq value = get_varint();
        if (value > max) {
            refuse(refusal::seq_range);
            return 0;
        }
        return value;
    }

    bytes left_;
    refusal refused_ = refusal::none;
};

}  // namespace sixfold::inline v0

#endif
