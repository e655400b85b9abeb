// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_STREAM_HPP
#define SIXFOLD_RECEIVING_INBOUND_STREAM_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>  // exchange
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/bit_ring.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/parts/seldom.hpp"
#include "sixfold/receiving/ack_report.hpp"
#include "sixfold/receiving/dedup_window.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"

namespace sixfold::inline v0 {

/// Which epochs of its sender a stream knows.
enum class stream_stage : std::uint8_t {
    unknown,  ///< none
    waiting,  ///< one, which is not entered yet
    entered,  ///< the one that was entered
    left,     ///< that, and a larger one: nobody can fill the holes of the entered one any more
};

/// One sender as its receiver sees it: which epoch it is in, what has ended there and how, and which of its seqs are held.
///
///     unknown --a larger epoch that is not clean--> waiting         (spec 3.22)
///        |                                             |
///        +------------ clean --> entered <-- clean ----+
///                                |     ^
///            a larger one, not clean   clean
///                                v     |
///                                 left
///
/// Epoch, window, horizon and exceptions must survive a crash if the stream is kept; the rest is volatile. It does not know
/// payloads, acknowledgements, the mailbox, or frames.
class inbound_stream {
  public:
    /// No epoch is known, and nothing has ended. `width` is W.
    inbound_stream(std::uint32_t width, std::uint32_t exceptions_max)
        : window_(width), held_(width), exceptions_max_(exceptions_max) {}

    // --- what has ended --------------------------------------------------------------------------------------------

    /// The epoch that was entered; none, the smallest of all, if there is none. (law 1)
    [[nodiscard]] sixfold::epoch epoch() const noexcept { return epoch_; }
    /// Which epochs are known.
    [[nodiscard]] stream_stage stage() const noexcept { return stage_; }
    /// What has ended in it. (law 2)
    [[nodiscard]] const dedup_window& window() const noexcept { return window_; }
    /// Below it the receiver no longer vouches how a seq ended. (law 3)
    [[nodiscard]] seq horizon() const noexcept { return horizon_; }
    /// The seqs at or above the horizon that ended otherwise than by acceptance, in order.
    [[nodiscard]] std::span<const exception> exceptions() const noexcept {
        const std::vector<exception>* const all = exceptions_.get();
        return all == nullptr ? std::span<const exception>() : std::span(*all);
    }
    /// Has anything ever ended, or was `past` said? If not, the stream may be dropped, and is in no journal. (spec 3.16)
    [[nodiscard]] bool kept() const noexcept { return kept_; }

    /// A frame of a larger epoch has come, which is not to be entered yet.
    void hear() noexcept {
        stage_ = epoch_ == epoch::none ? stream_stage::waiting : stream_stage::left;
    }
    /// Enters a larger epoch, as an empty stream. Precondition: nothing is held of the old one.
    void enter(sixfold::epoch larger) {
        epoch_ = larger;
        stage_ = stream_stage::entered;
        window_.clear();
        held_.clear();
        exceptions_.reset();
        horizon_ = next_ = end_ = 0;
    }
    /// `past` is about to be said: the epoch must not be forgotten any more.
    void keep() noexcept { kept_ = true; }
    /// A seq has ended. Precondition: it is fresh.
    void end(seq at, fate how) {
        window_.accept(at);
        held_.reset(at);
        end_ = (std::max)(end_, at + 1);
        next_ = (std::max)(next_, window_.floor());
        kept_ = true;
        if (how != fate::accepted) {
            note({at, how});
        }
    }
    /// All seqs below `low` have ended, and the receiver does not know how. Precondition: nothing is held there. (spec 3.20)
    void raise(seq low) noexcept {
        SIXFOLD_ASSERT(low > window_.floor());
        window_.raise(low);
        end_ = (std::max)(end_, window_.floor());
        next_ = (std::max)(next_, window_.floor());
        kept_ = true;
        forget_below(low);
    }

    // --- what is held ----------------------------------------------------------------------------------------------

    /// Is this seq of the window held?
    [[nodiscard]] bool holds(seq at) const noexcept { return held_.test(at); }
    /// The next lower seq that is held; `at` if there is none. O(1 + distance / 64).
    [[nodiscard]] seq held_below(seq at) const noexcept {
        return held_.highest(window_.floor(), at);
    }
    /// A fresh seq is held.
    void hold(seq at) noexcept { held_.set(at); }
    /// A seq is no longer held.
    void let_go(seq at) noexcept { held_.reset(at); }

    /// For delivery in order: the first seq that was not handed out and has not ended.
    [[nodiscard]] seq next() const noexcept { return next_; }
    /// Moves `next` over the seqs that have ended. If one that is held follows, moves over that, too, and returns it. (spec 3.21)
    [[nodiscard]] std::optional<seq> pass_next() noexcept {
        while (window_.of(next_) == standing::duplicate) {
            ++next_;
        }
        return is_held(next_) ? std::optional(next_++) : std::nullopt;
    }
    /// The first seq that has not ended and is not held. O(1 + distance / 64).
    [[nodiscard]] seq first_lacking() const noexcept {
        for (seq at = (std::max)(next_, window_.floor());; at += 64) {
            if (const std::uint64_t bits = lacking(at); bits != 0) {
                return at + static_cast<unsigned>(std::countr_zero(bits));
            }
        }
    }
    /// One above the highest such seq below `end`; at least the floor. O(1 + distance / 64).
    [[nodiscard]] seq lacking_below(seq end) const noexcept {
        while (end > window_.floor()) {
            const seq size = (std::min)(end - window_.floor(), seq{64});
            const std::uint64_t bits = lacking(end - size) & ~std::uint64_t{0} >> (64 - size);
            if (bits != 0) {
                return end - size + detail::width_of(bits);
            }
            end -= size;
        }
        return end;
    }
    /// One above the highest seq that has ended. At least the floor.
    [[nodiscard]] seq end() const noexcept { return end_; }
    /// How many seqs from the floor up to `end` have not ended and are not held. Precondition: `end` is not below `end()`.
    [[nodiscard]] std::uint32_t open_below(seq end) const noexcept {
        return static_cast<std::uint32_t>(end - window_.floor()) - window_.count() - held_.count();
    }

