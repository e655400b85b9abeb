// SPDX-License-Identifier: BSL-1.0
// A group: a list of names that the apps keep. The writer sends to each member, and gets events of each; the name of the group stands in
// the payload. Carol is away, and gets it later.
#include <cstdio>
#include <map>

#include "world.hpp"

struct group {
    std::string name;
    std::vector<sixfold::peer> members;
};

using statuses = std::map<sixfold::ticket, sixfold::status>;  // of one message to a group

int delivered(const statuses& news) {
    return int(std::count_if(news.begin(), news.end(),
                             [](auto& each) { return each.second == sixfold::status::delivered; }));
}

statuses say(sixfold::client& me, const group& to, std::string_view text) {
    const std::string payload = to.name + ": " + std::string(text);
    statuses sent;
    for (const sixfold::peer& member : to.members) {
        if (member == me.self()) continue;
        if (const auto ticket = me.send(member, sixfold::as_bytes(payload))) {
            sent[*ticket] = sixfold::status::none;
        }  // else ticket.error() says why not: his share of the queue is full, for example
    }
    return sent;
}

int main() {
    example::world world;
    auto alice = world.make("alice"), bob = world.make("bob"), carol = world.make("carol");
    world.come(alice, bob);

    const group hikers{"hikers", {"alice", "bob", "carol"}};
    statuses news = say(alice, hikers, "Sunday?");
    std::vector<std::string> read;
    const auto turn = [&] {
        for (sixfold::client* member : {&bob, &carol}) {
            while (const auto message = member->poll_message()) {
                read.emplace_back(sixfold::as_text(message->payload));
                member->accept(*message);
            }
        }
        while (const auto event = alice.poll_event())
            news[event->id] = event->what;
    };
    world.run(turn);
    const int at_first = delivered(news);
    world.come(carol);
    world.run(turn);
    std::printf("delivered to %d of 2, later to %d\n", at_first, delivered(news));
    return at_first == 1 && delivered(news) == 2 && read.size() == 2 ? 0 : 1;
}
