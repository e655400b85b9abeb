// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_JOURNAL_HPP
#define SIXFOLD_EXT_SQLITE_JOURNAL_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "sixfold/error.hpp"
#include "sixfold/ext/sqlite_error.hpp"
#include "sixfold/ext/sqlite_statement.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// The journal of a client in a database of the app: outbox and inbox are one commit with the app's own rows.
///
///     auto journal = sixfold::sqlite_journal::attach(handle).value();     a life begins
///     auto client = sixfold::client::create(clock, options, journal.records().value()).value();
///     ...
///     BEGIN IMMEDIATE                                     your transaction, your connection
///     while (auto event = client.poll_event())            your rows: what became of a message
///     while (auto message = client.poll_message())        your rows: what came
///         client.accept(*message);
///     while (auto records = client.poll_journal(buffer))  which makes room for what is sent next
///         ok = ok && journal.put(*records);
///     client.send(...)                                    your rows: the text and its ticket
///     ... and poll_journal once more
///     COMMIT, if ok and each of your own statements was; and only then
///     client.durable(client.written());
///     while (auto packet = client.poll_transmit(buffer)) ... send it
///
/// If a row, `put` or the commit fails, roll back and begin a new life: another client, from `records()`. The client in memory is
/// ahead of the disk, and has told nobody. If the fault is `superseded`, the app was started twice, and the later program goes on:
/// this one should say so to its user, and end. A journal that is over stays over.
///
/// It is a table with one row for each key, `sixfold_journal`, so there is nothing to compact; and one row that says which life writes
/// it, `sixfold_life`. It keeps no record in memory, and makes no transactions of its own. It uses the caller's connection, which
/// must outlive it.
class sqlite_journal {
  public:
    /// Makes the tables if they are not there, and begins a life: every earlier life of this database, in this process or in
    /// another one, writes nothing more. (spec 7.9) In a transaction of the caller the life begins with the commit; if that is
    /// rolled back, the life never began, and its calls fail as `superseded`.
    ///
    /// Refused as `unsafe` if a loss of power may undo a commit of this connection. These settings are safe: `journal_mode` WAL,
    /// TRUNCATE or PERSIST with `synchronous` FULL or EXTRA, and DELETE with EXTRA. With DELETE and FULL, SQLite's defaults, the
    /// deletion of its log is not synced, and the log could roll the commit back.
    [[nodiscard]] static result<sqlite_journal, sqlite_error> attach(sqlite3* handle) {
        sqlite_journal out(handle);
        out.check_safety();
        out.execute(tables);
        out.prepare();
        out.begin_life();
        if (!out.connection_->ok()) {
            return out.connection_->error;
        }
        return out;
    }

    /// All records, for `client::create`. O(bytes).
    [[nodiscard]] result<std::vector<std::byte>, sqlite_error> records() {
        connection_->error = over_;
        check_life();
        std::vector<std::byte> out;
        for (auto row = all_->run(); row; row.next()) {
            const bytes one = row.blob(0);
            out.insert(out.end(), one.begin(), one.end());
        }
        if (!connection_->ok()) {
            return connection_->error;
        }
        return out;
    }

    /// Writes what `poll_journal` gave into the transaction that the caller has begun. If it returns false, do not commit; `last_error`
    /// says why. It is refused without a transaction: some errors of SQLite, such as a full disk, roll back by themselves, and
    /// records that are put after that would be durable without the rows to which they belong. O(bytes + records * log n).
    ///
    /// It returns false for ever once a later life has begun (`superseded`), or the file of the database or its log was removed or
    /// replaced while it was open (`moved`).
    [[nodiscard]] bool put(bytes records) {
        connection_->error = over_;
        if (sqlite3_get_autocommit(connection_->handle) != 0) {
            connection_->refuse(sqlite_fault::other,
                                "put: no transaction was begun, or an error has rolled it back");
        }
        check_life();
        if (!connection_->ok()) {
            return false;
        }
        journal_reader reader(records);
        while (const auto each = reader.next()) {
            if (each->gone) {
                erase_->run(each->key);
            } else {
                set_->run(each->key, each->wire);
            }
        }
        if (reader.refused() != refusal::none) {
            connection_->refuse(sqlite_fault::corrupt, "put: these are no records");
        }
        return connection_->ok();
    }

