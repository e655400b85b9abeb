// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// What it costs when things go wrong: a small factor over the least that is possible, and counted in frames. (law 15)

namespace adversity_tests {

using namespace sixfold;
using namespace support;

namespace {

strings numbered(int count) {
    strings all;
    for (int i = 0; i < count; ++i) {
        all.push_back("message " + std::to_string(i));
    }
    return all;
}

/// Hands over all of them before anything leaves, so that they share frames.
void send_at_once(trio& t, const strings& all) {
    for (const std::string& each : all) {
        const auto sent = t.a.machine->send(t.b.name(), as_bytes(each));
        REQUIRE(sent.has_value());
        t.a.outbox.push_back({*sent, each, ""});
    }
}

/// A message each so often, so many.
void send_each(trio& t, duration pause, int count) {
    for (int i = 0; i < count; ++i) {
        t.send("x");
        t.run_for(pause);
    }
}

void require_settled(trio& t) {
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1h));
    REQUIRE(t.run_until_quiet(1h));
    REQUIRE(t.mailbox().rows() == 0);
    REQUIRE(t.a.machine->sender().queued() == 0);
    REQUIRE(t.a.machine->sender().unsettled() == 0);
}

/// Two clients that know each other.
class friends : public trio {
  public:
    explicit friends(const trio_options& options = {}) : trio(options) {
        send("before");
        REQUIRE(run_until_quiet());
        b.inbox.clear();
        mark = log.size();
    }
    [[nodiscard]] std::size_t count(kind what) const { return log.count(what, mark); }
    [[nodiscard]] std::size_t bytes_since() const {
        std::size_t sum = 0;
        for (std::size_t i = mark; i < log.size(); ++i) {
            sum += log[i].size;
        }
        return sum;
    }
    /// Rows that came out of the mailbox.
    [[nodiscard]] std::size_t drained_rows() const {
        std::size_t sum = 0;
        for (const msg_notify& each : log.all<msg_notify>(mark)) {
            sum += each.drained ? each.entries.count() : 0;
        }
        return sum;
    }

    std::size_t mark = 0;  ///< frames before the test began
};

}  // namespace

// --- paths -------------------------------------------------------------------------------------------

TEST_CASE(
    "adversity: a path that becomes slower costs a few resends once, and then none [spec 3.4]") {
    friends t;
    send_each(t, 100ms, 50);
    REQUIRE(t.count(kind::msg_r) == 50);
    t.weather = [](kind) {
        return late(5ms);  // 60 ms there and back, and 40 ms before
    };
    send_each(t, 100ms, 50);
    REQUIRE(t.count(kind::msg_r) <= 100 + 3);
    const std::size_t learnt = t.count(kind::msg_r);
    send_each(t, 100ms, 100);
    REQUIRE(t.count(kind::msg_r) == learnt + 100);
    require_settled(t);
}

TEST_CASE("adversity: from 20 to 600 ms a message takes less than two sendings [spec 3.4, 3.5]") {
    trio_options options;
    options.hop = 5ms;
    friends t(options);
    send_each(t, 100ms, 20);
    const std::size_t before = t.count(kind::msg_r);
    t.weather = [](kind) {
        return late(145ms);
    };
    send_each(t, 100ms, 300);
    require_settled(t);
    REQUIRE(t.count(kind::msg_r) - before < 2 * 300);
    REQUIRE(t.count(kind::ack_r) < 2 * 320);
}

// --- room ----------------------------------------------------------------------------------------------

TEST_CASE(
    "adversity: room for one, and an app that takes a message a second: two sendings each at most "
    "[spec 3.24]") {
    trio_options options;
    options.b.receiver.held_entries = 1;
    friends t(options);
    t.b.app = app::waits;
    for (const std::string& each : numbered(64)) {
        t.send(each);
    }
    REQUIRE(t.run_until(
        [&] {
            if (!t.b.waiting.empty()) {
                t.run_for(1s);
                t.accept_one(t.b);
            }
            return t.b.inbox.size() == 64;
        },
        1h));
    REQUIRE(t.b.inbox == numbered(64));
    REQUIRE(t.a.machine->sender().sent() <= 1 + 2 * 64);
    require_settled(t);
}

TEST_CASE("adversity: limits that are lost once are told again [spec 3.24]") {
    trio_options options;
    options.b.receiver.window = options.b.receiver.held_entries = 4;
    trio t(options);
    t.b.app = app::waits;
    t.next(kind::ack_n, lost, 2);
    for (const std::string& each : numbered(32)) {
        t.send(each);
    }
    REQUIRE(t.run_until([&] { return t.b.waiting.size() == 4; }, 10s));
    t.b.app = app::accepts;
    while (!t.b.waiting.empty()) {
        t.accept_one(t.b);
    }
    require_settled(t);
    REQUIRE(t.b.inbox == numbered(32));
    REQUIRE(t.a.machine->sender().sent() <= 3 * 32);
}

TEST_CASE("adversity: strangers who fill the store behind holes are not noticed by a friend "
          "[spec 3.24]") {
    friends t;
    for (int stranger = 0; stranger < 5; ++stranger) {
        const peer from = "stranger " + std::to_string(stranger);
        std::vector<std::byte> wire(512);
        sending_number number = 0;
        const auto tell = [&](msg_notify what) {
            what.from = from;
            what.epoch = epoch{7};
            what.number = ++number;
            REQUIRE(t.b.machine->handle(bytes(wire).first(encode(what, framing("bob"), wire))) ==
                    refusal::none);
        };
        tell({});
        for (seq at = 1; at < 64; ++at) {
            tell({.first = at, .entries = run::of(as_bytes("behind a hole"))});
        }
    }
    REQUIRE(t.b.machine->receiver().held() > 200);
    const std::uint64_t before = t.a.machine->sender().sent();
    for (const std::string& each : numbered(64)) {
        t.send(each);
    }
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1s));
    REQUIRE(t.b.inbox == numbered(64));
    REQUIRE(t.a.machine->sender().sent() - before == 64);
}

