// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sixfold/journal/journal_log.hpp>
#include <sixfold/parts/peer_table.hpp>
#include <sixfold/parts/random.hpp>
#include <sixfold/relaying/link_table.hpp>
#include <sixfold/stream_reader.hpp>
#include "hostile/lone_bob.hpp"
#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/catch.hpp"

// Names and payloads that are something else to somebody.

namespace payloads_tests {
namespace {

using namespace hostile;
using stopwatch = std::chrono::steady_clock;

/// The shortest of some runs: what else the machine does makes it only longer.
template <class Call>
duration time_of(Call call) {
    duration best = duration::max();
    for (int i = 0; i < 3; ++i) {
        const auto start = stopwatch::now();
        call();
        best = (std::min)(best, duration(stopwatch::now() - start));
    }
    return best;
}

/// A message comes from `from` to `to`, who is away at first, and is accepted there.
void check_exchange(const peer& from, const peer& to, bytes payload) {
    manual_clock clock;
    client sending = client::create(clock, small(from)).value();
    client receiving = client::create(clock, small(to)).value();
    client& other = from == to ? sending : receiving;
    relay between = relay::create({}).value();
    memory_mailbox box = memory_mailbox::create().value();
    reactions out;
    std::array<std::byte, 4096> buffer{};
    const auto serve = [&](client& who, link_id link) {
        while (const auto packet = who.poll_transmit(buffer)) {
            const blob copy(packet->begin(), packet->end());
            REQUIRE(between.handle(link, copy, out) == refusal::none);
            while (const auto request = out.next_request()) {
                REQUIRE(between.complete(*request, box.execute(*request), out) == refusal::none);
            }
            for (const outgoing each : out.frames()) {
                if (each.link != link_id::none) {
                    REQUIRE((each.to == from ? sending : other).handle(each.bytes) ==
                            refusal::none);
                }
            }
            out.clear();
        }
    };
    REQUIRE(between.link_up(link_id{1}, from));
    sending.link_up();
    REQUIRE(sending.send(to, payload));
    serve(sending, link_id{1});
    if (!(from == to)) {
        CHECK(box.rows() == 1);
        REQUIRE(between.link_up(link_id{2}, to));
        receiving.link_up();
    }
    serve(other, link_id{from == to ? 1U : 2U});
    const auto message = other.poll_message();
    REQUIRE(message.has_value());
    CHECK(message->from == from);
    CHECK(std::equal(message->payload.begin(), message->payload.end(), payload.begin(),
                     payload.end()));
    REQUIRE(other.accept(*message));
    serve(other, link_id{from == to ? 1U : 2U});
    CHECK_FALSE(other.poll_message());
    CHECK(box.rows() == 0);
    status last = status::none;
    while (const auto event = sending.poll_event()) {
        last = event->what;
    }
    CHECK(last == status::delivered);
}

}  // namespace

TEST_CASE("hostile 39: names, links and seqs that collide in a simple hash cost what others cost") {
    // With chains as long as the table this would be 8 * 10^8 steps, many times what is allowed.
    static constexpr std::uint64_t count = 40'000;
    const auto links = [](std::uint64_t step) {
        return time_of([&] {
            link_table table(39);
            for (std::uint64_t i = 1; i <= count; ++i) {
                table.insert(link_id{i * step}, 0);
            }
            CHECK(table.find(link_id{count * step}) == 0);
        });
    };
    const auto names = [](std::string_view fill) {
        return time_of([&] {
            peer_table table(count, 39);
            for (std::uint64_t i = 0; i < count; ++i) {
                (void)table.insert(peer(std::string(fill) + std::to_string(i) + std::string(fill)));
            }
            CHECK(table.size() == count);
        });
    };
    const duration slack = 50ms;
    for (const std::uint64_t step :
         {std::uint64_t{1} << 20, std::uint64_t{107897}, std::uint64_t{1} << 40}) {
        CHECK(links(step) < 20 * links(1) + slack);
    }
    CHECK(names("aaaaaaaaaaaaaaaaaaaa") < 20 * names("") + slack);

    // Seqs as far from each other as the buckets of what is held: of many senders, each with the same.
    const auto held = [](seq step) {
        return time_of([&] {
            held_messages store(count, count, 64, 39);
            for (std::uint32_t i = 0; i < count; ++i) {
                (void)store.add(i % 7, {this_life, i * step}, {}, store.highest(i % 7));
            }
            CHECK(store.find(6, {this_life, 6 * step}) != held_messages::none);
        });
    };
    for (const seq step : {seq{1} << 17, seq{1} << 32, seq{107897}}) {
        CHECK(held(step) < 20 * held(1) + slack);
    }
}

TEST_CASE("hostile 47: a name is 1 to 47 bytes of any value, and nothing else is one") {
    // The suite that every mailbox is put to has such names too; that of SQLite binds them.
    scene s;
    watch seen(s);
    for (const std::string& none :
         {std::string(), std::string(48, 'x'), std::string(1'000'000, 'x')}) {
        CHECK_FALSE(peer(none).valid());
        CHECK(client::create(s.clock, small(none)).error().code == errc::peer_name);
        CHECK(s.relay.link_up(link_id{50}, none).error().code == errc::peer_name);
        CHECK(s.alice.send(none, as_bytes("text")).error().code == errc::peer_name);
        CHECK_FALSE(s.relay.online(none));
    }
    for (const unsigned size : {0U, 48U, 127U, 255U}) {
        blob body(300);
        body[0] = static_cast<std::byte>(size);
        for (const unsigned kind : {1U, 2U, 3U, 4U}) {
            const bool is_for_relay = kind == 1 || kind == 4;
            CHECK(seen.at_relay(sealed(0x20 | kind, 0, body, "alice")) ==
                  (is_for_relay ? refusal::peer_name : refusal::direction));
            CHECK(seen.bob.handle(sealed(0x20 | kind, 0, body, "bob")) ==
                  (is_for_relay ? refusal::direction : refusal::peer_name));
        }
    }
    CHECK(seen.relay.counted(refusal::peer_name) == 8);
    CHECK(seen.bob.counted(refusal::peer_name) == 8);
    CHECK(seen.unmoved());

    using namespace std::string_literals;
    const std::string names[] = {"\0"s,
                                 "\0\0"s,
                                 "bob\0"s,
                                 "\xFF\xFE\x80"s,
                                 "../../etc/passwd"s,
                                 "'; DROP TABLE rows; --"s,
                                 "%s%n"s,
                                 "\r\n"s,
                                 std::string(47, '\xFF')};
    for (const std::string& name : names) {
        check_exchange("bob", name, as_bytes("text"));
        check_exchange(name, "bob", as_bytes("text"));
        check_exchange(name, name, as_bytes("to myself"));
    }
}

TEST_CASE("hostile 48: a payload that looks like something else is a payload") {
    scene s;
    std::vector<blob> payloads = s.for_bob();
    const std::vector<blob> more = s.for_relay();
    payloads.insert(payloads.end(), more.begin(), more.end());
    payloads.push_back(support::snapshot_of(s.alice));
    const auto header = log_header(1);
    const auto mark = log_mark(1, 21);
    payloads.emplace_back(header.begin(), header.end());
    payloads.emplace_back(mark.begin(), mark.end());
    payloads.emplace_back(1024);
    payloads.emplace_back(1024, std::byte{0xFF});
    for (const blob& each : payloads) {
        REQUIRE(each.size() <= 1024);
        check_exchange("alice", "bob", each);
    }
    // And in a journal.
    client_options options = small("alice");
    options.journaling = journaling::withhold;
    client writing = client::create(s.clock, options).value();
    for (const blob& each : payloads) {
        REQUIRE(writing.send("bob", each));
    }
    const blob journal = support::snapshot_of(writing);
    const client next = client::create(s.clock, options, journal).value();
    CHECK(support::snapshot_of(next) == journal);
}

TEST_CASE("hostile 59: a megabyte of noise is refused by its header, and nothing is kept of it") {
    scene s;
    watch seen(s);
    random_source dice(59);
    blob noise(1 << 20);
    for (std::byte& each : noise) {
        each = static_cast<std::byte>(dice.next());
    }
    std::uint64_t given = 0;
    for (unsigned first = 0; first < 256; ++first, ++given) {
        noise[0] = static_cast<std::byte>(first);
        CHECK(seen.bob.handle(noise) != refusal::none);
        CHECK(seen.at_relay(noise) != refusal::none);
    }
    // One that says how long it is gets as far as its checksum.
    byte_writer(std::span<std::byte>(noise).subspan(2)).put_varint(noise.size() - 5);
    for (const unsigned kind : {1U, 3U, 4U, 6U}) {
        noise[0] = static_cast<std::byte>(0x20 | kind);
        CHECK(seen.bob.handle(noise) == refusal::checksum);
        CHECK(seen.at_relay(noise) == refusal::checksum);
        ++given;
    }
    CHECK(seen.bob.counted() == given);
    CHECK(seen.relay.counted() == given);
    CHECK(seen.unmoved());
    // On a byte stream not even that: its length is enough.
    stream_reader reader(frame_size_max(1024));
    bytes input = noise;
    CHECK_FALSE(reader.next(input));
    CHECK(reader.refused() == refusal::frame_too_large);
    CHECK(ends_stream(reader.refused()));
}

}  // namespace payloads_tests
