// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_SQLITE_JOURNAL_HPP
#define SIXFOLD_EXT_ASIO_SQLITE_JOURNAL_HPP

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sixfold/ext/asio_journal.hpp"
#include "sixfold/ext/sqlite_database.hpp"
#include "sixfold/ext/sqlite_journal.hpp"

namespace sixfold::inline v0 {

/// Keeps them in a database of the app, in one commit with the rows that the app writes in its handlers: see `sqlite_journal`.
class asio_sqlite_journal final : public asio_journal {
  public:
    /// The database outlives it, and nobody else begins transactions in it. `away` is `file_age` of its file, asked before it was
    /// opened. Throws std::runtime_error, if the journal in it cannot be used.
    explicit asio_sqlite_journal(sqlite_database& database, duration away = duration::zero())
        : database_(database), away_(away), rows_(open(sqlite_journal::attach(database.handle()))) {
    }

    [[nodiscard]] std::vector<std::byte> records() override { return open(rows_.records()); }
    [[nodiscard]] duration away() const override { return away_; }
    void begin() override { change_ = std::make_unique<sqlite_transaction>(database_); }
    void put(bytes records) override {
        check_database();  // what a row could not be written for has undone the transaction
        if (!rows_.put(records)) {
            throw std::runtime_error(rows_.last_error().what);
        }
    }
    void commit(const client& /*machine*/) override {
        const auto change = std::move(change_);
        if (!change->commit()) {
            check_database();
            throw std::runtime_error("the transaction was not committed");
        }
    }
    void roll_back() noexcept override { change_.reset(); }

  private:
    template <class T>
    [[nodiscard]] static T open(result<T, sqlite_error> made) {
        if (!made) {
            throw std::runtime_error(made.error().what);
        }
        return std::move(*made);
    }
    void check_database() const {
        if (database_.failed()) {
            throw std::runtime_error(database_.last_error().what);
        }
    }

    sqlite_database& database_;
    duration away_;
    sqlite_journal rows_;
    std::unique_ptr<sqlite_transaction> change_;
};

}  // namespace sixfold::inline v0

#endif
