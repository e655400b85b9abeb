// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_LIMIT_RULES_HPP
#define SIXFOLD_TESTING_MAILBOX_LIMIT_RULES_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <variant>
#include <vector>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/testing/catch.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

// What a mailbox does at its limits: a part of mailbox_conformance.hpp.

namespace sixfold::inline v0::testing {

/// A put that is above a limit is not done, and nothing has changed.
template <class Mailbox>
void check_refused(Mailbox& mailbox, const mailbox_request& request) {
    const auto& msg = std::get<msg_request>(request.what);
    const mailbox_request probe = look(request.from, msg.to, static_cast<std::uint64_t>(msg.epoch));
    const strings before = drain(mailbox, msg.to);
    const seq lowest = mailbox.execute(probe).lowest;
    CHECK_FALSE(mailbox.execute(request).done);
    CHECK(drain(mailbox, msg.to) == before);
    CHECK(mailbox.execute(probe).lowest == lowest);
}

/// Each limit by itself, what is put again at a limit, and where a page ends.
template <class Make>
void check_limits(Make make) {
    SECTION("rows of a pair") {
        auto mailbox = make(mailbox_limits{.rows_per_pair_max = 2});
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 2, 1, "")).done);
        check_refused(mailbox, put("alice", "bob", 2, 0, ""));
        check_refused(mailbox, tombstone("alice", "bob", 2, 2));
        CHECK(mailbox.execute(put("carol", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("alice", "carol", 1, 0, "")).done);
        CHECK(mailbox.execute(past("bob", "alice", 1)).done);
        CHECK(mailbox.execute(put("alice", "bob", 2, 0, "")).done);
        check_refused(mailbox, put("alice", "bob", 2, 2, ""));
    }
    SECTION("rows of a receiver") {
        auto mailbox = make(mailbox_limits{.rows_per_receiver_max = 2});
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("carol", "bob", 1, 0, "")).done);
        check_refused(mailbox, put("dave", "bob", 1, 0, ""));
        CHECK(mailbox.execute(put("dave", "carol", 1, 0, "")).done);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);
        CHECK(mailbox.execute(put("dave", "bob", 1, 0, "")).done);
        check_refused(mailbox, put("alice", "bob", 1, 1, ""));
    }
    SECTION("rows in all") {
        auto mailbox = make(mailbox_limits{.rows_max = 2});
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("carol", "dave", 1, 0, "")).done);
        check_refused(mailbox, put("eve", "frank", 1, 0, ""));
        CHECK(mailbox.execute(past("bob", "alice", 1)).done);
        CHECK(mailbox.execute(put("eve", "frank", 1, 0, "")).done);
        check_refused(mailbox, put("alice", "bob", 1, 0, ""));
    }
    SECTION("payload bytes in all") {
        auto mailbox = make(mailbox_limits{.bytes_max = 5});
        check_refused(mailbox, put("alice", "bob", 1, 0, "123456"));
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "123")).done);
        check_refused(mailbox, put("carol", "dave", 1, 0, "456"));
        CHECK(mailbox.execute(put("carol", "dave", 1, 0, "45")).done);
        CHECK(mailbox.execute(put("carol", "dave", 1, 1, "")).done);
        check_refused(mailbox, put("carol", "dave", 1, 2, "6"));
        CHECK(mailbox.execute(past("dave", "carol", 1)).done);
        CHECK(mailbox.execute(put("carol", "dave", 1, 2, "67")).done);
        check_refused(mailbox, put("carol", "dave", 1, 3, "8"));
    }
    SECTION("what is there is put again, and ended, though the mailbox is full") {
        auto mailbox = make(mailbox_limits{.rows_max = 1, .bytes_max = 5});
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello")).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello")).done);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 5)).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:5 +"});
    }
    SECTION("a tombstone gives back the bytes of what it replaces, and not its row") {
        auto mailbox = make(mailbox_limits{.rows_max = 2, .bytes_max = 5});
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 0)).done);
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 0)).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 1, "hello")).done);
        check_refused(mailbox, put("alice", "bob", 1, 2, ""));
    }
    SECTION("a page ends at its rows or bytes, but has at least one row") {
        auto mailbox = make(mailbox_limits{.page_rows = 3, .page_bytes = 4});
        const char* const payloads[] = {"", "", "", "", "12", "12", "12", "12", "12345"};
        for (seq which = 0; which < std::size(payloads); ++which) {
            CHECK(mailbox.execute(put("alice", "bob", 1, which, payloads[which])).done);
        }
        std::vector<std::size_t> sizes;
        std::optional<mailbox_key> after;
        for (bool end = false; !end;) {
            const mailbox_outcome outcome = mailbox.execute(page("bob", after));
            REQUIRE_FALSE(outcome.rows.empty());
            sizes.push_back(outcome.rows.size());
            after = mailbox_key{outcome.rows.back().from, outcome.rows.back().id};
            end = outcome.end;
        }
        CHECK(sizes == std::vector<std::size_t>{3, 3, 2, 1});
    }
}

}  // namespace sixfold::inline v0::testing

#endif
