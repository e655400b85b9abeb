// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_DATABASE_HPP
#define SIXFOLD_EXT_POSTGRES_DATABASE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>  // strtol
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <libpq-fe.h>

#include "sixfold/error.hpp"
#include "sixfold/ext/postgres_connection.hpp"
#include "sixfold/ext/postgres_error.hpp"
#include "sixfold/ext/postgres_values.hpp"

namespace sixfold::inline v0 {

/// How a database is opened.
struct postgres_options {
    /// The schema with our tables, and no others: a name of lower-case letters, digits and `_`. If the relay may not make a schema, make
    /// an empty one for it.
    std::string schema = "sixfold";
    /// How long a call waits for the server, 10 ms to an hour; then its connection is given up. Logging in waits for twice as long at
    /// most, for each host that the URL names.
    std::chrono::milliseconds timeout{5000};
    /// How long a statement waits for another relay that holds a lock of the same stream. Less than `timeout`.
    std::chrono::milliseconds lock_timeout{2000};
};

/// What makes a schema ours: written when it is made, checked with each connection.
struct postgres_schema {
    const char* application;     ///< what it is, without an apostrophe
    std::int32_t version;        ///< from 1 on
    const char* tables;          ///< the statements that make its tables
    const char* functions = "";  ///< those that make its functions, or replace them in an upgrade
    std::int32_t former = 0;     ///< an older version that is not refused; 0: none
    const char* upgrade = nullptr;  ///< what makes these tables of its own
};

/// A schema of a PostgreSQL database that keeps what was committed, or says that it cannot.
///
/// It has one connection. When that is lost, the next call makes another one, to whichever of the hosts in its URL can be written
/// then. Each statement is a transaction, and those of one call are sent together. There are no exceptions.
///
///     if (database.ready()) {
///         database.ask(0, values);                 // statement 0 of those that it was opened with
///         const auto answer = database.answer();   // done, if `answer.ok()`
///     }
///
/// It knows nothing of what is in it. It belongs to one caller at a time; others may have the same schema open, on any machine.
class postgres_database {
  public:
    /// The oldest server that is not refused, as libpq numbers them.
    static constexpr int server_version_min = 130000;

    /// Opens a schema, or makes its tables if there is none, or an empty one. A schema of the former version is upgraded. Either is one
    /// transaction.
    ///
    /// `statements` are prepared with each connection; both they and the schema must stay where they are. It is refused, and left as
    /// it is, if it is `foreign`, of another `version`, or `unsafe`: `fsync` must be on, `synchronous_commit` must be `on` or
    /// `remote_apply`, which is set for the connection, too, so that it stays, and no table may be unlogged.
    [[nodiscard]] static result<postgres_database, postgres_error>
    open(const std::string& url,
         const postgres_schema& schema,
         std::span<const std::string_view> statements,
         const postgres_options& options = {}) {
        postgres_database made(url, schema, statements, options);
        if (made.options_are_right()) {
            made.connect(may::create);
        }
        if (made.failed()) {
            return made.error_;
        }
        return made;
    }

    /// Whether there is a connection. If the last one was lost, another one is made; but after an attempt that failed only when as long
    /// has passed as it took, and at least 100 ms, so that a relay that is cut off does more than wait.
    [[nodiscard]] bool ready() {
        if (connected()) {
            return true;
        }
        if (clock::now() >= next_attempt_) {
            connect(may::look);
        }
        return connected();
    }
    /// Sends a statement, by its place among all. Precondition: `ready`.
    void ask(std::size_t statement, const postgres_values& values) {
        connection_->ask(name_of(statement), values);
    }
    /// The answer to the first statement that was not answered yet. If the connection is lost, or the server can no longer be written,
    /// the next `ready` makes a new connection.
    [[nodiscard]] detail::postgres_answer answer() {
        detail::postgres_answer out = connection_->answer();
        is_standby_ = is_standby_ || out.error.fault == postgres_fault::read_only;
        if (connection_->timed_out()) {
            next_attempt_ = clock::now() + pause;
        }
        return out;
    }
    /// Why it is not ready.
    [[nodiscard]] const postgres_error& last_error() const noexcept {
        return connection_ && connection_->lost() ? connection_->error() : error_;
    }
    /// libpq's own handle, for what is not here; null if there is no connection.
    [[nodiscard]] PGconn* handle() noexcept {
        return connection_ ? connection_->handle() : nullptr;
    }

