// SPDX-License-Identifier: BSL-1.0
// The code of the README that a first program does not have: a journal, deadlines, taking a message back, a mailbox that is
// tidied. tests/tools/check_readme holds the two together.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <sixfold/ext/file_age.hpp>
#include <sixfold/ext/file_journal.hpp>
#include <sixfold/ext/new_life.hpp>
#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

namespace {

const std::chrono::steady_clock steady;

// As a reader wants them.
// clang-format off

/// One life of the app: how many messages it has that it did not take itself, and whether it still knows a former ticket.
bool live(const std::string& file, sixfold::ticket& kept) {
    const auto& clock = steady;
    const sixfold::bytes payload = sixfold::as_bytes("Dinner?");

    const sixfold::incarnation life = sixfold::new_life(sixfold::file_age(file));  // deadlines went on meanwhile
    auto journal = sixfold::file_journal::open(file, life.seed).value();
    auto alice = sixfold::client::create(
        clock, {.self = "alice", .life = life, .journaling = sixfold::journaling::withhold}, journal.records()).value();

    const bool known = alice.outstanding(kept);
    std::vector<std::byte> buffer(2048);
    std::size_t packets = 0;
    const auto send_to_relay = [&](sixfold::bytes) { ++packets; };
    alice.link_up();

    auto ticket = alice.send("bob", payload, {.expires_after = std::chrono::hours(1)});  // taken back by itself
    alice.cancel(*ticket);                                                               // or by you
    alice.forget("bob");  // all to him has ended, and his place among the peers is free

    kept = alice.send("bob", payload).value();
    while (auto records = alice.poll_journal(buffer)) {
        journal.append(*records);
    }
    if (journal.sync()) {
        alice.durable(alice.written());
    }
    while (auto packet = alice.poll_transmit(buffer)) {
        send_to_relay(*packet);
    }
    return packets != 0 && known;
}

/// What a relay says to who may not write.
std::size_t refuse(sixfold::bytes packet) {
    const auto blocked = [](const sixfold::peer& from, const sixfold::peer&) { return from == sixfold::peer("alice"); };
    auto relay = sixfold::relay::create({}).value();
    const sixfold::link_id link{1};
    (void)relay.link_up(link, "alice");
    sixfold::reactions out;
    relay.handle(link, packet, out, [&](const sixfold::peer& from, const sixfold::peer& to) {
        return blocked(from, to) ? sixfold::refused_reason::not_allowed : sixfold::refused_reason::none;
    });
    return relay.refusals()[sixfold::refusal::verdict];
}

/// How many rows are left in a mailbox that is tidied.
std::size_t tidy() {
    const auto& clock = steady;
    auto mailbox = sixfold::memory_mailbox::create({}, clock).value();
    while (mailbox.expire({.payloads = std::chrono::hours(24 * 30), .streams = std::chrono::hours(24 * 90)}, 1000) >= 1000) {
    }  // a thousand rows at a time

    return mailbox.rows();
}
// clang-format on

}  // namespace

int main() {
    const std::string file =
        (std::filesystem::temp_directory_path() / "sixfold_next_lines.journal").string();
    for (const char* each : {"", ".lock", ".new"}) {
        std::filesystem::remove(file + each);
    }
    sixfold::ticket kept{};
    const bool first = live(file, kept);   // knows no ticket
    const bool second = live(file, kept);  // knows that of the first
    std::printf("%s\n", second ? "the ticket has survived" : "the ticket is lost");
    auto alice =
        sixfold::client::create(steady, {.self = "alice", .life = sixfold::new_life()}).value();
    alice.link_up();
    (void)alice.send("bob", sixfold::as_bytes("Dinner?"));
    std::vector<std::byte> buffer(2048);
    const std::size_t refused = refuse(alice.poll_transmit(buffer).value());
    return !first && second && tidy() == 0 && refused == 2 ? 0 : 1;  // the probe, and the message
}
