// SPDX-License-Identifier: BSL-1.0

// The app of all consumer projects, of two files that both include sixfold: Alice sends Bob a
// message over the relay of server.cpp. Succeeds only if Bob has it and Alice knows.

#include <chrono>
#include <cstdio>
#include <string>

#include <sixfold/ext/new_life.hpp>
#include <sixfold/sixfold.hpp>
#include "server.hpp"

// This would not compile with the warnings of sixfold's own programs. They must not reach an app.
int narrowed(long wide, int unused) {
    return wide;
}

// What the package says that its version is, where there is a package.
#ifdef PACKAGE_VERSION
bool right_version() {
    char version[32];
    std::snprintf(version, sizeof version, "%d.%d.%d", SIXFOLD_VERSION_MAJOR, SIXFOLD_VERSION_MINOR,
                  SIXFOLD_VERSION_PATCH);
    return version == std::string(PACKAGE_VERSION);
}
#else
bool right_version() {
    return true;
}
#endif

int main() {
    const std::chrono::steady_clock clock;
    auto alice =
        sixfold::client::create(clock, {.self = "alice", .life = sixfold::new_life()}).value();
    auto bob = sixfold::client::create(clock, {.self = "bob", .life = sixfold::new_life()}).value();
    alice.link_up();
    bob.link_up();
    bool good = connect(sixfold::link_id{1}, "alice") && connect(sixfold::link_id{2}, "bob") &&
                alice.send("bob", sixfold::as_bytes("Dinner?"));

    std::string inbox;
    bool delivered = false;
    for (int turn = 0; turn < 3; ++turn) {
        carry(alice, sixfold::link_id{1}, alice, bob);
        while (const auto message = bob.poll_message()) {
            inbox += sixfold::as_text(message->payload);
            good = good && bob.accept(*message);
        }
        carry(bob, sixfold::link_id{2}, alice, bob);
        while (const auto event = alice.poll_event()) {
            delivered = event->what == sixfold::status::delivered;
        }
    }
    std::printf("Bob: %s, delivered: %s\n", inbox.c_str(), delivered ? "yes" : "no");
    return narrowed(good && delivered && inbox == "Dinner?" && right_version() ? 0 : 1, 0);
}
