// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_MAILBOX_FUNCTIONS_HPP
#define SIXFOLD_EXT_POSTGRES_MAILBOX_FUNCTIONS_HPP

#include "sixfold/version.hpp"

// What changes the tables of a mailbox, as functions of the database: each call is one statement and one transaction, whose locks
// no relay can leave behind, wherever it stops.
//
// Relays that work at the same time wait for each other only where they touch the same stream, peer or place of the total. Nobody
// waits in a circle: everyone locks rows of `mail` (new ones), `stream`, `receiver`, `sender`, `last_state` and `total` in this order,
// and those of one table in the order of their keys. What is not in that order is skipped where it is locked. As each statement of a
// function sees all that was committed before it began, what is looked at behind a lock is as it is.
//
// Joins with `unnest` are of a few values with a table that may be huge; the connection forbids plans that read it whole.

namespace sixfold::inline v0::detail {

inline constexpr char postgres_mailbox_functions[] = R"sql(
    -- In all there is so much more, or less.
    CREATE OR REPLACE FUNCTION add_total(more_rows bigint, more_bytes bigint, more_states bigint) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE total SET rows = rows + more_rows, bytes = bytes + more_bytes, states = states + more_states
        WHERE place = pg_backend_pid() % 16;
    END
    $$;

    -- So many rows and bytes have gone of these streams, which are locked: all counts are below zero.
    CREATE OR REPLACE FUNCTION subtract(to_whom bytea[], from_whom bytea[], in_epoch bigint[], rows_of bigint[], bytes_of bigint[])
        RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE stream SET rows = rows + change
        FROM unnest(to_whom, from_whom, in_epoch, rows_of) AS a(receiver, sender, epoch, change)
        WHERE (stream.receiver, stream.sender, stream.epoch) = (a.receiver, a.sender, a.epoch);
        DELETE FROM stream USING unnest(to_whom, from_whom, in_epoch) AS a(receiver, sender, epoch)
        WHERE (stream.receiver, stream.sender, stream.epoch) = (a.receiver, a.sender, a.epoch) AND rows = 0;
        UPDATE receiver SET rows = rows + change FROM (
            SELECT name, sum(change) AS change FROM unnest(to_whom, rows_of) AS a(name, change) GROUP BY name) AS a
        WHERE receiver.name = a.name;
        DELETE FROM receiver WHERE name = ANY (to_whom) AND rows = 0;
        UPDATE sender SET rows = rows + change, bytes = bytes + size FROM (
            SELECT name, sum(change) AS change, sum(size) AS size FROM unnest(from_whom, rows_of, bytes_of) AS a(name, change, size)
            GROUP BY name ORDER BY name) AS a
        WHERE sender.name = a.name;
        DELETE FROM sender WHERE name = ANY (from_whom) AND rows = 0;
    END
    $$;

    -- There are so many more last states: the oldest make place; how many.
    CREATE OR REPLACE FUNCTION forget_oldest(more bigint, states_max bigint) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        above bigint;
        gone bigint := 0;
    BEGIN
        SELECT sum(states) + more - states_max INTO above FROM total;
        IF more > 0 AND above > 0 THEN
            DELETE FROM last_state WHERE (receiver, sender) IN (
                SELECT receiver, sender FROM last_state ORDER BY changed LIMIT above FOR UPDATE SKIP LOCKED);
            GET DIAGNOSTICS gone = ROW_COUNT;
        END IF;
        RETURN gone;
    END
    $$;

