// SPDX-License-Identifier: BSL-1.0
#include "postgres_store.hpp"

#include <utility>

#include <sixfold/ext/postgres.hpp>
#include "failure.hpp"

namespace relay_program {

namespace {

class postgres_store final : public store {
  public:
    postgres_store(const std::string& url, const sixfold::mailbox_limits& limits)
        : mailbox_(open(url, limits)) {}

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
        return error.fault == sixfold::postgres_fault::none ? "" : "PostgreSQL: " + error.what;
    }

  private:
    [[nodiscard]] static sixfold::postgres_mailbox open(const std::string& url,
                                                        const sixfold::mailbox_limits& limits) {
        auto made = sixfold::postgres_mailbox::open(url, limits);
        if (made) {
            return std::move(*made);
        }
        const std::string words = "--mailbox: PostgreSQL: " + made.error().what;
        switch (made.error().fault) {
        case sixfold::postgres_fault::lost:
        case sixfold::postgres_fault::busy:
        case sixfold::postgres_fault::full: throw failure(words);
        case sixfold::postgres_fault::none:
        case sixfold::postgres_fault::read_only:
        case sixfold::postgres_fault::corrupt:
        case sixfold::postgres_fault::foreign:
        case sixfold::postgres_fault::version:
        case sixfold::postgres_fault::unsafe:
        case sixfold::postgres_fault::option:
        case sixfold::postgres_fault::other: break;
        }
        throw usage_error(words);
    }

    sixfold::postgres_mailbox mailbox_;
};

}  // namespace

std::unique_ptr<store> open_postgres_store(const std::string& url,
                                           const sixfold::mailbox_limits& limits) {
    return std::make_unique<postgres_store>(url, limits);
}

}  // namespace relay_program
