// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_TRIED_MESSAGES_HPP
#define SIXFOLD_RECEIVING_TRIED_MESSAGES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>  // iota
#include <utility>  // exchange
#include <vector>

#include "sixfold/parts/id_queue.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// How often earlier lives have handed out what they did not settle, and which hand-outs of this one the journal has not heard
/// of. (spec 7.10)
///
/// Does not know whether any of it is over by now. O(log n) of what earlier lives have left, else O(1).
class tried_messages {
  public:
    /// A message that an earlier life handed out, so often in all.
    struct tried {
        std::uint32_t stream;  ///< the index of its sender
        msgid id;              ///< its name
        std::uint32_t times;   ///< 0: this life has handed it out, and counts on
    };

    // --- earlier lives ---------------------------------------------------------------------------------------------

    /// Takes up what they have left; of a stream the last one counts.
    void restore(std::vector<tried> all) {
        // By stream, and the last one first; not std::stable_sort, of which clang warns with the library of g++ 12.
        std::vector<std::size_t> order(all.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&all](std::size_t a, std::size_t b) {
            return all[a].stream != all[b].stream ? all[a].stream < all[b].stream : a > b;
        });
        left_.clear();
        for (const std::size_t each : order) {
            if (left_.empty() || left_.back().stream != all[each].stream) {
                left_.push_back(all[each]);
            }
        }
    }
    /// By stream.
    [[nodiscard]] const std::vector<tried>& left() const noexcept { return left_; }
    /// How often they have handed out a message; that is told once, and 0 if they have not.
    [[nodiscard]] std::uint32_t take(std::uint32_t stream, msgid id) noexcept {
        tried* const last = find(stream);
        return last != nullptr && last->id == id ? std::exchange(last->times, 0) : 0;
    }
    /// The stream was dropped, and its index is another's.
    void forget(std::uint32_t stream) noexcept {
        if (tried* const last = find(stream)) {
            last->times = 0;
        }
    }

    // --- this one --------------------------------------------------------------------------------------------------

    /// Those of which the journal is to hear, by where they are held, in order; some are over perhaps.
    [[nodiscard]] id_queue& unwritten() noexcept { return unwritten_; }
    /// The same, to look at.
    [[nodiscard]] const id_queue& unwritten() const noexcept { return unwritten_; }

  private:
    friend struct receiver_access;

    [[nodiscard]] tried* find(std::uint32_t stream) noexcept {
        const auto at =
            std::lower_bound(left_.begin(), left_.end(), stream,
                             [](const tried& a, std::uint32_t of) { return a.stream < of; });
        return at != left_.end() && at->stream == stream ? &*at : nullptr;
    }

    std::vector<tried> left_;
    id_queue unwritten_;
};

}  // namespace sixfold::inline v0

#endif
