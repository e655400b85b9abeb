// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_RULES_HPP
#define SIXFOLD_TESTING_MAILBOX_RULES_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/testing/catch.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

// What a mailbox does, whatever its limits are: a part of mailbox_conformance.hpp.

namespace sixfold::inline v0::testing {

/// A put is idempotent, and a tombstone replaces a payload, never the reverse. (spec 5.6)
template <class Make>
void check_puts(Make make) {
    auto mailbox = make(mailbox_limits{});

    SECTION("a row comes out as it was put") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello", 2)).done);
        const mailbox_outcome outcome = mailbox.execute(page("bob"));
        REQUIRE(outcome.done);
        REQUIRE(outcome.rows.size() == 1);
        CHECK(text(outcome.rows[0]) == "alice 1:5 hello");
        CHECK_FALSE(outcome.rows[0].tombstone);
        CHECK(outcome.rows[0].low == 2);
        CHECK_FALSE(outcome.next);
    }
    SECTION("a put that comes twice is done twice and kept once") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "first")).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "first")).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:5 first"});
    }
    SECTION("a tombstone is a row like any other") {
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 5, 3)).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:5 +"});
        CHECK(mailbox.execute(page("bob")).rows[0].low == 3);
        CHECK(mailbox.execute(page("bob")).rows[0].payload.empty());
    }
    SECTION("a tombstone replaces the payload of its seq, never the reverse") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello")).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 6, "stays")).done);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 5)).done);
        const strings expected = {"alice 1:5 +", "alice 1:6 stays"};
        CHECK(drain(mailbox, "bob") == expected);
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello")).done);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 5)).done);
        CHECK(drain(mailbox, "bob") == expected);
    }
    SECTION("an empty payload is no tombstone") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 6, {})).done);  // a span of nothing
        const mailbox_outcome outcome = mailbox.execute(page("bob"));
        REQUIRE(outcome.rows.size() == 2);
        CHECK_FALSE(outcome.rows[0].tombstone);
        CHECK_FALSE(outcome.rows[1].tombstone);
    }
    SECTION("it keeps what it was given, not where that lay") {
        std::string payload = "hello";
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, payload)).done);
        payload = "xxxxx";
        CHECK(drain(mailbox, "bob") == strings{"alice 1:5 hello"});
    }
}

/// A run is put as its messages are, one by one. (spec 5.2, 5.6)
template <class Make>
void check_runs(Make make) {
    auto mailbox = make(mailbox_limits{});

    SECTION("each message of a run is a row of its own") {
        const run_writer four = written({message("a"), ended, message(""), message("bc")});
        CHECK(mailbox.execute(put_run("alice", "bob", 1, 5, four.get(), 3)).done);
        const strings expected = {"alice 1:5 a", "alice 1:6 +", "alice 1:7 ", "alice 1:8 bc"};
        CHECK(drain(mailbox, "bob") == expected);
        const mailbox_outcome outcome = mailbox.execute(page("bob"));
        REQUIRE(outcome.rows.size() == 4);
        CHECK(outcome.rows[1].tombstone);
        CHECK_FALSE(outcome.rows[2].tombstone);
        CHECK(outcome.rows[3].low == 3);
        CHECK(mailbox.execute(put_run("alice", "bob", 1, 5, four.get(), 3)).done);
        CHECK(drain(mailbox, "bob") == expected);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(6, 0b10))).done);
        const strings left = {"alice 1:6 +", "alice 1:8 bc"};
        CHECK(drain(mailbox, "bob") == left);
    }
    SECTION("the longest run, up to the highest seq") {
        run_writer all;
        for (std::size_t i = 0; i < run::count_max; ++i) {
            all.add(message("x"));
        }
        const seq first = seq_end - run::count_max;
        CHECK(mailbox.execute(put_run("alice", "bob", 1, first, all.get())).done);
        const strings rows = drain(mailbox, "bob");
        REQUIRE(rows.size() == run::count_max);
        CHECK(rows.front() == "alice 1:" + std::to_string(first) + " x");
        CHECK(rows.back() == "alice 1:" + std::to_string(seq_end - 1) + " x");
    }
    SECTION("of a run of which some is there already, the rest is put") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 1, "one")).done);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 2)).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 4, "four")).done);
        const run_writer five =
            written({message("0"), message("1"), message("2"), message("3"), ended});
        CHECK(mailbox.execute(put_run("alice", "bob", 1, 0, five.get())).done);
        const strings expected = {"alice 1:0 0", "alice 1:1 one", "alice 1:2 +", "alice 1:3 3",
                                  "alice 1:4 +"};
        CHECK(drain(mailbox, "bob") == expected);
    }
}

