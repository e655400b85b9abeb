// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstdint>
#include <tuple>
#include <vector>

#include <sixfold/receiving/room_offers.hpp>
#include "support/catch.hpp"

namespace room_offers_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

constexpr std::uint32_t window = 64;

/// A store of few places, and what its senders were told.
struct fixture {
    random_source seeds{1};
    inbound_store store;
    room_offers offers{window, 500ms};
    std::vector<std::uint32_t> told;   // by sender
    std::vector<std::uint32_t> tells;  // who was told unasked
    time_point now{1h};

    explicit fixture(std::uint32_t width = window,
                     std::uint32_t places = 4,
                     delivery order = delivery::in_order)
        : store({.window = width, .held_entries = places, .delivery = order}, seeds) {}

    std::uint32_t add(const char* name) {
        const std::uint32_t which = store.insert(name);
        store.enter(which, epoch{1});
        told.resize(which + 1);
        return which;
    }
    /// Something of it came, and it is told where it stands.
    bool comes(std::uint32_t which, seq at) {
        offers.came(which);
        const bool held = store.hold(which, at, {});
        if (!held) {
            offers.turned_away(which);
        }
        tell(which);
        return held;
    }
    void tell(std::uint32_t which) {
        told[which] = offers.room(store, which);
        offers.told(store, which, told[which]);
    }
    /// The app takes the next one.
    void take() {
        const inbound_store::slot at = store.hand_out();
        const std::uint32_t which = store.held()[at].stream;
        const seq ended = store.held()[at].id.seq;
        store.erase(at);
        store.end(which, ended, fate::accepted);
    }
    std::vector<std::uint32_t> grew(duration later = 1ms) {
        now += later;
        tells.clear();
        offers.grew(
            store, now, [this](std::uint32_t which) { return told[which]; },
            [this](std::uint32_t which) { tells.push_back(which); });
        for (const std::uint32_t each : tells) {
            tell(each);
        }
        return tells;
    }
};

using some = std::vector<std::uint32_t>;

/// All places are the app's, of the first sender, and three others wait.
struct full : fixture {
    std::uint32_t a = add("alice"), b = add("bob"), c = add("carol"), d = add("dave");
    explicit full(std::uint32_t places = 4) : fixture(window, places) {
        for (seq at = 0; at < places; ++at) {
            REQUIRE(comes(a, at));
        }
        offers.forget(a);  // who has used up all that she was told waits for more, too
        REQUIRE_FALSE(comes(b, 0));
        REQUIRE_FALSE(comes(c, 0));
        REQUIRE_FALSE(comes(d, 0));
    }
};

TEST_CASE("room_offers: a place that is free is offered to the next in line alone [spec 3.24]") {
    full f;
    f.take();
    // Her own seq has ended, so her state is told: without the place, which is another's.
    CHECK(f.grew() == some{f.b});
    CHECK(f.told[f.b] == 1);
    f.tell(f.a);
    CHECK(f.told[f.a] == 3);
    CHECK(f.grew().empty());
    f.take();
    CHECK(f.grew() == some{f.c});
    CHECK(f.comes(f.b, 0));
    CHECK(f.comes(f.c, 0));
    CHECK(f.told[f.c] == 1);
    f.take();
    CHECK(f.grew() == some{f.d});
}

TEST_CASE("room_offers: who takes up what it was offered goes to the end [spec 3.24]") {
    full f(8);
    f.take();
    REQUIRE(f.grew() == some{f.b});
    REQUIRE(f.comes(f.b, 0));
    for (const std::uint32_t each : {f.c, f.d, f.b}) {
        f.take();
        CHECK(f.grew() == some{each});
    }
}

TEST_CASE("room_offers: what is free is shared by those to whom it was offered [spec 3.24]") {
    full f;
    for (int i = 0; i < 4; ++i) {
        f.take();
    }
    CHECK(f.grew() == some{f.b, f.c, f.d});
    for (const std::uint32_t each : {f.b, f.c, f.d}) {
        CHECK(f.told[each] == 1);
    }
    f.tell(f.a);
    CHECK(f.told[f.a] == 1);  // the fourth
}

TEST_CASE("room_offers: an offer that nobody takes up lapses, and others get it [spec 3.24]") {
    full f;
    f.take();
    REQUIRE(f.grew() == some{f.b});
    CHECK(f.grew(500ms).empty());
    CHECK(f.grew(499ms).empty());
    CHECK(f.grew(1ms) == some{f.c});
    CHECK(f.grew(1h) == some{f.d});
    CHECK(f.grew(1h).empty());
    f.tell(f.a);
    CHECK(f.told[f.a] == 4);  // nobody has a claim to it any more
}

