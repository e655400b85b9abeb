// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

// Single operations of the parts, where each is as it is in use: what is found was not looked for just before, and what is
// removed was not added last.

using namespace sixfold;

namespace {

constexpr epoch some_epoch{0x0102030405060708};
constexpr std::size_t payload_size = 64;

const std::vector<std::byte> payload(payload_size);

/// Floor 299, and 300 accepted.
constexpr std::array state{std::byte{0x02}, std::byte{0xAB}, std::byte{0x02}, std::byte{0x01},
                           std::byte{0x02}};

struct named_frame {
    const char* name;
    frame what;
};

std::vector<named_frame> all_frames() {
    const mailbox_key key{"alice---", {some_epoch, 300}};
    const run one = run::of(payload);
    const sending_number number = 1000;
    return {
        {"msg:R", msg_request{.to = "bob-----",
                              .epoch = some_epoch,
                              .number = number,
                              .first = 300,
                              .base = 299,
                              .entries = one}},
        {"msg:A", msg_answer{.to = "bob-----", .number = number}},
        {"msg:N", msg_notify{.from = "alice---",
                             .epoch = some_epoch,
                             .number = number,
                             .first = 300,
                             .entries = one}},
        {"ack:R", ack_request{.to = "alice---",
                              .epoch = some_epoch,
                              .serial = 1000,
                              .echo = echo{number},
                              .state = state}},
        {"ack:A", ack_answer{1000}},
        {"ack:N",
         ack_notify{.from = "bob-----", .epoch = some_epoch, .echo = echo{number}, .state = state}},
        {"sync:R", sync_request{.serial = 1000, .rows = 64, .room = 16384, .from = key}},
        {"sync:A", sync_answer{.serial = 1000, .rows = 10, .next = key}},
    };
}

std::string name_of(std::uint64_t i) {
    std::string digits = std::to_string(i);
    return std::string(8 - digits.size(), '0') + digits;
}

}  // namespace

TEST_CASE("operations: codec") {
    for (const checksum mode : {checksum::off, checksum::on}) {
        const framing link("alice---", mode);
        const std::string with = mode == checksum::on ? ", checked" : "";
        for (const named_frame& each : all_frames()) {
            std::array<std::byte, 256> wire{};
            const std::size_t size = encode(each.what, link, wire);
            REQUIRE(size != 0);
            BENCHMARK(std::string("encode ") + each.name + with) {
                return encode(each.what, link, wire);
            };
            frame decoded;
            BENCHMARK(std::string("decode ") + each.name + with) {
                return decode(bytes(wire).first(size), link, decoded);
            };
        }
    }
}

TEST_CASE("operations: crc32c") {
    for (const std::size_t size : {64U, 1024U}) {
        const std::vector<std::byte> data(size);
        BENCHMARK("crc32c of " + std::to_string(size) + " bytes") {
            return crc32c(data);
        };
    }
}

TEST_CASE("operations: dedup_window") {
    dedup_window window(64);
    seq next = 0;
    BENCHMARK("accept the next") {
        const standing out = window.of(next);
        window.accept(next++);
        return out;
    };
    dedup_window late(1024);
    seq low = 0;
    BENCHMARK("accept two in the wrong order") {
        late.accept(low + 1);
        late.accept(low);
        low += 2;
        return late.floor();
    };
    REQUIRE(window.floor() == next);
    REQUIRE(late.floor() == low);
}

TEST_CASE("operations: wait_ack_queue") {
    constexpr std::uint32_t entries = 1024;
    wait_ack_queue queue(entries, 1, 2 * entries * payload_size);
    std::vector<wait_ack_queue::slot> slots;
    for (std::uint32_t i = 0; i + 1 < entries; ++i) {
        slots.push_back(queue.add(payload));
    }
    std::size_t oldest = 0;
    BENCHMARK("add and remove, 1,023 there") {
        const wait_ack_queue::slot added = queue.add(payload);
        queue.remove(slots[oldest]);
        slots[oldest] = added;
        oldest = oldest + 1 == slots.size() ? 0 : oldest + 1;
        return added;
    };
    REQUIRE(queue.queued() == entries - 1);
}

TEST_CASE("operations: deadlines") {
    for (const std::uint32_t count : {64U, 1'000'000U}) {
        deadlines timers;
        random_source random(1);
        time_point now{};
        const auto some_time = [&] {
            return now + duration(random.below(1'000'000'000));
        };
        for (std::uint32_t id = 0; id < count; ++id) {
            timers.set(id, some_time());
        }
        BENCHMARK("pop and set, " + std::to_string(count) + " there") {
            now = timers.next();
            const auto id = timers.pop_due(now);
            timers.set(*id, some_time());
            return id;
        };
        BENCHMARK("move any, " + std::to_string(count) + " there") {
            timers.set(static_cast<std::uint32_t>(random.below(count)), some_time());
            return timers.next();
        };
        REQUIRE(timers.size() == count);
    }
}

TEST_CASE("operations: peer_table") {
    constexpr std::uint32_t count = 1'000'000;
    peer_table peers(count, 1);
    std::vector<peer> names;
    for (std::uint32_t i = 0; i < count; ++i) {
        names.emplace_back(name_of(i));
        REQUIRE(peers.insert(names.back()) == i);
    }
    BENCHMARK("find the same") {
        return peers.find(names[7]);
    };
    random_source random(1);
    std::vector<peer> wanted;
    for (int i = 0; i < 4096; ++i) {
        wanted.push_back(names[random.below(count)]);
    }
    std::size_t next = 0;
    BENCHMARK("find any of 4,096 in 1,000,000") {
        next = (next + 1) % wanted.size();
        return peers.find(wanted[next]);
    };
    BENCHMARK("find any in 1,000,000") {
        return peers.find(names[random.below(count)]);
    };
}

TEST_CASE("operations: byte_pool") {
    byte_pool same(64 * 1024);
    BENCHMARK("allocate and release 64 bytes") {
        const byte_pool::handle block = same.allocate(64);
        same.release(block, 64);
        return block;
    };
    struct block {
        byte_pool::handle at;
        std::size_t size;
    };
    byte_pool mixed(8 << 20);
    random_source random(1);
    std::vector<block> blocks;
    for (int i = 0; i < 4096; ++i) {
        const std::size_t size = 1 + random.below(1024);
        blocks.push_back({mixed.allocate(size), size});
        REQUIRE(blocks.back().at != byte_pool::none);
    }
    BENCHMARK("release any of 4,096, allocate 1 to 1,024 bytes") {
        block& any = blocks[random.below(blocks.size())];
        mixed.release(any.at, any.size);
        any.size = 1 + random.below(1024);
        any.at = mixed.allocate(any.size);
        return any.at;
    };
    REQUIRE(mixed.used() <= mixed.capacity());
}
