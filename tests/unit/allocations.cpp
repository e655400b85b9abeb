// SPDX-License-Identifier: BSL-1.0
#include "support/allocations.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// After its buffers have grown to what a traffic needs, no machine allocates for any message. Counted, not
// timed. A only sends and B only receives, where it is not said otherwise.

namespace allocations_tests {

using namespace sixfold;
using namespace support;

namespace {

struct allocated {
    std::size_t sender;
    std::size_t receiver;
    std::size_t relay;
    friend bool operator==(const allocated&, const allocated&) = default;
};
constexpr allocated nothing{0, 0, 0};

allocated so_far(const trio& t) {
    return {t.a.allocations, t.b.allocations, t.relay_allocations};
}

/// What this makes the three machines allocate.
template <class Traffic>
allocated allocated_by(trio& t, Traffic traffic) {
    const allocated before = so_far(t);
    traffic();
    const allocated after = so_far(t);
    return {after.sender - before.sender, after.receiver - before.receiver,
            after.relay - before.relay};
}

/// Does it end? What chance needs once, as it has never come together before, is taken in one stretch and kept for the others.
template <class Traffic>
bool stops_allocating(trio& t, Traffic traffic) {
    for (int stretch = 0; stretch < 4; ++stretch) {
        if (allocated_by(t, traffic) == nothing) {
            return true;
        }
    }
    return false;
}

void exchange(trio& t, int rounds, int burst) {
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < burst; ++i) {
            t.send("a message of some bytes");
        }
        REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1h));
        t.a.outbox.clear();
    }
}

/// Likewise, but all of a round wait for the link, so that they leave in runs.
void exchange_runs(trio& t, int rounds, int burst) {
    for (int round = 0; round < rounds; ++round) {
        t.disconnect(t.a);
        for (int i = 0; i < burst; ++i) {
            t.send("a message of some bytes");
        }
        t.connect(t.a);
        REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1h));
        t.a.outbox.clear();
    }
}

/// Once each of what is rare where little is lost: pages of a mailbox, long runs, no room. So many messages.
std::size_t warm_up(trio& t) {
    t.disconnect(t.b);
    for (int i = 0; i < 200; ++i) {
        t.send("a message of some bytes");
    }
    t.run_for(10s);
    t.connect(t.b);
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1h));
    exchange_runs(t, 20, 100);
    return t.b.inbox.size();
}

std::ostream& operator<<(std::ostream& out, const allocated& a) {
    return out << "sender " << a.sender << ", receiver " << a.receiver << ", relay " << a.relay;
}

}  // namespace

TEST_CASE("allocations: the count counts") {
    const std::size_t count = allocations_in([] {
        const std::string large(1000, 'x');
        REQUIRE(large.size() == 1000);
    });
    REQUIRE(count >= 1);
    trio t({.compare_snapshots = false});  // and the machines do allocate while they grow
    exchange(t, 1, 1);
    REQUIRE(t.a.allocations > 0);
    REQUIRE(t.b.allocations > 0);
    REQUIRE(t.relay_allocations > 0);
}

TEST_CASE("allocations: none for any message, one after the other") {
    trio t({.compare_snapshots = false});
    exchange(t, 100, 1);  // 64 sendings are remembered
    REQUIRE(allocated_by(t, [&] { exchange(t, 1000, 1); }) == nothing);
    REQUIRE(t.b.inbox.size() == 1100);
}

TEST_CASE("allocations: none for any message, with windows and queues full") {
    trio_options options{.compare_snapshots = false};
    options.a.sender.peer_entries = options.a.sender.queue_entries;
    trio t(options);
    exchange(t, 2, 1000);
    REQUIRE(allocated_by(t, [&] { exchange(t, 5, 1000); }) == nothing);
    REQUIRE(t.b.inbox.size() == 7000);
}

TEST_CASE("allocations: none for any message of a run, one frame of ten lost") {
    trio t({.compare_snapshots = false});
    random_source dice(4);
    t.weather = [&](kind) {
        return dice.below(10) == 0 ? lost : treatment{};
    };
    const std::size_t before = warm_up(t);
    const std::size_t frames = t.log.size();
    REQUIRE(stops_allocating(t, [&] { exchange_runs(t, 50, 100); }));
    const std::size_t came = t.b.inbox.size() - before;
    REQUIRE(came % 5000 == 0);
    REQUIRE(t.log.count(kind::msg_r, frames) < came / 5);
}

