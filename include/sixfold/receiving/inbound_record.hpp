// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_RECORD_HPP
#define SIXFOLD_RECEIVING_INBOUND_RECORD_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sixfold/journal/journal.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/receiving/dedup_window.hpp"
#include "sixfold/receiving/inbound_stream.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/bytes.hpp"

// What must survive of a receiver's stream, in one record, so that the last record of a sender is enough. (spec 7.4)
//
//     inbound     from || epoch | floor | horizon | size | accepted bits | count | exceptions
//
// Which of its messages was handed out, and how often. (spec 7.10)
//
//     tried       from || epoch | seq | times

namespace sixfold::inline v0::detail {

/// The bits are copied in pieces of this size.
inline constexpr std::uint32_t bits_piece = 64;

/// Bytes of the largest record of a stream with such limits.
[[nodiscard]] constexpr std::size_t inbound_record_size_max(std::uint32_t window,
                                                            std::uint32_t exceptions) noexcept {
    constexpr std::size_t seq_size = varint_size(seq_end);
    return record_overhead_max + (1 + peer::size_max) + 8 + 2 * seq_size + 3 + window / 8 + 1 + 1 +
           exceptions * seq_size;
}

/// Bytes of the bits of a window, up to the last that is not zero.
[[nodiscard]] inline std::size_t accepted_bits_size(const dedup_window& window) noexcept {
    std::array<std::byte, bits_piece> piece;
    std::size_t size = 0;
    for (std::uint32_t at = 0; at < window.width(); at += bits_piece * 8) {
        const std::size_t used = window.copy_bits(piece, at);
        size = used == 0 ? size : at / 8 + used;
    }
    return size;
}

template <class Out>
void write_accepted_bits(Out& out, const dedup_window& window) noexcept {
    const std::size_t size = accepted_bits_size(window);
    out.put_varint(size);
    for (std::size_t at = 0; at < size; at += bits_piece) {
        std::array<std::byte, bits_piece> piece{};
        (void)window.copy_bits(piece, static_cast<std::uint32_t>(at * 8));
        out.put_bytes(bytes(piece).first((std::min)(std::size_t{bits_piece}, size - at)));
    }
}

[[nodiscard]] inline std::size_t
encode_inbound(const peer& from, const inbound_stream& stream, std::span<std::byte> out) noexcept {
    return encode_record(record_kind::inbound, false, out, [&](auto& to) {
        to.put_peer(from);
        to.put_epoch(stream.epoch());
        to.put_varint(stream.window().floor());
        to.put_varint(stream.horizon());
        write_accepted_bits(to, stream.window());
        to.put_u8(static_cast<std::uint8_t>(stream.exceptions().size()));
        for (const exception& each : stream.exceptions()) {
            to.put_varint(each.seq << 1 | std::uint64_t{each.how == fate::rejected});
        }
    });
}

/// Reads a record into an empty stream. The window may be smaller than it was, as long as all seqs that were accepted have a place
/// in it. If fewer exceptions have room than there were, the lowest are forgotten. It is as strict as for an ack state.
/// (spec 2.9, 7.4)
[[nodiscard]] inline result<void> decode_inbound(bytes value, inbound_stream& out) {
    byte_reader in(value);
    const epoch of = in.get_epoch();
    const seq floor = in.get_seq_bound();
    const seq horizon = in.get_seq_bound();
    const bytes accepted = in.get_bytes(to_size(in.get_varint(18)));
    const std::uint64_t end = bits_end(accepted);
    const bool trimmed = accepted.empty() || accepted.back() != std::byte{0};
    if (!trimmed || test_bit(accepted, 0) || floor + end > seq_end || horizon > floor + end) {
        return damaged_value;
    }
    out.restore(of, floor, horizon);
    for (std::uint64_t i = 1; i < end; ++i) {
        if (!test_bit(accepted, i)) {
            continue;
        }
        if (i >= out.window().width()) {
            return error{errc::option,
                         "receiver.window: smaller than what the journal has accepted in it"};
        }
        out.restore(floor + i);
    }
    std::uint8_t count = in.get_u8();
    in.demand(count <= receiver_limits::exceptions_max, refusal::ack_state);
    for (; in.ok() && count != 0; --count) {
        const std::uint64_t entry = in.get_varint();
        const exception what{entry >> 1, (entry & 1) != 0 ? fate::rejected : fate::tombstoned};
        const bool rises = out.exceptions().empty() || out.exceptions().back().seq < what.seq;
        if (what.seq < horizon || !rises || out.window().of(what.seq) != standing::duplicate) {
            return damaged_value;
        }
        out.note(what);
    }
    return in.ok() && in.left() == 0 ? result<void>() : damaged_value;
}

[[nodiscard]] inline std::size_t
encode_tried(const peer& from, msgid id, std::uint32_t times, std::span<std::byte> out) noexcept {
    return encode_record(record_kind::tried, false, out, [&](auto& to) {
        to.put_peer(from);
        to.put_epoch(id.epoch);
        to.put_varint(id.seq);
        to.put_varint(times);
    });
}

/// Reads a record of a message that was handed out. (spec 7.10)
[[nodiscard]] inline result<void> decode_tried(bytes value, msgid& id, std::uint32_t& times) {
    byte_reader in(value);
    id.epoch = in.get_epoch();
    id.seq = in.get_seq();
    times = static_cast<std::uint32_t>(in.get_varint(32));
    return in.ok() && in.left() == 0 && times != 0 ? result<void>() : damaged_value;
}

}  // namespace sixfold::inline v0::detail

#endif
