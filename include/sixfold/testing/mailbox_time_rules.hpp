// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_TIME_RULES_HPP
#define SIXFOLD_TESTING_MAILBOX_TIME_RULES_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/mailbox/mailbox_retention.hpp"
#include "sixfold/testing/catch.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

// What a mailbox does as time passes: a part of mailbox_conformance.hpp.

namespace sixfold::inline v0::testing {

/// A payload that was put with a time left is a tombstone when that is over, whoever asks, and never before. (spec 4.1, 5.6)
/// `make(limits, clock)` returns an empty mailbox on this clock.
template <class Make>
void check_time_left(Make make) {
    using std::chrono::milliseconds;
    manual_clock clock;
    clock.set(time_point(std::chrono::hours(24)));
    auto mailbox = make(mailbox_limits{}, clock);
    const auto store = [&](seq which, std::uint64_t left) {
        CHECK(mailbox.execute(with_left(put("alice", "bob", 1, which, "text", 0), left)).done);
    };
    const auto found = [&] {
        return drain(mailbox, "bob");
    };

    SECTION("to the millisecond, and its row stays") {
        store(3, 5000);
        const seq low = mailbox.execute(look("alice", "bob", 1)).low;
        CHECK(found() == strings{"alice 1:3 text"});
        clock.advance(milliseconds(4999));
        CHECK(found() == strings{"alice 1:3 text"});
        clock.advance(milliseconds(1));
        CHECK(found() == strings{"alice 1:3 +"});
        CHECK(mailbox.execute(page("bob")).rows[0].payload.empty());
        CHECK(mailbox.execute(look("alice", "bob", 1)).low == low);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(4))).done);
        CHECK(found().empty());
    }
    SECTION("each its own, and what has none stays") {
        store(0, 3000);
        clock.advance(milliseconds(1000));
        store(1, 3000);
        CHECK(mailbox.execute(put("alice", "bob", 1, 2, "text")).done);
        store(3, 1000);
        clock.advance(milliseconds(2000));
        const strings expected = {"alice 1:0 +", "alice 1:1 text", "alice 1:2 text", "alice 1:3 +"};
        CHECK(found() == expected);
        clock.advance(std::chrono::hours(24 * 365));
        CHECK(found()[1] == "alice 1:1 +");
        CHECK(found()[2] == "alice 1:2 text");
    }
    SECTION("all of a run have the same") {
        const run_writer three = written({message("a"), ended, message("c")});
        CHECK(mailbox.execute(with_left(put_run("alice", "bob", 1, 0, three.get()), 1000)).done);
        CHECK(found() == strings{"alice 1:0 a", "alice 1:1 +", "alice 1:2 c"});
        clock.advance(milliseconds(1000));
        CHECK(found() == strings{"alice 1:0 +", "alice 1:1 +", "alice 1:2 +"});
    }
    SECTION("what is put again keeps the one that it has") {
        store(0, 2000);
        store(1, 2000);
        CHECK(mailbox.execute(put("alice", "bob", 1, 2, "text")).done);
        clock.advance(milliseconds(1000));
        store(0, 2000);
        store(1, 1);
        store(2, 1);
        clock.advance(milliseconds(999));
        CHECK(found() == strings{"alice 1:0 text", "alice 1:1 text", "alice 1:2 text"});
        clock.advance(milliseconds(1));
        CHECK(found() == strings{"alice 1:0 +", "alice 1:1 +", "alice 1:2 text"});
        store(0, 2000);  // never the reverse
        CHECK(found()[0] == "alice 1:0 +");
    }
    SECTION("none at all, and more than there is time") {
        store(0, 0);
        store(1, ~std::uint64_t{0});
        store(2, std::uint64_t{1} << 53);
        clock.set(never);
        CHECK(found() == strings{"alice 1:0 +", "alice 1:1 text", "alice 1:2 text"});
    }
    SECTION("it takes no room in a page") {
        store(0, 1000);
        store(1, 9000);
        CHECK(mailbox.execute(bounded(page("bob"), 9, 4)).rows.size() == 1);
        clock.advance(milliseconds(1000));
        CHECK(mailbox.execute(bounded(page("bob"), 9, 4)).rows.size() == 2);
    }
    SECTION("a tombstone in its place has none") {
        store(0, 1000);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 0)).done);
        clock.advance(milliseconds(1000));
        CHECK(found() == strings{"alice 1:0 +"});
    }
}

/// How many rows `expire` has handled, whether it can fail or not.
template <class Handled>
[[nodiscard]] std::size_t handled(const Handled& count) {
    if constexpr (requires { count.value(); }) {
        return count.value();
    } else {
        return count;
    }
}

