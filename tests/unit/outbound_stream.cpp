// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include <sixfold/sending/outbound_stream.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace outbound_stream_tests {
namespace {

using namespace sixfold;
constexpr std::uint32_t none = outbound_stream::no_slot;

outbound_stream with(std::uint32_t messages) {
    outbound_stream out;
    out.begin(epoch{7});
    for (std::uint32_t i = 0; i < messages; ++i) {
        (void)out.append(1000 + i);
    }
    return out;
}

TEST_CASE("outbound_stream: seqs count from 0, without holes, and find their slots [spec 1.4]") {
    outbound_stream stream;
    CHECK(stream.empty());
    CHECK(stream.slot(0) == none);
    for (std::uint32_t i = 0; i < 100; ++i) {
        CHECK(stream.append(1000 + i) == i);
    }
    for (std::uint32_t i = 0; i < 100; ++i) {
        CHECK(stream.slot(i) == 1000 + i);
    }
    CHECK(stream.slot(100) == none);
    CHECK(stream.slot(seq_end) == none);
    CHECK(!stream.empty());
}

TEST_CASE("outbound_stream: the first moves over what has ended, however the ring turns") {
    outbound_stream stream;
    seq next = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 6; ++i) {
            CHECK(stream.append(7) == next++);
        }
        stream.remove(next - 2);
        CHECK(stream.first() == next - 6);
        for (const seq back : {seq{6}, seq{5}, seq{3}, seq{4}}) {
            stream.remove(next - back);
        }
        CHECK(stream.first() == next - 1);
        CHECK(stream.slot(next - 2) == none);
        stream.remove(next - 1);
        CHECK(stream.empty());
        CHECK((stream.base() == next && stream.unsent() == next));
    }
}

TEST_CASE(
    "outbound_stream: the base is the lowest that is neither ended nor stored, and goes back to a "
    "stored one that is taken back [spec 3.9]") {
    outbound_stream stream = with(10);
    for (seq at = 0; at < 10; ++at) {
        stream.sent(at, 5);
    }
    stream.become(0, transit::stored);
    stream.become(1, transit::stored);
    CHECK((stream.first() == 0 && stream.base() == 2));
    stream.become(0, transit::stored);  // as it is
    CHECK((stream.first() == 0 && stream.base() == 2));
    stream.remove(2);
    CHECK(stream.base() == 3);
    stream.bury(1);
    stream.become(1, transit::due);
    CHECK((stream.base() == 1 && stream.tombstones() == 1));
    stream.sent(1, 6);
    stream.become(1, transit::buried);
    CHECK(stream.base() == 1);  // it has not ended
    stream.remove(1);
    CHECK((stream.base() == 3 && stream.first() == 0 && stream.tombstones() == 0));
}

TEST_CASE(
    "outbound_stream: all counts and bounds are what the places say, whatever happens [spec 3.9, "
    "3.15]") {
    std::mt19937_64 random(5);
    outbound_stream stream = with(0);
    struct truth {
        transit now;
        bool tombstone;
    };
    std::map<seq, truth> all;
    for (int step = 0; step < 20'000; ++step) {
        const seq next = stream.next();
        if (all.size() < 100 && random() % 3 == 0) {
            all[next] = {transit::fresh, false};
            (void)stream.append(static_cast<std::uint32_t>(next));
        } else if (!all.empty()) {
            auto at = all.begin();
            std::advance(at, static_cast<long>(random() % (std::min)(all.size(), std::size_t{20})));
            const transit to = static_cast<transit>(1 + random() % 7);
            if (random() % 4 == 0) {
                stream.remove(at->first);
                all.erase(at);
            } else if (random() % 8 == 0 && !at->second.tombstone) {
                stream.bury(at->first);
                at->second.tombstone = true;
            } else if (at->second.now == transit::stored &&
                       (to == transit::stored || to == transit::out)) {
                continue;  // it is not sent before it was taken back
            } else if (to == transit::out) {
                stream.sent(at->first, 9);
                at->second.now = to;
            } else {
                stream.become(at->first, to);
                at->second.now = to;
            }
        }
        std::array<std::uint32_t, 8> counts{};
        std::uint32_t tombstones = 0;
        seq base = stream.next();
        seq unsent = stream.next();
        seq due = outbound_stream::no_seq;
        seq turned_away = outbound_stream::no_seq;
        std::vector<seq> arrived;
        for (const auto& [at, is] : all) {
            ++counts[static_cast<std::size_t>(is.now)];
            tombstones += std::uint32_t{is.tombstone};
            base = is.now != transit::stored ? (std::min)(base, at) : base;
            unsent = is.now == transit::fresh ? (std::min)(unsent, at) : unsent;
            due = is.now == transit::due ? (std::min)(due, at) : due;
            turned_away =
                is.now == transit::turned_away ? (std::min)(turned_away, at) : turned_away;
            if (is.now == transit::there || is.now == transit::turned_away) {
                arrived.push_back(at);
            }
        }
        for (std::size_t i = 0; i < counts.size(); ++i) {
            REQUIRE(stream.count(static_cast<transit>(i)) == counts[i]);
        }
        REQUIRE(stream.tombstones() == tombstones);
        REQUIRE(stream.first() == (all.empty() ? stream.next() : all.begin()->first));
        REQUIRE(stream.base() == base);
        REQUIRE(stream.unsent() == unsent);
        REQUIRE(stream.lowest_due() == due);
        REQUIRE(stream.lowest_turned_away() == turned_away);
        std::vector<seq> found;
        stream.for_each_arrived(0, stream.next(), [&](seq at) { found.push_back(at); });
        REQUIRE(found == arrived);
    }
}

