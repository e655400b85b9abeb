// SPDX-License-Identifier: BSL-1.0
#include <sixfold/receiving/inbound_answer.hpp>
#include "support/catch.hpp"

namespace inbound_answer_tests {
namespace {

using namespace sixfold;

TEST_CASE("inbound_answer: a state that is lost is said again, unless something newer is due "
          "anyway [spec "
          "3.25]") {
    inbound_answer a(0);
    a.owe_state(1);
    a.said_state(7, 0);
    SECTION("it is") {
        CHECK(!a.lost(6));
        CHECK(a.state() == inbound_answer::progress::said);
        CHECK(a.lost(7));
        CHECK(a.owes());
    }
    SECTION("it is due") {
        a.owe_state(2);
        CHECK(!a.lost(7));
        CHECK(a.state() == inbound_answer::progress::due);
        CHECK(a.latest() == 2);
    }
}

TEST_CASE("inbound_answer: whatever is to be said is owed, and each alone [spec 3.25]") {
    inbound_answer a(0);
    CHECK(!a.owes());
    a.owe_waiting(epoch{3}, 9);
    CHECK(a.owes());
    a.said_waiting();
    CHECK(!a.owes());
    a.owe_past(epoch{1});
    CHECK(a.owes());
    a.said_past();
    CHECK(!a.owes());
    a.owe_state(0);
    CHECK(a.owes());
    a.said_state(1, 0);
    CHECK(!a.owes());
}

TEST_CASE("inbound_answer: a room that was told is taken back, whether it was answered or not "
          "[spec 3.24]") {
    inbound_answer a(0);
    const auto says = [&a](ack_serial serial, std::uint32_t room) {
        a.owe_state(0);
        const bool tells = a.tells(room);
        a.said_state(serial, tells ? room : 0);
        return tells;
    };
    REQUIRE(says(1, 5));
    CHECK(says(2, 5));  // not answered yet
    CHECK(a.answered(2, 5));
    REQUIRE_FALSE(says(3, 5));
    REQUIRE(says(4, 1));
    CHECK(says(5, 5));
    CHECK_FALSE(a.answered(4, 1));  // what it told is no longer so
    CHECK(says(6, 5));
    CHECK(a.answered(6, 5));
    CHECK_FALSE(says(7, 5));
}

}  // namespace
}  // namespace inbound_answer_tests
