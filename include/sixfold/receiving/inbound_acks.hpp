// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_ACKS_HPP
#define SIXFOLD_RECEIVING_INBOUND_ACKS_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sixfold/options.hpp"
#include "sixfold/parts/id_queue.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/parts/retry.hpp"
#include "sixfold/parts/round_trip.hpp"
#include "sixfold/receiving/ack_ring.hpp"
#include "sixfold/receiving/inbound_answer.hpp"
#include "sixfold/receiving/inbound_messages.hpp"
#include "sixfold/receiving/inbound_store.hpp"
#include "sixfold/receiving/room_offers.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// Which senders are to be told how far we are, and when one is told again because the relay has not answered. (law 6, spec 3.25)
///
/// Keeps track of their line, of the answers that are waited for, and of the time to the relay. Does not know why something is owed.
/// O(1) for each stream that a call is about.
class inbound_acks {
  public:
    /// `random` gives the first serial, and the jitter.
    inbound_acks(const receiver_options& options, random_source random)
        : retry_(options.retry), limits_{(std::min)(options.window, options.held_entries),
                                         options.exceptions, options.payload_max},
          random_(random), offers_(options.window, retry_.first),
          ring_(static_cast<ack_serial>(random_.next())) {}

    // --- reasons ---------------------------------------------------------------------------------------------------

    /// The answer to a frame of a sender is owed.
    void owe(std::uint32_t which, const msg_notify& notice, const intake& found);
    /// A seq has ended: the sender is told at once.
    void owe_state(std::uint32_t which, seq about);
    /// Something of a sender was turned away, which is told with its limits.
    void turn_away(std::uint32_t which) {
        of(which).owe_limits(ring_.next());
        offers_.turned_away(which);
    }
    /// There may be more room than was told: those whose turn it is are told.
    void room_grew(const inbound_store& store, time_point now);
    /// A sender was dropped, and another has its index.
    void forget(std::uint32_t which) {
        said_ -= std::uint32_t{of(which).state() == inbound_answer::progress::said};
        of(which) = inbound_answer(ring_.next());
        offers_.forget(which);
    }
    /// There is a new link: all that was not answered is to be said again. O(streams).
    void restart(transport link);
    /// The journal has come further: what waited for it may leave.
    void durable();

    // --- frames ----------------------------------------------------------------------------------------------------

    /// Puts as many ack:R as are owed and fit behind one another; their size. Those that name what is not durable are withheld.
    [[nodiscard]] std::size_t transmit(const inbound_messages& all,
                                       const framing& link,
                                       std::span<std::byte> out,
                                       time_point now);
    /// The serial of the next sync:R.
    [[nodiscard]] ack_serial next_serial() const noexcept { return ring_.next(); }
    /// That has left. Precondition: `has_room`.
    void sent_sync(time_point now) { ring_.sent(ack_ring::kind::sync, 0, 0, now); }
    /// May another request leave, without its serial having two meanings?
    [[nodiscard]] bool has_room() const noexcept { return ring_.has_room(); }

    /// The relay has answered an ack:R or sync:R. The stream that is through with what it had to say of an epoch, if any.
    std::optional<std::uint32_t> answered(ack_serial serial, time_point now);
    /// What is lost, or was not answered in time, is owed again.
    void take_due(time_point now);

    /// What a sender is told that we take, with all the room that there may be.
    [[nodiscard]] const receiver_limits& limits() const noexcept { return limits_; }
    /// Is somebody to be told now?
    [[nodiscard]] bool owes() const noexcept { return !owed_.empty() && has_room(); }
    /// When somebody is told again; `never`.
    [[nodiscard]] time_point next_retry() const noexcept {
        const time_point lost = is_stream_ ? never : ring_.next_loss(path_);
        return (std::min)({lost, must_be_answered() ? timer_ : never, offers_.deadline()});
    }
    /// Are sendings of a stream missing in front of the newest that came?
    [[nodiscard]] bool has_missed(std::uint32_t which) { return of(which).seen().any_missing(); }
    /// Does the relay know all that there is to say of a stream?
    [[nodiscard]] bool is_quiet(std::uint32_t which) const noexcept {
        return which >= answers_.size() ||
               answers_[which].answer.state() == inbound_answer::progress::quiet;
    }
    /// How long to wait for an answer of the relay after so many fruitless tries. (spec 3.28)
    [[nodiscard]] duration wait(std::uint32_t tries) noexcept {
        const duration least = is_stream_ ? (std::max)(retry_.min, stream_wait) : retry_.min;
        const duration first =
            path_.sampled() ? path_.wait(least, retry_.max) : (std::max)(retry_.first, least);
        return backoff(first, tries, retry_.max, chance());
    }
    /// Of a jitter.
    [[nodiscard]] std::uint8_t chance() noexcept { return std::uint8_t(random_.next()); }

