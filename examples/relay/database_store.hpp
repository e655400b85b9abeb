// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_DATABASE_STORE_HPP
#define SIXFOLD_EXAMPLES_RELAY_DATABASE_STORE_HPP

#include <string>
#include <utility>

#include "store.hpp"

namespace relay_program {

/// A mailbox of `sixfold/ext` as the program's: that of SQLite or of PostgreSQL.
template <class Mailbox>
class database_store final : public store {
  public:
    /// `name` begins what it says of problems.
    database_store(Mailbox mailbox, std::string name)
        : mailbox_(std::move(mailbox)), name_(std::move(name)) {}

    void execute(sixfold::mailbox_group& group) override { (void)mailbox_.execute(group); }
    std::optional<std::size_t> expire(const sixfold::mailbox_retention& promised,
                                      std::size_t rows_max) override {
        const auto done = mailbox_.expire(promised, rows_max);
        return done ? std::optional(*done) : std::nullopt;
    }
    store_usage usage() override {
        const auto found = mailbox_.usage();
        return {found.rows, found.bytes};
    }
    std::string problem() const override {
        const auto& error = mailbox_.last_error();
        return error.fault == decltype(error.fault){} ? "" : name_ + ": " + error.what;
    }

  private:
    Mailbox mailbox_;
    std::string name_;
};

}  // namespace relay_program

#endif
