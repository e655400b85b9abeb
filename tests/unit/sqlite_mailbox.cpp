// SPDX-License-Identifier: BSL-1.0
#include "sixfold/ext/sqlite_mailbox.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <sqlite3.h>

#include "sixfold/parts/random.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "support/catch.hpp"
#include "support/faulty_disk.hpp"
#include "support/sqlite_spy.hpp"
#include "support/temporary_file.hpp"

// What it does as any mailbox does is in tests/mailbox, what it survives in tests/powerloss and
// tests/iofail.

namespace sqlite_mailbox_tests {

using namespace sixfold;
using namespace sixfold::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using support::sqlite_spy;
using support::temporary_file;

namespace {

std::vector<bool> done(std::span<const mailbox_exchange> exchanges) {
    std::vector<bool> all;
    for (const mailbox_exchange& each : exchanges) {
        all.push_back(each.outcome.done);
    }
    return all;
}

using flags = std::vector<bool>;

}  // namespace

TEST_CASE("sqlite_mailbox: refuses a limit that is zero, and makes no file") {
    const auto refused = sqlite_mailbox::open("/no/such/folder/mailbox.db", {.states_max = 0});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == sqlite_fault::option);
    CHECK_THAT(refused.error().what, ContainsSubstring("mailbox.states_max"));
}

TEST_CASE("sqlite_mailbox: refuses a database that is not a mailbox") {
    const temporary_file file;
    const sqlite_schema other = {4321, 1, "CREATE TABLE item (id)"};
    CHECK(sqlite_database::open(file.path(), other));
    const auto refused = sqlite_mailbox::open(file.path());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == sqlite_fault::foreign);
}

TEST_CASE("sqlite_mailbox: finds everything by an index, whatever is asked") {
    const temporary_file file;
    const sqlite_spy spy;
    const auto mailbox = sqlite_mailbox::open(file.path()).value();
    const std::vector<std::string> statements = spy.statements();
    CHECK(statements.size() == 24);
    for (const std::string& sql : statements) {
        for (const std::string& step : spy.plan(sql)) {
            INFO(sql << '\n' << step);
            CHECK(step.find("SCAN") == std::string::npos);
            CHECK(step.find("TEMP B-TREE") == std::string::npos);
            CHECK(step.find("SEARCH mail USING INDEX sqlite_autoindex_mail_1 (receiver=?)") ==
                  std::string::npos);
        }
    }
}

TEST_CASE("sqlite_mailbox: its counters agree with its rows, whatever was asked") {
    const temporary_file file;
    const sqlite_spy spy;
    const mailbox_limits limits = {
        .rows_per_pair_max = 4, .rows_max = 20, .bytes_max = 40, .states_max = 4};
    manual_clock clock;
    auto mailbox = sqlite_mailbox::open(file.path(), limits, {}, clock).value();
    random_source random(1);
    std::size_t refused = 0;
    std::size_t handled = 0;
    for (int step = 0; step < 3000; ++step) {
        const std::string from(1, static_cast<char>('a' + random.below(3)));
        const std::string to(1, static_cast<char>('a' + random.below(3)));
        const seq which = random.below(6);
        const std::uint64_t action = random.below(8);
        clock.advance(1s);
        if (action == 0) {
            handled += mailbox.expire({.payloads = 20s, .streams = 30s}, 2).value();
        } else if (action == 1) {
            REQUIRE(mailbox.execute(erase(to, from, 1, encoded(which, 0b1010))).done);
        } else if (action == 2) {
            refused += mailbox.execute(tombstone(from, to, 1, which)).done ? 0 : 1;
        } else if (action == 3) {
            const run_writer three =
                written({testing::message("xyz"), ended, testing::message("z")});
            refused += mailbox.execute(put_run(from, to, 1, which, three.get())).done ? 0 : 1;
        } else {
            refused += mailbox.execute(put(from, to, 1, which, "xyz")).done ? 0 : 1;
        }
    }
    CHECK(refused > 100);
    CHECK(handled > 100);
    const std::string counted =
        "WITH things (receiver, sender, row, size, state) AS ("
        "SELECT receiver, sender, 1, ifnull(length(payload), 0), 0 FROM mail UNION ALL "
        "SELECT receiver, sender, 0, 0, 1 FROM last_state), "
        "places (receiver, sender, row, size, state) AS ("
        "SELECT x'', x'', row, size, state FROM things UNION ALL "
        "SELECT receiver, x'', row, size, state FROM things UNION ALL "
        "SELECT x'', sender, row, size, state FROM things UNION ALL SELECT * FROM things) "
        "SELECT receiver || ' ' || sender || ' ' || sum(row) || ' ' || sum(size) || ' ' || "
        "sum(state) FROM places GROUP BY receiver, sender ORDER BY receiver, sender";
    const std::string kept = "SELECT receiver || ' ' || sender || ' ' || rows || ' ' || bytes || "
                             "' ' || states FROM usage ORDER BY receiver, sender";
    const std::vector<std::string> found = spy.ask(kept);
    CHECK(found.size() > 5);
    CHECK(found == spy.ask(counted));
    CHECK(mailbox.usage().states == 4);
}

