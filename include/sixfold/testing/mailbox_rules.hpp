// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_RULES_HPP
#define SIXFOLD_TESTING_MAILBOX_RULES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/testing/catch.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

// What a mailbox does, whatever its limits are: a part of mailbox_conformance.hpp.

namespace sixfold::inline v0::testing {

/// A put is idempotent, and a tombstone replaces a payload, never the reverse. (spec 5.5)
template <class Make>
void check_puts(Make make) {
    auto mailbox = make(mailbox_limits{});

    SECTION("a row comes out as it was put") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello", 2)).done);
        const mailbox_outcome outcome = mailbox.execute(page("bob"));
        REQUIRE(outcome.done);
        REQUIRE(outcome.rows.size() == 1);
        CHECK(text(outcome.rows[0]) == "alice 1:5 hello");
        CHECK(outcome.rows[0].form == form::payload);
        CHECK(outcome.rows[0].base == 2);
        CHECK(outcome.end);
    }
    SECTION("a put that comes twice is done twice and kept once, as it came first") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "first", 2)).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "first", 4)).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:5 first"});
        CHECK(mailbox.execute(page("bob")).rows[0].base == 2);
    }
    SECTION("a tombstone is a row like any other") {
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 5, 3)).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:5 +"});
        CHECK(mailbox.execute(page("bob")).rows[0].base == 3);
        CHECK(mailbox.execute(page("bob")).rows[0].payload.empty());
    }
    SECTION("a tombstone replaces the payload of its seq, and its base; never the reverse") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello", 2)).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 6, "stays", 2)).done);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 5, 4)).done);
        const strings expected = {"alice 1:5 +", "alice 1:6 stays"};
        CHECK(drain(mailbox, "bob") == expected);
        CHECK(mailbox.execute(page("bob")).rows[0].base == 4);
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello", 1)).done);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 5, 5)).done);
        CHECK(drain(mailbox, "bob") == expected);
        CHECK(mailbox.execute(page("bob")).rows[0].base == 4);
    }
    SECTION("an empty payload is no tombstone") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 6, {})).done);  // a span of nothing
        const mailbox_outcome outcome = mailbox.execute(page("bob"));
        REQUIRE(outcome.rows.size() == 2);
        CHECK(outcome.rows[0].form == form::payload);
        CHECK(outcome.rows[1].form == form::payload);
    }
    SECTION("it keeps what it was given, not where that lay") {
        std::string payload = "hello";
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, payload)).done);
        payload = "xxxxx";
        CHECK(drain(mailbox, "bob") == strings{"alice 1:5 hello"});
    }
}

/// What a look finds of one stream, and of smaller epochs. (spec 5.2)
template <class Make>
void check_looks(Make make) {
    auto mailbox = make(mailbox_limits{});

    SECTION("a look at nothing finds nothing, and is done") {
        const mailbox_outcome outcome = mailbox.execute(look("alice", "bob", 1));
        CHECK(outcome.done);
        CHECK(outcome.lowest == seq_end);
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
            seq lowest;
            msgid smaller;
        } expected[] = {
            {1, seq_end, {}},
            {2, 5, {}},
            {3, seq_end, {epoch{2}, 5}},
            {4, 3, {epoch{2}, 5}},
            {5, seq_end, {epoch{2}, 5}},
        };
        for (const auto& each : expected) {
            INFO("epoch " << each.epoch);
            const mailbox_outcome outcome = mailbox.execute(look("alice", "bob", each.epoch));
            CHECK(outcome.lowest == each.lowest);
            CHECK(outcome.smaller == each.smaller);
        }
    }
    SECTION("a look puts nothing") {
        CHECK(mailbox.execute(look("alice", "bob", 1)).done);
        CHECK(drain(mailbox, "bob").empty());
    }
}

