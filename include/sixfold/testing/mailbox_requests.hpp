// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_REQUESTS_HPP
#define SIXFOLD_TESTING_MAILBOX_REQUESTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
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
#include "sixfold/wire/run.hpp"

// What a test asks of a mailbox, in words, and what it was told, as text. A request refers to the
// payload, messages or ack state that it was made from.

namespace sixfold::inline v0::testing {

/// Bytes of its own.
using blob = std::vector<std::byte>;
/// Rows as text, in their order.
using strings = std::vector<std::string>;

/// A message of a run. Refers to the payload.
[[nodiscard]] inline run_entry message(std::string_view payload) {
    return {false, as_bytes(payload)};
}
/// The end of a seq in a run.
inline constexpr run_entry ended{true, {}};

/// Messages behind one another, which fit into one run; `get` refers to it, and to a payload alone.
[[nodiscard]] inline run_writer written(std::initializer_list<run_entry> messages) {
    run_writer out;
    for (const run_entry& each : messages) {
        out.add(each);
    }
    return out;
}

/// A run is to be stored, with this seq first.
[[nodiscard]] inline mailbox_request put_run(const peer& from,
                                             const peer& to,
                                             std::uint64_t epoch,
                                             seq first,
                                             const run& messages,
                                             seq base = 0) {
    msg_request msg;
    msg.to = to;
    msg.epoch = sixfold::epoch{epoch};
    msg.first = first;
    msg.base = base;
    msg.entries = messages;
    return {from, msg, {}};
}

/// A payload is to be stored.
[[nodiscard]] inline mailbox_request put(const peer& from,
                                         const peer& to,
                                         std::uint64_t epoch,
                                         seq which,
                                         std::string_view payload,
                                         seq base = 0) {
    return put_run(from, to, epoch, which, run::of(as_bytes(payload)), base);
}

/// A tombstone is to be stored.
[[nodiscard]] inline mailbox_request
tombstone(const peer& from, const peer& to, std::uint64_t epoch, seq which, seq base = 0) {
    return put_run(from, to, epoch, which, run::tombstone(), base);
}

/// The same put, with so many milliseconds left to its payloads.
[[nodiscard]] inline mailbox_request with_left(mailbox_request of_put, std::uint64_t left) {
    std::get<msg_request>(of_put.what).left = left;
    return of_put;
}

/// What is there of this stream, and of smaller epochs?
[[nodiscard]] inline mailbox_request
look(const peer& from, const peer& to, std::uint64_t epoch, seq base = 0) {
    return put_run(from, to, epoch, 0, run(), base);
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

/// A key of the mailbox.
[[nodiscard]] inline mailbox_key key(const peer& from, std::uint64_t epoch, seq which) {
    return {from, {sixfold::epoch{epoch}, which}};
}

/// The rows from a key on and in front of another, as many as the mailbox gives.
[[nodiscard]] inline mailbox_request page(const peer& receiver,
                                          std::optional<mailbox_key> from = {},
                                          std::optional<mailbox_key> until = {}) {
    sync_request sync;
    sync.rows = sync.room = std::numeric_limits<std::uint32_t>::max();
    sync.from = from;
    sync.until = until;
    return {receiver, sync, {}};
}

/// The same, of a receiver that takes no more than so many rows and bytes.
[[nodiscard]] inline mailbox_request
bounded(mailbox_request of_page, std::uint32_t rows, std::uint32_t room) {
    auto& sync = std::get<sync_request>(of_page.what);
    sync.rows = rows;
    sync.room = room;
    return of_page;
}

/// A row as text: "alice 1:0 hello", a tombstone as "alice 1:0 +".
[[nodiscard]] inline std::string text(const mailbox_row& row) {
    return std::string(row.from.name()) + ' ' +
           std::to_string(static_cast<std::uint64_t>(row.id.epoch)) + ':' +
           std::to_string(row.id.seq) + ' ' +
           (row.tombstone ? "+" : std::string(as_text(row.payload)));
}

/// Rows as text.
[[nodiscard]] inline strings texts(std::span<const mailbox_row> rows) {
    strings all;
    for (const mailbox_row& row : rows) {
        all.push_back(text(row));
    }
    return all;
}

/// All rows of a receiver, page by page; "not done" if a page was not.
template <class Mailbox>
[[nodiscard]] strings drain(Mailbox& mailbox, const peer& receiver) {
    strings all;
    std::optional<mailbox_key> next;
    do {
        const mailbox_outcome outcome = mailbox.execute(page(receiver, next));
        if (!outcome.done) {
            return {"not done"};
        }
        const strings some = texts(outcome.rows);
        all.insert(all.end(), some.begin(), some.end());
        next = outcome.next;
    } while (next);
    return all;
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
