// SPDX-License-Identifier: BSL-1.0
#include "scenario/adversity_table.hpp"

#include "support/catch.hpp"
#include "support/effort.hpp"

// The rows of the table of adversity, each within its bound.

namespace adversity_table_tests {
namespace {

using namespace adversity;

void check(const rows& all) {
    for (const row& each : all) {
        INFO(each.what << ", " << each.unit << ": " << each.ours << ", of " << each.least);
        CHECK(each.factor() <= each.most * 1.01);
    }
}

}  // namespace

TEST_CASE("adversity: a path that has become another one is learnt from a few resends [spec 3.4]") {
    rows all;
    add_paths(all);
    check(all);
}

TEST_CASE(
    "adversity: on a path that loses hardly a message is late, for no more packets [spec 3.29]") {
    rows all;
    add_losses(all);
    check(all);
}

TEST_CASE(
    "adversity: a mailbox that is drained costs what the same messages cost one who is there [spec "
    "3.26, 3.27]") {
    rows all;
    add_drains(all, support::all());
    check(all);
}

TEST_CASE(
    "adversity: a slow app, little room, and rows that cannot be taken cost themselves alone [spec "
    "3.24, 3.26]") {
    rows all;
    add_mailboxes(all);
    check(all);
}

TEST_CASE("adversity: an absent peer costs no other, and next to nothing [spec 3.6, 3.7, 3.10]") {
    rows all;
    add_absent(all);
    check(all);
}

TEST_CASE("adversity: a slow uplink carries what it can, and who shares one shares it alike [spec "
          "3.30]") {
    rows all;
    add_uplinks(all);
    check(all);
}

TEST_CASE("adversity: strangers and a hostile peer are not noticed [spec 3.12, 3.16, 3.24]") {
    rows all;
    add_hostile(all);
    check(all);
}

}  // namespace adversity_table_tests
