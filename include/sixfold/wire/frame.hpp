// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_FRAME_HPP
#define SIXFOLD_WIRE_FRAME_HPP

#include <concepts>
#include <cstdint>
#include <optional>
#include <variant>

#include "sixfold/types.hpp"
#include "sixfold/wire/run.hpp"

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

/// Names a sending within its stream: one more, modulo 2^16, than the one before. (spec 1.6)
using sending_number = std::uint16_t;

/// Names an ack:R or sync:R of one life of a receiver, modulo 2^16. (spec 3.25)
using ack_serial = std::uint16_t;

/// May the relay put the message into the mailbox while the receiver is away?
enum class storing : std::uint8_t {
    allowed,  ///< default
    forbidden,  ///< worthless later: the relay answers `away` instead, if it has no link of the receiver itself
};

/// msg:R, from A to the relay: one sending, a run of messages or, without any, a probe (spec 4.1).
struct msg_request {
    peer to{};                                    ///< the receiver
    sixfold::epoch epoch = epoch::none;           ///< of the stream
    sending_number number = 0;                    ///< of this sending
    sixfold::storing storing = storing::allowed;  ///< `forbidden`: no tombstone among them
    bool keep = false;  ///< to be stored even if the receiver is here; not in a probe
    /// Milliseconds until a row becomes a tombstone; not in a probe.
    std::optional<std::uint64_t> left{};
    sixfold::seq first = 0;  ///< of the first message; 0 in a probe
    sixfold::seq base = 0;   ///< the sender's lowest unfinished seq; at most `first`
    run entries{};           ///< none: "how far are you with this stream?"

    /// Does it only ask?
    [[nodiscard]] bool probes() const noexcept { return entries.empty(); }
};

/// What the relay says of a sending.
enum class msg_word : std::uint8_t {
    taken = 0,    ///< it will be delivered or stored
    away = 1,     ///< the receiver is away, and it must not be stored
    refused = 2,  ///< nothing of this sender is taken for this receiver, or not this
};

/// Why a relay refuses a message.
enum class refused_reason : std::uint8_t {
    none = 0,          ///< it does not
    unknown_peer = 1,  ///< nobody has this name
    not_allowed = 2,   ///< the receiver, or the relay's app, does not want it
    over_quota = 3,    ///< the sender may store no more
    too_large = 4,     ///< a payload is larger than the relay takes
};

/// msg:A, from the relay to A: what became of a sending on the first hop. It completes nothing (spec 4.2).
struct msg_answer {
    peer to{};                                     ///< the receiver of the messages
    sixfold::epoch epoch = epoch::none;            ///< of the stream; none if `taken`
    sending_number number = 0;                     ///< of the msg:R
    msg_word word = msg_word::taken;               ///< what it says
    refused_reason reason = refused_reason::none;  ///< only with `refused`
    std::uint32_t payload_max = 0;                 ///< only with `too_large`: what is taken
};

/// msg:N, from the relay to B (spec 4.3).
struct msg_notify {
    peer from{};                         ///< the sender
    sixfold::epoch epoch = epoch::none;  ///< of the stream
    bool drained = false;                ///< came out of the mailbox
    sending_number number = 0;           ///< of the msg:R; not in a drained one
    ack_serial serial = 0;               ///< of the sync:R; only in a drained one
    std::uint32_t index = 0;             ///< rows of the page in front of it; only in a drained one
    sixfold::seq first = 0;              ///< of the first message; 0 in a probe
    sixfold::seq low = 0;                ///< all below has ended (drained and probe only)
    /// The lowest row of a smaller epoch that waits for B (drained and probe only).
    msgid smaller{};
    run entries{};  ///< none: a probe

    /// Does it only ask?
    [[nodiscard]] bool probes() const noexcept { return entries.empty(); }
    /// Does it say what the mailbox holds? A direct one does not, so that nobody has to look.
    [[nodiscard]] bool looked() const noexcept { return drained || probes(); }
    /// The relay's word that the mailbox holds no row of a smaller epoch.
    [[nodiscard]] bool clean() const noexcept { return looked() && smaller.epoch == epoch::none; }
};

/// Which sendings of a stream its receiver has seen. (spec 2.10)
struct echo {
    /// How many sendings before the newest it speaks of.
    static constexpr unsigned reach = 64;

    sending_number number = 0;  ///< the newest
    std::uint64_t missing = 0;  ///< bit i: that of number `number - 1 - i` has not been seen
    bool repeated = false;      ///< it was told before, so it is no sample of a round trip

