// SPDX-License-Identifier: BSL-1.0
// Several devices of a person: each is a peer of its own. The server knows which devices a person has; the app sends to each of them, and
// to the other devices of the one who writes, so that all show the same. A person has a message when one of their devices has it.
#include <cstdio>

#include "world.hpp"

using devices = std::vector<sixfold::peer>;

/// A line of the conversation between two persons, as each device of both is sent it.
std::vector<sixfold::ticket>
write(sixfold::client& me, const devices& theirs, const devices& mine, std::string_view line) {
    std::vector<sixfold::ticket> tickets;
    for (const devices* all : {&theirs, &mine}) {
        for (const sixfold::peer& device : *all) {
            if (device == me.self()) continue;
            const auto sent = me.send(device, sixfold::as_bytes(line));
            if (sent && all == &theirs)
                tickets.push_back(*sent);  // what becomes of my own copies nobody asks
        }
    }
    return tickets;
}

int main() {
    example::world world;
    auto phone = world.make("alice/phone");
    auto tablet = world.make("alice/tablet");
    auto bobs_phone = world.make("bob/phone");
    auto bobs_laptop = world.make("bob/laptop");
    for (sixfold::client* each : {&phone, &tablet, &bobs_phone})
        world.come(*each);

    const auto tickets = write(phone, {"bob/phone", "bob/laptop"}, {"alice/phone", "alice/tablet"},
                               "alice to bob: Dinner?");
    bool bob_has_it = false;
    std::vector<std::string> shown;
    const auto turn = [&] {
        for (sixfold::client* device : {&tablet, &bobs_phone, &bobs_laptop}) {
            while (const auto message = device->poll_message()) {
                shown.push_back(std::string(device->self().name()) + " shows " +
                                std::string(sixfold::as_text(message->payload)));
                device->accept(*message);
            }
        }
        while (const auto event = phone.poll_event()) {
            const bool his = std::find(tickets.begin(), tickets.end(), event->id) != tickets.end();
            bob_has_it = bob_has_it || (his && event->what == sixfold::status::delivered);
        }
    };
    world.run(turn);
    const bool at_once = bob_has_it && shown.size() == 2;
    world.come(bobs_laptop);  // switched on much later
    world.run(turn);
    for (const std::string& line : shown)
        std::printf("%s\n", line.c_str());
    return at_once && shown.size() == 3 && shown[2] == "bob/laptop shows alice to bob: Dinner?" ? 0
                                                                                                : 1;
}
