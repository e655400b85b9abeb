// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_STREAM_TIMER_HPP
#define SIXFOLD_SENDING_STREAM_TIMER_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "sixfold/parts/retry.hpp"
#include "sixfold/sending/repetition.hpp"
#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// The one timer of a stream: when it does something although nothing has come, and what. (spec 3.6, 3.10)
///
/// Keeps how often each kind of waiting was in vain since it was answered, when it last asked and when it last sent. What the
/// stream waits for it is told; it does not know messages, sendings or paths. All O(1).
class stream_timer {
  public:
    /// What it does when it goes off.
    enum class alarm : std::uint8_t {
        none,     ///< nothing
        loss,     ///< sendings are lost by time (spec 3.5)
        hop,      ///< the relay does not answer: the lowest that are out go again
        way,      ///< the receiver does not: likewise
        silence,  ///< nothing is out, and not all is finished: it is asked, and later sent again
        copy,     ///< nothing has followed the newest run, on a path that loses: it goes once more
        behind,   ///< the receiver is asked: it has not heard how far the sender is
        resting,  ///< the receiver is asked: messages wait in its mailbox
    };

    /// What there is to wait for.
    struct view {
        time_point loss = never;  ///< when the next sending is lost by time
        bool runs = false;        ///< a run is open,
        bool copy = false;        ///< which may go once more before anything is known of it,
        bool taken = false;       ///< and the relay has answered it, or is never the one to ask:
        time_point sent_at{};     ///< the newest, which left then
        /// Something was sent and is neither finished nor buried; or the stream is shut.
        bool unfinished = false;
        bool behind = false;             ///< the floor that was last reported is below the base
        bool resting = false;            ///< something is stored or buried
        duration wait_hop{};             ///< for the relay's answer
        duration wait_way{};             ///< for the receiver's
        std::uint32_t hop_timeouts = 0;  ///< of the link
        duration cap{};                  ///< of a wait for an answer
        duration probe_cap{};            ///< of the pause between two probes of who is behind
    };

    /// When something is to be done.
    struct due {
        time_point at = never;     ///< the moment
        alarm what = alarm::none;  ///< what is done then
    };

    /// What comes next if nothing happens before. Changes nothing.
    [[nodiscard]] due next(const view& v) const noexcept {
        due out{v.loss, v.loss == never ? alarm::none : alarm::loss};
        if (v.runs) {
            sooner(out, answer_due(v), v.taken ? alarm::way : alarm::hop);
            if (v.copy) {
                sooner(out, later(sent_at_, repetition::pause), alarm::copy);
            }
        } else if (v.unfinished) {
            const duration first = (std::max)(v.wait_way, silence_first);
            sooner(out, later(sent_at_, backoff(first, silences_, ask_cap, chance_)),
                   alarm::silence);
        } else if (v.resting && !v.behind) {
            sooner(out, resting_at(), alarm::resting);
        }
        if (v.behind) {
            sooner(out,
                   later((std::max)(probed_at_, heard_at_),
                         backoff(v.wait_way, probes_, v.probe_cap, chance_)),
                   alarm::behind);
        }
        return out;
    }
    /// When a resting stream may be asked along with another one: half of its pause is over.
    [[nodiscard]] time_point gathered_at() const noexcept {
        return later(probed_at_, (resting_at() - probed_at_) / 2);
    }

    /// It went off; `chance` is random. (3.6: nothing counts down before it is answered)
    void went_off(alarm what, std::uint8_t chance) noexcept {
        chance_ = chance;
        way_timeouts_ += std::uint32_t{what == alarm::way || what == alarm::silence};
        silences_ += std::uint32_t{what == alarm::silence};
        probes_ += std::uint32_t{what == alarm::behind || what == alarm::resting};
    }
    /// How often the receiver was waited for in vain.
    [[nodiscard]] std::uint32_t way_timeouts() const noexcept { return way_timeouts_; }
    /// Something left: a run or a probe.
    void sent(time_point now) noexcept { sent_at_ = now; }
    /// It was a probe.
    void probed(time_point now) noexcept { sent_at_ = probed_at_ = now; }
    /// When the last probe left.
    [[nodiscard]] time_point probed_at() const noexcept { return probed_at_; }

    /// The receiver has said something in this epoch.
    void heard(time_point now) noexcept {
        heard_at_ = now;
        way_timeouts_ = 0;
    }
    /// It has, or holds, more than ever.
    void got_on() noexcept {
        silences_ = 0;
        turns_ = 0;
    }
    /// It has ended a message.
    void ended() noexcept { begins_ = 0; }
    /// Its floor has risen, or the reason to ask is a new one.
    void ask_anew() noexcept { probes_ = 0; }

    /// Whether what was turned away may go again at `now`; if so, the next time it takes longer. (spec 3.8)
    [[nodiscard]] bool may_return(time_point now, duration wait_way) noexcept {
        if (turns_ != 0 && now < turned_at_ + backoff(wait_way, turns_ - 1, ask_cap, 0)) {
            return false;
        }
        turned_at_ = now;
        ++turns_;
        return true;
    }
    /// Whether the stream may begin again under another epoch; if so, the next time it takes longer. (spec 3.12)
    [[nodiscard]] bool may_begin(time_point now, duration wait_way) noexcept {
        if (begins_ != 0 && now < begun_at_ + backoff(wait_way, begins_ - 1, ask_cap, 0)) {
            return false;
        }
        begun_at_ = now;
        ++begins_;
        return true;
    }

    /// There is a new link: nothing was in vain on it so far.
    void link_up() noexcept { way_timeouts_ = silences_ = probes_ = turns_ = 0; }
    /// Another epoch begins.
    void begin() noexcept { silences_ = probes_ = turns_ = 0; }

  private:
    friend struct test_access;

    static constexpr duration silence_first = std::chrono::milliseconds(500);
    static constexpr duration ask_cap = std::chrono::seconds(60);
    static constexpr duration resting_first = std::chrono::minutes(1);
    static constexpr duration resting_cap = std::chrono::hours(1);

    static void sooner(due& out, time_point at, alarm what) noexcept {
        if (at < out.at) {
            out = {at, what};
        }
    }
    /// When the newest run is late.
    [[nodiscard]] time_point answer_due(const view& v) const noexcept {
        return later(v.sent_at, v.taken ? backoff(v.wait_way, way_timeouts_, v.cap, chance_)
                                        : backoff(v.wait_hop, v.hop_timeouts, v.cap, chance_));
    }
    [[nodiscard]] time_point resting_at() const noexcept {
        return later(probed_at_, backoff(resting_first, probes_, resting_cap, chance_));
    }

    time_point sent_at_{};
    time_point probed_at_ = (time_point::min)();  // never
    time_point heard_at_{};
    time_point turned_at_{};
    time_point begun_at_{};
    std::uint32_t way_timeouts_ = 0;  // w of the specification
    std::uint32_t silences_ = 0;      // p
    std::uint32_t probes_ = 0;        // n
    std::uint32_t turns_ = 0;         // j
    std::uint32_t begins_ = 0;        // m
    std::uint8_t chance_ = 0;
};

}  // namespace sixfold::inline v0

#endif
