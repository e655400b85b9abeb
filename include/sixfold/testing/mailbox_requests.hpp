// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_REQUESTS_HPP
#define SIXFOLD_TESTING_MAILBOX_REQUESTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/receiving/ack_report.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

// What a test asks of a mailbox, in words, and what it was told, as text. A request refers to the
// payload or ack state that it was made from.

namespace sixfold::inline v0::testing {

/// Bytes of its own.
using blob = std::vector<std::byte>;
/// Rows as text, in their order.
using strings = std::vector<std::string>;

/// A payload is to be stored.
[[nodiscard]] inline mailbox_request put(const peer& from,
                                         const peer& to,
                                         std::uint64_t epoch,
                                         seq which,
                                         std::string_view payload,
                                         seq base = 0) {
    msg_request msg;
    msg.to = to;
    msg.epoch = sixfold::epoch{epoch};
    msg.seq = which;
    msg.base = base;
    msg.payload = as_bytes(payload);
    return {from, msg, {}};
}

/// A tombstone is to be stored.
[[nodiscard]] inline mailbox_request
tombstone(const peer& from, const peer& to, std::uint64_t epoch, seq which, seq base = 0) {
    mailbox_request request = put(from, to, epoch, which, "", base);
    std::get<msg_request>(request.what).form = form::tombstone;
    return request;
}

/// What is there of this stream, and of smaller epochs?
[[nodiscard]] inline mailbox_request look(const peer& from, const peer& to, std::uint64_t epoch) {
    mailbox_request request = put(from, to, epoch, 0, "");
    std::get<msg_request>(request.what).form = form::probe;
    return request;
}

/// An ack state: bit i of `accepted` and of `held` is `floor + 8 * skip + i`.
[[nodiscard]] inline blob encoded(seq floor,
                                  std::uint8_t accepted = 0,
                                  std::uint8_t held = 0,
                                  std::span<const exception> exceptions = {},
                                  std::uint32_t skip = 0) {
    const std::array<std::byte, 2> bits = {std::byte{accepted}, std::byte{held}};
    ack_report report;
    report.floor = floor;
    report.skip = skip;
    report.accepted = bytes(bits).first(1);
    report.held = bytes(bits).last(1);
    report.exceptions = exceptions;
    blob out(ack_state_size_max());
    out.resize(encode_ack_state(report, out));
    return out;
}

/// What this ack state covers is not needed any more.
[[nodiscard]] inline mailbox_request
erase(const peer& receiver, const peer& sender, std::uint64_t epoch, const blob& state) {
    ack_request ack;
    ack.to = sender;
    ack.epoch = sixfold::epoch{epoch};
    ack.state = state;
    return {receiver, ack, {}};
}

/// Nothing of this epoch is needed any more.
[[nodiscard]] inline mailbox_request
past(const peer& receiver, const peer& sender, std::uint64_t epoch) {
    ack_request ack;
    ack.to = sender;
    ack.epoch = sixfold::epoch{epoch};
    ack.word = ack_word::past;
    ack.current = sixfold::epoch{epoch + 1};
    return {receiver, ack, {}};
}

/// The rows behind `after`, or from the beginning.
[[nodiscard]] inline mailbox_request page(const peer& receiver,
                                          std::optional<mailbox_key> after = {}) {
    return {receiver, sync_request{0, after}, {}};
}

/// A row as text: "alice 1:0 hello", a tombstone as "alice 1:0 +".
[[nodiscard]] inline std::string text(const mailbox_row& row) {
    return std::string(row.from.name()) + ' ' +
           std::to_string(static_cast<std::uint64_t>(row.id.epoch)) + ':' +
           std::to_string(row.id.seq) + ' ' +
           (row.form == form::tombstone ? "+" : std::string(as_text(row.payload)));
}

/// All rows of a receiver, page by page; "not done" if a page was not.
template <class Mailbox>
[[nodiscard]] strings drain(Mailbox& mailbox, const peer& receiver) {
    strings all;
    std::optional<mailbox_key> after;
    for (;;) {
        const mailbox_outcome outcome = mailbox.execute(page(receiver, after));
        if (!outcome.done) {
            return {"not done"};
        }
        for (const mailbox_row& row : outcome.rows) {
            all.push_back(text(row));
        }
        if (outcome.end || outcome.rows.empty()) {
            return all;
        }
        after = mailbox_key{outcome.rows.back().from, outcome.rows.back().id};
    }
}

/// The last ack state that is kept of a stream; empty: none.
template <class Mailbox>
[[nodiscard]] blob
last_state(Mailbox& mailbox, const peer& from, const peer& to, std::uint64_t epoch) {
    const bytes state = mailbox.execute(look(from, to, epoch)).last_state;
    return {state.begin(), state.end()};
}

}  // namespace sixfold::inline v0::testing

#endif
