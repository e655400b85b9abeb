// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_PATH_HPP
#define SIXFOLD_SENDING_OUTBOUND_PATH_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "sixfold/options.hpp"
#include "sixfold/parts/round_trip.hpp"
#include "sixfold/sending/congestion.hpp"
#include "sixfold/sending/receiver_word.hpp"
#include "sixfold/sending/repetition.hpp"
#include "sixfold/sending/run_copies.hpp"
#include "sixfold/sending/sending_ring.hpp"
#include "sixfold/sending/stream_timer.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/run.hpp"

namespace sixfold::inline v0 {

/// The hop to the relay, which all streams share: its round trip, and how often nothing was answered in time. (spec 3.4, 3.6)
///
/// It keeps the estimate of the hop and the count of its time-outs. It does not know streams. All O(1).
class outbound_hop {
  public:
    /// Nothing was measured.
    outbound_hop(const retry_options& retry, std::uint32_t flight_first) noexcept
        : retry_(retry), congestion_(flight_first) {}

    /// There is a new link, of datagrams or a byte stream. `awaited`: messages have waited for it.
    void link_up(transport over, bool awaited) noexcept {
        over_ = over;
        trip_ = {};
        timeouts_ = 0;
        congestion_.link_up(over, awaited);
    }
    /// The relay has answered a sending.
    void sample(const sending& answered, time_point now) noexcept {
        trip_.sample(now - answered.at, now);
        congestion_.answered(answered.size, answered.at, now);
    }
    /// How much may be under way.
    [[nodiscard]] sixfold::congestion& congestion() noexcept { return congestion_; }
    /// Something on this link was answered. True if time-outs had been counted: then all streams wait for a shorter time now.
    bool answered() noexcept {
        const bool shorter = timeouts_ != 0;
        timeouts_ = 0;
        return shorter;
    }
    /// What left at `sent` was not answered in time. Everything that left before the last time-out was counted belongs to that
    /// one: so the streams of one lost packet count as one time-out.
    void timed_out(time_point sent, time_point now) noexcept {
        if (timeouts_ == 0 || sent >= counted_at_) {
            congestion_.timed_out(timeouts_ != 0, now);
            ++timeouts_;
            counted_at_ = now;
        }
    }
    /// How many time-outs there were since the last answer, as they count for what left at `sent`.
    [[nodiscard]] std::uint32_t timeouts(time_point sent) const noexcept {
        return timeouts_ != 0 && sent < counted_at_ ? timeouts_ - 1 : timeouts_;
    }

    /// The estimate that says when a sending is lost; null on a byte stream, which loses none.
    [[nodiscard]] const round_trip* signal() const noexcept {
        return over_ == transport::byte_stream ? nullptr : &trip_;
    }
    /// Whether a byte stream carries the link.
    [[nodiscard]] bool is_byte_stream() const noexcept { return over_ == transport::byte_stream; }

    /// How long to wait for the relay. `way` is the estimate of the whole way to the receiver, and stands in for that of a hop
    /// which was never measured.
    [[nodiscard]] duration wait_hop(const round_trip& way) const noexcept {
        return trip_.sampled() ? trip_.wait(retry_.min, retry_.max)
               : way.sampled() ? way.wait(retry_.min, retry_.max)
                               : first();
    }
    /// How long to wait for the receiver. Two hops stand in for a way that was never measured.
    [[nodiscard]] duration wait_way(const round_trip& way) const noexcept {
        if (way.sampled()) {
            const duration wait = way.wait(retry_.min, retry_.max);
            return is_byte_stream() ? (std::max)(wait, first()) : wait;
        }
        return trip_.sampled() ? (std::max)(first(), 2 * trip_.wait(retry_.min, retry_.max))
                               : first();
    }
    /// The longest wait for an answer.
    [[nodiscard]] duration cap() const noexcept { return retry_.max; }

  private:
    friend struct test_access;

    static constexpr duration byte_stream_first = std::chrono::seconds(3);

    [[nodiscard]] duration first() const noexcept {
        return is_byte_stream() ? (std::max)(retry_.first, byte_stream_first) : retry_.first;
    }

