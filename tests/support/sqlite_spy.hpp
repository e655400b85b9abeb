// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_SQLITE_SPY_HPP
#define SIXFOLD_TESTS_SUPPORT_SQLITE_SPY_HPP

#include <string>
#include <vector>

#include <sqlite3.h>

namespace support {

/// While it lives it knows the database that was opened last, whoever opened it: to look at what an
/// owner does not show, and to do what an owner would not.
class sqlite_spy {
  public:
    sqlite_spy() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(opened)); }
    sqlite_spy(const sqlite_spy&) = delete;
    sqlite_spy& operator=(const sqlite_spy&) = delete;
    ~sqlite_spy() { sqlite3_reset_auto_extension(); }

    /// The first column of all rows, "NULL" where there is nothing; or SQLite's error.
    [[nodiscard]] static std::vector<std::string> ask(const std::string& sql) {
        return ask(handle(), sql, 0);
    }
    [[nodiscard]] static std::vector<std::string>
    ask(sqlite3* database, const std::string& sql, int column) {
        sqlite3_stmt* statement = nullptr;
        std::vector<std::string> all;
        int code = sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr);
        while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
            const auto* text = sqlite3_column_text(statement, column);
            all.emplace_back(text == nullptr ? "NULL" : reinterpret_cast<const char*>(text));
            code = SQLITE_OK;
        }
        if (code != SQLITE_DONE) {
            all.emplace_back(sqlite3_errmsg(database));
        }
        sqlite3_finalize(statement);
        return all;
    }

    /// The statements that are prepared.
    [[nodiscard]] static std::vector<std::string> statements() {
        std::vector<std::string> all;
        for (sqlite3_stmt* at = sqlite3_next_stmt(handle(), nullptr); at != nullptr;
             at = sqlite3_next_stmt(handle(), at)) {
            all.emplace_back(sqlite3_sql(at));
        }
        return all;
    }

    /// How SQLite would run a statement, step by step.
    [[nodiscard]] static std::vector<std::string> plan(const std::string& sql) {
        return ask(handle(), "EXPLAIN QUERY PLAN " + sql, 3);
    }

  private:
    static sqlite3*& handle() {
        static sqlite3* last = nullptr;
        return last;
    }
    static int opened(sqlite3* database, const char**, const void*) {
        handle() = database;
        return SQLITE_OK;
    }
};

}  // namespace support

#endif
