// SPDX-License-Identifier: BSL-1.0
// Priorities: messages of one sender to one peer keep their order, so urgent ones go to another peer: Bob's app has two names, and
// a client for each. The limit on the share of a peer in the queue keeps room for the urgent ones however much else is waiting.
#include <cstdio>

#include "world.hpp"

const sixfold::peer bulk{"bob"};
const sixfold::peer urgent{"bob/urgent"};

/// As many as the share of a peer in the queue lets in: half of it.
int fill(sixfold::client& me) {
    int sent = 0;
    while (me.send(bulk, sixfold::as_bytes("a line of the log")))
        ++sent;
    return sent;
}

int main() {
    example::world world;
    auto alice = world.make("alice");
    auto bob = world.make(bulk);
    auto bob_urgent = world.make(urgent);
    world.come(alice, bob, bob_urgent);

    const int lines = fill(alice);
    const bool taken{alice.send(urgent, sixfold::as_bytes("The house is on fire"))};

    int read = 0;
    int before_the_fire = -1;
    const auto turn = [&] {
        while (const auto message = bob_urgent.poll_message()) {
            before_the_fire = read;
            bob_urgent.accept(*message);
        }
        while (const auto message = bob.poll_message()) {
            ++read;
            bob.accept(*message);
        }
    };
    world.run(turn);
    std::printf("%d lines before the alarm, %d in all\n", before_the_fire, read);
    return taken && before_the_fire >= 0 && before_the_fire < 100 && read == lines ? 0 : 1;
}
