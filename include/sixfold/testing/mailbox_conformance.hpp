// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_CONFORMANCE_HPP
#define SIXFOLD_TESTING_MAILBOX_CONFORMANCE_HPP

#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/testing/catch.hpp"
#include "sixfold/testing/mailbox_ack_rules.hpp"
#include "sixfold/testing/mailbox_limit_rules.hpp"
#include "sixfold/testing/mailbox_random_rules.hpp"
#include "sixfold/testing/mailbox_rules.hpp"
#include "sixfold/testing/mailbox_time_rules.hpp"
#include "sixfold/testing/mailbox_value_rules.hpp"
#include "sixfold/time.hpp"

// Is it a mailbox? Tests for your own, with Catch2 2 or 3:
//
//     #include <sixfold/testing/mailbox_conformance.hpp>
//
//     TEST_CASE("my mailbox is a mailbox") {
//         sixfold::testing::check_mailbox([](const sixfold::mailbox_limits& limits, sixfold::clock_ref clock) {
//             return my_mailbox(limits, clock);
//         });
//     }
//
// `make(limits, clock)` returns an empty mailbox with these limits, which takes its time from this clock: anything that has
// `execute(const mailbox_request&) -> mailbox_outcome`. One that also has `expire(retention, rows_max)` as ours have it can be put
// to `check_retention`, likewise.

/// Tests for what implements an interface of sixfold, with Catch2 2 or 3. `check_mailbox` is the one to call; the others are
/// its parts.
namespace sixfold::inline v0::testing {

/// Each sentence of mailbox.hpp, and of sections 5.2 to 5.7 of the specification, in a section of
/// its own. Each begins with an empty mailbox of `make`.
template <class Make>
void check_mailbox(Make make_on) {
    const auto make = [&](const mailbox_limits& limits) {
        return make_on(limits, clock_ref(stopped_clock));
    };
    check_time_left(make_on);
    check_puts(make);
    check_runs(make);
    check_bases(make);
    check_looks(make);
    check_pages(make);
    check_erasures(make);
    check_last_states(make);
    check_odd_values(make);
    check_limits(make);
    check_random_requests(make_on);
}

}  // namespace sixfold::inline v0::testing

#endif
