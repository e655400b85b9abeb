// SPDX-License-Identifier: BSL-1.0
#include <sixfold/receiving/room.hpp>
#include "support/catch.hpp"

namespace room_tests {
namespace {

using namespace sixfold;

TEST_CASE("room: is the window while there are places enough [spec 3.24]") {
    CHECK(room({.floor = 10, .next = 10, .end = 10, .window = 8, .free = 8}) == 8);
    CHECK(room({.floor = 10, .next = 13, .end = 13, .window = 8, .free = 8}) == 8);
}

TEST_CASE(
    "room: is what the free places hold behind the highest, less the holes in front [spec 3.24]") {
    CHECK(room({.floor = 10, .next = 10, .end = 10, .window = 64, .free = 5}) == 5);
    CHECK(room({.floor = 10, .next = 10, .end = 16, .window = 64, .open = 2, .free = 5}) == 9);
    CHECK(room({.floor = 10, .next = 10, .end = 16, .window = 64, .open = 5, .free = 5}) == 6);
}

TEST_CASE(
    "room: the next one always has some, but for what the window has no bit for [spec 3.24]") {
    CHECK(room({.floor = 10, .next = 10, .end = 10, .window = 64, .free = 0}) == 1);
    CHECK(room({.floor = 10, .next = 14, .end = 14, .window = 64, .free = 0}) == 5);
    CHECK(room({.floor = 10, .next = 14, .end = 14, .window = 4, .free = 9}) == 4);
}

TEST_CASE("room: the next one has none while all places are the app's [spec 3.24]") {
    CHECK(room({.floor = 10, .next = 11, .end = 11, .window = 64, .takes_next = false}) == 1);
    CHECK(room({.floor = 10, .next = 14, .end = 14, .window = 64, .takes_next = false}) == 4);
    CHECK(room({.floor = 10, .next = 10, .end = 10, .window = 64, .takes_next = false}) == 1);
}

TEST_CASE("room: one sender has a quarter of the places, or all while it is alone [spec 3.24]") {
    CHECK(share(256, true) == 256);
    CHECK(share(256, false) == 64);
    CHECK(share(1, false) == 1);
    CHECK(share(3, false) == 1);
}

}  // namespace
}  // namespace room_tests
