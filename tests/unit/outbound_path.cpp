// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>

#include <sixfold/receiving/ack_report.hpp>
#include <sixfold/sending/outbound_path.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

// What a new link and a new epoch leave of what a sender knows of its ways.

namespace outbound_path_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using names = test_access::names;
using alarm = stream_timer::alarm;

constexpr time_point start(1h);
const retry_options retry{.first = 500ms, .min = 20ms};

round_trip measured(duration sample) {
    round_trip out;
    out.sample(sample, start);
    return out;
}

TEST_CASE(
    "outbound_path: a hop that was never measured is as long as the way, and a way two hops at "
    "least [spec 3.4]") {
    outbound_hop hop(retry, 12'000);
    CHECK(hop.wait_hop({}) == 500ms);
    CHECK(hop.wait_way({}) == 500ms);
    CHECK(hop.wait_hop(measured(100ms)) == 300ms);
    hop.sample({.at = start - 400ms}, start);
    CHECK(hop.wait_hop(measured(100ms)) == 1200ms);
    CHECK(hop.wait_way({}) == 2400ms);
    CHECK(hop.wait_way(measured(100ms)) == 300ms);
    hop.link_up(transport::byte_stream, false);
    CHECK(hop.signal() == nullptr);
    CHECK(hop.wait_way({}) == 3s);
    CHECK(hop.wait_way(measured(100ms)) == 3s);
}

TEST_CASE("outbound_path: what left before a time-out was counted counts with it [spec 3.6]") {
    outbound_hop hop(retry, 12'000);
    hop.timed_out(start, start + 1s);
    hop.timed_out(start + 5ms, start + 1s);
    CHECK(hop.timeouts(start + 10ms) == 0);
    CHECK(hop.timeouts(start + 1s) == 1);
    hop.timed_out(start + 1s, start + 3s);
    CHECK((hop.timeouts(start + 2s) == 1 && hop.timeouts(start + 3s) == 2));
    CHECK(hop.answered());
    CHECK_FALSE(hop.answered());
    CHECK(hop.timeouts(start + 3s) == 0);
}

TEST_CASE("outbound_path: a new link begins the hop anew [spec 3.28]") {
    outbound_hop hop(retry, 12'000);
    hop.sample({.at = start - 1s}, start);
    hop.timed_out(start, start);
    REQUIRE(test_access::differing(hop, outbound_hop(retry, 12'000)).size() == 4);
    hop.congestion().under_way(0, 100);
    hop.link_up(transport::datagrams, true);
    outbound_hop fresh(retry, 12'000);
    fresh.link_up(transport::datagrams, true);
    // When it was counted says nothing while nothing is.
    CHECK(test_access::differing(hop, fresh) == names{"counted_at"});
}

TEST_CASE(
    "outbound_path: a new link forgets what was measured and said on the last, a new epoch what "
    "was sent and said in the last [spec 3.12, 3.28]") {
    const outbound_path fresh(7, 500);
    outbound_path used(7, 500);
    for (int i = 0; i < 5; ++i) {
        (void)used.sendings.add({.at = start, .size = 100, .count = 1});
    }
    used.counted = 500;
    CHECK(used.sendings.flight() == 500);
    used.trip.sample(1s, start);
    used.timer.went_off(alarm::way, 9);
    std::array<std::byte, ack_state_size_max()> buffer{};
    ack_state state;
    REQUIRE(ack_state::decode(bytes(buffer).first(encode_ack_state({.floor = 3}, buffer)), state) ==
            refusal::none);
    (void)used.word.said(state);
    used.loss = start;
    used.run_max = 3;
    used.repeats.judged(false);
    used.copies.begin(3, 2);
    used.copies.ask(true);
    used.asks = true;
    used.greet = false;
    CHECK((used.met() && !used.keeps()));

    outbound_path linked = used;
    linked.link_up();
    CHECK(test_access::differing(linked, fresh) == names{"sendings.end", "sendings.judged",
                                                         "sendings.stranded", "timer.chance",
                                                         "word.known"});
    outbound_path begun = used;
    begun.begin();
    CHECK(test_access::differing(begun, fresh) ==
          names{"counted", "trip", "repeats", "sendings.begin", "sendings.end", "sendings.expected",
                "sendings.judged", "sendings.stranded", "timer.way_timeouts", "timer.chance"});

    used.timer.went_off(alarm::silence, 9);  // silent for long
    CHECK((!used.met() && used.keeps() && used.room_end() == seq_end));
    used.heard(start);
    CHECK((used.met() && used.room_end() == 67 && used.run_max == run::count_max));
}

}  // namespace
}  // namespace outbound_path_tests
