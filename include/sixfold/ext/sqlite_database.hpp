// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_DATABASE_HPP
#define SIXFOLD_EXT_SQLITE_DATABASE_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "sixfold/error.hpp"
#include "sixfold/ext/sqlite_error.hpp"
#include "sixfold/ext/sqlite_room.hpp"
#include "sixfold/ext/sqlite_statement.hpp"

namespace sixfold::inline v0 {

/// What a commit survives.
enum class sqlite_durability : std::uint8_t {
    power_loss,  ///< synchronous=FULL: the log is synced with each commit
    /// synchronous=NORMAL: it is not, so **the last commits are lost when the power fails**. For data
    /// that can be fetched again; never for a mailbox or a journal.
    process_crash,
};

/// How a database is opened.
struct sqlite_options {
    sqlite_durability durability = sqlite_durability::power_loss;  ///< what a commit survives
    /// How long a call waits for another connection, 0 to 2^31 - 1 ms. With one connection nothing waits. If you run a checkpoint by
    /// hand that waits for writers (FULL, RESTART, TRUNCATE), let it wait for less than this: a commit that adds pages waits for the
    /// checkpoint, too, and the one whose time is over first fails. It should not be the commit.
    std::chrono::milliseconds busy_timeout{1000};
    /// SQLite's name of the layer below it (VFS); null: that of the system. Tests put their disk here.
    const char* vfs = nullptr;
};

/// What makes a database ours: written when it is made, checked whenever it is opened.
struct sqlite_schema {
    std::int32_t application_id;      ///< not 0, which means no application
    std::int32_t version;             ///< from 1 on
    const char* create;               ///< the statements that make its tables
    std::int32_t former = 0;          ///< an older version that is not refused; 0: none
    const char* set_aside = nullptr;  ///< statements that rename the old tables out of the way
    const char* upgrade = nullptr;    ///< statements that fill the new tables and drop the old ones
};

namespace detail {

/// The number of an application, with its four letters if it has any.
[[nodiscard]] inline std::string application_name(std::int32_t id) {
    const auto bits = static_cast<std::uint32_t>(id);
    const std::array letters{static_cast<char>(bits >> 24U), static_cast<char>(bits >> 16U),
                             static_cast<char>(bits >> 8U), static_cast<char>(bits)};
    const bool are_letters = std::all_of(letters.begin(), letters.end(),
                                         [](char each) { return each > ' ' && each <= '~'; });
    return std::to_string(id) +
           (are_letters ? " ('" + std::string(letters.data(), letters.size()) + "')" : "");
}

}  // namespace detail

/// What a transaction is for.
enum class sqlite_access : std::uint8_t {
    write,  ///< it may change something: it takes the right to write at once
    read,   ///< it only reads, in one snapshot: it waits for no writer, and needs no room
};

/// An SQLite database that keeps what was committed, or says that it cannot.
///
/// It is in WAL mode with synchronous=FULL: a commit is one sync of the log, and survives a loss of
/// power. Erasing needs no room on the disk, which was taken before. The log is cut back to 8 MiB after a long reader has
/// gone. There are no exceptions: the first error of a transaction stays, what follows it is not
/// executed, and `commit` returns false.
///
///     sqlite_transaction change(database);
///     insert.run(key, value);
///     remove.run(old_key);
///     if (!change.commit()) { ... database.last_error() ... }
///
/// It does not know what is in the tables. It belongs to one caller at a time; other connections, also
/// of other processes on the same machine, may have the same file open.
class sqlite_database {
  public:
    /// Opens a database of this schema, or makes one if there is no file, or an empty one. A database of the former version, if
    /// the schema has one, is upgraded in one transaction, which costs O(size).
    ///
    /// It is refused, and its file left as it is, if it is `foreign`, of another `version`,
    /// `read_only` or `corrupt`: all its pages are looked at, which costs O(size). It is `unsafe`
    /// if SQLite does not confirm the journal and sync modes, as it will not for a database in
    /// memory.
    ///
    /// If the first page shows that a database is foreign, no file is made beside it. To find other faults SQLite has to read it,
    /// and in WAL mode it makes -wal and -shm for that; they stay until a connection that may write closes it.
    [[nodiscard]] static result<sqlite_database, sqlite_error>
    open(const std::string& path, const sqlite_schema& schema, const sqlite_options& options = {}) {
        sqlite_database made;
        made.check_options(options);
        made.connect(path, options);
        made.look_at_first_page(schema);
        const identity found = made.identify(schema);
        made.check_writable();
        made.check_pages();
        made.make_durable(options);
        if (found != identity::ours) {
            made.create(schema);
        }
        made.take_room(options);
        if (made.failed()) {
            return made.last_error();
        }
        made.checkpoint_on_close(true);
        return made;
    }

    /// SQLite's own handle, for what is not here; it is open as long as this object exists.
    [[nodiscard]] sqlite3* handle() noexcept { return connection_->handle; }

    /// A statement of this database, which must outlive it. If SQLite does not understand it, that is an
    /// error of the database, and it gives no rows.
    [[nodiscard]] sqlite_statement prepare(std::string_view sql) { return {*connection_, sql}; }