  private:
    friend struct receiver_access;

    static constexpr duration stream_wait = std::chrono::seconds(3);  // it loses nothing

    struct told {
        inbound_answer answer;
        bool in_line = false;  // of those that are owed something
    };

    /// A state that left, or any request while none can leave.
    [[nodiscard]] bool must_be_answered() const noexcept { return said_ != 0 || !has_room(); }
    [[nodiscard]] inbound_answer& of(std::uint32_t which);
    void line_up(std::uint32_t which);
    [[nodiscard]] std::size_t transmit_one(const inbound_store& store,
                                           std::uint32_t which,
                                           const framing& link,
                                           std::span<std::byte> out,
                                           time_point now);
    [[nodiscard]] std::size_t transmit_state(const inbound_store& store,
                                             std::uint32_t which,
                                             const framing& link,
                                             std::span<std::byte> out,
                                             time_point now);
    void sent(ack_ring::kind what, std::uint32_t which, std::uint32_t room, time_point now);
    void say_again(const ack_ring::sending& lost);

    retry_options retry_;
    receiver_limits limits_;
    random_source random_;
    std::vector<told> answers_;            // by the index of the sender
    id_queue owed_;                        // streams, in order
    std::vector<std::uint32_t> withheld_;  // those of them that wait for a record
    room_offers offers_;                   // how much room each is told
    ack_ring ring_;
    round_trip path_;           // from ack:R to ack:A, from sync:R to sync:A
    time_point timer_ = never;  // when the lowest ack:R is given up, if a state was not answered
    std::uint32_t said_ = 0;    // states that were not answered
    std::uint32_t tries_ = 0;   // that were given up since the last answer
    bool is_stream_ = false;    // the link is of bytes
};

// --- reasons ---------------------------------------------------------------------------------------------------------

inline inbound_answer& inbound_acks::of(std::uint32_t which) {
    while (which >= answers_.size()) {
        answers_.push_back({inbound_answer(ring_.next())});
    }
    return answers_[which].answer;
}

inline void inbound_acks::line_up(std::uint32_t which) {
    if (!answers_[which].in_line) {
        answers_[which].in_line = true;
        owed_.push(which);
    }
}

inline void inbound_acks::owe_state(std::uint32_t which, seq about) {
    said_ -= std::uint32_t{of(which).state() == inbound_answer::progress::said};
    of(which).owe_state(about);
    line_up(which);
}

inline void inbound_acks::owe(std::uint32_t which, const msg_notify& notice, const intake& found) {
    if (!found.answer) {
        return;
    }
    if (found.answer == ack_word::past) {
        of(which).owe_past(notice.epoch);
    } else if (found.answer == ack_word::waiting) {
        of(which).owe_waiting(notice.epoch, notice.number);
    } else {
        if (found.entered) {
            of(which).enter(notice.epoch);
        }
        if (!notice.drained) {
            of(which).saw(notice.number);
        }
        if (!notice.probes()) {
            offers_.came(which);
        }
        if (found.turned_away) {
            turn_away(which);
        } else if (notice.probes()) {
            of(which).owe_limits(ring_.next());
        }
        owe_state(which, found.latest);
    }
    line_up(which);
}

inline void inbound_acks::room_grew(const inbound_store& store, time_point now) {
    const auto told_room = [this](std::uint32_t which) {
        return of(which).told_room();
    };
    offers_.grew(store, now, told_room, [this](std::uint32_t which) {
        of(which).owe_limits(ring_.next());
        owe_state(which, of(which).latest());
    });
}

inline void inbound_acks::restart(transport link) {
    is_stream_ = link == transport::byte_stream;
    path_ = round_trip();
    ring_.restart();
    tries_ = said_ = 0;
    for (std::uint32_t which = 0; which < answers_.size(); ++which) {
        if (answers_[which].answer.lost()) {
            line_up(which);
        }
    }
}

inline void inbound_acks::durable() {
    for (const std::uint32_t which : withheld_) {
        owed_.push(which);
    }
    withheld_.clear();
}

// --- frames ----------------------------------------------------------------------------------------------------------

