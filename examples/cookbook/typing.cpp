// SPDX-License-Identifier: BSL-1.0
// Typing notices: they are useful now or never. `storing::forbidden` and a short deadline take back one that does not arrive at once. Even
// that takes frames, as the receiver says how each message ended: so there is one notice at a time, and only one to a peer that is away.
#include <cstdio>

#include "world.hpp"

class typing_notice {
  public:
    /// At each key.
    void key(sixfold::client& me, const sixfold::peer& to) {
        if (me.outstanding(last_)) return;  // he is being told, or is away
        const auto sent = me.send(
            to, sixfold::as_bytes("typing"),
            {.expires_after = std::chrono::seconds(5), .storing = sixfold::storing::forbidden});
        if (sent) last_ = *sent;
    }

  private:
    sixfold::ticket last_{};
};

int main() {
    example::world world;
    auto alice = world.make("alice"), bob = world.make("bob");
    world.come(alice, bob);

    typing_notice notice;
    int shown = 0;
    sixfold::status last = sixfold::status::none;
    const auto turn = [&] {
        while (const auto message = bob.poll_message()) {
            ++shown;  // for some seconds, or until the message comes
            bob.accept(*message);
        }
        while (const auto event = alice.poll_event())
            last = event->what;
    };
    for (int i = 0; i < 3; ++i) {
        notice.key(alice, "bob");
        world.run(turn);
    }
    const bool there = shown == 3 && last == sixfold::status::delivered;

    world.leave(bob);
    for (int i = 0; i < 5; ++i) {
        notice.key(alice, "bob");
        world.run(turn);
    }
    const bool away = last == sixfold::status::expiring && alice.sender().unsettled() == 1;
    world.come(bob);  // and sees nothing of it
    world.run(turn);
    std::printf("Bob saw that Alice types %d times\n", shown);
    return there && away && shown == 3 && last == sixfold::status::expired ? 0 : 1;
}
