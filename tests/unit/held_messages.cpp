// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <string>
#include <vector>

#include <sixfold/receiving/held_messages.hpp>
#include "support/catch.hpp"

namespace held_messages_tests {
namespace {

using namespace sixfold;
using slot = held_messages::slot;
constexpr slot none = held_messages::none;

msgid id(seq which) {
    return {epoch{1}, which};
}
/// Behind all that is there of a stream.
slot add(held_messages& held, std::uint32_t stream, seq which, std::string_view text = "text") {
    return held.add(stream, id(which), as_bytes(text), held.highest(stream));
}
std::vector<seq> all_of(const held_messages& held, std::uint32_t stream) {
    std::vector<seq> out;
    for (slot at = held.lowest(stream); at != none; at = held[at].above) {
        out.push_back(held[at].id.seq);
    }
    return out;
}

TEST_CASE("held_messages: keeps a copy, finds it by stream and msgid, and forgets it") {
    held_messages held(4, 1024, 64, 1);
    std::string text = "text";
    const slot at = held.add(3, id(7), as_bytes(text), none);
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

TEST_CASE("held_messages: there are no more than have a place, and bytes for them") {
    held_messages held(2, 64, 64, 1);
    const slot first = add(held, 0, 1, std::string(32, 'x'));
    CHECK(add(held, 0, 2, std::string(64, 'x')) == none);
    REQUIRE(add(held, 0, 2, std::string(32, 'x')) != none);
    CHECK(add(held, 0, 3, "") == none);
    held.erase(first);
    CHECK(add(held, 0, 3, "") != none);
}

TEST_CASE("held_messages: the largest payload has a place in an empty store, whatever its size") {
    held_messages held(1, 1025, 1025, 1);
    CHECK(add(held, 0, 1, std::string(1025, 'x')) != none);
}

TEST_CASE(
    "held_messages: knows the lowest and highest of each stream, in the order of their seqs") {
    held_messages held(8, 1024, 64, 1);
    const slot five = add(held, 0, 5);
    (void)add(held, 1, 9);
    const slot three = held.add(0, id(3), {}, none);
    (void)held.add(0, id(4), {}, three);
    const slot seven = add(held, 0, 7);
    CHECK(all_of(held, 0) == std::vector<seq>{3, 4, 5, 7});
    CHECK(all_of(held, 1) == std::vector<seq>{9});
    CHECK(all_of(held, 2).empty());
    CHECK(held.highest(0) == seven);
    held.erase(five);
    held.erase(seven);
    CHECK(all_of(held, 0) == std::vector<seq>{3, 4});
    held.erase(three);
    CHECK(held[held.highest(0)].id.seq == 4);
    CHECK(held[held.lowest(0)].id.seq == 4);
}

TEST_CASE("held_messages: counts what each has, and what of it may be forgotten [spec 3.24]") {
    held_messages held(8, 1024, 64, 1);
    CHECK(held.alone(0));
    const slot a = add(held, 0, 1);
    const slot b = add(held, 0, 2);
    CHECK((held.alone(0) && !held.alone(1)));
    const slot c = add(held, 1, 1);
    CHECK((!held.alone(0) && !held.alone(1)));
    CHECK((held.count(0) == 2 && held.waiting(0) == 2 && held.waiting() == 3));
    held.make_ready(a);
    CHECK((held.count(0) == 2 && held.waiting(0) == 1 && held.waiting() == 2));
    CHECK(held.largest(0) == 0);
    CHECK(held.largest(1) == 0);
    CHECK(held.largest(2) == none);  // nobody has more
    held.make_ready(b);
    CHECK(held.largest(0) == 1);  // of 0 all is ready
    CHECK(held.hand_out() == a);
    CHECK((held.handed(0) == 1 && held.handed(1) == 0));
    held.erase(a);
    held.erase(b);
    CHECK((held.count(0) == 0 && held.handed(0) == 0 && held.alone(1)));
    held.erase(c);
    CHECK((held.holders().empty() && held.waiting() == 0));
}

TEST_CASE("held_messages: early ones are not among those of the stream until they are listed [spec "
          "3.22]") {
    held_messages held(8, 1024, 64, 1);
    for (const seq each : {seq{5}, seq{2}, seq{3}}) {
        REQUIRE(held.add_early(0, id(each), {}) != none);
    }
    CHECK(all_of(held, 0).empty());
    CHECK((held.count(0) == 3 && held.waiting(0) == 3));
    const slot three = held.take_early(0);
    CHECK(held[three].id.seq == 3);
    held.list(three, none);
    held.erase(held.take_early(0));
    held.list(held.take_early(0), three);
    CHECK(held.early(0) == none);
    CHECK(all_of(held, 0) == std::vector<seq>{3, 5});
}

TEST_CASE("held_messages: hands out in the order in which messages became ready") {
    held_messages held(8, 1024, 64, 1);
    const slot a = add(held, 0, 1, "a");
    const slot b = add(held, 0, 2, "b");
    const slot c = add(held, 1, 1, "c");
    CHECK(!held.any_ready());
    CHECK(held.hand_out() == none);
    held.make_ready(b);
    held.make_ready(c);
    held.make_ready(a);
    held.erase(c);  // out of the middle of the line
    CHECK(held.any_ready());
    CHECK(held.hand_out() == b);
    CHECK(held[b].stage == held_messages::stage::handed);
    CHECK(held.hand_out() == a);
    CHECK(held.hand_out() == none);
    CHECK(!held.any_ready());
}

TEST_CASE("held_messages: what is no longer listed keeps its place and payload [spec 3.22]") {
    held_messages held(2, 1024, 64, 1);
    const slot a = add(held, 0, 1, "a");
    (void)add(held, 0, 2, "b");
    held.make_ready(a);
    (void)held.hand_out();
    held.unlist(a);
    CHECK(all_of(held, 0) == std::vector<seq>{2});
    CHECK((held.size() == 2 && held.count(0) == 2 && held.handed(0) == 1));
    CHECK(held.find(0, id(1)) == a);
    CHECK(as_text(held.payload(a)) == "a");
    held.erase(a);
    CHECK((held.size() == 1 && held.handed(0) == 0));
}

TEST_CASE("held_messages: a place that was used is as a new one") {
    held_messages held(2, 64, 32, 1);
    for (seq i = 0; i < 100; ++i) {
        const slot one = add(held, 0, 2 * i, "one");
        const slot two = add(held, 0, 2 * i + 1, "two");
        REQUIRE((one != none && two != none));
        CHECK(held[one].stage == held_messages::stage::waiting);
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
        at.push_back(add(held, static_cast<std::uint32_t>(i % 3), i << 20, "x"));
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

}  // namespace
}  // namespace held_messages_tests
