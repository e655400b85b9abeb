// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOX_HPP
#define SIXFOLD_RECEIVING_INBOX_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>  // exchange

#include "sixfold/journal/journal.hpp"
#include "sixfold/message.hpp"
#include "sixfold/options.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/receiving/held_messages.hpp"
#include "sixfold/receiving/inbound_acks.hpp"
#include "sixfold/receiving/inbound_messages.hpp"
#include "sixfold/receiving/inbound_store.hpp"
#include "sixfold/receiving/inbound_stream.hpp"
#include "sixfold/receiving/mailbox_round.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// Messages, acknowledgements and the round through the mailbox, which know little of each other: what one comes to is a
/// reason for the others.
///
///     msg:N --> messages --intake--> acks --> ack:R
///     the app's word --^     \-----> round --> sync:R
///
/// Keeps only which message is shown. Does not know clocks, nor whether there is a link. Each call is as dear as what it calls.
class inbox {
  public:
    /// Names a message that is held.
    using slot = held_messages::slot;

    /// `random` gives keys, the first serial, and jitter.
    inbox(const receiver_options& options, sixfold::journaling keeps, random_source random)
        : messages_(options, keeps, random), acks_(options, random), round_(options),
          accepts_(options.acceptance == acceptance::on_delivery) {}

    /// What has come, and what of it is written.
    [[nodiscard]] inbound_messages& messages() noexcept { return messages_; }
    /// The same, to look at.
    [[nodiscard]] const inbound_messages& messages() const noexcept { return messages_; }
    /// What the relay is to be told.
    [[nodiscard]] const inbound_acks& acks() const noexcept { return acks_; }

    // --- frames in -------------------------------------------------------------------------------------------------

    /// Takes a msg:N; what it has come to. Nothing if there are too many senders.
    std::optional<intake> take(const msg_notify& notice, time_point now);
    /// ack:A.
    void take(const ack_answer& answer, time_point now) {
        if (const auto which = acks_.answered(answer.serial, now)) {
            consider(*which, now);
        }
    }
    /// sync:A.
    void take(const sync_answer& answer, time_point now) {
        (void)acks_.answered(answer.serial, now);
        const std::uint32_t marked = round_.marked();
        round_.answered(answer, now);
        if (marked != inbound_store::none) {
            consider(marked, now);
        }
    }
    /// The first `records` of the journal are durable.
    void durable(std::uint64_t records) {
        messages_.durable(records);
        acks_.durable();
    }

    // --- the app ---------------------------------------------------------------------------------------------------

    /// The next message for the app; `none`. The one before is shown no longer.
    [[nodiscard]] slot hand_out(time_point now);
    /// The app's word. False for what it was not handed, and is not over.
    bool settle(const message& handed, fate how, time_point now);

    // --- time and the link -----------------------------------------------------------------------------------------

    /// The link came up.
    void start(transport link, time_point now) {
        acks_.restart(link);
        round_.start(now);
    }
    /// The link is down.
    void stop() noexcept { round_.stop(); }
    /// When there is something to be sent if nothing else happens; `never`.
    [[nodiscard]] time_point deadline(time_point now) const noexcept {
        const time_point round = acks_.has_room() ? round_.deadline() : never;
        return acks_.owes() ? now : (std::min)(acks_.next_retry(), round);
    }
    /// Puts as many frames as are due and fit behind one another; their size.
    [[nodiscard]] std::size_t
    transmit(const framing& link, std::span<std::byte> out, time_point now) {
        acks_.take_due(now);
        const std::size_t used = acks_.transmit(messages_, link, out, now);
        return used + transmit_sync(link, out.subspan(used), now);
    }

  private:
    friend struct receiver_access;

    [[nodiscard]] std::uint32_t insert(const peer& from);
    void follow(std::uint32_t which, const msg_notify& notice, const intake& found, time_point now);
    void tell_displaced();
    void consider(std::uint32_t which, time_point now);
    void places_came(time_point now);
    void end(slot at, fate how, time_point now);
    [[nodiscard]] std::size_t
    transmit_sync(const framing& link, std::span<std::byte> out, time_point now);

    inbound_messages messages_;
    inbound_acks acks_;
    mailbox_round round_;
    slot shown_ = held_messages::none;  // accepted on delivery, and still looked at by the app
    bool accepts_;                      // on delivery
};

// --- frames in -------------------------------------------------------------------------------------------------------

inline std::optional<intake> inbox::take(const msg_notify& notice, time_point now) {
    const std::uint32_t which = insert(notice.from);
    if (which == inbound_store::none) {
        round_.row(notice, {}, now);
        return std::nullopt;
    }
    intake found = messages_.take(which, notice);
    acks_.owe(which, notice, found);
    if (found.row && messages_.has_ended(which, *found.row)) {
        acks_.owe_state(which, found.row->seq);  // its erasing got lost, and it is not asked for
    }
    if (notice.probes() && found.answer == ack_word::state && acks_.has_missed(which)) {
        // What is missing was stored, maybe, and then nobody sends it again.
        found.row = msgid{notice.epoch, messages_.store()[which].first_lacking()};
    }
    tell_displaced();
    follow(which, notice, found, now);
    return found;
}

