// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <string>

#include "scenario/adversity_table.hpp"
#include "support/catch.hpp"

// Prints what it costs when things go wrong, as a table: the least that is possible, ours, and how many times the least that is.
// Nothing is timed: real machines in virtual time, from fixed seeds.

namespace {

void print(const adversity::rows& all) {
    for (const adversity::row& each : all) {
        std::printf("| %s | %s | %.4g | %.4g | %.2f |\n", each.what.c_str(), each.unit.c_str(),
                    each.least, each.ours, each.factor());
    }
    std::fflush(stdout);
}

template <class... Add>
void print_each(Add... add) {
    const auto one = [](auto what) {
        adversity::rows all;
        what(all);
        print(all);
    };
    (one(add), ...);
}

}  // namespace

TEST_CASE("adversity") {
    std::printf("| what | unit | least | ours | factor |\n| --- | --- | ---: | ---: | ---: |\n");
    print_each(
        adversity::add_paths, adversity::add_losses, adversity::add_absent,
        adversity::add_mailboxes, adversity::add_hostile,
        [](adversity::rows& all) { adversity::add_drains(all, true); }, adversity::add_uplinks);
}
