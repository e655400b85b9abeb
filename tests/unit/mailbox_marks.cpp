// SPDX-License-Identifier: BSL-1.0
#include <sixfold/receiving/mailbox_marks.hpp>
#include "support/catch.hpp"

namespace mailbox_marks_tests {
namespace {

using namespace sixfold;

using stage = mailbox_marks::stage;

TEST_CASE(
    "mailbox_marks: the lowest row of a stream is kept, the smaller epoch first [spec 3.26]") {
    mailbox_marks marks;
    marks.set(3, {epoch{2}, 5});
    marks.set(3, {epoch{2}, 7});
    CHECK(marks.row(3) == msgid{epoch{2}, 5});
    marks.set(3, {epoch{1}, 9});
    CHECK(marks.row(3) == msgid{epoch{1}, 9});
    marks.set(3, {epoch{2}, 0});
    CHECK(marks.row(3) == msgid{epoch{1}, 9});
    CHECK(marks.all().size() == 1);
}

TEST_CASE("mailbox_marks: behind what was asked for comes the smallest epoch that waits [spec "
          "3.22, 3.26]") {
    mailbox_marks marks;
    marks.set(3, {epoch{1}, 5}, epoch{4});
    marks.set(3, {epoch{1}, 6});
    marks.set(3, {epoch{1}, 6}, epoch{3});
    marks.set(3, {epoch{1}, 6}, epoch{9});
    marks.take(3);
    marks.go_beyond(3);
    CHECK(marks.row(3) == msgid{epoch{3}, 0});
    CHECK(marks.of(3) == stage::set);
    marks.take(3);
    marks.go_beyond(3);
    CHECK(marks.of(3) == stage::none);
}

TEST_CASE("mailbox_marks: what was asked for and brought nothing is asked for when something has "
          "changed [spec "
          "3.26]") {
    mailbox_marks marks;
    marks.set(3, {epoch{1}, 5});
    marks.fruitless(3);
    marks.put_in_line(3);
    CHECK(!marks.any_in_line());
    CHECK(!marks.next_in_line());
    marks.refresh(3);
    marks.put_in_line(3);
    CHECK(marks.next_in_line() == 3U);
}

TEST_CASE("mailbox_marks: after four requests in vain a stream waits for the next round, wherever "
          "its mark moves [spec 3.26]") {
    mailbox_marks marks;
    for (int i = 0; i < mailbox_marks::vain_max; ++i) {
        marks.set(3, {epoch{1}, 5}, epoch{2});
        CHECK(marks.of(3) == stage::set);
        marks.take(3);
        marks.fruitless(3);
    }
    marks.go_beyond(3);
    CHECK(marks.of(3) == stage::fruitless);
    marks.retry(3);  // what there was to be said was answered
    CHECK(marks.of(3) == stage::fruitless);
    marks.refresh(3);
    CHECK(marks.of(3) == stage::set);
    marks.fruitless(3);
    CHECK(marks.of(3) == stage::fruitless);
    marks.retry(3);
    CHECK(marks.of(3) == stage::set);
}

TEST_CASE("mailbox_marks: who comes in the place of one who was dropped has asked for nothing "
          "[spec 3.26]") {
    mailbox_marks marks;
    marks.set(3, {epoch{1}, 5});
    for (int i = 0; i < mailbox_marks::vain_max; ++i) {
        marks.fruitless(3);
    }
    marks.forget(3);
    marks.set(3, {epoch{1}, 5});
    CHECK(marks.of(3) == stage::set);
}

}  // namespace
}  // namespace mailbox_marks_tests
