// SPDX-License-Identifier: BSL-1.0
#include "sixfold/sending/run_term.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lone_sender.hpp"

namespace run_term_tests {

using namespace sixfold;
using namespace std::chrono_literals;
using fixture = support::lone_sender;

namespace {

constexpr time_point now = time_point(1h);

/// "3@5000": so many messages in a run that has so many milliseconds left.
std::vector<std::string> runs(const std::vector<support::sent_request>& all) {
    std::vector<std::string> out;
    for (const auto& each : all) {
        if (!each.probes()) {
            out.push_back(std::to_string(each.messages.size()) +
                          (each.left ? '@' + std::to_string(*each.left) : ""));
        }
    }
    return out;
}
using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("run_term: is the latest deadline, in milliseconds that have begun [spec 3.13]") {
    run_term term;
    CHECK_FALSE(term.left(now));
    CHECK(term.take(now + 1000ms, now));
    CHECK(term.left(now) == 1000);
    CHECK(term.left(now + 1ns) == 1000);
    CHECK(term.left(now + 999ms + 1ns) == 1);
    CHECK(term.take(now + 1001ms + 1ns, now));
    CHECK(term.left(now) == 1002);
    CHECK(term.take(now + 1000ms + 1ns, now));
    CHECK(term.left(now) == 1002);
}

TEST_CASE("run_term: nobody is buried later than by an eighth of what he has left [spec 3.13]") {
    const auto together = [](std::initializer_list<duration> all) {
        run_term term;
        bool out = true;
        for (const duration each : all) {
            out = term.take(each == (duration::max)() ? never : now + each, now) && out;
        }
        return out;
    };
    constexpr duration no_deadline = (duration::max)();
    CHECK(together({8s, 9s}));
    CHECK(together({9s, 8s}));
    CHECK_FALSE(together({8s, 9s + 1ns}));
    CHECK_FALSE(together({9s + 1ns, 8s}));
    CHECK(together({8s, 9s, 8500ms}));
    CHECK_FALSE(together({8s, 8500ms, 9s + 1ns}));
    CHECK_FALSE(together({8500ms, 9s, 7999ms}));
    CHECK(together({1ns, 1ns}));
    CHECK(together({no_deadline, no_deadline}));
    CHECK_FALSE(together({no_deadline, 8s}));
    CHECK_FALSE(together({8s, no_deadline}));

    run_term term;
    CHECK(term.take(now + 8s, now));
    CHECK_FALSE(term.take(now + 10s, now));
    CHECK(term.left(now) == 8000);  // what was not taken changes nothing
    run_term longest;
    CHECK(longest.take(never - duration(1), time_point()));
    REQUIRE(longest.left(time_point()));
    CHECK(varint_size(*longest.left(time_point())) == run_term::size_max);
}

TEST_CASE("run_term: messages of one deadline go in one run, and say how much of it is left "
          "[spec 3.13]") {
    fixture f;
    f.up();
    for (int i = 0; i < 10; ++i) {
        f.send("bob", "x", {.expires_after = 60s});
        f.clock.advance(10ms);
    }
    CHECK(runs(f.transmit()) == texts{"10@59990"});
    f.clock.advance(10s);
    CHECK(runs(f.next())[0].find('@') != std::string::npos);  // again, and less is left
}

TEST_CASE(
    "run_term: a run is of messages that have a deadline, or of others, and a tombstone goes with "
    "either [spec 3.13]") {
    fixture f;
    f.up();
    f.send("bob", "a");
    f.send("bob", "b");
    f.send("bob", "c", {.expires_after = 8s});
    f.send("bob", "d", {.expires_after = 9s});
    f.send("bob", "e", {.expires_after = 10s});
    f.send("bob", "f");
    CHECK(runs(f.transmit()) == texts{"2", "2@9000", "1@10000", "1"});

    fixture g;
    g.up();
    const ticket gone = g.send("bob", "a");
    g.send("bob", "b", {.expires_after = 8s});
    REQUIRE(g.a.cancel(gone));
    CHECK(runs(g.transmit()) == texts{"2@8000"});

    fixture h;
    h.up();
    h.send("bob", "a");
    const ticket last = h.send("bob", "b", {.expires_after = 8s});
    REQUIRE(h.a.cancel(last));
    CHECK(runs(h.transmit()) == texts{"2"});
}

TEST_CASE("run_term: what is never stored says nothing of its deadline [spec 4.1]") {
    fixture f;
    f.up();
    f.send("bob", "a", {.expires_after = 8s, .storing = storing::forbidden});
    f.send("bob", "b", {.expires_after = 80s, .storing = storing::forbidden});
    CHECK(runs(f.transmit()) == texts{"2"});
}

TEST_CASE("run_term: a run with a deadline fits where one without just does not, too") {
    for (std::size_t size = 150; size < 400; ++size) {
        fixture f;
        f.up();
        for (int i = 0; i < 50; ++i) {
            f.send("bob", "0123456789", {.expires_after = std::chrono::hours(24 * 365)});
        }
        std::vector<std::byte> room(size);
        std::size_t messages = 0;
        std::vector<support::sent_request> out;
        while (const auto packet = f.a.poll_transmit(room)) {
            f.take(*packet, out);
        }
        for (const auto& each : out) {
            messages += each.messages.size();
        }
        REQUIRE(messages == 50);
    }
}

}  // namespace run_term_tests
