// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_ADVERSITY_PEERS_HPP
#define SIXFOLD_TESTS_SCENARIO_ADVERSITY_PEERS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "scenario/adversity_world.hpp"

// Paths that change, and peers who are absent, unknown or hostile.

namespace adversity {

// --- paths -------------------------------------------------------------------------------------------

/// What it takes to send a message each 100 ms over a path that has become another one.
inline row slower(const char* what, duration before, duration after, int count, double most) {
    world w(world::hops_of(before));
    w.meet();
    const auto send_each = [&w](int messages) {
        for (int i = 0; i < messages; ++i) {
            w.send("x");
            w.run_for(100ms);
        }
    };
    send_each(50);
    w.reset();
    w.weather = [more = after - before](kind) {
        return late(more);
    };
    send_each(count);
    REQUIRE(w.run_until([&] { return w.a.open() == 0; }, 1h));
    return {what, "msg:R", static_cast<double>(count), w.frames(kind::msg_r), most};
}

// --- absent ones ---------------------------------------------------------------------------------------

/// As many messages as the queue takes are for one who is away, and are taken back: when does another one get his?
inline row taken_back(const char* how, const send_options& options, bool cancelled) {
    world w([] {
        trio_options all = world::hops_of(20ms);
        all.a.sender.queue_entries = 32;
        return all;
    }());
    party& carol = w.add_peer("carol", 3);
    w.send(w.a, carol, "before");
    REQUIRE(w.run_until_quiet());
    w.disconnect(w.b);
    for (int i = 0; i < 32; ++i) {
        const ticket each = w.send("x", options);
        if (cancelled) {
            w.cancel(w.a, each);
        }
    }
    w.run_for(1min);
    const auto sent = w.try_send(w.a, carol, "y");
    const double took = sent ? w.until_it_has(carol, 2) : 1e9;
    return {std::string("a queue full of messages to one absent peer, ") + how +
                ": until another one has his",
            "s", 0.04, took, 1};
}

inline row buried() {
    world w(world::hops_of(20ms));
    w.meet();
    w.disconnect(w.b);
    w.cancel(w.a, w.send("hello"));
    w.run_for(1h);
    w.reset();
    w.run_for(24h);
    return {"a tombstone in the mailbox of one who is away", "msg:R in a day", 24,
            w.all_frames(kind::msg_r), 1};
}

/// Once an hour is what it takes to hear of an end that got lost.
inline row absent_contacts() {
    world w(world::hops_of(20ms));
    for (int i = 0; i < 100; ++i) {
        const ticket sent = w.a.machine->send(nth("contact ", i), as_bytes("hello")).value();
        w.a.outbox.push_back({sent, "hello", ""});
    }
    w.disconnect(w.b);
    w.run_for(24h);
    w.reset();
    w.run_for(4h);
    // Its own look into its mailbox is another one.
    return {"100 absent contacts with a stored message each, after a day", "wake-ups an hour", 2,
            w.wake_ups(w.a) / 4, 2};
}

/// Two time-outs without a word are the least that tells a dead link from a slow one.
inline row dead_link() {
    world w(world::hops_of(20ms));
    w.meet();
    (void)w.vanish(w.b);
    const time_point begin = w.clock.now();
    w.send("hello");
    REQUIRE(w.run_until([&] { return w.a.told("hello").ends_with("stored"); }, 1h));
    return {"a link of B's that is dead, which the relay does not know: until it is stored", "s", 1,
            seconds(w.clock.now() - begin), 1};
}

// --- hostile ones ----------------------------------------------------------------------------------------

inline std::pair<double, double> friend_among(int strangers) {
    world w(world::hops_of(20ms));
    w.meet();
    for (int i = 0; i < strangers; ++i) {
        knock_without_the_first(w, nth("stranger ", i), 64, 64);
    }
    w.run_for(1s);
    const std::uint64_t before = w.a.machine->sender().sent();
    w.send_at_once(w.a, w.b, 64, 64);
    const double time = w.until_it_has(w.b, 64);
    return {time, static_cast<double>(w.a.machine->sender().sent() - before)};
}

inline void add_strangers(rows& out) {
    const auto alone = friend_among(0);
    const auto among = friend_among(5);
    const char* what = "five strangers hold 63 messages each without the first: a friend's 64";
    out.push_back({what, "s", alone.first, among.first, 1});
    out.push_back({what, "sendings", alone.second, among.second, 1});
}

inline row probes_of_strangers() {
    world w([] {
        trio_options all = world::hops_of(20ms);
        all.b.receiver.peers_max = 1024;
        return all;
    }());
    for (int i = 0; i < 2048; ++i) {
        w.stranger_says(nth("stranger ", i),
                        msg_request{.to = "bob", .epoch = epoch{7}, .number = 1});
    }
    w.run_for(1s);
    w.send("hello");
    return {"2,048 strangers' probes, 1,024 places: until a new friend's first message is there",
            "s", 0.04, w.until_it_has(w.b, 1), 1};
}

/// Bob says for a minute, 25 times a second, that the epoch that Alice is in has passed. What it makes her send and write, above
/// what she does if he says nothing.
inline void add_past_loop(rows& out) {
    double frames[2];
    double journal[2];
    for (const bool hostile : {false, true}) {
        world w([] {
            trio_options all = world::hops_of(10ms);
            all.a.journaling = journaling::withhold;
            return all;
        }());
        w.disconnect(w.b);
        w.stranger_says("bob", sync_request{.serial = 1, .rows = 1, .room = 1});
        w.send_at_once(w.a, w.b, 64, 64);
        for (int i = 0; i < 1500; ++i) {
            w.run_for(40ms);
            if (hostile) {
                const epoch now = test_access::stream(w.a.machine->sender(), "bob").epoch();
                w.stranger_says("bob",
                                ack_request{.to = "alice",
                                            .epoch = now,
                                            .word = ack_word::past,
                                            .serial = static_cast<ack_serial>(i + 2),
                                            .current = epoch{static_cast<std::uint64_t>(now) + 1}});
            }
        }
        frames[hostile] = w.all_frames(kind::msg_r);
        journal[hostile] = static_cast<double>(w.a.journaled);
    }
    const char* what =
        "Bob says 1,500 times in a minute that an epoch is past, with 64 messages under way";
    out.push_back({what, "msg:R", frames[0], frames[1], 12});
    out.push_back({what, "bytes of journal", journal[0], journal[1], 12});
}

/// A packet that is nothing but requests for a page. Its least is one.
inline row sync_flood() {
    constexpr std::uint32_t page = 16 * 1024;
    double bytes_out[2];
    for (const bool flood : {false, true}) {
        world w;
        w.disconnect(w.b);
        w.store_at_once(w.a, w.b, 64, 1000);
        std::vector<std::byte> packet;
        std::vector<std::byte> one(256);
        for (ack_serial serial = 1; packet.size() < (flood ? 65'000U : 1U); ++serial) {
            const std::size_t size = encode(
                sync_request{.serial = serial, .rows = 256, .room = page}, framing("bob"), one);
            packet.insert(packet.end(), one.begin(),
                          one.begin() + static_cast<std::ptrdiff_t>(size));
        }
        const link_id link{1000};
        REQUIRE(w.relay().link_up(link, "bob"));
        reactions said;
        w.relay().handle(link, packet, said);
        while (const auto request = said.next_request()) {
            w.relay().complete(*request, w.mailbox().execute(*request), said);
        }
        bytes_out[flood] = 0;
        for (const outgoing& each : said.frames()) {
            bytes_out[flood] += static_cast<double>(each.bytes.size());
        }
    }
    return {"64 KiB of sync:R in one packet", "bytes out", bytes_out[0], bytes_out[1], 1};
}

inline void add_paths(rows& out) {
    out.push_back(
        slower("a path of 40 ms becomes one of 60, a message each 100 ms", 10ms, 15ms, 200, 1.02));
    out.push_back(slower("from 20 to 600 ms", 5ms, 150ms, 300, 1.02));
}

inline void add_absent(rows& out) {
    out.push_back(taken_back("cancelled", {}, true));
    out.push_back(taken_back("not to be stored", {.storing = storing::forbidden}, false));
    out.push_back(taken_back("late", {.expires_after = 1s}, false));
    out.push_back(buried());
    out.push_back(absent_contacts());
    out.push_back(dead_link());
}

inline void add_hostile(rows& out) {
    add_strangers(out);
    out.push_back(probes_of_strangers());
    add_past_loop(out);
    out.push_back(sync_flood());
}

}  // namespace adversity

#endif
