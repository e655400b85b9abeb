// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_STREAM_HPP
#define SIXFOLD_SENDING_OUTBOUND_STREAM_HPP

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/retry.hpp"
#include "sixfold/parts/slot_ring.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"

namespace sixfold::inline v0 {

/// One stream as its sender sees it: which seqs have not ended, and where their messages are.
///
///     0 ...... first ........ base ......... unsent ........ next
///     ended   | some stored  | in the window | waits for     | free
///             |              | (unfinished)  | the window    |
///
/// Keeps a ring from seq to the slot of its message, and what the receiver has said of itself. Does not know what a
/// message is, nor the time. A seq between `first` and `next` without a slot has ended. All O(1) but the growth of the
/// ring, which doubles.
class outbound_stream {
  public:
    /// No message.
    static constexpr std::uint32_t no_slot = slot_ring::none;

    sixfold::epoch epoch = epoch::none;  ///< the present one
    receiver_limits limits{};            ///< what the receiver takes, as far as it has said so
    std::uint64_t record = 0;  ///< what must be durable before anything of this epoch may leave
    sixfold::epoch journaled_epoch = epoch::none;  ///< the last record of this stream named it,
    seq journaled_next = 0;                        ///< and said that no seq from here on was given
    round_trip trip{};                             ///< from msg:R to the receiver's own ack
    std::optional<seq>
        reported_floor;        ///< the last that B itself said since the link came up (law 11)
    seq known = 0;             ///< how many seqs the receiver's last word covered, or said it holds
    time_point probed_at{};    ///< when the last probe left
    std::uint32_t probes = 0;  ///< since something was heard of B: the exponent of their backoff
    std::uint32_t stored = 0;  ///< messages that are stored, their end unknown
    std::uint32_t tombstones = 0;  ///< tombstones under way
    bool met = false;         ///< B itself has said since the link came up that it is in this epoch
    bool backed_off = false;  ///< something was resent, and resent, since the last sign of life
    seq sent_end = 0;         ///< above everything that was ever sent: no ack can speak of more

    /// The lowest seq that may not have ended.
    [[nodiscard]] seq first() const noexcept { return first_; }
    /// The lowest unfinished seq. (spec 3.3)
    [[nodiscard]] seq base() const noexcept { return base_; }
    /// The first seq that waits for the window.
    [[nodiscard]] seq unsent() const noexcept { return unsent_; }
    /// The seq of the next message.
    [[nodiscard]] seq next() const noexcept { return next_; }
    /// Whether all that was taken has ended.
    [[nodiscard]] bool empty() const noexcept { return first_ == next_; }

    /// The slot of a seq's message; `no_slot` when it has ended or never was.
    [[nodiscard]] std::uint32_t slot(seq at) const noexcept {
        return at < first_ || at >= next_ ? no_slot : ring_[at];
    }
    /// Asks 64 seqs at once: bit i of `open()(from)` is set if `from + i` has a message, and perhaps for what is below `first` or
    /// not below `next`. Good as long as the stream is there.
    [[nodiscard]] auto open() const noexcept {
        return [this](seq from) {
            return ring_.used(from);
        };
    }
    /// The same without those whose timer is stretched, as far as that is known.
    [[nodiscard]] auto open_unstretched() const noexcept {
        return [this](seq from) {
            return ring_.unmarked(from);
        };
    }
    /// Whether the timer of this seq's message was stretched since it was sent last.
    void set_stretched(seq at, bool is) noexcept { ring_.mark(at, is); }

    /// Gives the next seq to a message.
    seq append(std::uint32_t slot) {
        if (next_ - first_ == ring_.size()) {
            ring_.grow(first_, next_);
        }
        ring_.put(next_, slot);
        return next_++;
    }

    /// An empty stream that begins at a seq: of an earlier life, so all below has ended, or is put in from there on.
    void restore(sixfold::epoch with, seq first) noexcept {
        restart(with);
        first_ = base_ = unsent_ = next_ = first;
    }

    /// The seq has ended.
    void remove(seq at) noexcept {
        SIXFOLD_ASSERT(slot(at) != no_slot);
        ring_.put(at, no_slot);
        skip_ended();
    }

    /// Moves the first seq up over those that have ended.
    void skip_ended() noexcept {
        while (first_ < next_ && ring_[first_] == no_slot) {
            ++first_;
        }
        base_ = (std::max)(base_, first_);
        unsent_ = (std::max)(unsent_, first_);
    }

    /// Moves the base up over what `finished(slot)` says is finished.
    template <class Finished>
    void advance_base(Finished finished) {
        if (tombstones == 0) {
            base_ = (std::max)(base_, passed_);  // only a tombstone can be unfinished down there
        }
        while (base_ < next_) {
            const std::uint32_t at = ring_[base_];
            if (at != no_slot && !finished(at)) {
                return;
            }
            ++base_;
        }
    }

    /// A stored message has become a tombstone, which is unfinished again.
    void lower_base(seq to) noexcept {
        passed_ = (std::max)(passed_, base_);
        base_ = (std::min)(base_, to);
    }

    /// The first seq that may not be sent yet. While a tombstone is under way the receiver's memory for exceptions is the
    /// bound, so that it forgets none of what is new before we hear of it (law 3, spec 3.4). What was sent already is taken back
    /// all the same: that it is not shown is worth more than that we hear of it.
    [[nodiscard]] seq window_end(std::uint32_t window) const noexcept {
        std::uint32_t width = (std::min)(window, limits.window);
        if (tombstones != 0) {
            width = (std::min)(width, limits.exceptions);
        }
        return (std::min)(base_ + width, next_);
    }

    /// The next seq has been handed on for its first sending.
    void pass_unsent() noexcept { ++unsent_; }

    /// Does the journal know that this seq was given, without the record of its message?
    [[nodiscard]] bool is_journaled(sixfold::epoch of, seq at) const noexcept {
        return journaled_epoch == epoch && (of != epoch || at < journaled_next);
    }

    /// Goes on as an empty stream of another epoch.
    void restart(sixfold::epoch with) noexcept {
        epoch = with;
        first_ = base_ = unsent_ = next_ = passed_ = 0;
        reported_floor.reset();
        stored = tombstones = 0;
        sent_end = known = 0;
        probes = 0;
        met = backed_off = false;
    }

  private:
    friend struct test_access;

    slot_ring ring_;
    seq first_ = 0;
    seq base_ = 0;
    seq unsent_ = 0;
    seq next_ = 0;
    seq passed_ = 0;  // how far the base was when it was lowered
};

}  // namespace sixfold::inline v0

#endif
