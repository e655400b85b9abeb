// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_MAILBOX_DATES_HPP
#define SIXFOLD_EXT_SQLITE_MAILBOX_DATES_HPP

#include <chrono>
#include <cstdint>
#include <optional>

#include "sixfold/ext/sqlite_database.hpp"
#include "sixfold/ext/sqlite_mailbox_tables.hpp"
#include "sixfold/ext/sqlite_statement.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

// Every SQL statement that asks the tables of a mailbox what is too old, or when somebody came. What becomes of it is known in
// sqlite_mailbox_work.hpp.

namespace sixfold::inline v0::detail {

class sqlite_mailbox_dates {
  public:
    /// A payload whose time is over, and where it is counted.
    struct payload {
        sqlite_mailbox_tables::place row;
        stream_key stream;
    };

    explicit sqlite_mailbox_dates(sqlite_database& database)
        : late_(database.prepare("SELECT id, length(payload), receiver, sender FROM mail WHERE "
                                 "expires <= ?1 ORDER BY expires LIMIT 1")),
          oldest_(database.prepare("SELECT id, length(payload), receiver, sender FROM mail WHERE "
                                   "payload IS NOT NULL AND since <= ?1 ORDER BY since LIMIT 1")),
          waiting_(database.prepare("SELECT receiver, sender, epoch, since FROM stream WHERE since "
                                    "<= ?1 ORDER BY since LIMIT 1")),
          wait_(database.prepare("UPDATE stream SET since = ?4 WHERE (receiver, sender, epoch) = "
                                 "(?1, ?2, ?3)")),
          came_(database.prepare(
              "SELECT came FROM usage WHERE (receiver, sender) = (?1, x'') AND rows > 0")),
          come_(
              database.prepare("UPDATE usage SET came = ?2 WHERE (receiver, sender) = (?1, x'')")) {
    }

    /// One that has its deadline at this moment or before; or none.
    [[nodiscard]] std::optional<payload> late(time_point at) { return first(late_, at); }
    /// The one that came first, if it came at this moment or before; or none.
    [[nodiscard]] std::optional<payload> oldest(time_point at) { return first(oldest_, at); }

    /// The stream whose receiver has been away longest, if he did not come since this moment; or none.
    [[nodiscard]] std::optional<stream_key> longest_waiting(time_point at) {
        while (const auto found = next_waiting(at)) {
            const std::int64_t came = came_until(found->stream.to).value_or(0);
            if (came <= found->since) {
                return found->stream;
            }
            wait_.run(found->stream.to.bytes(), found->stream.from.bytes(),
                      column(found->stream.epoch), came);
            if (wait_.changes() == 0) {
                break;  // a damaged mailbox
            }
        }
        return std::nullopt;
    }

    /// Whether it is to be noted that a receiver with rows has come: once in an hour, as each note is a sync of the disk.
    [[nodiscard]] bool is_news(const peer& receiver, time_point now) {
        const auto until = came_until(receiver);
        return until && *until < column(now);
    }
    /// He has come, and may come again until the next note.
    void note(const peer& receiver, time_point now) {
        come_.run(receiver.bytes(), column(later(now, std::chrono::hours(1))));
    }

  private:
    struct waiting {
        stream_key stream;
        std::int64_t since;
    };

    [[nodiscard]] static std::optional<payload> first(sqlite_statement& which, time_point at) {
        const auto found = which.run(column(at));
        if (!found) {
            return std::nullopt;
        }
        return payload{{found.integer(0), false, static_cast<std::size_t>(found.integer(1))},
                       {peer(found.blob(2)), peer(found.blob(3)), epoch::none}};
    }
    [[nodiscard]] std::optional<waiting> next_waiting(time_point at) {
        const auto found = waiting_.run(column(at));
        if (!found) {
            return std::nullopt;
        }
        return waiting{{peer(found.blob(0)), peer(found.blob(1)), epoch_in(found.integer(2))},
                       found.integer(3)};
    }
    /// None: he has no rows.
    [[nodiscard]] std::optional<std::int64_t> came_until(const peer& receiver) {
        const auto found = came_.run(receiver.bytes());
        return found ? std::optional(found.integer(0)) : std::nullopt;
    }

    sqlite_statement late_;
    sqlite_statement oldest_;
    sqlite_statement waiting_;
    sqlite_statement wait_;
    sqlite_statement came_;
    sqlite_statement come_;
};

}  // namespace sixfold::inline v0::detail

#endif
