// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_RUN_TERM_HPP
#define SIXFOLD_SENDING_RUN_TERM_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sixfold/time.hpp"
#include "sixfold/wire/bytes.hpp"

namespace sixfold::inline v0 {

/// The deadline that the messages of a run have in common: the latest of their deadlines. So a mailbox turns no message into a
/// tombstone before its own deadline, and none is late by more than an eighth of the time that it has left. (spec 3.13)
class run_term {
  public:
    /// The most bytes that the time left takes in a frame.
    static constexpr std::size_t size_max =
        varint_size(static_cast<std::uint64_t>((duration::max)() / std::chrono::milliseconds(1)));

    /// Adds a message; its deadline is after `now`, or `never`. False: it has to go in another run.
    [[nodiscard]] bool take(time_point deadline, time_point now) noexcept {
        const time_point earliest = (std::min)(earliest_, deadline);
        const time_point latest = (std::max)(latest_, deadline);
        const bool together = latest_ == time_point() || latest - earliest <= (earliest - now) / 8;
        if (together) {
            earliest_ = earliest;
            latest_ = latest;
        }
        return together;
    }

    /// Milliseconds from `now` to the deadline, rounded up. None: no message has a deadline.
    [[nodiscard]] std::optional<std::uint64_t> left(time_point now) const noexcept {
        if (latest_ == never || latest_ == time_point()) {
            return std::nullopt;
        }
        return static_cast<std::uint64_t>(
            std::chrono::ceil<std::chrono::milliseconds>(latest_ - now).count());
    }

  private:
    time_point earliest_ = never;
    time_point latest_{};  // the clock's zero: there is no message yet
};

}  // namespace sixfold::inline v0

#endif
