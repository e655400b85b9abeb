// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <optional>

#include <sixfold/ext/sqlite_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/crash_script.hpp"
#include "support/crash_world.hpp"
#include "support/noon.hpp"
#include "support/temporary_file.hpp"

// The relay crashes at each of its effects, between a request and its outcome as between two frames, and begins a new life from
// its mailbox in SQLite.

namespace sqlite_mailbox_tests {
namespace {

using namespace sixfold;
using support::crash_world;

/// Says how many effects the relay had.
std::size_t run(std::size_t crash_at) {
    CAPTURE(crash_at);
    const support::temporary_file file;
    std::optional<sqlite_mailbox> mailbox =
        sqlite_mailbox::open(file.path(), {}, {}, support::noon).value();
    crash_world world(support::disk::transaction,
                      {.self = "alice", .life = {.start = 1, .seed = 1}},
                      {.self = "bob", .life = {.start = 1, .seed = 1000}});
    world.mailbox = [&](const mailbox_request& request) {
        return mailbox->execute(request);
    };
    world.relay_crashed = [&] {
        mailbox.reset();
        mailbox.emplace(sqlite_mailbox::open(file.path(), {}, {}, support::noon).value());
    };
    world.relay_crash_at = crash_at;
    support::play_and_check(world);
    return world.relay_effects;
}

TEST_CASE("sqlite_mailbox: its relay crashes at each effect") {
    const std::size_t all = run(0);
    CHECK(all > 40);
    for (std::size_t k = 1; k <= all; ++k) {
        run(k);
    }
}

}  // namespace
}  // namespace sqlite_mailbox_tests