TEST_CASE("sqlite_mailbox: keeps no counter of what is empty") {
    const temporary_file file;
    const sqlite_spy spy;
    auto mailbox = sqlite_mailbox::open(file.path()).value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
    CHECK(mailbox.execute(tombstone("carol", "bob", 1, 0)).done);
    CHECK(spy.ask("SELECT count(*) FROM usage") == std::vector<std::string>{"6"});
    CHECK(mailbox.execute(past("bob", "alice", 1)).done);
    CHECK(mailbox.execute(past("bob", "carol", 1)).done);
    CHECK(spy.ask("SELECT count(*) FROM usage") == std::vector<std::string>{"0"});
}

TEST_CASE("sqlite_mailbox: at the bound the oldest ack state makes room") {
    const temporary_file file;
    auto mailbox = sqlite_mailbox::open(file.path(), {.states_max = 2}).value();
    const auto acknowledge = [&](const peer& sender, seq which) {
        CHECK(mailbox.execute(put(sender, "bob", 1, which, "")).done);
        CHECK(mailbox.execute(erase("bob", sender, 1, encoded(which + 1))).done);
    };
    acknowledge("alice", 0);
    acknowledge("carol", 0);
    acknowledge("alice", 1);
    acknowledge("dave", 0);
    CHECK(mailbox.usage().states == 2);
    CHECK(last_state(mailbox, "alice", "bob", 1) == encoded(2));
    CHECK(last_state(mailbox, "carol", "bob", 1).empty());
    CHECK(last_state(mailbox, "dave", "bob", 1) == encoded(1));
}

TEST_CASE("sqlite_mailbox: a group is done in its order, as if each had been asked alone") {
    const temporary_file file;
    auto mailbox = sqlite_mailbox::open(file.path(), {.rows_per_pair_max = 2}).value();
    mailbox_group group;
    group.add(look("alice", "bob", 1, 9));
    group.add(put("alice", "bob", 1, 0, "one"));
    group.add(put("alice", "bob", 1, 1, "two"));
    group.add(put("alice", "bob", 1, 2, "above the limit"));
    group.add(look("alice", "bob", 1, 9));
    group.add(erase("bob", "alice", 1, encoded(1)));
    group.add(look("alice", "bob", 1, 9));
    group.add(page("bob"));
    const auto exchanges = mailbox.execute(group);
    CHECK(done(exchanges) == flags{true, true, true, false, true, true, true, true});
    CHECK(mailbox.last_error().fault == sqlite_fault::none);
    CHECK(exchanges[0].outcome.low == 9);
    CHECK(exchanges[4].outcome.low == 0);
    CHECK(exchanges[4].outcome.last_state.empty());
    CHECK(exchanges[6].outcome.low == 1);
    CHECK(as_text(exchanges[6].outcome.last_state) == as_text(encoded(1)));
    REQUIRE(exchanges[7].outcome.rows.size() == 1);
    CHECK(testing::text(exchanges[7].outcome.rows[0]) == "alice 1:1 two");
}

TEST_CASE("sqlite_mailbox: of a group all is changed or nothing, and what reads is answered") {
    const temporary_file file;
    const sqlite_spy spy;
    auto mailbox = sqlite_mailbox::open(file.path()).value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "before")).done);
    CHECK(spy.ask("CREATE TRIGGER broken BEFORE INSERT ON mail WHEN new.seq = 7 "
                  "BEGIN SELECT raise(ABORT, 'seq 7 is broken'); END")
              .empty());
    mailbox_group group;
    group.add(page("bob"));
    group.add(put("alice", "bob", 1, 6, ""));
    group.add(put("alice", "bob", 1, 7, ""));
    group.add(erase("bob", "alice", 1, encoded(1)));
    const auto exchanges = mailbox.execute(group);
    CHECK(done(exchanges) == flags{true, false, false, false});
    CHECK(exchanges[0].outcome.rows.size() == 1);
    CHECK(mailbox.last_error().fault == sqlite_fault::other);
    CHECK(mailbox.last_error().what == "seq 7 is broken");
    CHECK(drain(mailbox, "bob") == strings{"alice 1:0 before"});
    CHECK(mailbox.last_error().fault == sqlite_fault::none);

    CHECK(spy.ask("DROP TRIGGER broken").empty());
    CHECK(done(mailbox.execute(group)) == flags{true, true, true, true});
    CHECK(drain(mailbox, "bob") == strings{"alice 1:6 ", "alice 1:7 "});
}