    /// Why the last call failed.
    [[nodiscard]] const sqlite_error& last_error() const noexcept { return connection_->error; }

  private:
    static constexpr const char* tables =
        "CREATE TABLE IF NOT EXISTS sixfold_journal("
        "key BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS sixfold_life("
        "id INTEGER PRIMARY KEY CHECK(id = 1), number INTEGER NOT NULL)";

    explicit sqlite_journal(sqlite3* handle)
        : connection_(std::make_unique<detail::sqlite_connection>()) {
        connection_->handle = handle;
        connection_->borrowed = true;
    }

    void check_safety() {
        const auto text_of = [this](const char* pragma) {
            sqlite_statement query(*connection_, pragma);
            const auto row = query.run();
            return row ? std::string(row.text(0)) : std::string();
        };
        // Elsewhere than on Apple's systems these change nothing; there a mere fsync is not enough.
        execute("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
        const std::string mode = text_of("PRAGMA journal_mode");
        const std::string synchronous = text_of("PRAGMA synchronous");
        const bool extra = synchronous == "3";
        const bool full = extra || synchronous == "2";
        const bool synced = mode == "wal" || mode == "truncate" || mode == "persist";
        if (!(synced && full) && !(mode == "delete" && extra)) {
            connection_->refuse(
                sqlite_fault::unsafe,
                "a loss of power may undo a commit: journal_mode is " + mode + ", synchronous is " +
                    synchronous +
                    "; set PRAGMA journal_mode = WAL and PRAGMA synchronous = FULL first");
        }
    }

    void execute(const char* sql) {
        if (connection_->ok()) {
            connection_->note(sqlite3_exec(connection_->handle, sql, nullptr, nullptr, nullptr));
        }
    }

    /// A number of SQLite's own, which is another one each time.
    void begin_life() {
        sqlite3_randomness(sizeof life_, &life_);
        sqlite_statement(*connection_, "INSERT INTO sixfold_life VALUES(1, ?1) "
                                       "ON CONFLICT(id) DO UPDATE SET number = excluded.number")
            .run(life_);
    }

    /// Whether this is still the last life that has begun, and what it writes will be found. (spec 7.9)
    void check_life() {
        const bool ours = [this] {
            const auto row = number_->run();
            return row && row.integer(0) == life_;
        }();
        if (connection_->ok() && !ours) {
            connection_->refuse(sqlite_fault::superseded,
                                "a later life has begun on this journal: the app was started "
                                "twice; the earlier one is over");
            over_ = connection_->error;
        }
        const bool has_log = [this] {
            const auto row = mode_->run();
            return row && row.text(0) == "wal";
        }();
        if (connection_->ok() && connection_->moved(has_log)) {
            connection_->refuse(sqlite_fault::moved,
                                "the file of the database, or its -wal, was removed or replaced "
                                "while it was open; this life of the client is over");
            over_ = connection_->error;
        }
    }

    void prepare() {
        const auto make = [this](const char* sql) {
            return std::make_unique<sqlite_statement>(*connection_, sql);
        };
        number_ = make("SELECT number FROM sixfold_life");
        mode_ = make("PRAGMA journal_mode");
        all_ = make("SELECT record FROM sixfold_journal ORDER BY key");
        set_ = make("INSERT INTO sixfold_journal VALUES(?1, ?2) "
                    "ON CONFLICT(key) DO UPDATE SET record = excluded.record");
        erase_ = make("DELETE FROM sixfold_journal WHERE key = ?1");
    }

    std::unique_ptr<detail::sqlite_connection> connection_;  // statements refer to it
    std::unique_ptr<sqlite_statement> number_;
    std::unique_ptr<sqlite_statement> mode_;
    std::unique_ptr<sqlite_statement> all_;
    std::unique_ptr<sqlite_statement> set_;
    std::unique_ptr<sqlite_statement> erase_;
    std::int64_t life_ = 0;  // our number
    sqlite_error over_;      // why this life is; fault none: it is not
};

}  // namespace sixfold::inline v0

#endif
