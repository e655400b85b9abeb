// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WORDS_HPP
#define SIXFOLD_WORDS_HPP

#include <string_view>

#include "sixfold/error.hpp"
#include "sixfold/sending/message_state.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

// The values of the enumerations as they are called in the code, for logs: words in static storage, and "?" for a number
// that is no value. Whatever prints them has them from here.

namespace sixfold::inline v0 {

/// What an app learns of a message.
[[nodiscard]] constexpr std::string_view to_string(status what) noexcept {
    switch (what) {
    case status::none: return "none";
    case status::relayed: return "relayed";
    case status::stored: return "stored";
    case status::expiring: return "expiring";
    case status::delivered: return "delivered";
    case status::rejected: return "rejected";
    case status::cancelled: return "cancelled";
    case status::expired: return "expired";
    case status::ended: return "ended";
    case status::refused: return "refused";
    }
    return "?";
}

/// Why a call of the app was refused.
[[nodiscard]] constexpr std::string_view to_string(errc what) noexcept {
    switch (what) {
    case errc::option: return "option";
    case errc::peer_name: return "peer_name";
    case errc::payload_too_large: return "payload_too_large";
    case errc::queue_full: return "queue_full";
    case errc::peer_full: return "peer_full";
    case errc::peers_full: return "peers_full";
    case errc::tickets_used_up: return "tickets_used_up";
    case errc::unknown_link: return "unknown_link";
    case errc::journal_version: return "journal_version";
    case errc::journal_damaged: return "journal_damaged";
    case errc::journal_foreign: return "journal_foreign";
    }
    return "?";
}

/// Why bytes were refused.
[[nodiscard]] constexpr std::string_view to_string(refusal what) noexcept {
    switch (what) {
    case refusal::none: return "none";
    case refusal::truncated: return "truncated";
    case refusal::version: return "version";
    case refusal::kind: return "kind";
    case refusal::flags: return "flags";
    case refusal::checksum: return "checksum";
    case refusal::not_canonical: return "not_canonical";
    case refusal::trailing: return "trailing";
    case refusal::peer_name: return "peer_name";
    case refusal::epoch: return "epoch";
    case refusal::seq_range: return "seq_range";
    case refusal::ack_state: return "ack_state";
    case refusal::run: return "run";
    case refusal::frame_too_large: return "frame_too_large";
    case refusal::payload_too_large: return "payload_too_large";
    case refusal::verdict: return "verdict";
    case refusal::direction: return "direction";
    case refusal::unknown_link: return "unknown_link";
    case refusal::unknown_stream: return "unknown_stream";
    case refusal::never_sent: return "never_sent";
    case refusal::too_soon: return "too_soon";
    case refusal::peers_full: return "peers_full";
    case refusal::too_much: return "too_much";
    case refusal::mailbox: return "mailbox";
    }
    return "?";
}

/// Where a message is at its sender.
[[nodiscard]] constexpr std::string_view to_string(message_state what) noexcept {
    switch (what) {
    case message_state::queued: return "queued";
    case message_state::sent: return "sent";
    case message_state::relayed: return "relayed";
    case message_state::stored: return "stored";
    case message_state::cancelling: return "cancelling";
    case message_state::expiring: return "expiring";
    case message_state::refusing: return "refusing";
    case message_state::ended: return "ended";
    }
    return "?";
}

/// How a seq ended, or that it has not.
[[nodiscard]] constexpr std::string_view to_string(fate what) noexcept {
    switch (what) {
    case fate::open: return "open";
    case fate::held: return "held";
    case fate::accepted: return "accepted";
    case fate::tombstoned: return "tombstoned";
    case fate::rejected: return "rejected";
    case fate::ended: return "ended";
    }
    return "?";
}

/// What a relay says of a sending.
[[nodiscard]] constexpr std::string_view to_string(msg_word what) noexcept {
    switch (what) {
    case msg_word::taken: return "taken";
    case msg_word::away: return "away";
    case msg_word::refused: return "refused";
    }
    return "?";
}

/// Why a relay refuses.
[[nodiscard]] constexpr std::string_view to_string(refused_reason what) noexcept {
    switch (what) {
    case refused_reason::none: return "none";
    case refused_reason::unknown_peer: return "unknown_peer";
    case refused_reason::not_allowed: return "not_allowed";
    case refused_reason::over_quota: return "over_quota";
    case refused_reason::too_large: return "too_large";
    }
    return "?";
}

/// What an acknowledgement says.
[[nodiscard]] constexpr std::string_view to_string(ack_word what) noexcept {
    switch (what) {
    case ack_word::state: return "state";
    case ack_word::waiting: return "waiting";
    case ack_word::past: return "past";
    case ack_word::stored: return "stored";
    case ack_word::ended: return "ended";
    }
    return "?";
}

}  // namespace sixfold::inline v0

#endif