TEST_CASE("sqlite_mailbox: is busy while another connection writes, and then goes on") {
    const temporary_file file;
    auto mine = sqlite_mailbox::open(file.path(), {}, {.busy_timeout = {}}).value();
    const sqlite_spy spy;
    auto theirs = sqlite_mailbox::open(file.path()).value();  // another relay
    CHECK(spy.ask("BEGIN IMMEDIATE").empty());
    CHECK_FALSE(mine.execute(put("alice", "bob", 1, 0, "hello")).done);
    CHECK(mine.last_error().fault == sqlite_fault::busy);
    CHECK_FALSE(mine.expire({}, 1));
    CHECK(mine.last_error().fault == sqlite_fault::busy);
    CHECK(mine.execute(page("bob")).done);  // who only reads is in nobody's way
    CHECK(mine.usage().rows == 0);
    CHECK(mine.last_error().fault == sqlite_fault::none);
    mailbox_group group;
    group.add(put("alice", "bob", 1, 0, "hello"));
    CHECK(done(mine.execute(group)) == flags{false});
    CHECK(spy.ask("COMMIT").empty());
    CHECK(done(mine.execute(group)) == flags{true});
    CHECK(drain(theirs, "bob") == strings{"alice 1:0 hello"});
    CHECK(theirs.execute(past("bob", "alice", 1)).done);
    CHECK(drain(mine, "bob").empty());
}

TEST_CASE("sqlite_mailbox: where the disk is full, what erases makes room again") {
    const temporary_file file;
    const sqlite_spy spy;
    auto mailbox = sqlite_mailbox::open(file.path()).value();
    CHECK(spy.ask("PRAGMA max_page_count = 60") == std::vector<std::string>{"60"});
    const std::string payload(5000, 'x');
    seq next = 0;
    while (mailbox.execute(put("alice", "bob", 1, next, payload)).done) {
        ++next;
        REQUIRE(next < 60);
    }
    CHECK(next > 10);
    CHECK(mailbox.last_error().fault == sqlite_fault::full);
    mailbox_group group;
    group.add(put("alice", "bob", 1, next, payload));
    group.add(look("alice", "bob", 1));
    group.add(erase("bob", "alice", 1, encoded(5)));
    CHECK(done(mailbox.execute(group)) == flags{false, true, true});
    CHECK(mailbox.last_error().fault == sqlite_fault::full);
    CHECK(mailbox.execute(look("alice", "bob", 1, 99)).low == 5);
    CHECK(done(mailbox.execute(group)) == flags{true, true, true});
    CHECK(mailbox.usage().rows == next + 1 - 5);
}

TEST_CASE("sqlite_mailbox: retention keeps up with what comes, however few it handles in a call") {
    const temporary_file file;
    manual_clock clock;
    auto mailbox = sqlite_mailbox::open(file.path(), {}, {}, clock).value();
    seq next = 0;
    for (int hour = 0; hour < 12; ++hour) {
        for (int i = 0; i < 20; ++i) {
            CHECK(mailbox.execute(put("alice", "bob", 1, next++, "x")).done);
        }
        while (mailbox.expire({.payloads = 3h}, 5).value() == 5) {
        }
        CHECK(mailbox.usage().bytes <= 3 * 20);
        clock.advance(1h);
    }
    CHECK(mailbox.usage().rows == 240);
}

TEST_CASE(
    "sqlite_mailbox: that a receiver came is noted once in an hour, and only if he has rows") {
    const temporary_file file;
    const sqlite_spy spy;
    manual_clock clock;
    clock.set(time_point(1000h));
    auto mailbox = sqlite_mailbox::open(file.path(), {}, {}, clock).value();
    const auto writes = [&](const mailbox_request& request) {
        const std::string changes = spy.ask("SELECT total_changes()")[0];
        CHECK(mailbox.execute(request).done);
        return std::stoi(spy.ask("SELECT total_changes()")[0]) - std::stoi(changes);
    };
    CHECK(writes(page("bob")) == 0);
    CHECK(writes(erase("bob", "alice", 1, encoded(0))) == 0);
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
    CHECK(writes(page("bob")) == 1);
    CHECK(writes(page("bob")) == 0);
    CHECK(writes(page("carol")) == 0);
    clock.advance(1h);
    CHECK(writes(page("bob")) == 0);
    clock.advance(duration(1));
    CHECK(writes(erase("bob", "alice", 1, encoded(0))) == 1);
    CHECK(writes(erase("bob", "alice", 1, encoded(0))) == 0);
    CHECK(spy.ask("SELECT came / 3600000000000 FROM usage WHERE sender = x'' AND receiver = "
                  "x'626F62'") == strings{"1002"});
    clock.advance(2h);
    mailbox_group group;  // in the same transaction
    group.add(page("bob"));
    CHECK(done(mailbox.execute(group)) == flags{true});
    CHECK(spy.ask("SELECT came / 3600000000000 FROM usage WHERE sender = x'' AND receiver = "
                  "x'626F62'") == strings{"1004"});
}

