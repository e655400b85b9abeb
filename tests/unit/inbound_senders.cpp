// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <vector>

#include <sixfold/receiving/inbound_senders.hpp>
#include "support/catch.hpp"

namespace inbound_senders_tests {
namespace {

using namespace sixfold;

TEST_CASE("inbound_senders: a call asks of four whether they go, and the next one goes on behind "
          "them [spec 3.16]") {
    inbound_senders all(8, 1);
    std::vector<std::uint32_t> known;
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        known.push_back(all.insert(name));
    }
    std::vector<std::uint32_t> asked;
    const auto not_now = [&asked](std::uint32_t which) {
        asked.push_back(which);
        return inbound_senders::verdict::not_now;
    };
    CHECK(all.drop(not_now) == inbound_senders::none);
    CHECK(asked == std::vector{known[0], known[1], known[2], known[3]});
    CHECK(all.drop([](std::uint32_t) { return inbound_senders::verdict::drop; }) == known[4]);
    CHECK(all.find("e") == inbound_senders::none);
    CHECK(all.find("a") == known[0]);
}

}  // namespace
}  // namespace inbound_senders_tests