/// The highest base that was brought, of each stream with rows. (spec 5.3, 5.6)
template <class Make>
void check_bases(Make make) {
    auto mailbox = make(mailbox_limits{});
    const auto low = [&](std::uint64_t epoch, seq base = 0) {
        const seq looked = mailbox.execute(look("alice", "bob", epoch, base)).low;
        for (const mailbox_row& row : mailbox.execute(page("bob")).rows) {
            if (row.from == peer("alice") && row.id.epoch == sixfold::epoch{epoch}) {
                CHECK(row.low == looked);
            }
        }
        return looked;
    };
    const auto store = [&](std::uint64_t epoch, seq which, seq base) {
        CHECK(mailbox.execute(put("alice", "bob", epoch, which, "", base)).done);
    };

    SECTION("the highest is kept, of whichever row, and a lower one changes nothing") {
        store(1, 20, 4);
        CHECK(low(1) == 4);
        store(1, 21, 9);
        CHECK(low(1) == 9);
        store(1, 22, 7);
        CHECK(low(1) == 9);
    }
    SECTION("one that is put again brings its base, and so does a tombstone") {
        store(1, 20, 4);
        store(1, 20, 5);
        CHECK(low(1) == 5);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 20, 6)).done);
        CHECK(low(1) == 6);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 20, 7)).done);
        CHECK(low(1) == 7);
    }
    SECTION("low is the lowest row, if that is below the base") {
        store(1, 5, 2);
        store(1, 20, 19);
        CHECK(low(1) == 5);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(6))).done);
        CHECK(low(1) == 19);  // it was kept all the same
    }
    SECTION("a look brings its base, too") {
        store(1, 20, 4);
        CHECK(low(1, 8) == 8);
        CHECK(low(1, 3) == 8);
        CHECK(low(1, 50) == 20);
        CHECK(low(1) == 20);
    }
    SECTION("of a stream without rows nothing is kept: a look says what it brought") {
        CHECK(low(1, 8) == 8);
        CHECK(low(1) == 0);
        CHECK(low(1, seq_end) == seq_end);
        store(1, 20, 4);
        CHECK(low(1) == 4);
    }
    SECTION("it goes with the last row of its stream") {
        store(1, 20, 10);
        store(1, 21, 10);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(21))).done);
        CHECK(low(1) == 10);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(22))).done);
        CHECK(low(1) == 0);
        store(1, 30, 2);
        CHECK(low(1) == 2);
        CHECK(mailbox.execute(past("bob", "alice", 1)).done);
        store(1, 30, 1);
        CHECK(low(1) == 1);
    }
    SECTION("it is of one stream") {
        store(1, 20, 10);
        store(2, 20, 11);
        CHECK(mailbox.execute(put("carol", "bob", 1, 20, "", 12)).done);
        CHECK(mailbox.execute(put("alice", "carol", 1, 20, "", 13)).done);
        CHECK(low(1) == 10);
        CHECK(low(2) == 11);
        CHECK(low(3) == 0);
        CHECK(mailbox.execute(past("bob", "alice", 2)).done);
        CHECK(low(1) == 10);
        CHECK(low(2) == 0);
        CHECK(mailbox.execute(look("carol", "bob", 1)).low == 12);
    }
}