TEST_CASE("sqlite_mailbox: retention of a damaged mailbox comes to an end") {
    const temporary_file file;
    const sqlite_spy spy;
    manual_clock clock;
    clock.set(time_point(1000h));
    auto mailbox = sqlite_mailbox::open(file.path(), {}, {}, clock).value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
    SECTION("of a stream without rows") {
        CHECK(spy.ask("INSERT INTO stream VALUES (x'65', x'66', 1, 0, 0)").empty());
    }
    SECTION("of a name that is none") {
        CHECK(spy.ask("INSERT INTO stream VALUES (zeroblob(60), x'66', 1, 0, 0)").empty());
        CHECK(spy.ask("UPDATE usage SET came = 7").empty());
    }
    CHECK(mailbox.expire({.streams = 900h}, 10).value() == 0);
    CHECK(mailbox.last_error().fault == sqlite_fault::none);
    CHECK(drain(mailbox, "bob") == strings{"alice 1:0 hello"});
}

TEST_CASE("sqlite_mailbox: refuses a mailbox without its tables") {
    const temporary_file file;
    const sqlite_spy spy;
    CHECK(sqlite_mailbox::open(file.path()));
    {
        const auto mailbox = sqlite_mailbox::open(file.path()).value();
        CHECK(spy.ask("DROP TABLE mail").empty());
    }
    const auto refused = sqlite_mailbox::open(file.path());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == sqlite_fault::other);
    CHECK_THAT(refused.error().what, ContainsSubstring("mail"));
}

TEST_CASE("sqlite_mailbox: an ack:R that erases nothing, or is damaged, is not done") {
    const temporary_file file;
    auto mailbox = sqlite_mailbox::open(file.path()).value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
    mailbox_request waiting = past("bob", "alice", 1);
    std::get<ack_request>(waiting.what).word = ack_word::waiting;
    CHECK_FALSE(mailbox.execute(waiting).done);
    CHECK_FALSE(mailbox.execute(erase("bob", "alice", 1, blob{std::byte{0xFF}})).done);
    CHECK(mailbox.usage().rows == 1);
    CHECK(mailbox.last_error().fault == sqlite_fault::none);
}

TEST_CASE("sqlite_mailbox: with more in it than its limits allow now, it takes nothing more") {
    const temporary_file file;
    {
        auto mailbox = sqlite_mailbox::open(file.path()).value();
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
    }
    auto mailbox = sqlite_mailbox::open(file.path(), {.bytes_max = 4}).value();
    CHECK_FALSE(mailbox.execute(put("alice", "bob", 1, 1, "")).done);
    CHECK(drain(mailbox, "bob") == strings{"alice 1:0 hello"});
    CHECK(mailbox.execute(past("bob", "alice", 1)).done);
    CHECK(mailbox.execute(put("alice", "bob", 1, 1, "")).done);
}

