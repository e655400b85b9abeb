// SPDX-License-Identifier: BSL-1.0
#include <cstdint>

#include "support/catch.hpp"
#include "support/database_world.hpp"
#include "support/effort.hpp"

// The k-th call of the system fails, for every k, under the database with the rows and the journal of a client. After a commit that
// failed the app may not know whether it was done; it rolls back or opens the database again, looks, and begins a new life with
// what it finds.

namespace sqlite_journal_tests {
namespace {

using support::database_plan;
using support::faulty_disk;

/// Says how many calls there were.
std::uint64_t fail_each_call(database_plan how) {
    for (how.call = 1;; how.call += support::stride()) {
        CAPTURE(how.call);
        if (!support::run_with_databases(how)) {
            return how.call - 1;
        }
    }
}

TEST_CASE("sqlite_journal: the k-th call of the system fails, for every k") {
    using fault = faulty_disk::fault;
    using fails = faulty_disk::fails;
    database_plan how;
    how.broken_is_a = GENERATE(false, true);
    how.reopens = GENERATE(false, true);
    how.how_long = GENERATE(fails::once, fails::from_then_on);
    CAPTURE(how.broken_is_a, how.reopens, how.how_long == fails::once);

    SECTION("any call, as an I/O error") {
        how.how = fault::io;
        CHECK(fail_each_call(how) > 100);
    }
    SECTION("a write, because the disk is full") {
        how.how = fault::full;
        CHECK(fail_each_call(how) > 30);
    }
    SECTION("a lock, because somebody else has it") {
        how.how = fault::busy;
        CHECK(fail_each_call(how) > 20);
    }
}

}  // namespace
}  // namespace sqlite_journal_tests
