// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_MAILBOX_COLUMNS_HPP
#define SIXFOLD_EXT_MAILBOX_COLUMNS_HPP

#include <cstddef>
#include <cstdint>

#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

// What a mailbox in any database says of itself, and its values as signed integers of 64 bits, which is what databases have.
//
// A seq is below 2^62 and fits; an epoch has all 64 bits: so its highest bit is turned over, which keeps the order. Times are
// nanoseconds of the mailbox's clock.

namespace sixfold::inline v0 {

/// Names the stream that a row is of. (spec 1.4)
struct stream_key {
    peer to;               ///< the receiver
    peer from;             ///< the sender
    sixfold::epoch epoch;  ///< which life of the sender
};

/// What a part of a mailbox holds.
struct mailbox_usage {
    std::size_t rows = 0;    ///< payloads and tombstones
    std::size_t bytes = 0;   ///< of their payloads
    std::size_t states = 0;  ///< last ack states

    /// Each by itself.
    mailbox_usage& operator+=(const mailbox_usage& more) noexcept {
        rows += more.rows;
        bytes += more.bytes;
        states += more.states;
        return *this;
    }
};

namespace detail {

inline constexpr std::uint64_t highest_bit = std::uint64_t{1} << 63;

[[nodiscard]] constexpr std::int64_t column(epoch value) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) ^ highest_bit);
}
[[nodiscard]] constexpr std::int64_t column(std::uint64_t value) noexcept {
    return static_cast<std::int64_t>(value);
}
[[nodiscard]] constexpr std::int64_t column(time_point value) noexcept {
    return value.time_since_epoch().count();
}
[[nodiscard]] constexpr epoch epoch_in(std::int64_t column) noexcept {
    return epoch{static_cast<std::uint64_t>(column) ^ highest_bit};
}
[[nodiscard]] constexpr seq seq_in(std::int64_t column) noexcept {
    return static_cast<seq>(column);
}

}  // namespace detail

}  // namespace sixfold::inline v0

#endif
