// SPDX-License-Identifier: BSL-1.0
#include <sixfold/receiving/room_line.hpp>
#include "support/catch.hpp"

namespace room_line_tests {
namespace {

using namespace sixfold;

TEST_CASE("room_line: a stream that never waited waits for nothing [spec 3.24]") {
    room_line line;
    CHECK(line.of(5) == room_line::need::none);
    line.leave(5);
    CHECK(!line.front());
    line.wait(1, room_line::need::place);
    CHECK(line.of(5) == room_line::need::none);
    CHECK(line.front() == 1U);
}

}  // namespace
}  // namespace room_line_tests
