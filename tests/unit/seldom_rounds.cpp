// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include <sixfold/relaying/drained_page.hpp>
#include "support/catch.hpp"
#include "support/drained_world.hpp"
#include "support/receiver_access.hpp"

// What a drain meets seldom: answers that come twice, senders who are dropped meanwhile, holes wider than the room, many of
// them; and a page that no store should have.

namespace seldom_rounds_tests {
namespace {

using support::drained_world;
using namespace sixfold;
using namespace std::chrono_literals;

constexpr epoch entered{0xE};
constexpr epoch larger{0xF};
const framing link("bob");

/// The next request for the mailbox.
sync_request asked(drained_world& w) {
    std::array<std::byte, 4096> out{};
    for (int waits = 0; waits < 20; ++waits) {
        while (const auto packet = w.b.poll_transmit(out)) {
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                frame decoded;
                REQUIRE(decode(*one, link, decoded) == refusal::none);
                if (const auto* request = std::get_if<sync_request>(&decoded)) {
                    return *request;
                }
            }
        }
        w.clock.set(w.b.next_deadline());
    }
    FAIL("nothing is asked for");
    return {};
}
msg_notify direct(const peer& from, seq first) {
    return {.from = from, .epoch = entered, .first = first, .entries = run::of(as_bytes("x"))};
}

TEST_CASE("seldom rounds: what a relay says of a page counts once [spec 3.27]") {
    drained_world w;
    w.b.link_up(link);
    const ack_serial serial = asked(w).serial;
    REQUIRE(w.b.handle(sync_answer{.serial = serial, .rows = 2}) == refusal::none);
    REQUIRE(w.b.handle(sync_answer{.serial = serial, .rows = 0}) == refusal::none);
    CHECK(asked(w).serial != serial);
    CHECK(w.clock.now() < time_point(10s));  // two rows are missing, and there is no rest
}

TEST_CASE(
    "seldom rounds: a sender who is dropped while it is asked for leaves nothing to who comes in "
    "its place [spec 3.16, 3.26]") {
    drained_world w({.peers_max = 1});
    w.b.link_up(link);
    REQUIRE(w.b.handle(sync_answer{.serial = asked(w).serial}) == refusal::none);
    REQUIRE(w.b.handle(
                msg_notify{.from = "alice", .epoch = larger, .low = 0, .smaller = {entered, 0}}) ==
            refusal::none);
    const sync_request request = asked(w);
    REQUIRE(request.from == mailbox_key{"alice", {entered, 0}});
    CHECK(receiver_access::round(w.b).marked() == receiver_access::index(w.b, "alice"));
    REQUIRE(w.b.handle(direct("carol", 0)) == refusal::none);
    REQUIRE(receiver_access::knows(w.b, "carol"));
    CHECK(receiver_access::round(w.b).marked() == inbound_store::none);
    w.put("carol", entered, 0, 5, 10);
    CHECK(w.drain(10min) < 2min);
}

TEST_CASE(
    "seldom rounds: one without a name is nobody, also when there is no room for more senders") {
    drained_world w({.peers_max = 1});
    REQUIRE(w.b.handle(direct("alice", 0)) == refusal::none);
    CHECK(w.b.handle(direct(peer(), 0)) != refusal::none);
    CHECK(receiver_access::knows(w.b, "alice"));
}

TEST_CASE(
    "seldom rounds: rows behind a hole that is wider than the room, and that nobody fills, do not "
    "hide those of a larger epoch [spec 3.23, 3.26]") {
    drained_world w({.window = 8, .held_entries = 8});
    w.put("alice", entered, 0, 1, 10);
    w.put("alice", entered, 20, 3, 10);
    w.b.link_up(link);
    w.run_for(5s);
    w.put("alice", larger, 0, 4, 10);
    CHECK(w.drain() < 2min);
    CHECK(w.rows.empty());
    CHECK(w.order.size() == 8);
}

TEST_CASE("seldom rounds: what is left of a round is kept in a bounded number of pieces, and all "
          "of it is "
          "asked for [spec 3.26, 3.27]") {
    drained_world w({.window = 64, .held_entries = 64});
    w.b.link_up(link);
    // Every second row of a page comes, and when the first hole is asked for there are as many new ones in it.
    for (const std::string front : {"m", "a"}) {
        const sync_request request = asked(w);
        REQUIRE(request.rows >= 16);
        for (std::uint32_t i = 1; i < 16; i += 2) {
            REQUIRE(w.b.handle(msg_notify{.from = front + static_cast<char>('a' + i),
                                          .epoch = entered,
                                          .drained = true,
                                          .serial = request.serial,
                                          .index = i,
                                          .entries = run::of(as_bytes("x"))}) == refusal::none);
        }
        REQUIRE(w.b.handle(sync_answer{.serial = request.serial, .rows = 17}) == refusal::none);
        w.clock.advance(10s);  // nothing more comes
    }
    msg_notify late = direct("aa", 0);  // a row of an earlier page: its stream is asked for alone
    late.drained = true;
    REQUIRE(w.b.handle(late) == refusal::none);
    std::optional<mailbox_key> last;
    std::size_t requests = 0;
    for (;; ++requests) {
        const sync_request request = asked(w);
        CHECK((!last || (request.from && !(*request.from < *last))));
        REQUIRE(w.b.handle(sync_answer{.serial = request.serial, .rows = 0}) == refusal::none);
        last = request.until;
        if (!last) {
            break;
        }
    }
    CHECK(requests >= 16);
    CHECK(requests < 40);
}

TEST_CASE(
    "seldom rounds: with little room, a slow app, losses and several epochs all comes, once and "
    "in order [spec 3.22, 3.26]") {
    for (const std::uint32_t window : {1U, 2U, 4U, 16U}) {
        for (const duration app : {duration::zero(), duration(50ms), duration(2s)}) {
            for (const double loss : {0., .2}) {
                drained_world w({.window = window, .held_entries = window});
                w.app = app;
                w.loss = loss;
                for (const epoch of : {entered, larger, epoch{0x10}}) {
                    w.put("alice", of, 0, 10, 10);
                    w.put("carol", of, 0, 5, 10);
                }
                w.b.link_up(link);
                CAPTURE(window, app.count(), loss);
                CHECK(w.drain() < 20min);
                CHECK(w.order.size() == 45);
                std::map<std::string, mailbox_key> last;
                for (const mailbox_key& each : w.order) {
                    const auto [before, first] =
                        last.try_emplace(std::string(each.from.name()), each);
                    CHECK((first || before->second < each));
                    before->second = each;
                }
            }
        }
    }
}

TEST_CASE("seldom rounds: rows that a relay names and that are not there are asked for a few times "
          "in a round [spec 3.26]") {
    for (const msgid lie : {msgid{entered, 0}, msgid{entered, 7}, msgid{epoch{1}, 3}}) {
        for (const bool knows_smaller : {false, true}) {
            CAPTURE(lie.seq, knows_smaller);
            drained_world w;
            w.b.link_up(link);
            if (knows_smaller) {
                w.put("alice", entered, 0, 3, 10);
                REQUIRE(w.drain() < 1min);
            }
            w.lie = lie;
            w.put("alice", larger, 0, 4, 10);
            w.run_for(1h);
            CHECK(w.rows.size() == 4);  // it cannot be let in
            CHECK(w.syncs < 80);        // 7 rounds
        }
    }
}

TEST_CASE(
    "drained_page: a row whose seq no frame can carry ends the run in front of it, and is left "
    "out [spec 5.5]") {
    const sync_request request{.serial = 1, .rows = 10, .room = 1000};
    std::array<mailbox_row, 2> rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].from = "alice";
        rows[i].id = {entered, seq_end - 1 + i};
        rows[i].payload = as_bytes("x");
    }
    mailbox_outcome found{.done = true};
    found.rows = rows;
    run_writer scratch;
    detail::drained_page page(request, found, scratch);
    const auto first = page.next();
    REQUIRE(first);
    CHECK((first->first == seq_end - 1 && first->entries.count() == 1));
    CHECK_FALSE(page.next());
    CHECK(page.faults() == 1);
}

}  // namespace
}  // namespace seldom_rounds_tests
