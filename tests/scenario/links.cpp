// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// Links that come and go, and who writes to whom.

namespace links_tests {

using namespace sixfold;
using namespace support;

namespace {

void require_settled(trio& t) {
    REQUIRE(t.run_until([&] { return t.a.open() == 0 && t.b.open() == 0; }, 1h));
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.mailbox().rows() == 0);
    for (party* each : {&t.a, &t.b}) {
        REQUIRE(each->machine->sender().queued() == 0);
        REQUIRE(each->machine->sender().unsettled() == 0);
        REQUIRE(each->all_delivered());
    }
}

strings numbered(const std::string& name, int count) {
    strings all;
    for (int i = 0; i < count; ++i) {
        all.push_back(name + " " + std::to_string(i));
    }
    return all;
}

}  // namespace

// --- links -------------------------------------------------------------------------------------------

TEST_CASE("links: nothing is put into a link that is down, and all goes out when it is up") {
    trio t;
    t.disconnect(t.a);
    const std::size_t before = t.log.size();
    t.send("one");
    t.send("two");
    t.run_for(59s);
    for (std::size_t i = before; i < t.log.size(); ++i) {
        REQUIRE_FALSE(t.log[i].client == t.a.name());
    }
    REQUIRE(t.a.machine->next_deadline() == never);
    const duration back = t.now();
    t.connect(t.a);
    require_settled(t);
    REQUIRE(t.now() - back < 100ms);
    REQUIRE(t.b.inbox == strings{"one", "two"});
}

TEST_CASE("links: one with nothing to say asks for its mailbox after half a minute, and then ever "
          "less often, up to an hour [spec 3.26]") {
    trio t;
    t.send("one");
    require_settled(t);
    const std::size_t from = t.log.size();
    t.run_for(10h);
    for (const party* who : {&t.a, &t.b}) {
        CAPTURE(who->name().name());
        std::vector<time_point> asked;
        for (std::size_t i = from; i < t.log.size(); ++i) {
            REQUIRE((t.log[i].what == kind::sync_r || t.log[i].what == kind::sync_a));
            if (t.log[i].what == kind::sync_r && t.log[i].client == who->name()) {
                asked.push_back(t.log[i].at);
            }
        }
        REQUIRE(asked.size() >= 7 + 6);
        duration rest = 2 * who->options.receiver.sync_interval;
        for (std::size_t i = 1; i < asked.size(); ++i) {
            REQUIRE(asked[i] - asked[i - 1] >= rest);
            REQUIRE(asked[i] - asked[i - 1] <= rest + rest / 4 + 100ms);
            rest = (std::min)(2 * rest, duration(1h));
        }
    }
}

TEST_CASE("links: A's link flaps at every moment, and everything arrives once and in order") {
    for (duration period = 1ms; period < 120ms; period += 3ms) {
        CAPTURE(period.count());
        trio t;
        const strings all = numbered("message", 12);
        for (int i = 0; i < 12; ++i) {
            t.after(i * 17ms, [&t, &all, i] { t.send(all[static_cast<std::size_t>(i)]); });
            t.after(i * period, [&t] { t.disconnect(t.a); });
            t.after(i * period + period / 3, [&t] { t.connect(t.a); });
        }
        REQUIRE(t.run_until([&] { return t.a.outbox.size() == 12; }));
        require_settled(t);
        REQUIRE(t.b.inbox == all);
    }
}

TEST_CASE("links: B's link flaps at every moment, and everything arrives once and in order") {
    for (duration period = 1ms; period < 120ms; period += 3ms) {
        CAPTURE(period.count());
        trio t;
        const strings all = numbered("message", 12);
        for (int i = 0; i < 12; ++i) {
            t.after(i * 17ms, [&t, &all, i] { t.send(all[static_cast<std::size_t>(i)]); });
            t.after(i * period, [&t] { t.disconnect(t.b); });
            t.after(i * period + period / 3, [&t] { t.connect(t.b); });
        }
        REQUIRE(t.run_until([&] { return t.a.outbox.size() == 12; }));
        require_settled(t);
        REQUIRE(t.b.inbox == all);
    }
}

TEST_CASE("links: B has vanished and the relay does not know, and what is sent is stored after "
          "some tries "
          "[spec 3.6, 4.1]") {
    trio t;
    t.send("before");
    REQUIRE(t.run_until_quiet());
    const link_id old = t.vanish(t.b);
    const std::size_t before = t.log.size();
    t.send("hello");
    t.run_for(1s);
    REQUIRE(t.a.told("hello") == "relayed stored");  // A has asked the relay to keep it
    REQUIRE(t.log.count(kind::msg_r, before) == 3);
    REQUIRE(t.mailbox().rows() == 1);
    SECTION("the relay hears of it, and B returns") {
        t.gone(old);
        t.run_for(1min);
        t.connect(t.b);
    }
    SECTION("B returns before the relay hears of it: the newest link wins") {
        t.connect(t.b);
    }
    SECTION("and the late news of the old link harms nobody") {
        t.connect(t.b);
        t.gone(old);
        REQUIRE(t.relay().online("bob"));
    }
    require_settled(t);
    REQUIRE(t.b.inbox == strings{"before", "hello"});
}

TEST_CASE(
    "links: frames from a link that a newer one has replaced are refused and counted [spec 1.3]") {
    trio t;
    REQUIRE(t.run_until_quiet());
    t.send("hello");  // on its way on the old link
    (void)t.vanish(t.a);
    t.connect(t.a);  // and again on the new one
    require_settled(t);
    REQUIRE(t.relay().refusals()[refusal::unknown_link] == 2);  // a probe and a msg:R
    REQUIRE(t.b.inbox == strings{"hello"});
    REQUIRE(t.b.machine->receiver().duplicates() == 0);
}

