// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/journal/journal.hpp>
#include <sixfold/receiving/inbound_record.hpp>
#include <sixfold/sending/outbound_record.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/receiver_access.hpp"
#include "support/test_access.hpp"

// Records that go together, or cannot. What each can say by itself is in journal_values.cpp. (spec 7)

namespace journal_records_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using journal_bytes = std::vector<std::byte>;

constexpr epoch life{std::uint64_t{5} << epoch_random_bits};
constexpr epoch earlier_life{std::uint64_t{4} << epoch_random_bits};

/// A record of these fields.
template <class Fields>
journal_bytes record_of(record_kind kind, Fields fields, bool gone = false) {
    std::array<std::byte, 512> out{};
    const std::size_t size = detail::encode_record(kind, gone, out, fields);
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

journal_bytes all_of(std::initializer_list<journal_bytes> records) {
    journal_bytes out;
    for (const journal_bytes& each : records) {
        out.insert(out.end(), each.begin(), each.end());
    }
    return out;
}

/// What comes of it in a new life: `none`, or why it was refused.
template <class Machine, class... Arguments>
std::pair<errc, std::string> refused(const Arguments&... arguments) {
    const auto made = Machine::create(arguments...);
    return made ? std::pair(errc{}, std::string())
                : std::pair(made.error().code, std::string(made.error().what));
}

const std::pair<errc, std::string> taken{errc{}, ""};
const std::pair<errc, std::string> cannot_be{errc::journal_damaged,
                                             "journal: a record says what cannot be"};

// --- what a receiver has of a stream ---------------------------------------------------------------

/// Of alice: floor 10, horizon 5, 7 tombstoned, 12 rejected.
journal_bytes inbound(const peer& from = "alice") {
    inbound_stream stream(64, 64);
    stream.restore(life, 10, 5);
    stream.note({7, fate::tombstoned});
    stream.restore(12);
    stream.note({12, fate::rejected});
    journal_bytes out(256);
    out.resize(detail::encode_inbound(from, stream, out));
    return out;
}

const receiver_options receiving{};

receiver restored_receiver(manual_clock& clock, const journal_bytes& journal) {
    return receiver::create(clock, 1, receiving, journaling::withhold, journal).value();
}

TEST_CASE("journal: how seqs ended is known in the next life [spec 7.4]") {
    manual_clock clock;
    receiver bob = restored_receiver(clock, inbound());
    const inbound_stream& stream = receiver_access::stream(bob, "alice");
    CHECK(std::vector(stream.exceptions().begin(), stream.exceptions().end()) ==
          std::vector<exception>{{7, fate::tombstoned}, {12, fate::rejected}});
    CHECK(stream.window().of(12) == standing::duplicate);
    CHECK(stream.window().of(11) == standing::fresh);
    CHECK(stream.horizon() == 5);
    CHECK(stream.next() == 10);  // which always has room
}

TEST_CASE(
    "journal: what was accepted is known in the next life, however wide the window is [spec 7.4]") {
    for (const std::uint32_t width : {2U, 8U, 9U, 65U, 512U, 513U, 1000U, 1024U, 4097U}) {
        for (const std::uint32_t highest : {1U, 7U, 8U, 511U, 512U, 700U, 1023U, 1500U, 4096U}) {
            if (highest >= width) {
                continue;
            }
            CAPTURE(width, highest);
            inbound_stream stream(width, 64);
            stream.enter(life);
            stream.raise(10);
            stream.end(10 + highest / 2 + 1, fate::accepted);
            if (highest != 1) {
                stream.end(10 + highest, fate::accepted);
            }
            journal_bytes out(detail::inbound_record_size_max(width, 64));
            out.resize(detail::encode_inbound("alice", stream, out));
            inbound_stream read(width, 64);
            REQUIRE(detail::decode_inbound(journal_reader(out).next().value().value, read));
            CHECK(read.window() == stream.window());
        }
    }
}

TEST_CASE("journal: nothing is known of a sender whose record is gone [spec 7.2]") {
    manual_clock clock;
    const journal_bytes gone = record_of(
        record_kind::inbound, [](auto& to) { to.put_peer("alice"); }, true);
    receiver bob = restored_receiver(clock, all_of({inbound(), gone}));
    CHECK(receiver_access::stream(bob, "alice").epoch() == epoch::none);
    CHECK(receiver_access::stream(bob, "alice").window().floor() == 0);
    std::array<std::byte, 256> buffer{};
    std::uint64_t at = 0;
    CHECK_FALSE(bob.snapshot(at, buffer));  // nor in a journal that begins now
}

TEST_CASE("journal: a receiver refuses what it has no room for, and what is cut") {
    manual_clock clock;
    receiver_options one = receiving;
    one.peers_max = 1;
    journal_bytes two = all_of({inbound("alice"), inbound("carol")});
    CHECK(refused<receiver>(clock, std::uint64_t{1}, receiving, journaling::withhold, two) ==
          taken);
    CHECK(refused<receiver>(clock, std::uint64_t{1}, one, journaling::withhold, two).first ==
          errc::option);
    two.pop_back();
    CHECK(refused<receiver>(clock, std::uint64_t{1}, receiving, journaling::withhold, two).first ==
          errc::journal_damaged);
}

TEST_CASE("journal: what is gone has no value, and a reader that has stopped does not go on") {
    const journal_bytes journal = record_of(
        record_kind::owner, [](auto& to) { to.put_u8(1); }, true);
    journal_reader reader(journal);
    CHECK_FALSE(reader.next());
    CHECK(reader.refused() == refusal::trailing);
    CHECK_FALSE(reader.next());
    CHECK(reader.left().size() == journal.size());
}

// --- what a sender has -----------------------------------------------------------------------------

struct message_fields {
    std::uint64_t ticket = 0;
    seq which = 0;
    int what = 0;
    std::string_view payload = "";
};

journal_bytes message(const message_fields& what) {
    std::array<std::byte, 256> fields{};
    byte_writer to(fields);
    to.put_peer("bob");
    to.put_epoch(life);
    to.put_varint(what.which);
    to.put_u8(static_cast<std::uint8_t>(what.what));
    to.put_varint(0);  // never expires
    to.put_bytes(as_bytes(what.payload));
    return record_of(record_kind::message, [&](auto& out) {
        out.put_u64(what.ticket);
        out.put_bytes(to.written());
    });
}

journal_bytes outbound(epoch of, std::uint64_t next, const peer& to = "bob") {
    return record_of(record_kind::outbound, [&](auto& out) {
        out.put_peer(to);
        out.put_epoch(of);
        out.put_varint(next);
    });
}

const sender_options sending{};

sender restored_sender(manual_clock& clock,
                       const journal_bytes& journal,
                       const sender_options& options = sending) {
    return sender::create(clock, {.start = 1, .seed = 1}, options, journaling::withhold, journal)
        .value();
}

std::pair<errc, std::string> refused_by_sender(const journal_bytes& journal,
                                               const sender_options& options = sending) {
    manual_clock clock;
    return refused<sender>(clock, incarnation{.start = 1, .seed = 1}, options, journaling::withhold,
                           journal);
}

/// The runs that come out now, of which the messages are gone.
std::vector<msg_request> runs_of(sender& alice) {
    std::vector<msg_request> out;
    std::array<std::byte, 2000> buffer{};
    while (const auto packet = alice.poll_transmit(buffer)) {
        packet_reader frames(*packet);
        while (const auto one = frames.next()) {
            frame decoded;
            REQUIRE(decode(*one, framing("alice"), decoded) == refusal::none);
            if (const auto& msg = std::get<msg_request>(decoded); !msg.probes()) {
                out.push_back(msg);
            }
        }
    }
    return out;
}

std::vector<status> news_of(sender& alice) {
    std::vector<status> out;
    while (const auto next = alice.poll_event()) {
        out.push_back(next->what);
    }
    return out;
}

TEST_CASE("journal: records of streams and of tickets are taken or refused by what they say") {
    CHECK(refused_by_sender(outbound(life, 7)) == taken);
    CHECK(refused_by_sender(outbound(life, seq_end)) == taken);
    CHECK(refused_by_sender(outbound(life, seq_end + 1)) == cannot_be);
    CHECK(refused_by_sender(outbound(epoch::none, 7)) == cannot_be);
    const auto with = [](auto fields) {
        return refused_by_sender(record_of(record_kind::outbound, fields));
    };
    CHECK(with([](auto& to) { to.put_peer("bob"); }) == cannot_be);
    CHECK(with([](auto& to) {
              to.put_peer("bob");
              to.put_epoch(life);
              to.put_varint(7);
              to.put_u8(0);
          }) == cannot_be);
    const auto tickets = [](auto fields) {
        return refused_by_sender(record_of(record_kind::tickets, fields));
    };
    CHECK(tickets([](auto& to) { to.put_varint(7); }) == taken);
    CHECK(tickets([](auto& to) { to.put_varint(std::uint64_t{1} << 32); }) == cannot_be);
    CHECK(tickets([](auto& to) {
              to.put_varint(7);
              to.put_u8(0);
          }) == cannot_be);
    const auto left = [](auto fields) {
        return refused_by_sender(record_of(record_kind::left, fields));
    };
    CHECK(left([](auto& to) { to.put_varint(start_max); }) == taken);
    CHECK(left([](auto& to) { to.put_varint(start_max + 1); }) == cannot_be);
    CHECK(left([](auto& to) {
              to.put_varint(7);
              to.put_u8(0);
          }) == cannot_be);
    // A stream never goes back to an epoch that it has left.
    CHECK(refused_by_sender(all_of({outbound(earlier_life, 7), outbound(life, 7)})) == taken);
    CHECK(refused_by_sender(all_of({outbound(life, 7), outbound(earlier_life, 7)})) == cannot_be);
    sender_options one = sending;
    one.peers_max = 1;
    const journal_bytes two = all_of({outbound(life, 7), outbound(life, 7, "carol")});
    CHECK(refused_by_sender(two) == taken);
    CHECK(refused_by_sender(two, one).first == errc::option);
}

TEST_CASE("journal: what is stored is asked for in the next life, too, and a tombstone narrows its "
          "window "
          "[spec 3.9, 3.10]") {
    manual_clock clock;
    constexpr int stored = 1;
    constexpr int cancelling = 2;
    sender alice = restored_sender(
        clock, all_of({message({.ticket = 0, .which = 3, .what = stored}),
                       message({.ticket = 1, .which = 4, .what = cancelling}), outbound(life, 5)}));
    const outbound_stream& stream = test_access::stream(alice, "bob");
    CHECK(stream.count(transit::stored) == 1);
    CHECK(stream.tombstones() == 1);
    CHECK(stream.base() == 4);
    REQUIRE(alice.cancel(ticket{0}));
    CHECK((stream.count(transit::stored) == 0 && stream.tombstones() == 2 && stream.base() == 3));
}

TEST_CASE("journal: messages that cannot lie in one stream are refused") {
    const journal_bytes first = message({.ticket = 0, .which = 3});
    CHECK(refused_by_sender(all_of({first, message({.ticket = 1, .which = 4})})) == taken);
    CHECK(refused_by_sender(all_of({first, message({.ticket = 1, .which = 3})})) == cannot_be);
    // No sane journal has a stream so long that what lies between could be a matter of memory.
    constexpr seq far = seq{1} << 40;
    CHECK(refused_by_sender(all_of({first, message({.ticket = 1, .which = far})})) == cannot_be);
    CHECK(refused_by_sender(all_of({first, outbound(life, far)})) == cannot_be);
    CHECK(refused_by_sender(outbound(life, far)) == taken);  // then nothing lies between
}

TEST_CASE("journal: the seqs between the messages that are left have ended") {
    manual_clock clock;
    sender alice = restored_sender(
        clock, all_of({message({.ticket = 0, .which = 3, .payload = "3"}),
                       message({.ticket = 1, .which = 6, .payload = "6"}), outbound(life, 9)}));
    const outbound_stream& stream = test_access::stream(alice, "bob");
    CHECK(stream.first() == 3);
    CHECK(stream.slot(4) == outbound_stream::no_slot);
    CHECK(stream.slot(6) == 1);
    CHECK(stream.next() == 9);
    CHECK(alice.send("bob", as_bytes("9")));
    CHECK(stream.next() == 10);
}

TEST_CASE("journal: what must not be stored is remembered as that") {
    manual_clock clock;
    sender alice = restored_sender(clock, message({.what = 8, .payload = "text"}));
    alice.link_up(framing("alice"));
    const std::vector<msg_request> sent = runs_of(alice);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].storing == storing::forbidden);
    CHECK(alice.handle(msg_answer{
              .to = "bob", .epoch = life, .number = sent[0].number, .word = msg_word::away}) ==
          refusal::none);
    CHECK(news_of(alice) == std::vector{status::expiring});
}

