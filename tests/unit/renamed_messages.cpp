// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/journal/journal.hpp>
#include <sixfold/sending/outbound_record.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/journal_bytes.hpp"
#include "support/test_access.hpp"

// What goes on under another msgid is in the journal with its payload already: only its name is written. (spec 3.12, 7.6)

namespace renamed_messages_tests {
namespace {

using namespace sixfold;
using journal_bytes = std::vector<std::byte>;

constexpr std::size_t count = 64;

client_options journalled() {
    client_options options{.self = "alice", .life = {.start = 1, .seed = 1}};
    options.journaling = journaling::withhold;
    options.sender.flight_first = 0;  // all of a window leaves at once
    return options;
}

/// What a sender has under which msgid.
using messages = std::map<std::pair<epoch, seq>, std::string>;

messages messages_of(const client& alice) {
    messages out;
    const wait_ack_queue& queue = test_access::queue(alice.sender());
    for (wait_ack_queue::slot at = 0; at < queue.size(); ++at) {
        if (queue[at].taken && queue[at].state != message_state::ended) {
            out[{queue[at].epoch, queue[at].seq}] = as_text(queue.payload(at));
        }
    }
    return out;
}

/// A client that was told `past` with its window full.
struct renamed_client {
    manual_clock clock;
    client alice = client::create(clock, journalled()).value();
    std::vector<ticket> tickets;
    journal_bytes journal;
    std::uint64_t life = 9;

