// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <sixfold/parts/random.hpp>
#include <sixfold/receiving/inbound_stream.hpp>
#include "support/catch.hpp"

namespace inbound_stream_tests {
namespace {

using namespace sixfold;

/// The ack state of a stream, with the bytes that it refers to.
struct reported {
    std::array<std::byte, ack_state_size_max()> encoded{};
    ack_state state;

    explicit reported(const inbound_stream& stream,
                      const std::optional<receiver_limits>& limits = std::nullopt,
                      seq latest = 0) {
        const std::size_t size = stream.report(latest, limits, encoded);
        REQUIRE(size != 0);
        REQUIRE(ack_state::decode(std::span(encoded).first(size), state) == refusal::none);
    }
};

TEST_CASE("inbound_stream: an empty stream is floor 0, and nothing else [spec 3.16]") {
    const inbound_stream stream(8, 4);
    const reported report(stream);
    CHECK(report.state.floor() == 0);
    CHECK(report.state.horizon() == 0);
    CHECK(report.state.end() == 0);
    CHECK(!report.state.limits());
    CHECK(stream.epoch() == epoch::none);
}

TEST_CASE("inbound_stream: reports what has ended, how, and what is held") {
    inbound_stream stream(8, 4);
    stream.end(0, fate::accepted);
    stream.end(3, fate::tombstoned);
    stream.end(1, fate::rejected);
    stream.end(4, fate::accepted);
    stream.hold(5);
    const reported report(stream, receiver_limits{8, 4, 100});
    const std::vector<fate> expected{fate::accepted, fate::rejected, fate::open, fate::tombstoned,
                                     fate::accepted, fate::held,     fate::open};
    for (seq i = 0; i < expected.size(); ++i) {
        CHECK(report.state.of(i) == expected[i]);
    }
    CHECK(report.state.limits() == receiver_limits{8, 4, 100});
}

TEST_CASE(
    "inbound_stream: when the memory for exceptions is full the horizon moves over the lowest "
    "[spec 3.19]") {
    inbound_stream stream(64, 2);
    for (const seq each : {seq{0}, seq{3}, seq{4}, seq{6}, seq{7}, seq{9}}) {
        stream.end(each, fate::accepted);
    }
    stream.end(8, fate::tombstoned);
    stream.end(2, fate::tombstoned);
    CHECK(stream.horizon() == 0);
    stream.end(5, fate::rejected);
    CHECK(stream.horizon() == 3);
    stream.end(1, fate::rejected);  // below: nobody can be told any more
    CHECK(stream.horizon() == 3);
    const reported report(stream);
    CHECK(report.state.of(2) == fate::ended);
    CHECK(report.state.of(3) == fate::accepted);
    CHECK(report.state.of(5) == fate::rejected);
    CHECK(report.state.of(8) == fate::tombstoned);
}

TEST_CASE("inbound_stream: raising the floor takes the horizon along, and keeps what is above "
          "[spec 3.20]") {
    inbound_stream stream(8, 4);
    stream.end(0, fate::tombstoned);
    stream.end(5, fate::rejected);
    stream.raise(3);
    CHECK(stream.window().floor() == 3);
    CHECK((stream.horizon() == 3 && stream.next() == 3 && stream.end() == 6));
    const reported report(stream);
    CHECK(report.state.of(0) == fate::ended);
    CHECK(report.state.of(5) == fate::rejected);
    stream.raise(1000);
    CHECK(stream.window().floor() == 1000);
    CHECK(stream.end() == 1000);
    CHECK(stream.exceptions().empty());
}

TEST_CASE("inbound_stream: a floor that is raised below the horizon leaves that where it is [spec "
          "3.19, 3.20]") {
    inbound_stream stream(8, 1);
    stream.end(5, fate::tombstoned);
    stream.end(7, fate::rejected);  // there is room for one exception
    REQUIRE(stream.horizon() == 6);
    stream.raise(3);
    CHECK(stream.horizon() == 6);
    CHECK(reported(stream).state.of(5) == fate::ended);
}

TEST_CASE("inbound_stream: enters an epoch as an empty stream, which is kept as before [spec 3.16, "
          "3.22]") {
    inbound_stream stream(8, 4);
    stream.hear();
    CHECK(stream.stage() == stream_stage::waiting);
    stream.enter(epoch{7});
    CHECK((stream.stage() == stream_stage::entered && !stream.kept()));
    stream.raise(5);
    stream.end(6, fate::rejected);
    stream.hold(7);
    stream.hear();
    CHECK((stream.stage() == stream_stage::left && stream.kept()));
    stream.enter(epoch{9});
    CHECK((stream.epoch() == epoch{9} && stream.stage() == stream_stage::entered));
    CHECK((stream.window().floor() == 0 && stream.horizon() == 0 && stream.next() == 0 &&
           stream.end() == 0));
    CHECK(stream.window().of(6) == standing::fresh);
    CHECK((stream.exceptions().empty() && !stream.holds(7) && stream.kept()));
}

TEST_CASE(
    "inbound_stream: passes what has ended and what is held, and stops at a hole [spec 3.21]") {
    inbound_stream stream(8, 4);
    for (const seq each : {seq{0}, seq{2}, seq{4}}) {
        stream.hold(each);
    }
    stream.end(1, fate::tombstoned);
    CHECK(stream.first_lacking() == 3);
    CHECK(stream.pass_next() == seq{0});
    CHECK(stream.pass_next() == seq{2});
    CHECK(!stream.pass_next());
    CHECK((stream.next() == 3 && stream.first_lacking() == 3));
    CHECK(stream.held_below(4) == 2);
    CHECK(stream.held_below(0) == 0);  // none
    CHECK(stream.open_below(5) == 1);
    stream.end(3, fate::accepted);
    CHECK(stream.pass_next() == seq{4});
    CHECK(stream.first_lacking() == 5);
}

TEST_CASE("inbound_stream: its holes are found 64 seqs at a time, as one by one [spec 3.26]") {
    random_source random(5);
    for (const std::uint32_t width : {1U, 3U, 63U, 64U, 65U, 200U, 1024U}) {
        for (int round = 0; round < 60; ++round) {
            inbound_stream stream(width, 4);
            stream.enter(epoch{7});
            if (const seq low = random.below(300); low != 0) {
                stream.raise(low);
            }
            const seq first = stream.window().floor();
            const auto one_in = random.below(20) + 1;  // is neither over nor held
            for (seq at = first + width; at-- > first;) {
                if (random.below(one_in) != 0 && random.below(2) != 0) {
                    stream.hold(at);
                } else if (random.below(one_in) != 0) {
                    stream.end(at, fate::accepted);
                }
            }
            const seq floor = stream.window().floor();
            const auto is_here = [&](seq at) {
                return stream.window().of(at) == standing::duplicate ||
                       (stream.window().of(at) == standing::fresh && stream.holds(at));
            };
            seq lowest = std::max(stream.next(), floor);
            while (is_here(lowest)) {
                ++lowest;
            }
            CAPTURE(width, round, floor);
            REQUIRE(stream.first_lacking() == lowest);
            for (seq end = floor; end <= floor + width; end += 1 + random.below(9)) {
                seq highest = end;
                while (highest > floor && is_here(highest - 1)) {
                    --highest;
                }
                REQUIRE(stream.lacking_below(end) == highest);
            }
        }
    }
}

TEST_CASE("inbound_stream: a report fits whatever is in it") {
    inbound_stream stream(1 << 12, 64);
    stream.raise(seq_end - (1 << 13));
    const seq floor = stream.window().floor();
    for (seq i = 1; i < 1 << 12; ++i) {
        if (i % 2 == 1) {
            stream.end(floor + i, fate::rejected);
        } else {
            stream.hold(floor + i);
        }
    }
    const reported report(stream, receiver_limits{1 << 12, 64, 1 << 27});
    CHECK(report.state.floor() == floor);
    CHECK(report.state.of(floor + 2) == fate::held);
}

TEST_CASE(
    "inbound_stream: what is beyond 512 seqs and not asked for is told when the floor has come "
    "closer [spec 2.9]") {
    inbound_stream stream(1024, 1);
    for (const seq each : {seq{511}, seq{512}}) {
        stream.end(each, each == 511 ? fate::rejected : fate::accepted);
    }
    stream.end(600, fate::rejected);  // and how 511 ended is forgotten
    stream.hold(513);
    const reported far(stream);
    CHECK(far.state.horizon() == 512);
    CHECK(far.state.of(511) == fate::ended);
    for (const seq beyond : {seq{512}, seq{513}, seq{600}}) {
        CHECK(far.state.of(beyond) == fate::open);
    }
    stream.end(700, fate::rejected);  // 600 is forgotten
    CHECK(stream.horizon() == 601);
    CHECK(reported(stream).state.horizon() == 512);  // the end of what it reports
    for (seq each = 0; each <= 188; ++each) {
        stream.end(each, fate::accepted);
    }
    const reported near(stream);
    CHECK(near.state.floor() == 189);
    CHECK(near.state.horizon() == 601);
    CHECK(near.state.of(512) == fate::ended);
    CHECK(near.state.of(513) == fate::held);
    CHECK(near.state.of(700) == fate::rejected);
}

TEST_CASE("inbound_stream: speaks of what came or ended last, and of those up to it [spec 2.9]") {
    inbound_stream stream(2048, 64);
    stream.raise(100);
    for (const seq each : {seq{101}, seq{611}, seq{612}, seq{1000}, seq{1200}, seq{1203}}) {
        stream.end(each, fate::accepted);
    }
    stream.hold(1001);
    const auto first_of = [&](seq latest) {
        return reported(stream, std::nullopt, latest).state.first();
    };
    CHECK(first_of(611) == 100);        // the last that bits from the floor on can tell of
    CHECK(first_of(612) == 100 + 504);  // with what is next to it, but 101
    CHECK(first_of(99) == 100);
    CHECK(first_of(1202) == 100);  // not here: there was no room for it
    CHECK(first_of(2147) == 100);
    CHECK(first_of(1001 + 2048) == 100);  // it would have the place of what is held
    CHECK(first_of(2148) == 100);         // beyond the window: that could not be taken
    CHECK(first_of(seq_end - 1) == 100);
    CHECK(reported(stream).state.covers(101));
    CHECK(first_of(1001) == 100 + 504);  // held; what is next to it begins with 611

    CHECK(first_of(1203) == 100 + 8 * 112);
    const reported report(stream, std::nullopt, 1203);
    CHECK(report.state.floor() == 100);
    CHECK(report.state.covers(1000));
    CHECK(report.state.of(1001) == fate::held);
    CHECK(report.state.covers(1203));
    CHECK_FALSE(report.state.covers(612));
    CHECK(report.state.end() == 1204);
}

}  // namespace
}  // namespace inbound_stream_tests
