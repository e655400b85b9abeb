// SPDX-License-Identifier: BSL-1.0
// Read receipts: `delivered` says that the app has a message, not that a person has read it. So the app sends a message back when the
// person has looked at it: "read up to 3". It is a state, not an event: the last one says all, and an older one that has not arrived
// yet is cancelled.
#include <cstdio>

#include "world.hpp"

/// Each payload begins with its kind, and says which message of the conversation it is, or is about.
std::string payload(char kind, int number, std::string_view text = {}) {
    return kind + std::to_string(number) + " " + std::string(text);
}
int number_of(std::string_view text) {
    return std::stoi(std::string(text.substr(1)));
}

/// What Bob has looked at, as he says it to Alice.
class receipts {
  public:
    void read_up_to(sixfold::client& me, const sixfold::peer& writer, int number) {
        if (number <= told_) return;
        told_ = number;
        me.cancel(last_);  // if it is on its way, the new one says more
        if (const auto sent = me.send(writer, sixfold::as_bytes(payload('r', number))))
            last_ = *sent;
    }

  private:
    int told_ = 0;
    sixfold::ticket last_{};
};

int main() {
    example::world world;
    auto alice = world.make("alice"), bob = world.make("bob");
    world.come(alice, bob);
    for (int i = 1; i <= 3; ++i)
        (void)alice.send("bob", sixfold::as_bytes(payload('m', i, "Dinner?")));

    receipts to_alice;
    int has = 0;      // Bob's app
    int read_by = 0;  // Bob, as Alice knows it
    const auto turn = [&] {
        while (const auto message = bob.poll_message()) {
            has = number_of(sixfold::as_text(message->payload));
            bob.accept(*message);
        }
        while (const auto message = alice.poll_message()) {
            read_by = std::max(read_by, number_of(sixfold::as_text(message->payload)));
            alice.accept(*message);
        }
    };
    world.run(turn);
    const bool delivered_but_unread = has == 3 && read_by == 0;
    to_alice.read_up_to(bob, "alice", 2);  // he scrolls
    to_alice.read_up_to(bob, "alice", 3);
    world.run(turn);
    std::printf("Bob has read %d of 3\n", read_by);
    return delivered_but_unread && read_by == 3 ? 0 : 1;
}
