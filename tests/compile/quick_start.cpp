// SPDX-License-Identifier: BSL-1.0
// The code of the README, as a program that carries a message. tests/tools/check_readme holds the two together: each
// paragraph of C++ there stands here, line for line.
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/ext/new_life.hpp>
#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

namespace {

using packets = std::vector<std::pair<sixfold::link_id, std::vector<std::byte>>>;

void put(packets& to, sixfold::link_id link, sixfold::bytes packet) {
    to.emplace_back(link, std::vector<std::byte>(packet.begin(), packet.end()));
}

}  // namespace

// As a reader wants them.
// clang-format off
int main() {
    const std::chrono::steady_clock clock;
    const sixfold::link_id at_alice{1};
    const sixfold::link_id at_bob{2};
    std::vector<std::byte> buffer(2048);
    packets to_relay;
    packets to_clients;
    std::string inbox;
    std::size_t delivered = 0;
    std::vector<sixfold::ticket> tickets;

    // --- client A ---

    auto alice = sixfold::client::create(clock, {.self = "alice", .life = sixfold::new_life()}).value();
    alice.link_up();                                    // when there is a connection to the relay
    auto ticket = alice.send("bob", sixfold::as_bytes("Dinner?")).value();  // into the wait-ack queue

    const auto show = [&](sixfold::ticket which, sixfold::status what) {
        delivered += std::size_t{what == sixfold::status::delivered};
        tickets.push_back(which == ticket ? ticket : which);
    };
    const auto client_a = [&](sixfold::bytes packet_from_relay) {
        const auto send_to_relay = [&](sixfold::bytes packet) { put(to_relay, at_alice, packet); };

        alice.handle(packet_from_relay);                    // for each packet that has come

        // then, and at next_deadline():
        while (auto event = alice.poll_event()) {
            show(event->id, event->what);                   // relayed, stored, delivered
        }
        while (auto packet = alice.poll_transmit(buffer)) {
            send_to_relay(*packet);
        }
    };

    // --- the relay ---

    sixfold::reactions out;
    const auto send_to = [&](sixfold::link_id link, sixfold::bytes packet) { put(to_clients, link, packet); };

    auto relay = sixfold::relay::create({}).value();
    auto mailbox = sixfold::memory_mailbox::create().value();

    const auto log_in = [&](sixfold::link_id link, const sixfold::peer& account) {
        relay.link_up(link, account).value();           // when your server has checked who it is
    };
    const auto at_relay = [&](sixfold::link_id link, sixfold::bytes packet) {
        relay.handle(link, packet, out);
        while (auto request = out.next_request()) {
            relay.complete(*request, mailbox.execute(*request), out);
        }
        for (const auto frame : out.frames()) {
            send_to(frame.link, frame.bytes);  // link_id::none: away, or at another relay
        }
        out.clear();
    };

    // --- client B ---

    auto bob = sixfold::client::create(clock, {.self = "bob", .life = sixfold::new_life()}).value();
    bob.link_up();
    const auto store = [&](const sixfold::peer&, sixfold::bytes payload) { inbox += sixfold::as_text(payload); };
    const auto client_b = [&](sixfold::bytes packet_from_relay) {
        const auto send_to_relay = [&](sixfold::bytes packet) { put(to_relay, at_bob, packet); };

        bob.handle(packet_from_relay);
        while (auto message = bob.poll_message()) {
            store(message->from, message->payload);     // first your own commit,
            bob.accept(*message);                       // then the word that you have it
        }
        while (auto packet = bob.poll_transmit(buffer)) {
            send_to_relay(*packet);
        }
    };

    // --- several devices of a person ---

    const auto send_to_all = [&](const std::vector<sixfold::peer>& devices, sixfold::bytes payload) {
        for (const sixfold::peer& device : devices) {
            if (const auto sent = alice.send(device, payload)) {
                tickets.push_back(*sent);               // else sent.error() says why not
            }
        }
    };

    log_in(at_alice, "alice");
    log_in(at_bob, "bob");
    send_to_all({"bob"}, sixfold::as_bytes(" At eight?"));
    client_a({});
    client_b({});
    for (int round = 0; round < 9; ++round) {
        for (const auto& [link, packet] : std::exchange(to_relay, {})) {
            at_relay(link, packet);
        }
        for (const auto& [link, packet] : std::exchange(to_clients, {})) {
            link == at_alice ? client_a(packet) : client_b(packet);
        }
    }
    std::printf("Bob: %s\n", inbox.c_str());
    return inbox == "Dinner? At eight?" && delivered == 2 ? 0 : 1;
}
