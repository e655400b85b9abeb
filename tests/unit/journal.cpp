// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sixfold/journal/journal.hpp>
#include <sixfold/receiving/inbound_record.hpp>
#include <sixfold/sending/outbound_record.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/journal_bytes.hpp"
#include "support/test_access.hpp"

namespace journal_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

constexpr epoch example_epoch{0x0102030405060708};

using support::snapshot_of;

using bytes_vector = std::vector<std::byte>;

std::string hex(bytes data) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const std::byte each : data) {
        out += out.empty() ? "" : " ";
        out += digits[std::to_integer<unsigned>(each >> 4)];
        out += digits[std::to_integer<unsigned>(each & std::byte{15})];
    }
    return out;
}

client_options journalled(const peer& self) {
    client_options options{.self = self, .life = {.start = 1, .seed = 1}};
    options.journaling = journaling::withhold;
    return options;
}

/// The records that a client has to write now, which are durable at once.
bytes_vector kept(client& machine) {
    bytes_vector out = support::records_of(machine);
    machine.durable(machine.written());
    return out;
}

/// All that is due of a client goes to a relay, and what that says to the client comes back.
void exchange(client& machine, relay& with, link_id link) {
    bytes_vector buffer(2000);
    reactions out;
    while (const auto packet = machine.poll_transmit(buffer)) {
        const bytes_vector copy(packet->begin(), packet->end());
        with.handle(link, copy, out);
    }
    for (const outgoing each : out.frames()) {
        if (each.link == link) {
            machine.handle(each.bytes);
        }
    }
}

/// A client with some of everything in its journal.
struct busy_client {
    manual_clock clock;
    client alice = client::create(clock, journalled("alice")).value();
    bytes_vector journal;

    busy_client() {
        for (const char* to : {"bob", "carol"}) {
            for (const char* text : {"one", "two", "three"}) {
                REQUIRE(alice.send(to, as_bytes(text), {.expires_after = 1h}));
            }
        }
        const ticket fourth = alice.send("bob", as_bytes("four")).value();
        keep();
        REQUIRE(alice.cancel(fourth));
        keep();
        alice.link_up();
        msg_notify probe{};
        probe.from = "dave";
        probe.epoch = example_epoch;
        REQUIRE(alice.receiver().handle(probe) == refusal::none);
        msg_notify text{};
        text.from = "dave";
        text.epoch = example_epoch;
        text.entries = run::of(as_bytes("text"));
        for (seq at = 0; at < 3; ++at) {
            text.first = at;
            REQUIRE(alice.receiver().handle(text) == refusal::none);
        }
        REQUIRE(alice.accept(alice.poll_message().value()));
        REQUIRE(alice.reject(alice.poll_message().value()));
        keep();
    }
    void keep() {
        const bytes_vector more = kept(alice);
        journal.insert(journal.end(), more.begin(), more.end());
    }
};

// --- records ---------------------------------------------------------------------------------------

TEST_CASE("journal: the records of the specification [spec 7.1, 7.2, 7.4 to 7.6, 7.10]") {
    std::array<std::byte, 128> out{};
    const auto of = [&](std::size_t size) {
        return hex(bytes(out).first(size));
    };
    CHECK(of(detail::encode_outbound({"bob", example_epoch, 301}, out)) ==
          "10 13 03 03 62 6F 62 08 07 06 05 04 03 02 01 AD 02 DB DE BF 1B");
    CHECK(
        of(detail::encode_message(
            {.id = ticket{7}, .to = "bob", .name = {example_epoch, 300}, .payload = as_bytes("hi")},
            out)) ==
        "10 1F 04 07 00 00 00 00 00 00 00 03 62 6F 62 08 07 06 05 04 03 02 01 AC 02 00 00 68 69 "
        "33 6A AA 0E");
    CHECK(of(detail::encode_left(300, out)) == "10 07 07 AC 02 2D 00 4D 11");
    CHECK(of(detail::encode_tried("alice", {example_epoch, 300}, 2, out)) ==
          "10 16 08 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 AC 02 02 19 82 C9 96");
    CHECK(of(detail::encode_renamed(ticket{7}, {epoch{0x0102030405060709}, 2}, out)) ==
          "10 16 09 07 00 00 00 00 00 00 00 09 07 06 05 04 03 02 01 02 B8 79 57 A3");
    CHECK(of(detail::encode_gone(record_kind::message, ticket{7}, out)) ==
          "11 0D 04 07 00 00 00 00 00 00 00 4B DE 47 EA");
    inbound_stream stream(64, 64);
    stream.restore(example_epoch, 10, 5);
    stream.note({7, fate::tombstoned});
    stream.restore(12);
    stream.note({12, fate::rejected});
    const std::string_view inbound =
        "10 1A 02 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 0A 05 01 04 02 0E 19 49 33 A6 8A";
    CHECK(of(detail::encode_inbound("alice", stream, out)) == inbound);
    inbound_stream read(64, 64);
    REQUIRE(detail::decode_inbound(journal_reader(out).next().value().value, read));
    CHECK(read.horizon() == 5);
    CHECK(of(detail::encode_inbound("alice", read, out)) == inbound);
    CHECK(of(detail::encode_tickets(300, out)).starts_with("10 07 06 AC 02 "));
    manual_clock clock;
    auto alice = client::create(clock, journalled("alice")).value();
    CHECK(hex(kept(alice)).starts_with("10 0A 01 61 6C 69 63 65 "));  // its owner
}

