// SPDX-License-Identifier: BSL-1.0
#include <utility>
#include <vector>

#include <sixfold/parts/seldom.hpp>
#include "support/catch.hpp"

namespace seldom_tests {
namespace {

using namespace sixfold;
using some = seldom<std::vector<int>>;

TEST_CASE("seldom: is as it was made until it is changed, and again behind a reset") {
    some one;
    CHECK(one.get() == nullptr);
    one.edit().push_back(7);
    CHECK(*one.get() == std::vector<int>{7});
    one.edit().push_back(8);
    CHECK(*one.get() == std::vector<int>{7, 8});
    one.reset();
    CHECK(one.get() == nullptr);
    CHECK(sizeof(one) == sizeof(void*));
}

TEST_CASE("seldom: a copy is a value of its own") {
    some one;
    const some empty = one;
    one.edit().push_back(7);
    CHECK(empty.get() == nullptr);
    CHECK_FALSE(one == empty);
    some other = one;
    CHECK(one == other);
    other.edit().front() = 8;
    CHECK(one.get()->front() == 7);
    one = other;
    CHECK(one.get()->front() == 8);
    one = empty;
    CHECK(one == empty);
    const some moved = std::move(other);
    CHECK(moved.get()->front() == 8);
}

}  // namespace
}  // namespace seldom_tests
