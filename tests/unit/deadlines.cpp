// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/deadlines.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "sixfold/parts/random.hpp"
#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace deadlines_tests {

using namespace sixfold;

namespace {

time_point at(std::int64_t nanoseconds) {
    return time_point(duration(nanoseconds));
}

std::vector<std::uint32_t> drain(deadlines& due, time_point now) {
    std::vector<std::uint32_t> ids;
    while (const std::optional<std::uint32_t> id = due.pop_due(now)) {
        ids.push_back(*id);
    }
    return ids;
}

}  // namespace

TEST_CASE("deadlines: without one the next is never") {
    deadlines due;
    CHECK(due.next() == never);
    CHECK(due.size() == 0);
    CHECK_FALSE(due.pop_due(never).has_value());
    CHECK(due.of(0) == never);
    CHECK(due.of(~std::uint32_t{0}) == never);
    due.clear(3);
    CHECK(test_access::is_consistent(due));
}

TEST_CASE("deadlines: come in the order of time, and only when due") {
    deadlines due;
    due.set(0, at(30));
    due.set(5, at(10));
    due.set(2, at(20));
    CHECK(due.next() == at(10));
    CHECK_FALSE(due.pop_due(at(9)).has_value());
    CHECK(due.pop_due(at(10)) == 5u);
    CHECK(due.of(5) == never);
    CHECK(drain(due, at(29)) == std::vector<std::uint32_t>{2});
    CHECK(due.next() == at(30));
    CHECK(due.size() == 1);
}

TEST_CASE("deadlines: at one moment the smaller id comes first, in whatever order they were set") {
    const std::vector<std::uint32_t> sorted = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    for (std::uint32_t step : {1u, 3u, 7u, 9u}) {
        deadlines due;
        for (std::uint32_t i = 0; i < 10; ++i) {
            due.set(i * step % 10, at(1));
        }
        CHECK(drain(due, at(1)) == sorted);
    }
}

TEST_CASE("deadlines: setting one again moves it, and never removes it") {
    deadlines due;
    due.set(1, at(10));
    due.set(2, at(20));
    due.set(1, at(30));
    CHECK(due.size() == 2);
    CHECK(due.next() == at(20));
    CHECK(due.of(1) == at(30));
    due.set(2, never);
    CHECK(due.size() == 1);
    CHECK(due.of(2) == never);
    CHECK(due.next() == at(30));
    due.set(7, never);
    CHECK(due.size() == 1);
    due.clear(1);
    CHECK(due.next() == never);
}

TEST_CASE(
    "deadlines: one that is moved back is due at its new time, and so is the next one at its own") {
    deadlines due;
    due.set(0, at(10));
    due.set(1, at(20));
    due.set(0, at(30));
    CHECK(due.may_be_due(at(10)));  // it has to be looked at
    CHECK_FALSE(due.pop_due(at(19)).has_value());
    CHECK(due.next() == at(20));
    CHECK_FALSE(due.may_be_due(at(19)));
    CHECK(drain(due, at(30)) == std::vector<std::uint32_t>{1, 0});
    CHECK(due.size() == 0);
    CHECK(test_access::is_consistent(due));
}

TEST_CASE("deadlines: what was cleared is not due at the end of time either") {
    deadlines due;
    due.set(3, at(5));
    due.clear(3);
    CHECK_FALSE(due.pop_due(never).has_value());
    CHECK(test_access::is_consistent(due));
}

TEST_CASE("deadlines: an id that is set and cleared again and again takes the room of one") {
    deadlines due;
    due.set(7, at(5));
    for (std::int64_t i = 0; i < 1000; ++i) {
        due.set(0, at(10 + i));
        due.clear(0);
    }
    CHECK(test_access::is_consistent(due));  // no id has two entries
    CHECK(due.next() == at(5));
    CHECK(drain(due, at(2000)) == std::vector<std::uint32_t>{7});
    CHECK(due.next() == never);
}

TEST_CASE("deadlines: the earliest and the latest moment are deadlines like others") {
    deadlines due;
    due.set(0, never - duration(1));
    due.set(1, (time_point::min)());
    CHECK(due.next() == (time_point::min)());
    CHECK(drain(due, (time_point::min)()) == std::vector<std::uint32_t>{1});
    CHECK(drain(due, never) == std::vector<std::uint32_t>{0});
}

TEST_CASE("deadlines: a copy goes on by itself") {
    deadlines due;
    due.set(0, at(1));
    deadlines copy = due;
    copy.clear(0);
    CHECK(due.next() == at(1));
    CHECK(copy.next() == never);
}

TEST_CASE("deadlines: agree with a sorted set in random operations") {
    for (std::uint64_t ids : {1u, 3u, 16u, 300u}) {
        random_source random(ids);
        deadlines due;
        std::map<std::uint32_t, time_point> model;
        std::set<std::pair<time_point, std::uint32_t>> order;
        const auto forget = [&](std::uint32_t id) {
            if (const auto found = model.find(id); found != model.end()) {
                order.erase({found->second, id});
                model.erase(found);
            }
        };
        for (int step = 0; step < 20'000; ++step) {
            INFO(ids << " ids, step " << step);
            const auto id = static_cast<std::uint32_t>(random.below(ids));
            const time_point when = at(static_cast<std::int64_t>(random.below(50)));
            switch (random.below(4)) {
            case 0:
            case 1:
                due.set(id, when);
                forget(id);
                model[id] = when;
                order.insert({when, id});
                break;
            case 2:
                due.clear(id);
                forget(id);
                break;
            case 3: {
                const auto popped = due.pop_due(when);
                const bool any = !order.empty() && order.begin()->first <= when;
                REQUIRE(popped.has_value() == any);
                if (any) {
                    REQUIRE(*popped == order.begin()->second);
                    forget(*popped);
                }
                break;
            }
            }
            REQUIRE(due.size() == model.size());
            REQUIRE(due.next() == (order.empty() ? never : order.begin()->first));
            REQUIRE(due.of(id) == (model.count(id) != 0 ? model[id] : never));
            REQUIRE(test_access::is_consistent(due));
        }
    }
}

}  // namespace deadlines_tests
