// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_MESSAGE_STATE_HPP
#define SIXFOLD_SENDING_MESSAGE_STATE_HPP

#include <cstdint>

#include "sixfold/wire/ack_state.hpp"

// The life of one message at its sender, in one table. (spec 3.15)
//
//                         cancel              deadline, or `away`, or too large for the relay
//     queued -----------+--------> cancelling <--x      |
//       | transmit      |              |                v
//       v               |              |             expiring, refusing
//      sent ------------+              |                |
//       | msg:A         |              | B's word       | B's word
//       v               |              v                v
//     relayed ----------+            ended            ended
//       | stored        |              ^
//       v               |              |
//     stored -----------+              |
//       +---- B's word, from any state-+
//
// Only B's word (its ack state) ends a message, or the relay's word that it has ended; or B is given up.

namespace sixfold::inline v0 {

/// Where a message is.
enum class message_state : std::uint8_t {
    /// In the wait-ack queue, never sent: it waits for its record, for the window or for the link.
    queued,
    sent,        ///< sent, not answered
    relayed,     ///< the relay has taken it
    stored,      ///< it waits in the receiver's mailbox; the sender no longer has the payload
    cancelling,  ///< the app cancelled it: a tombstone is under way in its place
    /// Too late, or the receiver is away and the message must not be stored: a tombstone likewise.
    expiring,
    refusing,  ///< too large for the relay: a tombstone likewise
    ended,     ///< how it ended is known; it waits for the app to hear it
};

/// What the app learns of a message: each of these at most once in a run of the program, in this order; some may be left out. The
/// last six are final.
enum class status : std::uint8_t {
    none,      ///< nothing yet (never in an event)
    relayed,   ///< the relay has it; nobody has promised anything
    stored,    ///< it is in the receiver's mailbox, durably
    expiring,  ///< too late, or too large: it is being taken back, and may still have been delivered
    delivered,  ///< the receiver's app has it
    rejected,   ///< the receiver's app said that it will never take it
    cancelled,  ///< the receiver's app will never see it
    /// The same, because of a deadline, of `storing::forbidden`, or of the mailbox's retention.
    expired,
    ended,  ///< over; nobody can say any more how (spec 3.8)
    /// The relay does not take it; an event says why. If it is too large, the receiver's app will never see it. Else an earlier
    /// sending, or another relay, may have brought it to the receiver. (spec 3.14)
    refused,
};

/// Is this the last thing that the app hears of a message?
[[nodiscard]] constexpr bool is_final(status what) noexcept {
    return what >= status::delivered;
}

/// Does a tombstone travel in the message's place?
[[nodiscard]] constexpr bool is_tombstone(message_state state) noexcept {
    return state == message_state::cancelling || state == message_state::expiring ||
           state == message_state::refusing;
}

/// Must it be sent until it is answered? A stored one need not: the mailbox vouches for it. (spec 3.9)
[[nodiscard]] constexpr bool is_unfinished(message_state state) noexcept {
    return state != message_state::stored && state != message_state::ended;
}

/// How a message in `state` has ended for the app, once the receiver says `how` its seq ended. (spec 3.8)
[[nodiscard]] constexpr status conclude(message_state state, fate how) noexcept {
    switch (how) {
    case fate::accepted: return status::delivered;
    case fate::rejected: return status::rejected;
    case fate::tombstoned:
        return state == message_state::cancelling ? status::cancelled
               : state == message_state::refusing ? status::refused
                                                  : status::expired;
    case fate::ended: return status::ended;
    case fate::open:
    case fate::held: break;
    }
    return status::none;
}

/// What the app may know of a message in `state` that has not ended.
[[nodiscard]] constexpr status known(message_state state) noexcept {
    switch (state) {
    case message_state::relayed: return status::relayed;
    case message_state::stored: return status::stored;
    case message_state::expiring:
    case message_state::refusing: return status::expiring;
    case message_state::queued:
    case message_state::sent:
    case message_state::cancelling:
    case message_state::ended: break;
    }
    return status::none;
}

}  // namespace sixfold::inline v0

#endif
