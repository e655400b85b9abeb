// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_STATEMENT_HPP
#define SIXFOLD_EXT_SQLITE_STATEMENT_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "sixfold/ext/sqlite_error.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

namespace detail {

/// The handle of an open database, and the first thing that went wrong with it.
///
/// The error is sticky: from it on nothing more is executed and every query is empty, so that one
/// question at the end of a transaction is enough.
struct sqlite_connection {
    sqlite3* handle = nullptr;
    bool borrowed = false;  ///< the handle is the caller's, who will close it
    sqlite_error error{};

    sqlite_connection() = default;
    sqlite_connection(const sqlite_connection&) = delete;
    sqlite_connection& operator=(const sqlite_connection&) = delete;
    ~sqlite_connection() {
        if (handle != nullptr && !borrowed) {
            int exact = 0;  // what was taken beforehand is given back
            sqlite3_file_control(handle, "main", SQLITE_FCNTL_CHUNK_SIZE, &exact);
            sqlite3_close_v2(handle);
        }
    }

    [[nodiscard]] bool ok() const noexcept { return error.fault == sqlite_fault::none; }

    /// Takes note of a result code, with SQLite's words for it. The first error stays.
    void note(int code) {
        if (ok() && fault_of(code) != sqlite_fault::none) {
            error = {fault_of(code), code, sqlite3_errmsg(handle)};
            doubt();
        }
    }
    /// What SQLite finds nothing wrong with, but we do.
    void refuse(sqlite_fault fault, std::string what) {
        if (ok()) {
            error = {fault, 0, std::move(what)};
        }
    }
    /// SQLite may say of a page that could not be read that it is damaged. Whoever believes that brings back a copy, and loses what
    /// came since. So it is an I/O error as long as the system has failed a call on these files.
    void doubt() {
        const bool damaged =
            error.fault == sqlite_fault::corrupt || error.fault == sqlite_fault::foreign;
        if (damaged && system_error() != 0) {
            error.fault = sqlite_fault::io;
            error.what = "a read has failed, error " + std::to_string(system_error()) +
                         " of the system; SQLite says of it: " + error.what;
        }
    }
    /// What the system has said when it last failed the database or its log; 0: nothing, or SQLite's layer does not know.
    [[nodiscard]] int system_error() const {
        int said = 0;
        sqlite3_file* log = nullptr;
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &said);
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
        if (said == 0 && log->pMethods != nullptr) {  // the log is open
            log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &said);
        }
        return said;
    }
    /// Whether the file of the database was removed or replaced since it was opened, or the log that it has in WAL mode was
    /// removed, as far as SQLite's layer knows. In a transaction, or after one: then the log is open.
    [[nodiscard]] bool moved(bool has_log) const {
        int says = 0;
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &says);
        return says != 0 ||
               (has_log && is_gone(sqlite3_filename_wal(sqlite3_db_filename(handle, "main"))));
    }
    /// An empty file does not exist, says SQLite's layer, but can be written.
    [[nodiscard]] bool is_gone(const char* path) const {
        sqlite3_vfs* layer = nullptr;
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_VFS_POINTER, &layer);
        int there = 0;
        for (const int how : {SQLITE_ACCESS_EXISTS, SQLITE_ACCESS_READWRITE}) {
            if (layer->xAccess(layer, path, how, &there) != SQLITE_OK || there != 0) {
                return false;
            }
        }
        return true;
    }
};

}  // namespace detail

/// The rows that a statement gives, one after the other. While it is there its statement is in use;
/// what it hands out is good until `next`.
///
///     for (auto row = statement.run(key); row; row.next()) { ... row.integer(0) ... }
class sqlite_rows {
  public:
    /// Executes a statement, whose values are bound, as far as its first row. See `sqlite_statement::run`.
    sqlite_rows(detail::sqlite_connection& connection, sqlite3_stmt* statement)
        : connection_(connection), statement_(statement) {
        next();
    }
    sqlite_rows(const sqlite_rows&) = delete;
    sqlite_rows& operator=(const sqlite_rows&) = delete;
    /// Gives the statement back, to be run again.
    ~sqlite_rows() {
        if (statement_ != nullptr) {  // it could be prepared
            sqlite3_reset(statement_);
            sqlite3_clear_bindings(statement_);  // they refer to the caller's memory
        }
    }

