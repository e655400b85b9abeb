// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sixfold/sender.hpp>
#include <sixfold/sending/repetition.hpp>
#include "support/catch.hpp"
#include "support/lone_sender.hpp"

namespace repetition_unit_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

repetition after(int missed, int seen = 0) {
    repetition out;
    for (int i = 0; i < missed; ++i) {
        out.judged(false);
    }
    for (int i = 0; i < seen; ++i) {
        out.judged(true);
    }
    return out;
}

// --- how much -----------------------------------------------------------------------------------------

TEST_CASE("repetition: a path that loses nothing is asked for nothing [spec 3.29]") {
    CHECK(after(0, 100'000).runs(1'000) == 0);
    CHECK(after(0, 100'000).copies() == 0);
}

TEST_CASE("repetition: one that was missed is remembered for some hundred others [spec 3.29]") {
    CHECK((after(1).runs(1) == 2 && after(1).copies() == 1));
    CHECK((after(1, 400).runs(24) == 1 && after(1, 400).copies() == 1));
    CHECK((after(1, 700) == after(0) || after(1, 700).runs(24) == 0));
    CHECK(after(1, 2'000) == repetition());
}

TEST_CASE("repetition: the more is lost, and is under way, the more rides again, up to twelve runs "
          "[spec 3.29]") {
    CHECK(after(1).runs(1) < after(1).runs(24));
    std::uint32_t last = 0;
    for (int missed = 1; missed < 60; ++missed) {
        CHECK(after(missed).runs(24) >= last);
        last = after(missed).runs(24);
    }
    CHECK(last == 12);
    CHECK(after(60).runs(32'768) == 12);
    CHECK(after(60).copies() == 2);
}

// --- who waits for what -------------------------------------------------------------------------------

outbound_stream with_one() {
    outbound_stream out;
    out.begin(epoch{7});
    (void)out.append(1000);
    return out;
}

TEST_CASE("repetition: a message that rode again waits for each sending of it, and is due when all "
          "are lost [spec 3.5]") {
    outbound_stream stream = with_one();
    for (const sending_number each :
         {sending_number{0xFFFE}, sending_number{0xFFFF}, sending_number{1}}) {
        stream.sent(0, each);
    }
    CHECK((stream.waits_for(0, 0xFFFE) && stream.waits_for(0, 0xFFFF) && stream.waits_for(0, 1)));
    CHECK((!stream.waits_for(0, 0xFFFD) && !stream.waits_for(0, 2)));
    stream.lose(0);
    stream.lose(0);
    CHECK(stream[0].now == transit::out);
    stream.lose(0);
    CHECK(stream[0].now == transit::due);

    stream.sent(0, 5);  // another round
    CHECK((stream.waits_for(0, 5) && !stream.waits_for(0, 1)));
    stream.lose(0);
    CHECK(stream[0].now == transit::due);
}

// --- what leaves --------------------------------------------------------------------------------------

/// A sender whose receiver is met, and has missed one of the first sendings, though it has all messages.
struct lossy : support::lone_sender {
    seq next = 0;

    explicit lossy(const sender_options& options = {}) : lone_sender(options) {
        up();
        say();
        clock.advance(100ms);
        REQUIRE(echoed({.floor = next}) == refusal::none);
        for (int i = 0; i < 6; ++i) {
            say();
            clock.advance(30ms);
        }
        clock.advance(600ms);
        REQUIRE(state({.floor = next},
                      echo{.number = last, .missing = 0b10000, .repeated = true}) == refusal::none);
        (void)transmit();
    }
    /// One more message, and the runs that leave with it.
    std::vector<support::sent_request> say() {
        send("bob", std::to_string(next++));
        return runs();
    }
    std::vector<support::sent_request> runs() {
        std::vector<support::sent_request> out;
        for (support::sent_request& each : transmit()) {
            if (!each.probes()) {
                out.push_back(each);
            }
        }
        return out;
    }
};
using texts = std::vector<std::string>;

TEST_CASE(
    "repetition: what is out rides again in front of what is new, in the same frame [spec 3.29]") {
    lossy f;
    CHECK(f.say()[0].messages == texts{"7"});  // nothing is out
    f.clock.advance(5ms);
    CHECK(f.say()[0].messages == texts{"7", "8"});
    f.clock.advance(5ms);
    const auto third = f.say();
    REQUIRE(third.size() == 1);
    CHECK((third[0].first == 7 && third[0].messages == texts{"7", "8", "9"}));
    CHECK((f.a.repeated() == 3 && f.a.resent() == 0 && f.a.sent() == 7 + 6));

    REQUIRE(f.echoed({.floor = 9}) == refusal::none);  // only the last is still out
    f.clock.advance(5ms);
    CHECK(f.say()[0].messages == texts{"9", "10"});
}

TEST_CASE("repetition: what has been stored, taken back or held does not ride again [spec 3.29]") {
    lossy f;
    (void)f.say();
    SECTION("stored") {
        REQUIRE(f.stored(7) == refusal::none);
    }
    SECTION("held") {
        const std::byte held{1};
        REQUIRE(f.echoed({.floor = 7, .held = {&held, 1}}) == refusal::none);
    }
    f.clock.advance(5ms);
    std::vector<std::string> messages;
    for (const auto& each : f.say()) {
        messages.insert(messages.end(), each.messages.begin(), each.messages.end());
    }
    CHECK(messages == texts{"8"});
}

TEST_CASE("repetition: nothing rides again to who is away, and nothing is copied [spec 3.29]") {
    lossy f;
    (void)f.say();
    REQUIRE(f.stored(7) == refusal::none);  // by which he is away
    (void)f.say();
    f.clock.advance(5ms);
    CHECK(f.say().at(0).messages == texts{"9"});
    f.clock.advance(12ms);
    CHECK(f.runs().empty());
}

TEST_CASE("repetition: what must not be stored and what may do not ride together [spec 3.29]") {
    lossy f;
    (void)f.say();
    f.clock.advance(5ms);
    f.send("bob", "now or never", {.storing = storing::forbidden});
    const auto runs = f.runs();
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].messages == texts{"now or never"});
}

TEST_CASE("repetition: as many bytes ride as an option allows, and as fit into frame and packet "
          "[spec 3.29]") {
    SECTION("the option") {
        lossy f({.repeat_bytes = 41});  // one of 20 and its size, not two
        for (const char each : {'a', 'b', 'c'}) {
            f.send("bob", std::string(20, each));
            const auto runs = f.runs();
            REQUIRE(runs.size() == 1);
            CHECK(runs[0].messages.size() == (each == 'a' ? 1 : 2));
            f.clock.advance(5ms);
        }
    }
    SECTION("the run") {
        lossy f;
        f.send("bob", std::string(600, 'a'));
        REQUIRE(f.runs().size() == 1);
        f.clock.advance(5ms);
        f.send("bob", std::string(600, 'b'));
        const auto runs = f.runs();
        REQUIRE(runs.size() == 1);
        CHECK(runs[0].messages == texts{std::string(600, 'b')});
    }
}

TEST_CASE("repetition: nothing has followed it: its copy leaves 12 ms later, once, unless it was "
          "answered [spec 3.29]") {
    lossy f;
    (void)f.say();
    f.clock.advance(11ms);
    CHECK(f.runs().empty());
    SECTION("once") {
        CHECK(f.a.next_deadline() == f.clock.now() + 1ms);
        f.clock.advance(1ms);
        const auto copy = f.runs();
        REQUIRE(copy.size() == 1);
        CHECK((copy[0].messages == texts{"7"} && f.a.repeated() == 1));
        f.clock.advance(12ms);
        CHECK(f.runs().empty());
    }
    SECTION("answered") {
        REQUIRE(f.echoed({.floor = 8}) == refusal::none);
        f.clock.advance(1ms);
        CHECK(f.runs().empty());
    }
    SECTION("answered when it is due already, and has not left") {
        f.clock.advance(1ms);
        CHECK(f.a.next_deadline() == f.clock.now());
        REQUIRE(f.echoed({.floor = 8}) == refusal::none);
        CHECK(f.runs().empty());
    }
    SECTION("followed") {
        CHECK(f.say()[0].messages == texts{"7", "8"});
        f.clock.advance(11ms);
        CHECK(f.runs().empty());
        f.clock.advance(1ms);
        CHECK(f.runs().at(0).messages == texts{"7", "8"});
    }
}

TEST_CASE("repetition: a copy is no reason to doubt the hop: the relay has answered what it "
          "repeats [spec 3.6]") {
    lossy f;
    (void)f.say();
    const sending_number first = f.last;
    f.clock.advance(12ms);
    REQUIRE(f.runs().size() == 1);
    f.clock.advance(5ms);
    REQUIRE(f.taken(first) == refusal::none);
    (void)f.transmit();
    CHECK(test_access::alarm(f.a, "bob") == stream_timer::alarm::way);
}

TEST_CASE("repetition: so many copies leave in a second, to all peers [spec 3.29]") {
    const std::uint32_t most = GENERATE(0U, 2U);
    lossy f({.repeat_packets = most});
    std::size_t copies = 0;
    for (int i = 0; i < 8; ++i) {
        (void)f.say();
        f.clock.advance(12ms);
        copies += f.runs().size();
        f.clock.advance(12ms);
        copies += f.runs().size();
    }
    CHECK(copies == most);
    f.clock.advance(1s);
    REQUIRE(f.echoed({.floor = f.next}) == refusal::none);
    (void)f.transmit();
    (void)f.say();
    f.clock.advance(12ms);
    CHECK(f.runs().size() == (most == 0 ? 0 : 1));
}

TEST_CASE("repetition: a copy that has no room in a packet leaves in the next one [spec 3.29]") {
    lossy f;
    const peer carol(std::string(peer::size_max, 'c'));
    f.send(carol, "before");
    (void)f.transmit();
    (void)f.say();
    f.clock.advance(12ms);
    f.send(carol, std::string(1024, 'x'));
    std::vector<std::byte> small(f.a.packet_size_min());
    for (const char* first : {"x", "7"}) {
        const auto packet = f.a.poll_transmit(small);
        REQUIRE(packet);
        std::vector<support::sent_request> sent;
        f.take(*packet, sent);
        REQUIRE(sent.size() == 1);
        CHECK(sent[0].messages.at(0)[0] == first[0]);
    }
}

TEST_CASE("repetition: while more than half of the window is under way nothing rides again, and "
          "nothing is "
          "copied, but the window grows [spec 3.29, 3.30]") {
    lossy f({.flight_first = 4000});
    (void)f.say();
    const std::uint64_t window = test_access::congestion(f.a).window();
    for (const char* who : {"carol", "dave"}) {
        f.send(who, std::string(1024, 'x'));
    }
    const auto sent = f.runs();
    REQUIRE(sent.size() == 2);
    SECTION("copied") {
        f.clock.advance(12ms);
        CHECK(f.runs().empty());
    }
    SECTION("rides") {
        f.clock.advance(5ms);
        CHECK(f.say().at(0).messages == texts{"8"});
    }
    f.clock.advance(5ms);
    REQUIRE(f.a.handle(msg_answer{.to = "dave", .number = sent[1].number}) == refusal::none);
    CHECK(test_access::congestion(f.a).window() > window);
    f.clock.advance(5ms);
    CHECK(f.say().at(0).messages.size() > 1);  // and now there is room
}

TEST_CASE("repetition: a new link begins as one that loses nothing [spec 3.29]") {
    lossy f;
    (void)f.say();
    f.a.link_down();
    f.up();
    (void)f.transmit();
    REQUIRE(f.echoed({.floor = 8}) == refusal::none);
    (void)f.say();
    f.clock.advance(5ms);
    CHECK(f.say().at(0).messages == texts{"9"});
}

}  // namespace
}  // namespace repetition_unit_tests