/// A sender of whom nothing has to be known goes for a new one. (spec 3.16)
inline std::uint32_t inbox::insert(const peer& from) {
    inbound_store& store = messages_.store();
    const std::uint32_t known = store.find(from);
    if (known != inbound_store::none) {
        return known;
    }
    if (store.senders().full() && from.valid()) {
        const std::uint32_t dropped = store.drop();
        if (dropped == inbound_store::none) {
            return dropped;
        }
        messages_.forget(dropped);
        acks_.forget(dropped);
        round_.forget(dropped);
    }
    return store.insert(from);
}

/// What a frame has come to may be a reason to ask for the mailbox. (spec 3.26)
inline void
inbox::follow(std::uint32_t which, const msg_notify& notice, const intake& found, time_point now) {
    if (found.row) {
        const bool goes_on = found.row->epoch < notice.epoch;  // behind what lies in the way
        round_.mark(which, *found.row, goes_on ? notice.epoch : epoch::none);
    }
    if (notice.drained) {
        round_.row(notice, found, now);
    } else if (messages_.store().held().waiting(which) != 0 || notice.probes()) {
        round_.look_soon(now);
    }
    if (found.let_in) {
        round_.look_again(now);
    }
    if (found.news) {
        round_.refresh(which);
    }
    if (found.news || found.row) {
        consider(which, now);
    }
    if (found.news && notice.looked()) {
        places_came(now);  // what a floor or an epoch has left behind
    }
}

/// Who had to make place sends again what was held, as soon as there is room. (spec 3.24)
inline void inbox::tell_displaced() {
    while (const auto one = messages_.store().poll_displaced()) {
        acks_.turn_away(one->stream);
        acks_.owe_state(one->stream, one->id.seq);
        round_.mark(one->stream, one->id, epoch::none);
    }
}

/// Rows of the stream may be such as can be taken now. What waits for its record the relay cannot know.
inline void inbox::consider(std::uint32_t which, time_point now) {
    const bool quiet = acks_.is_quiet(which) && messages_.journal().is_durable(which);
    round_.consider(which, messages_.store(), quiet, now);
}

// --- the app ---------------------------------------------------------------------------------------------------------

inline inbox::slot inbox::hand_out(time_point now) {
    inbound_store& store = messages_.store();
    if (shown_ != held_messages::none) {
        store.erase(std::exchange(shown_, held_messages::none));
        places_came(now);
    }
    const slot at = accepts_ ? store.hand_out() : messages_.hand_out();
    if (accepts_ && at != held_messages::none) {
        shown_ = at;
        end(at, fate::accepted, now);
    }
    return at;
}

inline bool inbox::settle(const message& handed, fate how, time_point now) {
    inbound_store& store = messages_.store();
    const std::uint32_t which = store.find(handed.from);
    if (which == inbound_store::none) {
        return false;
    }
    const slot at = store.held().find(which, handed.id, handed.place);
    if (at == held_messages::none || store.held()[at].stage != held_messages::stage::handed) {
        return store.is_over(which, handed.id);
    }
    if (at != shown_) {  // else it was accepted on delivery
        end(at, how, now);
    }
    return true;
}

/// The app's word on what it was handed, which goes unless it is shown.
inline void inbox::end(slot at, fate how, time_point now) {
    const std::uint32_t which = messages_.store().held()[at].stream;
    const seq ended = messages_.store().held()[at].id.seq;
    if (messages_.settle(at, how, at == shown_)) {
        acks_.owe_state(which, ended);
    }
    round_.refresh(which);
    consider(which, now);
    places_came(now);
}

/// Places have come free: those who wait for one are told, or asked for, one after the other.
inline void inbox::places_came(time_point now) {
    acks_.room_grew(messages_.store(), now);
    if (const std::uint32_t which = round_.next_marked(); which != inbound_store::none) {
        round_.refresh(which);
        consider(which, now);
    }
    round_.wake(messages_.store(), now);
}

// --- frames out ------------------------------------------------------------------------------------------------------

inline std::size_t
inbox::transmit_sync(const framing& link, std::span<std::byte> out, time_point now) {
    if (round_.deadline() > now || !acks_.has_room()) {
        return 0;
    }
    const ack_serial serial = acks_.next_serial();
    const auto request = round_.poll(messages_.store(), serial, acks_.chance(), now);
    const std::size_t size = request ? encode(*request, link, out) : 0;
    if (size != 0) {
        acks_.sent_sync(now);
        const duration rest_of_page = acks_.wait(0) / 4;
        round_.sent(serial, later(now, acks_.wait(round_.backoff())), rest_of_page);
    }
    return size;
}

}  // namespace sixfold::inline v0

#endif
