// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_ADVERSITY_DRAINS_HPP
#define SIXFOLD_TESTS_SCENARIO_ADVERSITY_DRAINS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "scenario/adversity_world.hpp"

// One who comes back to a mailbox, and apps that are slow.

namespace adversity {

/// What so many messages have cost until all of them were there.
struct spent {
    double time = 0;
    double notices = 0;  ///< msg:N

    spent& operator+=(const spent& more) {
        time += more.time;
        notices += more.notices;
        return *this;
    }
};

enum class receiving : std::uint8_t { there, from_mailbox };

/// 20 ms a hop, of which each loses so many frames of a hundred: messages of 64 bytes of so many senders, to one who is there, or
/// who comes back to them.
inline spent spend(receiving how, int senders, int messages, unsigned loss, std::uint64_t seed) {
    world w(world::hops_of(20ms));
    std::vector<party*> from{&w.a};
    for (int i = 1; i < senders; ++i) {
        from.push_back(&w.add_peer(nth("sender ", i), seed + static_cast<std::uint64_t>(i)));
    }
    w.meet();
    if (how == receiving::from_mailbox) {
        w.disconnect(w.b);
        for (party* each : from) {
            w.store_at_once(*each, w.b, messages, 64);
        }
        w.reset();
        w.lose(loss, seed);
        w.connect(w.b);
    } else {
        w.lose(loss, seed);
        for (party* each : from) {
            w.send_at_once(*each, w.b, messages, 64);
        }
    }
    const double time =
        w.until_it_has(w.b, static_cast<std::size_t>(senders) * static_cast<std::size_t>(messages));
    return {time, w.frames(kind::msg_n)};
}

/// A mailbox that is drained over a bad link, against the same messages sent to one who is there, over as bad links: in the mean of
/// several worlds, as each by itself is a matter of luck.
inline void add_drains(rows& out, bool all) {
    const auto compare = [&](std::string what, int senders, int messages, unsigned loss,
                             unsigned worlds, double most, bool is_long) {
        if (is_long && !all) {
            return;
        }
        spent least;
        spent ours;
        for (unsigned seed = 1; seed <= worlds; ++seed) {
            least += spend(receiving::there, senders, messages, loss, seed);
            ours += spend(receiving::from_mailbox, senders, messages, loss, seed);
        }
        what += ", " + std::to_string(loss) + " % lost";
        out.push_back({what, "s", least.time / worlds, ours.time / worlds, most, is_long});
        out.push_back(
            {what, "msg:N", least.notices / worlds, ours.notices / worlds, most, is_long});
    };
    const std::pair<unsigned, double> bounds[] = {{0, 1.3}, {1, 1.4}, {5, 1.6}, {20, 2.5}};
    for (const auto& [loss, most] : bounds) {
        compare("1,000 rows drained", 1, 1000, loss, 5, most, false);
    }
    compare("16 times 1,024 rows drained", 16, 1024, 30, 5, 5, true);
}

/// An app that takes a message a second from a mailbox: what goes over its link.
inline row slow_app() {
    world w(world::hops_of(20ms));
    w.meet();
    w.disconnect(w.b);
    w.store_at_once(w.a, w.b, 1024, 1024);
    w.b.app = app::takes_its_time;
    w.b.needs = 1s;
    w.reset();
    w.connect(w.b);
    (void)w.until_it_has(w.b, 1024);
    return {"1,024 rows of 1 KiB, an app that takes one a second", "bytes of msg:N", 1024 * 1024,
            w.bytes_of(kind::msg_n), 1.1};
}

inline row rows_that_are_held() {
    world w(world::hops_of(20ms));
    w.meet();
    w.disconnect(w.b);
    w.store_at_once(w.a, w.b, 32, 1000);
    w.b.app = app::waits;
    w.reset();
    w.connect(w.b);
    for (int i = 0; i < 32; ++i) {
        w.run_for(200ms);
        w.accept_one(w.b);
    }
    w.run_for(1min);
    return {"32 rows, all held, settled one by one", "msg:N", 32, w.frames(kind::msg_n), 1};
}

inline row room_for_one() {
    trio_options options = world::hops_of(20ms);
    options.b.receiver.held_entries = 1;
    world w(options);
    w.meet();
    w.b.app = app::takes_its_time;
    w.b.needs = 1s;
    const std::uint64_t before = w.a.machine->sender().sent();
    w.send_at_once(w.a, w.b, 64, 64);
    (void)w.until_it_has(w.b, 64);
    return {"room for one, window 64, an app that takes one a second", "sendings", 64,
            static_cast<double>(w.a.machine->sender().sent() - before), 2};
}

inline row many_senders_and_a_slow_app() {
    world w(world::hops_of(20ms));
    std::vector<party*> from;
    for (int i = 0; i < 20; ++i) {
        from.push_back(&w.add_peer(nth("sender ", i), 7 + static_cast<std::uint64_t>(i)));
    }
    w.b.app = app::takes_its_time;
    w.b.needs = 100ms;
    for (party* each : from) {
        w.send_at_once(*each, w.b, 64, 64);
    }
    (void)w.until_it_has(w.b, 20 * 64);
    std::uint64_t sent = 0;
    for (const party* each : from) {
        sent += each->machine->sender().sent();
    }
    return {"20 senders of 64 messages, an app that takes one in 100 ms", "sendings", 20 * 64,
            static_cast<double>(sent), 1.9};
}

/// Rows that nobody can take lie in front of those of a friend, and each link lives for five seconds.
inline row short_sessions() {
    world w(world::hops_of(50ms));
    party& zoe = w.add_peer("zoe", 3);
    w.disconnect(w.b);
    for (int i = 0; i < 8; ++i) {
        knock_without_the_first(w, nth("stranger ", i), 1025, 1000);
    }
    w.store_at_once(zoe, w.b, 64, 64);
    double sessions = 0;
    while (w.b.inbox.size() < 64 && sessions < 1000) {
        w.connect(w.b);
        w.run_for(5s);
        w.disconnect(w.b);
        w.run_for(5s);
        ++sessions;
    }
    return {"a friend behind 8 times 1,024 rows that cannot be taken", "links of 5 s", 1, sessions,
            1};
}

/// One row in each look says whether anybody will fill the hole.
inline row rows_behind_a_hole() {
    world w(world::hops_of(20ms));
    w.disconnect(w.b);
    knock_without_the_first(w, "stranger", 1025, 1000);
    w.connect(w.b);
    w.run_for(1h);
    w.reset();
    w.run_for(24h);
    return {"a stranger's 1,024 rows behind a hole, after an hour", "msg:N in a day", 24,
            w.frames(kind::msg_n), 1};
}

inline void add_mailboxes(rows& out) {
    out.push_back(slow_app());
    out.push_back(rows_that_are_held());
    out.push_back(room_for_one());
    out.push_back(many_senders_and_a_slow_app());
    out.push_back(short_sessions());
    out.push_back(rows_behind_a_hole());
}

}  // namespace adversity

#endif