/// The rows of a receiver, in their order, from a key on, with what each says of the rest. (spec 5.4)
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
    SECTION("each row tells its base, and what is lowest in the whole mailbox now") {
        for (const seq which : {3U, 4U, 5U}) {
            CHECK(mailbox.execute(put("alice", "bob", 1, which, "", which)).done);
        }
        CHECK(mailbox.execute(put("alice", "bob", 2, 8, "", 1)).done);
        CHECK(mailbox.execute(put("carol", "bob", 9, 0, "")).done);
        const mailbox_outcome first = mailbox.execute(page("bob"));
        REQUIRE(first.rows.size() == 2);
        CHECK_FALSE(first.end);
        CHECK(first.rows[1].lowest == 3);
        CHECK(first.rows[1].base == 4);
        CHECK(first.rows[1].smaller == msgid{});

        const mailbox_outcome second =
            mailbox.execute(page("bob", mailbox_key{"alice", {epoch{1}, 4}}));
        REQUIRE(second.rows.size() == 2);
        CHECK(second.rows[0].lowest == 3);  // not that of the page
        CHECK(second.rows[1].lowest == 8);
        CHECK(second.rows[1].base == 1);
        CHECK(second.rows[1].smaller == msgid{epoch{1}, 3});

        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(5))).done);
        const mailbox_outcome third =
            mailbox.execute(page("bob", mailbox_key{"alice", {epoch{1}, 5}}));
        REQUIRE(third.rows.size() == 2);
        CHECK(third.end);
        CHECK(third.rows[0].smaller == msgid{epoch{1}, 5});  // no longer 3
        CHECK(third.rows[1].lowest == 0);
        CHECK(third.rows[1].smaller == msgid{});  // another sender's are not its own
    }
    SECTION("a page begins behind its key, whether that row is there or not") {
        CHECK(mailbox.execute(put("alice", "bob", 2, 5, "")).done);
        const auto rows_behind = [&](const peer& from, std::uint64_t epoch, seq which) {
            return mailbox.execute(page("bob", mailbox_key{from, {sixfold::epoch{epoch}, which}}))
                .rows.size();
        };
        CHECK(rows_behind("alice", 2, 4) == 1);
        CHECK(rows_behind("alice", 2, 5) == 0);
        CHECK(rows_behind("alice", 2, 6) == 0);
        CHECK(rows_behind("alice", 1, seq_end - 1) == 1);
        CHECK(rows_behind("alice", 3, 0) == 0);
        CHECK(rows_behind("aaron", 9, 9) == 1);
        CHECK(rows_behind("bob", 1, 0) == 0);
    }
    SECTION("a page of nothing is the end, and done") {
        const mailbox_outcome outcome = mailbox.execute(page("bob"));
        CHECK(outcome.done);
        CHECK(outcome.end);
        CHECK(outcome.rows.empty());
    }
    SECTION("a page that holds the last row is the end, even when it is full") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 1, "")).done);
        CHECK(mailbox.execute(put("alice", "carol", 1, 0, "")).done);
        const mailbox_outcome outcome = mailbox.execute(page("bob"));
        CHECK(outcome.rows.size() == 2);
        CHECK(outcome.end);
    }
}

/// What an ack state erases, what `past` does, and what neither touches. (spec 5.3)
template <class Make>
void check_erasures(Make make) {
    auto mailbox = make(mailbox_limits{});

    SECTION("an ack state erases what it covers of its own stream, and nothing else") {
        for (seq which = 0; which < 8; ++which) {
            CHECK(mailbox.execute(put("alice", "bob", 2, which, "")).done);
        }
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 3, 0, "")).done);
        CHECK(mailbox.execute(put("alice", "carol", 2, 0, "")).done);
        CHECK(mailbox.execute(put("carol", "bob", 2, 0, "")).done);
        CHECK(mailbox.execute(put("bob", "alice", 2, 0, "")).done);
        // Below 2, and 2 + 1 and 2 + 4; 2 + 2 is only held.
        CHECK(mailbox.execute(erase("bob", "alice", 2, encoded(2, 0b10010, 0b100))).done);
        const strings expected = {"alice 1:0 ", "alice 2:2 ", "alice 2:4 ", "alice 2:5 ",
                                  "alice 2:7 ", "alice 3:0 ", "carol 2:0 "};
        CHECK(drain(mailbox, "bob") == expected);
        CHECK(drain(mailbox, "carol") == strings{"alice 2:0 "});
        CHECK(drain(mailbox, "alice") == strings{"bob 2:0 "});
    }
    SECTION("what ended as an exception has ended") {
        for (seq which = 0; which < 5; ++which) {
            CHECK(mailbox.execute(put("alice", "bob", 1, which, "")).done);
        }
        const std::array<exception, 2> exceptions = {exception{1, fate::tombstoned},
                                                     exception{3, fate::rejected}};
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(2, 0b10, 0, exceptions))).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:2 ", "alice 1:4 "});
    }
    SECTION(
        "of a later part of a large window it erases what it covers there, and below its floor") {
        for (const seq which : {seq{0}, seq{1}, seq{2}, seq{514}, seq{515}, seq{516}}) {
            CHECK(mailbox.execute(put("alice", "bob", 1, which, "")).done);
        }
        // Below 1, and 1 + 8 * 64 + 2; 1 + 8 * 64 + 3 is only held.
        const blob state = encoded(1, 0b100, 0b1000, {}, 64);
        CHECK(mailbox.execute(erase("bob", "alice", 1, state)).done);
        const strings expected = {"alice 1:1 ", "alice 1:2 ", "alice 1:514 ", "alice 1:516 "};
        CHECK(drain(mailbox, "bob") == expected);
        CHECK(last_state(mailbox, "alice", "bob", 1) == state);
    }
    SECTION("an ack state erases tombstones as it does payloads") {
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 0)).done);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);
        CHECK(drain(mailbox, "bob").empty());
    }
    SECTION("to erase what is not there is done") {
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(3))).done);
        CHECK(mailbox.execute(past("bob", "alice", 1)).done);
    }
    SECTION("the largest floor erases a whole stream") {
        CHECK(mailbox.execute(put("alice", "bob", 1, seq_end - 1, "last")).done);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(seq_end - 1))).done);
        CHECK(drain(mailbox, "bob").size() == 1);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(seq_end))).done);
        CHECK(drain(mailbox, "bob").empty());
    }
    SECTION("past epoch erases the rows of that epoch, and of no other") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
        CHECK(mailbox.execute(put("alice", "bob", 2, 7, "two")).done);
        CHECK(mailbox.execute(put("alice", "bob", 2, seq_end - 1, "two")).done);
        CHECK(mailbox.execute(put("alice", "bob", 3, 0, "three")).done);
        CHECK(mailbox.execute(put("carol", "bob", 2, 0, "two")).done);
        CHECK(mailbox.execute(past("bob", "alice", 2)).done);
        const strings expected = {"alice 1:0 one", "alice 3:0 three", "carol 2:0 two"};
        CHECK(drain(mailbox, "bob") == expected);
    }
    SECTION("what is no ack state is not done, and erases nothing") {
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
        CHECK_FALSE(mailbox.execute(erase("bob", "alice", 1, {std::byte{0xFF}})).done);
        CHECK_FALSE(mailbox.execute(erase("bob", "alice", 1, {})).done);
        CHECK(drain(mailbox, "bob").size() == 1);
        CHECK(last_state(mailbox, "alice", "bob", 1).empty());
    }
    SECTION("what was erased can be put again") {  // a resend that was under way
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:0 one"});
    }
}