    retry_options retry_;
    round_trip trip_;
    sixfold::congestion congestion_;
    time_point counted_at_{};     // when the last time-out was counted, if there is one
    std::uint32_t timeouts_ = 0;  // h of the specification
    transport over_ = transport::datagrams;
};

/// What a stream knows of the way to its receiver: its sendings, how long they take, and what the receiver has said.
struct outbound_path {
    /// After so many time-outs without an answer of the receiver it counts as silent.
    static constexpr std::uint32_t silent_after = 2;

    /// Nothing was sent. The first sending will have this number; payloads are limited by the sender's own option.
    outbound_path(sending_number first, std::uint32_t payload_max) noexcept
        : sendings(first), word{payload_max} {}

    /// Does the receiver count as being there? Not when it has been silent for long: the relay may not have noticed that its link
    /// is dead. (spec 3.6)
    [[nodiscard]] bool met() const noexcept {
        return word.met() && timer.way_timeouts() < silent_after;
    }
    /// The first seq that the receiver does not take, as far as that is known.
    [[nodiscard]] seq room_end() const noexcept { return met() ? word.last_room_end() : seq_end; }
    /// Is the mailbox asked to keep what is sent? So it is after `silent_after` time-outs.
    [[nodiscard]] bool keeps() const noexcept { return timer.way_timeouts() >= silent_after; }

    /// A run of so many messages was neither stored nor seen. The mailbox takes a run as a whole or not at all, so it may have room
    /// for fewer messages. (spec 3.6)
    void halve_runs(std::size_t of) noexcept { run_max = (std::max)(of / 2, std::size_t{1}); }
    /// The receiver has said something: runs do not depend on the mailbox.
    void heard(time_point now) noexcept {
        timer.heard(now);
        run_max = run::count_max;
    }

    /// Tells the link how much of this stream is under way.
    void count_in(congestion& link) noexcept {
        link.under_way(counted, sendings.flight());
        counted = sendings.flight();
    }

    /// The receiver has told which sendings it has seen.
    void judge(const echo& seen, time_point now) {
        if (trip.sampled()) {
            sendings.judge(seen, now - trip.wait(duration::zero()),
                           [this](bool one) { repeats.judged(one); });
        }
    }
    /// How many runs ride again in a new one. None if the receiver is not there: its mailbox might store each of them.
    [[nodiscard]] std::uint32_t repeated_runs() const noexcept {
        return met() ? repeats.runs(sendings.under_way()) : 0;
    }
    /// How many copies may follow a new run; likewise.
    [[nodiscard]] std::uint32_t copies_of_new() const noexcept {
        return met() ? repeats.copies() : 0;
    }

    /// There is a new link: measurements and time-outs of the last one do not count any more. Numbers go on.
    void link_up() noexcept {
        trip = {};
        repeats = {};
        copies = {};
        sendings.judge_anew();
        sendings.strand();
        counted = 0;
        timer.link_up();
        word.link_up();
        loss = never;
        run_max = run::count_max;
        asks = false;
        greet = true;
    }
    /// Another epoch begins, in which nothing was sent or said. Measurements of the way stay.
    void begin() noexcept {
        sendings.forget();
        copies = {};
        timer.begin();
        word.begin();
        loss = never;
        run_max = run::count_max;
        asks = false;
        greet = true;
    }

    sending_ring sendings;                 ///< those of the stream, by number
    std::uint64_t counted = 0;             ///< bytes of them that the link counts as under way
    round_trip trip;                       ///< from msg:R to the receiver's own ack
    stream_timer timer;                    ///< when to do something although nothing has come
    receiver_word word;                    ///< what the receiver has said
    time_point loss = never;               ///< when the next sending is lost by time
    std::size_t run_max = run::count_max;  ///< messages of the next run that goes again
    repetition repeats;                    ///< how much the way loses
    run_copies copies;                     ///< of the newest run
    bool asks = false;                     ///< a probe is to go out
    /// A probe goes in front of the next run, unless the receiver is met. (spec 3.10)
    bool greet = true;
};

}  // namespace sixfold::inline v0

#endif
