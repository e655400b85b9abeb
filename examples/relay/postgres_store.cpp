// SPDX-License-Identifier: BSL-1.0
#include "postgres_store.hpp"

#include <string>
#include <utility>

#include <sixfold/ext/postgres.hpp>
#include "database_store.hpp"
#include "failure.hpp"

namespace relay_program {

namespace {

/// What passes by itself is no fault of the user's.
bool passes(sixfold::postgres_fault fault) {
    return fault == sixfold::postgres_fault::lost || fault == sixfold::postgres_fault::busy ||
           fault == sixfold::postgres_fault::full;
}

}  // namespace

std::unique_ptr<store> open_postgres_store(const std::string& url,
                                           const sixfold::mailbox_limits& limits) {
    auto made = sixfold::postgres_mailbox::open(url, limits);
    if (!made) {
        const std::string words = "--mailbox: PostgreSQL: " + made.error().what;
        if (passes(made.error().fault)) {
            throw failure(words);
        }
        throw usage_error(words);
    }
    return std::make_unique<database_store<sixfold::postgres_mailbox>>(*std::move(made),
                                                                       "PostgreSQL");
}

}  // namespace relay_program
