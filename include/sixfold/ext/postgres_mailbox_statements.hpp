// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_MAILBOX_STATEMENTS_HPP
#define SIXFOLD_EXT_POSTGRES_MAILBOX_STATEMENTS_HPP

#include <cstddef>
#include <string_view>

#include "sixfold/version.hpp"

// What is asked of the tables and functions of a mailbox. The columns of values are those of postgres_mailbox_work.hpp.

namespace sixfold::inline v0::detail {

/// Their places among all.
enum class mailbox_statement : std::size_t { put, settle, look, page, bury, give_up, usage };

inline constexpr std::string_view postgres_mailbox_statements[] = {
    "SELECT put($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
    "$19)",

    "SELECT settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",

    // low, the lowest row of a smaller epoch, the last ack state, and up to where it was given up.
    R"sql(
    SELECT CASE WHEN stream.base IS NULL THEN brought ELSE least(lowest.seq, greatest(stream.base, brought)) END,
        smaller.epoch, smaller.seq, kept.state,
        CASE WHEN kept.given_up IS NOT NULL THEN least(kept.given_up, lowest.seq) END
    FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
        AS a(receiver, sender, epoch, brought, nth)
    LEFT JOIN stream USING (receiver, sender, epoch)
    LEFT JOIN LATERAL (
        SELECT seq FROM mail WHERE (receiver, sender, epoch) = (a.receiver, a.sender, a.epoch)
        ORDER BY seq LIMIT 1) AS lowest ON true
    LEFT JOIN LATERAL (
        SELECT epoch, seq FROM mail WHERE (receiver, sender) = (a.receiver, a.sender) AND epoch < a.epoch
        ORDER BY epoch, seq LIMIT 1) AS smaller ON true
    LEFT JOIN last_state AS kept
        ON (kept.receiver, kept.sender, kept.epoch) = (a.receiver, a.sender, a.epoch)
    ORDER BY nth)sql",

    // Those rows of a receiver that have room, and the one behind them; with the first of each stream its low, and the lowest row of
    // a smaller epoch.
    R"sql(
    WITH page AS MATERIALIZED (
        SELECT *, coalesce(length(payload), 0) AS size, row_number() OVER all_rows AS nth,
            sum(coalesce(length(payload), 0)) OVER all_rows AS reached,
            row_number() OVER (PARTITION BY sender, epoch ORDER BY seq) = 1 AS is_first
        FROM (
            SELECT sender, epoch, seq, CASE WHEN expires <= $10 THEN NULL ELSE payload END AS payload FROM mail
            WHERE receiver = $1 AND (sender, epoch, seq) >= ($2, $3, $4) AND (sender, epoch, seq) < ($5, $6, $7)
            ORDER BY sender, epoch, seq LIMIT $8::bigint + 1) AS rows
        WINDOW all_rows AS (ORDER BY sender, epoch, seq ROWS UNBOUNDED PRECEDING)
    )
    SELECT page.sender, page.epoch, page.seq, payload IS NULL, CASE WHEN fits THEN payload END, fits,
        least(lowest.seq, stream.base), smaller.epoch, smaller.seq
    FROM page
    CROSS JOIN LATERAL (SELECT nth = 1 OR (nth <= $8 AND reached <= $9::bigint) AS fits) AS room
    LEFT JOIN LATERAL (
        SELECT base FROM stream WHERE is_first AND (receiver, sender, epoch) = ($1, page.sender, page.epoch)) AS stream ON true
    LEFT JOIN LATERAL (
        SELECT seq FROM mail WHERE is_first AND (receiver, sender, epoch) = ($1, page.sender, page.epoch)
        ORDER BY seq LIMIT 1) AS lowest ON true
    LEFT JOIN LATERAL (
        SELECT epoch, seq FROM mail WHERE is_first AND (receiver, sender) = ($1, page.sender) AND epoch < page.epoch
        ORDER BY epoch, seq LIMIT 1) AS smaller ON true
    WHERE nth <= 2 OR reached - size <= $9
    ORDER BY nth)sql",

    "SELECT bury($1, $2, $3)",

    "SELECT give_up($1, $2)",

    "SELECT sum(rows)::bigint, sum(bytes)::bigint, sum(states)::bigint FROM total",
};

}  // namespace sixfold::inline v0::detail

#endif