    /// The first error since the last transaction began.
    [[nodiscard]] const sqlite_error& last_error() const noexcept { return connection_->error; }
    /// Whether something went wrong since the last transaction began: then nothing more is executed.
    [[nodiscard]] bool failed() const noexcept { return !connection_->ok(); }

    /// Writes what is in the log to its place in the file, as far as nobody reads it, so that the log can begin anew. Do not call
    /// it in a transaction. SQLite does it by itself now and then; call it when there is no more room.
    void checkpoint() noexcept {
        sqlite3_wal_checkpoint_v2(connection_->handle, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                  nullptr);
    }

  private:
    friend class sqlite_transaction;

    sqlite_database() : connection_(std::make_unique<detail::sqlite_connection>()) {}

    void check_options(const sqlite_options& options) {
        constexpr std::chrono::milliseconds longest((std::numeric_limits<std::int32_t>::max)());
        if (options.busy_timeout.count() < 0 || options.busy_timeout > longest) {
            connection_->refuse(sqlite_fault::option, "busy_timeout: must be 0 to 2147483647 ms");
        }
        if (sqlite3_libversion_number() < 3037000) {
            connection_->refuse(sqlite_fault::option, "SQLite 3.37 or newer is needed");
        }
    }

    /// Whatever is refused later must not even be tidied up.
    void connect(const std::string& path, const sqlite_options& options) {
        constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
        if (failed()) {
            return;
        }
        const int code = sqlite3_open_v2(path.c_str(), &connection_->handle, flags, options.vfs);
        connection_->note(code == SQLITE_OK ? code : sqlite3_extended_errcode(connection_->handle));
        if (failed()) {
            return;
        }
        sqlite3_extended_result_codes(connection_->handle, 1);
        sqlite3_busy_timeout(connection_->handle, static_cast<int>(options.busy_timeout.count()));
        checkpoint_on_close(false);
        execute("PRAGMA locking_mode = NORMAL");  // SQLite may be built to share nothing
    }

    void checkpoint_on_close(bool wanted) {
        sqlite3_db_config(connection_->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1,
                          nullptr);
    }

    /// What a database says of itself.
    struct label {
        std::int32_t application;
        std::int32_t version;
        bool empty;
    };

    /// True: it is nobody's. It is refused if it is somebody else's.
    [[nodiscard]] bool is_free(const sqlite_schema& schema, const label& says) {
        if (says.application == 0 && says.version == 0 && says.empty) {
            return true;
        }
        if (says.application != schema.application_id) {
            connection_->refuse(sqlite_fault::foreign,
                                "a database of another application: its application_id is " +
                                    detail::application_name(says.application) + ", and not " +
                                    detail::application_name(schema.application_id));
        }
        return false;
    }

    /// Before SQLite reads anything. What it cannot read is not judged here, nor what may be otherwise in a log.
    void look_at_first_page(const sqlite_schema& schema) {
        constexpr std::string_view begin("SQLite format 3\0", 16);
        constexpr unsigned char leaf = 13;
        std::array<unsigned char, 105> page{};
        sqlite3_file* file = nullptr;
        if (failed()) {
            return;
        }
        sqlite3_file_control(connection_->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
        const bool read =
            file->pMethods != nullptr &&
            file->pMethods->xRead(file, page.data(), static_cast<int>(page.size()), 0) == SQLITE_OK;
        if (!read || !std::equal(begin.begin(), begin.end(), page.begin())) {
            return;
        }
        const auto number = [&](std::size_t at) {
            return static_cast<std::int32_t>(std::uint32_t{page[at]} << 24U |
                                             std::uint32_t{page[at + 1]} << 16U |
                                             std::uint32_t{page[at + 2]} << 8U | page[at + 3]);
        };
        const bool empty = page[100] == leaf && (page[103] | page[104]) == 0;  // no table
        (void)is_free(schema, {number(68), number(60), empty});
    }

    /// Whose database is this?
    enum class identity : std::uint8_t {
        ours,     ///< or it was refused
        older,    ///< of the former version, of which it can be made
        nobodys,  ///< it is empty
    };
    [[nodiscard]] identity identify(const sqlite_schema& schema) {
        auto query = prepare("SELECT application_id, user_version, (SELECT count(*) FROM "
                             "sqlite_schema) FROM pragma_application_id, pragma_user_version");
        const auto row = query.run();
        if (!row) {
            return identity::ours;
        }
        const label says{static_cast<std::int32_t>(row.integer(0)),
                         static_cast<std::int32_t>(row.integer(1)), row.integer(2) == 0};
        if (is_free(schema, says)) {
            return identity::nobodys;
        }
        if (says.version == schema.former && schema.former != 0) {
            return identity::older;
        }
        if (says.version != schema.version) {  // which is not said of a foreign one
            connection_->refuse(sqlite_fault::version, "its schema has version " +
                                                           std::to_string(says.version) + ", not " +
                                                           std::to_string(schema.version));
        }
        return identity::ours;
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
            connection_->doubt();
        }
    }

