// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_PLAN_HPP
#define SIXFOLD_TESTS_SIMULATION_PLAN_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <sixfold/parts/random.hpp>

// What a seed stands for: who takes part, how large everything is, and how often each fault happens.

namespace simulation {

/// What can go wrong. Each has a rate and random numbers of its own, so that one that is taken out leaves the others.
enum class fault : std::uint8_t {
    loss,        ///< a packet is lost
    loss_burst,  ///< so are those that follow
    duplicate,   ///< a packet comes up to eight times
    delay,       ///< a packet comes later, and overtaken
    corrupt,     ///< bits, length or order of the bytes of a packet change
    astray,      ///< a packet comes to somebody else too
    cut,         ///< nothing gets through to or from a client for a while, in one direction or both
    flap,        ///< a link goes down and up again
    failover,    ///< a client goes on at another relay; the old one finds out later
    crash,       ///< a client loses its power between two effects
    crash_again,     ///< and once more while it begins its next life
    torn,            ///< the rest of the journal that was not synced is gone, or cut anywhere
    amnesia,         ///< with everything on its disk
    set_back,        ///< and somebody brings back a copy of an earlier day
    commit_fails,    ///< the app's commit is not done, and it begins a new life
    commit_unknown,  ///< it is done, but the app is not told, and begins a new life
    sync_late,       ///< a log is synced later, with what has come meanwhile
    clock,           ///< the clock of a client jumps, or runs otherwise from now on
    relay_crash,     ///< a relay crashes between two effects
    store_late,      ///< the mailbox does what it is asked later, and answers later still
    store_fails,     ///< the mailbox does not do it
    store_unknown,   ///< the mailbox does it, and says that it did not
    bus,             ///< what a relay has for a peer that is linked at another one is lost
    app_waits,       ///< an app settles a message later
    app_rejects,     ///< an app does not want a message
    cancel,          ///< a message is taken back
    expire,          ///< a message has a deadline
    not_stored,      ///< a message must not be stored
    retention,       ///< the mailbox makes a tombstone of a payload
    pause,           ///< a client stands still for a while, and then finds everything at once
    forget,          ///< an app gives up somebody to whom it has written
    refuse,          ///< a relay says that one may not write to another
};
inline constexpr std::array fault_names{
    "loss",        "loss_burst", "duplicate",    "delay",          "corrupt",     "astray",
    "cut",         "flap",       "failover",     "crash",          "crash_again", "torn",
    "amnesia",     "set_back",   "commit_fails", "commit_unknown", "sync_late",   "clock",
    "relay_crash", "store_late", "store_fails",  "store_unknown",  "bus",         "app_waits",
    "app_rejects", "cancel",     "expire",       "not_stored",     "retention",   "pause",
    "forget",      "refuse"};
inline constexpr std::size_t fault_kinds = fault_names.size();
static_assert(fault_kinds == static_cast<std::size_t>(fault::refuse) + 1);

/// Everything that a world is made from. Two equal plans are the same world, event by event.
struct plan {
    std::uint64_t seed = 0;
    std::uint64_t clients = 2;  ///< that keep the rules
    /// That do not; each with a link of its own and everything that was ever sent.
    std::uint64_t villains = 0;
    std::uint64_t relays = 1;
    std::uint64_t messages = 20;  ///< in all
    std::uint64_t seconds = 20;   ///< until everything heals
    std::uint64_t latency = 20;   ///< milliseconds, one way
    /// Packets that wait for a way of one a millisecond; more are lost. 0: all get through at once.
    std::uint64_t road = 0;
    std::uint64_t shared = 0;  ///< 1: the ways of all clients are one, in each direction
    std::uint64_t mtu = 0;     ///< bytes of the largest packet that gets through; 0: any
    /// Whether links have a checksum; if not, nothing is damaged either.
    std::uint64_t checked = 1;
    std::uint64_t streams = 0;  ///< of 2: links of nobody, of some, of all are byte streams
    std::uint64_t wrap = 0;     ///< 1: numbers and serials begin in front of their wrap
    /// 0: rows and records in one commit, 1: a log beside the rows, 2: none, 3: some of each.
    std::uint64_t disk = 0;
    std::uint64_t window = 8;  ///< of senders
    std::uint64_t width = 8;   ///< window of receivers
    std::uint64_t exceptions = 8;
    std::uint64_t queue = 16;  ///< entries
    std::uint64_t unsettled = 16;
    std::uint64_t held = 16;     ///< entries
    std::uint64_t payload = 64;  ///< the largest one
    std::uint64_t taken = 64;    ///< the largest one that receivers take
    std::uint64_t relayed = 64;  ///< the largest one that relays take
    std::uint64_t burst = 8;     ///< frames resent at once
    std::uint64_t page = 4;      ///< rows
    std::uint64_t stored = 64;   ///< rows of a pair
    std::uint64_t packet = 1200;
    std::uint64_t calm = 0;  ///< 1: when all heals, links that are there stay
    /// 0: what a relay has for a peer that is linked at another one is dropped, always.
    std::uint64_t carried = 1;
    std::uint64_t as_it_comes = 0;                  ///< of 2: 0 none, 1 some, 2 all receivers
    std::array<std::uint64_t, fault_kinds> rate{};  ///< per million
};

/// A number of a plan, by its name.
struct named_number {
    const char* name;
    std::uint64_t plan::*value;
    std::uint64_t least;
};
inline constexpr named_number numbers[] = {
    {"clients", &plan::clients, 2},
    {"villains", &plan::villains, 0},
    {"relays", &plan::relays, 1},
    {"messages", &plan::messages, 1},
    {"seconds", &plan::seconds, 1},
    {"latency", &plan::latency, 0},
    {"road", &plan::road, 0},
    {"shared", &plan::shared, 0},
    {"mtu", &plan::mtu, 0},
    {"checked", &plan::checked, 0},
    {"streams", &plan::streams, 0},
    {"wrap", &plan::wrap, 0},
    {"disk", &plan::disk, 0},
    {"window", &plan::window, 1},
    {"width", &plan::width, 1},
    {"exceptions", &plan::exceptions, 1},
    {"queue", &plan::queue, 1},
    {"unsettled", &plan::unsettled, 1},
    {"held", &plan::held, 1},
    {"payload", &plan::payload, 8},
    {"taken", &plan::taken, 1},
    {"relayed", &plan::relayed, 1},
    {"burst", &plan::burst, 1},
    {"page", &plan::page, 1},
    {"stored", &plan::stored, 1},
    {"packet", &plan::packet, 1},
    {"calm", &plan::calm, 0},
    {"carried", &plan::carried, 0},
    {"as_it_comes", &plan::as_it_comes, 0},
};

/// The number with this name, a rate included; null: there is none.
[[nodiscard]] inline std::uint64_t* number(plan& of, std::string_view name) {
    for (const auto& each : numbers) {
        if (name == each.name) {
            return &(of.*each.value);
        }
    }
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        if (name == fault_names[i]) {
            return &of.rate[i];
        }
    }
    return nullptr;
}