TEST_CASE("sqlite_mailbox: ack states that somebody else has erased are not missed") {
    const temporary_file file;
    const sqlite_spy spy;
    auto mailbox = sqlite_mailbox::open(file.path(), {.states_max = 1}).value();
    const auto acknowledge = [&](const peer& sender) {
        CHECK(mailbox.execute(put(sender, "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(erase("bob", sender, 1, encoded(1))).done);
    };
    acknowledge("alice");
    CHECK(spy.ask("DELETE FROM last_state").empty());
    acknowledge("carol");
    CHECK(last_state(mailbox, "carol", "bob", 1) == encoded(1));
}

namespace {

/// Rows of 900 bytes for Bob, in streams of 200, until the disk is full; returns how many there are.
seq fill(sqlite_mailbox& mailbox) {
    const std::string payload(900, 'x');
    for (seq count = 0;; ++count) {
        const peer from = "sender" + std::to_string(count / 200);
        if (!mailbox.execute(put(from, "bob", 1, count % 200, payload)).done) {
            CHECK(mailbox.last_error().fault == sqlite_fault::full);
            return count;
        }
    }
}

std::size_t rows_of(sqlite_mailbox& mailbox) {
    const strings rows = drain(mailbox, "bob");
    REQUIRE(rows != strings{"not done"});
    return rows.size();
}

}  // namespace

TEST_CASE(
    "sqlite_mailbox: on a full disk everything can be read and erased, wherever it became full") {
    const bool in_a_group = GENERATE(false, true);
    const bool restarts = GENERATE(false, true);
    CAPTURE(in_a_group, restarts);
    int refused = 0;
    for (std::size_t capacity = 1'500'000; capacity < 3'000'000; capacity += 137'000) {
        CAPTURE(capacity);
        support::faulty_disk disk(1);
        disk.set_capacity(capacity);
        std::optional<sqlite_mailbox> mailbox =
            sqlite_mailbox::open("box", {}, {.vfs = disk.vfs()}).value();
        const seq count = fill(*mailbox);
        REQUIRE(count > 100);
        disk.set_capacity(disk.used());  // and others have taken the rest
        if (restarts) {
            mailbox.reset();
            mailbox = sqlite_mailbox::open("box", {}, {.vfs = disk.vfs()}).value();
        }
        CHECK(rows_of(*mailbox) == count);
        CHECK(mailbox->execute(look("sender0", "bob", 1)).done);
        for (seq stream = 0; stream <= (count - 1) / 200; ++stream) {
            const peer from = "sender" + std::to_string(stream);
            const blob state = encoded((std::min)(seq{200}, count - 200 * stream));
            const mailbox_request request = erase("bob", from, 1, state);
            if (in_a_group) {
                mailbox_group group;
                group.add(put("sender0", "carol", 1, 1000 + stream, std::string(200'000, 'x')));
                group.add(request);
                group.add(page("bob"));
                mailbox->execute(group);
                CHECK(group.exchanges()[1].outcome.done);
                CHECK(group.exchanges()[2].outcome.done);
                CHECK(group.exchanges()[0].outcome.done ==
                      (mailbox->last_error().fault != sqlite_fault::full));
                refused += group.exchanges()[0].outcome.done ? 0 : 1;
            } else {
                CHECK(mailbox->execute(request).done);
            }
        }
        CHECK(mailbox->execute(page("bob")).rows.empty());
        if (!in_a_group) {
            CHECK(fill(*mailbox) > count / 2);  // what was erased makes room again
        }
    }
    CHECK(
        (restarts || (refused > 0) == in_a_group));  // a restart gives the room of a long log back
}

TEST_CASE("sqlite_mailbox: on a full disk retention goes on") {
    support::faulty_disk disk(1);
    disk.set_capacity(2'000'000);
    manual_clock clock;
    auto mailbox = sqlite_mailbox::open("box", {}, {.vfs = disk.vfs()}, clock).value();
    REQUIRE(mailbox.execute(put("alice", "bob", 1, 0, std::string(2000, 'x'))).done);
    clock.advance(5h);
    (void)fill(mailbox);
    disk.set_capacity(disk.used());
    clock.advance(5h);
    CHECK(mailbox.expire({.payloads = 10h}, 50).value() >= 1);
    const auto first = mailbox.execute(page("bob"));
    REQUIRE(first.done);
    CHECK(first.rows[0].tombstone);
}

TEST_CASE("sqlite_mailbox: one ack for more than the log has room for is done row by row") {
    const bool is_past = GENERATE(false, true);
    support::faulty_disk disk(1);
    const sqlite_spy spy;
    auto mailbox = sqlite_mailbox::open("box", {}, {.vfs = disk.vfs()}).value();
    const std::string payload(20'000, 'x');
    for (seq at = 0; at < 200; ++at) {
        REQUIRE(mailbox.execute(put("alice", "bob", 1, at, payload)).done);
    }
    (void)spy.ask("PRAGMA secure_delete = ON");  // each page that is freed is written, too
    (void)spy.ask("PRAGMA wal_checkpoint(TRUNCATE)");
    disk.set_capacity(disk.used() + 300'000);
    const blob all = encoded(200);
    CHECK(mailbox.execute(is_past ? past("bob", "alice", 1) : erase("bob", "alice", 1, all)).done);
    CHECK(mailbox.usage().rows == 0);
}

TEST_CASE("sqlite_mailbox: an ack state that finds no room is left out, and its rows are erased") {
    const temporary_file file;
    const sqlite_spy spy;
    auto mailbox = sqlite_mailbox::open(file.path()).value();
    std::size_t left_out = 0;
    for (seq at = 0; left_out == 0; ++at) {
        REQUIRE(at < 500);
        const peer from = "sender" + std::to_string(at);
        REQUIRE(mailbox.execute(put(from, "bob", 1, 0, "x")).done);
        const std::size_t states = mailbox.usage().states;
        const auto pages = spy.ask("PRAGMA page_count");
        REQUIRE(spy.ask("PRAGMA max_page_count = " + pages[0]) == pages);
        CHECK(mailbox.execute(erase("bob", from, 1, encoded(1))).done);
        CHECK(mailbox.usage().rows == 0);
        left_out += states + 1 - mailbox.usage().states;
        (void)spy.ask("PRAGMA max_page_count = 100000");
    }
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "x")).done);
    CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);
    CHECK(last_state(mailbox, "alice", "bob", 1) == encoded(1));  // where there is room, it is kept
}

TEST_CASE("sqlite_mailbox: what cannot be read is used by nobody, and counts again when it can") {
    support::faulty_disk disk(1);
    auto mailbox = sqlite_mailbox::open("box", {}, {.vfs = disk.vfs()}).value();
    REQUIRE(mailbox.execute(put("alice", "bob", 1, 0, "text")).done);
    disk.fail_at(1, support::faulty_disk::fault::io, support::faulty_disk::fails::from_then_on);
    CHECK(mailbox.usage().rows == 0);
    CHECK(mailbox.last_error().fault == sqlite_fault::io);
    disk.heal();
    CHECK(mailbox.usage().rows == 1);
    CHECK(mailbox.last_error().fault == sqlite_fault::none);
}

TEST_CASE("sqlite_mailbox: a full disk is full, whatever its system says of it") {
    const int says = GENERATE(ENOSPC, EDQUOT, 0);
    CAPTURE(says);
    support::faulty_disk disk(1);
    disk.set_capacity(1'500'000, says);
    auto mailbox = sqlite_mailbox::open("box", {}, {.vfs = disk.vfs()}).value();
    CHECK(fill(mailbox) > 100);  // which looks at the fault
    CHECK_THAT(mailbox.last_error().what, ContainsSubstring("full"));
}

TEST_CASE("sqlite_mailbox: where the layer below can make no file larger, a full disk is full") {
    support::faulty_disk disk(1);
    disk.knows_no_chunks();
    auto mailbox = sqlite_mailbox::open("box", {}, {.vfs = disk.vfs()}).value();
    CHECK(disk.used() < 100'000);  // nothing was taken beforehand
    for (seq at = 0; at < 100; ++at) {
        REQUIRE(mailbox.execute(put("alice", "bob", 1, at, std::string(5000, 'x'))).done);
    }
    CHECK(rows_of(mailbox) == 100);
    disk.set_capacity(disk.used());
    (void)fill(mailbox);
    CHECK(mailbox.execute(page("bob")).done);
}

TEST_CASE(
    "sqlite_mailbox: what only reads is answered while somebody else writes, or a commit fails") {
    const temporary_file file;
    auto first = sqlite_mailbox::open(file.path(), {}, {.busy_timeout = {}}).value();
    REQUIRE(first.execute(put("alice", "bob", 1, 0, "text")).done);
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(file.path().c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    CHECK(first.execute(page("bob")).rows.size() == 1);
    CHECK(first.execute(look("alice", "bob", 1)).low == 0);
    CHECK(first.usage().rows == 1);
    mailbox_group group;
    group.add(page("bob"));
    group.add(put("alice", "bob", 1, 1, "text"));
    group.add(look("alice", "bob", 1));
    group.add(erase("bob", "alice", 1, encoded(1)));
    first.execute(group);
    CHECK(group.exchanges()[0].outcome.rows.size() == 1);
    CHECK_FALSE(group.exchanges()[1].outcome.done);
    CHECK(group.exchanges()[2].outcome.done);
    CHECK_FALSE(group.exchanges()[3].outcome.done);
    CHECK(first.last_error().fault == sqlite_fault::busy);
    sqlite3_close(other);
}

TEST_CASE(
    "sqlite_mailbox: the base of a look that cannot be kept is told all the same [spec 5.3]") {
    const temporary_file file;
    auto mine = sqlite_mailbox::open(file.path(), {}, {.busy_timeout = {}}).value();
    const sqlite_spy spy;
    auto theirs = sqlite_mailbox::open(file.path()).value();
    REQUIRE(theirs.execute(put("alice", "bob", 1, 9, "text", 2)).done);
    CHECK(spy.ask("BEGIN IMMEDIATE").empty());
    CHECK(mine.execute(look("alice", "bob", 1, 5)).low == 5);
    CHECK(mine.last_error().fault == sqlite_fault::busy);
    CHECK(mine.execute(look("alice", "bob", 1, 1)).low == 2);  // there is nothing to be kept
    CHECK(mine.last_error().fault == sqlite_fault::none);
    CHECK(spy.ask("COMMIT").empty());
    CHECK(mine.execute(look("alice", "bob", 1, 4)).low == 4);
    CHECK(theirs.execute(look("alice", "bob", 1)).low == 4);
    mailbox_group group;
    group.add(look("alice", "bob", 1, 6));
    mine.execute(group);
    CHECK(group.exchanges()[0].outcome.low == 6);
    CHECK(theirs.execute(page("bob")).rows[0].low == 6);
}

TEST_CASE("sqlite_mailbox: a look whose base brings nothing new writes nothing") {
    const temporary_file file;
    auto mailbox = sqlite_mailbox::open(file.path()).value();
    REQUIRE(mailbox.execute(put("alice", "bob", 1, 9, "text", 2)).done);
    const sqlite_spy spy;
    auto other = sqlite_mailbox::open(file.path()).value();
    const strings before = spy.ask("PRAGMA data_version");
    for (const seq base : {seq{0}, seq{2}}) {
        CHECK(mailbox.execute(look("alice", "bob", 1, base)).low == 2);
    }
    CHECK(mailbox.execute(look("alice", "bob", 2, 8)).low == 8);
    CHECK(spy.ask("PRAGMA data_version") == before);
    CHECK(mailbox.execute(look("alice", "bob", 1, 3)).low == 3);
    CHECK(spy.ask("PRAGMA data_version") != before);
}

TEST_CASE("sqlite_mailbox: keeps no base of a stream without rows") {
    const temporary_file file;
    const sqlite_spy spy;
    auto mailbox = sqlite_mailbox::open(file.path()).value();
    const auto bases = [&] {
        return spy.ask("SELECT base FROM stream ORDER BY sender, epoch");
    };
    const run_writer three = written({testing::message("a"), testing::message("b"), ended});
    CHECK(mailbox.execute(put_run("alice", "bob", 1, 7, three.get(), 5)).done);
    CHECK(mailbox.execute(put("alice", "bob", 2, 7, "", 6)).done);
    CHECK(mailbox.execute(look("carol", "bob", 1, 4)).done);
    CHECK(bases() == strings{"5", "6"});
    CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(8, 0b10))).done);
    CHECK(bases() == strings{"5", "6"});
    CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(10))).done);
    CHECK(bases() == strings{"6"});
    CHECK(mailbox.execute(past("bob", "alice", 2)).done);
    CHECK(bases().empty());
}

