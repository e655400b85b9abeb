// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/journal/journal.hpp>
#include <sixfold/sending/outbound_record.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/journal_bytes.hpp"
#include "support/test_access.hpp"

// Which records come out, when, and how they are cut into buffers. (spec 7.2 to 7.8)

namespace journal_polling_tests {
namespace {

using namespace sixfold;
using support::records_of;
using support::snapshot_of;
using journal_bytes = std::vector<std::byte>;

constexpr epoch entered{0xE};
constexpr epoch larger{std::uint64_t{9} << epoch_random_bits};

client_options small_options() {
    client_options options{.self = "alice", .life = {.start = 1, .seed = 1}};
    options.journaling = journaling::withhold;
    options.sender.payload_max = 8;
    options.receiver.window = options.receiver.exceptions = 1;
    return options;
}

/// A client whose journal is durable as soon as it was polled.
struct fixture {
    manual_clock clock;
    client alice = client::create(clock, small_options()).value();

    journal_bytes keep() {
        const journal_bytes out = records_of(alice);
        alice.durable(alice.written());
        return out;
    }
    /// All that is due goes nowhere.
    void transmit() {
        journal_bytes buffer(2000);
        while (alice.poll_transmit(buffer)) {
        }
    }
    [[nodiscard]] epoch stream() { return test_access::stream(alice.sender(), "bob").epoch(); }
    void delivered_below(seq floor) {
        const std::array<std::byte, 1> state{static_cast<std::byte>(floor)};
        REQUIRE(alice.sender().handle(
                    ack_notify{.from = "bob", .epoch = stream(), .state = state}) == refusal::none);
    }
    void begin_again() {
        REQUIRE(alice.sender().handle(ack_notify{
                    .from = "bob", .epoch = stream(), .word = ack_word::past, .current = larger}) ==
                refusal::none);
    }
    std::vector<status> news() {
        std::vector<status> out;
        while (const auto next = alice.poll_event()) {
            out.push_back(next->what);
        }
        return out;
    }
};

/// What a journal says, a word for each record.
std::vector<std::string> words_of(const journal_bytes& journal) {
    std::vector<std::string> out;
    journal_reader reader(journal);
    while (const auto each = reader.next()) {
        const char* const words[] = {"",        "owner", "inbound", "outbound",
                                     "message", "mark",  "tickets"};
        out.push_back(words[static_cast<std::size_t>(each->kind)] +
                      std::string(each->gone ? " gone" : ""));
    }
    CHECK(reader.refused() == refusal::none);
    return out;
}

using words = std::vector<std::string>;

/// The records of the two halves of a client, each in their order.
std::pair<journal_bytes, journal_bytes> halves_of(const journal_bytes& journal) {
    std::pair<journal_bytes, journal_bytes> out;
    journal_reader reader(journal);
    while (const auto each = reader.next()) {
        journal_bytes& half = each->kind == record_kind::inbound ? out.first : out.second;
        half.insert(half.end(), each->wire.begin(), each->wire.end());
    }
    CHECK(reader.refused() == refusal::none);
    return out;
}

TEST_CASE("journal: the same records come out, however they are cut into buffers") {
    // What is put into its journal and begins a new one, with so much room at a time.
    const auto run = [](std::size_t room, std::size_t& polls) {
        fixture f;
        journal_bytes buffer(room);
        journal_bytes out;
        const auto poll = [&] {
            while (const auto part = f.alice.poll_journal(buffer)) {
                out.insert(out.end(), part->begin(), part->end());
                ++polls;
            }
            f.alice.durable(f.alice.written());
        };
        for (const char* from : {"a", "b", "c", "d", "e"}) {
            REQUIRE(
                f.alice.receiver().handle(msg_notify{.from = from, .epoch = entered, .low = 1}) ==
                refusal::none);  // a probe that raises the floor
        }
        for (int i = 0; i < 3; ++i) {
            REQUIRE(f.alice.send("bob", as_bytes("x")));
            REQUIRE(f.alice.send("carol", as_bytes("x")));
        }
        poll();
        f.alice.link_up();
        f.transmit();
        for (int i = 0; i < 3; ++i) {
            REQUIRE(f.alice.send("carol", as_bytes("y")));
        }
        f.delivered_below(3);
        REQUIRE(f.news().size() == 3);
        poll();
        for (snapshot_place at; const auto part = f.alice.snapshot(at, buffer);) {
            out.insert(out.end(), part->begin(), part->end());
        }
        return halves_of(out);
    };
    const std::size_t least = fixture().alice.journal_record_size_max();
    std::size_t most_polls = 0;
    const auto expected = run(least, most_polls);
    CHECK(words_of(expected.first).size() == 10);
    CHECK(words_of(expected.second).size() == 25);
    for (std::size_t room = least + 1; room < least + 200; ++room) {
        CAPTURE(room);
        std::size_t polls = 0;
        REQUIRE(run(room, polls) == expected);
        CHECK(polls <= most_polls);
    }
    std::size_t polls = 0;
    CHECK(run(10000, polls) == expected);
    CHECK(polls < most_polls);
}

TEST_CASE("journal: of what was sent a snapshot says no more than that it is there") {
    fixture f;
    REQUIRE(f.alice.send("bob", as_bytes("text")));
    (void)f.keep();
    const journal_bytes before = snapshot_of(f.alice);
    f.alice.link_up();
    f.transmit();
    CHECK(snapshot_of(f.alice) == before);
}

TEST_CASE("journal: a snapshot leaves out what ended and was heard, and who is not known yet") {
    fixture f;
    REQUIRE(f.alice.send("bob", as_bytes("text")));
    REQUIRE(f.alice.send("bob", as_bytes("more")));
    (void)f.keep();
    f.alice.link_up();
    f.transmit();
    REQUIRE(f.alice.receiver().handle(
                msg_notify{.from = "dave", .epoch = entered, .entries = run::of(as_bytes("x"))}) ==
            refusal::none);  // of an epoch that was not entered
    REQUIRE(f.alice.receiver().handle(msg_notify{.from = "erin", .epoch = entered, .low = 1}) ==
            refusal::none);  // a probe that raises the floor
    f.delivered_below(1);
    CHECK(words_of(snapshot_of(f.alice)) ==
          words{"owner", "inbound", "tickets", "outbound", "message", "message"});
    CHECK(f.news() == std::vector{status::delivered});
    CHECK(words_of(snapshot_of(f.alice)) ==
          words{"owner", "inbound", "tickets", "outbound", "message"});
}

TEST_CASE("journal: what ended with its epoch is let go of once the new one is there [spec 7.5]") {
    fixture f;
    for (const char* text : {"one", "two"}) {
        const ticket name = f.alice.send("bob", as_bytes(text)).value();
        REQUIRE(f.alice.cancel(name));
    }
    (void)f.keep();
    f.begin_again();
    CHECK(words_of(f.keep()) == words{"outbound", "message", "message"});
    CHECK(f.news() == std::vector{status::ended, status::ended});
    CHECK(words_of(f.keep()) == words{"tickets", "message gone", "message gone"});
}

}  // namespace
}  // namespace journal_polling_tests
