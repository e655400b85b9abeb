// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

// No memory is left, at each place where some is asked for.

namespace memory_tests {
namespace {

using namespace hostile;

/// What somebody might look at: else a compiler leaves out objects, and their memory, that nobody uses.
[[maybe_unused]] const void* volatile seen = nullptr;

/// Whether the call gets through when its allocation number `at` fails.
template <class Call>
bool survives(std::size_t at, Call call) {
    support::failing_allocation = support::allocation_count + at;
    bool done = true;
    try {
        call();
    } catch (const std::bad_alloc&) {
        done = false;
    }
    support::failing_allocation = SIZE_MAX;
    return done;
}

/// Makes each allocation of a call fail, in a fresh world of `begin()` each time: then `look` sees what it saw before, and
/// called again the call does what it does when nothing fails. How many allocations it has.
template <class Begin, class Call, class Look>
std::size_t at_each_allocation(Begin begin, Call call, Look look) {
    auto undisturbed = begin();
    call(undisturbed);
    const std::string after = look(undisturbed);
    for (std::size_t at = 0;; ++at) {
        REQUIRE(at < 1000);
        auto world = begin();
        const std::string before = look(world);
        if (survives(at, [&] { call(world); })) {
            CHECK(look(world) == after);
            return at;
        }
        CAPTURE(at);
        CHECK(look(world) == before);
        call(world);
        CHECK(look(world) == after);
    }
}

/// A relay with a few links, and room for no more.
relay with_links(std::uint64_t count) {
    relay out = relay::create({}).value();
    for (std::uint64_t i = 1; i <= count; ++i) {
        REQUIRE(out.link_up(link_id{i}, "peer" + std::to_string(i)));
    }
    return out;
}
std::string links_of(const relay& which) {
    manual_clock clock;
    return portrait(which, clock);
}

mailbox_request asked(const peer& from, const msg_request& what) {
    return {.from = from, .what = what, .wire = {}};
}

}  // namespace

TEST_CASE("hostile 60: no memory is left, at any allocation of a call that takes some") {
    manual_clock clock;
    SECTION("made, or not made") {
        const auto counted = [](auto make) {
            std::optional<decltype(make())> made;
            seen = &made;
            std::size_t at = 0;
            while (!survives(at, [&] { made.emplace(make()); })) {
                ++at;
            }
            CHECK(made->has_value());
            return at;
        };
        CHECK(counted([&] { return client::create(clock, small("alice")); }) > 5);
        CHECK(counted([] { return relay::create({}); }) == 1);
        CHECK(counted([] { return memory_mailbox::create(); }) == 0);
        client_options options = small("alice");
        options.journaling = journaling::withhold;
        client keeper = client::create(clock, options).value();
        REQUIRE(keeper.send("bob", as_bytes("hi")));
        const blob journal = support::snapshot_of(keeper);
        CHECK(counted([&] { return client::create(clock, options, journal); }) > 10);
    }
    SECTION("links: a peer more, the first ones, another peer on the same link, one that goes") {
        const auto look = links_of;
        const auto up = [](link_id link, const peer& name) {
            return [=](relay& r) {
                (void)r.link_up(link, name).has_value();
            };
        };
        std::size_t most = 0;
        for (std::uint64_t count = 0; count < 20; ++count) {
            const auto begin = [count] {
                return with_links(count);
            };
            most = (std::max)(most, at_each_allocation(begin, up(at_mallory, "mallory"), look));
            most = (std::max)(most, at_each_allocation(begin, up(of_nobody, "alice"), look));
            most = (std::max)(most, at_each_allocation(
                                        begin, [](relay& r) { r.link_down(at_bob); }, look));
        }
        CHECK(most >= 3);
    }
    SECTION("a frame at the relay, and what becomes of it") {
        // What was said before memory ran out may stay in the reactions: it is as if the rest had been lost on its way.
        scene s;
        const auto look = [&](const std::pair<relay, reactions>& each) {
            return links_of(each.first);
        };
        const auto begin = [&] {
            return std::pair(test_access::copy_of(s.relay), reactions());
        };
        for (const blob& wire : s.for_relay()) {
            CHECK(at_each_allocation(
                      begin,
                      [&](auto& each) {
                          (void)each.first.handle(at_alice, wire, each.second);
                          while (const auto request = each.second.next_request()) {
                              (void)each.first.complete(*request, {.done = true}, each.second);
                          }
                      },
                      look) > 0);
        }
    }
    SECTION("a mailbox: put, page and look do nothing by halves") {
        const auto look = [&](const memory_mailbox& box) {
            return portrait(box, clock);
        };
        const auto put = [](memory_mailbox& box, const peer& from, seq at) {
            return box
                .execute(asked(from, {.to = "bob",
                                      .epoch = epoch{1},
                                      .first = at,
                                      .entries = run::of(as_bytes("text"))}))
                .done;
        };
        for (const peer from :
             {"alice", "mallory"}) {  // of a pair that has a row, and of one that has none
            const auto begin = [&] {
                memory_mailbox box = memory_mailbox::create().value();
                REQUIRE(put(box, "alice", 0));
                return box;
            };
            CHECK(at_each_allocation(
                      begin, [&](memory_mailbox& box) { (void)put(box, from, 1); }, look) >= 4);
            CHECK(at_each_allocation(
                      begin,
                      [](memory_mailbox& box) {
                          (void)box.execute({.from = "bob",
                                             .what = sync_request{.rows = 9, .room = 999},
                                             .wire = {}});
                      },
                      look) == 1);
        }
    }
    SECTION("a mailbox: what is erased stays erased, and asked again it says so") {
        const blob state = state_of(2);
        const auto erase = [&](memory_mailbox& box, const peer& sender) {
            return box
                .execute({.from = "bob",
                          .what = ack_request{.to = sender, .epoch = epoch{1}, .state = state},
                          .wire = {}})
                .done;
        };
        for (std::size_t at = 0; at < 6; ++at) {
            memory_mailbox box = memory_mailbox::create({.states_max = 2}).value();
            for (const peer from : {"a", "b", "c", "d"}) {
                REQUIRE(box.execute(asked(from, {.to = "bob",
                                                 .epoch = epoch{1},
                                                 .entries = run::of(as_bytes("x"))}))
                            .done);
                (void)survives(at, [&] { (void)erase(box, from); });
                REQUIRE(erase(box, from));
            }
            CHECK(box.rows() == 0);
            CHECK(box.states() <= 2);
        }
    }
    SECTION(
        "a client that has met it can be destroyed, and its next life has what the journal has") {
        // While a client grows to what its traffic needs it may not be whole when memory runs out: it is not to be asked
        // again. What it has promised to anybody lies in the journal (law 4).
        client_options options = small("alice");
        options.journaling = journaling::withhold;
        client before = client::create(clock, options).value();
        const ticket first = before.send("bob", as_bytes("text")).value();
        const blob journal = support::records_of(before);
        const blob probe = encoded(msg_notify{.from = "bob", .epoch = epoch{1}}, "alice");
        const blob text =
            encoded(msg_notify{.from = "bob", .epoch = epoch{1}, .entries = run::of(as_bytes("x"))},
                    "alice");
        std::array<std::byte, 2048> buffer{};
        blob disk;
        disk.reserve(journal.size() + 1024);
        bool spoke = false;
        const auto live = [&](client& alice) {
            alice.link_up();
            (void)alice.send("carol", as_bytes("text"), {.expires_after = 1h});
            (void)alice.handle(probe);
            (void)alice.handle(text);
            if (const auto shown = alice.poll_message()) {
                (void)alice.reject(*shown);
            }
            while (const auto records = alice.poll_journal(buffer)) {
                disk.insert(disk.end(), records->begin(), records->end());
            }
            alice.durable(alice.written());
            while (alice.poll_transmit(buffer)) {
                spoke = true;
            }
        };
        std::size_t at = 0;
        for (bool done = false; !done; ++at) {
            REQUIRE(at < 1000);
            disk = journal;
            spoke = false;
            client alice = client::create(clock, options, disk).value();
            done = survives(at, [&] { live(alice); });
            const auto next = client::create(clock, options, disk);
            REQUIRE(next.has_value());
            CHECK(next->outstanding(first));
            CHECK((!spoke || next->sender().queued() == 2));
        }
        CHECK(spoke);
        CHECK(at > 15);
    }
}

}  // namespace memory_tests
