// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MAILBOX_SYNC_HPP
#define SIXFOLD_MAILBOX_SYNC_HPP

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sixfold/frame.hpp"
#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// Drains a mailbox by rounds (law 12, spec 5.4).
///
///     link up --> asking, page by page --"that was all"--> resting --interval--> asking ...
///                      ^                                      |
///                      +---- at once, if rows came and something was accepted;
///                            soon, if rows were lost on their way
///
/// Keeps track of where the round is, and whether another one would bring something. Does not know what the rows say.
/// Rows that cannot be taken yet are passed by and come again in the next round, so that they starve nobody.
class mailbox_sync {
  public:
    explicit mailbox_sync(duration interval) noexcept : interval_(interval) {}

    /// The link came up: a round begins.
    void start(time_point now) noexcept {
        losses_ = 0;
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
        if (resting_ && rows_) {
            begin_round(now);
        }
    }

    /// There may be rows although the last round brought none.
    void look_again(time_point now) noexcept {
        if (resting_) {
            begin_round(now);
        }
    }

    /// sync:A. True if it answers the last request. `soon`: how long what was sent before it may still be on its way.
    bool answered(const sync_answer& answer, time_point now, duration soon) noexcept {
        if (!waiting_ || answer.serial != serial_) {
            return false;
        }
        rows_ = rows_ || came_ != 0 || answer.rows != 0;
        lost_ = lost_ || came_ < answer.rows;
        if (answer.last) {
            after_ = answer.last;
            ask(now);
        } else if (rows_ && accepted_) {
            losses_ = 0;
            begin_round(now);
        } else {
            waiting_ = false;
            resting_ = true;
            deadline_ =
                later(now, lost_ ? (std::min)(soon * (1 << losses_), interval_) : interval_);
            losses_ = lost_ ? (std::min)(losses_ + 1, losses_max) : 0;
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
        return {.serial = serial, .after = after_};
    }

    /// The request has been sent: wait for its answer, longer after each one that was not answered.
    void sent(time_point again) noexcept {
        waiting_ = true;
        ++resends_;
        deadline_ = again;
    }
    [[nodiscard]] std::uint32_t resends() const noexcept { return resends_; }

  private:
    friend struct test_access;

    static constexpr int losses_max = 12;

    void begin_round(time_point now) noexcept {
        after_.reset();
        rows_ = accepted_ = lost_ = resting_ = false;
        ask(now);
    }
    void ask(time_point now) noexcept {
        waiting_ = false;
        resends_ = 0;
        deadline_ = now;
    }

    duration interval_;
    std::optional<mailbox_key> after_;  // the last key of this round
    time_point deadline_ = never;
    std::uint32_t serial_ = 0;
    std::uint32_t resends_ = 0;
    std::uint32_t came_ = 0;  // rows since the last request
    int losses_ = 0;          // rounds in a row with lost rows and nothing accepted
    bool waiting_ = false;    // for the answer to `serial_`
    bool resting_ = false;    // between rounds
    bool rows_ = false;       // there were rows in this round, or in the last while resting
    bool lost_ = false;       // not all of them came
    bool accepted_ = false;   // something was accepted since this round began
};

}  // namespace sixfold::inline v0

#endif