    /// What SQLite was asked for may differ from what it does, so the answers count.
    void make_durable(const sqlite_options& options) {
        const bool full = options.durability == sqlite_durability::power_loss;
        switch_to_log(options.busy_timeout * !failed());  // who was locked out has waited already
        execute(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        demand("PRAGMA synchronous", full ? "2" : "1");
        execute("PRAGMA journal_size_limit = " + std::to_string(detail::sqlite_room::log_size_max));
        execute("PRAGMA temp_store = MEMORY");  // the disk may be full
        // Elsewhere than on Apple's systems these change nothing; there a mere fsync is not enough.
        execute("PRAGMA fullfsync = ON");
        execute("PRAGMA checkpoint_fullfsync = ON");
    }

    /// Another one that opens the same new file is in the way, or a statement that has just begun there. SQLite does not wait
    /// for that, as it does elsewhere.
    void switch_to_log(std::chrono::milliseconds timeout) {
        constexpr std::chrono::milliseconds pause(10);
        demand("PRAGMA journal_mode = WAL", "wal");
        for (; connection_->error.fault == sqlite_fault::busy && timeout.count() > 0;
             timeout -= pause) {
            sqlite3_sleep(static_cast<int>((std::min)(timeout, pause).count()));
            connection_->error = {};
            demand("PRAGMA journal_mode = WAL", "wal");
        }
    }

    void demand(const char* pragma, std::string_view expected) {
        auto query = prepare(pragma);
        auto row = query.run();
        if (row && row.text(0) != expected) {
            connection_->refuse(sqlite_fault::unsafe,
                                std::string(pragma) + ": it is " + std::string(row.text(0)));
        }
        row.next();  // a mode is answered before it is on the disk
    }

    /// In one transaction: after a crash it is there, or the file is still what it was.
    void create(const sqlite_schema& schema) {
        execute("BEGIN IMMEDIATE");
        if (const identity found = identify(schema);
            found != identity::ours) {  // nobody was faster
            const bool upgrades = found == identity::older;
            execute(upgrades ? schema.set_aside : "");
            execute(schema.create);
            execute(upgrades ? schema.upgrade : "");
            execute("PRAGMA application_id = " + std::to_string(schema.application_id));
            execute("PRAGMA user_version = " + std::to_string(schema.version));
        }
        execute("COMMIT");
    }

    /// Takes the room, if it can be had: not if the disk is full or somebody is writing.
    void take_room(const sqlite_options& options) {
        room_.emplace(*connection_, options.busy_timeout);
        if (failed()) {
            return;
        }
        begin(sqlite_access::write);
        if (!failed()) {
            room_->take_for_log();
        }
        roll_back();
        connection_->error = {};
    }

    void execute(const std::string& sql) {
        if (!failed()) {
            connection_->note(
                sqlite3_exec(connection_->handle, sql.c_str(), nullptr, nullptr, nullptr));
        }
    }

    void begin(sqlite_access access) {
        connection_->error = {};
        execute(access == sqlite_access::write ? "BEGIN IMMEDIATE" : "BEGIN");
    }
    void commit(sqlite_access access) {
        if (access == sqlite_access::write && !failed()) {
            room_->take_for_pages();
            if (connection_->moved(true)) {
                connection_->refuse(sqlite_fault::moved,
                                    "the file of the database, or its -wal, was removed or "
                                    "replaced while it was open");
            }
        }
        execute("COMMIT");
    }
    /// Some errors have rolled back already.
    void roll_back() noexcept {
        if (sqlite3_get_autocommit(connection_->handle) == 0) {
            sqlite3_exec(connection_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }

    std::unique_ptr<detail::sqlite_connection> connection_;  // statements refer to it
    std::optional<detail::sqlite_room> room_;                // since it was opened
};

/// All or nothing: what is done to a database while this lives, and undone with it unless it was
/// committed.
///
/// Unless it only reads, it takes the right to write at once. A transaction that reads first and writes later could be refused in
/// the middle, however long it waits, because another one was faster.
class sqlite_transaction {
  public:
    /// Begins, and forgets the last error. Waits for `busy_timeout` if another connection is writing; if
    /// that was not enough, `commit` fails. The database must outlive it, and have no other transaction.
    explicit sqlite_transaction(sqlite_database& database,
                                sqlite_access access = sqlite_access::write)
        : database_(database), access_(access) {
        database_.begin(access);
    }
    sqlite_transaction(const sqlite_transaction&) = delete;
    sqlite_transaction& operator=(const sqlite_transaction&) = delete;
    /// Undoes everything, unless it was committed.
    ~sqlite_transaction() { database_.roll_back(); }

    /// True if everything is done and durable. If it returns false, `last_error` says why, and nothing is
    /// done; only with the fault `io` that is not certain: it may be there after a restart.
    [[nodiscard]] bool commit() {
        database_.commit(access_);
        return !database_.failed();
    }

  private:
    sqlite_database& database_;
    sqlite_access access_;
};

}  // namespace sixfold::inline v0

#endif