TEST_CASE("sqlite_mailbox: tells of a damaged base or seq no low that a relay would pass on") {
    const temporary_file file;
    const sqlite_spy spy;
    auto mailbox = sqlite_mailbox::open(file.path()).value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 7, "text", 5)).done);
    const std::string damage = GENERATE(std::string("UPDATE stream SET base = -1"),
                                        std::string("UPDATE stream SET base = 1 << 62 | 1"),
                                        std::string("UPDATE mail SET seq = -1"));
    CHECK(spy.ask(damage).empty());
    CHECK(mailbox.execute(look("alice", "bob", 1, 6)).low > seq_end);
    CHECK(mailbox.execute(page("bob")).rows[0].low > seq_end);
}

namespace {

/// A mailbox as version 1 left it: a row each had its base, and ack states were those of wire version 1.
void make_version_1(const std::string& path) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    const char* const sql = R"(
        PRAGMA journal_mode = WAL;
        CREATE TABLE mail (
            id       INTEGER PRIMARY KEY,
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            epoch    INTEGER NOT NULL,  -- its highest bit turned over
            seq      INTEGER NOT NULL,
            base     INTEGER NOT NULL,
            since    INTEGER,           -- when retention found it; NULL: it has not yet
            payload  BLOB,              -- NULL: a tombstone
            UNIQUE (receiver, sender, epoch, seq)
        ) STRICT;
        CREATE INDEX mail_by_age ON mail (since) WHERE payload IS NOT NULL;
        CREATE TABLE usage (
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            rows     INTEGER NOT NULL CHECK (rows >= 0),
            bytes    INTEGER NOT NULL CHECK (bytes >= 0),
            states   INTEGER NOT NULL CHECK (states >= 0),
            PRIMARY KEY (receiver, sender)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE last_state (
            id       INTEGER PRIMARY KEY,
            receiver BLOB    NOT NULL,
            sender   BLOB    NOT NULL,
            epoch    INTEGER NOT NULL,
            floor    INTEGER NOT NULL,
            state    BLOB    NOT NULL,
            UNIQUE (receiver, sender)
        ) STRICT;
        INSERT INTO mail VALUES
            (1, x'626F62', x'616C696365', (1 << 63) + 1, 5, 3, 1000, x'6869'),
            (2, x'626F62', x'616C696365', (1 << 63) + 1, 6, 4, NULL, NULL),
            (3, x'626F62', x'616C696365', (1 << 63) + 1, 7, 2, NULL, x'796F75'),
            (4, x'626F62', x'616C696365', (1 << 63) + 2, 0, 0, NULL, x'');
        INSERT INTO usage VALUES
            (x'', x'', 4, 5, 2), (x'626F62', x'', 4, 5, 1), (x'626F62', x'616C696365', 4, 5, 1),
            (x'6576', x'', 0, 0, 1), (x'6576', x'626F62', 0, 0, 1);
        INSERT INTO last_state VALUES
            (1, x'626F62', x'616C696365', (1 << 63) + 1, 5, x'0005'),
            (2, x'6576', x'626F62', (1 << 63) + 1, 1, x'0001');
        PRAGMA application_id = 0x36666D62;
        PRAGMA user_version = 1;
    )";
    CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
}

}  // namespace

