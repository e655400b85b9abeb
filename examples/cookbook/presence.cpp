// SPDX-License-Identifier: BSL-1.0
// Presence: the relay knows who has a link. A client in the server's own process tells friends when that changes; it asks
// `online`, which looks into a table. Late news are worth nothing, so they are not stored.
#include <cstdio>
#include <map>

#include "world.hpp"

/// Part of the server, beside the relay.
class presence {
  public:
    explicit presence(example::world& of) : world_(of), client_(of.make("presence")) {
        of.come(client_);
    }
    void watch(const char* watcher, const char* whom) { watchers_[whom].push_back(watcher); }
    /// When a link has come or gone; each second does, too.
    void turn() {
        for (const auto& [who, watchers] : watchers_) {
            const bool here = world_.online(who);
            if (std::exchange(told_[who], here) == here) continue;
            const std::string news = std::string(who.name()) + (here ? " is here" : " has gone");
            for (const sixfold::peer& watcher : watchers) {
                if (world_.online(watcher)) {
                    (void)client_.send(watcher, sixfold::as_bytes(news),
                                       {.storing = sixfold::storing::forbidden});
                }
            }
        }
        while (client_.poll_event()) {
        }
    }

  private:
    example::world& world_;
    sixfold::client client_;
    std::map<sixfold::peer, std::vector<sixfold::peer>> watchers_;
    std::map<sixfold::peer, bool> told_;
};

int main() {
    example::world world;
    presence server(world);
    auto alice = world.make("alice"), bob = world.make("bob");
    server.watch("alice", "bob");
    world.come(alice);
    std::string seen;
    const auto turn = [&] {
        server.turn();
        while (const auto message = alice.poll_message()) {
            seen += std::string(sixfold::as_text(message->payload)) + "\n";
            alice.accept(*message);
        }
    };
    world.come(bob);
    world.run(turn);
    world.leave(bob);
    world.run(turn);
    std::printf("%s", seen.c_str());
    return seen == "bob is here\nbob has gone\n" ? 0 : 1;
}
