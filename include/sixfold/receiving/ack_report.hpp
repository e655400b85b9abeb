// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_ACK_REPORT_HPP
#define SIXFOLD_RECEIVING_ACK_REPORT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sixfold/parts/assert.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/exception_list.hpp"

// How a receiver encodes an ack state: what it has of a stream. (spec 2.9)

namespace sixfold::inline v0 {

/// What a receiver reports of one stream. The spans belong to the receiver.
struct ack_report {
    sixfold::seq floor = 0;    ///< all below have ended
    sixfold::seq horizon = 0;  ///< below it nobody vouches how a seq ended
    std::uint32_t skip = 0;    ///< `accepted` and `held` begin with the seq `floor + 8 * skip`
    /// Bit i is set if the seq i places behind that one has ended, in whatever way. The floor itself has not. Zero bytes at the end
    /// do no harm.
    bytes accepted = {};
    /// Bit i is set if the same seq is held. No bit is set here and in `accepted`, too.
    bytes held = {};
    /// Seqs that ended otherwise than by acceptance, in order.
    std::span<const exception> exceptions = {};
    std::optional<receiver_limits> limits = {};  ///< to be told; nothing if they are not
};

namespace detail {

/// The one form in which a bit string is sent: at most 64 bytes, the last of them not zero.
[[nodiscard]] inline bytes canonical_bits(bytes bits) noexcept {
    bits = bits.first((std::min)(bits.size(), ack_bits_size_max));
    while (!bits.empty() && bits.back() == std::byte{0}) {
        bits = bits.first(bits.size() - 1);
    }
    return bits;
}

/// The seq that the first bits belong to.
[[nodiscard]] inline seq first_reported(const ack_report& report) noexcept {
    return report.floor + seq{8} * report.skip;
}

/// Leaves out what does not have to be said: bits without room, zero bytes at the end, and zero bytes at the beginning if some are
/// skipped already. Lowers a horizon that lies above all seqs that have ended to the end of these, which says the same.
inline void make_canonical(ack_report& report) noexcept {
    report.accepted = canonical_bits(report.accepted);
    report.held = canonical_bits(report.held);
    if (report.accepted.empty() && report.held.empty()) {
        report.skip = 0;
    }
    while (report.skip != 0 && begins_empty(report.accepted) && begins_empty(report.held)) {
        ++report.skip;
        for (bytes* bits : {&report.accepted, &report.held}) {
            *bits = bits->subspan((std::min)(bits->size(), std::size_t{1}));
        }
    }
    const seq first = first_reported(report);
    const seq ended = report.accepted.empty() ? report.floor : first + bits_end(report.accepted);
    report.horizon = (std::min)(report.horizon, ended);
    SIXFOLD_ASSERT(first + (std::max)(bits_end(report.accepted), bits_end(report.held)) <= seq_end);
    SIXFOLD_ASSERT(report.skip <= ack_skip_max && disjoint(report.accepted, report.held));
    SIXFOLD_ASSERT(!test_bit(report.accepted, report.floor - first));
}

/// Whether the report says that this seq has ended, at or above the horizon, so that it also says how.
[[nodiscard]] inline bool is_reported(const ack_report& report, const exception& e) noexcept {
    return e.seq >= report.horizon &&
           (e.seq < report.floor || test_bit(report.accepted, e.seq - first_reported(report)));
}

/// Writes each exception as its distance from the one before, and how it ended.
inline void put_exceptions(byte_writer& to, const ack_report& report) noexcept {
    seq next = report.horizon;
    for (const exception& e : report.exceptions) {
        if (is_reported(report, e)) {
            SIXFOLD_ASSERT(e.seq >= next && (e.how == fate::tombstoned || e.how == fate::rejected));
            to.put_varint((e.seq - next) << 1 | (e.how == fate::rejected ? 1U : 0U));
            next = e.seq + 1;
        }
    }
}

}  // namespace detail

/// Encodes the part of a report that has room in an ack state: the first 512 bits, and the exceptions at or above the horizon
/// that these bits report as ended.
///
/// Returns the size, or 0 if it does not fit; `ack_state_size_max()` bytes always do. O(bytes). (spec 2.9)
[[nodiscard]] inline std::size_t encode_ack_state(ack_report report,
                                                  std::span<std::byte> out) noexcept {
    detail::make_canonical(report);
    const auto count =
        std::count_if(report.exceptions.begin(), report.exceptions.end(),
                      [&](const exception& e) { return detail::is_reported(report, e); });
    SIXFOLD_ASSERT(count <= std::ptrdiff_t{receiver_limits::exceptions_max});
    const bool excepts = report.horizon != 0 || count != 0;

    using parts = detail::ack_parts;
    const unsigned told =
        (report.limits ? parts::limits : 0U) | (report.skip == 0 ? 0U : parts::skip) |
        (report.accepted.empty() ? 0U : parts::accepted) |
        (report.held.empty() ? 0U : parts::held) | (excepts ? parts::exceptions : 0U);
    byte_writer to(out);
    to.put_varint(report.floor);
    if (told != 0) {
        to.put_u8(static_cast<std::uint8_t>(told));
    }
    if (report.limits) {
        SIXFOLD_ASSERT(report.limits->valid());
        to.put_varint(report.limits->room);
        to.put_varint(report.limits->exceptions);
        to.put_varint(report.limits->payload_max);
    }
    if (report.skip != 0) {
        to.put_varint(report.skip);
    }
    for (const bytes bits : {report.accepted, report.held}) {
        if (!bits.empty()) {
            to.put_u8(static_cast<std::uint8_t>(bits.size()));
            to.put_bytes(bits);
        }
    }
    if (excepts) {
        to.put_varint(report.horizon);
        to.put_u8(static_cast<std::uint8_t>(count));
        detail::put_exceptions(to, report);
    }
    return to.ok() ? to.size() : 0;
}

}  // namespace sixfold::inline v0

#endif
