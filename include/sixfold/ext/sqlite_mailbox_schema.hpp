// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_MAILBOX_SCHEMA_HPP
#define SIXFOLD_EXT_SQLITE_MAILBOX_SCHEMA_HPP

#include "sixfold/ext/sqlite_database.hpp"

// The tables of a mailbox, of version 2.
//
//     mail         a row each; its unique index is in the order in which a receiver drains them
//     stream       of each stream that has rows the highest base that was brought
//     usage        counters, in the transaction of what they count: of all ('', ''), of a
//                  receiver (to, '') and of a pair (to, from). No name is empty, so none collides
//     last_state   the last ack state of a pair; the newest has the highest id
//
// Names are BLOBs, which SQLite compares byte by byte and then by length, as `peer` does. A seq is
// below 2^62 and fits; an epoch has 64 bits, and SQLite's integers a sign: so its highest bit is
// turned over, which keeps the order. `mail` keeps its payloads out of its index, for an index
// with large entries is several times as large and deep.

namespace sixfold::inline v0::detail {

inline constexpr sqlite_schema sqlite_mailbox_schema = {
    .application_id = 0x36666D62,  // "6fmb"
    .version = 2,
    .create = R"(
        CREATE TABLE mail (
            id       INTEGER PRIMARY KEY,
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            epoch    INTEGER NOT NULL,  -- its highest bit turned over
            seq      INTEGER NOT NULL,
            since    INTEGER,           -- when retention found it; NULL: it has not yet
            payload  BLOB,              -- NULL: a tombstone
            UNIQUE (receiver, sender, epoch, seq)
        ) STRICT;
        CREATE INDEX mail_by_age ON mail (since) WHERE payload IS NOT NULL;
        CREATE TABLE stream (
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            epoch    INTEGER NOT NULL,
            base     INTEGER NOT NULL,
            PRIMARY KEY (receiver, sender, epoch)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE usage (
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            rows     INTEGER NOT NULL CHECK (rows >= 0),
            bytes    INTEGER NOT NULL CHECK (bytes >= 0),
            states   INTEGER NOT NULL CHECK (states >= 0),
            PRIMARY KEY (receiver, sender)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE last_state (
            id       INTEGER PRIMARY KEY,
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            epoch    INTEGER NOT NULL,
            floor    INTEGER NOT NULL,
            state    BLOB    NOT NULL,
            UNIQUE (receiver, sender)
        ) STRICT;
    )",
    // Of version 1: each row had the base that it came with, all of which were true when they were sent; and the last ack
    // states were those of wire version 1, which nobody reads any more.
    .upgrade = R"(
        CREATE TABLE stream (
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            epoch    INTEGER NOT NULL,
            base     INTEGER NOT NULL,
            PRIMARY KEY (receiver, sender, epoch)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO stream SELECT receiver, sender, epoch, max(base) FROM mail
            GROUP BY receiver, sender, epoch;
        ALTER TABLE mail DROP COLUMN base;
        DELETE FROM last_state;
        UPDATE usage SET states = 0;
        DELETE FROM usage WHERE rows = 0;
    )",
};

}  // namespace sixfold::inline v0::detail

#endif
