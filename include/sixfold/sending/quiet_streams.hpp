// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_QUIET_STREAMS_HPP
#define SIXFOLD_SENDING_QUIET_STREAMS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/parts/id_queue.hpp"

namespace sixfold::inline v0 {

/// Streams in which nothing is under way, and that have kept what they need for it. (spec 3.2)
///
/// The last few keep it, as most write again soon. Does not know whether one is still quiet. O(1), on average over the calls.
class quiet_streams {
  public:
    /// How many keep their memory.
    static constexpr std::uint32_t kept = 64;

    /// A stream has become quiet. The one that did so first, if those are too many: it leaves.
    [[nodiscard]] std::optional<std::uint32_t> add(std::uint32_t which) {
        if (which >= is_here_.size()) {
            is_here_.resize(std::size_t{which} + 1);
        }
        if (is_here_[which] != 0) {
            return std::nullopt;
        }
        is_here_[which] = true;
        line_.push(which);
        if (size_ < kept) {
            ++size_;
            return std::nullopt;
        }
        const std::uint32_t first = line_.front();
        line_.pop();
        is_here_[first] = false;
        return first;
    }

  private:
    id_queue line_;
    std::vector<std::uint8_t> is_here_;  // by stream
    std::uint32_t size_ = 0;
};

}  // namespace sixfold::inline v0

#endif