    /// Is there a row?
    [[nodiscard]] explicit operator bool() const noexcept { return here_; }

    /// Goes on to the next row, if there is one: after an error of the connection there is none.
    void next() {
        here_ = false;
        if (connection_.ok()) {
            const int code = sqlite3_step(statement_);
            connection_.note(code);
            here_ = code == SQLITE_ROW;
        }
    }

    /// A value of this row; columns count from 0. NULL is 0, and what is no number as SQLite converts it.
    [[nodiscard]] std::int64_t integer(int column) const noexcept {
        return sqlite3_column_int64(statement_, column);
    }
    /// Whether it is NULL.
    [[nodiscard]] bool null(int column) const noexcept {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }
    /// Its bytes; NULL has none. A value that is too large for the memory is an error of the
    /// connection, not an empty one.
    [[nodiscard]] bytes blob(int column) const {
        const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
        if (data == nullptr && sqlite3_errcode(connection_.handle) == SQLITE_NOMEM) {
            connection_.note(SQLITE_NOMEM);
        }
        const int size = data == nullptr ? 0 : sqlite3_column_bytes(statement_, column);
        return {data, static_cast<std::size_t>(size)};
    }
    /// The same, as text.
    [[nodiscard]] std::string_view text(int column) const { return as_text(blob(column)); }

  private:
    detail::sqlite_connection& connection_;
    sqlite3_stmt* statement_;
    bool here_ = false;
};

/// An SQL statement, parsed once and run many times. It must not outlive its database, and is run
/// again only when the rows of the last run are gone.
class sqlite_statement {
  public:
    /// See `sqlite_database::prepare`.
    sqlite_statement(detail::sqlite_connection& connection, std::string_view sql)
        : connection_(&connection) {
        sqlite3_stmt* made = nullptr;
        if (connection.ok()) {
            connection.note(sqlite3_prepare_v3(connection.handle, sql.data(),
                                               static_cast<int>(sql.size()),
                                               SQLITE_PREPARE_PERSISTENT, &made, nullptr));
        }
        statement_.reset(made);
        if (!statement_) {
            unprepared_ = connection.error;
        }
    }

    /// Runs it with these values for ?1, ?2, ...: integers, bytes, or `nullptr` for NULL. Executes
    /// it as far as its first row, or whole if it gives none. Bytes are not copied.
    template <class... Values>
    sqlite_rows run(const Values&... values) {
        if (!statement_ && connection_->ok()) {
            connection_->error = unprepared_;  // which a transaction has forgotten since
        }
        int at = 0;
        (bind(++at, values), ...);
        return {*connection_, statement_.get()};
    }

    /// Rows that the last statement changed that was run on this database to its end; 0 if that failed.
    [[nodiscard]] std::size_t changes() const noexcept {
        return connection_->ok() ? static_cast<std::size_t>(sqlite3_changes(connection_->handle))
                                 : 0;
    }

  private:
    struct finalize {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };

    void bind(int at, std::int64_t value) {
        if (connection_->ok()) {
            connection_->note(sqlite3_bind_int64(statement_.get(), at, value));
        }
    }
    void bind(int at, bytes value) {
        if (connection_->ok()) {
            const void* data = value.empty() ? "" : static_cast<const void*>(value.data());
            connection_->note(
                sqlite3_bind_blob64(statement_.get(), at, data, value.size(), SQLITE_STATIC));
        }
    }
    void bind(int at, std::nullptr_t) {
        if (connection_->ok()) {
            connection_->note(sqlite3_bind_null(statement_.get(), at));
        }
    }

    detail::sqlite_connection* connection_;
    std::unique_ptr<sqlite3_stmt, finalize> statement_;
    sqlite_error unprepared_{};  // why there is no statement, if there is none
};

}  // namespace sixfold::inline v0

#endif
