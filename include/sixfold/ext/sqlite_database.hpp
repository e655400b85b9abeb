// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_DATABASE_HPP
#define SIXFOLD_EXT_SQLITE_DATABASE_HPP

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "sixfold/error.hpp"
#include "sixfold/ext/sqlite_error.hpp"
#include "sixfold/ext/sqlite_statement.hpp"

namespace sixfold::inline v0 {

/// What a commit survives.
enum class sqlite_durability : std::uint8_t {
    power_loss,  ///< synchronous=FULL: the log is synced with each commit
    /// synchronous=NORMAL: it is not, so **the last commits are lost when the power fails**. For
    /// data that can be had again; never for a mailbox or a journal.
    process_crash,
};

/// How a database is opened.
struct sqlite_options {
    sqlite_durability durability = sqlite_durability::power_loss;  ///< what a commit survives
    /// How long a call waits for another connection. With one connection nobody waits.
    std::chrono::milliseconds busy_timeout{1000};
    /// SQLite's name of the layer below it; none: that of the system. Tests put their disk here.
    const char* vfs = nullptr;
};

/// What makes a database ours: written when it is made, checked whenever it is opened.
struct sqlite_schema {
    std::int32_t application_id;  ///< not 0, which is nobody's
    std::int32_t version;         ///< from 1 on
    const char* create;           ///< the statements that make its tables
};

/// An SQLite database that keeps what was committed, or says that it cannot.
///
/// It is in WAL mode with synchronous=FULL: a commit is one sync of the log, and survives a loss of
/// power. There are no exceptions: the first error of a transaction stays, what follows it is not
/// executed, and `commit` tells.
///
///     sqlite_transaction change(database);
///     insert.run(key, value);
///     remove.run(old_key);
///     if (!change.commit()) { ... database.last_error() ... }
///
/// It knows nothing of what is in it. It belongs to one caller at a time; other connections, also
/// of other processes on the same machine, may have the same file open.
class sqlite_database {
  public:
    /// Opens a database of this schema, or makes one where there is no file, or an empty one.
    ///
    /// It is refused, and its file left as it is, if it is `foreign`, of another `version`,
    /// `read_only` or `corrupt`: all its pages are looked at, which costs O(size). It is `unsafe`
    /// if SQLite does not confirm the journal and sync modes, as it will not for a database in
    /// memory.
    [[nodiscard]] static result<sqlite_database, sqlite_error>
    open(const std::string& path, const sqlite_schema& schema, const sqlite_options& options = {}) {
        sqlite_database made;
        made.connect(path, options);
        const bool is_new = made.identify(schema);
        made.check_writable();
        made.check_pages();
        made.make_durable(options);
        if (is_new) {
            made.create(schema);
        }
        if (made.failed()) {
            return made.last_error();
        }
        made.checkpoint_on_close(true);
        return made;
    }

    /// SQLite's own, for what is not here; open as long as this is.
    [[nodiscard]] sqlite3* handle() noexcept { return connection_->handle; }

    /// A statement of this database, which must outlive it. One that SQLite does not understand is an
    /// error of the database, and gives no rows.
    [[nodiscard]] sqlite_statement prepare(std::string_view sql) { return {*connection_, sql}; }

    /// What went wrong first since the last transaction began.
    [[nodiscard]] const sqlite_error& last_error() const noexcept { return connection_->error; }
    /// Whether something went wrong since the last transaction began: then nothing more is executed.
    [[nodiscard]] bool failed() const noexcept { return !connection_->ok(); }

  private:
    friend class sqlite_transaction;

    sqlite_database() : connection_(std::make_unique<detail::sqlite_connection>()) {}

    /// Whatever is refused later must not even be tidied up.
    void connect(const std::string& path, const sqlite_options& options) {
        constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
        if (sqlite3_libversion_number() < 3037000) {
            return connection_->refuse(sqlite_fault::option, "SQLite 3.37 or newer is needed");
        }
        const int code = sqlite3_open_v2(path.c_str(), &connection_->handle, flags, options.vfs);
        connection_->note(code == SQLITE_OK ? code : sqlite3_extended_errcode(connection_->handle));
        if (failed()) {
            return;
        }
        sqlite3_extended_result_codes(connection_->handle, 1);
        sqlite3_busy_timeout(connection_->handle, static_cast<int>(options.busy_timeout.count()));
        checkpoint_on_close(false);
    }

    void checkpoint_on_close(bool wanted) {
        sqlite3_db_config(connection_->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1,
                          nullptr);
    }

