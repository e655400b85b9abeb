// SPDX-License-Identifier: BSL-1.0
#include <sixfold/receiving/room_line.hpp>
#include "support/catch.hpp"

namespace room_line_tests {
namespace {

using namespace sixfold;

TEST_CASE("room_line: a stream that never waited waits for nothing [spec 3.24]") {
    room_line line;
    CHECK_FALSE(line.waits(5));
    line.leave(5);
    CHECK(!line.front());
    line.wait(1);
    CHECK_FALSE(line.waits(5));
    CHECK(line.front() == 1U);
}

TEST_CASE("room_line: who leaves and comes back has the place that it had [spec 3.24]") {
    room_line line;
    line.wait(1);
    line.wait(2);
    line.leave(1);
    line.wait(1);
    CHECK(line.front() == 1U);
    line.rotate();
    CHECK(line.front() == 2U);
    line.leave(2);
    CHECK(line.front() == 1U);
    line.leave(1);
    CHECK(!line.front());
}

}  // namespace
}  // namespace room_line_tests
