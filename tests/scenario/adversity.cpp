// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// What it costs when things go wrong, and is no row of `adversity_table.hpp`. Counted in frames. (law 15)

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

// --- room ----------------------------------------------------------------------------------------------

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

// --- absent peers ----------------------------------------------------------------------------------------

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

}  // namespace adversity_tests