TEST_CASE("journal: a reader stops at a record that is cut, and says so") {
    const busy_client all;
    REQUIRE(check_journal(all.journal));
    journal_reader whole(all.journal);
    std::vector<std::size_t> ends = {0};
    while (const auto each = whole.next()) {
        ends.push_back(ends.back() + each->wire.size());
    }
    REQUIRE(ends.back() == all.journal.size());
    for (std::size_t size = 0; size < all.journal.size(); ++size) {
        journal_reader reader(bytes(all.journal).first(size));
        std::size_t count = 0;
        while (reader.next()) {
            ++count;
        }
        const auto cut = std::upper_bound(ends.begin(), ends.end(), size) - 1;
        REQUIRE(count == static_cast<std::size_t>(cut - ends.begin()));
        REQUIRE((reader.refused() == refusal::none) == (*cut == size));
        REQUIRE(reader.left().size() == size - *cut);
    }
}

TEST_CASE("journal: no bit can be wrong [spec 7.1]") {
    busy_client all;
    for (std::size_t bit = 0; bit < all.journal.size() * 8; ++bit) {
        all.journal[bit / 8] ^= std::byte{1} << bit % 8;
        REQUIRE_FALSE(check_journal(all.journal));
        all.journal[bit / 8] ^= std::byte{1} << bit % 8;
    }
}

// --- new lives -------------------------------------------------------------------------------------

TEST_CASE("journal: a new life has what the old one had, however often it reads it [spec 7.2]") {
    busy_client all;
    const bytes_vector left = snapshot_of(all.alice);
    auto next = client::create(all.clock, journalled("alice"), all.journal).value();
    CHECK(snapshot_of(next) == left);
    CHECK(kept(next).empty());
    bytes_vector twice = all.journal;
    twice.insert(twice.end(), all.journal.begin(), all.journal.end());
    CHECK(snapshot_of(client::create(all.clock, journalled("alice"), twice).value()) == left);
    CHECK(snapshot_of(client::create(all.clock, journalled("alice"), left).value()) == left);
}

TEST_CASE("journal: what an earlier life has sent, and is stored, is not sent when the window "
          "opens [spec 7.7]") {
    const manual_clock clock;
    client_options options = journalled("alice");
    client first = client::create(clock, options).value();
    REQUIRE(first.send("bob", as_bytes("one")));
    REQUIRE(first.send("bob", as_bytes("two")));
    const bytes_vector journal = kept(first);
    options.sender.window = 1;
    client second = client::create(clock, options, journal).value();
    const epoch epoch = test_access::stream(second.sender(), "bob").epoch();
    bytes_vector buffer(second.packet_size_min());
    const auto transmit = [&] {
        while (second.poll_transmit(buffer)) {
        }
        return second.sender().sent();
    };
    second.link_up();
    CHECK(transmit() == 1);
    REQUIRE(second.sender().handle(ack_notify{
                .from = "bob", .epoch = epoch, .word = ack_word::stored, .first = 1, .count = 1}) ==
            refusal::none);
    (void)kept(second);
    const std::size_t size = encode_ack_state({.floor = 1}, buffer);
    REQUIRE(second.sender().handle(
                ack_notify{.from = "bob", .epoch = epoch, .state = bytes(buffer).first(size)}) ==
            refusal::none);
    CHECK(transmit() == 1);
}

