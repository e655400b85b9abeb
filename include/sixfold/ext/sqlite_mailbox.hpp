// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_MAILBOX_HPP
#define SIXFOLD_EXT_SQLITE_MAILBOX_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/ext/sqlite_database.hpp"
#include "sixfold/ext/sqlite_error.hpp"
#include "sixfold/ext/sqlite_mailbox_schema.hpp"
#include "sixfold/ext/sqlite_mailbox_tables.hpp"
#include "sixfold/ext/sqlite_mailbox_work.hpp"
#include "sixfold/ext/wall_clock.hpp"
#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_group.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/mailbox/mailbox_retention.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// The durable mailbox of a relay, in an SQLite database: what it has called done survives a crash of
/// the relay and a loss of power. (spec 1.7) A copy of the file that is brought back lacks what came
/// after it was made, and what was called `stored` since then is lost. (spec 6.3)
///
///     auto mailbox = sixfold::sqlite_mailbox::open("mailbox.db");
///     if (!mailbox) { ... mailbox.error().what ... }
///     relay.complete(*request, mailbox->execute(*request), out);
///
/// Each single request is a transaction, and one that changes something costs a sync of the disk. A
/// busy relay collects requests in a `mailbox_group`, which shows the loop.
///
/// If anything goes wrong (the disk is full, another process is busy, a page is damaged), nothing of
/// the transaction is done, and `last_error` says why; the mailbox works again when the fault is gone.
/// Requests that only read, a look or a page, are answered even then, if their rows can be read (the
/// base that a look brings is not kept then). If the disk is full, requests that erase are done: they
/// find room (see `sqlite_database`). Several relays may have the same file open. A request
/// costs O(log n) for each row that it puts, erases or hands out.
class sqlite_mailbox {
  public:
    /// Opens the mailbox in this file, or makes one. A mailbox of schema 1, which belongs to wire version
    /// 1, becomes one of schema 3, without its last ack states. Refuses what `sqlite_database::open`
    /// refuses, and a limit that is 0 as `option`.
    ///
    /// The clock goes on while the relay is down, and is the same for all that have this file open; it must outlive it.
    [[nodiscard]] static result<sqlite_mailbox, sqlite_error>
    open(const std::string& path,
         const mailbox_limits& limits = {},
         const sqlite_options& options = {},
         clock_ref clock = wall_time) {
        if (const std::string_view problem = limits.problem(); !problem.empty()) {
            return sqlite_error{sqlite_fault::option, 0, std::string(problem)};
        }
        auto database = sqlite_database::open(path, detail::sqlite_mailbox_schema, options);
        if (!database) {
            return database.error();
        }
        sqlite_mailbox made(std::move(*database), limits, clock);
        if (made.database_.failed()) {
            return made.database_.last_error();
        }
        return made;
    }

    /// Does what a relay asks; what is `done` is durable. The same request again changes nothing more.
    /// What it returns is good until the next request.
    [[nodiscard]] mailbox_outcome execute(const mailbox_request& request) {
        tick();
        mailbox_outcome outcome = alone(request);
        if (!outcome.done && begin_log_anew()) {
            outcome = alone(request);
        }
        if (!outcome.done && is_full() && std::holds_alternative<ack_request>(request.what)) {
            outcome = erase_without_room(request);
        }
        if (outcome.done && work_.brings_note(request, now_)) {
            sqlite_transaction change(database_);
            work_.keep_note(request, now_);
            (void)commit(change);  // what was found is true even if nobody remembers the rest
        }
        return outcome;
    }

    /// The same for many in one transaction, with one sync for all of them.
    ///
    /// If that fails, none of them changes anything, but those that only read are answered. If the disk
    /// is full, only the puts are left out: what erases makes room again. What it returns is in the
    /// group.
    std::span<const mailbox_exchange> execute(mailbox_group& group) {
        tick();
        const auto all = [](const mailbox_request&) {
            return true;
        };
        if (!together(group, all) && !(begin_log_anew() && together(group, all))) {
            const sqlite_error why = error_;
            without_puts(group);
            error_ = why;
        }
        return group.exchanges();
    }

    /// Retention: turns payloads whose time is over into tombstones, and gives up streams whose time is over, until it has handled
    /// `rows_max` rows, at least 1; a stream is given up as a whole. Returns how many rows it has handled: call it again at once while
    /// that is not less than `rows_max`. (spec 5.6)
    ///
    /// The time when a receiver last came may be kept up to an hour too late. If the disk is full, no stream is given up, but old
    /// payloads still become tombstones.
    [[nodiscard]] result<std::size_t, sqlite_error> expire(const mailbox_retention& promised,
                                                           std::size_t rows_max) {
        SIXFOLD_ASSERT(rows_max > 0);
        tick();
        {
            sqlite_transaction change(database_);
            std::size_t done = work_.bury(now_, promised.payloads, rows_max);
            if (done < rows_max) {
                done += work_.give_up(now_, promised.streams, rows_max - done);
            }
            if (commit(change)) {
                return done;
            }
        }
        if (!begin_log_anew()) {
            return error_;
        }
        sqlite_transaction change(database_);
        const std::size_t done = work_.bury(now_, promised.payloads, rows_max);
        if (!commit(change)) {
            return error_;
        }
        return done;
    }

