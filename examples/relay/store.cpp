// SPDX-License-Identifier: BSL-1.0
#include "store.hpp"

#include <string>
#include <utility>

#include <sixfold/ext/sqlite_mailbox.hpp>
#include <sixfold/ext/wall_clock.hpp>
#include <sixfold/memory_mailbox.hpp>
#include "database_store.hpp"
#include "failure.hpp"
#include "postgres_store.hpp"

namespace relay_program {

namespace {

class memory_store final : public store {
  public:
    explicit memory_store(const sixfold::mailbox_limits& limits)
        : mailbox_(sixfold::memory_mailbox::create(limits, sixfold::wall_time).value()) {}

    void execute(sixfold::mailbox_group& group) override {
        for (sixfold::mailbox_exchange& each : group.exchanges()) {
            each.answer(mailbox_.execute(each.request));
        }
    }
    std::optional<std::size_t> expire(const sixfold::mailbox_retention& promised,
                                      std::size_t rows_max) override {
        return mailbox_.expire(promised, rows_max);
    }
    store_usage usage() override { return {mailbox_.rows(), mailbox_.bytes()}; }
    std::string problem() const override { return {}; }

  private:
    sixfold::memory_mailbox mailbox_;
};

std::unique_ptr<store> open_sqlite_store(const std::string& path,
                                         const sixfold::mailbox_limits& limits) {
    auto made = sixfold::sqlite_mailbox::open(path, limits);
    if (!made) {
        throw usage_error("--mailbox " + path + ": " + made.error().what);
    }
    return std::make_unique<database_store<sixfold::sqlite_mailbox>>(*std::move(made), path);
}

}  // namespace

std::string without_password(std::string where) {
    const auto begin = where.find("://");
    const auto at = where.find('@', begin);
    const auto colon = begin == std::string::npos ? begin : where.find(':', begin + 3);
    if (at != std::string::npos && colon < at) {
        where.replace(colon + 1, at - colon - 1, "...");
    }
    return where;
}

std::unique_ptr<store> open_store(const std::string& where, const sixfold::mailbox_limits& limits) {
    if (where == "memory") {
        return std::make_unique<memory_store>(limits);
    }
    if (where.starts_with("postgresql://")) {
#if defined(SIXFOLD_RELAY_POSTGRES)
        return open_postgres_store(where, limits);
#else
        throw usage_error("--mailbox: this program was built without libpq, and has no PostgreSQL");
#endif
    }
    if (const auto scheme = where.find("://"); scheme != std::string::npos) {
        throw usage_error("--mailbox: this program has no mailbox '" + where.substr(0, scheme) +
                          "'; it has 'memory', a FILE in SQLite, and postgresql://");
    }
    return open_sqlite_store(where, limits);
}

}  // namespace relay_program
