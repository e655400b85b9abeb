// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <utility>

#include "support/catch.hpp"
#include "support/database_world.hpp"
#include "support/effort.hpp"

// The power fails in each call of the system, under the database with the rows and the journal of a client.

namespace sqlite_journal_tests {
namespace {

using support::database_plan;
using support::faulty_disk;

/// Both sides, and with each what is left of what was not synced, with this many seeds.
void cut_at_each_call(database_plan how, std::uint64_t seeds) {
    for (how.seed = 1; how.seed <= seeds; ++how.seed) {
        bool cut = true;
        for (how.call = 1; cut; how.call += support::stride()) {
            CAPTURE(how.journal_mode, how.synchronous, how.broken_is_a, how.seed, how.call);
            cut = support::run_with_databases(how);
        }
        CHECK(how.call > 100);
    }
}

TEST_CASE("sqlite_journal: power is lost in each call of the system") {
    using power_loss = faulty_disk::power_loss;
    database_plan how;
    how.broken_is_a = GENERATE(false, true);
    how.power = GENERATE(power_loss::all, power_loss::some);
    cut_at_each_call(how, how.power == power_loss::all ? 1 : 3);
}

TEST_CASE(
    "sqlite_journal: power is lost in each call of the system, in each other mode that is safe") {
    using mode = std::pair<const char*, const char*>;
    const mode safe =
        GENERATE(mode("WAL", "EXTRA"), mode("TRUNCATE", "FULL"), mode("TRUNCATE", "EXTRA"),
                 mode("PERSIST", "FULL"), mode("PERSIST", "EXTRA"), mode("DELETE", "EXTRA"));
    database_plan how;
    how.journal_mode = safe.first;
    how.synchronous = safe.second;
    how.power = faulty_disk::power_loss::some;
    cut_at_each_call(how, 1);
}

/// Cuts of the power that took a commit with them.
std::size_t
lost_with(const char* journal_mode, const char* synchronous, faulty_disk::power_loss what) {
    database_plan how;
    how.power = what;
    how.journal_mode = journal_mode;
    how.synchronous = "EXTRA";
    how.weakened = synchronous;
    std::size_t lost = 0;
    for (how.call = 1; how.call < 150; ++how.call) {
        ++how.seed;
        try {
            support::run_with_databases(how);
        } catch (const support::lost_commits&) {
            ++lost;
        }
    }
    return lost;
}

TEST_CASE("sqlite_journal: in the modes that are refused, power takes commits with it") {
    using power_loss = faulty_disk::power_loss;
    CHECK(lost_with("WAL", "NORMAL", power_loss::all) > 10);
    CHECK(lost_with("DELETE", "FULL", power_loss::some) > 0);  // what was deleted comes back
}

}  // namespace
}  // namespace sqlite_journal_tests
