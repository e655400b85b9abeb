// SPDX-License-Identifier: BSL-1.0
#include <cstdint>

#include "scenario/returning.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"

// What it costs when many come back at once. The bounds are shares of what the relay takes in a second, and of what is there to be said.

namespace outage_tests {
namespace {

using namespace scenario;

TEST_CASE("outage: clients who come back in the same second, each with a hundred messages for "
          "another of them, bring the relay no more "
          "than twice what it takes [spec 3.30]") {
    const std::uint32_t clients = support::some_or_all(1'000U, 10'000U);
    const returning_outcome out =
        returning({.clients = clients, .writers = clients, .capacity = 8. * clients}).run();
    CHECK((out.missing == 0 && out.doubled == 0));
    CHECK(out.peak <= 2);
    CHECK(out.queue <= .5);
    const double least = static_cast<double>(out.packets) / (8. * clients);
    CHECK(out.done <= 1.5 * least);
    CHECK(out.done <= 2.5);
    CHECK(out.resent <= out.messages / 20);  // to who has just come himself
}

TEST_CASE("outage: so they do where it takes half as much, though the line in front of it is long "
          "then [spec 3.30]") {
    const std::uint32_t clients = support::some_or_all(200U, 2'000U);
    const returning_outcome out =
        returning({.clients = clients, .writers = clients, .capacity = 4. * clients}).run();
    CHECK((out.missing == 0 && out.doubled == 0));
    CHECK(out.peak <= 2);
    CHECK(out.queue <= 1.2);
    CHECK(out.done <= 5);
    CHECK(out.resent <=
          out.messages / 6);  // who hears nothing for half a second sends one run again
}

TEST_CASE("outage: a client who comes back with a hundred messages in each of fifty streams sends "
          "each once, and no more at once than "
          "the relay takes [spec 3.30]") {
    const double capacity = GENERATE(200., 1'000.);
    CAPTURE(capacity);
    const returning_outcome out =
        returning({.clients = 64, .writers = 1, .streams = 50, .capacity = capacity}).run();
    CHECK((out.missing == 0 && out.doubled == 0));
    CHECK(out.peak <= 1.5);
    CHECK(out.queue <= .1);
    CHECK(out.done <= 1'000 / capacity * 1.5 + 1);
    CHECK(out.resent <= out.messages / 100);
}

}  // namespace
}  // namespace outage_tests
