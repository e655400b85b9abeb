// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <string>
#include <vector>

#include <sixfold/receiving/held_messages.hpp>
#include "support/catch.hpp"

namespace held_messages_tests {
namespace {

using namespace sixfold;
using room = held_messages::room;
using slot = held_messages::slot;
constexpr slot none = held_messages::none;

msgid id(seq which) {
    return {epoch{1}, which};
}

TEST_CASE("held_messages: keeps a copy, finds it by stream and msgid, and forgets it") {
    held_messages held(4, 1024, 64, 1);
    std::string text = "text";
    const slot at = held.add(3, id(7), as_bytes(text), room::ordinary);
    REQUIRE(at != none);
    text = "gone";
    CHECK(as_text(held.payload(at)) == "text");
    CHECK(held.find(3, id(7)) == at);
    CHECK(held.find(2, id(7)) == none);
    CHECK(held.find(3, id(8)) == none);
    CHECK(held.find(3, {epoch{2}, 7}) == none);
    CHECK(held.size() == 1);
    held.erase(at);
    CHECK(held.find(3, id(7)) == none);
    CHECK(held.size() == 0);
}

TEST_CASE("held_messages: one room is spare, for who may take it") {
    held_messages held(2, 1024, 64, 1);
    REQUIRE(held.add(0, id(1), as_bytes("1"), room::ordinary) != none);
    REQUIRE(held.add(0, id(2), as_bytes("2"), room::spare) != none);  // while there is other room
    CHECK(held.add(0, id(3), as_bytes("3"), room::ordinary) == none);
    const slot awaited = held.add(0, id(0), as_bytes("0"), room::spare);
    REQUIRE(awaited != none);
    CHECK(as_text(held.payload(awaited)) == "0");
    CHECK(held.size() == 3);
    CHECK(held.add(0, id(3), as_bytes("3"), room::spare) == none);
    held.erase(awaited);
    CHECK(held.size() == 2);
    CHECK(held.add(0, id(3), as_bytes("3"), room::ordinary) == none);
    CHECK(held.add(0, id(3), as_bytes("3"), room::spare) != none);
}

TEST_CASE("held_messages: bytes that are used up leave the spare room") {
    held_messages held(8, 64, 64, 1);
    const std::string large(64, 'x');
    REQUIRE(held.add(0, id(1), as_bytes(large), room::ordinary) != none);
    CHECK(held.add(0, id(2), as_bytes("2"), room::ordinary) == none);
    CHECK(held.add(0, id(3), {}, room::ordinary) != none);  // takes no bytes
    const slot awaited = held.add(0, id(0), as_bytes(large), room::spare);
    REQUIRE(awaited != none);
    CHECK(as_text(held.payload(awaited)) == large);
}

TEST_CASE("held_messages: hands out in the order in which messages became ready") {
    held_messages held(8, 1024, 64, 1);
    const slot a = held.add(0, id(1), as_bytes("a"), room::ordinary);
    const slot b = held.add(0, id(2), as_bytes("b"), room::ordinary);
    const slot c = held.add(1, id(1), as_bytes("c"), room::ordinary);
    CHECK(!held.any_ready());
    CHECK(held.hand_out() == none);
    held.make_ready(b);
    held.make_ready(c);
    held.make_ready(a);
    held.erase(c);  // out of the middle of the line
    CHECK(held.any_ready());
    CHECK(held.hand_out() == b);
    CHECK(held[b].handed);
    CHECK(held.hand_out() == a);
    CHECK(held.hand_out() == none);
    CHECK(!held.any_ready());
}

TEST_CASE("held_messages: a place that was used is as a new one") {
    held_messages held(1, 32, 32, 1);
    for (seq i = 0; i < 100; ++i) {
        const slot one = held.add(0, id(2 * i), as_bytes("one"), room::ordinary);
        const slot two = held.add(0, id(2 * i + 1), as_bytes("two"), room::spare);
        REQUIRE((one != none && two != none));
        CHECK((!held[one].handed && !held[one].ready));
        CHECK(as_text(held.payload(one)) == "one");
        CHECK(as_text(held.payload(two)) == "two");
        held.make_ready(two);
        held.make_ready(one);
        CHECK(held.hand_out() == two);
        held.erase(i % 2 == 0 ? one : two);
        held.erase(i % 2 == 0 ? two : one);
        CHECK(held.hand_out() == none);
    }
}

TEST_CASE("held_messages: finds each of many, whatever the buckets") {
    held_messages held(500, 64 << 10, 64, 7);
    std::vector<slot> at;
    for (seq i = 0; i < 500; ++i) {
        at.push_back(held.add(static_cast<std::uint32_t>(i % 3), id(i << 20), as_bytes("x"),
                              room::ordinary));
        REQUIRE(at.back() != none);
    }
    for (seq i = 0; i < 500; i += 2) {
        held.erase(at[i]);
    }
    for (seq i = 0; i < 500; ++i) {
        CHECK(held.find(static_cast<std::uint32_t>(i % 3), id(i << 20)) ==
              (i % 2 == 0 ? none : at[i]));
    }
}

TEST_CASE("held_messages: the spare room stays taken while others come and go") {
    held_messages held(2, 1024, 64, 1);
    const slot ordinary = held.add(0, id(1), as_bytes("1"), room::ordinary);
    REQUIRE(held.add(0, id(2), as_bytes("2"), room::ordinary) != none);
    REQUIRE(held.add(0, id(0), as_bytes("0"), room::spare) != none);
    held.erase(ordinary);
    REQUIRE(held.add(0, id(3), as_bytes("3"), room::ordinary) != none);
    CHECK(held.add(0, id(4), as_bytes("4"), room::spare) == none);
}

}  // namespace
}  // namespace held_messages_tests