    /// Whether the sending `before` places before the newest was seen, 0 to 64.
    [[nodiscard]] constexpr bool saw(unsigned before) const noexcept {
        return before == 0 || (missing >> (before - 1) & 1) == 0;
    }
    /// The same in all.
    friend constexpr bool operator==(const echo&, const echo&) noexcept = default;
};

/// What an ack:R or ack:N says.
enum class ack_word : std::uint8_t {
    state = 0,  ///< the receiver's ack state of the stream
    /// The receiver has not entered this epoch: the relay's word on smaller ones is missing.
    waiting = 1,
    past = 2,    ///< the receiver has entered a larger epoch, and says which
    stored = 3,  ///< ack:N only: the relay's word that a run is in the mailbox
    ended = 4,   ///< ack:N only: the relay's answer to a probe; all below `low` has ended
};

/// ack:R, from B to the relay (spec 4.4).
struct ack_request {
    peer to{};                             ///< the sender that is answered
    sixfold::epoch epoch = epoch::none;    ///< that is spoken of
    ack_word word = ack_word::state;       ///< what it says
    ack_serial serial = 0;                 ///< names this request for its answer
    sending_number number = 0;             ///< only with `waiting`: of what it answers
    std::optional<sixfold::echo> echo{};   ///< only with `state`
    sixfold::epoch current = epoch::none;  ///< only with `past`: the epoch that the receiver is in
    bytes state{};                         ///< only with `state`: an encoded ack_state
};

/// ack:A, from the relay to B (spec 4.5).
struct ack_answer {
    ack_serial serial = 0;  ///< that of the ack:R
};

/// ack:N, from the relay to A (spec 4.6).
struct ack_notify {
    peer from{};                          ///< the receiver, or of whose mailbox the relay speaks
    sixfold::epoch epoch = epoch::none;   ///< that is spoken of
    ack_word word = ack_word::state;      ///< what it says
    std::optional<sixfold::echo> echo{};  ///< only with `state`
    sending_number number = 0;            ///< with `waiting`, `stored`, `ended`: of what it answers
    sixfold::epoch current = epoch::none;  ///< only with `past`
    sixfold::seq first = 0;                ///< only with `stored`: the first seq
    std::uint8_t count = 0;                ///< only with `stored`: how many seqs, 1 to 64
    sixfold::seq low = 0;                  ///< only with `ended`
    bool away = false;                     ///< only with `ended`: B has no link at this relay
    bool given_up = false;  ///< only with `ended`: the mailbox has given up this stream
    bytes state{};          ///< with `state`; with `ended` the last that the mailbox saw, or empty
};

/// A place among the rows of a mailbox, which are drained in this order. (spec 2.7)
struct mailbox_key {
    peer from{};  ///< the sender
    msgid id{};   ///< of the message; the seq may be `seq_end`: behind all of the stream
    /// The same place.
    friend constexpr bool operator==(const mailbox_key&, const mailbox_key&) noexcept = default;
    /// By sender, then epoch, then seq.
    friend constexpr bool operator<(const mailbox_key& a, const mailbox_key& b) noexcept {
        if (!(a.from == b.from)) {
            return a.from < b.from;
        }
        return a.id.epoch != b.id.epoch ? a.id.epoch < b.id.epoch : a.id.seq < b.id.seq;
    }
};

/// sync:R, from B to the relay: as many rows as it has room for, from a place on (spec 4.7).
struct sync_request {
    ack_serial serial = 0;               ///< names this request for its answer
    std::uint32_t rows = 0;              ///< the most rows that are taken now, at least 1
    std::uint32_t room = 0;              ///< the most bytes of their payloads; one row in any case
    std::optional<mailbox_key> from{};   ///< where to begin; none: at the beginning
    std::optional<mailbox_key> until{};  ///< in front of which to end; none: at the end
};

/// sync:A, from the relay to B, behind the rows that it answers with (spec 4.8).
struct sync_answer {
    ack_serial serial = 0;              ///< that of the sync:R
    std::uint32_t rows = 0;             ///< how many were sent: some may be lost
    std::optional<mailbox_key> next{};  ///< where there are more; none: that was all
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

/// The kinds that a client sends, and a relay takes. (spec 1.1)
template <class Frame>
concept client_frame = std::same_as<Frame, msg_request> || std::same_as<Frame, ack_request> ||
    std::same_as<Frame, sync_request>;
/// The kinds that a relay sends, and a client takes. (spec 1.1)
template <class Frame>
concept relay_frame = std::same_as<Frame, msg_answer> || std::same_as<Frame, msg_notify> ||
    std::same_as<Frame, ack_answer> || std::same_as<Frame, ack_notify> ||
    std::same_as<Frame, sync_answer>;

}  // namespace sixfold::inline v0

#endif