TEST_CASE("journal: the record of a message that must not be stored says so") {
    std::array<std::byte, 128> out{};
    const std::size_t size = detail::encode_message({.id = ticket{7},
                                                     .to = "bob",
                                                     .name = {life, 3},
                                                     .storing = storing::forbidden,
                                                     .payload = as_bytes("hi")},
                                                    out);
    journal_reader reader(bytes(out).first(size));
    detail::message_record back;
    REQUIRE(detail::decode_message(reader.next().value(), back));
    CHECK(back.storing == storing::forbidden);
    CHECK(back.state == message_state::queued);
}

TEST_CASE("journal: what an earlier life has sent may be stored, and is not sent again") {
    manual_clock clock;
    sender_options narrow = sending;
    narrow.window = 1;
    sender alice = restored_sender(clock,
                                   all_of({message({.ticket = 0, .which = 0, .payload = "0"}),
                                           message({.ticket = 1, .which = 1, .payload = "1"}),
                                           message({.ticket = 2, .which = 2, .payload = "2"})}),
                                   narrow);
    alice.link_up(framing("alice"));
    REQUIRE(alice.handle(ack_notify{
                .from = "bob", .epoch = life, .word = ack_word::stored, .first = 1, .count = 1}) ==
            refusal::none);
    CHECK(news_of(alice) == std::vector{status::stored});
    const std::array<std::byte, 1> floor_1{std::byte{1}};
    REQUIRE(alice.handle(ack_notify{.from = "bob", .epoch = life, .state = floor_1}) ==
            refusal::none);
    const std::vector<msg_request> sent = runs_of(alice);
    REQUIRE(sent.size() == 1);
    CHECK((sent[0].first == 2 && sent[0].entries.count() == 1));
}