TEST_CASE("outbound_stream: a seq waits for its last sending, while nothing is known of that [spec "
          "3.5]") {
    outbound_stream stream = with(1);
    CHECK_FALSE(stream.waits_for(0, 0));  // it was not sent
    stream.sent(0, 7);
    CHECK(stream.waits_for(0, 7));
    stream.become(0, transit::there);
    CHECK_FALSE(stream.waits_for(0, 7));
    stream.sent(0, 8);
    CHECK((stream.waits_for(0, 8) && !stream.waits_for(0, 7)));
    CHECK_FALSE(stream.waits_for(1, 8));
}

TEST_CASE(
    "outbound_stream: what an earlier life gave may have been sent, and was not in this one [spec "
    "7.7]") {
    outbound_stream stream;
    stream.begin(epoch{7}, 5);
    stream.append_ended();
    CHECK(stream.append(1) == 6);
    CHECK((stream.first() == 6 && stream.sent_end() == 0));
    stream.assume_sent();
    CHECK((stream.sent_end() == 7 && stream.unsent() == 6));
}

TEST_CASE("outbound_stream: what has arrived is found 64 seqs at a time [spec 3.8]") {
    for (const std::uint32_t messages : {8U, 64U, 1000U}) {
        outbound_stream stream = with(messages);
        std::vector<seq> expected;
        for (seq at = 0; at < messages; ++at) {
            stream.sent(at, static_cast<sending_number>(at));
            if (at % 7 == 3) {
                stream.become(at, at % 2 == 0 ? transit::there : transit::turned_away);
            }
        }
        const auto arrived = [&](seq from, seq to) {
            std::vector<seq> out;
            stream.for_each_arrived(from, to, [&](seq at) { out.push_back(at); });
            return out;
        };
        for (seq at = 3; at < messages; at += 7) {
            expected.push_back(at);
        }
        CHECK(arrived(0, messages) == expected);
        CHECK(arrived(3, 4) == std::vector<seq>{3});
        CHECK(arrived(4, 4).empty());
        CHECK(stream.lowest_turned_away() == 3);
        stream.become(3, transit::there);
        CHECK(stream.lowest_turned_away() == (messages > 17 ? 17 : outbound_stream::no_seq));
        stream.for_each_arrived(0, messages, [&](seq at) { stream.become(at, transit::due); });
        CHECK(arrived(0, messages).empty());
        CHECK(stream.lowest_due() == 3);
        CHECK(stream.lowest_turned_away() == outbound_stream::no_seq);
        stream.become(5, transit::there);
        stream.remove(5);
        CHECK(arrived(0, messages).empty());
    }
}

TEST_CASE("outbound_stream: begins an epoch as an empty stream, field by field [spec 3.12]") {
    outbound_stream stream = with(9);
    for (seq at = 0; at < 9; ++at) {
        stream.sent(at, 5);
    }
    for (const seq at : {seq{0}, seq{1}, seq{2}, seq{3}}) {
        stream.become(at, transit::stored);
    }
    stream.remove(0);
    stream.become(6, transit::due);
    stream.bury(2);
    stream.become(2, transit::due);
    outbound_stream fresh;
    fresh.begin(epoch{9});
    const outbound_stream before = stream;
    CHECK(test_access::differing(before, fresh).size() >= 10);  // all fields were in use
    stream.begin(epoch{9});
    CHECK(test_access::differing(stream, fresh).empty());
    CHECK(stream.append(9) == 0);
    CHECK((stream.slot(0) == 9 && stream.slot(1) == none));
}

}  // namespace
}  // namespace outbound_stream_tests