    -- All rows of these runs, or none. False: they do not fit. Rows are in the order of their keys, each once; beside them their streams,
    -- in that order, too, with what would be new of each if all rows were.
    CREATE OR REPLACE FUNCTION put(receivers bytea[], senders bytea[], epochs bigint[], seqs bigint[], deadlines bigint[], payloads bytea[],
        to_whom bytea[], from_whom bytea[], in_epoch bigint[], base_of bigint[], rows_of bigint[], bytes_of bigint[],
        moment bigint, pair_rows_max bigint, sender_rows_max bigint, receiver_rows_max bigint, rows_max bigint,
        sender_bytes_max bigint, bytes_max bigint) RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE
        buried_of bytea[]; buried_bytes bigint[];
        known bigint; new_rows bigint; new_bytes bigint; some_new boolean; buries boolean := false;
        fit_receivers boolean; fit_senders boolean; fit_pairs boolean; fit_all boolean;
    BEGIN
        BEGIN
            INSERT INTO mail SELECT receiver, sender, epoch, seq, moment, expires, payload
            FROM unnest(receivers, senders, epochs, seqs, deadlines, payloads) AS a(receiver, sender, epoch, seq, expires, payload);
        EXCEPTION WHEN unique_violation THEN  -- some are there already, as what is sent again is
            WITH fresh AS (
                INSERT INTO mail SELECT receiver, sender, epoch, seq, moment, expires, payload
                FROM unnest(receivers, senders, epochs, seqs, deadlines, payloads) AS a(receiver, sender, epoch, seq, expires, payload)
                ON CONFLICT DO NOTHING RETURNING receiver, sender, epoch, coalesce(length(payload), 0) AS size
            )
            SELECT array_agg(more), array_agg(size) INTO rows_of, bytes_of FROM (
                SELECT sum(more) AS more, sum(size) AS size FROM (
                    SELECT receiver, sender, epoch, 0 AS more, 0 AS size
                    FROM unnest(to_whom, from_whom, in_epoch) AS a(receiver, sender, epoch)
                    UNION ALL SELECT receiver, sender, epoch, 1, size FROM fresh) AS a
                GROUP BY receiver, sender, epoch ORDER BY receiver, sender, epoch) AS streams;
            buries := array_position(payloads, NULL) IS NOT NULL;
        END;
        SELECT sum(more), sum(size) INTO new_rows, new_bytes FROM unnest(rows_of, bytes_of) AS a(more, size);

        UPDATE stream SET base = greatest(base, brought), rows = rows + more
        FROM unnest(to_whom, from_whom, in_epoch, base_of, rows_of) AS a(receiver, sender, epoch, brought, more)
        WHERE (stream.receiver, stream.sender, stream.epoch) = (a.receiver, a.sender, a.epoch) AND (more > 0 OR brought > base OR buries);
        GET DIAGNOSTICS known = ROW_COUNT;
        some_new := known < cardinality(to_whom);
        IF some_new THEN
            INSERT INTO stream SELECT receiver, sender, epoch, brought, moment, more
            FROM unnest(to_whom, from_whom, in_epoch, base_of, rows_of) AS a(receiver, sender, epoch, brought, more)
            WHERE more > 0 AND NOT EXISTS (
                SELECT FROM stream WHERE (stream.receiver, stream.sender, stream.epoch) = (a.receiver, a.sender, a.epoch))
            ON CONFLICT (receiver, sender, epoch) DO UPDATE
            SET base = greatest(stream.base, excluded.base), rows = stream.rows + excluded.rows;
        END IF;

        -- Behind the lock of their streams, which whoever erases has, too.
        IF buries THEN
            WITH had AS (
                SELECT receiver, sender, epoch, seq, length(payload) AS size FROM mail
                WHERE payload IS NOT NULL AND (receiver, sender, epoch, seq) IN (
                    SELECT receiver, sender, epoch, seq FROM unnest(receivers, senders, epochs, seqs, payloads)
                        AS a(receiver, sender, epoch, seq, payload) WHERE payload IS NULL)
                FOR UPDATE
            ), buried AS (
                UPDATE mail SET payload = NULL, expires = NULL FROM had
                WHERE (mail.receiver, mail.sender, mail.epoch, mail.seq) = (had.receiver, had.sender, had.epoch, had.seq)
            )
            SELECT array_agg(sender), array_agg(-size) INTO buried_of, buried_bytes FROM had;
        END IF;
        IF new_rows = 0 AND buried_of IS NULL THEN
            RETURN true;
        END IF;

