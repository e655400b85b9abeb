// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_HPP
#define SIXFOLD_EXT_POSTGRES_HPP

/// @file
/// What sixfold keeps in PostgreSQL (13 or newer, with libpq 14 or newer, on POSIX): the durable mailbox of several relays.

#include "sixfold/ext/postgres_database.hpp"
#include "sixfold/ext/postgres_mailbox.hpp"

#endif
