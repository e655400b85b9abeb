// SPDX-License-Identifier: BSL-1.0
#include "sixfold/memory_mailbox.hpp"

#include <cstddef>
#include <iterator>
#include <string>
#include <variant>

#include "sixfold/testing/mailbox_requests.hpp"
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
    std::size_t* const each[] = {&limits.rows_per_pair_max, &limits.rows_per_receiver_max,
                                 &limits.rows_max,          &limits.bytes_max,
                                 &limits.page_rows,         &limits.page_bytes,
                                 &limits.states_max};
    const char* const names[] = {"rows_per_pair_max", "rows_per_receiver_max",
                                 "rows_max",          "bytes_max",
                                 "page_rows",         "page_bytes",
                                 "states_max"};
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

TEST_CASE("memory_mailbox: at the bound the oldest ack state makes room") {
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
