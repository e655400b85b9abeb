// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>

#include <sixfold/client.hpp>
#include <sixfold/time.hpp>
#include "support/catch.hpp"

namespace time_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

// A machine keeps the address of its clock, so it is given none that is gone by then.
template <class Clock>
constexpr bool makes_a_client = requires(client_options options) {
    client::create(std::declval<Clock>(), options);
};
static_assert(makes_a_client<manual_clock&>);
static_assert(makes_a_client<const std::chrono::steady_clock&>);
static_assert(makes_a_client<clock_ref>);
static_assert(!makes_a_client<manual_clock>);
static_assert(!makes_a_client<const manual_clock>);
static_assert(!makes_a_client<std::chrono::steady_clock>);
static_assert(!std::is_convertible_v<manual_clock, clock_ref>);

TEST_CASE("time: later stops at never") {
    const time_point now = time_point{} + 5s;
    CHECK(later(now, 2s) == time_point{} + 7s);
    CHECK(later(now, (duration::max)()) == never);
    CHECK(later(never, 1ns) == never);
    CHECK(later(never, 0ns) == never);
    CHECK(later(never - 1s, 1s) == never);
    CHECK(later(never - 1s, 1s - 1ns) == never - 1ns);
    CHECK((std::min)(now, never) == now);
    CHECK(later((time_point::min)(), (duration::max)()) == time_point{} - 1ns);
    CHECK(later(time_point{}, (duration::max)()) == never);
}

TEST_CASE("time: a clock_ref reads the clock that it was given, and so do its copies") {
    manual_clock clock;
    const clock_ref ref = clock;
    const clock_ref copy = ref;
    clock.advance(3s);
    CHECK(ref.now() == time_point{} + 3s);
    clock.set(time_point{} + 1s);
    CHECK(copy.now() == time_point{} + 1s);
}

TEST_CASE("time: what a clock says is no earlier than the epoch, and before never") {
    manual_clock clock;
    const clock_ref ref = clock;
    clock.set(never);
    CHECK(ref.now() == never - 1ns);
    clock.set((time_point::min)());
    CHECK(ref.now() == time_point());
}

TEST_CASE("time: any object with a now is a clock") {
    struct {
        [[nodiscard]] static time_point now() { return time_point{} + 42s; }
    } const fixed;
    CHECK(clock_ref(fixed).now() == time_point{} + 42s);
}

TEST_CASE("time: a manual clock does not run past the end of time") {
    manual_clock clock;
    clock.set(never - 1s);
    clock.advance(1h);
    CHECK(clock.now() == never);
}

}  // namespace
}  // namespace time_tests
