// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

// What an app should not ask for.

namespace configs_tests {
namespace {

using namespace hostile;

/// Which option is refused, or what was wrong else.
template <class Result>
std::string refused(const Result& made) {
    if (made) {
        return "nothing";
    }
    CHECK(made.error().code == errc::option);
    const std::string_view what = made.error().what;
    return std::string(what.substr(0, what.find(':')));
}

client_options journalled() {
    client_options options = small("alice");
    options.journaling = journaling::withhold;
    return options;
}

}  // namespace

TEST_CASE("hostile 54: what `send` refuses has a reason and leaves nothing in the journal") {
    manual_clock clock;
    client_options options = journalled();
    options.sender.queue_entries = 4;
    options.sender.queue_bytes = 64;
    options.sender.payload_max = 32;
    options.sender.peers_max = 2;
    client alice = client::create(clock, options).value();
    alice.link_up();
    const auto keep = [&] {
        const blob records = support::records_of(alice);
        alice.durable(alice.written());
        return records;
    };
    const auto refuses = [&](errc why, const peer& to, bytes payload,
                             const send_options& how = {}) {
        const std::string before = portrait(alice, clock);
        const std::size_t allocated = support::allocations_in([&] {
            const auto sent = alice.send(to, payload, how);
            CHECK(sent.error().code == why);
        });
        CHECK(allocated == 0);
        CHECK(portrait(alice, clock) == before);
        CHECK(keep().empty());
    };
    const blob payload(32);
    REQUIRE(alice.send("bob", {}));
    REQUIRE(alice.send("carol", {}));
    (void)keep();
    refuses(errc::peer_name, "", {});
    refuses(errc::peer_name, std::string(48, 'x'), {});
    refuses(errc::payload_too_large, "bob", blob(33));
    refuses(errc::peers_full, "dave", {});
    refuses(errc::option, "bob", {}, {.expires_after = 0s});
    refuses(errc::option, "bob", {}, {.expires_after = (duration::min)()});
    REQUIRE(alice.send("bob", payload));
    (void)keep();
    client entries = test_access::copy_of(alice);
    REQUIRE(alice.send("bob", {}));
    (void)keep();
    refuses(errc::queue_full, "bob", {});  // entries
    alice = std::move(entries);
    REQUIRE(alice.send("carol", payload));
    (void)keep();
    refuses(errc::queue_full, "carol", payload);  // and bytes

    // There is no closing: without a link a message is kept. And what is in a message is the app's, also that it is the same.
    client away = client::create(clock, small("alice")).value();
    away.link_up();
    away.link_down();
    const ticket first = away.send("bob", as_bytes("order 7")).value();
    const ticket second = away.send("bob", as_bytes("order 7")).value();
    CHECK(first != second);
    CHECK((away.outstanding(first) && away.outstanding(second)));
    CHECK(away.sender().queued() == 2);
    std::array<std::byte, 2048> buffer{};
    CHECK_FALSE(away.poll_transmit(buffer));
    away.link_up();
    CHECK(away.poll_transmit(buffer));
}

TEST_CASE("hostile 55: options that cannot work are refused by name, at construction") {
    manual_clock clock;
    const auto of_client = [&](auto change) {
        client_options options = small("alice");
        change(options);
        return refused(client::create(clock, options));
    };
    CHECK(of_client([](auto&) {}) == "nothing");
    CHECK(of_client([](auto& o) { o.life.start = 0; }) == "life.start");
    CHECK(of_client([](auto& o) { o.sender.window = 0; }) == "sender.window");
    CHECK(of_client([](auto& o) { o.sender.queue_entries = 0; }) == "sender.queue_entries");
    CHECK(of_client([](auto& o) { o.sender.queue_bytes = 0; }) == "sender.queue_bytes");
    CHECK(of_client([](auto& o) { o.sender.unsettled_max = 0; }) == "sender.unsettled_max");
    CHECK(of_client([](auto& o) { o.sender.payload_max = 0; }) == "sender.payload_max");
    CHECK(of_client([](auto& o) { o.sender.peers_max = 0; }) == "sender.peers_max");
    CHECK(of_client([](auto& o) { o.sender.burst = 0; }) == "sender.burst");
    CHECK(of_client([](auto& o) { o.sender.burst_interval = -1ns; }) == "sender.burst_interval");
    CHECK(of_client([](auto& o) { o.sender.probe_max = 0s; }) == "sender.probe_max");
    CHECK(of_client([](auto& o) { o.sender.probe_max = (duration::max)(); }) == "sender.probe_max");
    CHECK(of_client([](auto& o) { o.receiver.window = 0; }) == "receiver.window");
    CHECK(of_client([](auto& o) { o.receiver.window = UINT32_MAX; }) == "receiver.window");
    CHECK(of_client([](auto& o) { o.receiver.exceptions = 0; }) == "receiver.exceptions");
    CHECK(of_client([](auto& o) { o.receiver.payload_max = 0; }) == "receiver.payload_max");
    CHECK(of_client([](auto& o) { o.receiver.held_entries = 0; }) == "receiver.held_entries");
    CHECK(of_client([](auto& o) { o.receiver.held_bytes = 0; }) == "receiver.held_bytes");
    CHECK(of_client([](auto& o) { o.receiver.peers_max = 0; }) == "receiver.peers_max");
    CHECK(of_client([](auto& o) { o.receiver.sync_interval = 0s; }) == "receiver.sync_interval");
    for (const auto half : {0, 1}) {  // each has timers of its own
        const auto retry = [&](const retry_options& times) {
            return of_client(
                [&](auto& o) { (half == 0 ? o.sender.retry : o.receiver.retry) = times; });
        };
        CHECK(retry({.first = 0s}) == "retry.first");
        CHECK(retry({.first = (duration::min)()}) == "retry.first");
        CHECK(retry({.first = (duration::max)()}) == "retry.first");
        CHECK(retry({.min = 0s}) == "retry.min");
        CHECK(retry({.min = 1h, .max = 1s}) == "retry.max");
        CHECK(retry({.max = (duration::max)()}) == "retry.max");
    }
    for (const std::uint32_t wrong : {0U, UINT32_MAX}) {
        CHECK(refused(relay::create({.peers_max = wrong})) == "relay.peers_max");
        CHECK(refused(relay::create({.payload_max = wrong})) == "relay.payload_max");
    }
    using box = memory_mailbox;
    CHECK(refused(box::create({.rows_per_pair_max = 0})) == "mailbox.rows_per_pair_max");
    CHECK(refused(box::create({.rows_per_receiver_max = 0})) == "mailbox.rows_per_receiver_max");
    CHECK(refused(box::create({.rows_max = 0})) == "mailbox.rows_max");
    CHECK(refused(box::create({.bytes_max = 0})) == "mailbox.bytes_max");
    CHECK(refused(box::create({.page_rows = 0})) == "mailbox.page_rows");
    CHECK(refused(box::create({.page_bytes = 0})) == "mailbox.page_bytes");
    CHECK(refused(box::create({.states_max = 0})) == "mailbox.states_max");
}

}  // namespace configs_tests