TEST_CASE("journal: no ticket is given twice, whatever became of its message [spec 7.6, 7.8]") {
    manual_clock clock;
    // a store that keeps what counts, and nothing of what is gone
    std::map<bytes_vector, bytes_vector> rows;
    const auto keep = [&](client& machine) {
        const bytes_vector more = kept(machine);
        journal_reader reader(more);
        while (const auto each = reader.next()) {
            const bytes_vector key(each->key.begin(), each->key.end());
            if (each->gone) {
                rows.erase(key);
            } else {
                rows[key] = {each->wire.begin(), each->wire.end()};
            }
        }
    };
    std::set<ticket> given;
    for (int life = 0; life < 20; ++life) {
        bytes_vector journal;
        for (const auto& [key, wire] : rows) {
            journal.insert(journal.end(), wire.begin(), wire.end());
        }
        auto alice = client::create(clock, journalled("alice"), journal).value();
        CHECK(alice.sender().queued() == 0);
        for (int i = 0; i < 3; ++i) {
            const ticket name = alice.send("bob", as_bytes("text")).value();
            CHECK(given.insert(name).second);
            keep(alice);
            REQUIRE(alice.cancel(name));
            alice.link_up();
            bytes_vector buffer(2000);
            keep(alice);
            std::optional<msg_request> sent;
            while (const auto packet = alice.poll_transmit(buffer)) {
                packet_reader frames(*packet);
                while (const auto one = frames.next()) {
                    frame decoded;
                    REQUIRE(decode(*one, framing("alice"), decoded) == refusal::none);
                    const auto* msg = std::get_if<msg_request>(&decoded);
                    if (msg != nullptr && !msg->probes()) {
                        REQUIRE((msg->entries.count() == 1 && msg->entries.tombstones() == 1));
                        sent = *msg;
                    }
                }
            }
            REQUIRE(sent.has_value());
            std::array<std::byte, 64> state{};
            const exception how{sent->first, fate::tombstoned};
            const std::size_t size = encode_ack_state(
                {.floor = sent->first + 1, .horizon = sent->first, .exceptions = {&how, 1}}, state);
            REQUIRE(alice.sender().handle(ack_notify{
                        .from = "bob", .epoch = sent->epoch, .state = bytes(state).first(size)}) ==
                    refusal::none);
            CHECK(alice.poll_event().value().what == status::cancelled);
            CHECK_FALSE(alice.outstanding(name));
            keep(alice);
        }
    }
    CHECK(given.size() == 60);
    CHECK(rows.size() == 3);  // the owner, how far the stream is, and the tickets
}

/// Of the message whose record comes first.
epoch epoch_of(bytes journal) {
    journal_reader reader(journal);
    for (auto each = reader.next(); each; each = reader.next()) {
        detail::message_record out;
        if (each->kind == record_kind::message && detail::decode_message(*each, out)) {
            return out.name.epoch;
        }
    }
    return epoch::none;
}

/// B's word that all below has ended, to the stream of this sender.
void settle(client& machine, epoch of, seq floor) {
    std::array<std::byte, 64> state{};
    const std::size_t size = encode_ack_state({.floor = floor}, state);
    REQUIRE(machine.sender().handle(ack_notify{
                .from = "bob", .epoch = of, .state = bytes(state).first(size)}) == refusal::none);
}

/// The event of a message that is next: of which msgid, and what.
std::pair<msgid, status> heard(client& machine) {
    const auto news = machine.poll_event();
    REQUIRE(news.has_value());
    return {news->name, news->what};
}

/// Of the message that a client takes now.
msgid next_name(client& machine) {
    REQUIRE(machine.send("bob", as_bytes("next")));
    const bytes_vector taken = support::records_of(machine);
    journal_reader reader(taken);
    detail::message_record out;
    while (const auto each = reader.next()) {
        if (each->kind == record_kind::message) {
            REQUIRE(detail::decode_message(*each, out));
        }
    }
    return out.name;
}

TEST_CASE(
    "journal: no seq is given twice, whatever became of its message, wherever the journal ends "
    "[spec 7.5]") {
    manual_clock clock;
    bytes_vector journal;
    epoch of = epoch::none;
    for (seq life = 0; life < 5; ++life) {
        auto alice = client::create(clock, journalled("alice"), journal).value();
        REQUIRE(alice.send("bob", as_bytes("text")));
        const bytes_vector taken = kept(alice);
        of = life == 0 ? epoch_of(taken) : of;
        alice.link_up();
        bytes_vector buffer(2000);
        while (alice.poll_transmit(buffer)) {
        }
        settle(alice, of, life + 1);
        CHECK(heard(alice) == std::pair{msgid{of, life}, status::delivered});
        const bytes_vector gone = kept(alice);
        bytes_vector all = journal;
        all.insert(all.end(), taken.begin(), taken.end());
        journal_reader reader(gone);
        for (auto each = reader.next();; each = reader.next()) {
            auto next = client::create(clock, journalled("alice"), all).value();
            CHECK(next_name(next) == msgid{of, life + 1});
            if (!each) {
                break;
            }
            all.insert(all.end(), each->wire.begin(), each->wire.end());
            if (!each->gone) {  // a store with rows keeps nothing of a message that is gone
                journal.insert(journal.end(), each->wire.begin(), each->wire.end());
            }
        }
    }
}

