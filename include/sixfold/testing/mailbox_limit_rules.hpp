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
#include "sixfold/wire/run.hpp"

// What a mailbox does at its limits: a part of mailbox_conformance.hpp.

namespace sixfold::inline v0::testing {

/// A put that is above a limit is not done, and nothing has changed.
template <class Mailbox>
void check_refused(Mailbox& mailbox, const mailbox_request& request) {
    const auto& msg = std::get<msg_request>(request.what);
    const mailbox_request probe = look(request.from, msg.to, static_cast<std::uint64_t>(msg.epoch));
    const strings before = drain(mailbox, msg.to);
    const seq low = mailbox.execute(probe).low;
    CHECK_FALSE(mailbox.execute(request).done);
    CHECK(drain(mailbox, msg.to) == before);
    CHECK(mailbox.execute(probe).low == low);
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
    SECTION("rows of a sender, over all receivers") {
        auto mailbox = make(mailbox_limits{.rows_per_sender_max = 3});
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("alice", "carol", 1, 0, "")).done);
        CHECK(mailbox.execute(tombstone("alice", "dave", 1, 0)).done);
        check_refused(mailbox, put("alice", "bob", 1, 1, ""));
        check_refused(mailbox, put("alice", "nobody", 1, 0, ""));
        CHECK(mailbox.execute(put("carol", "alice", 1, 0, "")).done);  // another one's
        CHECK(mailbox.execute(put("bob", "alice", 1, 0, "")).done);
        CHECK(mailbox.execute(past("alice", "bob", 1)).done);
        check_refused(mailbox, put("alice", "bob", 1, 1, ""));
        CHECK(mailbox.execute(erase("carol", "alice", 1, encoded(1))).done);
        CHECK(mailbox.execute(put("alice", "nobody", 1, 0, "")).done);
        check_refused(mailbox, put("alice", "nobody", 1, 1, ""));
        CHECK(mailbox.execute(past("dave", "alice", 1)).done);
        CHECK(mailbox.execute(put("alice", "nobody", 1, 1, "")).done);
    }
    SECTION("payload bytes of a sender, over all receivers") {
        auto mailbox = make(mailbox_limits{.bytes_per_sender_max = 5});
        check_refused(mailbox, put("alice", "bob", 1, 0, "123456"));
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "123")).done);
        check_refused(mailbox, put("alice", "dave", 1, 0, "456"));
        CHECK(mailbox.execute(put("carol", "dave", 1, 0, "45678")).done);
        CHECK(mailbox.execute(put("alice", "dave", 1, 0, "45")).done);
        CHECK(mailbox.execute(put("alice", "dave", 1, 1, "")).done);
        check_refused(mailbox, put("alice", "bob", 1, 1, "6"));
        CHECK(mailbox.execute(tombstone("alice", "bob", 1, 0)).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 1, "67")).done);
        check_refused(mailbox, put("alice", "bob", 1, 2, "89"));
        CHECK(mailbox.execute(past("dave", "alice", 1)).done);
        CHECK(mailbox.execute(put("alice", "eve", 1, 0, "890")).done);
        check_refused(mailbox, put("alice", "eve", 1, 1, "1"));
    }
    SECTION("a ninth sender gets through when eight have filled what they may") {
        auto mailbox = make(mailbox_limits{.rows_per_pair_max = 4,
                                           .rows_per_sender_max = 16,
                                           .rows_per_receiver_max = 64,
                                           .rows_max = 256,
                                           .bytes_per_sender_max = 40,
                                           .bytes_max = 640});
        for (int i = 0; i < 8; ++i) {
            const peer stranger = "stranger" + std::to_string(i);
            std::size_t done = 0;
            for (int to = 0; to < 20; ++to) {  // of invented names, and to bob
                const peer invented = "nobody" + std::to_string(20 * i + to);
                for (seq which = 0; which < 5; ++which) {
                    const auto text = which % 2 == 0 ? "text" : "";
                    done += std::size_t{
                        mailbox.execute(put(stranger, to == 0 ? "bob" : invented, 1, which, text))
                            .done};
                }
            }
            CHECK(done == 16);
        }
        for (seq which = 0; which < 4; ++which) {
            CHECK(mailbox.execute(put("alice", "bob", 1, which, "hello")).done);
        }
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
    SECTION("a run is put as a whole or not at all, whichever limit it is that it does not fit") {
        const mailbox_limits each[] = {{.rows_per_pair_max = 4},
                                       {.rows_per_sender_max = 4},
                                       {.bytes_per_sender_max = 8},
                                       {.rows_per_receiver_max = 4},
                                       {.rows_max = 4},
                                       {.bytes_max = 8}};
        for (const mailbox_limits& limits : each) {
            INFO("limit " << &limits - each);
            auto mailbox = make(limits);
            const run_writer three = written({message("12"), message("34"), message("56")});
            const run_writer two = written({message("12"), message("34")});
            CHECK(mailbox.execute(put_run("alice", "bob", 1, 0, two.get(), 0)).done);
            check_refused(mailbox, put_run("alice", "bob", 1, 2, three.get(), 2));
            check_refused(mailbox, put_run("alice", "bob", 2, 0, three.get()));
            CHECK(mailbox.execute(put_run("alice", "bob", 1, 1, three.get(), 1)).done);
            const strings expected = {"alice 1:0 12", "alice 1:1 34", "alice 1:2 34",
                                      "alice 1:3 56"};
            CHECK(drain(mailbox, "bob") == expected);
            CHECK(mailbox.execute(look("alice", "bob", 1)).low == 0);
        }
    }
    SECTION("a run that is above a limit raises no base, and makes no tombstone") {
        auto mailbox = make(mailbox_limits{.rows_max = 2});
        CHECK(mailbox.execute(put("alice", "bob", 1, 5, "five", 1)).done);
        const run_writer three = written({ended, message("6"), message("7")});
        check_refused(mailbox, put_run("alice", "bob", 1, 5, three.get(), 5));
        CHECK(drain(mailbox, "bob") == strings{"alice 1:5 five"});
    }
    SECTION("a run whose tombstones give back the bytes that its payloads need is put") {
        auto mailbox = make(mailbox_limits{.rows_max = 2, .bytes_max = 5});
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "hello")).done);
        const run_writer more = written({ended, message("world!")});
        check_refused(mailbox, put_run("alice", "bob", 1, 0, more.get()));
        const run_writer two = written({ended, message("world")});
        CHECK(mailbox.execute(put_run("alice", "bob", 1, 0, two.get())).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:0 +", "alice 1:1 world"});
    }
    SECTION("a run that is there is put again, and ended, though the mailbox is full") {
        auto mailbox = make(mailbox_limits{.rows_max = 2, .bytes_max = 5});
        const run_writer two = written({message("12"), message("345")});
        CHECK(mailbox.execute(put_run("alice", "bob", 1, 0, two.get())).done);
        CHECK(mailbox.execute(put_run("alice", "bob", 1, 0, two.get())).done);
        const run_writer none = written({ended, ended});
        CHECK(mailbox.execute(put_run("alice", "bob", 1, 0, none.get())).done);
        CHECK(drain(mailbox, "bob") == strings{"alice 1:0 +", "alice 1:1 +"});
    }
    SECTION("a page ends at its rows or bytes, the mailbox's or the receiver's, but has at least "
            "one row") {
        const char* const payloads[] = {"", "", "", "", "12", "12", "12", "12", "12345"};
        const auto sizes = [&](const mailbox_limits& limits, std::uint32_t rows,
                               std::uint32_t room) {
            auto mailbox = make(limits);
            for (seq which = 0; which < std::size(payloads); ++which) {
                CHECK(mailbox.execute(put("alice", "bob", 1, which, payloads[which])).done);
            }
            std::vector<std::size_t> all;
            std::optional<mailbox_key> next;
            do {
                const mailbox_outcome outcome =
                    mailbox.execute(bounded(page("bob", next), rows, room));
                REQUIRE_FALSE(outcome.rows.empty());
                all.push_back(outcome.rows.size());
                next = outcome.next;
            } while (next);
            return all;
        };
        const std::vector<std::size_t> expected = {3, 3, 2, 1};
        CHECK(sizes({.page_rows = 3, .page_bytes = 4}, 100, 100) == expected);
        CHECK(sizes({.page_rows = 3, .page_bytes = 4}, 3, 4) == expected);
        CHECK(sizes({}, 3, 4) == expected);
        CHECK(sizes({.page_rows = 3}, 100, 4) == expected);
        CHECK(sizes({.page_bytes = 4}, 3, 100) == expected);
        CHECK(sizes({}, 1, 1) == std::vector<std::size_t>(9, 1));
        CHECK(sizes({}, 100, 1) == std::vector<std::size_t>{4, 1, 1, 1, 1, 1});
        CHECK(sizes({}, 100, 13) == std::vector<std::size_t>{9});
    }
}

}  // namespace sixfold::inline v0::testing

#endif
