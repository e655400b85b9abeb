// SPDX-License-Identifier: BSL-1.0
#include "sixfold/ext/sqlite_journal.hpp"

#include <fstream>
#include <string>

#include <sqlite3.h>

#include "support/catch.hpp"
#include "support/temporary_file.hpp"

// What it keeps, and what it survives, is in tests/crash, tests/powerloss and tests/iofail.

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
