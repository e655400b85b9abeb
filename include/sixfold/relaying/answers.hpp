// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RELAYING_ANSWERS_HPP
#define SIXFOLD_RELAYING_ANSWERS_HPP

#include <algorithm>
#include <cstdint>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

// How a relay answers a frame: which fields it copies, and what it says itself. It opens no run and no ack state:
// they are passed on as they came. Spans refer to what those of the frame refer to.

namespace sixfold::inline v0::detail {

/// msg:A: what became of a sending on its first hop. Only `taken` does not name the epoch. (spec 4.2, 5.1, 5.2)
[[nodiscard]] inline msg_answer answer_of(const msg_request& msg, msg_word word) {
    msg_answer answer;
    answer.to = msg.to;
    answer.epoch = word == msg_word::taken ? epoch::none : msg.epoch;
    answer.number = msg.number;
    answer.word = word;
    return answer;
}

/// msg:A: why the relay does not take it; if it is too large, also the largest size. (spec 5.1)
[[nodiscard]] inline msg_answer
refused(const msg_request& msg, refused_reason why, std::uint32_t payload_max = 0) {
    msg_answer answer = answer_of(msg, msg_word::refused);
    answer.reason = why;
    answer.payload_max = payload_max;
    return answer;
}

/// msg:N of a sending that did not come out of the mailbox: it says nothing about the mailbox. (spec 5.2)
[[nodiscard]] inline msg_notify direct_of(const peer& from, const msg_request& msg) {
    msg_notify notify;
    notify.from = from;
    notify.epoch = msg.epoch;
    notify.number = msg.number;
    notify.first = msg.first;
    notify.entries = msg.entries;
    return notify;
}

/// ack:N: all of a run is durable, by the relay's own word. (spec 5.2)
[[nodiscard]] inline ack_notify stored_of(const msg_request& msg) {
    ack_notify notify;
    notify.from = msg.to;
    notify.epoch = msg.epoch;
    notify.word = ack_word::stored;
    notify.number = msg.number;
    notify.first = msg.first;
    notify.count = static_cast<std::uint8_t>(msg.entries.count());
    return notify;
}

/// ack:N: what a look has found for A, except the last ack state, which has to be checked. (spec 5.3)
[[nodiscard]] inline ack_notify
ended_of(const msg_request& probe, const mailbox_outcome& found, bool away) {
    ack_notify notify;
    notify.from = probe.to;
    notify.epoch = probe.epoch;
    notify.word = ack_word::ended;
    notify.number = probe.number;
    notify.low = (std::max)(found.low, found.given_up.value_or(0));
    notify.away = away;
    notify.given_up = found.given_up.has_value();
    return notify;
}

/// msg:N: what a look has found for B. (spec 5.3)
[[nodiscard]] inline msg_notify
probe_of(const peer& from, const msg_request& probe, const mailbox_outcome& found) {
    msg_notify notify;
    notify.from = from;
    notify.epoch = probe.epoch;
    notify.number = probe.number;
    notify.low = found.low;
    notify.smaller = found.smaller;
    return notify;
}

/// ack:N: what B has said. (spec 5.4)
[[nodiscard]] inline ack_notify passed_on(const peer& from, const ack_request& ack) {
    ack_notify notify;
    notify.from = from;
    notify.epoch = ack.epoch;
    notify.word = ack.word;
    notify.echo = ack.echo;
    notify.number = ack.number;
    notify.current = ack.current;
    notify.state = ack.state;
    return notify;
}

}  // namespace sixfold::inline v0::detail

#endif
