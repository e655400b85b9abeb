// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_PACKET_HPP
#define SIXFOLD_WIRE_PACKET_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sixfold/error.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"

// Where a frame begins and ends, and how several of them share one packet of a datagram transport.
// (spec 2.2, 2.4, 2.12)
//
//     0          1        2                                          size
//     +----------+--------+-------------+- - - - - - - - +------------+
//     | ver kind | flags  | length      | body           | checksum   |
//     +----------+--------+-------------+- - - - - - - - +------------+
//       4    4     8 bits   1 to 4 bytes                   4 bytes, on a checked link
//                                       |<---------- length --------->|

namespace sixfold::inline v0 {

/// The version of the wire format, independent of the library's. (spec 2.1)
inline constexpr std::uint8_t wire_version = 2;

/// The largest number that fits the length field of a frame.
inline constexpr std::size_t frame_length_max = (std::size_t{1} << 28) - 1;

/// The largest header: version and kind, flags, a length of 4 bytes.
inline constexpr std::size_t frame_header_size_max = 6;

/// Whether a frame may begin with this byte: `none`, `version` or `kind`. (spec 2.1, 2.2)
[[nodiscard]] constexpr refusal check_first_byte(std::byte first) noexcept {
    const auto version = std::to_integer<unsigned>(first >> 4);
    const auto kind = std::to_integer<unsigned>(first & std::byte{0x0F});
    if (version != wire_version) {
        return refusal::version;
    }
    return kind >= 1 && kind <= 8 ? refusal::none : refusal::kind;
}

/// How long the frame is that begins here, as far as its header says.
struct frame_extent {
    /// `truncated`: the header is not whole yet; `not_canonical`: no length.
    refusal refused = refusal::none;
    std::uint32_t header = 0;  ///< bytes in front of the body
    std::uint32_t size = 0;    ///< bytes of the frame, which may be more than are here
};

/// Reads the header of the frame that begins here, and looks at nothing but its length. O(1).
[[nodiscard]] inline frame_extent measure_frame(bytes front) noexcept {
    byte_reader in(front.first((std::min)(front.size(), frame_header_size_max)));
    (void)in.get_bytes(2);
    const auto length = static_cast<std::uint32_t>(in.get_varint(28));
    if (!in.ok()) {
        return {in.refused(), 0, 0};
    }
    const auto header = static_cast<std::uint32_t>(2 + varint_size(length));
    return {refusal::none, header, header + length};
}

namespace detail {

/// How long the frame is that begins here, and whether it may be one and is here as a whole. In the order of spec 2.11. O(1).
[[nodiscard]] inline frame_extent find_frame(bytes front) noexcept {
    if (front.size() < 3) {
        return {refusal::truncated, 0, 0};
    }
    if (const refusal why = check_first_byte(front[0]); why != refusal::none) {
        return {why, 0, 0};
    }
    const frame_extent extent = measure_frame(front);
    return extent.size > front.size() ? frame_extent{refusal::truncated, 0, 0} : extent;
}

}  // namespace detail

/// Splits a packet into its frames, by their lengths alone. `decode` says what is in them.
///
/// When a packet stops being a sequence of frames, the rest of it cannot be trusted: `next()`
/// returns nothing more and `refused()` says why. The same holds when `decode` refuses one of the
/// frames: its length may be what was damaged, so leave the rest of that packet alone. It refers to
/// the packet, which must outlive it.
class packet_reader {
  public:
    /// Reads a packet that outlives it.
    explicit packet_reader(bytes packet) noexcept : left_(packet) {}

    /// The next frame, or nothing at the end of the packet. Good as long as the packet is. O(1).
    [[nodiscard]] std::optional<bytes> next() noexcept {
        if (left_.empty()) {
            return std::nullopt;
        }
        const frame_extent extent = measure_frame(left_);
        if (extent.refused != refusal::none || extent.size > left_.size()) {
            refused_ = detail::find_frame(left_).refused;
            left_ = {};
            return std::nullopt;
        }
        const bytes whole = left_.first(extent.size);
        left_ = left_.subspan(extent.size);
        return whole;
    }

    /// `none` unless the packet was cut (`truncated`) or had an invalid length (`not_canonical`); or, in
    /// these cases, a first byte that begins no frame (`version`, `kind`).
    [[nodiscard]] refusal refused() const noexcept { return refused_; }

  private:
    bytes left_;
    refusal refused_ = refusal::none;
};

}  // namespace sixfold::inline v0

#endif
