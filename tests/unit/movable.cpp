// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <type_traits>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

namespace movable_tests {

using namespace sixfold;

namespace {

// Two of one client give the same names to different messages. A copy by mistake, into a vector or a lambda, does not compile.
template <class Machine>
constexpr bool is_only_moved =
    !std::is_copy_constructible_v<Machine> && !std::is_copy_assignable_v<Machine> &&
    std::is_nothrow_move_constructible_v<Machine> && std::is_nothrow_move_assignable_v<Machine>;

static_assert(is_only_moved<client>);
static_assert(is_only_moved<sender>);
static_assert(is_only_moved<receiver>);
static_assert(is_only_moved<relay>);
static_assert(!std::is_copy_constructible_v<result<client>>);
static_assert(std::is_nothrow_move_constructible_v<result<client>>);

}  // namespace

TEST_CASE("client: moved into a vector that grows, it goes on with all it has") {
    const manual_clock clock;
    std::vector<client> all;
    std::vector<ticket> sent;
    for (const peer self : {"alice", "anna", "adam"}) {
        all.push_back(client::create(clock, {.self = self, .life = {1, 7}}).value());
        sent.push_back(all.back().send("bob", as_bytes("Dinner?")).value());
    }
    all.front() = std::move(all.back());

    CHECK(all.front().self() == peer("adam"));
    CHECK(all.front().outstanding(sent.back()));
    std::vector<std::byte> buffer(2048);
    for (std::size_t i = 0; i < 2; ++i) {
        all[i].link_up();
        CHECK(all[i].poll_transmit(buffer).has_value());
    }
}

}  // namespace movable_tests
