// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/catch.hpp"

// An app that does as it likes.

namespace calls_tests {
namespace {

using namespace hostile;

std::string text_of(const message& shown) {
    return std::string(as_text(shown.payload));
}

}  // namespace

TEST_CASE("hostile 53: nothing calls back, so between any two results everything may be called") {
    SECTION("while the app hears events") {
        scene s;
        REQUIRE(s.bob.handle(s.for_bob().front()) == refusal::none);
        s.finish();
        int heard = 0;
        while (const auto event = s.alice.poll_event()) {
            ++heard;
            REQUIRE(s.alice.send("bob", as_bytes("from within")));
            CHECK_FALSE(s.alice.cancel(event->id));  // it has ended
            s.settle();
            s.alice.link_down();
            s.link(s.alice, at_alice);
            s.settle();
            if (heard > 2) {
                break;  // each brings one more
            }
        }
        CHECK(heard == 3);
    }
    SECTION("while the app looks at a message") {
        scene s;
        REQUIRE(text_of(s.shown) == "text");
        const auto still_there = [&] {
            CHECK(text_of(s.shown) == "text");
        };
        for (const blob& wire : s.for_bob()) {
            (void)s.bob.handle(wire);
            still_there();
        }
        while (s.bob.poll_message()) {
            still_there();
        }
        // Its stream goes on to another floor, and to another life.
        const epoch life = s.of_alice();
        const epoch next{static_cast<std::uint64_t>(life) + 1};
        for (const epoch which : {life, next}) {
            CHECK(s.bob.handle(encoded(msg_notify{.from = "alice",
                                                  .epoch = which,
                                                  .number = 99,
                                                  .low = which == life ? seq{5} : seq{0}},
                                       "bob")) == refusal::none);
            still_there();
        }
        s.bob.link_down();
        still_there();
        s.link(s.bob, at_bob);
        s.lose(s.bob);
        still_there();
        CHECK(s.bob.accept(s.shown));  // late, and no error
        CHECK(s.bob.accept(s.shown));
        CHECK(s.bob.reject(s.shown));
    }
    SECTION("the object may go, or be moved, at any moment") {
        std::optional<scene> s(std::in_place);
        (void)s->alice.poll_event();
        client moved = std::move(s->alice);
        CHECK(moved.send("bob", as_bytes("text")));
        s->alice = std::move(moved);
        s->clock.advance(1s);
        CHECK(s->finish() == 3);
        s.reset();
    }
    SECTION("what the app has made up is refused, and nothing else happens") {
        scene s;
        watch seen(s);
        const epoch life = s.of_alice();
        const message inventions[] = {
            {},
            {.from = "mallory", .id = {life, 2}, .payload = {}},
            {.from = "alice", .id = {epoch{~std::uint64_t{0}}, 0}, .payload = {}},
            {.from = "alice", .id = {life, 3}, .payload = {}},  // not here yet
            {.from = "alice", .id = {life, 4}, .payload = {}},  // here, and not shown yet
            {.from = "alice", .id = {life, seq_end}, .payload = {}},
        };
        for (const message& each : inventions) {
            CHECK_FALSE(s.bob.accept(each));
            CHECK_FALSE(s.bob.reject(each));
        }
        // What is over answers yes, and that is all it does: the first word has counted.
        for (const seq over : {seq{0}, seq{1}}) {
            CHECK(s.bob.accept({.from = "alice", .id = {life, over}, .payload = {}}));
            CHECK(s.bob.reject({.from = "alice", .id = {life, over}, .payload = {}}));
        }
        CHECK(s.bob.accept({.from = "alice", .id = {epoch{1}, 7}, .payload = {}}));
        for (const ticket none : {ticket{~std::uint64_t{0}}, ticket{7777}}) {
            CHECK_FALSE(s.bob.cancel(none));
            CHECK_FALSE(s.bob.outstanding(none));
        }
        CHECK(seen.unmoved());
    }
}

}  // namespace calls_tests
