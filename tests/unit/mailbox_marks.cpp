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

}  // namespace
}  // namespace mailbox_marks_tests