    /// What is in there now; all zero if it cannot be read.
    [[nodiscard]] mailbox_usage usage() {
        sqlite_transaction look(database_, sqlite_access::read);
        const mailbox_usage found = work_.tables().usage({}, {});
        return commit(look) ? found : mailbox_usage{};
    }

    /// Why the last call was not done, or not completely; fault `none` if it was. A request above the
    /// limits is not an error.
    [[nodiscard]] const sqlite_error& last_error() const noexcept { return error_; }

  private:
    sqlite_mailbox(sqlite_database database, const mailbox_limits& limits, clock_ref clock)
        : database_(std::move(database)), work_(database_, limits), clock_(clock) {}

    void tick() { now_ = (std::max)(now_, clock_.now()); }

    [[nodiscard]] bool commit(sqlite_transaction& change) {
        const bool done = change.commit();
        error_ = database_.last_error();
        return done;
    }

    [[nodiscard]] static bool is_put(const mailbox_request& request) {
        const auto* msg = std::get_if<msg_request>(&request.what);
        return msg != nullptr && !msg->probes();
    }

    [[nodiscard]] static bool reads(const mailbox_request& request) {
        return !is_put(request) && !std::holds_alternative<ack_request>(request.what);
    }
    [[nodiscard]] bool is_full() const { return error_.fault == sqlite_fault::full; }
    /// The last transaction found no room: when what is in the log has gone to its place, there may be some.
    [[nodiscard]] bool begin_log_anew() {
        if (is_full()) {
            database_.checkpoint();
        }
        return is_full();
    }

    [[nodiscard]] mailbox_outcome alone(const mailbox_request& request) {
        sqlite_transaction change(database_,
                                  reads(request) ? sqlite_access::read : sqlite_access::write);
        const mailbox_outcome outcome = work_.perform(request, now_);
        return commit(change) ? outcome : mailbox_outcome{};
    }

    /// What it erases may be more than the log has room for, even when that begins anew: then one row
    /// after the other. Keeping the ack state is only a help, and can need room.
    [[nodiscard]] mailbox_outcome erase_without_room(const mailbox_request& request) {
        work_.keep_states(false);
        mailbox_outcome outcome = alone(request);
        if (!outcome.done && begin_log_anew()) {
            while (erase_lowest(request.from, std::get<ack_request>(request.what))) {
                database_.checkpoint();
            }
            outcome = alone(request);
        }
        work_.keep_states(true);
        return outcome;
    }

    /// The lowest row that an ack covers, in a transaction of its own. False: there is none, or it failed.
    [[nodiscard]] bool erase_lowest(const peer& receiver, const ack_request& ack) {
        const stream_key stream{receiver, ack.to, ack.epoch};
        sqlite_transaction change(database_);
        const seq lowest = work_.tables().lowest(stream);
        if (lowest >= covered_by(ack)) {
            return false;
        }
        work_.tables().erase(stream, lowest, lowest + 1);
        return commit(change);
    }

    /// All rows of its stream below have ended. It has been looked at by `erase`.
    [[nodiscard]] static seq covered_by(const ack_request& ack) {
        ack_state state;
        (void)ack_state::decode(ack.state, state);
        return ack.word == ack_word::past ? seq_end : state.floor();
    }

    /// All of a group failed. What reads is answered whatever the reason was; what erases, if it was the room.
    void without_puts(mailbox_group& group) {
        const bool full = is_full();
        if (full &&
            together(group, [](const mailbox_request& request) { return !is_put(request); })) {
            return;
        }
        for (mailbox_exchange& each : group.exchanges()) {
            if (reads(each.request) || (full && !is_put(each.request))) {
                each.answer(execute(each.request));
            }
        }
    }

    template <class Condition>
    bool together(mailbox_group& group, Condition wanted) {
        sqlite_transaction change(database_);
        for (mailbox_exchange& each : group.exchanges()) {
            each.answer(wanted(each.request) ? work_.perform(each.request, now_)
                                             : mailbox_outcome{});
            work_.keep_note(each.request, now_);
        }
        const bool done = commit(change);
        for (mailbox_exchange& each : group.exchanges()) {
            if (!done) {
                each.answer({});
            }
        }
        return done;
    }

    sqlite_database database_;
    detail::sqlite_mailbox_work work_;
    clock_ref clock_;
    time_point now_{};  // as the clock said, but never back
    sqlite_error error_;
};

}  // namespace sixfold::inline v0

#endif
