// SPDX-License-Identifier: BSL-1.0
// Alice, the relay and Bob in one process. In yours, `carry` is a socket, and the rest stays.
#include <array>
#include <chrono>
#include <cstdio>
#include <string>

#include <sixfold/sixfold.hpp>

using namespace sixfold;

int main() {
    std::chrono::steady_clock clock;
    auto alice = client::create(clock, {.self = "alice", .start = 1, .seed = 7}).value();
    auto bob = client::create(clock, {.self = "bob", .start = 1, .seed = 8}).value();
    auto server = relay::create({}).value();
    auto mailbox = memory_mailbox::create().value();
    constexpr link_id alice_link{1}, bob_link{2};

    // The network: what a client has to say, and what the relay, or its mailbox, says to that.
    const auto carry = [&](client& from, link_id link) {
        std::array<std::byte, 1500> packet;
        reactions out;
        while (const auto filled = from.poll_transmit(packet)) {
            server.handle(link, *filled, out);
            while (const auto request = out.next_request()) {
                server.complete(*request, mailbox.execute(*request), out);
            }
            for (const auto& frame : out.frames()) {
                (frame.link == alice_link ? alice : bob).handle(frame.bytes);
            }
            out.clear();
        }
    };

    // Alice's app writes. Bob is away, and she may close her laptop as soon as it is `stored`.
    bool ok = server.link_up(alice_link, alice.self()).has_value();
    alice.link_up();
    ok = ok && alice.send("bob", as_bytes("Dinner at eight?")).has_value();

    std::string inbox;
    bool delivered = false;
    for (int round = 0; ok && round < 4; ++round) {  // an app waits: next_deadline() or a packet
        if (round == 1) {
            ok = server.link_up(bob_link, bob.self()).has_value();
            bob.link_up();
        }
        carry(alice, alice_link);
        carry(bob, bob_link);
        while (const auto message = bob.poll_message()) {
            inbox += as_text(message->payload);  // first Bob has it,
            ok = ok && bob.accept(*message).has_value();  // and then he says so
        }
        while (const auto event = alice.poll_event()) {
            delivered = delivered || event->what == status::delivered;
        }
    }
    std::printf("bob reads: %s\nalice knows: %s\n", inbox.c_str(), delivered ? "he has it" : "?");
    return ok && delivered && inbox == "Dinner at eight?" ? 0 : 1;
}
