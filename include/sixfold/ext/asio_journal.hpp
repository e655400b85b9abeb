// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_JOURNAL_HPP
#define SIXFOLD_EXT_ASIO_JOURNAL_HPP

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sixfold/client.hpp"
#include "sixfold/ext/file_age.hpp"
#include "sixfold/ext/file_journal.hpp"
#include "sixfold/ext/new_life.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// Where an `asio_client` keeps its records, as its loop needs it. A function that fails throws, which ends that life of the client.
///
///     begin      the app writes its own rows after this, and before `put`
///     put        takes the records that go with them
///     commit     returns when all of that is durable
///     roll_back  undoes all of it, if anything has thrown
class asio_journal {
  public:
    asio_journal() = default;                               ///< for derived classes
    asio_journal(const asio_journal&) = delete;             ///< a journal belongs to one life
    asio_journal& operator=(const asio_journal&) = delete;  ///< likewise
    virtual ~asio_journal() = default;                      ///< what is durable stays

    /// All records of earlier lives. Called once.
    [[nodiscard]] virtual std::vector<std::byte> records() = 0;
    /// How long ago the last one was written, as far as that is known.
    [[nodiscard]] virtual duration away() const { return duration::zero(); }
    /// A commit begins.
    virtual void begin() {}
    /// Takes records over.
    virtual void put(bytes records) = 0;
    /// Makes all of it durable.
    virtual void commit(const client& machine) = 0;
    /// Undoes it.
    virtual void roll_back() noexcept {}
};

/// Keeps them in a file: see `file_journal`.
class asio_file_journal final : public asio_journal {
  public:
    /// Throws std::runtime_error, if it cannot be opened.
    explicit asio_file_journal(const std::string& path)
        : away_(file_age(path)), file_(open(file_journal::open(path, new_life().seed))) {}

    [[nodiscard]] std::vector<std::byte> records() override {
        const bytes found = file_.records();
        return {found.begin(), found.end()};
    }
    [[nodiscard]] duration away() const override { return away_; }
    void put(bytes records) override { file_.append(records); }
    void commit(const client& machine) override {
        if (!(file_.should_compact() ? file_.compact(machine) : file_.sync())) {
            throw std::runtime_error(file_.last_error().what);
        }
    }

  private:
    [[nodiscard]] static file_journal open(result<file_journal, file_error> made) {
        if (!made) {
            throw std::runtime_error(made.error().what);
        }
        return std::move(*made);
    }

    duration away_;
    file_journal file_;
};

}  // namespace sixfold::inline v0

#endif
