// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EVENT_HPP
#define SIXFOLD_EVENT_HPP

#include "sixfold/sending/message_state.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// What the app learns about a message that it has sent.
struct event {
    ticket id;    ///< as returned by `send`
    peer to;      ///< to whom it was sent
    msgid name;   ///< its present msgid, which changes when its stream begins again (spec 3.12)
    status what;  ///< `relayed` or later, never `none`
    /// Why it is refused, or `expiring` because it is refused.
    refused_reason reason = refused_reason::none;
};

}  // namespace sixfold::inline v0

#endif
