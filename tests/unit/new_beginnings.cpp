// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/lone_sender.hpp"
#include "support/test_access.hpp"

// What a new link, epoch or life begins anew, and what never goes back.

namespace new_beginnings_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using names = std::vector<std::string>;

constexpr epoch later_epoch{std::uint64_t{1} << 60};

/// A fixture of a sender whose messages have left.
struct fixture : support::lone_sender {
    using lone_sender::lone_sender;

    void send_all(int count) {
        up();
        for (int i = 0; i < count; ++i) {
            send("bob", "x");
        }
        (void)transmit();
    }
    /// The message of seq 0 is sent so often more; the last wait.
    duration resend(int times) {
        time_point before = clock.now();
        for (int calls = 0; times > 0; ++calls) {
            REQUIRE(calls < 10'000);
            clock.set(a.next_deadline());
            if (!seqs().empty()) {
                before = std::exchange(last, clock.now());
                --times;
            }
        }
        return last - before;
    }
    time_point last{};
};

// --- field by field ------------------------------------------------------------------------------------

outbound_stream used_outbound() {
    outbound_stream out;
    out.restart(epoch{7});
    for (std::uint32_t i = 0; i < 9; ++i) {
        (void)out.append(i);
        out.pass_unsent();
    }
    out.remove(0);
    out.advance_base([](std::uint32_t slot) { return slot < 4; });
    out.lower_base(2);
    out.pass_unsent();
    out.limits = {7, 6, 5};
    out.record = 4;
    out.journaled_epoch = epoch{3};
    out.journaled_next = 2;
    out.trip.sample(5ms, time_point(1s));
    out.reported_floor = 1;
    out.known = 3;
    out.probed_at = time_point(9s);
    out.probes = out.stored = out.tombstones = 2;
    out.met = out.backed_off = true;
    out.sent_end = 8;
    return out;
}

TEST_CASE("outbound_stream: a new epoch keeps what is the peer's and the journal's, and nothing "
          "else [spec 3.8]") {
    const outbound_stream before = used_outbound();
    outbound_stream after = before;
    after.restart(epoch{9});
    outbound_stream fresh;
    fresh.epoch = epoch{9};
    const names kept{"limits", "record", "journaled_epoch", "journaled_next", "trip", "probed_at"};
    CHECK(test_access::differing(after, fresh) == kept);
    CHECK(test_access::differing(before, fresh).size() == 20);  // all fields were in use
}

TEST_CASE(
    "sender: a new link begins anew what was said on the last one, and keeps the rest [spec 3.9]") {
    fixture f;
    f.send_all(6);
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    REQUIRE(f.stored(1) == refusal::none);
    (void)f.resend(9);
    const outbound_stream before = test_access::stream(f.a, "bob");
    REQUIRE(before.probes > 0);
    f.a.link_down();
    CHECK(test_access::differing(before, test_access::stream(f.a, "bob")).empty());
    f.up();
    CHECK(test_access::differing(before, test_access::stream(f.a, "bob")) ==
          names{"reported_floor", "probes", "met"});
}

TEST_CASE(
    "sender: a new life keeps of a stream what its journal says, and the rest is new [spec 7.7]") {
    fixture f({}, journaling::withhold);
    f.up();
    for (int i = 0; i < 6; ++i) {
        f.send("bob", "x");
    }
    (void)f.journal();
    f.a.durable(f.a.written());
    (void)f.transmit();
    f.clock.advance(10ms);
    REQUIRE(f.state({.floor = 1, .limits = receiver_limits{9, 9, 2000}}, echo{0, 0}) ==
            refusal::none);
    REQUIRE(f.stored(1) == refusal::none);
    (void)f.news();
    (void)f.journal();
    f.a.durable(f.a.written());
    (void)f.resend(3);
    std::vector<std::byte> journal;
    for (std::uint64_t at = 0; const auto part = f.a.snapshot(at, f.buffer);) {
        journal.insert(journal.end(), part->begin(), part->end());
    }
    sender next =
        sender::create(f.clock, {.start = 2, .seed = 2}, {}, journaling::withhold, journal).value();
    CHECK(
        test_access::differing(test_access::stream(f.a, "bob"), test_access::stream(next, "bob")) ==
        names{"limits", "record", "trip", "reported_floor", "known", "probed_at", "probes", "met",
              "backed_off"});
}

// --- a new epoch ---------------------------------------------------------------------------------------

TEST_CASE("sender: however long ago it was sent, under its new epoch nothing leaves before its "
          "record [spec 7.6]") {
    fixture f({}, journaling::withhold);
    f.up();
    f.send("bob", "x");
    (void)f.journal();
    f.a.durable(f.a.written());
    REQUIRE(f.seqs() == std::vector<seq>{0});
    REQUIRE(f.past(later_epoch) == refusal::none);
    f.clock.advance(1h);
    CHECK(f.transmit().empty());
    (void)f.journal();
    f.a.durable(f.a.written());
    CHECK(f.seqs() == std::vector<seq>{0});
}

TEST_CASE("sender: of a new epoch nothing was sent, so no ack state can speak of it [spec 3.8]") {
    fixture f;
    f.send_all(9);
    REQUIRE(f.past(later_epoch) == refusal::none);
    CHECK(f.state({.floor = 5}) == refusal::never_sent);
    CHECK(f.news().empty());
}

TEST_CASE(
    "sender: what B had of the last epoch is no measure of how it gets on in the next [spec 3.2]") {
    fixture f;
    f.send_all(8);
    REQUIRE(f.state({.floor = 5}) == refusal::none);
    REQUIRE(f.past(later_epoch) == refusal::none);
    (void)f.transmit();
    f.last = f.clock.now();
    (void)f.resend(30);
    f.clock.advance(1ms);
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    f.clock.advance(1s);
    CHECK_FALSE(f.seqs().empty());
}

// --- a new link ----------------------------------------------------------------------------------------

TEST_CASE("sender: on a new link the waits begin anew, too [spec 3.2]") {
    fixture f;
    f.send_all(1);
    CHECK(f.resend(6) > 10s);
    f.a.link_down();
    f.up();
    REQUIRE(f.seqs() == std::vector<seq>{0});
    f.clock.advance(625ms);  // a first wait, and its jitter
    CHECK(f.seqs() == std::vector<seq>{0});
}

// --- what never goes back ------------------------------------------------------------------------------

TEST_CASE("sender: after ever so many sendings the wait does not fall from its cap [spec 3.2]") {
    fixture f({.retry = {.first = 100ms, .max = 1s}});
    f.send_all(1);
    (void)f.resend(10);
    for (int i = 0; i < 600; ++i) {
        const duration wait = f.resend(1);
        REQUIRE(wait >= 1s);
        REQUIRE(wait <= 1250ms);
    }
}

TEST_CASE("sender: an answer to sending number 255 is a sample, and the next one counts from 0 "
          "[spec 3.2]") {
    fixture f({.retry = {.first = 100ms, .max = 1s}});
    f.send_all(1);
    (void)f.resend(255);
    f.clock.advance(10ms);
    SECTION("of the relay") {
        REQUIRE(f.taken(0, 255) == refusal::none);
        CHECK_FALSE(test_access::relay_trip(f.a) == round_trip());
    }
    SECTION("of the receiver") {
        REQUIRE(f.state({.floor = 0, .limits = receiver_limits{}}, echo{0, 255}) == refusal::none);
        CHECK_FALSE(test_access::stream(f.a, "bob").trip == round_trip());
    }
}

TEST_CASE("sender: limits of an ack state that is refused are no limits") {
    fixture f;
    f.send_all(1);
    REQUIRE(f.state({.floor = 9, .limits = receiver_limits{1, 1, 10}}) == refusal::never_sent);
    CHECK(f.a.send("bob", as_bytes(std::string(100, 'x'))));
    CHECK(test_access::stream(f.a, "bob").limits.window == 64);
}

TEST_CASE("sender: what was durable is durable, whatever is said later [spec 7.6]") {
    fixture f({}, journaling::withhold);
    f.send("bob", "x");
    f.send("bob", "y");
    (void)f.journal();
    f.a.durable(f.a.written());
    f.a.durable(0);
    f.up();
    const auto out = f.transmit();
    REQUIRE(out.size() == 3);
    CHECK(out[0].form == form::probe);
    CHECK(out[2].seq == 1);
}

TEST_CASE("journal: a snapshot says no less of the tickets than the records that it replaces [spec "
          "7.8]") {
    fixture f({.queue_entries = 1}, journaling::withhold);
    std::map<std::string, std::vector<std::byte>> rows;  // by key, as a database has them
    const auto keep = [&](bytes records) {
        journal_reader reader(records);
        while (const auto each = reader.next()) {
            const std::string key(as_text(each->key));
            rows[key].assign(each->wire.begin(), each->wire.end());
            if (each->gone) {
                rows.erase(key);
            }
        }
    };
    std::set<ticket> given;
    f.up();
    for (seq i = 0; i < 20; ++i) {
        given.insert(f.send("bob", "x"));
        while (const auto records = f.a.poll_journal(f.buffer)) {
            keep(*records);
        }
        f.a.durable(f.a.written());
        (void)f.transmit();
        REQUIRE(f.state({.floor = i + 1}) == refusal::none);
        REQUIRE(f.news() == std::vector{status::delivered});
        while (const auto records = f.a.poll_journal(f.buffer)) {
            keep(*records);
        }
        f.a.durable(f.a.written());
        if (i == 5) {
            rows.clear();
            for (std::uint64_t at = 0; const auto records = f.a.snapshot(at, f.buffer);) {
                keep(*records);
            }
        }
    }
    REQUIRE(given.size() == 20);
    std::vector<std::byte> journal;
    for (const auto& [key, row] : rows) {
        journal.insert(journal.end(), row.begin(), row.end());
    }
    sender next = sender::create(f.clock, {.start = 2, .seed = 2}, {.queue_entries = 1},
                                 journaling::withhold, journal)
                      .value();
    CHECK(given.count(next.send("bob", as_bytes("x")).value()) == 0);
}

}  // namespace
}  // namespace new_beginnings_tests