    renamed_client() {
        for (std::size_t i = 0; i < count; ++i) {
            std::string text(1000, 'x');
            text[0] = static_cast<char>(i);
            tickets.push_back(alice.send("bob", as_bytes(text)).value());
        }
        (void)keep();
        alice.link_up();
        transmit();
    }
    journal_bytes keep() {
        const journal_bytes out = support::records_of(alice);
        journal.insert(journal.end(), out.begin(), out.end());
        alice.durable(alice.written());
        return out;
    }
    void transmit() {
        std::vector<std::byte> buffer(2000);
        while (alice.poll_transmit(buffer)) {
        }
    }
    [[nodiscard]] epoch stream() { return test_access::stream(alice.sender(), "bob").epoch(); }
    void past() {
        REQUIRE(alice.sender().handle(ack_notify{.from = "bob",
                                                 .epoch = stream(),
                                                 .word = ack_word::past,
                                                 .current = epoch{life++ << epoch_random_bits}}) ==
                refusal::none);
    }
    void deliver_all() {
        const std::array<std::byte, 1> floor{std::byte{count}};
        REQUIRE(alice.sender().handle(
                    ack_notify{.from = "bob", .epoch = stream(), .state = floor}) == refusal::none);
        while (alice.poll_event()) {
        }
    }
    client next_life(bytes from) { return client::create(clock, journalled(), from).value(); }
};

std::map<std::string, int> kinds_of(bytes journal) {
    std::map<std::string, int> out;
    journal_reader reader(journal);
    while (const auto each = reader.next()) {
        const char* const words[] = {"",     "owner",   "inbound", "outbound", "message",
                                     "mark", "tickets", "left",    "tried",    "renamed"};
        ++out[words[static_cast<std::size_t>(each->kind)] + std::string(each->gone ? " gone" : "")];
    }
    return out;
}
using kinds = std::map<std::string, int>;

TEST_CASE("journal: a new name is written without the payload [spec 3.12, 7.6]") {
    renamed_client f;
    f.past();
    const journal_bytes news = f.keep();
    CHECK(kinds_of(news) == kinds{{"renamed", int{count}}});
    CHECK(news.size() < count * 40);
    CHECK(messages_of(f.next_life(f.journal)) == messages_of(f.alice));
}

TEST_CASE("journal: of many names the largest epoch counts, whichever record comes last [spec "
          "7.6]") {
    renamed_client f;
    f.past();
    (void)f.keep();
    f.clock.advance(std::chrono::minutes(10));
    f.past();
    CHECK(kinds_of(f.keep()) == kinds{{"renamed", int{count}}});
    CHECK(messages_of(f.next_life(f.journal)) == messages_of(f.alice));
    REQUIRE(f.alice.cancel(f.tickets[5]));  // a record of its own again
    CHECK(kinds_of(f.keep()) == kinds{{"message", 1}});
    const auto now = messages_of(f.alice);
    CHECK(messages_of(f.next_life(f.journal)) == now);

    // As rows of a table, in the order of their keys.
    std::map<std::string, std::string> rows;
    journal_reader reader(f.journal);
    while (const auto each = reader.next()) {
        rows[std::string(as_text(each->key))] = as_text(each->wire);
    }
    std::string table;
    for (const auto& [key, row] : rows) {
        table += row;
    }
    CHECK(messages_of(f.next_life(as_bytes(table))) == now);
    CHECK(messages_of(f.next_life(support::snapshot_of(f.alice))) == now);
}

TEST_CASE("journal: what was never written is written as a whole, whatever its name [spec 7.6]") {
    renamed_client f;
    const ticket last = f.alice.send("bob", as_bytes("last")).value();
    f.past();
    const journal_bytes news = f.keep();
    CHECK(kinds_of(news) == kinds{{"renamed", int{count}}, {"message", 1}});
    client next = f.next_life(f.journal);
    CHECK(messages_of(next) == messages_of(f.alice));
    CHECK(next.outstanding(last));
}

TEST_CASE("journal: a name goes with its message, and never first [spec 7.6]") {
    renamed_client f;
    f.past();
    (void)f.keep();
    f.transmit();
    f.deliver_all();
    const journal_bytes before = f.journal;
    const journal_bytes news = f.keep();
    CHECK(kinds_of(news) == kinds{{"outbound", 1},
                                  {"tickets", 1},
                                  {"message gone", int{count}},
                                  {"renamed gone", int{count}}});
    journal_reader reader(news);
    do {
        journal_bytes cut = before;
        cut.insert(cut.end(), news.begin(),
                   news.end() - static_cast<std::ptrdiff_t>(reader.left().size()));
        client next = f.next_life(cut);
        for (const auto& [name, text] : messages_of(next)) {
            CHECK((name.first == f.stream() && text[0] == static_cast<char>(name.second)));
        }
    } while (reader.next());
}

TEST_CASE("journal: a name goes in one part with its message, wherever a part ends [spec 7.6]") {
    const std::size_t more = GENERATE(0U, 15U);  // one of them ends between the two
    renamed_client f;
    f.past();
    (void)f.keep();
    f.transmit();
    f.deliver_all();
    const std::size_t size = f.alice.journal_record_size_max() + more;
    std::vector<std::byte> buffer(size);
    int gone = 0;
    while (const auto part = f.alice.poll_journal(buffer)) {
        const kinds found = kinds_of(*part);
        const auto how_many = [&](const char* what) {
            const auto at = found.find(what);
            return at == found.end() ? 0 : at->second;
        };
        CHECK(how_many("message gone") == how_many("renamed gone"));
        gone += how_many("message gone");
    }
    CHECK(gone == int{count});
}

TEST_CASE("journal: a life that was renamed by the one before lets go of the names, too [spec "
          "7.6]") {
    renamed_client f;
    f.past();
    (void)f.keep();
    f.alice = f.next_life(f.journal);
    f.alice.link_up();
    f.transmit();
    f.deliver_all();
    const auto news = kinds_of(f.keep());
    CHECK(news.at("renamed gone") == int{count});
}

TEST_CASE("journal: a name that cannot be is refused, and one without a message says nothing "
          "[spec 7.6]") {
    manual_clock clock;
    std::array<std::byte, 128> out{};
    const auto with = [&](auto fields) {
        const std::size_t size =
            detail::encode_record(record_kind::renamed, false, out, [&](auto& to) {
                to.put_u64(0);
                fields(to);
            });
        return journal_bytes(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
    };
    const journal_bytes good = with([](auto& to) {
        to.put_epoch(epoch{9});
        to.put_varint(3);
    });
    const journal_bytes bad = with([](auto& to) { to.put_epoch(epoch{9}); });
    const journal_bytes long_one = with([](auto& to) {
        to.put_epoch(epoch{9});
        to.put_varint(3);
        to.put_u8(0);
    });
    CHECK(messages_of(client::create(clock, journalled(), good).value()).empty());
    const std::size_t size = detail::encode_message({.to = "bob", .name = {epoch{8}, 0}}, out);
    const journal_bytes message(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
    journal_bytes both = message;
    both.insert(both.end(), good.begin(), good.end());
    CHECK(messages_of(client::create(clock, journalled(), both).value()) ==
          messages{{{epoch{9}, 3}, ""}});
    for (const journal_bytes& each : {bad, long_one}) {
        both = message;
        both.insert(both.end(), each.begin(), each.end());
        CHECK(client::create(clock, journalled(), both).error().code == errc::journal_damaged);
    }
    // A later message in the slot is another one.
    const std::size_t later = detail::encode_message(
        {.id = ticket{std::uint64_t{1} << 32}, .to = "bob", .name = {epoch{8}, 0}}, out);
    both = good;
    both.insert(both.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(later));
    CHECK(messages_of(client::create(clock, journalled(), both).value()) ==
          messages{{{epoch{8}, 0}, ""}});
}

}  // namespace
}  // namespace renamed_messages_tests
