// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SIXFOLD_HPP
#define SIXFOLD_SIXFOLD_HPP

// Reliable message delivery over a relay, in six frames. Everything but what stands in for something of yours, which is
// included by name: memory_mailbox.hpp, and the parts in ext/.

#include "sixfold/client.hpp"
#include "sixfold/mailbox_group.hpp"
#include "sixfold/relay.hpp"
#include "sixfold/stream_reader.hpp"
#include "sixfold/version.hpp"
#include "sixfold/words.hpp"

#endif