        -- What is new is counted by a row of its own, if that is not there yet; what is buried makes place, and is no row.
        WITH more_for AS MATERIALIZED (
            SELECT name, sum(more) AS more FROM unnest(to_whom, rows_of) AS a(name, more) GROUP BY name HAVING sum(more) > 0 ORDER BY name
        ), for_known AS (
            UPDATE receiver SET rows = rows + more FROM more_for WHERE receiver.name = more_for.name RETURNING rows
        ), for_new AS (
            INSERT INTO receiver SELECT name, more, 0 FROM more_for
            WHERE some_new AND NOT EXISTS (SELECT FROM receiver WHERE receiver.name = more_for.name)
            ON CONFLICT (name) DO UPDATE SET rows = receiver.rows + excluded.rows RETURNING rows
        ), more_of AS MATERIALIZED (
            SELECT name, sum(more) AS more, sum(size) AS size FROM (
                SELECT * FROM unnest(from_whom, rows_of, bytes_of) AS a(name, more, size)
                UNION ALL SELECT name, 0, size FROM unnest(buried_of, buried_bytes) AS a(name, size)) AS a
            GROUP BY name HAVING sum(more) > 0 OR sum(size) <> 0 ORDER BY name
        ), of_known AS (
            UPDATE sender SET rows = rows + more, bytes = bytes + size FROM more_of WHERE sender.name = more_of.name
            RETURNING more = 0 OR (rows <= sender_rows_max AND bytes <= sender_bytes_max) AS fits
        ), of_new AS (
            INSERT INTO sender SELECT name, more, size FROM more_of
            WHERE some_new AND NOT EXISTS (SELECT FROM sender WHERE sender.name = more_of.name)
            ON CONFLICT (name) DO UPDATE SET rows = sender.rows + excluded.rows, bytes = sender.bytes + excluded.bytes
            RETURNING rows <= sender_rows_max AND bytes <= sender_bytes_max AS fits
        ), in_all AS (
            UPDATE total SET rows = rows + new_rows,
                bytes = bytes + new_bytes + coalesce((SELECT sum(size) FROM unnest(buried_bytes) AS a(size)), 0)
            WHERE place = pg_backend_pid() % 16
        )
        SELECT greatest((SELECT max(rows) FROM for_known), (SELECT max(rows) FROM for_new)) <= receiver_rows_max,
            coalesce((SELECT bool_and(of_known.fits) FROM of_known), true) AND coalesce((SELECT bool_and(of_new.fits) FROM of_new), true),
            (SELECT max(sum) <= pair_rows_max FROM (
                SELECT sum(rows) FROM (
                    SELECT DISTINCT receiver, sender FROM unnest(to_whom, from_whom, rows_of) AS a(receiver, sender, more)
                    WHERE more > 0) AS a
                JOIN stream USING (receiver, sender) GROUP BY receiver, sender) AS pairs),
            (SELECT sum(rows) + new_rows <= rows_max AND sum(bytes) + new_bytes
                + coalesce((SELECT sum(size) FROM unnest(buried_bytes) AS a(size)), 0) <= bytes_max FROM total)
        INTO fit_receivers, fit_senders, fit_pairs, fit_all;
        IF new_rows > 0 AND NOT (fit_receivers AND fit_senders AND fit_pairs AND fit_all) THEN
            RAISE SQLSTATE 'SF001';
        END IF;
        RETURN true;
    EXCEPTION WHEN SQLSTATE 'SF001' THEN
        RETURN false;
    END
    $$;