TEST_CASE("journal: a new life takes for sent what was given, and sends it again [spec 7.7]") {
    manual_clock clock;
    auto alice = client::create(clock, journalled("alice")).value();
    REQUIRE(alice.send("bob", as_bytes("0")));
    REQUIRE(alice.send("bob", as_bytes("1")));
    const bytes_vector journal = kept(alice);
    const epoch of = epoch_of(journal);
    auto next = client::create(clock, journalled("alice"), journal).value();
    SECTION("B knows of it already, and says so first") {
        settle(next, of, 1);
        CHECK(heard(next) == std::pair{msgid{of, 0}, status::delivered});
        CHECK(next.sender().refusals().total() == 0);
    }
    SECTION("but not of more") {
        std::array<std::byte, 64> state{};
        const std::size_t size = encode_ack_state({.floor = 3}, state);
        CHECK(next.sender().handle(
                  ack_notify{.from = "bob", .epoch = of, .state = bytes(state).first(size)}) ==
              refusal::never_sent);
    }
    next.link_up();
    bytes_vector buffer(2000);
    (void)kept(next);
    REQUIRE(next.poll_transmit(buffer).has_value());
    CHECK(next.sender().sent() == next.sender().queued());
}

TEST_CASE("journal: what is left of a deadline goes on, not its date [spec 7.6]") {
    manual_clock clock;
    auto alice = client::create(clock, journalled("alice")).value();
    clock.advance(1h);
    REQUIRE(alice.send("bob", as_bytes("text"), {.expires_after = 1min}));
    const bytes_vector journal = kept(alice);
    manual_clock another;
    auto next = client::create(another, journalled("alice"), journal).value();
    CHECK(next.next_deadline() == time_point(1min));
    another.advance(1min);
    CHECK(next.poll_event().value().what == status::expiring);
}

/// A whole record of a version and kind that may not be known.
bytes_vector record_of(int first, int kind) {
    bytes_vector out(7);
    byte_writer to(out);
    to.put_u8(static_cast<std::uint8_t>(first));
    to.put_varint(5);
    to.put_u8(static_cast<std::uint8_t>(kind));
    to.put_u32(crc32c(to.written()));
    return out;
}

TEST_CASE("journal: more messages than the queue has places go on, and new ones wait") {
    busy_client all;  // eight messages, one of them a tombstone
    client_options options = journalled("alice");
    options.sender.queue_entries = 6;
    auto next = client::create(all.clock, options, all.journal).value();
    CHECK(next.sender().queued() == 7);
    CHECK(next.send("bob", as_bytes("more")).error().code == errc::queue_full);
}

TEST_CASE("journal: is the state of a sender at each of its records, in a queue that is full "
          "[spec 7.6]") {
    // The first message is stored and makes room for the second; then it becomes a tombstone.
    manual_clock clock;
    client_options options = journalled("alice");
    options.sender.queue_entries = options.sender.unsettled_max = 1;
    options.sender.queue_bytes = options.sender.payload_max = 1024;
    auto alice = client::create(clock, options).value();
    const std::string large(900, 'x');
    const ticket first = alice.send("bob", as_bytes(large)).value();
    bytes_vector journal = kept(alice);
    alice.link_up();
    bytes_vector buffer(2000);
    while (alice.poll_transmit(buffer)) {
    }
    ack_notify stored{};
    stored.from = "bob";
    stored.epoch = epoch_of(journal);
    stored.word = ack_word::stored;
    stored.count = 1;
    REQUIRE(alice.sender().handle(stored) == refusal::none);
    const ticket second = alice.send("bob", as_bytes(large)).value();
    REQUIRE(alice.cancel(first));
    const bytes_vector news = support::records_of(alice);
    journal_reader reader(news);
    for (std::size_t records = 0;; ++records) {
        CAPTURE(records);
        bytes_vector cut = journal;
        cut.insert(cut.end(), news.begin(),
                   news.end() - static_cast<std::ptrdiff_t>(reader.left().size()));
        auto next = client::create(clock, options, cut);
        REQUIRE(next);
        CHECK(next->outstanding(first));
        CHECK(next->outstanding(second) == reader.left().empty());
        if (!reader.next()) {
            break;
        }
    }
}

