// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_FILE_WORLD_HPP
#define SIXFOLD_TESTS_SUPPORT_FILE_WORLD_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sixfold/ext/file_journal.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/crash_world.hpp"
#include "support/simulated_disk.hpp"

// The two apps of the crash world, each with a file journal on a disk of its own. Each operation of the disk is an effect.

namespace support {

struct file_plan {
    std::size_t a = 0;  // the effect of A that does not happen
    std::size_t b = 0;
    std::size_t again = 0;  // and the one of its next life
    simulated_disk::rest data = simulated_disk::rest::nothing;
    simulated_disk::rest names = simulated_disk::rest::nothing;
    std::size_t compact_every = 0;  // each so many groups are no group, but a new file
    std::uint64_t seed = 1;         // of what is lost
    // of the disk of A, if A is not to crash by itself, or else of B
    simulated_disk::fault broken{};
    bool broken_is_a = true;
};

class file_world {
  public:
    using journal = sixfold::basic_file_journal<simulated_files>;

    /// An app's disk, and what it has open there.
    struct place {
        simulated_disk disk;
        std::optional<journal> open;
        std::size_t groups = 0;
        std::size_t cuts = 0;     // of the power
        std::size_t gave_up = 0;  // lives that ended because the journal said so
        bool restart = false;     // the app goes, the power stays
    };

    explicit file_world(const file_plan& plan)
        : world(disk::log, small("alice", 1), small("bob", 1000)), plan_(plan), random_(plan.seed) {
        world.a().crash_at = plan.a;
        world.b().crash_at = plan.b;
        world.a().recrash_at = plan.a != 0 ? plan.again : 0;
        world.b().recrash_at = plan.b != 0 ? plan.again : 0;
        (plan.broken_is_a ? a : b).disk.broken = plan.broken;
        a.disk.before_each = [this] {
            crash_world::effect(world.a());
        };
        b.disk.before_each = [this] {
            crash_world::effect(world.b());
        };
        world.load = [this](const node& who) {
            return load(at(who));
        };
        world.write_log = [this](node& who, const std::vector<std::byte>& records) {
            write(who, at(who), records);
        };
        world.power_off = [this](const node& who) {
            power_off(at(who));
        };
        play();
    }
    file_world(const file_world&) = delete;
    file_world& operator=(const file_world&) = delete;

    /// Until everything has ended; then what was sent has come, once and in order, and both know how it ended.
    void run() {
        const bool ended = world.run();  // has assertions of its own, which Catch2 2 does not nest
        REQUIRE(ended);
        check(world.a(), world.b(), 4);
        check(world.b(), world.a(), 2);
    }

    crash_world world;
    place a;
    place b;

  private:
    static constexpr const char* path = "journal";

    /// Capacities of which a new life is made quickly.
    [[nodiscard]] static sixfold::client_options small(const char* self, std::uint64_t seed) {
        sixfold::client_options out{.self = self, .life = {.start = 1, .seed = seed}};
        out.sender.queue_entries = out.sender.peers_max = out.sender.unsettled_max = 8;
        out.sender.queue_bytes = 8 * out.sender.payload_max;
        out.receiver.held_entries = out.receiver.peers_max = 8;
        out.receiver.held_bytes = 8 * out.receiver.payload_max;
        return out;
    }

    [[nodiscard]] place& at(const node& who) { return &who == &world.a() ? a : b; }

    [[noreturn]] static void give_up(place& here) {
        ++here.gave_up;
        here.restart = true;
        throw crash_world::pulled_plug();
    }

    [[nodiscard]] std::vector<std::byte> load(place& here) {
        auto opened = journal::open(path, random_.next(), simulated_files(here.disk));
        if (!opened) {
            REQUIRE(opened.error().fault == sixfold::file_fault::system);
            give_up(here);
        }
        here.open.emplace(*std::move(opened));
        REQUIRE(here.disk.safe(path, 0));
        const sixfold::bytes records = here.open->records();
        return {records.begin(), records.end()};
    }

    void write(node& who, place& here, const std::vector<std::byte>& records) {
        here.open->append(records);
        ++here.groups;
        const bool compact = plan_.compact_every != 0 && here.groups % plan_.compact_every == 0;
        if (!(compact ? here.open->compact(*who.machine) : here.open->sync())) {
            const std::size_t operations = here.disk.operations;
            CHECK_FALSE(here.open->sync());  // nor ever again, and it does not try
            CHECK_FALSE(here.open->compact(*who.machine));
            CHECK(here.disk.operations == operations);
            give_up(here);
        }
        REQUIRE(here.disk.safe(path, sixfold::log_mark_size));
    }

    void power_off(place& here) {
        here.open.reset();
        if (!here.restart) {
            ++here.cuts;
            here.disk.lose_power(plan_.data, plan_.names, random_);
        }
        here.restart = false;
    }

    /// Messages both ways: B is away at first and once more, one message is taken back, the relay is replaced.
    void play() {
        world.at(0s, [&] { world.connect(world.a()); });
        world.at(1s, [&] { world.submit(world.a(), "a0" + std::string(90, 'x')); });
        world.at(2s, [&] { world.submit(world.a(), "a1, taken back"); });
        world.at(3s, [&] { world.cancel(world.a(), "a1, taken back"); });
        world.at(4s, [&] { world.connect(world.b()); });
        world.at(5s, [&] { world.submit(world.b(), "b0"); });
        world.at(6s, [&] { world.disconnect(world.b()); });
        world.at(7s, [&] { world.submit(world.a(), "a2"); });
        world.at(7s, [&] { world.submit(world.b(), "b1"); });
        world.at(8s, [&] { world.replace_relay(); });
        world.at(9s, [&] { world.connect(world.b()); });
        world.at(10s, [&] { world.submit(world.a(), "a3"); });
    }

    static void check(const node& from, const node& to, std::size_t sent) {
        REQUIRE(from.outbox.size() == sent);
        std::vector<std::string> delivered;
        for (const node::outgoing& each : from.outbox) {
            const bool came = each.end == sixfold::status::delivered;
            CHECK((came || (each.end == sixfold::status::cancelled && each.cancelled)));
            if (came) {
                delivered.push_back(each.text);
            }
        }
        CHECK(to.inbox == delivered);
    }

    file_plan plan_;
    sixfold::random_source random_;
};

}  // namespace support

#endif
