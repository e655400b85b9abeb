// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

namespace options_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

/// The option that is refused; empty: none is.
template <class Options>
std::string refused(const Options& options) {
    const result<void> checked = validate(options);
    if (checked) {
        return "";
    }
    CHECK(checked.error().code == errc::option);
    const std::string_view what = checked.error().what;
    CHECK(what.size() > what.find(": ") + 2);  // it says what would be right
    return std::string(what.substr(0, what.find(':')));
}

constexpr std::uint32_t too_many = (1U << 28) + 1;

TEST_CASE("options: the defaults work") {
    CHECK(refused(sender_options{}).empty());
    CHECK(refused(receiver_options{}).empty());
    CHECK(refused(incarnation{.start = 1}).empty());
}

TEST_CASE("options: what cannot work in a sender is refused by its name") {
    CHECK(refused(sender_options{.window = 0}) == "sender.window");
    CHECK(refused(sender_options{.window = window_max + 1}) == "sender.window");
    CHECK(refused(sender_options{.queue_entries = 0}) == "sender.queue_entries");
    CHECK(refused(sender_options{.queue_entries = too_many}) == "sender.queue_entries");
    CHECK(refused(sender_options{.queue_bytes = 0}) == "sender.queue_bytes");
    CHECK(refused(sender_options{.peer_entries = 0}) == "sender.peer_entries");
    CHECK(refused(sender_options{.peer_bytes = 0}) == "sender.peer_bytes");
    CHECK(refused(sender_options{.queue_bytes = 99, .payload_max = 100}) == "sender.queue_bytes");
    CHECK(refused(sender_options{.queue_bytes = (1U << 31) + 1}) == "sender.queue_bytes");
    CHECK(refused(sender_options{.unsettled_max = 0}) == "sender.unsettled_max");
    CHECK(refused(sender_options{.unsettled_max = too_many}) == "sender.unsettled_max");
    CHECK(refused(sender_options{.payload_max = 0}) == "sender.payload_max");
    CHECK(refused(sender_options{.payload_max = payload_limit + 1}) == "sender.payload_max");
    CHECK(refused(sender_options{.peers_max = 0}) == "sender.peers_max");
    CHECK(refused(sender_options{.peers_max = too_many}) == "sender.peers_max");
    CHECK(refused(sender_options{.probe_max = 0s}) == "sender.probe_max");
    CHECK(refused(sender_options{.probe_max = 25h}) == "sender.probe_max");
    CHECK(refused(sender_options{.burst = 0}) == "sender.burst");
    CHECK(refused(sender_options{.burst_interval = -1s}) == "sender.burst_interval");
    CHECK(refused(sender_options{.burst_interval = 2h}) == "sender.burst_interval");
}

TEST_CASE("options: what cannot work in a receiver is refused by its name") {
    CHECK(refused(receiver_options{.window = 0}) == "receiver.window");
    CHECK(refused(receiver_options{.window = window_max + 1}) == "receiver.window");
    CHECK(refused(receiver_options{.exceptions = 0}) == "receiver.exceptions");
    CHECK(refused(receiver_options{.exceptions = 65}) == "receiver.exceptions");
    CHECK(refused(receiver_options{.payload_max = 0}) == "receiver.payload_max");
    CHECK(refused(receiver_options{.payload_max = payload_limit + 1}) == "receiver.payload_max");
    CHECK(refused(receiver_options{.held_entries = 0}) == "receiver.held_entries");
    CHECK(refused(receiver_options{.held_entries = too_many}) == "receiver.held_entries");
    CHECK(refused(receiver_options{.payload_max = 100, .held_bytes = 99}) == "receiver.held_bytes");
    CHECK(refused(receiver_options{.held_bytes = (1U << 31) + 1}) == "receiver.held_bytes");
    CHECK(refused(receiver_options{.peers_max = 0}) == "receiver.peers_max");
    CHECK(refused(receiver_options{.peers_max = too_many}) == "receiver.peers_max");
    CHECK(refused(receiver_options{.sync_interval = 0s}) == "receiver.sync_interval");
}

