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

// What a new link, epoch or life begins anew at a sender, and what never goes back. Its parts have their own tests of that.

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
        duration wait{};
        while (times-- > 0) {
            const time_point before = clock.now();
            for (bool sent = false; !sent;) {
                for (const support::sent_request& each : next()) {
                    sent = sent || !each.probes();
                }
            }
            wait = clock.now() - before;
        }
        return wait;
    }
    [[nodiscard]] const outbound_stream& to_bob() { return test_access::stream(a, "bob"); }
    [[nodiscard]] const outbound_path& path() { return test_access::path(a, "bob"); }
};

// --- field by field ------------------------------------------------------------------------------------

TEST_CASE("sender: a new link begins anew what was said and waited for on the last one, and keeps "
          "the rest [spec 3.28]") {
    fixture f;
    f.send_all(6);
    f.clock.advance(10ms);
    REQUIRE(f.echoed({.floor = 1}) == refusal::none);  // the others were turned away
    (void)f.transmit();
    for (int i = 0; i < 2; ++i) {
        REQUIRE(f.taken() == refusal::none);
        (void)f.resend(1);
    }
    const outbound_stream stream = f.to_bob();
    const outbound_path before = f.path();
    REQUIRE(test_access::time_outs(f.a, "bob") > 0);
    f.a.link_down();
    CHECK(test_access::differing(stream, f.to_bob()).empty());
    CHECK(test_access::differing(before, f.path()).empty());
    f.up();
    CHECK(test_access::differing(stream, f.to_bob()) == names{"counts"});
    CHECK(test_access::differing(before, f.path()) ==
          names{"counted", "trip", "run_max", "copies", "greet", "sendings.judged",
                "sendings.stranded", "sendings.flight", "timer.way_timeouts", "timer.turns",
                "word.floor", "word.met"});
    CHECK(test_access::time_outs(f.a, "bob") == 0);
}

TEST_CASE(
    "sender: a new life keeps of a stream what its journal says, and the rest is new [spec 7.7]") {
    fixture f({}, journaling::withhold);
    f.up();
    for (int i = 0; i < 6; ++i) {
        f.send("bob", "x");
    }
    f.keep();
    (void)f.transmit();
    f.clock.advance(10ms);
    REQUIRE(f.echoed({.floor = 1, .limits = receiver_limits{9, 9, 2000}}) == refusal::none);
    REQUIRE(f.stored(1) == refusal::none);
    (void)f.news();
    f.keep();
    (void)f.resend(3);
    std::vector<std::byte> journal;
    for (std::uint64_t at = 0; const auto part = f.a.snapshot(at, f.buffer);) {
        journal.insert(journal.end(), part->begin(), part->end());
    }
    sender next =
        sender::create(f.clock, {.start = 2, .seed = 2}, {}, journaling::withhold, journal).value();
    CHECK(test_access::differing(f.to_bob(), test_access::stream(next, "bob")) ==
          names{"unsent", "passed", "lowest_due", "lowest_turned_away",
                "counts"});  // all were sent, and one is due
    const outbound_path& path = test_access::path(next, "bob");
    CHECK(test_access::differing(path,
                                 outbound_path(path.sendings.next(), sender_options().payload_max))
              .empty());
}

// --- a new epoch ---------------------------------------------------------------------------------------

TEST_CASE("sender: however long ago it was sent, under its new epoch nothing leaves before its "
          "record [spec 7.6]") {
    fixture f({}, journaling::withhold);
    f.up();
    f.send("bob", "x");
    f.keep();
    REQUIRE(f.seqs() == std::vector<seq>{0});
    REQUIRE(f.past(later_epoch) == refusal::none);
    f.clock.advance(1h);
    CHECK(f.transmit().empty());
    f.keep();
    CHECK(f.seqs() == std::vector<seq>{0});
}

