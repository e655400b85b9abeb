// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SIXFOLD_HPP
#define SIXFOLD_SIXFOLD_HPP

/// @file
/// Everything but what stands in for something of yours, which is included by name: memory_mailbox.hpp, and the parts in ext/
/// and testing/.

/// Reliable message delivery over a relay, in six frames: no message lost, none delivered twice, and the sender learns the
/// truth.
///
/// Begin with `client` and `relay`; `memory_mailbox` is a mailbox for a relay, `stream_reader` what a byte stream needs in
/// front of either. `options.hpp` says what can be set. What else is here they are made of; it is public because it is useful
/// and tested by itself.
namespace sixfold {}

#include "sixfold/client.hpp"
#include "sixfold/mailbox/mailbox_group.hpp"
#include "sixfold/relay.hpp"
#include "sixfold/stream_reader.hpp"
#include "sixfold/version.hpp"
#include "sixfold/words.hpp"

#endif
