// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_REDIS_HPP
#define SIXFOLD_EXT_REDIS_HPP

/// @file
/// What relays tell each other over Redis (with hiredis 0.14 or newer, on POSIX): frames for peers that are linked elsewhere, and that
/// somebody has a newer link.

#include "sixfold/ext/redis_carrier.hpp"

#endif