TEST_CASE("sqlite_mailbox: one of schema 1 becomes one of schema 3, with all its rows") {
    const temporary_file file;
    const sqlite_spy spy;
    make_version_1(file.path());
    strings fresh;
    const char* const tables =
        "SELECT group_concat(name || ' ' || type || ' ' || \"notnull\" || ' ' || pk) FROM "
        "(SELECT t.name AS t, c.* FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = "
        "'table' ORDER BY t.name, cid) GROUP BY t ORDER BY t";
    {
        const temporary_file another;
        const auto made = sqlite_mailbox::open(another.path()).value();
        fresh = spy.ask(tables);
        CHECK(fresh.size() == 4);
    }
    {
        auto mailbox = sqlite_mailbox::open(file.path()).value();
        CHECK(spy.ask(tables) == fresh);
        CHECK(spy.ask("PRAGMA integrity_check") == strings{"ok"});
        CHECK(spy.ask("SELECT rows || ' ' || bytes || ' ' || states FROM usage") ==
              strings{"4 5 0", "4 5 0", "4 5 0", "4 5 0"});  // of all, alice, bob and the pair
    }
    auto mailbox = sqlite_mailbox::open(file.path()).value();  // as its own from now on
    const strings expected = {"alice 1:5 hi", "alice 1:6 +", "alice 1:7 you", "alice 2:0 "};
    CHECK(drain(mailbox, "bob") == expected);
    CHECK(mailbox.usage().rows == 4);
    CHECK(mailbox.usage().bytes == 5);
    CHECK(mailbox.usage().states == 0);
    CHECK(mailbox.execute(look("alice", "bob", 1)).low == 4);
    CHECK(mailbox.execute(look("alice", "bob", 1)).last_state.empty());
    CHECK(mailbox.execute(look("alice", "bob", 2)).smaller == msgid{epoch{1}, 5});
    CHECK(mailbox.expire({.payloads = 1h, .streams = 1h}, 10).value() == 0);  // all begin anew
    CHECK(mailbox.expire({.payloads = {}, .streams = 1h}, 10).value() == 3);
    CHECK(drain(mailbox, "bob")[0] == "alice 1:5 +");
    CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(8))).done);
    CHECK(mailbox.usage().states == 1);
    CHECK(last_state(mailbox, "alice", "bob", 1) == encoded(8));
}

