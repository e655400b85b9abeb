// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_MAILBOX_HPP
#define SIXFOLD_EXT_POSTGRES_MAILBOX_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/ext/mailbox_columns.hpp"
#include "sixfold/ext/postgres_database.hpp"
#include "sixfold/ext/postgres_error.hpp"
#include "sixfold/ext/postgres_mailbox_schema.hpp"
#include "sixfold/ext/postgres_mailbox_statements.hpp"
#include "sixfold/ext/postgres_mailbox_work.hpp"
#include "sixfold/ext/postgres_values.hpp"
#include "sixfold/ext/wall_clock.hpp"
#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_group.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/mailbox/mailbox_retention.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// The durable mailbox of any number of relays, on any number of machines, in a PostgreSQL database: what it has called done survives a
/// crash of the server, and the loss of the server if a standby is synchronous (spec 1.7). Only a last ack state that replaced an
/// older one, and erased nothing, may be the older one then (spec 5.7).
///
///     auto mailbox = sixfold::postgres_mailbox::open("postgresql://sixfold@db1,db2/chat");
///     if (!mailbox) { ... mailbox.error().what ... }
///     for (const auto& each : mailbox->execute(group)) { relay.complete(each.request, each.outcome, out); }
///
/// The requests of a `mailbox_group` go to the server together: all puts as one statement and one transaction, likewise all that
/// erases, then the looks and pages. So the puts of a group come first, as if they had been asked for first; nothing of a group is
/// answered before the end, so nobody can tell. A call waits for the server, no longer than `postgres_options::timeout` (and as long
/// again if it has to connect): a busy relay calls it on a thread of its own, and completes the requests afterwards.
///
/// If anything goes wrong (the server is gone, its disk is full, the outcome of a commit is unknown), the request is not done, and
/// `last_error` says why; the mailbox works again when the fault is gone. Puts and erasures do not block each other, nor requests
/// that only read. Several relays may have the same schema open.
class postgres_mailbox {
  public:
    /// Opens the mailbox in a schema of this database, or makes one. `url` is one of PostgreSQL, or its `key=value` form; it may
    /// name several hosts, of which the one that can be written is taken. Refuses what `postgres_database::open` refuses, and a limit
    /// that is 0 as `option`.
    ///
    /// The clock goes on while the relay is down, and is the same for all relays, so that of any machine that is set by NTP; it must
    /// outlive the mailbox.
    [[nodiscard]] static result<postgres_mailbox, postgres_error>
    open(const std::string& url,
         const mailbox_limits& limits = {},
         const postgres_options& options = {},
         clock_ref clock = wall_time) {
        if (const std::string_view problem = limits.problem(); !problem.empty()) {
            return postgres_error{postgres_fault::option, "", std::string(problem)};
        }
        auto database = postgres_database::open(url, detail::postgres_mailbox_schema,
                                                detail::postgres_mailbox_statements, options);
        if (!database) {
            return database.error();
        }
        return postgres_mailbox(std::move(*database), limits, clock);
    }

    /// Does what a relay asks; what is `done` is durable. The same request again changes nothing more. What it returns is good until
    /// the next request.
    [[nodiscard]] mailbox_outcome execute(const mailbox_request& request) {
        alone_.clear();
        alone_.add(request);
        return execute(alone_).front().outcome;
    }

    /// The same for many requests at once. What it returns is in the group.
    std::span<const mailbox_exchange> execute(mailbox_group& group) {
        now_ = (std::max)(now_, clock_.now());
        error_ = {};
        for (mailbox_exchange& each : group.exchanges()) {
            each.answer({});
        }
        sort_out(group);
        // A connection that was closed meanwhile, as by a server that was started anew, shows when it is used: then all is asked again.
        if (!fly() && database_.ready()) {
            error_ = {};
            sort_out(group);
            (void)fly();
        }
        return group.exchanges();
    }