    /// Whose database is this? True: nobody's, it is empty.
    [[nodiscard]] bool identify(const sqlite_schema& schema) {
        auto query = prepare("SELECT application_id, user_version, (SELECT count(*) FROM "
                             "sqlite_schema) FROM pragma_application_id, pragma_user_version");
        const auto row = query.run();
        if (!row) {
            return false;
        }
        const std::int64_t application = row.integer(0);
        const std::int64_t version = row.integer(1);
        if (application == 0 && version == 0 && row.integer(2) == 0) {
            return true;
        }
        if (application != schema.application_id) {
            connection_->refuse(sqlite_fault::foreign, "a database of another application, " +
                                                           std::to_string(application));
        } else if (version != schema.version) {
            connection_->refuse(sqlite_fault::version, "its schema has version " +
                                                           std::to_string(version) + ", not " +
                                                           std::to_string(schema.version));
        }
        return false;
    }

    /// The system, or the header that has been read by now, may forbid it.
    void check_writable() {
        if (!failed() && sqlite3_db_readonly(connection_->handle, "main") == 1) {
            connection_->refuse(sqlite_fault::read_only, "the database cannot be written");
        }
    }

    void check_pages() {
        auto pages = prepare("PRAGMA quick_check(1)");
        const auto row = pages.run();
        if (row && row.text(0) != "ok") {
            connection_->refuse(sqlite_fault::corrupt, std::string(row.text(0)));
        }
    }

    /// What SQLite was asked for may differ from what it does, so the answers count.
    void make_durable(const sqlite_options& options) {
        const bool full = options.durability == sqlite_durability::power_loss;
        demand("PRAGMA journal_mode = WAL", "wal");
        execute(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        demand("PRAGMA synchronous", full ? "2" : "1");
        // Elsewhere than on Apple's systems these change nothing; there a mere fsync is not enough.
        execute("PRAGMA fullfsync = ON");
        execute("PRAGMA checkpoint_fullfsync = ON");
    }

    void demand(const char* pragma, std::string_view expected) {
        auto query = prepare(pragma);
        const auto row = query.run();
        if (row && row.text(0) != expected) {
            connection_->refuse(sqlite_fault::unsafe,
                                std::string(pragma) + ": it is " + std::string(row.text(0)));
        }
    }

    /// In one transaction: after a crash it is there, or the file is still nobody's.
    void create(const sqlite_schema& schema) {
        execute("BEGIN IMMEDIATE");
        if (identify(schema)) {  // nobody else was faster
            execute(schema.create);
            execute("PRAGMA application_id = " + std::to_string(schema.application_id));
            execute("PRAGMA user_version = " + std::to_string(schema.version));
        }
        execute("COMMIT");
    }

    void execute(const std::string& sql) {
        if (!failed()) {
            connection_->note(
                sqlite3_exec(connection_->handle, sql.c_str(), nullptr, nullptr, nullptr));
        }
    }

    void begin() {
        connection_->error = {};
        execute("BEGIN IMMEDIATE");
    }
    /// Some errors have rolled back already.
    void roll_back() noexcept {
        if (sqlite3_get_autocommit(connection_->handle) == 0) {
            sqlite3_exec(connection_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }

    std::unique_ptr<detail::sqlite_connection> connection_;  // statements refer to it
};

/// All or nothing: what is done to a database while this lives, and undone with it unless it was
/// committed.
///
/// It takes the right to write at once. A transaction that reads first and writes later could be
/// refused in the middle, however long it waits, because another one was faster.
class sqlite_transaction {
  public:
    /// Begins, and forgets the last error. Waits for `busy_timeout` if another connection is writing;
    /// that it was in vain, `commit` tells. The database must outlive it, and have no other one now.
    explicit sqlite_transaction(sqlite_database& database) : database_(database) {
        database_.begin();
    }
    sqlite_transaction(const sqlite_transaction&) = delete;
    sqlite_transaction& operator=(const sqlite_transaction&) = delete;
    /// Undoes everything, unless it was committed.
    ~sqlite_transaction() { database_.roll_back(); }

    /// True: everything has been done and is durable. False: `last_error` says why, and nothing
    /// has been done; only after the fault `io` that is not certain, and may show after a restart.
    [[nodiscard]] bool commit() {
        database_.execute("COMMIT");
        return !database_.failed();
    }

  private:
    sqlite_database& database_;
};

}  // namespace sixfold::inline v0

#endif
