// SPDX-License-Identifier: BSL-1.0
#include "sixfold/memory_mailbox.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <new>
#include <string>
#include <variant>

#include "sixfold/testing/mailbox_requests.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

// What it does as any mailbox does is in tests/mailbox.

namespace memory_mailbox_tests {

using namespace sixfold;
using namespace sixfold::testing;

namespace {

memory_mailbox make(const mailbox_limits& limits = {}) {
    return memory_mailbox::create(limits).value();
}

}  // namespace

TEST_CASE("memory_mailbox: refuses each limit that is zero, and names it") {
    const auto what = [](const mailbox_limits& limits) {
        const auto made = memory_mailbox::create(limits);
        return made ? std::string() : std::string(made.error().what);
    };
    mailbox_limits limits;
    CHECK(what(limits).empty());
    std::size_t* const each[] = {
        &limits.rows_per_pair_max, &limits.rows_per_sender_max,  &limits.rows_per_receiver_max,
        &limits.rows_max,          &limits.bytes_per_sender_max, &limits.bytes_max,
        &limits.page_rows,         &limits.page_bytes,           &limits.states_max};
    const char* const names[] = {
        "rows_per_pair_max", "rows_per_sender_max",  "rows_per_receiver_max",
        "rows_max",          "bytes_per_sender_max", "bytes_max",
        "page_rows",         "page_bytes",           "states_max"};
    for (std::size_t i = 0; i < std::size(each); ++i) {
        *each[i] = 0;
        CHECK(what(limits).find(std::string(".") + names[i] + ":") != std::string::npos);
        *each[i] = 1;
    }
    CHECK(what(limits).empty());
}

TEST_CASE("memory_mailbox: counts its rows, their bytes and its ack states") {
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
    CHECK(mailbox.execute(put("alice", "bob", 1, 1, "you")).done);
    CHECK(mailbox.execute(put("bob", "alice", 1, 0, "hi")).done);
    CHECK(mailbox.rows() == 3);
    CHECK(mailbox.bytes() == 10);
    CHECK(mailbox.states() == 0);
    CHECK(mailbox.execute(tombstone("alice", "bob", 1, 1)).done);
    CHECK(mailbox.rows() == 3);
    CHECK(mailbox.bytes() == 7);
    CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);
    CHECK(mailbox.execute(past("alice", "bob", 1)).done);
    CHECK(mailbox.rows() == 1);
    CHECK(mailbox.bytes() == 0);
    CHECK(mailbox.states() == 1);
}

TEST_CASE("memory_mailbox: a copy has rows of its own") {
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
    memory_mailbox copy = mailbox;
    CHECK(mailbox.execute(past("bob", "alice", 1)).done);
    CHECK(drain(mailbox, "bob").empty());
    CHECK(drain(copy, "bob") == strings{"alice 1:0 hello"});
}

TEST_CASE("memory_mailbox: at the bound the oldest ack state makes room [spec 5.7]") {
    memory_mailbox mailbox = make({.states_max = 2});
    const auto stored = [&](const peer& sender) {
        CHECK(mailbox.execute(put(sender, "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(erase("bob", sender, 1, encoded(1))).done);
    };
    const auto known = [&](const peer& sender) {
        return !mailbox.execute(look(sender, "bob", 1)).last_state.empty();
    };
    stored("alice");
    stored("carol");
    stored("alice");
    stored("dave");
    CHECK(mailbox.states() == 2);
    CHECK(known("alice"));
    CHECK_FALSE(known("carol"));
    CHECK(known("dave"));
}

TEST_CASE("memory_mailbox: where memory runs out within a run, it is as it was") {
    if (support::allocations_in([] { CHECK(strings(9).size() == 9); }) == 0) {
        SKIP("allocations are not counted here");
    }
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(put("alice", "bob", 1, 5, "five", 2)).done);
    const std::string text(100, 'x');
    const run_writer three = written({ended, testing::message(text), testing::message("seven")});
    const mailbox_request known = put_run("alice", "bob", 1, 5, three.get(), 4);
    const mailbox_request unknown = put_run("carol", "dave", 1, 5, three.get(), 4);
    for (const mailbox_request& request : {known, unknown}) {
        memory_mailbox other = mailbox;
        const std::size_t needed =
            support::allocations_in([&] { CHECK(other.execute(request).done); });
        CHECK(needed > 5);
        for (std::size_t i = 0; i < needed; ++i) {
            support::failing_allocation = support::allocation_count + i;
            CHECK_THROWS_AS(mailbox.execute(request), std::bad_alloc);
            support::failing_allocation = SIZE_MAX;
            CHECK(mailbox.rows() == 1);
            CHECK(mailbox.bytes() == 4);
            CHECK(drain(mailbox, "bob") == strings{"alice 1:5 five"});
            CHECK(mailbox.execute(look("alice", "bob", 1)).low == 2);
        }
    }
    CHECK(mailbox.execute(known).done);
    CHECK(mailbox.rows() == 3);
    CHECK(mailbox.bytes() == 105);
}

TEST_CASE("memory_mailbox: an ack:R that erases nothing, or is damaged, is not done") {
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
    mailbox_request waiting = past("bob", "alice", 1);
    std::get<ack_request>(waiting.what).word = ack_word::waiting;
    CHECK_FALSE(mailbox.execute(waiting).done);
    CHECK_FALSE(mailbox.execute(erase("bob", "alice", 1, blob{std::byte{0xFF}})).done);
    CHECK(mailbox.rows() == 1);
}

}  // namespace memory_mailbox_tests