inline std::size_t inbound_acks::transmit(const inbound_messages& all,
                                          const framing& link,
                                          std::span<std::byte> out,
                                          time_point now) {
    if (offers_.is_due(all.store(), now)) {
        room_grew(all.store(), now);
    }
    std::size_t used = 0;
    for (; !owed_.empty(); owed_.pop()) {
        const std::uint32_t which = owed_.front();
        if (!all.journal().is_durable(which)) {
            withheld_.push_back(which);
            continue;
        }
        used += transmit_one(all.store(), which, link, out.subspan(used), now);
        if (answers_[which].answer.owes()) {
            break;  // no room for the rest
        }
        answers_[which].in_line = false;
    }
    return used;
}

/// An answer about another epoch, the state of ours, or all of them. (spec 3.25)
inline std::size_t inbound_acks::transmit_one(const inbound_store& store,
                                              std::uint32_t which,
                                              const framing& link,
                                              std::span<std::byte> out,
                                              time_point now) {
    inbound_answer& answer = answers_[which].answer;
    std::size_t used = 0;
    const auto put = [&](ack_request request) {
        request.to = store.senders()[which];
        request.serial = ring_.next();
        const std::size_t size = has_room() ? encode(request, link, out.subspan(used)) : 0;
        if (size != 0) {
            sent(ack_ring::kind::other, which, 0, now);
        }
        used += size;
        return size != 0;
    };
    if (answer.past() != epoch::none) {
        if (!put({.epoch = answer.past(),
                  .word = ack_word::past,
                  .current = store[which].epoch()})) {
            return used;
        }
        answer.said_past();
    }
    if (answer.waiting().epoch != epoch::none) {
        if (!put({.epoch = answer.waiting().epoch,
                  .word = ack_word::waiting,
                  .number = answer.waiting().number})) {
            return used;
        }
        answer.said_waiting();
    }
    if (answer.state() == inbound_answer::progress::due) {
        used += transmit_state(store, which, link, out.subspan(used), now);
    }
    return used;
}

inline std::size_t inbound_acks::transmit_state(const inbound_store& store,
                                                std::uint32_t which,
                                                const framing& link,
                                                std::span<std::byte> out,
                                                time_point now) {
    inbound_answer& answer = answers_[which].answer;
    const std::uint32_t room = offers_.room(store, which);
    const bool tells = answer.tells(room);
    const receiver_limits limits{room, limits_.exceptions, limits_.payload_max};
    std::array<std::byte, ack_state_size_max()> state;
    const std::size_t state_size =
        store[which].report(answer.latest(), tells ? std::optional(limits) : std::nullopt, state);
    const ack_request request{.to = store.senders()[which],
                              .epoch = store[which].epoch(),
                              .serial = ring_.next(),
                              .echo = answer.seen().get(),
                              .state = bytes(state).first(state_size)};
    const std::size_t size = has_room() ? encode(request, link, out) : 0;
    if (size == 0) {
        return 0;
    }
    ++said_;
    answer.said_state(ring_.next(), tells ? room : 0);
    sent(ack_ring::kind::state, which, tells ? room : 0, now);
    offers_.told(store, which, answer.told_room());
    return size;
}

inline void
inbound_acks::sent(ack_ring::kind what, std::uint32_t which, std::uint32_t room, time_point now) {
    ring_.sent(what, which, room, now);
    timer_ = later(now, wait(tries_));
}

inline std::optional<std::uint32_t> inbound_acks::answered(ack_serial serial, time_point now) {
    const auto request = ring_.answered(serial);
    if (!request) {
        return std::nullopt;  // of another life, or of long ago
    }
    path_.sample(now - request->at, now);
    if (request->what == ack_ring::kind::sync) {
        return std::nullopt;
    }
    tries_ = 0;
    const bool is_state = request->what == ack_ring::kind::state;
    if (is_state && !of(request->stream).answered(serial, request->room)) {
        return std::nullopt;
    }
    said_ -= std::uint32_t{is_state};
    return request->stream;
}

inline void inbound_acks::say_again(const ack_ring::sending& lost) {
    if (lost.what == ack_ring::kind::state && of(lost.stream).lost(lost.serial)) {
        --said_;
        line_up(lost.stream);
    }
}

inline void inbound_acks::take_due(time_point now) {
    while (const auto lost = is_stream_ ? std::nullopt : ring_.lose(path_, now)) {
        say_again(*lost);
    }
    if (!must_be_answered() || timer_ > now) {
        return;
    }
    timer_ = later(now, wait(++tries_));
    // Only the one that waits longest is said again: when that is answered, the others are known to be lost.
    std::optional<ack_ring::sending> lost;
    for (const std::uint32_t before = said_; said_ == before && (lost = ring_.give_up());) {
        say_again(*lost);
    }
}

}  // namespace sixfold::inline v0

#endif
