// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_CODEC_HPP
#define SIXFOLD_WIRE_CODEC_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>  // as_const
#include <variant>

#include "sixfold/error.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/little_endian.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_layout.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/crc32c.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/frame_layout.hpp"
#include "sixfold/wire/msg_layout.hpp"
#include "sixfold/wire/packet.hpp"
#include "sixfold/wire/run.hpp"
#include "sixfold/wire/sync_layout.hpp"

// Frames to bytes and back, canonically: what `decode` takes, `encode` writes again, byte for byte.
// (spec 2 and 4)
//
// This header knows what every frame has: header, length, checksum. The layouts know what is
// between these.

namespace sixfold::inline v0 {

/// How frames are put on one link: whether they carry a checksum, and for whom.
///
/// The checksum is calculated over the name of the client's peer at the end of the link, which is
/// not sent, and then over the frame. So a frame that reaches the wrong peer is refused like a
/// damaged one. The name is that of the client: its own in the client, the link's peer in the
/// relay. (spec 2.5)
class framing {
  public:
    /// For the links of this client; an invalid name makes the framing of nobody. O(size of the name).
    explicit framing(const peer& end_of_link,
                     sixfold::checksum mode = sixfold::checksum::on) noexcept
        : mode_(mode) {
        const auto size = static_cast<std::byte>(end_of_link.name().size());
        seed_ = crc32c(end_of_link.bytes(), crc32c(bytes(&size, 1)));
    }

    /// Whether frames carry a checksum.
    [[nodiscard]] sixfold::checksum mode() const noexcept { return mode_; }
    /// The bytes of the checksum: 4, or 0 on an unchecked link.
    [[nodiscard]] std::size_t trailer_size() const noexcept {
        return mode_ == sixfold::checksum::on ? 4 : 0;
    }
    /// The checksum of a frame, given all its bytes before the checksum.
    [[nodiscard]] std::uint32_t checksum_of(bytes front) const noexcept {
        return crc32c(front, seed_);
    }