/// What a look finds of one stream, and of smaller epochs. (spec 5.3)
template <class Make>
void check_looks(Make make) {
    auto mailbox = make(mailbox_limits{});

    SECTION("a look at nothing finds nothing, and is done") {
        const mailbox_outcome outcome = mailbox.execute(look("alice", "bob", 1));
        CHECK(outcome.done);
        CHECK(outcome.low == 0);
        CHECK(outcome.smaller == msgid{});
        CHECK(outcome.last_state.empty());
    }
    SECTION("a look is at one stream, not at a pair") {
        CHECK(mailbox.execute(put("alice", "bob", 2, 7, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 2, 5, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 4, 3, "")).done);
        CHECK(mailbox.execute(put("aaron", "bob", 1, 1, "")).done);
        CHECK(mailbox.execute(put("alice", "ann", 1, 1, "")).done);
        CHECK(mailbox.execute(put("bob", "alice", 1, 1, "")).done);
        const struct {
            std::uint64_t epoch;
            seq low;
            msgid smaller;
        } expected[] = {
            {1, 9, {}},
            {2, 5, {}},
            {3, 9, {epoch{2}, 5}},
            {4, 3, {epoch{2}, 5}},
            {5, 9, {epoch{2}, 5}},
        };
        for (const auto& each : expected) {
            INFO("epoch " << each.epoch);
            const mailbox_outcome outcome = mailbox.execute(look("alice", "bob", each.epoch, 9));
            CHECK(outcome.low == each.low);
            CHECK(outcome.smaller == each.smaller);
        }
    }
    SECTION("a look puts nothing") {
        CHECK(mailbox.execute(look("alice", "bob", 1)).done);
        CHECK(drain(mailbox, "bob").empty());
    }
}