/// Retention: what `expire(retention, rows_max)` of a mailbox does, as those that ship have it. (spec 5.6) `make` as above.
template <class Make>
void check_retention(Make make) {
    using days = std::chrono::duration<int, std::ratio<86400>>;
    manual_clock clock;
    clock.set(time_point(days(1000)));
    auto mailbox = make(mailbox_limits{.rows_per_sender_max = 20, .states_max = 2}, clock);
    const auto store = [&](const peer& from, const peer& to, seq which, seq base = 0) {
        CHECK(mailbox.execute(put(from, to, 1, which, "text", base)).done);
    };
    const auto expire = [&](days payloads, days streams, std::size_t rows_max = 1000) {
        return handled(mailbox.expire({.payloads = payloads, .streams = streams}, rows_max));
    };
    const auto given_up = [&](const peer& from, const peer& to, seq base = 0) {
        const mailbox_outcome outcome = mailbox.execute(look(from, to, 1, base));
        CHECK(outcome.done);
        return outcome.given_up;
    };
    constexpr days ever(100'000);

    SECTION("payloads that are old become tombstones, and no row goes") {
        store("alice", "bob", 3, 2);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 4, 3)).done);
        clock.advance(days(4));
        store("alice", "bob", 5);
        clock.advance(days(6) - duration(1));
        CHECK(expire(days(10), ever) == 0);
        clock.advance(duration(1));
        CHECK(expire(days(10), ever) == 1);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:3 +", "alice 1:4 +", "alice 1:5 text"});
        CHECK(mailbox.execute(look("alice", "bob", 1)).low == 3);
        clock.advance(days(4));
        CHECK(expire(days(10), ever) == 1);
        CHECK(expire(days(0), ever) == 0);
        CHECK(drain(mailbox, "bob")[2] == "alice 1:5 +");
    }
    SECTION("of payloads not more in a call than it is told to, the oldest first") {
        for (const seq which : {7U, 3U, 5U, 1U}) {
            store("alice", "bob", which);
            clock.advance(days(1));
        }
        CHECK(expire(days(2), ever, 2) == 2);
        const strings expected = {"alice 1:1 text", "alice 1:3 +", "alice 1:5 text", "alice 1:7 +"};
        CHECK(drain(mailbox, "bob") == expected);
        CHECK(expire(days(2), ever, 2) == 1);
        CHECK(expire(days(2), ever, 2) == 0);
    }
    SECTION("what was late already is handled, too, and its bytes count no more") {
        auto small = make(mailbox_limits{.bytes_max = 5}, clock);
        CHECK(small.execute(with_left(put("alice", "bob", 1, 0, "hello"), 1000)).done);
        clock.advance(days(1));
        (void)small.expire({}, 10);
        CHECK(small.execute(put("alice", "bob", 1, 1, "hello")).done);
        CHECK(drain(small, "bob") == strings{"alice 1:0 +", "alice 1:1 hello"});
    }
    SECTION("a stream whose receiver never came is given up as a whole") {
        store("alice", "bob", 0);
        clock.advance(days(9));
        store("alice", "bob", 1, 1);
        store("alice", "carol", 0);
        store("dave", "bob", 0);
        clock.advance(days(1) - duration(1));
        CHECK(expire(ever, days(10)) == 0);
        CHECK_FALSE(given_up("alice", "bob"));
        clock.advance(duration(1));
        CHECK(expire(ever, days(10), 1) == 2);  // not half of it
        CHECK(given_up("alice", "bob") == 2);
        CHECK_FALSE(given_up("alice", "carol"));
        CHECK_FALSE(given_up("dave", "bob"));
        CHECK(mailbox.execute(look("alice", "bob", 1, 2)).low == 2);
        CHECK(expire(ever, days(10)) == 0);
        CHECK(drain(mailbox, "bob") == strings{"dave 1:0 text"});
        CHECK(drain(mailbox, "carol") == strings{"alice 1:0 text"});
        for (seq which = 2; which < 21; ++which) {  // its rows count no more
            store("alice", "bob", which, 2);
        }
        CHECK_FALSE(mailbox.execute(put("alice", "bob", 1, 30, "text", 2)).done);
    }
    SECTION("who comes for a page, or erases something, is waited for again") {
        store("alice", "bob", 0);
        store("alice", "bob", 1);
        store("alice", "carol", 0);
        store("alice", "carol", 1);
        clock.advance(days(8));
        SECTION("after a page") {
            CHECK(mailbox.execute(page("bob")).done);
            CHECK(mailbox.execute(page("carol", key("zoe", 9, 9))).done);
        }
        SECTION("after an ack") {
            CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);
            CHECK(mailbox.execute(past("carol", "eve", 7)).done);
        }
        clock.advance(days(9));
        CHECK(expire(ever, days(10)) == 0);
        clock.advance(days(2));
        CHECK(expire(ever, days(10)) >= 3);
        CHECK(given_up("alice", "bob"));
        CHECK(given_up("alice", "carol"));
        CHECK(drain(mailbox, "bob").empty());
    }
    SECTION("who does not come is not waited for longer because he is written to, or asked for") {
        store("alice", "bob", 0);
        for (int day = 0; day < 10; ++day) {
            clock.advance(days(1));
            store("alice", "bob", static_cast<seq>(day) + 1, static_cast<seq>(day));
            CHECK_FALSE(given_up("alice", "bob"));
        }
        CHECK(expire(ever, days(10)) == 11);
        store("alice", "bob", 11, 11);  // a new beginning
        clock.advance(days(9));
        CHECK(expire(ever, days(10)) == 0);
        clock.advance(days(1));
        CHECK(expire(ever, days(10)) == 1);
    }
    SECTION("what lies behind a hole was not all that was under way") {
        store("alice", "bob", 2, 2);
        store("alice", "bob", 3, 2);
        store("alice", "bob", 5, 2);
        store("alice", "carol", 5, 2);
        clock.advance(days(10));
        CHECK(expire(ever, days(10)) == 4);
        CHECK(given_up("alice", "bob") == 4);
        CHECK(given_up("alice", "carol") == 2);
        CHECK(mailbox.execute(look("alice", "bob", 1, 4)).low == 4);
        store("alice", "bob", 4, 4);
        CHECK(given_up("alice", "bob") == 4);
        store("alice", "bob", 3, 3);  // its sender did not know that it was stored
        CHECK(given_up("alice", "bob") == 3);
        CHECK(mailbox.execute(look("alice", "bob", 1, 4)).low == 3);
    }
    SECTION("the last ack state of a stream stays, and the next one ends what was said") {
        store("alice", "bob", 0);
        store("alice", "bob", 1, 1);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);
        clock.advance(days(11));
        CHECK(expire(ever, days(10)) == 1);
        CHECK(given_up("alice", "bob") == 2);
        CHECK(last_state(mailbox, "alice", "bob", 1) == encoded(1));
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);
        CHECK_FALSE(given_up("alice", "bob"));
        CHECK(last_state(mailbox, "alice", "bob", 1) == encoded(1));
    }
    SECTION("of the epochs of a pair the largest is remembered") {
        CHECK(mailbox.execute(put("alice", "bob", 3, 0, "text")).done);
        CHECK(mailbox.execute(erase("bob", "alice", 3, encoded(1))).done);
        store("alice", "bob", 0);
        clock.advance(days(11));
        CHECK(expire(ever, days(10)) == 1);
        CHECK_FALSE(given_up("alice", "bob"));
        CHECK(last_state(mailbox, "alice", "bob", 3) == encoded(1));
        CHECK(mailbox.execute(put("alice", "bob", 4, 0, "text")).done);
        clock.advance(days(11));
        CHECK(expire(ever, days(10)) == 1);
        CHECK(mailbox.execute(look("alice", "bob", 4)).given_up == 1);
        CHECK(mailbox.execute(look("alice", "bob", 4)).last_state.empty());
        CHECK_FALSE(mailbox.execute(look("alice", "bob", 3)).given_up);
    }
    SECTION("that is bounded as last ack states are, and with them") {
        store("alice", "bob", 0);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);
        for (const char* to : {"carol", "dave"}) {
            clock.advance(days(1));
            store("alice", to, 0);
        }
        clock.advance(days(11));
        CHECK(expire(ever, days(10)) == 2);
        CHECK(last_state(mailbox, "alice", "bob", 1).empty());
        CHECK(given_up("alice", "carol") == 1);
        CHECK(given_up("alice", "dave") == 1);
        store("alice", "eve", 0);
        clock.advance(days(11));
        CHECK(expire(ever, days(10)) == 1);
        CHECK_FALSE(given_up("alice", "carol"));
        CHECK(given_up("alice", "eve") == 1);
    }
    SECTION("for ever is for ever") {
        store("alice", "bob", 0);
        clock.set(never);
        const auto forever = (duration::max)();
        CHECK(handled(mailbox.expire({.payloads = forever, .streams = forever}, 9)) == 0);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:0 text"});
    }
}

}  // namespace sixfold::inline v0::testing

#endif
