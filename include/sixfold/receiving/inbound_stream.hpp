// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_STREAM_HPP
#define SIXFOLD_RECEIVING_INBOUND_STREAM_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sixfold/parts/bit_ring.hpp"
#include "sixfold/receiving/ack_report.hpp"
#include "sixfold/receiving/dedup_window.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// One sender as its receiver sees it: which epoch it is in, what has ended there and how, and which acknowledgement is
/// owed.
///
/// The first group must survive a crash, the rest is volatile. Does not know payloads, timers or frames coming in.
class inbound_stream {
  public:
    /// Stands for a record that the journal has not been given yet: it never is durable.
    static constexpr std::uint64_t no_record = UINT64_MAX;

    /// Of no epoch, without anything that has ended. `width` is W.
    inbound_stream(std::uint32_t width, std::uint32_t exceptions_max)
        : window(width), held(width), exceptions_max_(exceptions_max) {}

    // --- durable ---
    sixfold::epoch epoch = epoch::none;  ///< the one that was entered; none is the smallest (law 1)
    dedup_window window;                 ///< law 2
    sixfold::seq horizon = 0;            ///< below it we no longer vouch how a seq ended (law 3)
    std::vector<exception> exceptions;   ///< in the order of their seqs, at or above the horizon

    // --- volatile ---
    bit_ring held;  ///< got and not settled, from the floor on
    seq next = 0;   ///< in order: the first seq that was not handed out nor has ended
    std::uint32_t ahead_count = 0;  ///< messages that are held of `ahead`
    sixfold::epoch ahead =
        epoch::none;  ///< a larger epoch of which messages are held already, in case we enter it

    // --- the acknowledgement that is owed ---
    std::optional<sixfold::echo> echo;  ///< which msg:N it answers
    seq latest = 0;                     ///< what came or ended last, of which it is to speak
    sixfold::epoch past = epoch::none;  ///< a smaller epoch that is to be told so
    sixfold::epoch waiting =
        epoch::none;  ///< a larger epoch that is not entered yet, and is to be told so
    std::uint64_t record =
        0;  ///< what must be durable before the state may leave; no_record: not even written
    time_point sent_at{};            ///< of the last ack:R
    std::uint32_t first_serial = 0;  ///< of the first ack:R that said the same,
    std::uint32_t serial = 0;        ///< and of the last
    std::uint32_t resends = 0;       ///< of an unanswered one
    bool owed = false;               ///< is in the line of those that are to be sent
    bool state_due = false;          ///< the state, and not only an answer to another epoch
    bool unanswered = false;         ///< the last ack:R was not answered
    bool tell_limits = false;        ///< a probe asked
    bool limits_sent = false;        ///< with the last ack:R

    /// Enters a larger epoch, as an empty stream. What was held of the old one must be gone.
    void enter(sixfold::epoch larger) {
        epoch = larger;
        window.clear();
        held.clear();
        exceptions.clear();
        horizon = next = latest = 0;
        ahead = waiting = epoch::none;
        ahead_count = 0;
        echo.reset();
    }

    /// Is there anything to be sent?
    [[nodiscard]] bool owes() const noexcept {
        return state_due || past != epoch::none || waiting != epoch::none;
    }

    /// All below has ended, and we do not know how. (spec 3.16)
    void raise(seq low) noexcept {
        window.raise(low);
        forget_below(low);
    }

    /// The seq has ended otherwise than by acceptance. When the memory is full, the lowest one is forgotten. (spec 3.15)
    void note(exception what) {
        if (what.seq < horizon) {
            return;
        }
        const auto before = [](const exception& a, const exception& b) {
            return a.seq < b.seq;
        };
        exceptions.insert(std::lower_bound(exceptions.begin(), exceptions.end(), what, before),
                          what);
        if (exceptions.size() > exceptions_max_) {
            forget_below(exceptions.front().seq + 1);
        }
    }

    /// The ack state as it is, encoded; the size. It speaks of 512 seqs: those from the floor on, or if the latest is a higher
    /// one and here, those up to it, which its sender most likely waits to hear of. (spec 2.8)
    [[nodiscard]] std::size_t report(std::optional<receiver_limits> limits,
                                     std::span<std::byte> out) const noexcept {
        std::array<std::byte, ack_bits_size_max> accepted_bits;
        std::array<std::byte, ack_bits_size_max> held_bits;
        const std::uint32_t skip = skipped();
        const std::size_t accepted_size = window.copy_bits(accepted_bits, 8 * skip);
        const std::size_t held_size =
            held.copy_bits(window.floor() + 8 * skip, window.width() - 8 * skip, held_bits);
        return encode_ack_state({.floor = window.floor(),
                                 .horizon = horizon,
                                 .skip = skip,
                                 .accepted = bytes(accepted_bits).first(accepted_size),
                                 .held = bytes(held_bits).first(held_size),
                                 .exceptions = {exceptions.data(), exceptions.size()},
                                 .limits = limits},
                                out);
    }

  private:
    friend struct test_access;

    /// The bytes of the window that its report leaves out in front.
    [[nodiscard]] std::uint32_t skipped() const noexcept {
        constexpr std::uint32_t told = ack_bits_size_max;
        // Below the floor the difference wraps, and is larger than any window.
        const seq place = latest - window.floor();
        const bool is_far = place >= 8 * told && place < window.width();
        return is_far && has(latest) ? static_cast<std::uint32_t>(place / 8) + 1 - told : 0;
    }

    /// Has a seq of the window ended, or is it held?
    [[nodiscard]] bool has(seq at) const noexcept {
        return window.of(at) == standing::duplicate || held.test(at);
    }

    void forget_below(seq to) noexcept {
        horizon = (std::max)(horizon, to);
        const auto kept = std::find_if(exceptions.begin(), exceptions.end(),
                                       [&](const exception& e) { return e.seq >= horizon; });
        exceptions.erase(exceptions.begin(), kept);
    }

    std::uint32_t exceptions_max_;
};

}  // namespace sixfold::inline v0

#endif