    -- Erases the rows that these acks cover, keeps their states, raises bases, and notes who has come.
    CREATE OR REPLACE FUNCTION settle(receivers bytea[], senders bytea[], epochs bigint[], floors bigint[], ends bigint[], firsts bigint[],
        accepted bytea[], states bytea[], look_receivers bytea[], look_senders bytea[], look_epochs bigint[], look_bases bigint[],
        here bytea[], moment bigint, here_until bigint, states_max bigint) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        found_by bigint[]; to_whom bytea[]; from_whom bytea[]; in_epoch bigint[]; rows_of bigint[]; bytes_of bigint[];
        new_states bigint; only_states boolean := true;
    BEGIN
        -- Most find nothing to do, and then nothing is locked or written.
        PERFORM FROM stream WHERE (receiver, sender, epoch) IN (
            SELECT receiver, sender, epoch FROM unnest(receivers, senders, epochs, ends) AS a(receiver, sender, epoch, ending)
            WHERE EXISTS (SELECT FROM mail WHERE (mail.receiver, mail.sender, mail.epoch) = (a.receiver, a.sender, a.epoch)
                AND mail.seq < a.ending)
            UNION ALL
            SELECT receiver, sender, epoch FROM unnest(look_receivers, look_senders, look_epochs, look_bases)
                AS a(receiver, sender, epoch, brought) JOIN stream USING (receiver, sender, epoch) WHERE base < brought)
        ORDER BY receiver, sender, epoch FOR UPDATE;
        IF FOUND THEN
            only_states := false;
            UPDATE stream SET base = brought FROM (
                SELECT receiver, sender, epoch, max(base) AS brought
                FROM unnest(look_receivers, look_senders, look_epochs, look_bases) AS a(receiver, sender, epoch, base)
                GROUP BY receiver, sender, epoch) AS a
            WHERE (stream.receiver, stream.sender, stream.epoch) = (a.receiver, a.sender, a.epoch) AND base < brought;
            WITH gone AS (
                DELETE FROM mail USING unnest(receivers, senders, epochs, floors, ends, firsts, accepted) WITH ORDINALITY
                    AS a(receiver, sender, epoch, floor, ending, first, bits, nth)
                WHERE (mail.receiver, mail.sender, mail.epoch) = (a.receiver, a.sender, a.epoch) AND mail.seq < a.ending
                    AND CASE WHEN mail.seq < a.floor THEN true
                        WHEN mail.seq < a.first OR mail.seq >= a.first + 8 * length(a.bits) THEN false
                        ELSE get_bit(a.bits, mail.seq - a.first) = 1 END
                RETURNING mail.receiver, mail.sender, mail.epoch, nth, coalesce(length(payload), 0) AS size
            ), counted AS (
                SELECT receiver, sender, epoch, min(nth) AS nth, -count(*) AS rows, -sum(size) AS bytes
                FROM gone GROUP BY receiver, sender, epoch
            )
            SELECT array_agg(nth), array_agg(receiver), array_agg(sender), array_agg(epoch), array_agg(rows), array_agg(bytes)
            INTO found_by, to_whom, from_whom, in_epoch, rows_of, bytes_of FROM counted;
        END IF;
        PERFORM FROM receiver WHERE name = ANY (to_whom) OR (name = ANY (here) AND came < moment) ORDER BY name FOR UPDATE;
        IF FOUND THEN
            only_states := false;
            UPDATE receiver SET came = here_until WHERE name = ANY (here) AND came < moment;
        END IF;
        IF to_whom IS NOT NULL THEN
            PERFORM subtract(to_whom, from_whom, in_epoch, rows_of, bytes_of);
        END IF;

        WITH kept AS (
            INSERT INTO last_state SELECT DISTINCT ON (receiver, sender)
                receiver, sender, epoch, floor, state, NULL::bigint, nextval('state_changes')
            FROM unnest(receivers, senders, epochs, floors, states) WITH ORDINALITY AS a(receiver, sender, epoch, floor, state, nth)
            WHERE state IS NOT NULL AND coalesce((
                SELECT (a.epoch, a.floor) >= (s.epoch, s.floor)
                    AND NOT (a.epoch = s.epoch AND a.state = s.state AND s.given_up IS NULL)
                FROM last_state AS s WHERE (s.receiver, s.sender) = (a.receiver, a.sender)),
                nth = ANY (found_by))
            ORDER BY receiver, sender, epoch DESC, floor DESC, nth DESC
            ON CONFLICT (receiver, sender) DO UPDATE SET epoch = excluded.epoch, floor = excluded.floor, state = excluded.state,
                given_up = NULL, changed = excluded.changed
            WHERE (excluded.epoch, excluded.floor) >= (last_state.epoch, last_state.floor)
            RETURNING xmax = 0 AS is_new
        )
        SELECT count(*) INTO new_states FROM kept WHERE is_new;
        IF new_states > 0 OR to_whom IS NOT NULL THEN
            PERFORM add_total(
                coalesce((SELECT sum(change) FROM unnest(rows_of) AS a(change)), 0)::bigint,
                coalesce((SELECT sum(change) FROM unnest(bytes_of) AS a(change)), 0)::bigint,
                new_states - forget_oldest(new_states, states_max));
        END IF;
        IF only_states THEN  -- a newer word in the place of an older one, which is as true: it may get lost, and nobody waits for the disk
            SET LOCAL synchronous_commit = off;
        END IF;
    END
    $$;

