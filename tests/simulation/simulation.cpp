// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <iterator>
#include <set>
#include <string>

#include "simulation/report.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"

// Thousands of worlds from their seeds; `simulate` runs as many as you like.

namespace simulation_tests {
namespace {

using namespace simulation;

constexpr unsigned worlds_that_show_everything = 3000;
/// How long it takes in the mean that all has come to its end after everything has healed. A single world may have to wait for
/// the longest pauses; that most worlds do shows only here. Worlds whose relays carry nothing are left out: hours are theirs. It was 13,748 ms of these seeds: streams that rest, as all that they
/// sent was stored, ask once in a minute.
constexpr std::uint64_t mean_healing_ms_max = 15'000;

}  // namespace

TEST_CASE("simulation: whatever goes wrong, nothing is lost, nothing comes twice, and everybody "
          "learns the truth") {
    const unsigned worlds = support::some_or_all(400U, worlds_that_show_everything);
    sightings all;
    for (unsigned seed = 0; seed < worlds; ++seed) {
        INFO("seed " << seed);  // for what ends the process
        outcome result = world(draw(seed)).run();
        all += result.seen;
        if (!result.wrong.empty()) {
            FAIL(explain({draw(seed), {}, std::move(result)}));
        }
    }
    CHECK(surprises(all) == "");
    if (worlds == worlds_that_show_everything) {
        for (const auto& [what, times] : lines(all)) {
            INFO(what << ": never seen in all these worlds");
            CHECK(times != 0);
        }
        CHECK(all.healing_ms / worlds <= mean_healing_ms_max);
    }
}

TEST_CASE("simulation: the same plan is the same world, and another seed is another one") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        CHECK(world(draw(seed)).run().hash == world(draw(seed)).run().hash);
        CHECK(world(draw(seed)).run().hash != world(draw(seed + 1)).run().hash);
    }
}

TEST_CASE("simulation: single faults can be left out, and the others stay as they are") {
    plan what = draw(7);
    const std::vector<decision> all = world(what).run().happened;
    REQUIRE(all.size() > 20);
    CHECK(world(what, all).run().hash == world(what).run().hash);
    const outcome none = world(what, std::vector<decision>()).run();
    CHECK(none.happened.empty());
    CHECK(none.wrong.empty());
    const std::vector<decision> first(all.begin(), all.begin() + 1);
    CHECK(world(what, first).run().happened == first);
}

TEST_CASE("simulation: a plan is told by what is not as its seed has it") {
    plan what = draw(3);
    CHECK(differences(what, draw(3)).empty());
    what.messages = 2;
    *number(what, "loss") = 123'456;
    CHECK(differences(what, draw(3)) == "messages=2 loss=123456");
    CHECK(number(what, "nonsense") == nullptr);
    std::set<std::uint64_t*> all;
    for (const auto& each : numbers) {
        all.insert(number(what, each.name));
    }
    for (const char* each : fault_names) {
        all.insert(number(what, each));
    }
    CHECK(all.size() == std::size(numbers) + fault_kinds);  // no name stands for two
    CHECK(replay_arguments({what, std::vector<decision>{{fault::crash, 17}}}) ==
          "--seed 3 --set messages=2 loss=123456 --only crash:17");
}

}  // namespace simulation_tests
