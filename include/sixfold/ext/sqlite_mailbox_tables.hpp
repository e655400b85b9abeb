// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_MAILBOX_TABLES_HPP
#define SIXFOLD_EXT_SQLITE_MAILBOX_TABLES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sixfold/ext/mailbox_columns.hpp"
#include "sixfold/ext/sqlite_database.hpp"
#include "sixfold/ext/sqlite_mailbox_schema.hpp"
#include "sixfold/ext/sqlite_statement.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

// Every SQL statement that is run on the tables of a mailbox, which sqlite_mailbox_schema.hpp describes. What must happen to
// a mailbox is known in sqlite_mailbox.hpp.

namespace sixfold::inline v0 {

namespace detail {

/// The last ack state of a pair, and whether its stream was given up.
struct kept_state {
    sixfold::epoch epoch = epoch::none;
    seq floor = 0;
    std::vector<std::byte> state{};
    std::optional<seq> given_up{};

    [[nodiscard]] bool is(sixfold::epoch other, bytes bits) const noexcept {
        return epoch == other && std::equal(bits.begin(), bits.end(), state.begin(), state.end());
    }
    /// An older one never takes its place.
    [[nodiscard]] bool is_beyond(sixfold::epoch other, seq other_floor) const noexcept {
        return epoch != other ? epoch > other : floor > other_floor;
    }
};

class sqlite_mailbox_tables {
  public:
    struct place {
        std::int64_t id;
        bool tombstone;
        std::size_t size;  ///< bytes of its payload
    };

    explicit sqlite_mailbox_tables(sqlite_database& database)
        : find_(database.prepare("SELECT id, payload IS NULL, ifnull(length(payload), 0) FROM mail "
                                 "WHERE (receiver, sender, epoch, seq) = (?1, ?2, ?3, ?4)")),
          insert_(database.prepare(
              "INSERT INTO mail (receiver, sender, epoch, seq, since, expires, payload) VALUES "
              "(?1, ?2, ?3, ?4, ?5, ?6, ?7)")),
          bury_(database.prepare("UPDATE mail SET payload = NULL, expires = NULL WHERE id = ?1")),
          erase_(database.prepare(
              "DELETE FROM mail WHERE (receiver, sender, epoch) = (?1, ?2, ?3) AND seq >= ?4 AND "
              "seq < ?5 RETURNING ifnull(length(payload), 0)")),
          lowest_(database.prepare(
              "SELECT seq FROM mail WHERE (receiver, sender, epoch) = (?1, ?2, ?3) "
              "ORDER BY seq LIMIT 1")),
          base_(database.prepare("SELECT base FROM stream WHERE (receiver, sender, epoch) = "
                                 "(?1, ?2, ?3)")),
          put_base_(database.prepare("INSERT INTO stream VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT "
                                     "DO UPDATE SET base = ?4")),
          forget_base_(database.prepare("DELETE FROM stream WHERE (receiver, sender, epoch) = "
                                        "(?1, ?2, ?3)")),
          smaller_(database.prepare(
              "SELECT epoch, seq FROM mail WHERE (receiver, sender) = (?1, ?2) AND epoch < ?3 "
              "ORDER BY epoch, seq LIMIT 1")),
          page_(database.prepare(
              "SELECT sender, epoch, seq, iif(expires <= ?5, NULL, payload) FROM mail WHERE "
              "receiver = ?1 AND (sender, epoch, seq) >= (?2, ?3, ?4) ORDER BY sender, epoch, "
              "seq")),
          usage_(database.prepare(
              "SELECT rows, bytes, states FROM usage WHERE (receiver, sender) = (?1, ?2)")),
          add_(database.prepare(
              "INSERT INTO usage (receiver, sender, rows, bytes, states) VALUES (?1, ?2, ?3, ?4, "
              "?5) ON CONFLICT DO UPDATE SET rows = rows + ?3, bytes = bytes + ?4, states = states "
              "+ ?5")),
          subtract_(database.prepare(
              "UPDATE usage SET rows = rows - ?3, bytes = bytes - ?4, states = states - ?5 "
              "WHERE (receiver, sender) = (?1, ?2)")),
          tidy_(database.prepare("DELETE FROM usage WHERE (receiver, sender) = (?1, ?2) AND "
                                 "(rows, states) = (0, 0)")),
          find_state_(database.prepare("SELECT epoch, floor, state, given_up FROM last_state WHERE "
                                       "(receiver, sender) = (?1, ?2)")),
          put_state_(database.prepare(
              "REPLACE INTO last_state (receiver, sender, epoch, floor, state, given_up) VALUES "
              "(?1, ?2, ?3, ?4, ?5, ?6)")),
          forget_state_(
              database.prepare("DELETE FROM last_state WHERE id = (SELECT min(id) FROM last_state) "
                               "RETURNING receiver, sender")) {}