TEST_CASE(
    "room_offers: who is held back by its window or its share is offered nothing [spec 3.24]") {
    // What is next in order needs no share.
    const auto [width, places, order, none] =
        GENERATE(std::tuple(2U, 16U, delivery::in_order, true),
                 std::tuple(2U, 16U, delivery::as_it_comes, true),
                 std::tuple(64U, 8U, delivery::as_it_comes, true),
                 std::tuple(64U, 8U, delivery::in_order, false),
                 std::tuple(64U, 16U, delivery::as_it_comes, false));
    CAPTURE(width, places);
    fixture f(width, places, order);
    const std::uint32_t a = f.add("alice");
    const std::uint32_t b = f.add("bob");
    REQUIRE(f.comes(b, 0));
    REQUIRE(f.comes(a, 0));
    REQUIRE(f.comes(a, 1));
    f.offers.turned_away(a);
    CHECK(f.grew().empty() == none);
}

TEST_CASE("room_offers: who has used up a whole window waits for no place [spec 3.24]") {
    fixture f(64, 256);
    const std::uint32_t a = f.add("alice");
    for (seq at = 1; at < 64; ++at) {
        REQUIRE(f.comes(a, at));
    }
    CHECK(f.told[a] == 64);
    CHECK_FALSE(f.offers.is_due(f.store, f.now));
    CHECK(f.grew().empty());
}

TEST_CASE("room_offers: who is offered a place that it makes itself does not stand in line again "
          "while that stands [spec 3.24]") {
    fixture f(64, 8);
    const std::uint32_t a = f.add("alice");
    for (seq at = 1; at <= 8; ++at) {
        REQUIRE(f.comes(a, at));
    }
    f.offers.turned_away(a);
    REQUIRE(f.grew() == some{a});
    CHECK_FALSE(f.offers.is_due(f.store, f.now));
    CHECK(f.grew().empty());
}

TEST_CASE("room_offers: who is shut by its share hears when it has more of one, whatever it was "
          "told [spec 3.24]") {
    fixture f(64, 128, delivery::as_it_comes);
    const std::uint32_t b = f.add("bob");
    const std::uint32_t a = f.add("alice");
    REQUIRE(f.comes(b, 0));
    for (seq at = 0; at < 32; ++at) {
        REQUIRE(f.comes(a, at));
    }
    REQUIRE_FALSE(f.comes(a, 32));
    f.offers.forget(a);  // nothing was turned away
    f.tell(a);
    CHECK(f.told[a] == 32);
    CHECK(f.grew().empty());
    f.take();  // bob's
    CHECK(f.grew() == some{a});
    CHECK(f.told[a] == 64);
    CHECK(f.grew().empty());
}

TEST_CASE("room_offers: somebody has to hear of it when an offer lapses, or was not taken up "
          "[spec 3.24]") {
    full f;
    CHECK(f.offers.deadline() == never);
    CHECK_FALSE(f.offers.is_due(f.store, f.now));
    f.take();
    CHECK(f.offers.is_due(f.store, f.now));
    REQUIRE(f.grew() == some{f.b});
    CHECK_FALSE(f.offers.is_due(f.store, f.now));
    SECTION("nothing comes") {
        std::vector<std::uint32_t> all;
        for (int i = 0; i < 10 && f.offers.deadline() != never; ++i) {
            f.now = f.offers.deadline();
            CHECK(f.offers.is_due(f.store, f.now));
            for (const std::uint32_t each : f.grew(0s)) {
                all.push_back(each);
            }
        }
        CHECK(all == some{f.c, f.d});
        CHECK(f.offers.deadline() == never);
        CHECK_FALSE(f.offers.is_due(f.store, f.now));
    }
    SECTION("it comes, and cannot be taken") {
        f.offers.came(f.b);
        CHECK(f.offers.deadline() == never);
        CHECK(f.offers.is_due(f.store, f.now));
        CHECK(f.grew() == some{f.c});
    }
}

TEST_CASE("room_offers: who has used up its room though a place is free is not offered that place "
          "[spec 3.24]") {
    fixture f;
    const std::uint32_t a = f.add("alice");
    f.comes(a, 1);  // behind a hole, so its place counts as free
    f.comes(a, 2);
    f.comes(a, 3);
    f.comes(a, 4);
    REQUIRE(f.told[a] == f.store.span(a));
    REQUIRE(f.store.places_left() != 0);
    CHECK_FALSE(f.offers.is_due(f.store, f.now));
    CHECK(f.grew().empty());
}

TEST_CASE("room_offers: a sender that is dropped leaves no offer behind [spec 3.24]") {
    full f;
    f.take();
    REQUIRE(f.grew() == some{f.b});
    f.offers.forget(f.b);
    f.offers.forget(f.c);
    CHECK(f.grew() == some{f.d});
}

}  // namespace
}  // namespace room_offers_tests