  private:
    std::uint32_t seed_ = 0;
    sixfold::checksum mode_;
};

/// The most bytes that a frame has besides its messages or ack state: those of a sync:R with two keys of the longest names
/// and seqs. (spec 2.14)
inline constexpr std::size_t frame_overhead_max =
    2 + 2 + 2 + 2 * 5 + 2 * ((1 + peer::size_max) + 8 + varint_size(seq_end)) + 4;

/// Bytes of the largest frame on a link, in either direction, if the relay takes payloads of at most
/// so many bytes; a `stream_reader` has to take these. Do not use the client's `payload_max`: a message
/// that is too large for the client must be read to be rejected. O(1).
[[nodiscard]] constexpr std::size_t frame_size_max(std::size_t payload_max) noexcept {
    return frame_overhead_max + (std::max)({payload_max, run::size_max, ack_state_size_max()});
}

namespace detail {

/// Reads the body of a frame whose header and checksum are right, and gives it to `take` if nothing is wrong.
template <class Frame, class Take>
    requires std::is_invocable_v<const Take&, const Frame&>
[[nodiscard]] refusal take_body(unsigned flags, bytes body, const Take& take) {
    if (!frame_layout<Frame>::accepts(flags)) {
        return refusal::flags;
    }
    byte_reader in(body);
    Frame read;
    frame_layout<Frame>::read(in, flags, read);
    in.demand(in.left() == 0, refusal::trailing);
    return in.ok() ? take(std::as_const(read)) : in.refused();
}
/// A kind with which `take` cannot be called is not read, and the program has no code to read it.
template <class Frame, class Take>
[[nodiscard]] refusal take_body(unsigned /*flags*/, bytes /*body*/, const Take& /*take*/) {
    return refusal::direction;
}

/// Gives a whole frame to `take` if its checksum is right and its body is valid.
template <class Take>
[[nodiscard]] refusal
take_frame(bytes whole, std::size_t header, const framing& link, const Take& take) {
    if (whole.size() - header < link.trailer_size()) {
        return refusal::truncated;
    }
    const bytes front = whole.first(whole.size() - link.trailer_size());
    if (link.mode() == checksum::on &&
        load_little32(whole.data() + front.size()) != link.checksum_of(front)) {
        return refusal::checksum;
    }
    const bytes body = front.subspan(header);
    const auto flags = std::to_integer<unsigned>(whole[1]);
    switch (std::to_integer<unsigned>(whole[0] & std::byte{0x0F})) {
    case frame_layout<msg_request>::kind: return take_body<msg_request>(flags, body, take);
    case frame_layout<msg_answer>::kind: return take_body<msg_answer>(flags, body, take);
    case frame_layout<msg_notify>::kind: return take_body<msg_notify>(flags, body, take);
    case frame_layout<ack_request>::kind: return take_body<ack_request>(flags, body, take);
    case frame_layout<ack_answer>::kind: return take_body<ack_answer>(flags, body, take);
    case frame_layout<ack_notify>::kind: return take_body<ack_notify>(flags, body, take);
    case frame_layout<sync_request>::kind: return take_body<sync_request>(flags, body, take);
    default: return take_body<sync_answer>(flags, body, take);
    }
}

}  // namespace detail

/// Whether these fields make a frame: each is within its range, and those that its form or word does
/// not have are at their defaults. What `decode` gives is always valid. O(1), with an ack state O(its
/// bytes).
template <class Frame>
[[nodiscard]] bool is_valid(const Frame& what) noexcept {
    using layout = detail::frame_layout<Frame>;
    return layout::accepts(layout::flags(what)) && layout::is_valid(what) &&
           detail::is_state_valid(what);
}

/// Encodes any of the eight frames. Returns its size, or 0 if it does not fit: into `out`, or into a frame at all.
///
/// The frame must be valid; otherwise the caller has a bug, and nothing is encoded. An ack state is not checked: `decode` has
/// checked it, or `encode_ack_state` has made it. Allocates nothing, and copies the payload once. O(size of the frame).
/// (spec 2.2, 2.4, 2.5)
template <class Frame>
    requires requires {
        detail::frame_layout<Frame>::kind;
    }
[[nodiscard]] std::size_t
encode(const Frame& what, const framing& link, std::span<std::byte> out) noexcept {
    using layout = detail::frame_layout<Frame>;
    const unsigned flags = layout::flags(what);
    const bool valid = layout::accepts(flags) && layout::is_valid(what);
    SIXFOLD_ASSERT(valid);
    if (!valid) {
        return 0;
    }
    byte_counter body;
    layout::write(body, what);
    const std::size_t length = body.size() + link.trailer_size();
    if (length > frame_length_max) {
        return 0;
    }
    byte_writer to(out);
    to.put_u8(wire_version << 4 | layout::kind);
    to.put_u8(static_cast<std::uint8_t>(flags));
    to.put_varint(length);
    layout::write(to, what);
    if (link.mode() == checksum::on) {
        to.put_u32(link.checksum_of(to.written()));
    }
    return to.ok() ? to.size() : 0;
}

/// The same for a frame whose kind is known only at run time.
[[nodiscard]] inline std::size_t
encode(const frame& what, const framing& link, std::span<std::byte> out) noexcept {
    return std::visit([&](const auto& kind) { return encode(kind, link, out); }, what);
}

/// Decodes one whole frame, which is neither cut nor followed by anything, and says why if it cannot.
///
/// In this order: the header, its version, kind and length; the checksum; then, trusted to be what
/// was sent, flags and body, from the front. On refusal `out` is as it was. The payload or ack
/// state in `out` refers to `one_frame`. It allocates nothing. O(size), and O(1) if the header is
/// refused. (spec 2.11)
[[nodiscard]] inline refusal decode(bytes one_frame, const framing& link, frame& out) noexcept {
    const frame_extent extent = detail::find_frame(one_frame);
    if (extent.refused != refusal::none) {
        return extent.refused;
    }
    if (extent.size != one_frame.size()) {
        return refusal::trailing;
    }
    const auto take = [&out](const auto& read) {
        out = read;
        return refusal::none;
    };
    return detail::take_frame(one_frame, extent.header, link, take);
}

/// Decodes the frames of a packet, one after the other, and calls `take(what, wire)` for each, with the frame and the bytes that it
/// was decoded from. `take` accepts the kinds of frames that this side takes, and returns what it refuses.
///
/// A frame with which `take` cannot be called is refused as `direction`, unread. A frame that cannot be decoded is the last, as nobody
/// knows where the next one begins; so is a frame that `take` refuses with something that `ends_stream`. `refused` counts frames
/// that `take` did not see; `take` counts its own. Returns the last refusal. Otherwise as `decode`. (spec 2.11, 2.12)
template <class Take>
refusal decode_packet(bytes packet, const framing& link, refusal_counts& refused, Take take) {
    refusal last = refusal::none;
    while (!packet.empty() && !ends_stream(last)) {
        const frame_extent extent = detail::find_frame(packet);
        refusal why = extent.refused;
        if (why == refusal::none) {
            const bytes wire = packet.first(extent.size);
            const auto take_this = [&](const auto& what) requires(
                std::is_invocable_v<Take&, decltype(what), bytes>) {
                return take(what, wire);
            };
            why = detail::take_frame(wire, extent.header, link, take_this);
            packet = packet.subspan(extent.size);
        }
        if (why == refusal::direction || ends_stream(why)) {
            refused.add(why);
        }
        last = why == refusal::none ? last : why;
    }
    return last;
}

}  // namespace sixfold::inline v0

#endif