    // --- rows ---------------------------------------------------------------------------------------

    [[nodiscard]] std::optional<place> find(const stream_key& stream, seq which) {
        const auto row =
            find_.run(stream.to.bytes(), stream.from.bytes(), column(stream.epoch), column(which));
        if (!row) {
            return std::nullopt;
        }
        return place{row.integer(0), row.integer(1) != 0, static_cast<std::size_t>(row.integer(2))};
    }

    /// A row that is not there; it expires never, if it is a tombstone. Whoever inserts counts it: see `add`.
    void insert(const stream_key& stream,
                seq which,
                const run_entry& what,
                time_point now,
                time_point expires) {
        const auto insert = [&](auto deadline, auto payload) {
            insert_.run(stream.to.bytes(), stream.from.bytes(), column(stream.epoch), column(which),
                        column(now), deadline, payload);
        };
        if (what.tombstone) {
            insert(nullptr, nullptr);
        } else if (expires == never) {
            insert(nullptr, what.payload);
        } else {
            insert(column(expires), what.payload);
        }
    }

    /// Makes a tombstone of a payload.
    void bury(const place& row, const stream_key& stream) {
        bury_.run(row.id);
        subtract(stream, {.bytes = row.size});
    }

    /// Erases the rows of a stream from `begin` on and before `end`, and says what they were.
    mailbox_usage erase(const stream_key& stream, seq begin, seq end) {
        mailbox_usage gone;
        for (auto row = erase_.run(stream.to.bytes(), stream.from.bytes(), column(stream.epoch),
                                   column(begin), column(end));
             row; row.next()) {
            gone += {.rows = 1, .bytes = static_cast<std::size_t>(row.integer(0))};
        }
        if (gone.rows != 0) {
            subtract(stream, gone);
            if (lowest(stream) == seq_end) {
                forget_base_.run(stream.to.bytes(), stream.from.bytes(), column(stream.epoch));
            }
        }
        return gone;
    }

    /// The highest base that was brought of a stream. None: it has no rows.
    [[nodiscard]] std::optional<seq> base(const stream_key& stream) {
        const auto row = base_.run(stream.to.bytes(), stream.from.bytes(), column(stream.epoch));
        return row ? std::optional(seq_in(row.integer(0))) : std::nullopt;
    }
    /// Sets the base of a stream that has rows. If there was none, the first row has come now. The base goes with the last row.
    void put_base(const stream_key& stream, seq base, time_point now) {
        put_base_.run(stream.to.bytes(), stream.from.bytes(), column(stream.epoch), column(base),
                      column(now));
    }

    /// The lowest seq of a stream; seq_end: it has no row.
    [[nodiscard]] seq lowest(const stream_key& stream) {
        const auto row = lowest_.run(stream.to.bytes(), stream.from.bytes(), column(stream.epoch));
        return row ? seq_in(row.integer(0)) : seq_end;
    }

    /// The lowest row of a smaller epoch of this sender; epoch none: it has no row.
    [[nodiscard]] msgid smaller(const stream_key& stream) {
        const auto row = smaller_.run(stream.to.bytes(), stream.from.bytes(), column(stream.epoch));
        return row ? msgid{epoch_in(row.integer(0)), seq_in(row.integer(1))} : msgid{};
    }

