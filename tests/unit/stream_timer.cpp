// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstdint>

#include <sixfold/sending/stream_timer.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace stream_timer_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using alarm = stream_timer::alarm;

constexpr time_point start(1h);

stream_timer::view view() {
    stream_timer::view out;
    out.wait_hop = 100ms;
    out.wait_way = 300ms;
    out.cap = 30s;
    out.probe_cap = 60s;
    return out;
}
/// Whether it goes off then, for that.
bool is(const stream_timer::due& due, alarm what, time_point at) {
    return due.what == what && due.at == at;
}

TEST_CASE("stream_timer: waits for nothing while there is nothing to wait for [spec 3.6]") {
    CHECK(is(stream_timer().next(view()), alarm::none, never));
}

TEST_CASE("stream_timer: for an open run the relay is waited for, then the receiver [spec 3.6]") {
    stream_timer timer;
    stream_timer::view v = view();
    v.runs = v.unfinished = true;
    v.sent_at = start;
    CHECK(is(timer.next(v), alarm::hop, start + 100ms));
    v.hop_timeouts = 3;
    CHECK(is(timer.next(v), alarm::hop, start + 800ms));
    v.taken = true;
    CHECK(is(timer.next(v), alarm::way, start + 300ms));
    timer.went_off(alarm::way, 0);
    timer.went_off(alarm::way, 0);
    CHECK(timer.way_timeouts() == 2);
    CHECK(is(timer.next(v), alarm::way, start + 1200ms));
    timer.went_off(alarm::hop, 0);  // which is counted with the link
    CHECK(timer.way_timeouts() == 2);
    for (int i = 2; i < 256; ++i) {
        timer.went_off(alarm::way, 0);
    }
    CHECK(is(timer.next(v), alarm::way, start + 30s));
    timer.heard(start);
    CHECK(is(timer.next(v), alarm::way, start + 300ms));
}

TEST_CASE("stream_timer: a loss by time comes first if it is earlier [spec 3.5, 3.6]") {
    stream_timer timer;
    stream_timer::view v = view();
    v.runs = true;
    v.sent_at = start;
    v.loss = start + 99ms;
    CHECK(is(timer.next(v), alarm::loss, start + 99ms));
    v.loss = start + 101ms;
    CHECK(is(timer.next(v), alarm::hop, start + 100ms));
}

TEST_CASE("stream_timer: where no run is open and not all is finished half a second is waited for, "
          "doubled until the receiver gets on [spec 3.6]") {
    stream_timer timer;
    stream_timer::view v = view();
    v.unfinished = true;
    timer.sent(start);
    CHECK(is(timer.next(v), alarm::silence, start + 500ms));
    timer.heard(start + 400ms);  // its words put nothing off
    CHECK(is(timer.next(v), alarm::silence, start + 500ms));
    v.wait_way = 2s;
    CHECK(is(timer.next(v), alarm::silence, start + 2s));
    timer.went_off(alarm::silence, 0);
    CHECK(timer.way_timeouts() == 1);
    timer.heard(start);
    CHECK(is(timer.next(v), alarm::silence, start + 4s));
    for (int i = 0; i < 20; ++i) {
        timer.went_off(alarm::silence, 0);
    }
    CHECK(is(timer.next(v), alarm::silence, start + 60s));
    timer.got_on();
    CHECK(is(timer.next(v), alarm::silence, start + 2s));
    timer.probed(start + 1s);  // which is a sending, too
    CHECK(is(timer.next(v), alarm::silence, start + 3s));
}

TEST_CASE("stream_timer: who is behind is asked a round trip after its last word or the last probe "
          "[spec 3.10]") {
    stream_timer timer;
    stream_timer::view v = view();
    v.behind = v.resting = true;
    timer.probed(start);
    CHECK(is(timer.next(v), alarm::behind, start + 300ms));
    timer.heard(start + 1s);
    CHECK(is(timer.next(v), alarm::behind, start + 1300ms));
    timer.went_off(alarm::behind, 0);
    CHECK(is(timer.next(v), alarm::behind, start + 1600ms));
    for (int i = 0; i < 20; ++i) {
        timer.went_off(alarm::behind, 0);
    }
    CHECK(is(timer.next(v), alarm::behind, start + 61s));
    timer.ask_anew();
    CHECK(is(timer.next(v), alarm::behind, start + 1300ms));
}

