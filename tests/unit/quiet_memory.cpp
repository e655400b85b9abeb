// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <string>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/lone_sender.hpp"

// What a stream keeps in which nothing is under way: there may be 65,536 of them.

namespace quiet_memory_tests {
namespace {

using namespace sixfold;

constexpr std::uint32_t peers = 1024;  // a power of two: no table has room for more
constexpr epoch entered{1 << 20};

peer name_of(std::uint32_t i) {
    return peer("peer " + std::to_string(i));
}

/// It says that it has all below this floor, and answers this sending.
void deliver_all(support::lone_sender& f, const peer& to, seq floor, sending_number which) {
    const std::size_t size = encode_ack_state({.floor = floor}, f.encoded);
    REQUIRE(f.a.handle(ack_notify{.from = to,
                                  .epoch = f.stream(to),
                                  .echo = echo{.number = which},
                                  .state = std::span(f.encoded).first(size)}) == refusal::none);
    REQUIRE(f.news().size() == 1);
    (void)f.transmit();
}
/// Writes a message to each of them, which is delivered before the next one is written.
void deliver_one_to_each(support::lone_sender& f, std::uint32_t first, std::uint32_t end) {
    for (std::uint32_t i = first; i < end; ++i) {
        f.send(name_of(i), "x");
        (void)f.transmit();
        deliver_all(f, name_of(i), 1, f.last);
    }
}

TEST_CASE("memory: a quiet stream takes little at its sender [spec 3.2]") {
    support::lone_sender f({.peers_max = peers});
    f.wire.reserve(1 << 20);
    f.up();
    const std::size_t before = support::live_bytes;
    deliver_one_to_each(f, 0, peers);
    CHECK((support::live_bytes - before) / peers <= 750);
    // Who wakes up again goes on as if nothing had been.
    f.send(name_of(0), "y");
    const auto sent = f.transmit();
    REQUIRE(sent.size() == 1);
    CHECK(sent.front().first == 1);
}

TEST_CASE("memory: a stream that is under way again when it would give its memory back keeps it "
          "[spec 3.2]") {
    support::lone_sender f({.peers_max = peers});
    f.up();
    deliver_one_to_each(f, 0, quiet_streams::kept);
    f.send(name_of(0), "y");
    const auto sent = f.transmit();
    REQUIRE(sent.size() == 1);
    deliver_one_to_each(f, quiet_streams::kept, quiet_streams::kept + 1);
    deliver_all(f, name_of(0), 2, sent.front().number);
}

TEST_CASE("memory: a quiet stream takes little at its receiver [spec 3.16]") {
    const manual_clock clock;
    receiver b = receiver::create(clock, 1, {.peers_max = peers}, journaling::none).value();
    b.link_up(framing("bob"));
    std::array<std::byte, 8192> buffer{};
    const auto settle = [&] {
        while (const auto packet = b.poll_transmit(buffer)) {
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                frame decoded;
                REQUIRE(decode(*one, framing("bob"), decoded) == refusal::none);
                if (const auto* ack = std::get_if<ack_request>(&decoded)) {
                    (void)b.handle(ack_answer{ack->serial});
                } else {
                    (void)b.handle(sync_answer{std::get<sync_request>(decoded).serial, 0, {}});
                }
            }
        }
    };
    const std::size_t before = support::live_bytes;
    for (std::uint32_t i = 0; i < peers; ++i) {
        (void)b.handle(msg_notify{.from = name_of(i), .epoch = entered, .number = 1, .low = 0});
        (void)b.handle(msg_notify{.from = name_of(i),
                                  .epoch = entered,
                                  .number = 2,
                                  .first = 0,
                                  .entries = run::of(as_bytes("text"))});
        const auto m = b.poll_message();
        REQUIRE(m);
        (void)b.accept(*m);
        settle();
    }
    CHECK((support::live_bytes - before) / peers <= 280);
}

}  // namespace
}  // namespace quiet_memory_tests