// --- absent peers ----------------------------------------------------------------------------------------

TEST_CASE("adversity: what is taken back from an absent peer gives its place to others "
          "[spec 3.7, 3.13]") {
    trio_options options;
    options.a.sender.queue_entries = 1;
    trio t(options);
    party& carol = t.add({.self = "carol", .life = {.start = 1, .seed = 3}});
    t.disconnect(t.b);
    SECTION("as it is cancelled") {
        t.cancel(t.a, t.send("x"));
    }
    SECTION("as it must not be stored") {
        t.send("x", {.storing = storing::forbidden});
    }
    SECTION("as it is too late") {
        t.send("x", {.expires_after = 1s});
    }
    t.run_for(1min);
    t.send(t.a, carol, "y");
    REQUIRE(t.run_until([&] { return carol.inbox == strings{"y"}; }, 1s));
}

TEST_CASE("adversity: a tombstone that lies in the mailbox is not sent again [spec 3.7]") {
    friends t;
    t.disconnect(t.b);
    const ticket hello = t.send("hello");
    t.run_for(1s);
    t.cancel(t.a, hello);
    t.run_for(1min);
    const std::uint64_t sent = t.a.machine->sender().sent();
    const std::size_t from = t.log.size();
    t.run_for(24h);
    REQUIRE(t.a.machine->sender().sent() == sent);
    REQUIRE(t.log.probes(kind::msg_r, from) <= 6 + 24);  // a minute, doubled to an hour
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.a.told("hello").ends_with("cancelled"));
}

TEST_CASE(
    "adversity: one who is here, and lost what was kept for it, is told by a probe where it lies "
    "[spec 3.6, 3.26]") {
    friends t;
    t.run_for(2h);  // its looks into the mailbox are an hour apart
    t.next(kind::msg_n, lost, 3);
    t.send("hello");
    REQUIRE(t.run_until([&] { return t.b.inbox == strings{"hello"}; }, 3s));
    require_settled(t);
    REQUIRE(t.a.told("hello") == "relayed stored delivered");
}

// --- runs ------------------------------------------------------------------------------------------------

TEST_CASE("adversity: six frames of a message of 64 bytes take 270 bytes [spec 4.1 to 4.6]") {
    for (const int before : {0, 300}) {
        trio_options options;
        options.compare_snapshots = false;
        options.a.self = "aliceabc";
        options.b.self = "bobobobo";
        friends t(options);
        for (int i = 0; i < before; ++i) {
            t.send("x");
            REQUIRE(t.run_until_quiet());
        }
        t.mark = t.log.size();
        t.send(std::string(64, 'x'));
        REQUIRE(t.run_until_quiet());
        REQUIRE(t.log.kinds(t.mark) == "msg:R msg:A msg:N ack:R ack:A ack:N");
        REQUIRE(t.bytes_since() <= (before == 0 ? 266U : 270U));
    }
}

TEST_CASE("adversity: 64 messages of 64 bytes at once take 165 bytes each, in all six frames "
          "[spec 2.8]") {
    trio_options options;
    options.a.self = "aliceabc";
    options.b.self = "bobobobo";
    friends t(options);
    send_at_once(t, strings(64, std::string(64, 'x')));
    require_settled(t);
    REQUIRE(t.b.inbox.size() == 64);
    REQUIRE(t.bytes_since() <= 64 * 165);
    REQUIRE(t.count(kind::msg_r) == 5);  // 15 of them are 975 bytes
}

TEST_CASE("adversity: a whole run is stored, drained as runs, and delivered in order "
          "[spec 3.17, 5.2, 5.5]") {
    friends t;
    t.disconnect(t.b);
    send_at_once(t, numbered(64));
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.mailbox().rows() == 64);
    REQUIRE(t.count(kind::msg_r) == 1);  // 64 of 11 bytes are not a kibibyte
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == numbered(64));
    REQUIRE(t.drained_rows() == 64);
    REQUIRE(t.count(kind::msg_n) == 1);
    REQUIRE(t.a.all_delivered());
}

TEST_CASE("adversity: a run for which the mailbox has no room is stored as far as there is room "
          "[spec 3.6, 5.2]") {
    trio_options options;
    options.mailbox.rows_per_pair_max = 3;
    friends t(options);
    t.disconnect(t.b);
    send_at_once(t, numbered(64));
    REQUIRE(t.run_until([&] { return t.mailbox().rows() == 3; }, 1min));
    t.connect(t.b);
    require_settled(t);
    REQUIRE(t.b.inbox == numbered(64));
}

TEST_CASE("adversity: rows that are all held are not fetched again for each that is settled "
          "[spec 3.26]") {
    friends t;
    t.disconnect(t.b);
    t.b.app = app::waits;
    for (const std::string& each : numbered(32)) {
        t.send(each);
    }
    t.run_for(1s);
    t.connect(t.b);
    for (int i = 0; i < 32; ++i) {
        t.run_for(200ms);
        t.accept_one(t.b);
    }
    require_settled(t);
    REQUIRE(t.b.inbox == numbered(32));
    REQUIRE(t.drained_rows() == 32);
}

}  // namespace adversity_tests
