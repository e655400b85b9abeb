// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_FRAME_HPP
#define SIXFOLD_WIRE_FRAME_HPP

#include <cstdint>
#include <optional>
#include <variant>

#include "sixfold/types.hpp"

// The eight frames, as values. R: a client asks the relay. A: the relay answers that request. N: the relay tells a client.
// (spec 1.1)
//
//     client A            relay             client B
//        | -- msg:R ------> |                  |
//        | <------ msg:A -- |                  |
//        |                  | -- msg:N ------> |
//        |                  | <------ ack:R -- |
//        |                  | -- ack:A ------> |
//        | <------ ack:N -- |                  |
//        |                  | <----- sync:R -- |      B asks for its mailbox
//        |                  | -- sync:A -----> |
//
// A frame never says who its author is: the relay knows that from the link (law 7, spec 1.3). The peer in a frame is the other end
// of the stream. Spans in a frame refer to the bytes that it was decoded from, or will be encoded from.

namespace sixfold::inline v0 {

/// What a msg frame carries.
enum class form : std::uint8_t {
    payload = 0,    ///< the message
    tombstone = 1,  ///< the end of a seq without its message: cancelled, or too late
    probe = 2,      ///< no seq at all: "how far are you with this stream?"
};

/// May the relay put the message into the mailbox while the receiver is away?
enum class storing : std::uint8_t {
    allowed,  ///< default
    forbidden,  ///< worthless later: the relay answers `away` instead, if it has no link of the receiver itself
};

/// msg:R, from A to the relay (spec 4.1).
struct msg_request {
    peer to{};                                    ///< the receiver
    sixfold::epoch epoch = epoch::none;           ///< of the stream
    sixfold::form form = form::payload;           ///< what it carries
    sixfold::storing storing = storing::allowed;  ///< only of the form `payload`
    sixfold::seq seq = 0;                         ///< not in a probe
    sixfold::seq base = 0;     ///< the sender's lowest unfinished seq; at most `seq`
    std::uint8_t attempt = 0;  ///< counts resends, modulo 256; not in a probe
    bytes payload{};           ///< only of the form `payload`
};

/// msg:A, from the relay to A: the frame has been taken. It completes nothing (spec 4.2).
struct msg_answer {
    peer to{};                 ///< the receiver of the message
    msgid id{};                ///< of the message
    std::uint8_t attempt = 0;  ///< of the msg:R
    bool away = false;         ///< the receiver is away and the message must not be stored
};

/// msg:N, from the relay to B (spec 4.3).
struct msg_notify {
    peer from{};                         ///< the sender
    sixfold::epoch epoch = epoch::none;  ///< of the stream
    sixfold::form form = form::payload;  ///< what it carries
    sixfold::seq seq = 0;                ///< not in a probe
    std::uint8_t attempt = 0;            ///< of the msg:R; only in a direct one
    bool drained = false;                ///< came out of the mailbox
    sixfold::seq low = 0;                ///< all below has ended (drained and probe only)
    msgid
        smaller{};  ///< the lowest row of a smaller epoch that waits for B (drained and probe only)
    bytes payload{};  ///< only of the form `payload`

    /// Does it say what the mailbox holds? A direct one does not, so that nobody has to look.
    [[nodiscard]] bool looked() const noexcept { return drained || form == form::probe; }
    /// The relay's word that the mailbox holds no row of a smaller epoch.
    [[nodiscard]] bool clean() const noexcept { return looked() && smaller.epoch == epoch::none; }
};

/// Which msg:N an acknowledgement answers, so that the sender can measure the round trip without doubt.
struct echo {
    sixfold::seq seq = 0;      ///< of the message that came
    std::uint8_t attempt = 0;  ///< with which it came
    /// The same message and attempt.
    friend constexpr bool operator==(const echo&, const echo&) noexcept = default;
};

/// What an ack:R or ack:N says.
enum class ack_word : std::uint8_t {
    state = 0,  ///< the receiver's ack state of the stream
    waiting =
        1,  ///< the receiver has not entered this epoch: the relay's word on smaller ones is missing
    past = 2,    ///< the receiver has entered a larger epoch, and says which
    stored = 3,  ///< ack:N only: the relay's word that one msgid is in the mailbox
    ended = 4,   ///< ack:N only: the relay's word that all below `low` has ended
};

/// ack:R, from B to the relay (spec 4.4).
struct ack_request {
    peer to{};                             ///< the sender that is answered
    sixfold::epoch epoch = epoch::none;    ///< that is spoken of
    ack_word word = ack_word::state;       ///< what it says
    std::uint32_t serial = 0;              ///< names this request for its answer
    std::optional<sixfold::echo> echo{};   ///< only with `state`
    sixfold::epoch current = epoch::none;  ///< only with `past`: the epoch that the receiver is in
    bytes state{};                         ///< only with `state`: an encoded ack_state
};

/// ack:A, from the relay to B (spec 4.5).
struct ack_answer {
    peer to{};                 ///< the peer that the ack:R was for
    std::uint32_t serial = 0;  ///< that of the ack:R
};

/// ack:N, from the relay to A (spec 4.6).
struct ack_notify {
    peer from{};                           ///< the receiver, or of whose mailbox the relay speaks
    sixfold::epoch epoch = epoch::none;    ///< that is spoken of
    ack_word word = ack_word::state;       ///< what it says
    std::optional<sixfold::echo> echo{};   ///< only with `state`
    sixfold::epoch current = epoch::none;  ///< only with `past`
    sixfold::seq seq = 0;                  ///< only with `stored`
    std::uint8_t attempt = 0;              ///< only with `stored`
    sixfold::seq low = 0;                  ///< only with `ended`
    bytes state{};  ///< with `state`; with `ended` the last that the mailbox saw, or empty
};

/// The place of a row in a mailbox; rows are drained in this order. (spec 1.5)
struct mailbox_key {
    peer from{};  ///< the sender
    msgid id{};   ///< of the message
    /// The same row.
    friend constexpr bool operator==(const mailbox_key&, const mailbox_key&) noexcept = default;
    /// By sender, then epoch, then seq.
    friend constexpr bool operator<(const mailbox_key& a, const mailbox_key& b) noexcept {
        if (!(a.from == b.from)) {
            return a.from < b.from;
        }
        return a.id.epoch != b.id.epoch ? a.id.epoch < b.id.epoch : a.id.seq < b.id.seq;
    }
};

/// sync:R, from B to the relay: the rows behind `after`, or from the beginning (spec 4.7).
struct sync_request {
    std::uint32_t serial = 0;            ///< names this request for its answer
    std::optional<mailbox_key> after{};  ///< the last row seen; none: from the beginning
};

/// sync:A, from the relay to B, behind the rows that it answers with (spec 4.8).
struct sync_answer {
    std::uint32_t serial = 0;           ///< that of the sync:R
    std::optional<mailbox_key> last{};  ///< the last row of the page; none: that was all
    std::uint32_t rows = 0;             ///< how many were sent: some may be lost
};

/// Any frame. The order is that of the kinds on the wire.
using frame = std::variant<msg_request,
                           msg_answer,
                           msg_notify,
                           ack_request,
                           ack_answer,
                           ack_notify,
                           sync_request,
                           sync_answer>;

}  // namespace sixfold::inline v0

#endif
