// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MESSAGE_HPP
#define SIXFOLD_MESSAGE_HPP

#include <cstdint>

#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// A message for the app.
struct message {
    peer from;  ///< who sent it, by the relay's word
    msgid id;   ///< no other message from this peer has it
    /// Good until the message is accepted or rejected; with `acceptance::on_delivery` until the next `poll_message`.
    bytes payload;
    /// Where the receiver keeps it: a hint for `accept`, not a part of its name.
    std::uint32_t place = UINT32_MAX;
    /// How often it was handed out, this time included, as far as the journal knows. If it is more than 1, an earlier life ended
    /// before it settled the message, perhaps because of the message. See `poll_message`. (spec 7.10)
    std::uint32_t attempts = 1;
};

}  // namespace sixfold::inline v0

#endif
