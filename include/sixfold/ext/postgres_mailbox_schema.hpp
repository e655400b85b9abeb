// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_MAILBOX_SCHEMA_HPP
#define SIXFOLD_EXT_POSTGRES_MAILBOX_SCHEMA_HPP

#include "sixfold/ext/postgres_database.hpp"
#include "sixfold/ext/postgres_mailbox_functions.hpp"

// The tables of a mailbox, of version 1.
//
//     mail         a row each; its key is in the order in which a receiver drains them
//     stream       of each stream that has rows: how many, and the highest base that was brought
//     receiver     of each that has rows: how many, and until when he counts as having come
//     sender       of each that has rows: how many, and the bytes of their payloads
//     last_state   the last ack state of a pair, and that its stream was given up; the newest has the highest `changed`
//     total        what is in there in all, as the sum of its rows: relays that commit at the same time add to different ones
//
// Times are nanoseconds of the mailbox's clock. Names are bytea, which PostgreSQL compares byte by byte and then by length, as
// `peer` does. Counters are rows that change often: their pages keep room, so that no index is touched.

namespace sixfold::inline v0::detail {

inline constexpr char postgres_mailbox_tables[] = R"(
    CREATE TABLE mail (
        receiver bytea  NOT NULL,
        sender   bytea  NOT NULL,
        epoch    bigint NOT NULL,  -- its highest bit turned over
        seq      bigint NOT NULL,
        since    bigint NOT NULL,  -- when it came
        expires  bigint,           -- when it becomes a tombstone; NULL: never, or it is one
        payload  bytea,            -- NULL: a tombstone
        PRIMARY KEY (receiver, sender, epoch, seq)
    );
    CREATE INDEX mail_by_age ON mail (since) WHERE payload IS NOT NULL;
    CREATE INDEX mail_by_deadline ON mail (expires) WHERE expires IS NOT NULL;
    CREATE TABLE stream (
        receiver bytea  NOT NULL,
        sender   bytea  NOT NULL,
        epoch    bigint NOT NULL,
        base     bigint NOT NULL,
        since    bigint NOT NULL,  -- its receiver has not come since then, as far as was looked
        rows     bigint NOT NULL,
        PRIMARY KEY (receiver, sender, epoch)
    ) WITH (fillfactor = 60);
    CREATE INDEX stream_by_age ON stream (since);
    CREATE TABLE receiver (
        name bytea  PRIMARY KEY,
        rows bigint NOT NULL,
        came bigint NOT NULL
    ) WITH (fillfactor = 60);
    CREATE TABLE sender (
        name  bytea  PRIMARY KEY,
        rows  bigint NOT NULL,
        bytes bigint NOT NULL
    ) WITH (fillfactor = 60);
    CREATE TABLE last_state (
        receiver bytea  NOT NULL,
        sender   bytea  NOT NULL,
        epoch    bigint NOT NULL,
        floor    bigint NOT NULL,
        state    bytea  NOT NULL,  -- empty: none
        given_up bigint,           -- what was stored below it is gone; NULL: it was not given up
        changed  bigint NOT NULL,
        PRIMARY KEY (receiver, sender)
    );
    CREATE INDEX last_state_by_age ON last_state (changed);
    CREATE SEQUENCE state_changes;
    CREATE TABLE total (
        place  integer PRIMARY KEY,
        rows   bigint NOT NULL,
        bytes  bigint NOT NULL,
        states bigint NOT NULL
    ) WITH (fillfactor = 20);
    INSERT INTO total SELECT place, 0, 0, 0 FROM generate_series(0, 15) AS place;
)";

inline constexpr postgres_schema postgres_mailbox_schema = {
    .application = "sixfold mailbox",
    .version = 1,
    .tables = postgres_mailbox_tables,
    .functions = postgres_mailbox_functions,
};

}  // namespace sixfold::inline v0::detail

#endif
