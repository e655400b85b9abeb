// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "frame_words.hpp"
#include "mermaid_chart.hpp"
#include "picture_row.hpp"
#include "sequence_chart.hpp"
#include "storyboard.hpp"
#include "support/catch.hpp"

namespace charts_tests {

using namespace example;
using namespace std::chrono_literals;

namespace {

using kind::msg_n;
using kind::msg_r;

step frame_at(sixfold::duration at, frame_kind what, sixfold::seq seq, treatment how = {}) {
    const bool to_relay = what == msg_r;
    return {sixfold::time_point(at), frame_step{to_relay ? host::alice : host::relay,
                                                to_relay ? host::relay : host::bob,
                                                {.kind = what, .seq = seq, .text = "hi"},
                                                how}};
}

/// The picture of some steps, without its heading and its times.
std::string drawn(const std::vector<step>& steps) {
    const sequence_chart chart({});
    storyboard board;
    board.add({{}, presence_step{host::alice, presence_step::what::returns}});
    board.add({{}, presence_step{host::bob, presence_step::what::returns}});
    for (const step& each : steps) {
        board.add(each);
    }
    board.finish();
    (void)board.poll_row();  // that Alice and Bob are there
    std::string out;
    while (const auto row = board.poll_row()) {
        out += chart.draw(*row).substr(10);
    }
    return out;
}

}  // namespace

TEST_CASE("storyboard: frames of one moment with messages behind one another are one arrow") {
    CHECK(drawn({frame_at(20ms, msg_r, 0), frame_at(20ms, msg_r, 1), frame_at(20ms, msg_r, 3)}) ==
          "|- msg:R 0-1 -------->|                     |\n"
          "|- msg:R 3 ---------->|                     |  \"hi\"\n");
}

TEST_CASE("storyboard: the two hops share a row, unless both have something to say") {
    CHECK(drawn({frame_at(20ms, msg_r, 0), frame_at(20ms, msg_n, 1, {.lost = true})}) ==
          "|- msg:R 0 ---------->|                     |  \"hi\"\n"
          "|                     |- msg:N 1 ------x    |  lost\n");
    CHECK(drawn({frame_at(20ms, msg_r, 0), frame_at(20ms, msg_r, 1),
                 frame_at(20ms, msg_n, 1, {.lost = true})}) ==
          "|- msg:R 0-1 -------->|- msg:N 1 ------x    |  lost\n");
}

TEST_CASE("storyboard: a crowd of different fates is one arrow with sums") {
    std::vector<step> crowd;
    for (sixfold::seq each = 0; each < 20; ++each) {
        crowd.push_back(frame_at(20ms, msg_r, each, {.lost = each % 2 == 0}));
    }
    CHECK(drawn(crowd) == "|- msg:R 0-19 ------->|                     |  20x, 10 lost\n");
}

TEST_CASE("storyboard: a crowd may take some milliseconds, and a few frames keep their times") {
    std::vector<step> crowd;
    for (sixfold::seq each = 0; each < 20; ++each) {
        crowd.push_back(frame_at(20ms + each * 200us, msg_r, (each * 7) % 20));
    }
    CHECK(drawn(crowd) == "|- msg:R 0-19 ------->|                     |  20x\n");
    crowd.resize(2);
    CHECK(drawn(crowd) == "|- msg:R 0 ---------->|                     |  \"hi\"\n"
                          "|- msg:R 7 ---------->|                     |  \"hi\"\n");
}

TEST_CASE("storyboard: a quiet stretch is one row") {
    CHECK(drawn({frame_at(20ms, msg_r, 0), frame_at(2320ms, msg_r, 1)}) ==
          "|- msg:R 0 ---------->|                     |  \"hi\"\n"
          "... 2.3 s\n"
          "|- msg:R 1 ---------->|                     |  \"hi\"\n");
}

TEST_CASE("sequence chart: a long label makes an arrow shorter, and no row longer") {
    for (const reach how : {reach::arrives, reach::is_lost, reach::is_refused}) {
        moment row{.at = {}, .lines = {}, .left = {}, .right = {}, .remarks = {}};
        for (const char* label : {"msg:N 10000-10063", "msg:N 1234567890 +63"}) {
            row.right = arrow{host::relay, host::bob, label, how};
            CHECK(sequence_chart({}).draw(picture_row(row)).size() == 10 + 3 + 2 * 21 + 1);
        }
    }
}

TEST_CASE("sequence chart: a remark for which there is no room is left out, not cut") {
    moment row{.at = {}, .lines = {}, .left = {}, .right = {}, .remarks = {}};
    row.remarks = {{"this one has room"}, {"and this one has not"}, {"nor this"}};
    CHECK(sequence_chart({}).draw(picture_row(row)) ==
          "   0.000  |                     |                     |  this one has room\n");
}

TEST_CASE("mermaid chart: what means something to Mermaid is escaped") {
    CHECK(mermaid_chart::draw(picture_row(note{{}, "a;b #1 <i>%%"})) ==
          "    Note over Alice,Bob: a#59;b #35;1 #60;i#62;#37;#37;\n");
}

}  // namespace charts_tests
