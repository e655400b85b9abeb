// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SIXFOLD_HPP
#define SIXFOLD_SIXFOLD_HPP

// Reliable message delivery over a relay, in six frames. Everything but the parts in ext/, which are included by name.

#include "sixfold/client.hpp"
#include "sixfold/mailbox_group.hpp"
#include "sixfold/memory_mailbox.hpp"
#include "sixfold/relay.hpp"
#include "sixfold/stream_reader.hpp"
#include "sixfold/version.hpp"

#endif
