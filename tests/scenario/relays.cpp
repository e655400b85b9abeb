// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <string>

#include <sixfold/sixfold.hpp>
#include "scenario/adversity_world.hpp"
#include "support/catch.hpp"

// Two relays that share a mailbox, A at the one and B at the other, and what the one puts out for the other's client is carried there, or
// not: then all is only slower. (spec 5.9)

namespace relays_tests {
namespace {

using namespace adversity;

trio_options two_relays(bool carried, std::uint32_t window = 64) {
    trio_options options;
    options.relays = 2;
    options.carried = carried;
    options.a.sender.window = window;
    return options;
}

/// B's own looks into the mailbox are 30 s apart at first, and A's questions about what is stored a minute.
constexpr duration a_look = 40s;
constexpr duration a_question = 90s;

/// Rows that came out of the mailbox.
std::size_t drained(const world& w) {
    std::size_t sum = 0;
    for (const msg_notify& each : w.log.all<msg_notify>()) {
        sum += each.drained ? each.entries.count() : 0;
    }
    return sum;
}
/// How long it takes from now until A has heard of the end of all that it has sent.
double until_all_ended(world& w, duration limit = 24h) {
    const time_point begin = w.clock.now();
    REQUIRE(w.run_until([&] { return w.a.open() == 0; }, limit));
    return seconds(w.clock.now() - begin);
}
void require_nothing_left(world& w) {
    REQUIRE(w.run_until_quiet());
    CHECK(w.mailbox().rows() == 0);
    CHECK(w.a.machine->sender().queued() == 0);
    CHECK(w.a.machine->sender().unsettled() == 0);
}

}  // namespace

TEST_CASE(
    "relays: what is taken back while its receiver is at another relay ends, and what follows it "
    "arrives [spec 3.10, 5.3, 5.9]") {
    const bool carried = GENERATE(false, true);
    const std::uint32_t window = GENERATE(1U, 64U);
    CAPTURE(carried, window);
    world w(two_relays(carried, window));
    w.send("one");
    REQUIRE(w.run_until_quiet());
    w.move(w.b, 1);
    w.cancel(w.a, w.send("two"));
    for (int i = 0; i < 6; ++i) {
        w.send("later");
    }
    // In a window of one all else waits behind the tombstone: for B's look, A's question, and both once more.
    CHECK(until_all_ended(w) <= (carried ? 1.0 : seconds(a_question) * (window == 1 ? 3 : 1)));
    CHECK(w.a.told("two").ends_with(carried ? "delivered" : "cancelled"));
    CHECK(w.b.inbox.size() >= 7);
    require_nothing_left(w);
}

TEST_CASE(
    "relays: what is too late while its receiver is at another relay expires [spec 3.13, 5.9]") {
    const bool carried = GENERATE(false, true);
    CAPTURE(carried);
    world w(two_relays(carried, 1));
    w.b.app = app::waits;
    w.move(w.b, 1);
    w.send("one", {.expires_after = 1s});
    w.send("two");
    w.run_for(2s);
    w.b.app = app::accepts;
    while (!w.b.waiting.empty()) {
        w.accept_one(w.b);
    }
    CHECK(until_all_ended(w) <= 3 * seconds(a_question));
    require_nothing_left(w);
}

TEST_CASE(
    "relays: one that lost its memory gets what is stored, also from behind what it has forgotten "
    "[spec 5.6, 5.9, 6.2]") {
    const bool carried = GENERATE(false, true);
    CAPTURE(carried);
    trio_options options = two_relays(carried);
    options.mailbox.page_rows = 1;
    world w(options);
    w.disconnect(w.b);
    w.b.relay = 1;
    w.send("one");
    w.send("two");
    REQUIRE(w.run_until_quiet());
    w.b.app = app::waits;
    w.connect(w.b);
    REQUIRE(w.run_until([&] { return !w.b.waiting.empty(); }, 1s));
    w.accept_one(w.b);
    w.run_for(100ms);  // its acknowledgement leaves, and it dies
    client_options next = w.b.options;
    next.life = {.start = 2, .seed = 9};
    w.b.app = app::accepts;
    w.replace(w.b, next);
    // In order, it waits for the word that all in front of that has ended: A's question leaves it in the mailbox.
    CHECK(
        w.run_until([&] { return w.b.inbox.back() == "two"; }, carried ? 1s : a_question + a_look));
    CHECK(until_all_ended(w) <= (carried ? 60.0 : 240.0));
    require_nothing_left(w);
}

TEST_CASE("relays: a burst that is carried takes as long as over one relay, and is not drained, "
          "too [spec "
          "3.26, 5.9]") {
    const duration wait = GENERATE(as<duration>{}, 0s, 36s, 2h);
    const std::uint32_t window = GENERATE(1U, 64U);
    CAPTURE(seconds(wait), window);
    double took[2];
    for (const bool two : {false, true}) {
        trio_options options = two_relays(true);
        options.b.receiver.window = window;
        world w(options);
        w.move(w.b, two ? 1 : 0);
        w.send("before");
        w.run_for(wait);
        w.send_at_once(w.a, w.b, 1000, 8);
        took[two] = w.until_it_has(w.b, 1001);
        CHECK(until_all_ended(w) <= 0.1);
        CHECK(drained(w) <= (two ? 1001U : 0U));
        require_nothing_left(w);
    }
    CHECK(took[1] <= 1.6 * took[0]);  // a way of four hops, not three
}

TEST_CASE(
    "relays: a burst that is not carried waits for one look into the mailbox, and is drained once "
    "[spec 3.26, 5.9]") {
    world w(two_relays(false));
    w.move(w.b, 1);
    w.run_for(1s);
    w.send_at_once(w.a, w.b, 1000, 8);
    CHECK(w.until_it_has(w.b, 1000) <= seconds(a_look) + 5);
    CHECK(until_all_ended(w) <= seconds(a_question));
    CHECK(drained(w) == 1000);
    require_nothing_left(w);
}

TEST_CASE(
    "relays: a backlog comes about once, whatever is carried, and however slow its app is [spec "
    "3.26, 5.9]") {
    const bool carried = GENERATE(false, true);
    const duration needs = GENERATE(as<duration>{}, 0ms, 100ms);
    const std::uint32_t window = GENERATE(1U, 64U);
    CAPTURE(carried, seconds(needs), window);
    trio_options options = two_relays(carried);
    options.b.receiver.window = window;
    world w(options);
    w.disconnect(w.b);
    w.b.relay = 1;
    w.send_at_once(w.a, w.b, 500, 8);
    w.run_for(100s);
    REQUIRE(w.mailbox().rows() == 500);
    w.b.app = app::takes_its_time;
    w.b.needs = needs;
    w.connect(w.b);
    const double least = window == 1 ? 500 * 0.04 : 0.2;
    CHECK(w.until_it_has(w.b, 500) <= 1.1 * (least + 500 * seconds(needs)));
    CHECK(until_all_ended(w) <= (carried ? 1.0 : 3700.0));
    CHECK(drained(w) <= 550);
    require_nothing_left(w);
}

TEST_CASE(
    "relays: who goes from one to the other and back, again and again, gets everything once [spec "
    "5.9]") {
    const bool carried = GENERATE(false, true);
    CAPTURE(carried);
    world w(two_relays(carried));
    strings all;
    for (int i = 0; i < 40; ++i) {
        all.push_back("message " + std::to_string(i));
        w.send(all.back());
        w.run_for(150ms);
        if (i % 4 == 3) {
            w.move(i % 8 == 3 ? w.b : w.a, static_cast<std::size_t>(i / 8 % 2));
        }
    }
    CHECK(until_all_ended(w) <= (carried ? 2.0 : seconds(a_question)));
    CHECK(w.b.inbox == all);
    require_nothing_left(w);
}

}  // namespace relays_tests
