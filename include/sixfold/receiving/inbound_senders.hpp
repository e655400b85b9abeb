// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_SENDERS_HPP
#define SIXFOLD_RECEIVING_INBOUND_SENDERS_HPP

#include <cstdint>

#include "sixfold/parts/id_queue.hpp"
#include "sixfold/parts/peer_table.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// The senders that a receiver knows, each with a small number, its index; and which of them may give way to a new one. (spec 3.16)
///
/// It does not know what is kept for them. O(1).
class inbound_senders {
  public:
    /// No such sender.
    static constexpr std::uint32_t none = peer_table::none;

    /// May a sender be dropped?
    enum class verdict : std::uint8_t {
        drop,     ///< yes
        not_now,  ///< perhaps later
        kept,     ///< never
    };

    /// Room for `capacity`; the key of the hash comes from `seed`.
    inbound_senders(std::uint32_t capacity, std::uint64_t seed) noexcept
        : names_(capacity, seed), capacity_(capacity) {}

    /// The index of a sender; `none`. Fastest for the one that was found last.
    [[nodiscard]] std::uint32_t find(const peer& name) noexcept { return names_.find(name); }
    /// The same, without remembering what was found.
    [[nodiscard]] std::uint32_t look_up(const peer& name) const noexcept {
        return names_.look_up(name);
    }
    /// Is there no room for another?
    [[nodiscard]] bool full() const noexcept { return names_.size() == capacity_; }
    /// The name of an index that was given. Good until the next `insert`.
    [[nodiscard]] const peer& operator[](std::uint32_t which) const noexcept {
        return names_[which];
    }

    /// The index of a sender, its old one or a new one; `none` if there is no room, or the name is not valid.
    [[nodiscard]] std::uint32_t insert(const peer& name) {
        const std::uint32_t before = names_.size();
        const std::uint32_t which = names_.insert(name);
        if (names_.size() != before) {
            new_.push(which);
        }
        return which;
    }

    /// Asks `may(index)` about senders in the order in which they came, and drops the first that may go. Returns its index, which
    /// will be given again, or `none`. It asks about a few only: the next call goes on where this one has stopped.
    template <class May>
    [[nodiscard]] std::uint32_t drop(const May& may) {
        for (int tries = 4; tries != 0 && !new_.empty();) {
            const std::uint32_t which = new_.front();
            new_.pop();
            switch (may(which)) {
            case verdict::drop: names_.erase(which); return which;
            case verdict::not_now:
                new_.push(which);
                --tries;
                break;
            case verdict::kept: break;  // never asked about again
            }
        }
        return none;
    }

  private:
    friend struct receiver_access;

    peer_table names_;
    id_queue new_;  // those that may perhaps be dropped, in the order in which they came
    std::uint32_t capacity_;
};

}  // namespace sixfold::inline v0

#endif