    /// Sender, epoch, seq and payload of the rows from a key on, in their order. They refer to both
    /// peers. What is late by now has no payload any more.
    [[nodiscard]] sqlite_rows rows_from(const peer& to, const mailbox_key& key, time_point now) {
        return page_.run(to.bytes(), key.from.bytes(), column(key.id.epoch), column(key.id.seq),
                         column(now));
    }

    // --- counters -----------------------------------------------------------------------------------

    /// What a pair takes; a receiver, if `from` is no valid name; a sender, if `to` is none; all of them, if neither is.
    [[nodiscard]] mailbox_usage usage(const peer& to, const peer& from) {
        const auto row = usage_.run(to.bytes(), from.bytes());
        const auto count = [&](int at) {
            return static_cast<std::size_t>(row.integer(at));
        };
        return row ? mailbox_usage{count(0), count(1), count(2)} : mailbox_usage{};
    }

    /// So much more is in this stream.
    void add(const stream_key& stream, const mailbox_usage& what) {
        for (const auto& [to, from] : counters_of(stream)) {
            count(add_, to, from, what);
        }
    }

    // --- last ack states ----------------------------------------------------------------------------

    /// The state that is kept of a pair, whatever its epoch. False: there is none.
    [[nodiscard]] bool find_state(const stream_key& stream, kept_state& out) {
        const auto row = find_state_.run(stream.to.bytes(), stream.from.bytes());
        if (!row) {
            return false;
        }
        const bytes state = row.blob(2);
        out.epoch = epoch_in(row.integer(0));
        out.floor = seq_in(row.integer(1));
        out.state.assign(state.begin(), state.end());
        out.given_up = row.null(3) ? std::nullopt : std::optional(seq_in(row.integer(3)));
        return true;
    }

    /// Keeps it as the newest, in the place of the pair's former one if there is one.
    void put_state(const stream_key& stream,
                   seq floor,
                   bytes state,
                   std::optional<seq> given_up,
                   bool replaces) {
        const auto put = [&](auto end) {
            put_state_.run(stream.to.bytes(), stream.from.bytes(), column(stream.epoch),
                           column(floor), state, end);
        };
        given_up ? put(column(*given_up)) : put(nullptr);
        if (!replaces) {
            add(stream, {.states = 1});
        }
    }

    void forget_oldest_state() {
        stream_key oldest{};
        if (const auto row = forget_state_.run()) {
            oldest = {peer(row.blob(0)), peer(row.blob(1)), epoch::none};
        } else {
            return;
        }
        subtract(oldest, {.states = 1});
    }

  private:
    void subtract(const stream_key& stream, const mailbox_usage& what) {
        for (const auto& [to, from] : counters_of(stream)) {
            count(subtract_, to, from, what);
            tidy_.run(to.bytes(), from.bytes());
        }
    }

    static void
    count(sqlite_statement& how, const peer& to, const peer& from, const mailbox_usage& what) {
        how.run(to.bytes(), from.bytes(), column(what.rows), column(what.bytes),
                column(what.states));
    }

    /// Those of all, of the receiver, of the sender and of the pair.
    [[nodiscard]] static std::array<std::pair<peer, peer>, 4>
    counters_of(const stream_key& stream) {
        return {std::pair(peer(), peer()), std::pair(stream.to, peer()),
                std::pair(peer(), stream.from), std::pair(stream.to, stream.from)};
    }

    sqlite_statement find_;
    sqlite_statement insert_;
    sqlite_statement bury_;
    sqlite_statement erase_;
    sqlite_statement lowest_;
    sqlite_statement base_;
    sqlite_statement put_base_;
    sqlite_statement forget_base_;
    sqlite_statement smaller_;
    sqlite_statement page_;
    sqlite_statement usage_;
    sqlite_statement add_;
    sqlite_statement subtract_;
    sqlite_statement tidy_;
    sqlite_statement find_state_;
    sqlite_statement put_state_;
    sqlite_statement forget_state_;
};

}  // namespace detail

}  // namespace sixfold::inline v0

#endif
