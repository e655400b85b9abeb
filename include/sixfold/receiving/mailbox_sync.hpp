// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_MAILBOX_SYNC_HPP
#define SIXFOLD_RECEIVING_MAILBOX_SYNC_HPP

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sixfold/receiving/serials.hpp"
#include "sixfold/time.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// Drains a mailbox by rounds (law 12, spec 5.4).
///
///     link up --> asking, page by page --"that was all"--> resting --interval--> asking ...
///                      ^                                      |
///                      +---- at once, if rows came and something was accepted;
///                            soon, if rows were lost on their way; more
///                            patiently while the rows stay as many
///
/// Keeps track of where the round is, and whether another one would bring something. Does not know what the rows say.
/// Rows that cannot be taken yet are passed by and come again in the next round, so that they starve nobody.
class mailbox_sync {
  public:
    /// `interval`: how often a quiet mailbox is asked for.
    explicit mailbox_sync(duration interval) noexcept : interval_(interval) {}

    /// The link came up: a round begins.
    void start(time_point now) noexcept {
        pause_ = duration::zero();
        rows_before_ = UINT32_MAX;
        begin_round(now);
    }

    /// The link is down.
    void stop() noexcept {
        deadline_ = never;
        waiting_ = false;
    }

    /// A row came out of the mailbox.
    void row() noexcept { ++came_; }

    /// The receiver has got on: something was accepted, or a floor or an epoch moved.
    void progress(time_point now) noexcept {
        accepted_ = true;
        if (rows_ != 0) {
            look_again(now);
        }
    }

    /// There may be rows that can be taken now.
    void look_again(time_point now) noexcept {
        if (resting_) {
            deadline_ = (std::min)(deadline_, (std::max)(now, later(rested_at_, pause_)));
        }
    }

    /// sync:A. True if it answers this request, its last sending or an earlier one. `soon`: how long what was sent before it may
    /// still be on its way.
    bool answered(const sync_answer& answer, time_point now, duration soon) noexcept {
        if (!waiting_ || !is_between(first_serial_, answer.serial, serial_)) {
            return false;
        }
        rows_ += (std::max)(came_, answer.rows);
        // What an earlier sending has lost, the last one brings.
        lost_ = lost_ || (answer.serial == serial_ && came_ < answer.rows);
        if (answer.last) {
            after_ = answer.last;
            ask(now);
        } else {
            rest(now, soon);
        }
        return true;
    }

    /// When `poll` has something.
    [[nodiscard]] time_point deadline() const noexcept { return deadline_; }

    /// The request that is due, under a new serial.
    [[nodiscard]] sync_request poll(std::uint32_t serial) noexcept {
        if (resting_) {
            begin_round(deadline_);
        }
        came_ = 0;
        serial_ = serial;
        first_serial_ = resends_ == 0 ? serial : first_serial_;
        return {.serial = serial, .after = after_};
    }

    /// The request has been sent: wait for its answer, longer after each one that was not answered.
    void sent(time_point again) noexcept {
        waiting_ = true;
        ++resends_;
        deadline_ = again;
    }
    /// How often the request was sent without an answer: the exponent of its backoff.
    [[nodiscard]] std::uint32_t resends() const noexcept { return resends_; }

  private:
    friend struct test_access;

    void begin_round(time_point now) noexcept {
        after_.reset();
        rows_ = 0;
        accepted_ = lost_ = resting_ = false;
        ask(now);
    }
    void rest(time_point now, duration soon) noexcept {
        // As many rows as before: whatever was accepted, it was not these. Patience, or every message from anyone would
        // bring them all again.
        const bool fewer = rows_ < rows_before_;
        const duration longer = pause_ > interval_ / 2 ? interval_ : 2 * pause_;
        pause_ = fewer ? duration::zero() : (std::min)((std::max)(longer, soon), interval_);
        rows_before_ = rows_;
        waiting_ = false;
        resting_ = true;
        rested_at_ = now;
        deadline_ = later(now, lost_ ? (std::min)((std::max)(pause_, soon), interval_) : interval_);
        if (accepted_ && rows_ != 0) {
            look_again(now);
        }
    }
    void ask(time_point now) noexcept {
        waiting_ = false;
        resends_ = 0;
        deadline_ = now;
    }

    duration interval_;
    std::optional<mailbox_key> after_;  // the last key of this round
    time_point deadline_ = never;
    std::uint32_t first_serial_ = 0;  // of this request, which was sent again under others
    std::uint32_t serial_ = 0;        // the last of them
    std::uint32_t resends_ = 0;
    std::uint32_t came_ = 0;                  // rows since the last request
    std::uint32_t rows_ = 0;                  // in this round, or in the last while resting
    std::uint32_t rows_before_ = UINT32_MAX;  // in the round before
    duration pause_{};                        // at least so long between two rounds
    time_point rested_at_{};                  // when the last round ended
    bool waiting_ = false;                    // for the answer to `serial_`
    bool resting_ = false;                    // between rounds
    bool lost_ = false;                       // not all rows of this round came
    bool accepted_ = false;                   // something was accepted since this round began
};

}  // namespace sixfold::inline v0

#endif