  private:
    using clock = detail::postgres_connection::clock;
    enum class may { look, create };
    static constexpr std::chrono::milliseconds pause{100};

    postgres_database(const std::string& url,
                      const postgres_schema& schema,
                      std::span<const std::string_view> statements,
                      const postgres_options& options)
        : url_(url), schema_(&schema), statements_(statements), options_(options) {}

    [[nodiscard]] bool connected() const noexcept {
        return connection_ && !connection_->lost() && !is_standby_;
    }
    [[nodiscard]] bool failed() const noexcept { return error_.fault != postgres_fault::none; }
    /// The first problem stays.
    void refuse(postgres_fault fault, std::string what, std::string sqlstate = {}) {
        if (!failed()) {
            error_ = {fault, std::move(sqlstate), std::move(what)};
        }
    }

    [[nodiscard]] bool options_are_right() {
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz_0123456789";
        const std::string& name = options_.schema;
        if (name.empty() || name.size() > 63 || name.find_first_not_of(letters) != name.npos ||
            (name[0] >= '0' && name[0] <= '9')) {
            refuse(postgres_fault::option,
                   "schema: must be 1 to 63 of a-z, 0-9 and _, a digit not in front");
        } else if (options_.timeout < std::chrono::milliseconds(10) ||
                   options_.timeout > std::chrono::hours(1)) {
            refuse(postgres_fault::option, "timeout: must be 10 ms to an hour");
        } else if (options_.lock_timeout < std::chrono::milliseconds(1) ||
                   options_.lock_timeout >= options_.timeout) {
            refuse(postgres_fault::option,
                   "lock_timeout: must be at least 1 ms, and less than timeout");
        }
        return !failed();
    }

    // --- a connection ---------------------------------------------------------------------------------------

    void connect(may what) {
        const clock::time_point begin = clock::now();
        error_ = {};
        is_standby_ = false;
        connection_ = std::make_unique<detail::postgres_connection>(url_, options_.timeout);
        check_server();
        set_up();
        if (what == may::create) {
            make();
        }
        check_schema();
        check_tables();
        for (std::size_t at = 0; !failed() && at < statements_.size(); ++at) {
            prepare(at);
        }
        if (failed()) {
            connection_.reset();
            const clock::time_point now = clock::now();
            next_attempt_ = now + (std::max)(now - begin, clock::duration(pause));
        }
    }

    /// The first column of the first row, as text.
    std::string query(const std::string& sql) {
        if (connection_->lost()) {
            note(connection_->error());
        }
        if (failed()) {
            return {};
        }
        const detail::postgres_answer answer = connection_->run(sql);
        note(answer.error);
        return answer.rows.size() == 0 ? std::string()
                                       : std::string(as_text(answer.rows.blob(0, 0)));
    }
    void note(const postgres_error& what) {
        if (!failed()) {
            error_ = what;
        }
    }

    void check_server() {
        if (!connection_->lost()) {
            if (const int version = PQserverVersion(connection_->handle());
                version < server_version_min) {
                refuse(postgres_fault::version,
                       "the server is of version " + std::to_string(version / 10000) + "." +
                           std::to_string(version % 10000) + ", and must be 13 or newer");
            }
        }
        if (const std::string sync = query("SHOW fsync"); sync != "on") {
            refuse(postgres_fault::unsafe,
                   "fsync is " + sync + " on this server, and must be on: a crash would damage it");
        }
        if (query("SHOW transaction_read_only") == "on") {
            refuse(postgres_fault::read_only, "the server is a standby, or set to read only: name "
                                              "the one that can be written, too");
        }
        const std::string commit = query("SHOW synchronous_commit");
        if (commit != "on" && commit != "remote_apply") {
            refuse(postgres_fault::unsafe,
                   "synchronous_commit is " + commit +
                       ", and must be on or remote_apply: what was stored could be lost");
        }
    }

