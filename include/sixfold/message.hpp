// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MESSAGE_HPP
#define SIXFOLD_MESSAGE_HPP

#include <cstdint>

#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// A message for the app.
struct message {
    peer from;  ///< who sent it, by the relay's word
    msgid id;   ///< no other message of `from` has it
    /// Good until the message is accepted or rejected; with `acceptance::on_delivery` until the next `poll_message`.
    bytes payload;
    /// Where the receiver keeps it, for `accept`: a hint, no part of its name.
    std::uint32_t place = UINT32_MAX;
    /// Which time it is that it is handed out, as far as the journal knows. More than 1, and an earlier life did not get to settle it:
    /// because of it, perhaps. See `poll_message`. (spec 7.10)
    std::uint32_t attempts = 1;
};

}  // namespace sixfold::inline v0

#endif