TEST_CASE("journal: a word on what this life has not sent stretches no timer") {
    manual_clock clock;
    sender alice = restored_sender(clock, message({.payload = "text"}));
    alice.link_up(framing("alice"));
    const time_point before = alice.next_deadline();
    const std::array<std::byte, 4> held_0{std::byte{0}, std::byte{4}, std::byte{1}, std::byte{1}};
    REQUIRE(alice.handle(ack_notify{.from = "bob", .epoch = life, .state = held_0}) ==
            refusal::none);
    CHECK(alice.next_deadline() == before);
    CHECK(before == clock.now());
    CHECK(runs_of(alice).size() == 1);
}

TEST_CASE("journal: a ticket of the generation that is never given is refused [spec 7.8]") {
    constexpr std::uint64_t last = std::uint64_t{UINT32_MAX - 1} << 32;
    CHECK(refused_by_sender(message({.ticket = last})) == taken);
    CHECK(refused_by_sender(message({.ticket = last + (std::uint64_t{1} << 32)})) == cannot_be);
}

TEST_CASE("journal: near the last generation of tickets no record goes beyond it [spec 7.8]") {
    manual_clock clock;
    constexpr std::uint32_t near_the_end = UINT32_MAX - 9;
    sender alice = restored_sender(
        clock, record_of(record_kind::tickets, [](auto& to) { to.put_varint(near_the_end); }));
    const ticket given = alice.send("bob", as_bytes("text")).value();
    std::array<std::byte, 2000> buffer{};
    (void)alice.poll_journal(buffer);
    alice.durable(alice.written());
    const std::array<std::byte, 1> floor_1{std::byte{1}};
    alice.link_up(framing("alice"));
    (void)alice.poll_transmit(buffer);
    REQUIRE(alice.handle(ack_notify{.from = "bob",
                                    .epoch = test_access::stream(alice, "bob").epoch(),
                                    .state = floor_1}) == refusal::none);
    CHECK(news_of(alice) == std::vector{status::delivered});
    journal_reader records(alice.poll_journal(buffer).value());
    std::uint32_t known = 0;
    while (const auto each = records.next()) {
        if (each->kind == record_kind::tickets) {
            REQUIRE(detail::decode_tickets(each->value, known));
        }
    }
    CHECK(known == UINT32_MAX);
    CHECK(wait_ack_queue::generation_of(given) == near_the_end + 1);
}

