// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

namespace first_contact_tests {

using namespace sixfold;

// The probe and the message leave in one packet, and the relay's look into the mailbox lets the
// message overtake the probe: B holds it until it is let in.
TEST_CASE("first contact: a message that overtakes its probe is not sent again [spec 3.22]") {
    manual_clock clock;  // it stands still
    client alice =
        client::create(clock, {.self = "alice", .life = {.start = 1, .seed = 1}}).value();
    client bob = client::create(clock, {.self = "bob", .life = {.start = 1, .seed = 2}}).value();
    relay server = relay::create({}).value();
    memory_mailbox mailbox = memory_mailbox::create().value();
    alice.link_up();
    bob.link_up();
    REQUIRE(server.link_up(link_id{1}, "alice"));
    REQUIRE(server.link_up(link_id{2}, "bob"));
    REQUIRE(alice.send("bob", as_bytes("hi")));

    const auto carry = [&](client& from, link_id link) {
        std::array<std::byte, 2048> buffer;
        reactions out;
        while (const auto packet = from.poll_transmit(buffer)) {
            server.handle(link, *packet, out);
            while (const auto request = out.next_request()) {
                server.complete(*request, mailbox.execute(*request), out);
            }
            for (const auto frame : out.frames()) {
                (frame.link == link_id{1} ? alice : bob).handle(frame.bytes);
            }
            out.clear();
        }
    };
    status told = status::none;
    for (int turn = 0; turn < 4 && told != status::delivered; ++turn) {
        carry(alice, link_id{1});
        while (const auto message = bob.poll_message()) {
            REQUIRE(bob.accept(*message));
        }
        carry(bob, link_id{2});
        while (const auto event = alice.poll_event()) {
            told = event->what;
        }
    }
    CHECK(told == status::delivered);
    CHECK(alice.sender().resent() == 0);
}

}  // namespace first_contact_tests
