// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>

#include "support/catch.hpp"
#include "support/database_world.hpp"

// The power fails in each call of the system, under the database with the rows and the journal of a client.

namespace {

using support::database_plan;
using support::faulty_disk;

TEST_CASE("sqlite_journal: power is lost in each call of the system") {
    using power_loss = faulty_disk::power_loss;
    database_plan how;
    how.broken_is_a = GENERATE(false, true);
    how.power = GENERATE(power_loss::all, power_loss::some);
    for (how.seed = 1; how.seed <= (how.power == power_loss::all ? 1U : 3U); ++how.seed) {
        bool cut = true;
        for (how.call = 1; cut; ++how.call) {
            CAPTURE(how.broken_is_a, how.power == power_loss::all, how.seed, how.call);
            cut = support::run_with_databases(how);
        }
        CHECK(how.call > 100);
    }
}

TEST_CASE("sqlite_journal: of a connection with synchronous=NORMAL, power takes commits with it") {
    database_plan how;
    how.power = faulty_disk::power_loss::all;
    how.synchronous = "NORMAL";
    std::size_t lost = 0;
    for (how.call = 1; how.call < 150; ++how.call) {
        try {
            support::run_with_databases(how);
        } catch (const support::lost_commits&) {
            ++lost;
        }
    }
    CHECK(lost > 10);
}

}  // namespace