TEST_CASE("journal: what ended with its epoch keeps its turn, as others may have taken its room "
          "[spec 7.6]") {
    manual_clock clock;
    client_options options = journalled("alice");
    options.sender.queue_bytes = options.sender.payload_max = 1024;
    auto alice = client::create(clock, options).value();
    const std::string large(900, 'x');
    const ticket first = alice.send("bob", as_bytes(large)).value();
    const bytes_vector journal = kept(alice);
    alice.link_up();
    bytes_vector buffer(2000);
    while (alice.poll_transmit(buffer)) {
    }
    REQUIRE(alice.cancel(first));
    REQUIRE(alice.send("carol", as_bytes(large)));
    ack_notify past{};
    past.from = "bob";
    past.epoch = epoch_of(journal);
    past.word = ack_word::past;
    past.current = epoch{static_cast<std::uint64_t>(past.epoch) + 1};
    REQUIRE(alice.sender().handle(past) == refusal::none);
    const bytes_vector news = support::records_of(alice);
    journal_reader reader(news);
    do {
        bytes_vector cut = journal;
        cut.insert(cut.end(), news.begin(),
                   news.end() - static_cast<std::ptrdiff_t>(reader.left().size()));
        CHECK(client::create(clock, options, cut));
    } while (reader.next());
}

TEST_CASE("journal: until it was polled, the time to poll is now") {
    manual_clock clock;
    auto alice = client::create(clock, journalled("alice")).value();
    CHECK(alice.next_deadline() == never);
    const ticket message = alice.send("bob", as_bytes("text")).value();
    CHECK(alice.next_deadline() == clock.now());
    kept(alice);
    CHECK(alice.next_deadline() == never);  // without a link
    REQUIRE(alice.cancel(message));
    CHECK(alice.next_deadline() == clock.now());

    auto both = client::create(clock, journalled("bob")).value();
    receiver& bob = both.receiver();
    msg_notify probe{};
    probe.from = "alice";
    probe.epoch = example_epoch;
    REQUIRE(bob.handle(probe) == refusal::none);
    kept(both);
    msg_notify text{};
    text.from = "alice";
    text.epoch = example_epoch;
    text.entries = run::of(as_bytes("text"));
    REQUIRE(bob.handle(text) == refusal::none);
    CHECK(bob.next_deadline() == never);  // without a link
    REQUIRE(bob.accept(bob.poll_message().value()));
    CHECK(bob.next_deadline() == clock.now());
}

TEST_CASE("journal: is refused, and by name, when it is not ours or does not fit [spec 7.1, 7.3]") {
    busy_client all;
    const auto why = [&](const client_options& options, bytes journal) {
        const auto made = client::create(all.clock, options, journal);
        return made ? std::string()
                    : std::string(to_string(made.error().code)) + " " +
                          std::string(made.error().what.substr(0, 23));
    };
    const client_options usual = journalled("alice");
    CHECK(why(usual, all.journal).empty());
    CHECK(why(journalled("bob"), all.journal) == "journal_foreign journal: it is the jour");
    CHECK(why(usual, bytes(all.journal).first(all.journal.size() - 1)) ==
          "journal_damaged journal: a record is cu");
    bytes_vector damaged = all.journal;
    damaged[0] = std::byte{0x20};
    CHECK(why(usual, damaged) == "journal_damaged journal: a record is cu");
    for (const auto& [first, kind] : {std::pair{0x20, 1}, {0x12, 1}, {0x10, 10}}) {
        CHECK(why(usual, record_of(first, kind)) == "journal_version journal: a record of an");
    }

    const auto with = [&](auto change) {
        client_options options = usual;
        change(options);
        return why(options, all.journal);
    };
    CHECK(with([](auto& o) { o.sender.queue_entries = o.sender.unsettled_max = 3; }) ==
          "option sender.queue_entries or");
    CHECK(with([](auto& o) { o.sender.payload_max = 4; }) == "option sender.payload_max: sma");
    CHECK(with([](auto& o) { o.sender.queue_bytes = o.sender.payload_max = 128; }) ==
          "option sender.queue_bytes: few");
    CHECK(with([](auto& o) { o.sender.peers_max = 1; }) == "option sender.peers_max: fewer");
    CHECK(with([](auto& o) { o.journaling = journaling::none; }) ==
          "option journaling: none, but t");
}