    -- Buries payloads whose deadline or whose time is over, at most so many; how many.
    CREATE OR REPLACE FUNCTION bury(moment bigint, before bigint, rows_max bigint) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        late_of bytea[]; late_bytes bigint[]; old_of bytea[]; old_bytes bigint[];
    BEGIN
        WITH late AS (
            SELECT ctid AS place, -length(payload) AS size FROM mail WHERE expires <= moment
            ORDER BY expires LIMIT rows_max FOR UPDATE SKIP LOCKED
        ), buried AS (
            UPDATE mail SET payload = NULL, expires = NULL FROM late WHERE mail.ctid = place RETURNING sender, size
        )
        SELECT array_agg(sender), array_agg(size) INTO late_of, late_bytes FROM buried;
        WITH late AS (
            SELECT ctid AS place, -length(payload) AS size FROM mail WHERE payload IS NOT NULL AND since <= before
            ORDER BY since LIMIT rows_max - coalesce(cardinality(late_of), 0) FOR UPDATE SKIP LOCKED
        ), buried AS (
            UPDATE mail SET payload = NULL, expires = NULL FROM late WHERE mail.ctid = place RETURNING sender, size
        )
        SELECT array_agg(sender), array_agg(size) INTO old_of, old_bytes FROM buried;
        late_of := late_of || old_of;
        late_bytes := late_bytes || old_bytes;
        IF late_of IS NULL THEN
            RETURN 0;
        END IF;
        UPDATE sender SET bytes = bytes + size FROM (
            SELECT name, sum(size) AS size FROM unnest(late_of, late_bytes) AS a(name, size) GROUP BY name ORDER BY name) AS a
        WHERE sender.name = a.name;
        PERFORM add_total(0, sum(size)::bigint, 0) FROM unnest(late_bytes) AS a(size);
        RETURN cardinality(late_of);
    END
    $$;

    -- Gives the stream up whose receiver has been away longest, if he did not come since this moment; how many rows have gone: 0, if
    -- he did. NULL: there is none.
    CREATE OR REPLACE FUNCTION give_up(before bigint, states_max bigint) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        here stream%ROWTYPE;
        arrived bigint; ending bigint; next bigint; gone bigint; size bigint; new_states bigint;
    BEGIN
        SELECT * INTO here FROM stream WHERE since <= before ORDER BY since LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        SELECT came INTO arrived FROM receiver WHERE name = here.receiver FOR UPDATE;
        IF arrived > here.since THEN
            UPDATE stream SET since = arrived
            WHERE (receiver, sender, epoch) = (here.receiver, here.sender, here.epoch);
            RETURN 0;
        END IF;
        -- What lies without a hole behind its base was stored, or has ended.
        ending := here.base;
        FOR next IN SELECT seq FROM mail WHERE (receiver, sender, epoch) = (here.receiver, here.sender, here.epoch)
            AND seq >= here.base ORDER BY seq LOOP
            EXIT WHEN next > ending;
            ending := ending + 1;
        END LOOP;
        WITH rows AS (
            DELETE FROM mail WHERE (receiver, sender, epoch) = (here.receiver, here.sender, here.epoch)
            RETURNING coalesce(length(payload), 0) AS bytes
        )
        SELECT count(*), coalesce(sum(bytes), 0) INTO gone, size FROM rows;
        PERFORM subtract(ARRAY[here.receiver], ARRAY[here.sender], ARRAY[here.epoch], ARRAY[-gone], ARRAY[-size]);
        WITH kept AS (
            INSERT INTO last_state
            VALUES (here.receiver, here.sender, here.epoch, 0, '', ending, nextval('state_changes'))
            ON CONFLICT (receiver, sender) DO UPDATE SET epoch = excluded.epoch, changed = excluded.changed,
                floor = CASE last_state.epoch WHEN excluded.epoch THEN last_state.floor ELSE 0 END,
                state = CASE last_state.epoch WHEN excluded.epoch THEN last_state.state ELSE '' END,
                given_up = CASE last_state.epoch WHEN excluded.epoch THEN greatest(last_state.given_up, ending) ELSE ending END
            WHERE excluded.epoch >= last_state.epoch
            RETURNING xmax = 0 AS is_new
        )
        SELECT count(*) INTO new_states FROM kept WHERE is_new;
        PERFORM add_total(-gone, -size, new_states - forget_oldest(new_states, states_max));
        RETURN gone;
    END
    $$;
)sql";

}  // namespace sixfold::inline v0::detail

#endif