    /// Retention: turns payloads whose time is over into tombstones, and gives up streams whose time is over, until it has handled
    /// `rows_max` rows, at least 1; a stream is given up as a whole. Returns how many rows it has handled: call it again at once while
    /// that is not less than `rows_max`. (spec 5.6) Several relays may do so at the same time.
    ///
    /// The time when a receiver last came may be kept up to an hour too late.
    [[nodiscard]] result<std::size_t, postgres_error> expire(const mailbox_retention& promised,
                                                             std::size_t rows_max) {
        SIXFOLD_ASSERT(rows_max > 0);
        now_ = (std::max)(now_, clock_.now());
        error_ = {};
        const std::int64_t moment = detail::column(now_);
        const std::int64_t too_old = detail::column(now_ - promised.payloads);
        const std::int64_t too_long = detail::column(now_ - promised.streams);
        const std::int64_t most = detail::column(rows_max, std::size_t{1} << 62);
        const std::int64_t states_max = detail::column(limits_.states_max, std::size_t{1} << 62);
        std::size_t done = static_cast<std::size_t>(
            ask(statement::bury, postgres_values(moment, too_old, most)).value_or(0));
        while (done < rows_max && error_.fault == postgres_fault::none) {
            const auto gone = ask(statement::give_up, postgres_values(too_long, states_max));
            if (!gone) {
                break;
            }
            done += static_cast<std::size_t>(*gone);
        }
        if (error_.fault != postgres_fault::none) {
            return error_;
        }
        return done;
    }

    /// What is in there now; all zero if it cannot be read.
    [[nodiscard]] mailbox_usage usage() {
        error_ = {};
        const detail::postgres_answer found = answer_to(statement::usage, postgres_values());
        const auto count = [&](int column) {
            return static_cast<std::size_t>(found.rows.integer(0, column));
        };
        return found.ok() ? mailbox_usage{count(0), count(1), count(2)} : mailbox_usage{};
    }

    /// Why the last call was not done, or not completely; fault `none` if it was. A request above the limits is not an error.
    [[nodiscard]] const postgres_error& last_error() const noexcept { return error_; }

  private:
    using statement = detail::mailbox_statement;

    /// How often what others were faster with is tried in one call.
    static constexpr int attempts_max = 4;

    /// Puts that are one statement, as places in `puts_`.
    struct part {
        std::size_t begin;
        std::size_t end;
        int attempts = 0;
    };

    postgres_mailbox(postgres_database database, const mailbox_limits& limits, clock_ref clock)
        : database_(std::move(database)), limits_(limits), clock_(clock) {}

    void note(const postgres_error& what) {
        if (error_.fault == postgres_fault::none) {
            error_ = what;
        }
    }

    // --- a group ------------------------------------------------------------------------------------------------

    /// Puts by their senders: where one has no place, the others are soon apart from him.
    void sort_out(mailbox_group& group) {
        puts_.clear();
        acks_.clear();
        looks_.clear();
        pages_.clear();
        settle_.clear();
        for (mailbox_exchange& each : group.exchanges()) {
            const peer& from = each.request.from;
            if (const auto* msg = std::get_if<msg_request>(&each.request.what)) {
                if (!msg->probes()) {
                    puts_.push_back(&each);
                    continue;
                }
                settle_.add(from, *msg);
                looks_.push_back(&each);
            } else if (const auto* ack = std::get_if<ack_request>(&each.request.what)) {
                if (settle_.add(from, *ack)) {
                    acks_.push_back(&each);
                }
            } else {
                settle_.add_presence(from);
                pages_.push_back(&each);
            }
        }
        std::stable_sort(puts_.begin(), puts_.end(), [](const auto* a, const auto* b) {
            return a->request.from < b->request.from;
        });
    }

    /// False: there is no connection, or it was lost.
    [[nodiscard]] bool fly() {
        if (!database_.ready()) {
            note(database_.last_error());
            return false;
        }
        parts_.clear();
        if (!puts_.empty()) {
            parts_.push_back({0, puts_.size()});
        }
        ask_puts();
        bool settles = !settle_.empty();
        if (settles) {
            settle_.ask(database_, limits_, now_);
        }
        ask_reads();
        take_puts();
        settles = settles && take_settled();
        take_reads();
        for (int attempts = 1; settles && attempts < attempts_max; ++attempts) {
            settle_.ask(database_, limits_, now_);
            settles = take_settled();
        }
        while (!parts_.empty() && error_.fault != postgres_fault::lost) {
            ask_puts();
            take_puts();
        }
        return error_.fault != postgres_fault::lost;
    }

