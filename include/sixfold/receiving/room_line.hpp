// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_ROOM_LINE_HPP
#define SIXFOLD_RECEIVING_ROOM_LINE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/parts/id_queue.hpp"

namespace sixfold::inline v0 {

/// Streams that wait for more room, in the order in which they are looked at. (spec 3.24)
///
/// Does not know how much room there is. O(1), on average over the calls.
class room_line {
  public:
    /// Does a stream wait?
    [[nodiscard]] bool waits(std::uint32_t which) const noexcept {
        return which < marks_.size() && marks_[which].waits;
    }
    /// It waits from now on, behind all others, or where it does already.
    void wait(std::uint32_t which) {
        if (which >= marks_.size()) {
            marks_.resize(std::size_t{which} + 1);
        }
        mark& one = marks_[which];
        one.waits = true;
        if (!one.queued) {
            one.queued = true;
            line_.push(which);
        }
    }
    /// It waits no longer.
    void leave(std::uint32_t which) noexcept {
        if (which < marks_.size()) {
            marks_[which].waits = false;
        }
    }
    /// The stream that is looked at next, if any.
    [[nodiscard]] std::optional<std::uint32_t> front() noexcept {
        while (!line_.empty() && !waits(line_.front())) {
            marks_[line_.front()].queued = false;
            line_.pop();
        }
        return line_.empty() ? std::nullopt : std::optional(line_.front());
    }
    /// That goes to the end. Precondition: there is one.
    void rotate() {
        const std::uint32_t which = line_.front();
        line_.pop();
        line_.push(which);
    }

  private:
    friend struct receiver_access;

    struct mark {
        bool waits = false;
        // In the line, where those that have left stay until they are looked at.
        bool queued = false;
    };
    std::vector<mark> marks_;  // by the index of the sender
    id_queue line_;
};

}  // namespace sixfold::inline v0

#endif