TEST_CASE("sqlite_mailbox: takes nothing when its file was removed or replaced") {
    const temporary_file file;
    auto mailbox = sqlite_mailbox::open(file.path()).value();
    REQUIRE(mailbox.execute(put("alice", "bob", 1, 0, "text")).done);
    std::filesystem::remove(file.path());
    CHECK_FALSE(mailbox.execute(put("alice", "bob", 1, 1, "text")).done);
    CHECK(mailbox.last_error().fault == sqlite_fault::moved);
    CHECK(mailbox.execute(page("bob")).rows.size() == 1);
}

TEST_CASE("sqlite_mailbox: its log is small again when a long reader has gone") {
    const temporary_file file;
    auto mailbox =
        sqlite_mailbox::open(file.path(), {}, {.durability = sqlite_durability::process_crash})
            .value();
    const auto log = [&] {
        return std::filesystem::file_size(file.path() + "-wal");
    };
    seq next = 0;
    const std::string payload(20'000, 'x');
    const auto work = [&](std::uintmax_t until) {
        for (int turns = 0; log() < until && turns < 4000; ++turns, ++next) {
            REQUIRE(mailbox.execute(put("alice", "bob", 1, next, payload)).done);
            REQUIRE(mailbox.execute(erase("bob", "alice", 1, encoded(next + 1))).done);
        }
    };
    sqlite3* reader = nullptr;
    REQUIRE(sqlite3_open(file.path().c_str(), &reader) == SQLITE_OK);
    REQUIRE(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM mail", nullptr, nullptr, nullptr) ==
            SQLITE_OK);
    work(20'000'000);
    CHECK(log() >= 20'000'000);
    sqlite3_close(reader);
    for (int turns = 0; turns < 3; ++turns) {
        work(log() + 1);
    }
    for (int turns = 0; turns < 400; ++turns, ++next) {
        REQUIRE(mailbox.execute(put("alice", "bob", 1, next, "x")).done);
    }
    CHECK(log() <= 9'000'000);
}

}  // namespace sqlite_mailbox_tests