TEST_CASE(
    "stream_timer: what rests is asked for after a minute, doubled up to an hour, and only if "
    "nothing else is open [spec 3.10]") {
    stream_timer timer;
    stream_timer::view v = view();
    v.resting = true;
    CHECK(timer.next(v).at < time_point{});  // a life that never asked does so at once
    timer.probed(start);
    CHECK(is(timer.next(v), alarm::resting, start + 1min));
    CHECK(timer.gathered_at() == start + 30s);
    timer.went_off(alarm::resting, 0);
    CHECK(is(timer.next(v), alarm::resting, start + 2min));
    for (int i = 0; i < 20; ++i) {
        timer.went_off(alarm::resting, 0);
    }
    CHECK(is(timer.next(v), alarm::resting, start + 1h));
    v.unfinished = true;
    CHECK(timer.next(v).what == alarm::silence);
}

TEST_CASE("stream_timer: chance makes every wait but the first up to a quarter longer [spec 3.6]") {
    stream_timer timer;
    stream_timer::view v = view();
    v.runs = v.taken = true;
    v.sent_at = start;
    timer.went_off(alarm::way, 255);
    CHECK(timer.next(v).at > start + 740ms);
    CHECK(timer.next(v).at < start + 750ms);
    timer.heard(start);
    CHECK(timer.next(v).at == start + 300ms);
}

TEST_CASE(
    "stream_timer: what was turned away returns at once, then ever later until the receiver gets "
    "on [spec 3.8]") {
    stream_timer timer;
    CHECK(timer.may_return(start, 100ms));
    CHECK_FALSE(timer.may_return(start + 99ms, 100ms));
    CHECK(timer.may_return(start + 100ms, 100ms));
    CHECK_FALSE(timer.may_return(start + 299ms, 100ms));
    CHECK(timer.may_return(start + 300ms, 100ms));
    for (int i = 0; i < 40; ++i) {
        CHECK(timer.may_return(start + 1h + i * 60s, 100ms));
    }
    timer.got_on();
    CHECK(timer.may_return(start + 2h, 100ms));
}

TEST_CASE("stream_timer: a stream begins again at once, then ever later [spec 3.12]") {
    stream_timer timer;
    CHECK(timer.may_begin(start, 100ms));
    timer.begin();
    timer.link_up();
    CHECK_FALSE(timer.may_begin(start + 99ms, 100ms));
    CHECK(timer.may_begin(start + 100ms, 100ms));
    CHECK_FALSE(timer.may_begin(start + 299ms, 100ms));
}

TEST_CASE("stream_timer: a new link and a new epoch forget what was in vain, and not when that was "
          "[spec 3.28]") {
    stream_timer used;
    used.probed(start);
    used.sent(start);
    used.heard(start);
    for (const alarm each : {alarm::way, alarm::silence, alarm::behind}) {
        used.went_off(each, 7);
    }
    REQUIRE(used.may_return(start, 1s));
    REQUIRE(used.may_begin(start, 1s));
    const stream_timer fresh;
    REQUIRE(test_access::differing(used, fresh).size() == 11);  // all fields were in use
    const test_access::names times{"sent_at",  "probed_at", "heard_at", "turned_at",
                                   "begun_at", "begins",    "chance"};
    stream_timer linked = used;
    linked.link_up();
    CHECK(test_access::differing(linked, fresh) == times);
    stream_timer begun = used;
    begun.begin();
    test_access::names kept = times;
    kept.insert(kept.begin() + 5, "way_timeouts");
    CHECK(test_access::differing(begun, fresh) == kept);
}

}  // namespace
}  // namespace stream_timer_tests
