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

/// How often earlier lives have handed out messages that the app did not accept or reject, and which messages of this life still
/// need such a record. (spec 7.10)
///
/// It does not know whether a message has ended by now. O(log n) for the messages of earlier lives, else O(1).
class tried_messages {
  public:
    /// A message that earlier lives have handed out.
    struct tried {
        std::uint32_t stream;  ///< the index of its sender
        msgid id;              ///< its name
        std::uint32_t times;   ///< how often; 0: this life has handed it out, and goes on counting
    };

    // --- earlier lives ---------------------------------------------------------------------------------------------

    /// Takes up what they have left; the last message of each stream counts.
    void restore(std::vector<tried> all) {
        // By stream, the last one first. Not std::stable_sort: clang warns of it with the library of g++ 12.
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
    /// What they have left, in the order of the streams.
    [[nodiscard]] const std::vector<tried>& left() const noexcept { return left_; }
    /// How often they have handed out a message; 0 if they have not. Only the first call for a message says it.
    [[nodiscard]] std::uint32_t take(std::uint32_t stream, msgid id) noexcept {
        tried* const last = find(stream);
        return last != nullptr && last->id == id ? std::exchange(last->times, 0) : 0;
    }
    /// The stream was dropped: its index belongs to another.
    void forget(std::uint32_t stream) noexcept {
        if (tried* const last = find(stream)) {
            last->times = 0;
        }
    }

    // --- this one --------------------------------------------------------------------------------------------------

    /// The slots of the messages that need a record, in order; some of these may have ended.
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
