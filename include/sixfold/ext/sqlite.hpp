// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_HPP
#define SIXFOLD_EXT_SQLITE_HPP

/// @file
/// What sixfold keeps in SQLite 3 (3.37 or newer): the durable mailbox of a relay, and the journal of
/// a client, in one commit with the app's own rows.

#include "sixfold/ext/sqlite_database.hpp"
#include "sixfold/ext/sqlite_journal.hpp"
#include "sixfold/ext/sqlite_mailbox.hpp"

#endif
