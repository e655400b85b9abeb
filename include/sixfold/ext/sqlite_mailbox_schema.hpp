// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_MAILBOX_SCHEMA_HPP
#define SIXFOLD_EXT_SQLITE_MAILBOX_SCHEMA_HPP

#include "sixfold/ext/sqlite_database.hpp"

// The tables of a mailbox, of version 3.
//
//     mail         a row each; its unique index is in the order in which a receiver drains them
//     stream       of each stream that has rows the highest base that was brought
//     usage        counters, in the transaction of what they count: of all ('', ''), of a receiver
//                  (to, ''), of a sender ('', from) and of a pair (to, from). No name is empty, so none collides
//     last_state   the last ack state of a pair, and that its stream was given up; the newest has the highest id
//
// Times are nanoseconds of the mailbox's clock.
//
// Names are BLOBs, which SQLite compares byte by byte and then by length, as `peer` does. A seq is
// below 2^62 and fits; an epoch has 64 bits, and SQLite's integers a sign: so its highest bit is
// turned over, which keeps the order. `mail` keeps its payloads out of its index, for an index
// with large entries is several times as large and deep.

namespace sixfold::inline v0::detail {

inline constexpr sqlite_schema sqlite_mailbox_schema = {
    .application_id = 0x36666D62,  // "6fmb"
    .version = 3,
    .create = R"(
        CREATE TABLE mail (
            id       INTEGER PRIMARY KEY,
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            epoch    INTEGER NOT NULL,  -- its highest bit turned over
            seq      INTEGER NOT NULL,
            since    INTEGER NOT NULL,  -- when it came
            expires  INTEGER,           -- when it becomes a tombstone; NULL: never, or it is one
            payload  BLOB,              -- NULL: a tombstone
            UNIQUE (receiver, sender, epoch, seq)
        ) STRICT;
        CREATE INDEX mail_by_age ON mail (since) WHERE payload IS NOT NULL;
        CREATE INDEX mail_by_deadline ON mail (expires) WHERE expires IS NOT NULL;
        CREATE TABLE stream (
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            epoch    INTEGER NOT NULL,
            base     INTEGER NOT NULL,
            since    INTEGER NOT NULL,  -- its receiver has not come since then, as far as was looked
            PRIMARY KEY (receiver, sender, epoch)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX stream_by_age ON stream (since);
        CREATE TABLE usage (
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            rows     INTEGER NOT NULL CHECK (rows >= 0),
            bytes    INTEGER NOT NULL CHECK (bytes >= 0),
            states   INTEGER NOT NULL CHECK (states >= 0),
            came     INTEGER NOT NULL DEFAULT 0,  -- of a receiver: he counts as having come until then
            PRIMARY KEY (receiver, sender)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE last_state (
            id       INTEGER PRIMARY KEY,
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            epoch    INTEGER NOT NULL,
            floor    INTEGER NOT NULL,
            state    BLOB    NOT NULL,  -- empty: none
            given_up INTEGER,           -- what was stored below it is gone; NULL: it was not given up
            UNIQUE (receiver, sender)
        ) STRICT;
    )",
    // Version 1 is that of wire version 1: each row had the base that it came with, all of which were true when they were sent; the
    // last ack states are read by nobody any more; what a sender has was not counted; and rows had dates of any clock, and begin
    // anew with that of the system.
    .former = 1,
    .set_aside = R"(
        ALTER TABLE mail RENAME TO old_mail;
        ALTER TABLE usage RENAME TO old_usage;
        DROP INDEX mail_by_age;
        DROP TABLE last_state;
    )",
    .upgrade = R"(
        INSERT INTO mail SELECT id, receiver, sender, epoch, seq,
            CAST(strftime('%s', 'now') AS INTEGER) * 1000000000, NULL, payload FROM old_mail;
        INSERT INTO stream SELECT receiver, sender, epoch, max(base),
            CAST(strftime('%s', 'now') AS INTEGER) * 1000000000 FROM old_mail
            GROUP BY receiver, sender, epoch;
        INSERT INTO usage SELECT receiver, sender, rows, bytes, 0, 0 FROM old_usage WHERE rows > 0;
        INSERT INTO usage SELECT x'', sender, sum(rows), sum(bytes), 0, 0 FROM old_usage
            WHERE receiver <> x'' AND sender <> x'' AND rows > 0 GROUP BY sender;
        DROP TABLE old_mail;
        DROP TABLE old_usage;
    )",
};

}  // namespace sixfold::inline v0::detail

#endif
