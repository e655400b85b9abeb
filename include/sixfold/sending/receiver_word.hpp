// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_RECEIVER_WORD_HPP
#define SIXFOLD_SENDING_RECEIVER_WORD_HPP

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"

namespace sixfold::inline v0 {

/// What a receiver itself has said of one stream, as far as it is still good: what it takes, and how far it is. (spec 3.9, 3.10)
///
/// Keeps its limits, whether it is met, its last floor and how much it had at most. Does not know messages or time. What holds
/// for a link ends with it, what holds for an epoch with that; the limits but for the room stay. All O(1), but where said.
class receiver_word {
  public:
    /// Nothing was said; payloads are limited by our own option.
    explicit receiver_word(std::uint32_t payload_max) noexcept {
        limits_.payload_max = payload_max;
    }

    /// Has it said a state of this epoch since the link came up, and not gone since?
    [[nodiscard]] bool met() const noexcept { return met_; }
    /// Exceptions that it remembers.
    [[nodiscard]] std::uint32_t exceptions() const noexcept { return limits_.exceptions; }
    /// Bytes of the largest payload that it, or the relay, takes.
    [[nodiscard]] std::uint32_t payload_max() const noexcept {
        return (std::min)(limits_.payload_max, relay_payload_max_);
    }
    /// The first seq that it does not take, as it last said on this link; `seq_end` while it has said nothing.
    [[nodiscard]] seq last_room_end() const noexcept {
        return floor_ ? *floor_ + limits_.room : seq_end;
    }
    /// Is the floor that it last reported below this base, or is it not in our epoch, as it last said?
    [[nodiscard]] bool is_behind(seq base) const noexcept {
        return waits_ || (floor_ && *floor_ < base);
    }

    /// What came of its word.
    struct progress {
        bool got_on = false;  ///< it has, or holds, more than it ever said
        bool rose = false;    ///< its floor is higher than it last said
    };
    /// Its state of this epoch. O(bytes).
    progress said(const ack_state& state) noexcept {
        progress out;
        out.rose = !floor_ || state.floor() > *floor_;
        met_ = true;
        waits_ = false;
        floor_ = state.floor();
        if (state.limits()) {
            limits_ = *state.limits();
        }
        if (state.first() == state.floor()) {  // a later part of its window is no measure
            out.got_on = state.known() > known_;
            known_ = (std::max)(known_, state.known());
        }
        return out;
    }
    /// The relay takes no payload that is larger.
    void limit_payload(std::uint32_t most) noexcept {
        relay_payload_max_ = (std::min)(relay_payload_max_, most);
    }

    /// It is not in our epoch.
    void waits() noexcept {
        gone();
        waits_ = true;
    }
    /// It has no link any more, or is no longer believed to have one.
    void away() noexcept { gone(); }
    /// There is a new link: what was said on the last one counts no more.
    void link_up() noexcept { gone(); }
    /// Another epoch begins.
    void begin() noexcept {
        gone();
        known_ = 0;
    }

  private:
    friend struct test_access;

    void gone() noexcept {
        met_ = waits_ = false;
        floor_.reset();
    }

    receiver_limits limits_{};
    std::uint32_t relay_payload_max_ = UINT32_MAX;
    std::optional<seq> floor_;  // the last that it said since the link came up, not the highest
    seq known_ = 0;             // the most seqs that it said it has, or holds
    bool met_ = false;
    bool waits_ = false;  // its last word was that it is not in our epoch
};

}  // namespace sixfold::inline v0

#endif
