// SPDX-License-Identifier: BSL-1.0
// A message from Alice to Bob, who is away at first. Here all three are in one process; in an app
// each is a program of its own, `carry` is its socket, and the calls are the same.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <sixfold/ext/new_life.hpp>
#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

using namespace sixfold;

int main() {
    const std::chrono::steady_clock clock;
    auto alice = client::create(clock, {.self = "alice", .life = new_life()}).value();
    auto bob = client::create(clock, {.self = "bob", .life = new_life()}).value();
    auto server = relay::create({}).value();
    auto mailbox = memory_mailbox::create().value();
    const auto carry = [&](client& from, link_id link) {
        std::vector<std::byte> buffer(from.packet_size_min());
        reactions out;
        while (const auto packet = from.poll_transmit(buffer)) {
            server.handle(link, *packet, out);
            while (const auto request = out.next_request()) {
                server.complete(*request, mailbox.execute(*request), out);
            }
            for (const auto frame : out.frames()) {
                if (frame.link != link_id::none) {  // none: it is for somebody who is away
                    (frame.to == alice.self() ? alice : bob).handle(frame.bytes);
                }
            }
            out.clear();
        }
    };

    alice.link_up();
    bool good = server.link_up(link_id{1}, "alice") && alice.send("bob", as_bytes("Dinner?"));

    std::string inbox;
    status told = status::none;
    const auto turn = [&] {  // of an app: when a packet has come, and at next_deadline()
        carry(alice, link_id{1});
        carry(bob, link_id{2});
        while (const auto message = bob.poll_message()) {
            inbox += as_text(message->payload);  // first Bob keeps it,
            bob.accept(*message);                // and then he says so
        }
        while (const auto event = alice.poll_event()) {
            told = event->what;
            std::printf("Alice: %s\n", told == status::delivered ? "Bob has it" : "on its way");
        }
    };
    turn();
    bob.link_up();
    good = good && server.link_up(link_id{2}, "bob");
    turn();
    turn();
    std::printf("Bob: %s\n", inbox.c_str());
    return good && inbox == "Dinner?" && told == status::delivered ? 0 : 1;
}
