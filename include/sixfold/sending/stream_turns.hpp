// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_STREAM_TURNS_HPP
#define SIXFOLD_SENDING_STREAM_TURNS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/id_queue.hpp"

namespace sixfold::inline v0 {

/// Whose turn it is among the streams that have something to send: a turn is one frame. (spec 3.6)
///
/// It keeps two queues, so that messages that are sent for the first time do not wait behind resends, which are paced. The queues
/// take turns, too. A stream is in at most one of them, once. It does not know what is sent. All O(1) on average.
class stream_turns {
  public:
    /// What a stream has to send.
    enum class kind : std::uint8_t {
        first,  ///< something for the first time
        again,  ///< something that was sent before
    };

    /// Is no stream in the queue of this kind?
    [[nodiscard]] bool empty(kind which) const noexcept { return line_of(which).empty(); }
    /// Is this stream in a queue?
    [[nodiscard]] bool waits(std::uint32_t stream) const noexcept {
        return stream < waits_.size() && waits_[stream] != 0;
    }

    /// Puts a stream at the end of a queue. Precondition: it is in none.
    void join(std::uint32_t stream, kind what) {
        SIXFOLD_ASSERT(!waits(stream));
        if (stream >= waits_.size()) {
            waits_.resize(std::size_t{stream} + 1);
        }
        waits_[stream] = true;
        line_of(what).push(stream);
    }

    /// Which queue has its turn; with `may_again` the two take turns. Nothing if no stream may send.
    [[nodiscard]] std::optional<kind> next(bool may_again) noexcept {
        const bool again = may_again && !empty(kind::again);
        if (!again && empty(kind::first)) {
            return std::nullopt;
        }
        turn_ = again && (turn_ == kind::first || empty(kind::first)) ? kind::again : kind::first;
        return turn_;
    }
    /// The stream at the front of that queue. Precondition: there is one.
    [[nodiscard]] std::uint32_t front(kind of) const noexcept { return line_of(of).front(); }
    /// Calls `visit(stream)` for each that is in a queue.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const id_queue& line : lines_) {
            line.for_each(visit);
        }
    }
    /// The stream at the front of that queue has had its turn, and leaves the queue.
    void leave(kind of) noexcept {
        waits_[front(of)] = false;
        line_of(of).pop();
    }

  private:
    friend struct test_access;

    [[nodiscard]] id_queue& line_of(kind which) noexcept {
        return lines_[static_cast<std::size_t>(which)];
    }
    [[nodiscard]] const id_queue& line_of(kind which) const noexcept {
        return lines_[static_cast<std::size_t>(which)];
    }

    std::array<id_queue, 2> lines_;  // by kind
    /// By stream: whether it is in a queue. Bits would take more code.
    std::vector<std::uint8_t> waits_;
    kind turn_ = kind::again;  // whose turn was the last one
};

}  // namespace sixfold::inline v0

#endif