TEST_CASE("options: times to retry that cannot work are refused by their names") {
    const auto retry = [](const retry_options& how) {
        const std::string sending = refused(sender_options{.retry = how});
        CHECK(sending == refused(receiver_options{.retry = how}));
        return sending;
    };
    CHECK(retry({.first = 0s}) == "retry.first");
    CHECK(retry({.first = -1s}) == "retry.first");
    CHECK(retry({.first = 24h + 1ns}) == "retry.first");
    CHECK(retry({.first = 24h}).empty());
    CHECK(retry({.min = 0s}) == "retry.min");
    CHECK(retry({.min = 2s, .max = 1s}) == "retry.max");
    CHECK(retry({.max = 25h}) == "retry.max");
    CHECK(retry({.first = 1ns, .min = 1ns, .max = 1ns}).empty());
}

TEST_CASE("options: a start number that an epoch cannot hold is refused") {
    CHECK(refused(incarnation{.start = 0}) == "life.start");
    CHECK(refused(incarnation{.start = start_max + 1}) == "life.start");
    CHECK(refused(incarnation{.start = start_max}).empty());
    CHECK(refused(incarnation{.start = 1, .away = -1ns}) == "life.away");
    CHECK(refused(incarnation{.start = 1, .away = (duration::max)()}).empty());
}

TEST_CASE("options: every capacity can be one, and the largest are taken as they are") {
    CHECK(refused(sender_options{.window = 1,
                                 .queue_entries = 1,
                                 .queue_bytes = 1,
                                 .peer_entries = 1,
                                 .peer_bytes = 1,
                                 .unsettled_max = 1,
                                 .payload_max = 1,
                                 .peers_max = 1,
                                 .probe_max = 1ns,
                                 .burst = 1,
                                 .burst_interval = 0s})
              .empty());
    CHECK(refused(receiver_options{.window = 1,
                                   .exceptions = 1,
                                   .payload_max = 1,
                                   .held_entries = 1,
                                   .held_bytes = 1,
                                   .peers_max = 1,
                                   .sync_interval = 1ns})
              .empty());
    CHECK(refused(sender_options{.window = window_max,
                                 .queue_entries = 1U << 28,
                                 .queue_bytes = 1U << 31,
                                 .unsettled_max = 1U << 28,
                                 .payload_max = payload_limit,
                                 .peers_max = 1U << 28,
                                 .probe_max = 24h,
                                 .burst_interval = 1h})
              .empty());
    CHECK(refused(receiver_options{.window = window_max,
                                   .exceptions = 64,
                                   .payload_max = payload_limit,
                                   .held_entries = 1U << 28,
                                   .held_bytes = 1U << 31,
                                   .peers_max = 1U << 28,
                                   .sync_interval = (duration::max)()})
              .empty());
}

TEST_CASE("options: the largest payload, and the largest window, can be told on the wire") {
    static_assert(payload_limit <= receiver_limits::payload_max_max);
    static_assert(window_max <= receiver_limits::room_max);
    CHECK(receiver_limits{window_max, 64, payload_limit}.valid());
}

TEST_CASE("options: no machine is made from options that cannot work") {
    const manual_clock clock;
    const auto name = [](const auto& made) {
        REQUIRE(!made.has_value());
        const std::string_view what = made.error().what;
        return std::string(what.substr(0, what.find(':')));
    };
    CHECK(name(sender::create(clock, {.start = 1}, {.window = 0})) == "sender.window");
    CHECK(name(sender::create(clock, {.start = 0}, {})) == "life.start");
    CHECK(name(receiver::create(clock, 1, {.window = 0})) == "receiver.window");
    CHECK(name(client::create(clock, {.self = "", .life = {.start = 1}})) == "self");
    CHECK(name(client::create(clock, {.self = std::string(48, 'x'), .life = {.start = 1}})) ==
          "self");
    CHECK(name(client::create(clock, {.self = "a", .life = {}})) == "life.start");
    CHECK(
        name(client::create(clock, {.self = "a", .life = {.start = 1}, .sender = {.burst = 0}})) ==
        "sender.burst");
    CHECK(name(client::create(
              clock, {.self = "a", .life = {.start = 1}, .receiver = {.exceptions = 0}})) ==
          "receiver.exceptions");
    CHECK(name(relay::create({.peers_max = 0})) == "relay.peers_max");
    CHECK(name(relay::create({.payload_max = 0})) == "relay.payload_max");
    CHECK(name(memory_mailbox::create({.page_rows = 0})) == "mailbox.page_rows");
}

}  // namespace
}  // namespace options_tests
