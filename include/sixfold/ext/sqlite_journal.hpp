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
///     auto journal = sixfold::sqlite_journal::attach(handle).value();
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
/// When a row, put or the commit fails, roll back and begin a new life: another client, from `records()`. The one in memory
/// is ahead of the disk, and has said nothing of that to anybody.
///
/// It is a table of one row a key, `sixfold_journal`, so there is nothing to compact. It keeps nothing in memory, and makes no
/// transactions of its own. It uses the caller's connection, which must outlive it.
class sqlite_journal {
  public:
    /// Makes the table if it is not there. Refused as `unsafe`, if a commit of this connection may be lost: its `synchronous`
    /// must be FULL or EXTRA, its `journal_mode` anything but OFF or MEMORY.
    [[nodiscard]] static result<sqlite_journal, sqlite_error> attach(sqlite3* handle) {
        sqlite_journal out(handle);
        out.check_safety();
        if (out.connection_->ok()) {
            out.connection_->note(sqlite3_exec(handle, table, nullptr, nullptr, nullptr));
        }
        out.prepare();
        if (!out.connection_->ok()) {
            return out.connection_->error;
        }
        return out;
    }

    /// All records, for `client::create`. O(bytes).
    [[nodiscard]] result<std::vector<std::byte>, sqlite_error> records() {
        connection_->error = {};
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

    /// Takes over what `poll_journal` gave, into the transaction that the caller has begun. False: it must not be committed,
    /// and `last_error` says why. Without a transaction it is refused: some errors of SQLite, such as a full disk, roll back
    /// by themselves, and what is put then would be durable without the rows that it belongs to. O(bytes + records * log n).
    [[nodiscard]] bool put(bytes records) {
        connection_->error = {};
        if (sqlite3_get_autocommit(connection_->handle) != 0) {
            connection_->refuse(sqlite_fault::other,
                                "put: no transaction was begun, or an error has rolled it back");
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
    static constexpr const char* table =
        "CREATE TABLE IF NOT EXISTS sixfold_journal("
        "key BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID";

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
        const std::string mode = text_of("PRAGMA journal_mode");
        const std::string synchronous = text_of("PRAGMA synchronous");
        if (mode == "off" || mode == "memory" || (synchronous != "2" && synchronous != "3")) {
            connection_->refuse(sqlite_fault::unsafe,
                                "a commit would not survive: synchronous is " + synchronous +
                                    ", not 2 or 3, or journal_mode is off or memory: " + mode);
        }
    }

    void prepare() {
        const auto make = [this](const char* sql) {
            return std::make_unique<sqlite_statement>(*connection_, sql);
        };
        all_ = make("SELECT record FROM sixfold_journal ORDER BY key");
        set_ = make("INSERT INTO sixfold_journal VALUES(?1, ?2) "
                    "ON CONFLICT(key) DO UPDATE SET record = excluded.record");
        erase_ = make("DELETE FROM sixfold_journal WHERE key = ?1");
    }

    std::unique_ptr<detail::sqlite_connection> connection_;  // statements refer to it
    std::unique_ptr<sqlite_statement> all_;
    std::unique_ptr<sqlite_statement> set_;
    std::unique_ptr<sqlite_statement> erase_;
};

}  // namespace sixfold::inline v0

#endif
