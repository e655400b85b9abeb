// SPDX-License-Identifier: BSL-1.0
// The code of the README that a first program does not have: a journal, deadlines, taking a message back, a link that is
// silent. tests/tools/check_readme holds the two together.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <sixfold/ext/file_journal.hpp>
#include <sixfold/ext/new_life.hpp>
#include <sixfold/sixfold.hpp>

namespace {

const std::chrono::steady_clock steady;

// As a reader wants them.
// clang-format off

/// One life of the app: how many messages it has that it did not take itself, and whether it still knows a former ticket.
bool live(const std::string& file, sixfold::ticket& kept) {
    const auto& clock = steady;
    const sixfold::bytes payload = sixfold::as_bytes("Dinner?");

    const sixfold::incarnation life = sixfold::new_life();
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
    return !first && second ? 0 : 1;
}
