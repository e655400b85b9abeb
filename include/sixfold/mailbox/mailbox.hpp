// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MAILBOX_MAILBOX_HPP
#define SIXFOLD_MAILBOX_MAILBOX_HPP

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

// What a relay asks of a mailbox, and what the mailbox answers. The relay remembers no request: what it needs to go on is in the
// request, which comes back whole with its outcome, at once or much later, to this relay or to another.

namespace sixfold::inline v0 {

/// A frame of a client that needs the mailbox. The kind of frame says which operation is asked for:
///
/// | frame                        | operation | the outcome says                                             |
/// |------------------------------|-----------|--------------------------------------------------------------|
/// | msg:R, a payload or a run    | put       | done, when all its rows are durable; otherwise none is there |
/// | msg:R, probe                 | look      | `low`, `smaller`, `last_state`, `given_up` of the stream     |
/// | ack:R, state or past         | erase     | done, when the rows it covers are gone                       |
/// | sync:R                       | page      | `rows` from the key on and before `until`; `next`            |
///
/// For each stream with rows a mailbox keeps the highest base that a put or a look has brought. A payload that was put with a time
/// `left` becomes a tombstone when that is over, for everyone who asks: a mailbox has a clock, which goes on while the relay is
/// down. (spec 5.6)
///
/// Spans in `what` refer to `wire`, which refers to the packet that was handled. A store that answers later keeps a copy
/// of the bytes of `wire` and makes the request anew from it: `decode(copy, framing(from, ...), what)`. Only `rows` and `room` of a
/// page may be less than its wire says, as far as its packet was bounded. (spec 5.5)
struct mailbox_request {
    peer from{};  ///< whose frame it is: the sender of a msg:R, the receiver in the other two
    std::variant<msg_request, ack_request, sync_request> what{};  ///< the frame, decoded
    bytes wire{};                                                 ///< the frame as it came
    /// Where the relay keeps that peer: a hint, which may no longer be right.
    std::uint32_t place = UINT32_MAX;
    /// Put: it was sent to the receiver already. If a store does not keep this, the receiver gets it twice.
    bool passed_on = false;
};

/// One row, as a page hands it out. All its fields are read in one snapshot of the mailbox. (spec 5.5)
struct mailbox_row {
    peer from{};             ///< the sender
    msgid id{};              ///< of the message
    bool tombstone = false;  ///< the seq ends without its message
    /// Everything below has ended: the base that is kept of the stream, or its lowest row if that is lower.
    seq low = 0;
    msgid smaller{};  ///< the lowest row of a smaller epoch of this sender; epoch none: no row
    bytes payload{};  ///< empty in a tombstone
};

/// The outcome of a request. Spans in it are good until the next request.
struct mailbox_outcome {
    /// False: the mailbox is full, it failed, or the outcome is not known; then the relay answers nothing. (law 5)
    bool done = false;
    seq low = 0;  ///< look: as in a row; of a stream without rows the base of the request
    /// Look: the lowest row of a smaller epoch of this sender; epoch none: no row.
    msgid smaller{};
    /// Look: the last ack state seen of this stream and epoch; empty: none kept.
    bytes last_state{};
    /// Look: this stream was given up, and what was stored below this seq is gone.
    std::optional<seq> given_up{};
    std::span<const mailbox_row> rows{};  ///< page: in the order of mailbox_key
    /// Page: the first row before `until` that had no place; none: all rows came.
    std::optional<mailbox_key> next{};
};

}  // namespace sixfold::inline v0

#endif
