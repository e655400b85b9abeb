// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_ROOM_LINE_HPP
#define SIXFOLD_RECEIVING_ROOM_LINE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/parts/id_queue.hpp"

namespace sixfold::inline v0 {

/// Which streams wait for more room, in the order in which they are looked at. (spec 3.24)
///
/// Keeps what each waits for. Does not know how much room there is. O(1).
class room_line {
  public:
    /// What a stream waits for, the more urgent the larger.
    enum class need : std::uint8_t {
        none,   ///< nothing: it is not in the line
        room,   ///< that it has more of it
        place,  ///< for what was turned away
    };

    /// What a stream waits for.
    [[nodiscard]] need of(std::uint32_t which) const noexcept {
        return which < needs_.size() ? needs_[which].now : need::none;
    }
    /// It waits for this, if not for more.
    void wait(std::uint32_t which, need what) {
        if (which >= needs_.size()) {
            needs_.resize(std::size_t{which} + 1);
        }
        state& one = needs_[which];
        one.now = what > one.now ? what : one.now;
        if (!one.queued) {
            one.queued = true;
            line_.push(which);
        }
    }
    /// It waits no longer.
    void leave(std::uint32_t which) noexcept {
        if (which < needs_.size()) {
            needs_[which].now = need::none;
        }
    }
    /// The stream that is looked at next, if any.
    [[nodiscard]] std::optional<std::uint32_t> front() noexcept {
        while (!line_.empty() && of(line_.front()) == need::none) {
            needs_[line_.front()].queued = false;
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

    struct state {
        need now = need::none;
        // In the line, where those that have left stay until they are looked at.
        bool queued = false;
    };
    std::vector<state> needs_;  // by the index of the sender
    id_queue line_;
};

}  // namespace sixfold::inline v0

#endif
