// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstdint>

#include <sixfold/parts/loss_rule.hpp>
#include "support/catch.hpp"

namespace loss_rule_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using cause = loss_rule::cause;

/// How many later ones must be answered.
std::uint64_t order_of(const loss_rule& rule) {
    std::uint64_t places = 0;
    while (!rule.by_order(places)) {
        ++places;
    }
    return places;
}
round_trip measured(duration first, duration second) {
    round_trip out;
    out.sample(first, time_point{});
    out.sample(second, time_point{} + 1h);
    return out;
}

TEST_CASE(
    "loss_rule: three places, or an eighth more than the longer of estimate and last sample [spec "
    "3.5]") {
    const loss_rule rule;
    CHECK(order_of(rule) == 3);
    CHECK(rule.patience(measured(80ms, 80ms)) == 90ms);
    CHECK(rule.patience(measured(80ms, 160ms)) == 180ms);
    CHECK(rule.patience(measured(160ms, 80ms)) == 168'750us);  // 150 ms are left of the 160
}

TEST_CASE(
    "loss_rule: order is doubled when it was wrong, time gets an eighth more, up to eight [spec "
    "3.5]") {
    loss_rule rule;
    const round_trip path = measured(80ms, 80ms);
    for (const std::uint64_t places : {6U, 12U, 24U}) {
        rule.wrong(cause::order);
        CHECK(order_of(rule) == places);
        CHECK(rule.patience(path) == 90ms);
    }
    for (int eighths = 2; eighths <= 8; ++eighths) {
        rule.wrong(cause::time);
        CHECK(rule.patience(path) == 80ms + eighths * 10ms);
    }
    rule.wrong(cause::time);
    CHECK(rule.patience(path) == 160ms);
    CHECK(order_of(rule) == 24);
    for (int i = 0; i < 100; ++i) {
        rule.wrong(cause::order);  // as many as it likes: it neither overflows nor comes back to 0
    }
    CHECK(order_of(rule) == 1U << 14);
}

TEST_CASE(
    "loss_rule: after 512 that were right both narrow, and never below the first [spec 3.5]") {
    loss_rule rule;
    const round_trip path = measured(80ms, 80ms);
    for (int i = 0; i < 2; ++i) {
        rule.wrong(cause::order);
        rule.wrong(cause::time);
    }
    const auto calm = [&](int count) {
        for (int i = 0; i < count; ++i) {
            rule.right(0);
        }
        return order_of(rule);
    };
    CHECK(calm(511) == 12);
    rule.wrong(cause::time);  // from the beginning
    CHECK(calm(511) == 12);
    CHECK(calm(1) == 6);
    CHECK(rule.patience(path) == 110ms);
    CHECK(calm(512) == 3);
    CHECK(rule.patience(path) == 100ms);
    CHECK(calm(512) == 3);
    CHECK(rule.patience(path) == 90ms);
    CHECK(calm(5120) == 3);
    CHECK(rule.patience(path) == 90ms);
}

TEST_CASE(
    "loss_rule: the order stays where it is while answers come late by half of it [spec 3.5]") {
    loss_rule rule;
    for (int i = 0; i < 3; ++i) {
        rule.wrong(cause::order);
    }
    const auto calm = [&](std::uint64_t places) {
        rule.right(places);
        for (int i = 0; i < 511; ++i) {
            rule.right(0);
        }
        return order_of(rule);
    };
    CHECK(calm(12) == 24);
    CHECK(calm(11) == 12);
    CHECK(calm(6) == 12);
    CHECK(calm(5) == 6);
    rule.right(3);
    rule.wrong(cause::order);  // from the beginning
    CHECK(calm(0) == 6);
}

}  // namespace
}  // namespace loss_rule_tests