TEST_CASE("sender: of a new epoch nothing was sent, so no ack state can speak of it [spec 3.12]") {
    fixture f;
    f.send_all(9);
    REQUIRE(f.past(later_epoch) == refusal::none);
    CHECK(f.state({.floor = 5}) == refusal::too_soon);
    CHECK(f.news().empty());
    f.clock.advance(1s);
    CHECK(f.state({.floor = 5}) == refusal::never_sent);
    CHECK(f.news().empty());
}

TEST_CASE(
    "sender: what B had of the last epoch is no measure of how it gets on in the next [spec 3.6]") {
    fixture f;
    f.send_all(8);
    REQUIRE(f.echoed({.floor = 5}) == refusal::none);
    REQUIRE(f.past(later_epoch) == refusal::none);
    (void)f.transmit();
    const receiver_limits no_room{1, 64, 1024};
    REQUIRE(f.echoed({.limits = no_room}) == refusal::none);
    for (int i = 0; i < 8; ++i) {
        (void)f.next();  // when nothing is out it is asked
        REQUIRE(f.echoed({.limits = no_room}) == refusal::none);
    }
    REQUIRE(test_access::time_outs(f.a, "bob") >= 2);
    REQUIRE(f.echoed({.floor = 1, .limits = no_room}) == refusal::none);
    CHECK(test_access::time_outs(f.a, "bob") == 0);
}

// --- a new link ----------------------------------------------------------------------------------------

TEST_CASE("sender: on a new link the waits begin anew, too [spec 3.6, 3.28]") {
    fixture f;
    f.send_all(1);
    CHECK(f.resend(6) > 10s);
    f.a.link_down();
    f.up();
    REQUIRE(f.seqs() == std::vector<seq>{0});
    f.clock.advance(500ms);  // a first wait
    CHECK(f.seqs() == std::vector<seq>{0});
}

// --- what never goes back ------------------------------------------------------------------------------

TEST_CASE("sender: after ever so many sendings the wait does not fall from its cap [spec 3.6]") {
    fixture f({.retry = {.first = 100ms, .max = 1s}});
    f.send_all(1);
    (void)f.resend(10);
    for (int i = 0; i < 600; ++i) {
        const duration wait = f.resend(1);
        REQUIRE(wait >= 1s);
        REQUIRE(wait <= 1250ms);
    }
}

TEST_CASE(
    "sender: an answer to the sending of the largest number is a sample, and the next one counts "
    "from 0 [spec 1.6]") {
    const auto last = GENERATE(as<sending_number>{}, 0xFFFF, 0);
    fixture f;
    f.send("bob", "x");
    test_access::count_from(f.a, static_cast<sending_number>(last - 1));
    f.up();
    REQUIRE(f.transmit().size() == 2);  // the probe, and the message
    REQUIRE(f.last == last);
    f.clock.advance(10ms);
    SECTION("of the relay") {
        REQUIRE(f.taken() == refusal::none);
        CHECK(test_access::trip(test_access::hop(f.a)).sampled());
        CHECK(f.news() == std::vector{status::relayed});
    }
    SECTION("of the receiver") {
        REQUIRE(f.echoed({.floor = 0}) == refusal::none);
        CHECK(f.path().trip.sampled());
    }
}

TEST_CASE("sender: limits of an ack state that is refused are no limits") {
    fixture f;
    f.send_all(1);
    REQUIRE(f.state({.floor = 9, .limits = receiver_limits{1, 1, 10}}) == refusal::never_sent);
    CHECK(f.a.send("bob", as_bytes(std::string(100, 'x'))));
    CHECK(f.path().word.exceptions() == 64);
    CHECK(f.path().room_end() == seq_end);
}

TEST_CASE("sender: what was durable is durable, whatever is said later [spec 7.6]") {
    fixture f({}, journaling::withhold);
    f.send("bob", "x");
    f.send("bob", "y");
    f.keep();
    f.a.durable(0);
    f.up();
    const auto out = f.transmit();
    REQUIRE(out.size() == 2);
    CHECK(out[0].probes());
    CHECK(out[1].messages == std::vector<std::string>{"x", "y"});
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