    void ask_puts() {
        for (const part& each : parts_) {
            put_.clear();
            for (std::size_t at = each.begin; at < each.end; ++at) {
                const mailbox_request& request = puts_[at]->request;
                put_.add(request.from, std::get<msg_request>(request.what), now_);
            }
            put_.ask(database_, limits_, now_);
        }
    }
    /// What did not fit as a whole is asked for again, by halves.
    void take_puts() {
        std::vector<part> again;
        for (const part& each : parts_) {
            const detail::postgres_answer answer = database_.answer();
            if (is_too_late(answer) && each.attempts + 1 < attempts_max) {
                again.push_back({each.begin, each.end, each.attempts + 1});
            } else if (!answer.ok()) {
                note(answer.error);
            } else if (answer.rows.integer(0, 0) != 0) {
                mailbox_outcome done;
                done.done = true;
                for (std::size_t at = each.begin; at < each.end; ++at) {
                    puts_[at]->answer(done);
                }
            } else if (each.end - each.begin > 1) {
                const std::size_t middle = each.begin + (each.end - each.begin) / 2;
                again.push_back({each.begin, middle});
                again.push_back({middle, each.end});
            }
        }
        parts_ = std::move(again);
    }

    /// Somebody else was faster: nothing was done, and trying again will help.
    [[nodiscard]] static bool is_too_late(const detail::postgres_answer& answer) {
        return answer.error.sqlstate.starts_with("40");
    }
    /// Whether it is to be tried again.
    [[nodiscard]] bool take_settled() {
        const detail::postgres_answer answer = database_.answer();
        if (is_too_late(answer)) {
            return true;
        }
        note(answer.error);
        if (answer.ok()) {
            mailbox_outcome done;
            done.done = true;
            for (mailbox_exchange* each : acks_) {
                each->answer(done);
            }
        }
        return false;
    }

    void ask_reads() {
        if (!looks_.empty()) {
            settle_.ask_looks(database_);
        }
        for (const mailbox_exchange* each : pages_) {
            const auto& sync = std::get<sync_request>(each->request.what);
            detail::mailbox_reader::ask_page(database_, each->request.from, sync, limits_, now_);
        }
    }
    void take_reads() {
        if (!looks_.empty()) {
            const detail::postgres_answer answer = database_.answer();
            note(answer.error);
            for (int row = 0; answer.ok() && row < answer.rows.size(); ++row) {
                looks_[static_cast<std::size_t>(row)]->answer(
                    detail::mailbox_reader::look(answer.rows, row));
            }
        }
        for (mailbox_exchange* each : pages_) {
            const detail::postgres_answer answer = database_.answer();
            note(answer.error);
            if (answer.ok()) {
                each->answer(reader_.page(answer.rows));
            }
        }
    }

    // --- one statement ------------------------------------------------------------------------------------------

    [[nodiscard]] detail::postgres_answer answer_to(statement which,
                                                    const postgres_values& values) {
        detail::postgres_answer out;
        for (int attempts = 0; attempts < attempts_max; ++attempts) {
            if (!database_.ready()) {
                out.error = database_.last_error();
                break;
            }
            database_.ask(static_cast<std::size_t>(which), values);
            out = database_.answer();
            if (!is_too_late(out) && out.error.fault != postgres_fault::lost) {
                break;
            }
        }
        note(out.error);
        return out;
    }
    /// None: NULL, or it failed.
    [[nodiscard]] std::optional<std::int64_t> ask(statement which, const postgres_values& values) {
        const detail::postgres_answer found = answer_to(which, values);
        if (!found.ok() || found.rows.null(0, 0)) {
            return std::nullopt;
        }
        return found.rows.integer(0, 0);
    }

    postgres_database database_;
    mailbox_limits limits_;
    clock_ref clock_;
    time_point now_{};  // as the clock said, but never back
    postgres_error error_;

    mailbox_group alone_;  // a request that came alone
    std::vector<mailbox_exchange*> puts_;
    std::vector<mailbox_exchange*> acks_;
    std::vector<mailbox_exchange*> looks_;
    std::vector<mailbox_exchange*> pages_;
    std::vector<part> parts_;
    detail::put_columns put_;
    detail::settle_columns settle_;
    detail::mailbox_reader reader_;
};

}  // namespace sixfold::inline v0

#endif
