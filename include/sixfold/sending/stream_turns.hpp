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

/// Whose turn it is, of the streams that have something to send: one frame each. (spec 3.6)
///
/// Keeps two lines, so that what is sent for the first time does not wait behind what is sent again, and paced; they take turns,
/// too. A stream stands in one place of one of them. Does not know what is sent. All O(1) on average.
class stream_turns {
  public:
    /// What a stream has to send.
    enum class kind : std::uint8_t {
        first,  ///< something for the first time
        again,  ///< something that was sent before
    };

    /// Does nobody of this kind stand in line?
    [[nodiscard]] bool empty(kind which) const noexcept { return line_of(which).empty(); }
    /// Does this stream?
    [[nodiscard]] bool waits(std::uint32_t stream) const noexcept {
        return stream < waits_.size() && waits_[stream] != 0;
    }

    /// Puts a stream, which does not wait yet, at the end of a line.
    void join(std::uint32_t stream, kind what) {
        SIXFOLD_ASSERT(!waits(stream));
        if (stream >= waits_.size()) {
            waits_.resize(std::size_t{stream} + 1);
        }
        waits_[stream] = true;
        line_of(what).push(stream);
    }

    /// Whose line has its turn: with `may_again` the two take turns. Nothing if there is nobody.
    [[nodiscard]] std::optional<kind> next(bool may_again) noexcept {
        const bool again = may_again && !empty(kind::again);
        if (!again && empty(kind::first)) {
            return std::nullopt;
        }
        turn_ = again && (turn_ == kind::first || empty(kind::first)) ? kind::again : kind::first;
        return turn_;
    }
    /// The stream at the front of that line. Precondition: there is one.
    [[nodiscard]] std::uint32_t front(kind of) const noexcept { return line_of(of).front(); }
    /// Calls `visit(stream)` for each that stands in line.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const id_queue& line : lines_) {
            line.for_each(visit);
        }
    }
    /// It has had its turn, and stands in no line.
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

    std::array<id_queue, 2> lines_;    // by kind
    std::vector<std::uint8_t> waits_;  // by stream: whether it does; bits would take more code
    kind turn_ = kind::again;          // who had the last one
};

}  // namespace sixfold::inline v0

#endif