/// Which ack state is kept, and for which stream it is handed out. (spec 5.2, 5.3)
template <class Make>
void check_last_states(Make make) {
    auto mailbox = make(mailbox_limits{});
    const auto store = [&](std::uint64_t epoch, seq which) {
        CHECK(mailbox.execute(put("alice", "bob", epoch, which, "")).done);
    };
    const auto acknowledge = [&](std::uint64_t epoch, const blob& state) {
        CHECK(mailbox.execute(erase("bob", "alice", epoch, state)).done);
    };
    const auto last = [&](std::uint64_t epoch) {
        return last_state(mailbox, "alice", "bob", epoch);
    };

    SECTION("an ack state that erased is kept, and handed out for its stream only") {
        store(2, 3);
        acknowledge(2, encoded(4, 0b10));
        CHECK(last(2) == encoded(4, 0b10));
        CHECK(last(1).empty());
        CHECK(last(3).empty());
        CHECK(last_state(mailbox, "carol", "bob", 2).empty());
        CHECK(last_state(mailbox, "alice", "carol", 2).empty());
        CHECK(last_state(mailbox, "bob", "alice", 2).empty());
    }
    SECTION("one that erased nothing is not, where none is kept") {
        acknowledge(2, encoded(5));
        CHECK(last(2).empty());
    }
    SECTION("it never goes back, neither to a lower floor nor to a smaller epoch") {
        store(1, 0);
        store(2, 3);
        store(2, 5);
        acknowledge(2, encoded(4));
        acknowledge(2, encoded(3, 0b100));  // erases 5, but its floor is lower
        CHECK(last(2) == encoded(4));
        acknowledge(1, encoded(9));
        CHECK(last(2) == encoded(4));
        CHECK(last(1).empty());
        CHECK(drain(mailbox, "bob").empty());
    }
    SECTION("of equal floors the newer one is kept, and that of a larger epoch") {
        store(2, 3);
        store(2, 5);
        store(3, 0);
        acknowledge(2, encoded(4));
        acknowledge(2, encoded(4, 0b10));
        CHECK(last(2) == encoded(4, 0b10));
        acknowledge(3, encoded(1));
        CHECK(last(3) == encoded(1));
        CHECK(last(2).empty());
    }
    SECTION("one that erases nothing takes the place of the one that is kept") {
        store(2, 3);
        acknowledge(2, encoded(4));
        acknowledge(2, encoded(7));
        CHECK(last(2) == encoded(7));
        acknowledge(2, encoded(6));
        CHECK(last(2) == encoded(7));
        acknowledge(3, encoded(1));
        CHECK(last(3) == encoded(1));
        CHECK(last(2).empty());
    }
    SECTION("past epoch leaves it as it is") {
        store(2, 3);
        acknowledge(2, encoded(4));
        store(3, 0);
        CHECK(mailbox.execute(past("bob", "alice", 3)).done);
        CHECK(mailbox.execute(past("bob", "alice", 2)).done);
        CHECK(last(2) == encoded(4));
    }
    SECTION("it stays when the stream goes on") {
        store(2, 3);
        acknowledge(2, encoded(4));
        store(2, 4);
        CHECK(last(2) == encoded(4));
        CHECK(mailbox.execute(look("alice", "bob", 2)).lowest == 4);
    }
}

}  // namespace sixfold::inline v0::testing

#endif
