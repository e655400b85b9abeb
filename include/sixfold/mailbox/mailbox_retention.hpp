// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MAILBOX_MAILBOX_RETENTION_HPP
#define SIXFOLD_MAILBOX_MAILBOX_RETENTION_HPP

#include <chrono>
#include <cstdint>

#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// How long a mailbox keeps what nobody fetches: what a relay promises to its senders. (spec 5.6)
///
/// A message whose deadline is over is a tombstone without that: its sender has said so.
struct mailbox_retention {
    /// A payload is older than this: it becomes a tombstone, and its sender hears `expired`.
    duration payloads = std::chrono::hours(30 * 24);
    /// The receiver of a stream has not come for so long, or never: for a page, or to erase something. The stream is given up as a
    /// whole, with what came yesterday, and its sender hears `ended`.
    duration streams = std::chrono::hours(90 * 24);
};

namespace detail {

/// When a row that has so many milliseconds left becomes a tombstone; `never`, if that is beyond all time.
[[nodiscard]] constexpr time_point end_of(std::uint64_t left, time_point now) noexcept {
    constexpr auto longest =
        static_cast<std::uint64_t>((duration::max)() / std::chrono::milliseconds(1));
    return left > longest ? never
                          : later(now, std::chrono::milliseconds(static_cast<std::int64_t>(left)));
}

}  // namespace detail

}  // namespace sixfold::inline v0

#endif