    /// What belongs to this connection, and is not left to the server's settings.
    void set_up() {
        query("SELECT set_config('search_path', '" + options_.schema +
              "', false), set_config('lock_timeout', '" +
              std::to_string(options_.lock_timeout.count()) +
              "ms', false), set_config('default_transaction_isolation', 'read committed', false), "
              "set_config('statement_timeout', '0', false), set_config('jit', 'off', false), "
              "set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', "
              "false), set_config('enable_mergejoin', 'off', false), "
              "set_config('plan_cache_mode', 'force_generic_plan', false), "
              "set_config('synchronous_commit', current_setting('synchronous_commit'), false)");
    }

    // --- the schema -----------------------------------------------------------------------------------------

    /// Makes it, or makes it new, in one transaction; one that tries at the same time waits, and finds it.
    void make() {
        query("BEGIN; SELECT pg_advisory_xact_lock(5500392116841178214)");
        const std::string tables =
            query("SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('" +
                  options_.schema + "')");
        if (tables == "0") {
            if (query("SELECT to_regnamespace('" + options_.schema + "') IS NULL") == "t") {
                query("CREATE SCHEMA " + options_.schema);
            }
            query(
                std::string(
                    "CREATE TABLE about (application text NOT NULL, version integer NOT NULL); ") +
                schema_->tables + schema_->functions + "; INSERT INTO about VALUES ('" +
                schema_->application + "', " + std::to_string(schema_->version) + ")");
        } else if (schema_->former != 0 && found_version() == schema_->former) {
            query(std::string(schema_->upgrade) + schema_->functions +
                  "; UPDATE about SET version = " + std::to_string(schema_->version));
        }
        query("COMMIT");
    }

    /// 0: it is not ours.
    [[nodiscard]] std::int32_t found_version() {
        if (query("SELECT count(*) FROM information_schema.columns WHERE table_schema = '" +
                  options_.schema +
                  "' AND table_name = 'about' AND (column_name, data_type) IN (('application', "
                  "'text'), "
                  "('version', 'integer'))") != "2") {
            return 0;
        }
        const std::string found =
            query(std::string("SELECT max(version) FROM about WHERE application = '") +
                  schema_->application + "'");
        return found.empty() ? 0
                             : static_cast<std::int32_t>(std::strtol(found.c_str(), nullptr, 10));
    }

    void check_schema() {
        const std::int32_t found = found_version();
        if (failed() || found == schema_->version) {
            return;
        }
        if (found == 0) {
            refuse(postgres_fault::foreign, "the schema " + options_.schema + " is none of '" +
                                                schema_->application +
                                                "': name another one, or an empty one");
        } else {
            refuse(postgres_fault::version,
                   "the schema " + options_.schema + " is of version " + std::to_string(found) +
                       ", and this program knows " + std::to_string(schema_->version));
        }
    }

    void check_tables() {
        const std::string unlogged =
            query("SELECT min(relname) FROM pg_class WHERE relnamespace = to_regnamespace('" +
                  options_.schema + "') AND relkind = 'r' AND relpersistence <> 'p'");
        if (!unlogged.empty()) {
            refuse(postgres_fault::unsafe, "the table " + unlogged + " of the schema " +
                                               options_.schema +
                                               " is unlogged: a crash would empty it");
        }
    }

    // --- statements -----------------------------------------------------------------------------------------

    [[nodiscard]] static std::string name_of(std::size_t statement) {
        return "sixfold_" + std::to_string(statement);
    }
    void prepare(std::size_t at) {
        if (at == 0) {
            connection_->begin_pipeline();
        }
        connection_->prepare(name_of(at), std::string(statements_[at]));
        note(connection_->answer().error);
    }

    std::string url_;
    const postgres_schema* schema_;
    std::span<const std::string_view> statements_;
    postgres_options options_;
    std::unique_ptr<detail::postgres_connection> connection_;
    clock::time_point next_attempt_{};
    bool is_standby_ = false;  // or became one
    postgres_error error_;     // why there is no connection
};

}  // namespace sixfold::inline v0

#endif