/// The rows of a receiver, in their order, from a key on, with what each says of the rest. (spec 5.5)
template <class Make>
void check_pages(Make make) {
    auto mailbox = make(mailbox_limits{.page_rows = 2});

    SECTION("rows come in the order of sender, epoch and seq") {
        for (const seq which : {10U, 9U, 100U, 0U}) {
            CHECK(mailbox.execute(put("carol", "bob", 10, which, "")).done);
        }
        CHECK(mailbox.execute(put("carol", "bob", 9, 11, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 100, 11, "")).done);
        const strings expected = {"alice 100:11 ", "carol 9:11 ",  "carol 10:0 ",
                                  "carol 10:9 ",   "carol 10:10 ", "carol 10:100 "};
        CHECK(drain(mailbox, "bob") == expected);
    }
    SECTION("a receiver gets its own rows and no others") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "for bob")).done);
        CHECK(mailbox.execute(put("alice", "carol", 1, 0, "for carol")).done);
        CHECK(mailbox.execute(put("bob", "alice", 1, 0, "for alice")).done);
        CHECK(mailbox.execute(put("alice", "bo", 1, 0, "for bo")).done);
        CHECK(mailbox.execute(put("alice", "bobby", 1, 0, "for bobby")).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:0 for bob"});
        CHECK(drain(mailbox, "alice") == strings{"bob 1:0 for alice"});
        CHECK(drain(mailbox, "dave").empty());
    }
    SECTION("each row tells the low of its stream, and what is lowest of a smaller epoch now") {
        for (const seq which : {3U, 4U, 5U}) {
            CHECK(mailbox.execute(put("alice", "bob", 1, which, "", which)).done);
        }
        CHECK(mailbox.execute(put("alice", "bob", 2, 8, "", 1)).done);
        CHECK(mailbox.execute(put("carol", "bob", 9, 0, "")).done);
        const mailbox_outcome first = mailbox.execute(page("bob"));
        REQUIRE(first.rows.size() == 2);
        CHECK(first.next == key("alice", 1, 5));
        CHECK(first.rows[1].low == 3);
        CHECK(first.rows[1].smaller == msgid{});

        const mailbox_outcome second = mailbox.execute(page("bob", key("alice", 1, 5)));
        REQUIRE(second.rows.size() == 2);
        CHECK(second.rows[0].low == 3);  // not that of the page
        CHECK(second.rows[1].low == 1);
        CHECK(second.rows[1].smaller == msgid{epoch{1}, 3});

        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(5))).done);
        const mailbox_outcome third = mailbox.execute(page("bob", key("alice", 1, 6)));
        REQUIRE(third.rows.size() == 2);
        CHECK_FALSE(third.next);
        CHECK(third.rows[0].smaller == msgid{epoch{1}, 5});  // no longer 3
        CHECK(third.rows[1].low == 0);
        CHECK(third.rows[1].smaller == msgid{});  // another sender's are not its own
    }
    SECTION("a page begins with its key, whether that row is there or not") {
        CHECK(mailbox.execute(put("alice", "bob", 2, 5, "")).done);
        const auto rows_from = [&](const peer& from, std::uint64_t epoch, seq which) {
            return mailbox.execute(page("bob", key(from, epoch, which))).rows.size();
        };
        CHECK(rows_from("alice", 2, 4) == 1);
        CHECK(rows_from("alice", 2, 5) == 1);
        CHECK(rows_from("alice", 2, 6) == 0);
        CHECK(rows_from("alice", 1, seq_end) == 1);
        CHECK(rows_from("alice", 2, seq_end) == 0);
        CHECK(rows_from("alice", 3, 0) == 0);
        CHECK(rows_from("aaron", 9, 9) == 1);
        CHECK(rows_from("bob", 1, 0) == 0);
    }
    SECTION("a page ends in front of `until`, and says nothing of what is behind it") {
        for (const seq which : {5U, 6U, 7U}) {
            CHECK(mailbox.execute(put("alice", "bob", 2, which, "")).done);
        }
        CHECK(mailbox.execute(put("alice", "bob", 3, 0, "")).done);
        const auto page_until = [&](const peer& from, std::uint64_t epoch, seq which) {
            const mailbox_outcome outcome =
                mailbox.execute(page("bob", {}, key(from, epoch, which)));
            CHECK(outcome.done);
            return std::to_string(outcome.rows.size()) + (outcome.next ? " more" : " all");
        };
        CHECK(page_until("aaron", 9, 9) == "0 all");
        CHECK(page_until("alice", 1, seq_end) == "0 all");
        CHECK(page_until("alice", 2, 5) == "0 all");
        CHECK(page_until("alice", 2, 6) == "1 all");
        CHECK(page_until("alice", 2, 7) == "2 all");
        CHECK(page_until("alice", 2, 8) == "2 more");
        CHECK(page_until("bob", 1, 0) == "2 more");
        const mailbox_outcome of_stream =
            mailbox.execute(page("bob", key("alice", 2, 6), key("alice", 2, seq_end)));
        CHECK(texts(of_stream.rows) == strings{"alice 2:6 ", "alice 2:7 "});
        CHECK_FALSE(of_stream.next);
        const mailbox_outcome of_nothing =
            mailbox.execute(page("bob", key("alice", 2, 8), key("alice", 3, 0)));
        CHECK(of_nothing.rows.empty());
        CHECK_FALSE(of_nothing.next);
    }
    SECTION("a page of nothing is all, and done") {
        const mailbox_outcome outcome = mailbox.execute(page("bob"));
        CHECK(outcome.done);
        CHECK_FALSE(outcome.next);
        CHECK(outcome.rows.empty());
    }
    SECTION("behind a page that holds the last row there is nothing, even when it is full") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 1, "")).done);
        CHECK(mailbox.execute(put("alice", "carol", 1, 0, "")).done);
        const mailbox_outcome outcome = mailbox.execute(page("bob"));
        CHECK(outcome.rows.size() == 2);
        CHECK_FALSE(outcome.next);
    }
}

}  // namespace sixfold::inline v0::testing

#endif