TEST_CASE("allocations: none for any message, through loss, duplication and delay") {
    trio t({.compare_snapshots = false});
    random_source dice(3);
    t.weather = [&](kind) {
        switch (dice.below(8)) {
        case 0:
        case 1: return lost;
        case 2: return twice;
        case 3: return late(70ms);
        default: return treatment{};
        }
    };
    const std::size_t before = warm_up(t);
    exchange(t, 40, 200);  // the relay has seen its largest page then
    REQUIRE(stops_allocating(t, [&] { exchange(t, 20, 200); }));
    REQUIRE((t.b.inbox.size() - before) % 4000 == 0);
    REQUIRE(t.b.machine->receiver().duplicates() > 100);
    REQUIRE(t.a.machine->sender().resent() > 1000);
}

TEST_CASE("allocations: none for any message, when one frame of a hundred is lost") {
    trio t({.compare_snapshots = false});
    random_source dice(5);
    t.weather = [&](kind) {
        return dice.below(100) == 0 ? lost : treatment{};
    };
    const std::size_t before = warm_up(t);
    exchange(t, 40, 64);
    const auto resent = [&t] {
        return t.a.machine->sender().resent() + t.a.machine->sender().repeated();
    };
    const std::uint64_t resent_before = resent();
    REQUIRE(allocated_by(t, [&] { exchange(t, 100, 64); }) == nothing);
    REQUIRE(t.b.inbox.size() == before + 140 * 64);
    REQUIRE(resent() > resent_before + 100);
}

TEST_CASE("allocations: none for any message with a journal, through loss and delay") {
    trio_options options{.compare_snapshots = false};
    options.a.journaling = options.b.journaling = journaling::withhold;
    trio t(options);
    random_source dice(7);
    t.weather = [&](kind) {
        switch (dice.below(20)) {
        case 0: return lost;
        case 1: return late(70ms);
        default: return treatment{};
        }
    };
    exchange(t, 40, 200);  // the relay has seen its largest page then
    REQUIRE(allocated_by(t, [&] { exchange(t, 20, 200); }) == nothing);
    REQUIRE(t.b.inbox.size() == 12000);
    REQUIRE(t.a.machine->written().sent > 8000);
    REQUIRE(t.b.machine->written().received > 100);
}

TEST_CASE("allocations: none for any message that goes through the mailbox") {
    trio t({.compare_snapshots = false});
    const auto round = [&] {
        t.disconnect(t.b);
        for (int i = 0; i < 200; ++i) {
            t.send("a message of some bytes");
        }
        REQUIRE(t.run_until_quiet());
        t.connect(t.b);
        REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1h));
        t.a.outbox.clear();
    };
    round();
    round();
    REQUIRE(allocated_by(t, [&] {
                for (int i = 0; i < 5; ++i) {
                    round();
                }
            }) == nothing);
    REQUIRE(t.b.inbox.size() == 1400);
}

TEST_CASE("allocations: none for messages that are cancelled or rejected") {
    trio t({.compare_snapshots = false});
    const auto round = [&] {
        for (int i = 0; i < 100; ++i) {
            t.b.app = i % 3 == 0 ? app::rejects : app::accepts;
            const ticket sent = t.send("a message of some bytes");
            if (i % 2 == 0) {
                t.cancel(t.a, sent);
            }
            t.run_for(7ms);
        }
        REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1h));
        t.a.outbox.clear();
    };
    round();
    round();
    REQUIRE(allocated_by(t, [&] {
                for (int i = 0; i < 5; ++i) {
                    round();
                }
            }) == nothing);
}

TEST_CASE("allocations: none while A and B write to each other") {
    trio t({.compare_snapshots = false});
    const auto round = [&](int messages) {
        for (int i = 0; i < messages; ++i) {
            t.send(t.a, t.b, "to B");
            t.send(t.b, t.a, "to A");
            t.run_for(3ms);
        }
        REQUIRE(t.run_until([&] { return t.a.open() + t.b.open() == 0; }, 1h));
        t.a.outbox.clear();
        t.b.outbox.clear();
    };
    round(300);
    REQUIRE(allocated_by(t, [&] { round(1000); }) == nothing);
}

TEST_CASE("allocations: none for bytes that are refused") {
    trio t({.compare_snapshots = false});
    exchange(t, 2, 10);
    const std::size_t count = allocations_in([&] {
        std::array<std::byte, 64> noise{};
        random_source dice(9);
        for (int i = 0; i < 10'000; ++i) {
            for (std::byte& each : noise) {
                each = static_cast<std::byte>(dice.next());
            }
            (void)t.a.machine->handle(noise);
            (void)t.b.machine->handle(noise);
        }
    });
    REQUIRE(count == 0);
    REQUIRE(t.a.machine->refusals().total() == 10'000);
    REQUIRE(t.b.machine->refusals().total() == 10'000);
}

}  // namespace allocations_tests