TEST_CASE("journal: what a client has is one choice, so its own next life takes its snapshot") {
    for (const journaling keeps : {journaling::withhold, journaling::none}) {
        busy_client all;
        client_options options = journalled("alice");
        options.journaling = keeps;
        auto alice = client::create(all.clock, options,
                                    keeps == journaling::none ? bytes() : bytes(all.journal))
                         .value();
        REQUIRE(alice.send("bob", as_bytes("text")));
        const bytes_vector snapshot = snapshot_of(alice);
        CHECK(snapshot.empty() == (keeps == journaling::none));
        CHECK(support::records_of(alice).empty() == (keeps == journaling::none));
        CHECK(client::create(all.clock, options, snapshot));
    }
}

TEST_CASE("journal: a window that is too small for what it has accepted is refused") {
    inbound_stream stream(64, 64);
    stream.enter(example_epoch);
    stream.end(40, fate::accepted);
    std::array<std::byte, 256> out{};
    const std::size_t size = detail::encode_inbound("alice", stream, out);
    const bytes journal = bytes(out).first(size);
    manual_clock clock;
    receiver_options options;
    options.window = 41;
    CHECK(receiver::create(clock, 1, options, journaling::withhold, journal));
    options.window = 40;
    CHECK(receiver::create(clock, 1, options, journaling::withhold, journal).error().code ==
          errc::option);
}

TEST_CASE("journal: a stream that begins again is whole at each of its records [spec 7.7]") {
    manual_clock clock;
    auto alice = client::create(clock, journalled("alice")).value();
    std::vector<ticket> sent;
    for (const char* text : {"0", "1", "2", "3"}) {
        sent.push_back(alice.send("bob", as_bytes(text)).value());
    }
    bytes_vector journal = kept(alice);
    auto relay = relay::create({}).value();
    REQUIRE(relay.link_up(link_id{1}, "alice"));
    REQUIRE(relay.link_up(link_id{2}, "bob"));
    alice.link_up();
    exchange(alice, relay, link_id{1});
    const epoch old = [&] {
        while (const auto event = alice.poll_event()) {
            if (event->what == status::relayed) {
                return event->name.epoch;
            }
        }
        return epoch::none;
    }();
    REQUIRE(old != epoch::none);
    REQUIRE(alice.cancel(sent[1]));
    REQUIRE(alice.sender().handle(ack_notify{
                .from = "bob",
                .epoch = old,
                .word = ack_word::past,
                .current = epoch{std::uint64_t{9} << epoch_random_bits}}) == refusal::none);
    const bytes_vector more = kept(alice);
    journal_reader reader(more);
    std::size_t end = 0;
    std::size_t count = 0;
    do {
        bytes_vector cut = journal;
        cut.insert(cut.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(end));
        auto next = client::create(clock, journalled("alice"), cut).value();
        (void)kept(next);
        next.link_up();
        bytes_vector buffer(2000);
        std::vector<std::string> texts;
        epoch only = epoch::none;
        while (const auto packet = next.poll_transmit(buffer)) {
            packet_reader frames(*packet);
            while (const auto one = frames.next()) {
                frame decoded;
                REQUIRE(decode(*one, framing("alice"), decoded) == refusal::none);
                const auto* msg = std::get_if<msg_request>(&decoded);
                if (msg == nullptr) {
                    continue;
                }
                seq at = msg->first;
                for (const run_entry& each : msg->entries) {
                    if (!each.tombstone) {
                        CHECK(at == texts.size() + (count == 1 && !texts.empty() ? 1 : 0));
                        CHECK((only == epoch::none || only == msg->epoch));
                        only = msg->epoch;
                        texts.emplace_back(as_text(each.payload));
                    }
                    ++at;
                }
            }
        }
        // Until its record is there, the message that was taken back goes on with the others. The first record
        // says that it has ended, those that follow give the others their new names.
        CHECK(texts == (count < 1 ? std::vector<std::string>{"0", "1", "2", "3"}
                                  : std::vector<std::string>{"0", "2", "3"}));
        CHECK((only > old) == (count > 1));
        ++count;
    } while (reader.next() ? (end = more.size() - reader.left().size(), true) : false);
    CHECK(end == more.size());
}

}  // namespace
}  // namespace journal_tests
