// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_VALUE_RULES_HPP
#define SIXFOLD_TESTING_MAILBOX_VALUE_RULES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/testing/catch.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

// Names, numbers and payloads that are legal and not usual: a part of mailbox_conformance.hpp.

namespace sixfold::inline v0::testing {

/// Names and payloads of any bytes, payloads up to 1 MiB, epochs and seqs up to the highest.
template <class Make>
void check_odd_values(Make make) {
    auto mailbox = make(mailbox_limits{.page_rows = 3});

    SECTION("names of any bytes, in the order of their bytes") {
        const std::string_view longest = "a name that is as long as a name can possibly be";
        const std::vector<std::string> names = {std::string(1, '\0'),
                                                std::string("\0\0", 2),
                                                "' OR 1=1; --",
                                                "a",
                                                std::string("a\0", 2),
                                                std::string("a\0b", 3),
                                                std::string(longest.substr(0, peer::size_max)),
                                                "aa",
                                                "\"%_[]`",
                                                "\x7F",
                                                "\x80",
                                                "\xFF"};
        strings expected;
        for (const std::string& name : names) {
            CHECK(mailbox.execute(put(name, name, 1, 0, name)).done);
            CHECK(mailbox.execute(put(name, "bob", 1, 0, name)).done);
            expected.push_back(name + " 1:0 " + name);
            CHECK(drain(mailbox, name) == strings{expected.back()});
        }
        std::sort(expected.begin(), expected.end(), [](const std::string& a, const std::string& b) {
            return peer(a.substr(0, a.find(" 1:0 "))) < peer(b.substr(0, b.find(" 1:0 ")));
        });
        CHECK(drain(mailbox, "bob") == expected);
    }
    SECTION("epochs and seqs of any size, in their order") {
        constexpr std::uint64_t top = std::numeric_limits<std::uint64_t>::max();
        const std::uint64_t epochs[] = {1, top / 2, top / 2 + 1, top - 1, top};
        const seq seqs[] = {0, std::uint64_t{1} << 32, seq_end - 2, seq_end - 1};
        strings expected;
        for (const std::uint64_t epoch : epochs) {
            for (const seq which : seqs) {
                CHECK(mailbox.execute(put("alice", "bob", epoch, which, "x", which)).done);
                expected.push_back("alice " + std::to_string(epoch) + ':' + std::to_string(which) +
                                   " x");
            }
        }
        CHECK(drain(mailbox, "bob") == expected);
        const mailbox_outcome outcome =
            mailbox.execute(page("bob", key("alice", top, seq_end - 1)));
        REQUIRE(outcome.rows.size() == 1);
        CHECK(outcome.rows[0].low == 0);
        CHECK(outcome.rows[0].smaller == msgid{epoch{1}, 0});
        CHECK(mailbox.execute(past("bob", "alice", 1)).done);
        CHECK(mailbox.execute(look("alice", "bob", top / 2 + 1)).smaller ==
              msgid{epoch{top / 2}, 0});
        CHECK(mailbox.execute(erase("bob", "alice", top, encoded(seq_end - 1))).done);
        CHECK(mailbox.execute(look("alice", "bob", top)).low == seq_end - 1);
        CHECK(last_state(mailbox, "alice", "bob", top) == encoded(seq_end - 1));
    }
    SECTION("payloads of any size and any bytes") {
        for (const std::size_t size : {0U, 1U, 255U, 1024U, 4096U, 1U << 20}) {
            std::string payload(size, '\0');
            for (std::size_t i = 0; i < size; ++i) {
                payload[i] = static_cast<char>(i * 7);
            }
            INFO(size << " bytes");
            CHECK(mailbox.execute(put("alice", "bob", 1, size, payload)).done);
            const mailbox_outcome found = mailbox.execute(page("bob"));
            REQUIRE(found.rows.size() == 1);
            CHECK(as_text(found.rows[0].payload) == payload);
            CHECK(mailbox.execute(past("bob", "alice", 1)).done);
        }
    }
}

}  // namespace sixfold::inline v0::testing

#endif