/// "clients=2 window=1 loss=30000": what is not as it is in another plan.
[[nodiscard]] inline std::string differences(const plan& of, const plan& from) {
    std::string out;
    const auto add = [&](const char* name, std::uint64_t value) {
        out += (out.empty() ? "" : " ") + std::string(name) + '=' + std::to_string(value);
    };
    for (const auto& each : numbers) {
        if (of.*each.value != from.*each.value) {
            add(each.name, of.*each.value);
        }
    }
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        if (of.rate[i] != from.rate[i]) {
            add(fault_names[i], of.rate[i]);
        }
    }
    return out;
}

namespace detail {

/// A capacity: often 1, as a rule a few, now and then more than is ever needed.
[[nodiscard]] inline std::uint64_t draw_capacity(sixfold::random_source& dice) {
    const std::uint64_t how = dice.below(10);
    return how < 3 ? 1 : how < 8 ? 2 + dice.below(7) : 64;
}
/// How often a fault happens, if it does in this world: each leaves out about half of them (swarm testing, Groce et al.,
/// ISSTA 2012), because faults hide each other.
[[nodiscard]] inline std::uint64_t draw_rate(sixfold::random_source& dice, std::uint64_t most) {
    const bool off = dice.below(100) < 45;
    const std::uint64_t rate = 1 + dice.below(most);
    return off ? 0 : rate;
}

}  // namespace detail