TEST_CASE("links: B comes back while the mailbox still writes, and is not left waiting") {
    for (duration back = 0ms; back < 200ms; back += 5ms) {
        CAPTURE(back.count());
        trio_options options;
        options.put = 120ms;
        trio t(options);
        t.send("before");
        require_settled(t);
        t.disconnect(t.b);
        t.after(back, [&t] { t.connect(t.b); });
        t.send("hello");
        REQUIRE(t.run_until([&] { return t.b.inbox.size() == 2; }, 300ms));
        require_settled(t);
        REQUIRE(t.b.inbox == strings{"before", "hello"});
    }
}

TEST_CASE("links: an idle pair of clients asks for its mailbox four times in ten minutes and says "
          "no more [spec 3.26]") {
    trio t;
    t.send("hello");
    require_settled(t);
    const std::size_t before = t.log.size();
    t.run_for(
        10min);  // 30 s + 1 min + 2 min + 4 min, a quarter more at most; 8 min more would be beyond
    REQUIRE(t.log.size() - before == 2 * 2 * 4);
    REQUIRE(t.log.count(kind::sync_r, before) == 2 * 4);
    REQUIRE(t.log.count(kind::sync_a, before) == 2 * 4);
}

// --- who writes to whom ------------------------------------------------------------------------------

TEST_CASE("peers: A and B write to each other, through loss both ways") {
    trio t;
    random_source dice(11);
    t.weather = [&](kind) {
        return dice.below(4) == 0 ? lost : treatment{};
    };
    const strings from_a = numbered("from A", 50);
    const strings from_b = numbered("from B", 50);
    for (std::size_t i = 0; i < 50; ++i) {
        t.send(t.a, t.b, from_a[i]);
        t.send(t.b, t.a, from_b[i]);
        t.run_for(20ms);
    }
    require_settled(t);
    REQUIRE(t.b.inbox == from_a);
    REQUIRE(t.a.inbox == from_b);
}

TEST_CASE("peers: one writes to two, and the one who is away holds up nobody") {
    trio t;
    party& carol = t.add({.self = "carol", .life = {.start = 1, .seed = 3}});
    t.disconnect(carol);
    for (int i = 0; i < 10; ++i) {
        t.send(t.a, t.b, "bob " + std::to_string(i));
        t.send(t.a, carol, "carol " + std::to_string(i));
    }
    REQUIRE(t.run_until([&] { return t.b.inbox.size() == 10; }, 1s));
    REQUIRE(t.b.inbox == numbered("bob", 10));
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.a.told("bob 9") == "relayed delivered");
    REQUIRE(t.a.told("carol 9") == "relayed stored");
    REQUIRE(t.mailbox().rows() == 10);
    t.connect(carol);
    require_settled(t);
    REQUIRE(carol.inbox == numbered("carol", 10));
}

TEST_CASE("peers: two write to one, who knows them apart") {
    trio t;
    party& carol = t.add({.self = "carol", .life = {.start = 1, .seed = 3}});
    t.disconnect(t.b);
    for (int i = 0; i < 3; ++i) {
        t.send(t.a, t.b, "alice " + std::to_string(i));
        t.send(carol, t.b, "carol " + std::to_string(i));
    }
    REQUIRE(t.run_until_quiet());
    t.connect(t.b);
    REQUIRE(t.run_until([&] { return carol.open() == 0; }));
    require_settled(t);
    REQUIRE(t.b.inbox.size() == 6);
    strings alices;
    strings carols;
    for (std::size_t i = 0; i < 6; ++i) {
        (t.b.inbox_from[i] == "alice" ? alices : carols).push_back(t.b.inbox[i]);
    }
    REQUIRE(alices == numbered("alice", 3));
    REQUIRE(carols == numbered("carol", 3));
}

TEST_CASE("peers: a peer that nobody has ever seen gets its messages when it first comes") {
    trio t;
    party& dave = t.add({.self = "dave", .life = {.start = 1, .seed = 4}});
    t.disconnect(dave);  // it was there for no time at all: nothing has arrived
    t.send(t.a, dave, "hello");
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.a.told("hello") == "relayed stored");
    REQUIRE(t.mailbox().rows() == 1);
    t.connect(dave);
    require_settled(t);
    REQUIRE(dave.inbox == strings{"hello"});
    REQUIRE(t.a.told("hello") == "relayed stored delivered");
}

TEST_CASE("peers: one that writes to itself hears itself") {
    trio t;
    t.send(t.a, t.a, "note to myself");
    t.next(kind::msg_n, lost);
    t.next(kind::ack_n, lost);
    t.send(t.a, t.a, "and another");
    require_settled(t);
    REQUIRE(t.a.inbox == strings{"note to myself", "and another"});
    REQUIRE(t.b.inbox.empty());
    REQUIRE(t.a.told("and another") == "relayed delivered");
}

TEST_CASE("peers: the same calls bring about the same bytes") {
    std::vector<std::vector<std::byte>> runs;
    for (int run = 0; run < 2; ++run) {
        trio t;
        random_source dice(5);
        t.weather = [&](kind) {
            return dice.below(3) == 0 ? lost : treatment{};
        };
        for (int i = 0; i < 20; ++i) {
            t.send(t.a, t.b, "from A " + std::to_string(i));
            t.send(t.b, t.a, "from B " + std::to_string(i));
        }
        require_settled(t);
        std::vector<std::byte>& all = runs.emplace_back();
        for (std::size_t i = 0; i < t.log.size(); ++i) {
            const bytes wire = t.log.wire(i);
            all.insert(all.end(), wire.begin(), wire.end());
        }
    }
    REQUIRE(runs[0].size() > 1000);
    REQUIRE(runs[0] == runs[1]);
}

}  // namespace links_tests