    /// The app is handed one of its messages. True if that is the first in this life.
    [[nodiscard]] bool hand_out() noexcept { return !std::exchange(handed_out_, true); }

    // --- the ack state ---------------------------------------------------------------------------------------------

    /// Encodes the ack state; returns its size. It speaks of 512 seqs: those from the floor on, or, if `latest` is here and lies
    /// behind these, those up to `latest`, which its sender most likely waits to hear of. (spec 2.9)
    [[nodiscard]] std::size_t report(seq latest,
                                     std::optional<receiver_limits> limits,
                                     std::span<std::byte> out) const noexcept {
        std::array<std::byte, ack_bits_size_max> accepted_bits;
        std::array<std::byte, ack_bits_size_max> held_bits;
        const std::uint32_t skip = skipped(latest);
        const std::size_t accepted_size = window_.copy_bits(accepted_bits, 8 * skip);
        const std::size_t held_size =
            held_.copy_bits(window_.floor() + 8 * skip, window_.width() - 8 * skip, held_bits);
        return encode_ack_state({.floor = window_.floor(),
                                 .horizon = horizon_,
                                 .skip = skip,
                                 .accepted = bytes(accepted_bits).first(accepted_size),
                                 .held = bytes(held_bits).first(held_size),
                                 .exceptions = exceptions(),
                                 .limits = limits},
                                out);
    }

    // --- the journal -----------------------------------------------------------------------------------------------

    /// Takes up what an earlier life has left, into an empty stream. The exceptions follow by `note`, the seqs that were accepted
    /// above the floor by `restore`.
    void restore(sixfold::epoch of, seq floor, seq horizon) noexcept {
        epoch_ = of;
        stage_ = stream_stage::entered;
        window_.raise(floor);
        horizon_ = horizon;
        next_ = end_ = window_.floor();
        kept_ = true;
    }
    /// A seq was accepted above the floor.
    void restore(seq accepted) noexcept {
        window_.accept(accepted);
        end_ = (std::max)(end_, accepted + 1);
    }
    /// Notes an exception: a seq that has ended otherwise than by acceptance. If there are too many, the lowest is forgotten.
    /// (spec 3.19)
    void note(exception what) {
        if (what.seq < horizon_) {
            return;
        }
        const auto before = [](const exception& a, const exception& b) {
            return a.seq < b.seq;
        };
        std::vector<exception>& all = exceptions_.edit();
        all.insert(std::lower_bound(all.begin(), all.end(), what, before), what);
        if (all.size() > exceptions_max_) {
            forget_below(all.front().seq + 1);
        }
    }

  private:
    friend struct receiver_access;

    [[nodiscard]] bool is_held(seq at) const noexcept {
        return window_.of(at) == standing::fresh && held_.test(at);
    }

    /// Bit i is set if `from + i` has not ended and is not held. Precondition: `from` is not below the floor.
    [[nodiscard]] std::uint64_t lacking(seq from) const noexcept {
        const seq end = window_.floor() + window_.width();
        const seq inside = from < end ? end - from : 0;
        const std::uint64_t beyond = inside < 64 ? ~std::uint64_t{0} << inside : 0;
        return beyond | ~(window_.bits(from) | held_.bits(from));
    }

    /// How many bytes of the window, from the floor on, the report leaves out.
    [[nodiscard]] std::uint32_t skipped(seq latest) const noexcept {
        constexpr std::uint32_t told = ack_bits_size_max;
        // Below the floor the difference wraps, and is larger than any window.
        const seq place = latest - window_.floor();
        const bool is_far = place >= 8 * told && place < window_.width();
        const bool is_here = is_far && (window_.of(latest) == standing::duplicate || holds(latest));
        return is_here ? static_cast<std::uint32_t>(place / 8) + 1 - told : 0;
    }

    void forget_below(seq to) noexcept {
        horizon_ = (std::max)(horizon_, to);
        if (!exceptions().empty()) {
            std::vector<exception>& all = exceptions_.edit();
            all.erase(all.begin(), std::find_if(all.begin(), all.end(), [&](const exception& e) {
                          return e.seq >= horizon_;
                      }));
        }
    }

    sixfold::epoch epoch_ = epoch::none;
    dedup_window window_;
    bit_ring held_;  // the seqs that are held, from the floor on; none of them has ended
    seldom<std::vector<exception>> exceptions_;
    seq horizon_ = 0;
    seq next_ = 0;
    seq end_ = 0;
    std::uint32_t exceptions_max_;
    stream_stage stage_ = stream_stage::unknown;
    bool kept_ = false;
    bool handed_out_ = false;  // any message, in this life
};

}  // namespace sixfold::inline v0

#endif
