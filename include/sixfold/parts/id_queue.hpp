// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_ID_QUEUE_HPP
#define SIXFOLD_PARTS_ID_QUEUE_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// A queue of small numbers: first in, first out.
///
/// It does not know what they name, nor whether a number is in it already. Each call is O(1) on average: the rest is moved only
/// after as many have left. It grows until there is room for all that wait at the same time, and then no more.
class id_queue {
  public:
    /// Whether nobody waits.
    [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }

    /// Puts one at the end.
    void push(std::uint32_t id) { ids_.push_back(id); }

    /// The one that waits longest. Precondition: not empty.
    [[nodiscard]] std::uint32_t front() const noexcept { return ids_[from_]; }

    /// Removes the one that waits longest. Precondition: not empty.
    void pop() noexcept {
        if (2 * ++from_ >= ids_.size()) {
            ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(from_));
            from_ = 0;
        }
    }

    /// Calls `visit(id)` for each, the one that waits longest first.
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::size_t i = from_; i < ids_.size(); ++i) {
            visit(ids_[i]);
        }
    }

  private:
    std::vector<std::uint32_t> ids_;
    std::size_t from_ = 0;  // those in front of it have left
};

}  // namespace sixfold::inline v0

#endif
