// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_ACK_RULES_HPP
#define SIXFOLD_TESTING_MAILBOX_ACK_RULES_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/testing/catch.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

// What a mailbox does with acknowledgements: a part of mailbox_conformance.hpp.

namespace sixfold::inline v0::testing {

/// What an ack state erases, what `past` does, and what neither touches. (spec 5.4)
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

/// Which ack state is kept, and for which stream it is handed out. (spec 5.3, 5.4)
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
        CHECK(mailbox.execute(look("alice", "bob", 2, 9)).low == 4);
    }
}

}  // namespace sixfold::inline v0::testing

#endif