TEST_CASE(
    "journal: at the end of the tickets none is given twice, and the records end [spec 7.8]") {
    for (const std::uint32_t before_end : {0U, 1U, 2U, 3U, 4U, 5U}) {
        manual_clock clock;
        sender alice =
            restored_sender(clock,
                            record_of(record_kind::tickets,
                                      [&](auto& out) { out.put_varint(UINT32_MAX - before_end); }),
                            {.queue_entries = 2, .unsettled_max = 1});
        std::set<ticket> given;
        std::array<std::byte, 4096> buffer{};
        seq next = 0;
        const auto delivered = [&](seq floor) {
            std::array<std::byte, ack_state_size_max()> state{};
            const std::size_t size = encode_ack_state({.floor = floor}, state);
            return alice.handle(ack_notify{.from = "bob",
                                           .epoch = test_access::stream(alice, "bob").epoch(),
                                           .state = bytes(state).first(size)});
        };
        alice.link_up(framing("alice"));
        for (;;) {
            const auto sent = alice.send("bob", as_bytes("x"));
            if (!sent) {
                CHECK(sent.error().code == errc::tickets_used_up);
                break;
            }
            REQUIRE(given.insert(*sent).second);
            (void)alice.poll_journal(buffer);
            alice.durable(alice.written());
            (void)alice.poll_transmit(buffer);
            REQUIRE(delivered(++next) == refusal::none);
            CHECK(news_of(alice) == std::vector{status::delivered});
            for (int calls = 0; alice.poll_journal(buffer); ++calls) {
                REQUIRE(calls < 3);
            }
            alice.durable(alice.written());
        }
        // Of each of the three slots, the generations from the one behind the record's on.
        CHECK(given.size() == 3 * (before_end < 2 ? 0 : before_end - 1));
    }
}

}  // namespace
}  // namespace journal_records_tests
