// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MAILBOX_LAST_STATES_HPP
#define SIXFOLD_MAILBOX_LAST_STATES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// What a mailbox in memory remembers of a pair of peers after its rows have gone: the last ack state, and that a stream was given
/// up. It keeps the largest epoch of each pair, and a limited number of pairs, of which the oldest makes room. (spec 5.4, 5.6, 5.7)
///
/// It does not know rows. Each call costs O(log n); if memory runs out, nothing has changed.
class last_states {
  public:
    /// Who stores for whom.
    struct pair_key {
        peer to;    ///< the receiver
        peer from;  ///< the sender
        /// By receiver.
        friend bool operator<(const pair_key& a, const pair_key& b) noexcept {
            return a.to == b.to ? a.from < b.from : a.to < b.to;
        }
    };
    /// What is kept of a pair.
    struct entry {
        sixfold::epoch epoch;          ///< of the stream
        seq floor;                     ///< that of the ack state
        std::vector<std::byte> state;  ///< the ack state; empty: none
        std::optional<seq> given_up;   ///< what was stored below it is gone
        std::uint64_t changed = 0;     ///< its place among all
    };

    /// At least one.
    explicit last_states(std::size_t size_max) : size_max_(size_max) {}

    /// What is kept of this stream; null: nothing.
    [[nodiscard]] const entry* find(const pair_key& pair, epoch of) const {
        const auto at = entries_.find(pair);
        return at != entries_.end() && at->second.epoch == of ? &at->second : nullptr;
    }
    /// The number of pairs of which something is kept.
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    /// Keeps an ack state for a sender that will ask while its receiver is away; only for pairs that had rows here. A sender that
    /// never stores anything hears from the receiver itself.
    void remember(const pair_key& pair, const ack_request& ack, seq floor, bool deleted) {
        const auto at = entries_.find(pair);
        const bool of_use = at == entries_.end()
                                ? deleted
                                : ack.epoch > at->second.epoch ||
                                      (ack.epoch == at->second.epoch && floor >= at->second.floor);
        if (of_use) {
            put(pair, {ack.epoch, floor, {ack.state.begin(), ack.state.end()}, std::nullopt});
        }
    }

    /// A stream was given up: what was stored of it below `end` is gone.
    void give_up(const pair_key& pair, epoch of, seq end) {
        const auto at = entries_.find(pair);
        if (at == entries_.end() || at->second.epoch < of) {
            put(pair, {of, 0, {}, end});
        } else if (at->second.epoch == of) {
            at->second.given_up = (std::max)(at->second.given_up.value_or(0), end);
        }
    }

  private:
    void put(const pair_key& pair, entry what) {
        std::map<std::uint64_t, pair_key> youngest{{changes_, pair}};
        const auto [at, is_new] = entries_.try_emplace(pair);  // the last thing that can run out
        if (!is_new) {
            by_age_.erase(at->second.changed);
        } else if (entries_.size() > size_max_) {
            entries_.erase(by_age_.begin()->second);
            by_age_.erase(by_age_.begin());
        }
        what.changed = changes_++;
        at->second = std::move(what);
        by_age_.merge(youngest);
    }

    std::size_t size_max_;
    std::map<pair_key, entry> entries_;
    std::map<std::uint64_t, pair_key> by_age_;  // in the order in which they changed
    std::uint64_t changes_ = 0;                 // ever
};

}  // namespace sixfold::inline v0

#endif
