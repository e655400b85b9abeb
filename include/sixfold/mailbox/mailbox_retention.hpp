// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MAILBOX_MAILBOX_RETENTION_HPP
#define SIXFOLD_MAILBOX_MAILBOX_RETENTION_HPP

#include <chrono>
#include <cstdint>

#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// How long a mailbox keeps what nobody fetches: the promise of a relay to its senders. (spec 5.6)
///
/// A message whose deadline is over becomes a tombstone without this.
struct mailbox_retention {
    /// A payload that is older than this becomes a tombstone, and its sender hears `expired`.
    duration payloads = std::chrono::hours(30 * 24);
    /// If the receiver of a stream has not come for so long, for a page or to erase something, the stream is given up as a whole,
    /// recent messages included, and its sender hears `ended`.
    duration streams = std::chrono::hours(90 * 24);
};

namespace detail {

/// When a row that has so many milliseconds left becomes a tombstone; `never` if that is beyond the range of time.
[[nodiscard]] constexpr time_point end_of(std::uint64_t left, time_point now) noexcept {
    constexpr auto longest =
        static_cast<std::uint64_t>((duration::max)() / std::chrono::milliseconds(1));
    return left > longest ? never
                          : later(now, std::chrono::milliseconds(static_cast<std::int64_t>(left)));
}

}  // namespace detail

}  // namespace sixfold::inline v0

#endif
