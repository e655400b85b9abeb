// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/lone_sender.hpp"
#include "support/test_access.hpp"

// How the epochs of a sender are made, and when it begins a new one.

namespace epochs_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using fixture = support::lone_sender;

constexpr epoch of_start(std::uint64_t start) {
    return epoch{start << epoch_random_bits};
}
std::uint64_t start_of(epoch of) {
    return static_cast<std::uint64_t>(of) >> epoch_random_bits;
}
std::uint64_t random_of(epoch of) {
    return static_cast<std::uint64_t>(of) & ((std::uint64_t{1} << epoch_random_bits) - 1);
}

epoch first_epoch(std::uint64_t start, std::uint64_t seed) {
    manual_clock clock;
    sender a = sender::create(clock, {.start = start, .seed = seed}).value();
    REQUIRE(a.send("bob", as_bytes("x")));
    return test_access::stream(a, "bob").epoch();
}

TEST_CASE("epochs: are the start number, and twenty random bits below it [spec 3.1]") {
    STATIC_REQUIRE(epoch_random_bits == 20);
    STATIC_REQUIRE(start_max == (std::uint64_t{1} << 44) - 1);
    std::set<std::uint64_t> random;
    std::uint64_t ones = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const epoch made = first_epoch(7, seed);
        CHECK(start_of(made) == 7);
        random.insert(random_of(made));
        ones |= random_of(made);
        CHECK(first_epoch(8, seed) > made);
    }
    CHECK(random.size() > 95);
    CHECK(ones == (std::uint64_t{1} << epoch_random_bits) - 1);  // each bit is one of them
    CHECK(start_of(first_epoch(start_max, 1)) == start_max);
}

TEST_CASE(
    "epochs: belong to a stream, and outlive the link and the life that has a journal [spec 3.1]") {
    manual_clock clock;
    const auto born = [&](std::uint64_t number, bytes journal) {
        return sender::create(clock, {.start = number, .seed = number}, {}, journaling::withhold,
                              journal)
            .value();
    };
    sender a = born(7, {});
    REQUIRE(a.send("bob", as_bytes("x")));
    REQUIRE(a.send("carol", as_bytes("x")));
    const epoch to_bob = test_access::stream(a, "bob").epoch();
    CHECK(to_bob != test_access::stream(a, "carol").epoch());
    a.link_up(framing("alice"));
    a.link_down();
    REQUIRE(a.send("bob", as_bytes("y")));
    CHECK(test_access::stream(a, "bob").epoch() == to_bob);

    std::vector<std::byte> buffer(4096);
    const bytes journal = a.poll_journal(buffer).value();
    sender with = born(8, journal);
    REQUIRE(with.send("bob", as_bytes("z")));
    CHECK(test_access::stream(with, "bob").epoch() == to_bob);
    CHECK(test_access::stream(with, "bob").next() == 3);
    sender without = born(8, {});
    REQUIRE(without.send("bob", as_bytes("z")));
    CHECK(test_access::stream(without, "bob").epoch() > to_bob);
}

// --- past epoch ----------------------------------------------------------------------------------------

/// Four messages: one stored, one being taken back, two on their way.
fixture busy() {
    fixture f;
    f.up();
    for (int i = 0; i < 4; ++i) {
        f.send("bob", "x");
    }
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    REQUIRE(f.a.cancel(test_access::queue(f.a).ticket_of(1)));
    (void)f.transmit();
    CHECK(f.news() == std::vector{status::stored});
    return f;
}

/// It has begun again, with what was unfinished.
void check_begun(fixture& f, epoch above) {
    CHECK(f.stream() > above);
    // the stored one, and the tombstone
    CHECK(f.news() == std::vector{status::ended, status::ended});
    const auto frames = f.transmit();
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].probes());
    CHECK((frames[1].first == 0 && frames[1].messages.size() == 2));
    CHECK(frames[1].epoch == f.stream());
    REQUIRE(f.state({.floor = 2}) == refusal::none);
    CHECK(f.news() == std::vector{status::delivered, status::delivered});
}

TEST_CASE("epochs: a sender that is told `past` goes on under a larger one [spec 3.12]") {
    fixture f = busy();
    const epoch current = of_start(9);
    REQUIRE(f.past(current) == refusal::none);
    check_begun(f, current);
}

TEST_CASE("epochs: what covers what was never sent begins a larger one [spec 3.12]") {
    fixture f = busy();
    const epoch old = f.stream();
    CHECK(f.state({.floor = 5}) == refusal::never_sent);
    check_begun(f, old);
}

TEST_CASE("epochs: what is held and was never sent begins a larger one, too [spec 3.12]") {
    fixture f = busy();
    const epoch old = f.stream();
    const std::array<std::byte, 1> five{std::byte{0b100000}};
    CHECK(f.state({.held = five}) == refusal::never_sent);
    check_begun(f, old);
}

TEST_CASE(
    "epochs: a stream begins again no sooner than after a wait that doubles, until B has ended "
    "something [spec 3.12]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    const auto begins = [&f] {
        const epoch before = f.stream();
        const refusal why = f.past(epoch{static_cast<std::uint64_t>(before) + 1});
        CHECK((why == refusal::too_soon) == (f.stream() == before));
        (void)f.transmit();
        return f.stream() != before;
    };
    CHECK(begins());
    CHECK_FALSE(begins());
    CHECK(f.a.refusals()[refusal::too_soon] == 1);
    f.clock.advance(500ms);
    CHECK(begins());
    f.clock.advance(999ms);
    CHECK_FALSE(begins());
    f.clock.advance(1ms);
    CHECK(begins());
    const std::array held{std::byte{1}};
    REQUIRE(f.state({.held = held}) == refusal::none);  // which ends nothing
    CHECK_FALSE(begins());
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK(begins());
}

TEST_CASE("epochs: one that knows no larger one stands still, and the others go on [spec 3.12]") {
    fixture f = busy();
    const epoch old = f.stream();
    for (const std::uint64_t current : {start_max << epoch_random_bits, ~std::uint64_t{0}}) {
        f.clock.advance(1h);
        REQUIRE(f.past(epoch{current}) == refusal::none);
        CHECK(f.stream() == old);
        CHECK(f.news().empty());
    }
    f.send("carol", "x");
    const auto frames = f.transmit();
    CHECK(std::any_of(frames.begin(), frames.end(),
                      [](const auto& each) { return each.to == peer("carol"); }));
}

}  // namespace
}  // namespace epochs_tests
