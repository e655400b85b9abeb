// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sixfold/ext/postgres_mailbox.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "mailbox/any_mailbox.hpp"
#include "postgres/server.hpp"
#include "support/catch.hpp"

namespace mailbox_tests_of_postgres {

using namespace sixfold;
using namespace sixfold::testing;
using mailbox_tests::any_mailbox;
using postgres_tests::empty_database;

namespace {

/// As many relays as are asked for, each of which gets the next request; the database is made empty when it is first used, as most
/// mailboxes of the suite never are.
class relays_in_turns {
  public:
    relays_in_turns(std::size_t count, const mailbox_limits& limits, clock_ref clock)
        : count_(count), limits_(limits), clock_(clock) {}

    mailbox_outcome execute(const mailbox_request& request) {
        postgres_mailbox& mailbox = next();
        const mailbox_outcome out = mailbox.execute(request);
        REQUIRE(mailbox.last_error().what.empty());
        return out;
    }
    std::size_t expire(const mailbox_retention& promised, std::size_t rows_max) {
        return next().expire(promised, rows_max).value();
    }

  private:
    postgres_mailbox& next() {
        if (all_.empty()) {
            const std::string url = empty_database();
            for (std::size_t i = 0; i < count_; ++i) {
                all_.push_back(postgres_mailbox::open(url, limits_, {}, clock_).value());
            }
        }
        return all_[++turn_ % count_];
    }

    std::size_t count_;
    mailbox_limits limits_;
    clock_ref clock_;
    std::vector<postgres_mailbox> all_;
    std::size_t turn_ = 0;
};

strings rows_for(postgres_mailbox& mailbox, const peer& to) {
    return texts(mailbox.execute(page(to)).rows);
}

}  // namespace

TEST_CASE(
    "postgres_mailbox: is a mailbox, when one relay uses it, and when two do in turns [spec 1.7]") {
    const std::size_t relays = GENERATE(1U, 2U);
    mailbox_tests::check([&](const mailbox_limits& limits, clock_ref clock) {
        return any_mailbox(std::make_shared<relays_in_turns>(relays, limits, clock));
    });
}

TEST_CASE("postgres_mailbox: does what it finds in a group, the puts in front") {
    auto mailbox = postgres_mailbox::open(empty_database()).value();
    mailbox_group group;
    group.add(page("bob"));
    group.add(look("alice", "bob", 1, 5));
    group.add(put("alice", "bob", 1, 0, "zero"));
    group.add(put("alice", "bob", 1, 7, "seven"));
    group.add(put("carol", "dave", 1, 0, "other"));
    group.add(erase("bob", "alice", 1, encoded(1)));
    const auto all = mailbox.execute(group);
    for (const mailbox_exchange& each : all) {
        CHECK(each.outcome.done);
    }
    CHECK(texts(all[0].outcome.rows) == strings{"alice 1:7 seven"});
    CHECK(all[1].outcome.low == 5);
    CHECK(rows_for(mailbox, "dave") == strings{"carol 1:0 other"});
    CHECK(mailbox.usage().rows == 2);
    CHECK(mailbox.usage().states == 1);
}

TEST_CASE(
    "postgres_mailbox: one who has no place any more hinders nobody in his group [spec 5.6]") {
    auto mailbox = postgres_mailbox::open(empty_database(), {.rows_per_sender_max = 2}).value();
    mailbox_group group;
    for (seq which = 0; which < 5; ++which) {
        group.add(put("mallory", "bob", 1, which, "x"));
        group.add(put("alice" + std::to_string(which), "bob", 1, 0, "y"));
    }
    std::size_t done = 0;
    for (const mailbox_exchange& each : mailbox.execute(group)) {
        done += each.outcome.done ? 1 : 0;
        CHECK((each.outcome.done || each.request.from == peer("mallory")));
    }
    CHECK(done == 5 + 2);
    CHECK(mailbox.usage().rows == 5 + 2);
    CHECK(mailbox.last_error().fault == postgres_fault::none);
}

TEST_CASE("postgres_mailbox: of an ack that finds nothing, nothing is written") {
    auto mailbox = postgres_mailbox::open(empty_database()).value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 9, "later")).done);
    const auto position = [] {
        return postgres_tests::shared().query("chat", "SELECT pg_current_wal_insert_lsn()");
    };
    CHECK(mailbox.execute(page("bob")).done);  // he has come, which is noted once in an hour
    // The server writes by itself, too, now and then; a mailbox would each time.
    int without_a_write = 0;
    for (int i = 0; i < 10; ++i) {
        const std::string before = position();
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(9))).done);
        CHECK(mailbox.execute(page("bob")).done);
        CHECK(mailbox.execute(look("alice", "bob", 1)).done);
        without_a_write += position() == before ? 1 : 0;
    }
    CHECK(without_a_write >= 7);
}

TEST_CASE("postgres_mailbox: nobody waits for the disk for an ack that erases nothing, and for any "
          "other [spec 5.7]") {
    auto mailbox = postgres_mailbox::open(empty_database()).value();
    REQUIRE(mailbox.execute(page("bob")).done);
    for (seq which = 0; which < 2; ++which) {
        REQUIRE(mailbox.execute(put("alice", "bob", 1, which, "x")).done);
    }
    const auto commit_behind = [](seq floor) {  // an ack of epoch 1 that says so
        const std::string at = std::to_string(floor);
        return postgres_tests::shared().query(
            "chat", "SELECT sixfold.settle('{bob}', '{alice}', '{-9223372036854775807}', '{" + at +
                        "}', '{" + at + "}', '{0}', ARRAY[''::bytea], '{state" + at +
                        "}', '{}', '{}', '{}', '{}', '{}', 0, 0, 9); SELECT "
                        "current_setting('synchronous_commit')");
    };
    CHECK(commit_behind(1) == "on");
    CHECK(commit_behind(2) == "on");
    CHECK(mailbox.usage().rows == 0);
    CHECK(commit_behind(3) == "off");
    CHECK(mailbox.execute(look("alice", "bob", 1)).last_state.size() == 6);
}

TEST_CASE("postgres_mailbox: finds everything by an index, whatever is asked") {
    const std::string url = empty_database();
    const auto scanned = [] {  // by those whose connections have ended
        postgres_tests::shared().query("chat", "SELECT pg_sleep(0.2)");
        return postgres_tests::shared().query("chat",
                                              "SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE "
                                              "relname NOT IN ('total', 'about')");
    };
    REQUIRE(postgres_mailbox::open(url));
    const std::string before = scanned();
    {
        auto mailbox = postgres_mailbox::open(url).value();
        for (int round = 0; round < 10;
             ++round) {  // from the sixth on the plans are those that stay
            for (seq which = 0; which < 4; ++which) {
                CHECK(mailbox.execute(put("alice", "bob", 1, which, "x")).done);
                CHECK(mailbox.execute(tombstone("alice", "bob", 1, which)).done);
            }
            CHECK(mailbox.execute(look("alice", "bob", 1)).done);
            CHECK(mailbox.execute(page("bob")).rows.size() == 4);
            CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1, 0b10))).done);
            CHECK(mailbox.expire({}, 10).value() == 0);
            CHECK(mailbox.execute(past("bob", "alice", 1)).done);
        }
    }
    CHECK(scanned() == before);
}

}  // namespace mailbox_tests_of_postgres