/// The plan of a seed.
[[nodiscard]] inline plan draw(std::uint64_t seed) {
    sixfold::random_source dice(seed);
    plan out;
    out.seed = seed;
    out.clients = 2 + dice.below(4);
    out.villains = dice.below(5) == 0 ? 1 + dice.below(2) : 0;
    out.relays = 1 + dice.below(3);
    out.messages = 1 + dice.below(60);
    out.seconds = 5 + dice.below(60);
    out.latency = 1 + dice.below(100);
    out.checked = dice.below(4) == 0 ? 0 : 1;
    out.disk = dice.below(4);
    for (std::uint64_t plan::*capacity :
         {&plan::window, &plan::width, &plan::exceptions, &plan::queue, &plan::unsettled,
          &plan::held, &plan::burst, &plan::page}) {
        out.*capacity = detail::draw_capacity(dice);
    }
    out.payload = 8 + dice.below(100);
    out.taken = dice.below(4) == 0 ? 1 + dice.below(out.payload) : out.payload;
    out.stored = dice.below(3) == 0 ? 1 + dice.below(4) : 1000;
    out.packet = dice.below(3) == 0 ? 1200 : 1 + dice.below(600);
    out.as_it_comes = dice.below(3);
    out.calm = dice.below(2);
    // The most that is drawn for each kind, per million: of packets, of turns, of requests, of messages, or of ticks.
    static constexpr std::array<std::uint64_t, fault_kinds> most{
        300'000, 5'000,   300'000, 300'000, 50'000,  50'000,  20'000,  20'000,
        20'000,  20'000,  200'000, 900'000, 150'000, 150'000, 20'000,  20'000,
        500'000, 20'000,  20'000,  400'000, 50'000,  50'000,  300'000, 300'000,
        100'000, 200'000, 200'000, 200'000, 10'000,  20'000,  100'000, 5'000};
    // of a few kinds of faults, and each as often as it gets
    const bool corner = dice.below(4) == 0;
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        const std::uint64_t rate = detail::draw_rate(dice, most[i]);
        out.rate[i] = !corner ? rate : dice.below(6) == 0 ? most[i] : 0;
    }
    out.road = dice.below(4) == 0 ? 1 + dice.below(dice.below(2) == 0 ? 8 : 256) : 0;
    out.mtu = dice.below(10) == 0 ? 40 + dice.below(100) : 0;
    out.streams = dice.below(4) == 0 ? 1 + dice.below(2) : 0;
    out.wrap = dice.below(4) == 0 ? 1 : 0;
    out.relayed = dice.below(6) == 0 ? 1 + dice.below(out.payload) : out.payload;
    // Relays that carry nothing have a mailbox of which no pair has less than a window, or nothing gets past what is behind a gap.
    if (out.relays > 1 && dice.below(4) == 0) {
        out.carried = 0;
        out.stored = (std::max)(out.stored, out.window);
        out.rate[static_cast<std::size_t>(fault::failover)] = 20'000;
        // A mailbox keeps the highest floor that it has heard; what a receiver without memory takes below it, nobody tells its sender.
        out.disk %= 2;
        out.rate[static_cast<std::size_t>(fault::amnesia)] = 0;
        out.rate[static_cast<std::size_t>(fault::set_back)] = 0;
    } else if (out.relays > 1 && out.checked == 0) {
        // without checksums nothing is carried either; so all meet at one relay in the end
        out.calm = 0;
    }
    // In a world where everything must be delivered, more can be demanded.
    if (dice.below(5) == 0) {
        for (const fault each :
             {fault::app_rejects, fault::cancel, fault::expire, fault::not_stored, fault::retention,
              fault::forget, fault::refuse}) {
            out.rate[static_cast<std::size_t>(each)] = 0;
        }
        out.taken = out.relayed = out.payload;
    }
    // Whose journal is set back writes again, so that its receivers hear of it; here they might not take what it writes.
    if ((std::min)(out.taken, out.relayed) < out.payload) {
        out.rate[static_cast<std::size_t>(fault::set_back)] = 0;
    }
    // Now and then two have more to say at once than one ack state can tell of.
    if (dice.below(100) == 0) {
        out.clients = 2;
        out.messages = 1500;
        out.seconds = 3;
        for (std::uint64_t plan::*capacity :
             {&plan::window, &plan::width, &plan::queue, &plan::unsettled, &plan::held}) {
            out.*capacity = 2048;
        }
        out.exceptions = out.burst = out.page = 64;
    }
    out.shared = out.road != 0 ? dice.below(2) : 0;
    return out;
}

}  // namespace simulation

#endif
