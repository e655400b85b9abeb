// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_HISTORY_HPP
#define SIXFOLD_EXAMPLES_CHAT_HISTORY_HPP

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <sixfold/ext/asio_sqlite_journal.hpp>
#include <sixfold/ext/file_age.hpp>
#include <sixfold/ext/sqlite_database.hpp>
#include <sixfold/sixfold.hpp>
#include <sixfold/words.hpp>
#include "files.hpp"

namespace example {

/// What somebody has said and heard, and the journal of their client: two tables of the app and one
/// of sixfold in one database, so that one commit is for all of them.
///
/// Whatever goes wrong throws, and the transaction is undone; a `usage_error`, if the database could not be opened.
class chat_history {
  public:
    /// Opens the database in this file, or makes one.
    explicit chat_history(const std::string& path)
        : path_(path), away_(sixfold::file_age(path)), database_(open(path)), journal_(attach()) {
        if (database_.failed()) {  // a statement of ours does not fit the tables
            throw usage_error(path_ + ": " + database_.last_error().what);
        }
    }

    /// For the client, whose records are in each commit.
    [[nodiscard]] sixfold::asio_journal& journal() noexcept { return *journal_; }
    /// How many lines were said, in all lives.
    [[nodiscard]] std::int64_t said() {
        const auto row = count_.run();
        if (database_.failed()) {
            fail(database_.last_error());
        }
        return row.integer(0);
    }

    void say(std::string_view text, sixfold::ticket ticket) {
        say_.run(sixfold::as_bytes(text), number_of(ticket));
    }
    /// Returns the number of the line that this is about.
    [[nodiscard]] std::int64_t told(const sixfold::event& news) {
        const std::string_view status = sixfold::to_string(news.what);
        const auto row = told_.run(sixfold::as_bytes(status), number_of(news.id));
        return row.integer(0);
    }
    void hear(const sixfold::message& message) {
        heard_.run(message.from.bytes(), number_of(message.id.epoch),
                   static_cast<std::int64_t>(message.id.seq), message.payload);
    }

  private:
    static constexpr sixfold::sqlite_schema schema = {.application_id = 0x63686174,  // "chat"
                                                      .version = 1,
                                                      .create = R"(
            CREATE TABLE said (
                number INTEGER PRIMARY KEY,  -- 1, 2, 3, ...
                text   TEXT    NOT NULL,
                ticket INTEGER NOT NULL UNIQUE,
                status TEXT    NOT NULL
            );
            CREATE TABLE heard (
                number INTEGER PRIMARY KEY,
                sender TEXT    NOT NULL,
                epoch  INTEGER NOT NULL,
                seq    INTEGER NOT NULL,
                text   TEXT    NOT NULL
            );
        )"};

    /// SQLite has no unsigned numbers; the bits are the same.
    template <class Id>
    [[nodiscard]] static std::int64_t number_of(Id id) {
        return static_cast<std::int64_t>(id);
    }

    [[noreturn]] void fail(const sixfold::sqlite_error& error) const {
        throw std::runtime_error(path_ + ": " + error.what);
    }
    [[nodiscard]] static sixfold::sqlite_database open(const std::string& path) {
        auto made = sixfold::sqlite_database::open(path, schema);
        if (!made) {
            throw usage_error(path + ": " + made.error().what);
        }
        return *std::move(made);
    }
    [[nodiscard]] std::unique_ptr<sixfold::asio_sqlite_journal> attach() {
        try {
            return std::make_unique<sixfold::asio_sqlite_journal>(database_, away_);
        } catch (const std::runtime_error& error) {
            throw usage_error(path_ + ": " + error.what());
        }
    }

    std::string path_;
    sixfold::duration away_;  // before the database: opened, it is written
    sixfold::sqlite_database database_;
    std::unique_ptr<sixfold::asio_sqlite_journal> journal_;
    sixfold::sqlite_statement count_ = database_.prepare("SELECT count(*) FROM said");
    sixfold::sqlite_statement say_ = database_.prepare(
        "INSERT INTO said (text, ticket, status) VALUES (CAST(?1 AS TEXT), ?2, 'none')");
    sixfold::sqlite_statement told_ = database_.prepare(
        "UPDATE said SET status = CAST(?1 AS TEXT) WHERE ticket = ?2 RETURNING number");
    sixfold::sqlite_statement heard_ =
        database_.prepare("INSERT INTO heard (sender, epoch, seq, text) "
                          "VALUES (CAST(?1 AS TEXT), ?2, ?3, CAST(?4 AS TEXT))");
};

}  // namespace example

#endif
