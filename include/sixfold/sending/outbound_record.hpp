// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_RECORD_HPP
#define SIXFOLD_SENDING_OUTBOUND_RECORD_HPP

#include <cstddef>
#include <cstdint>
#include <span>

#include "sixfold/journal/journal.hpp"
#include "sixfold/sending/message_state.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/frame.hpp"

// What must survive of a sender, as records. (spec 7.5, 7.6, 7.8)
//
//     tickets     generation: no ticket was given of this one or a later one
//     outbound    to || epoch | next
//     left        start: the largest that was left with a stream that was let go
//     message     ticket || to | epoch | seq | what | expires after | payload ...
//     renamed     ticket || epoch | seq
//
//     what        bits 0 to 2: 0 queued, 1 stored, 2 cancelling, 3 expiring, 4 ended, 5 refusing; bit 3: not to be stored;
//                 bits 4 to 7: how it ended; 8 and the reason if it was refused
//     expires after   0: never; else nanoseconds and one

namespace sixfold::inline v0::detail {

[[nodiscard]] inline std::size_t encode_tickets(std::uint32_t generation,
                                                std::span<std::byte> out) noexcept {
    return encode_record(record_kind::tickets, false, out,
                         [&](auto& to) { to.put_varint(generation); });
}

[[nodiscard]] inline result<void> decode_tickets(bytes value, std::uint32_t& generation) {
    byte_reader in(value);
    generation = static_cast<std::uint32_t>(in.get_varint(32));
    return in.ok() && in.left() == 0 ? result<void>() : damaged_value;
}

/// The largest start number of streams that were forgotten. (spec 7.5)
[[nodiscard]] inline std::size_t encode_left(std::uint64_t start,
                                             std::span<std::byte> out) noexcept {
    return encode_record(record_kind::left, false, out, [&](auto& to) { to.put_varint(start); });
}

[[nodiscard]] inline result<void> decode_left(bytes value, std::uint64_t& start) {
    byte_reader in(value);
    start = in.get_varint(44);
    return in.ok() && in.left() == 0 ? result<void>() : damaged_value;
}

/// How far a sender is with a stream: no seq from `next` on was given to a message. (spec 7.5)
struct outbound_record {
    peer to{};
    sixfold::epoch epoch = epoch::none;
    seq next = 0;
};

/// The stream was forgotten.
[[nodiscard]] inline std::size_t encode_outbound_gone(const peer& to,
                                                      std::span<std::byte> out) noexcept {
    return encode_record(record_kind::outbound, true, out, [&](auto& in) { in.put_peer(to); });
}

[[nodiscard]] inline std::size_t encode_outbound(const outbound_record& what,
                                                 std::span<std::byte> out) noexcept {
    return encode_record(record_kind::outbound, false, out, [&](auto& to) {
        to.put_peer(what.to);
        to.put_epoch(what.epoch);
        to.put_varint(what.next);
    });
}

/// The receiver that the record of a stream is about.
[[nodiscard]] inline peer peer_of(const record& from) noexcept {
    byte_reader key(from.key.subspan(1));
    return key.get_peer();
}

[[nodiscard]] inline result<void> decode_outbound(const record& from, outbound_record& out) {
    out.to = peer_of(from);
    byte_reader in(from.value);
    out.epoch = in.get_epoch();
    out.next = in.get_seq_bound();
    return in.ok() && in.left() == 0 ? result<void>() : damaged_value;
}

/// What a later life of the sender must know of a message. (spec 7.6)
struct message_record {
    ticket id{};
    peer to{};
    msgid name{};
    message_state state = message_state::queued;  ///< never `sent` or `relayed`, which are volatile
    status outcome = status::none;                ///< if it has ended
    refused_reason reason = refused_reason::none;  ///< if it was, or is being, refused
    sixfold::storing storing = storing::allowed;
    duration expires_after = (duration::max)();  ///< the time to its deadline, as it is written
    bytes payload{};
};

/// The bytes of the largest message record.
[[nodiscard]] constexpr std::size_t message_record_size_max(std::size_t payload_max) noexcept {
    return record_overhead_max + 8 + (1 + peer::size_max) + 8 + varint_size(seq_end) + 1 + 10 +
           payload_max;
}

inline constexpr message_state journaled_states[] = {
    message_state::queued,   message_state::stored, message_state::cancelling,
    message_state::expiring, message_state::ended,  message_state::refusing,
};
inline constexpr unsigned refused_code = 8;  ///< and the reason

[[nodiscard]] inline std::uint8_t what_of(const message_record& m) noexcept {
    unsigned state = 0;
    while (journaled_states[state] != m.state) {
        ++state;
    }
    const unsigned forbidden = m.storing == storing::forbidden ? 8 : 0;
    const unsigned outcome = m.outcome == status::refused
                                 ? refused_code + static_cast<unsigned>(m.reason)
                                 : static_cast<unsigned>(m.outcome);
    return static_cast<std::uint8_t>(state | forbidden | outcome << 4);
}

[[nodiscard]] inline std::size_t encode_message(const message_record& m,
                                                std::span<std::byte> out) noexcept {
    const bool expires = m.expires_after != (duration::max)();
    return encode_record(record_kind::message, false, out, [&](auto& to) {
        to.put_u64(static_cast<std::uint64_t>(m.id));
        to.put_peer(m.to);
        to.put_epoch(m.name.epoch);
        to.put_varint(m.name.seq);
        to.put_u8(what_of(m));
        to.put_varint(expires ? static_cast<std::uint64_t>(m.expires_after.count()) + 1 : 0);
        to.put_bytes(m.payload);
    });
}

/// A message of which the journal knows everything but its present msgid. (spec 7.6)
[[nodiscard]] inline std::size_t
encode_renamed(ticket id, msgid name, std::span<std::byte> out) noexcept {
    return encode_record(record_kind::renamed, false, out, [&](auto& to) {
        to.put_u64(static_cast<std::uint64_t>(id));
        to.put_epoch(name.epoch);
        to.put_varint(name.seq);
    });
}

/// The message has ended, and the app has heard how: its record of this kind does not count any more.
[[nodiscard]] inline std::size_t
encode_gone(record_kind kind, ticket id, std::span<std::byte> out) noexcept {
    return encode_record(kind, true, out,
                         [&](auto& to) { to.put_u64(static_cast<std::uint64_t>(id)); });
}

[[nodiscard]] inline ticket ticket_of(const record& from) noexcept {
    byte_reader key(from.key.subspan(1));
    return ticket{key.get_u64()};
}

[[nodiscard]] inline result<void> decode_renamed(bytes value, msgid& out) {
    byte_reader in(value);
    out.epoch = in.get_epoch();
    out.seq = in.get_seq();
    return in.ok() && in.left() == 0 ? result<void>() : damaged_value;
}

[[nodiscard]] inline result<void> decode_message(const record& from, message_record& out) {
    byte_reader in(from.value);
    out.id = ticket_of(from);
    out.to = in.get_peer();
    out.name.epoch = in.get_epoch();
    out.name.seq = in.get_seq();
    const unsigned what = in.get_u8();
    const std::uint64_t expires = in.get_varint();
    out.payload = in.rest();
    if (!in.ok() || (what & 7) > 5 || expires > std::uint64_t{1} << 63) {
        return damaged_value;
    }
    out.state = journaled_states[what & 7];
    out.storing = (what & 8) != 0 ? storing::forbidden : storing::allowed;
    const bool refused = what >> 4 > refused_code;
    out.outcome = refused ? status::refused : static_cast<status>(what >> 4);
    out.reason = refused ? static_cast<refused_reason>((what >> 4) - refused_code)
                 : out.state == message_state::refusing ? refused_reason::too_large
                                                        : refused_reason::none;
    out.expires_after =
        expires == 0 ? (duration::max)() : duration(static_cast<std::int64_t>(expires - 1));
    const bool queued = out.state == message_state::queued;
    const bool ended = out.state == message_state::ended;
    const bool outcome_fits = ended
                                  ? is_final(out.outcome) && out.reason <= refused_reason::too_large
                                  : out.outcome == status::none;
    const bool time_fits = expires == 0 || queued || out.state == message_state::stored;
    return outcome_fits && time_fits && (queued || out.payload.empty()) ? result<void>()
                                                                        : damaged_value;
}

}  // namespace sixfold::inline v0::detail

#endif
