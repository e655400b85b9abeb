// SPDX-License-Identifier: BSL-1.0

// A client of a small computer, with assertions, that says itself how it ends: nothing of stdio is left.
#undef NDEBUG
[[noreturn]] void panic(const char* message);
#define SIXFOLD_FAIL(message) panic(message)

#include <sixfold/client.hpp>

sixfold::manual_clock millis;

auto alice = sixfold::client::create(millis, {.self = "alice", .life = {1, 7}});

void on_packet(sixfold::bytes packet, std::span<std::byte> out, void (*send)(sixfold::bytes)) {
    alice.value().handle(packet);
    while (const auto message = alice->poll_message()) {
        alice->accept(*message);
    }
    while (const auto answer = alice->poll_transmit(out)) {
        send(*answer);
    }
}
