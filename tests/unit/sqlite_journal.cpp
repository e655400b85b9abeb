// SPDX-License-Identifier: BSL-1.0
#include "sixfold/ext/sqlite_journal.hpp"

#include <array>
#include <cstddef>
#include <fstream>
#include <string>

#include <sqlite3.h>

#include "sixfold/sending/outbound_record.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

// What it keeps, and what it survives, is in tests/crash, tests/powerloss and tests/iofail.

namespace sqlite_journal_tests {

using namespace sixfold;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("sqlite_journal: of what is no database it says so, and not that it is unsafe") {
    const support::temporary_file file;
    std::ofstream(file.path()) << "It is only a text, and a long one: " << std::string(1000, '.');
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(file.path().c_str(), &handle) == SQLITE_OK);
    {
        const auto refused = sqlite_journal::attach(handle);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().fault == sqlite_fault::foreign);
        CHECK_THAT(refused.error().what, ContainsSubstring("not a database"));
    }
    sqlite3_close(handle);
}

TEST_CASE("sqlite_journal: takes nothing outside of a transaction, not even a record") {
    const support::temporary_file file;
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(file.path().c_str(), &handle) == SQLITE_OK);
    sqlite3_exec(handle, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    {
        auto journal = sqlite_journal::attach(handle).value();
        std::array<std::byte, 64> buffer{};
        const std::size_t size = detail::encode_tickets(1, buffer);
        const bytes record = bytes(buffer).first(size);
        CHECK_FALSE(journal.put(record));
        CHECK_THAT(journal.last_error().what, ContainsSubstring("no transaction"));
        CHECK(journal.records().value().empty());
        REQUIRE(sqlite3_exec(handle, "BEGIN", nullptr, nullptr, nullptr) == SQLITE_OK);
        CHECK(journal.put(record));
        CHECK(journal.records().value().size() == size);
    }
    sqlite3_close(handle);
}

}  // namespace sqlite_journal_tests
