// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

namespace client_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

/// Two clients, a relay between them, and a network without faults.
struct pair {
    manual_clock clock;
    relay r = relay::create({}).value();
    memory_mailbox box;
    client a;
    client b;
    reactions out;
    std::vector<std::string> got;
    std::vector<status> heard;
    std::vector<std::byte> wire;
    stream_reader* to_b = nullptr;  // if the link of B is a byte stream

    explicit pair(const client_options& of_a = {},
                  const client_options& of_b = {},
                  const mailbox_limits& of_box = {})
        : box(memory_mailbox::create(of_box).value()), a(make("alice", of_a)),
          b(make("bob", of_b)) {}

    client make(const char* name, client_options options) {
        options.self = name;
        options.life.start = 1;
        return client::create(clock, options).value();
    }
    void link(client& c, link_id link) {
        REQUIRE(r.link_up(link, c.self()).has_value());
        c.link_up();
    }
    void both_up() {
        link(a, link_id{1});
        link(b, link_id{2});
    }
    void deliver(client& to, bytes frame) {
        if (&to == &a || to_b == nullptr) {
            CHECK(to.handle(frame) == refusal::none);
            return;
        }
        while (const auto whole = to_b->next(frame)) {
            CHECK(to.handle(*whole) == refusal::none);
        }
    }
    void exchange(client& from, link_id link) {
        std::vector<std::byte> buffer(from.packet_size_min());
        while (const auto packet = from.poll_transmit(buffer)) {
            REQUIRE(!packet->empty());
            wire.insert(wire.end(), packet->begin(), packet->end());
            r.handle(link, *packet, out);
            while (const auto request = out.next_request()) {
                r.complete(*request, box.execute(*request), out);
            }
            for (const outgoing each : out.frames()) {
                client& to = each.to == peer("alice") ? a : b;
                if (each.link != link_id::none) {
                    deliver(to, each.bytes);
                }
            }
            out.clear();
        }
    }
    void run(duration how_long) {
        const time_point end = clock.now() + how_long;
        for (;;) {
            for (int i = 0; i < 3; ++i) {
                exchange(a, link_id{1});
                exchange(b, link_id{2});
                while (const auto next = b.poll_message()) {
                    got.emplace_back(as_text(next->payload));
                    REQUIRE(b.accept(*next));
                }
                while (const auto next = a.poll_event()) {
                    heard.push_back(next->what);
                }
            }
            const time_point next = (std::min)(a.next_deadline(), b.next_deadline());
            if (next > end) {
                break;
            }
            REQUIRE(next > clock.now());
            clock.set(next);
        }
        clock.set(end);
    }
};

TEST_CASE("client: a message goes from A to B, and A is told so") {
    pair p;
    p.both_up();
    REQUIRE(p.a.send("bob", as_bytes("hello")).has_value());
    p.run(1s);
    CHECK(p.got == std::vector<std::string>{"hello"});
    CHECK(p.heard.back() == status::delivered);
    CHECK(p.a.sender().queued() == 0);
    CHECK(p.a.refusals().total() + p.b.refusals().total() + p.r.refusals().total() == 0);
}

TEST_CASE("client: a peer is given up, and nobody else [spec 3.14]") {
    pair p;
    REQUIRE(p.a.send("bob", as_bytes("x")).has_value());
    CHECK_FALSE(p.a.forget("carol"));
    CHECK(p.a.forget("bob"));
    CHECK(p.a.poll_event()->what == status::cancelled);
}

TEST_CASE("client: every capacity of everything can be one") {
    const client_options one{.self = {},
                             .life = {},
                             .sender = {.window = 1,
                                        .queue_entries = 1,
                                        .queue_bytes = 1,
                                        .unsettled_max = 1,
                                        .payload_max = 1,
                                        .peers_max = 1,
                                        .burst = 1},
                             .receiver = {.window = 1,
                                          .exceptions = 1,
                                          .payload_max = 1,
                                          .held_entries = 1,
                                          .held_bytes = 1,
                                          .peers_max = 1}};
    pair p(one, one,
           {.rows_per_pair_max = 1,
            .rows_per_receiver_max = 1,
            .rows_max = 1,
            .bytes_max = 1,
            .page_rows = 1,
            .page_bytes = 1,
            .states_max = 1});
    p.link(p.a, link_id{1});
    std::vector<std::string> sent;
    std::size_t refused = 0;
    for (int i = 0; i < 600 && sent.size() < 26; ++i) {
        const std::string text(1, static_cast<char>('a' + sent.size()));
        if (p.a.send("bob", as_bytes(text))) {
            sent.push_back(text);
        } else {
            ++refused;
        }
        if (i % 20 == 10) {
            p.link(p.b, link_id{2});
        } else if (i % 20 == 0) {
            p.b.link_down();
            p.r.link_down(link_id{2});
        }
        p.run(500ms);
    }
    p.link(p.b, link_id{2});
    p.run(10min);
    CHECK(sent.size() == 26);
    CHECK(refused > 0);
    CHECK(p.got == sent);
    CHECK(std::count(p.heard.begin(), p.heard.end(), status::delivered) +
              std::count(p.heard.begin(), p.heard.end(), status::ended) ==
          26);
    CHECK(p.box.rows() == 0);
}

TEST_CASE("client: what came while B was away is delivered when it comes, in order") {
    pair p;
    p.link(p.a, link_id{1});
    std::vector<std::string> sent;
    for (int i = 0; i < 40; ++i) {
        sent.push_back("message " + std::to_string(i));
        REQUIRE(p.a.send("bob", as_bytes(sent.back())).has_value());
    }
    p.run(10s);
    CHECK(p.got.empty());
    CHECK(p.box.rows() == 40);
    CHECK(p.a.sender().queued() == 0);
    CHECK(p.a.sender().unsettled() == 40);
    p.link(p.b, link_id{2});
    p.run(5min);
    CHECK(p.got == sent);
    CHECK(p.box.rows() == 0);
    CHECK(std::count(p.heard.begin(), p.heard.end(), status::delivered) == 40);
}

TEST_CASE("client: bytes that are no frame for us are refused, counted, and change nothing") {
    pair p;
    p.both_up();
    CHECK(p.a.handle(as_bytes("\x11\x01\x02..")) == refusal::version);
    const msg_notify notice{.from = "bob", .epoch = epoch{1}, .entries = run::of(as_bytes("x"))};
    std::array<std::byte, 200> buffer{};
    const std::size_t size = encode(notice, framing("carol"), buffer);
    CHECK(p.a.handle(std::span(buffer).first(size)) == refusal::checksum);  // for somebody else
    CHECK(p.a.handle(std::span(buffer).first(size - 1)) == refusal::truncated);
    CHECK(p.a.refusals().total() == 3);
    CHECK(p.a.handle({}) == refusal::none);
    const std::size_t request =
        encode(sync_request{.serial = 1, .rows = 1, .room = 1}, framing("alice"), buffer);
    CHECK(p.a.handle(std::span(buffer).first(request)) == refusal::direction);
}

TEST_CASE("client: what is before a bad frame in a packet stands, what is behind it is dropped "
          "[spec 2.12]") {
    pair p;
    p.both_up();
    std::array<std::byte, 600> buffer{};
    std::size_t used = 0;
    const auto put = [&](seq which, const peer& end) {
        const msg_notify notice{.from = "carol",
                                .epoch = epoch{1},
                                .drained = true,
                                .first = which,
                                .entries = run::of(as_bytes("x"))};
        used += encode(notice, framing(end), std::span(buffer).subspan(used));
    };
    put(0, "bob");
    put(1, "mallory");
    put(1, "bob");
    CHECK(p.b.handle(std::span(buffer).first(used)) == refusal::checksum);
    REQUIRE(p.b.poll_message().has_value());
    CHECK(!p.b.poll_message().has_value());
    CHECK(p.b.refusals().total() == 1);
}

TEST_CASE("client: a frame that is understood and refused leaves the others of its packet alone "
          "[spec 2.11, 2.12]") {
    pair p;
    p.both_up();
    REQUIRE(p.b.send("carol", as_bytes("x")).has_value());
    std::array<std::byte, 600> buffer{};
    std::size_t used = 0;
    const auto put = [&](const auto& what) {
        used += encode(what, framing("bob"), std::span(buffer).subspan(used));
    };
    const auto message = [](seq which) {
        return msg_notify{.from = "carol",
                          .epoch = epoch{1},
                          .drained = true,
                          .first = which,
                          .entries = run::of(as_bytes("x"))};
    };
    put(msg_answer{.to = "nobody", .number = 1});  // to the sender: unknown_stream
    put(message(0));
    put(sync_request{.serial = 1, .rows = 1, .room = 1});  // to a relay: direction
    put(message(1));
    CHECK(p.b.handle(std::span(buffer).first(used)) == refusal::direction);
    CHECK(p.b.poll_message().has_value());
    CHECK(p.b.poll_message().has_value());
    CHECK(p.b.sender().refusals()[refusal::unknown_stream] == 1);
    CHECK(p.b.refusals()[refusal::direction] == 1);
}

TEST_CASE("client: of a frame for a relay it reads no more than the kind [spec 2.11, 2.12]") {
    pair p;
    p.both_up();
    std::array<std::byte, 600> buffer{};
    const framing link("bob", checksum::off);
    const std::size_t size = encode(sync_request{.serial = 1, .rows = 1, .room = 1}, link, buffer);
    buffer[1] |= std::byte{0x80};  // a flag that no frame of this kind has
    const msg_notify notice{
        .from = "carol", .epoch = epoch{1}, .drained = true, .entries = run::of(as_bytes("x"))};
    const std::size_t both = size + encode(notice, link, std::span(buffer).subspan(size));
    frame read;
    CHECK(decode(std::span(buffer).first(size), link, read) == refusal::flags);
    p.b.link_up(checksum::off);
    CHECK(p.b.handle(std::span(buffer).first(both)) == refusal::direction);
    CHECK(p.b.poll_message().has_value());
    CHECK(p.b.refusals()[refusal::direction] == 1);
    CHECK(p.b.refusals().total() == 1);
}

TEST_CASE("client: without a link nothing comes out") {
    pair p;
    REQUIRE(p.a.send("bob", as_bytes("x")).has_value());
    std::array<std::byte, 4096> buffer{};
    CHECK(!p.a.poll_transmit(buffer).has_value());
    CHECK(p.a.next_deadline() == never);
    CHECK_FALSE(p.a.linked());
    p.both_up();
    CHECK(p.a.linked());
    CHECK(p.a.receiver().linked());
    CHECK(p.a.poll_transmit(buffer).has_value());
    p.a.link_down();
    CHECK_FALSE(p.a.linked());
    CHECK_FALSE(p.a.receiver().linked());
    CHECK(!p.a.poll_transmit(buffer).has_value());
}

TEST_CASE("client: the smallest buffer is that of its own options, however large the others are") {
    manual_clock clock;
    const auto size = [&](const sender_options& sending, const receiver_options& receiving) {
        const auto c = client::create(
            clock, {.self = "a", .life = {.start = 1}, .sender = sending, .receiver = receiving});
        return c.value().packet_size_min();
    };
    const receiver_options small{.window = 8, .exceptions = 1};
    CHECK(size({.payload_max = 1}, small) == frame_overhead_max + ack_state_size_max({8, 1}));
    CHECK(size({.payload_max = 1}, {}) == frame_overhead_max + ack_state_size_max({64, 64}));
    CHECK(size({.payload_max = 5000}, small) == frame_overhead_max + 5000);
}

TEST_CASE("client: what is too large for it alone passes a reader of the link, and is rejected") {
    pair p({}, {.self = {}, .life = {}, .receiver = {.payload_max = 10}});
    p.link(p.a, link_id{1});
    const std::string large(1024, 'x');
    REQUIRE(p.a.send("bob", as_bytes(large)).has_value());  // they have not met yet
    p.run(1s);
    p.link(p.b, link_id{2});
    stream_reader of_b(frame_size_max(relay_options().payload_max));
    p.to_b = &of_b;
    p.run(1min);
    CHECK(of_b.refused() == refusal::none);
    CHECK(p.got.empty());
    CHECK(p.heard.back() == status::rejected);
    CHECK(p.box.rows() == 0);
}

TEST_CASE("client: the smallest buffer is enough for every frame") {
    const client_options large{.self = {},
                               .life = {},
                               .sender = {.queue_bytes = 1 << 16, .payload_max = 9000},
                               .receiver = {.payload_max = 9000, .held_bytes = 1 << 16}};
    pair p(large, large);
    p.r = relay::create({.payload_max = 9000}).value();
    p.both_up();
    p.run(1s);  // they have not met yet
    const std::string text(9000, 'x');
    REQUIRE(p.a.send("bob", as_bytes(text)).has_value());
    p.run(1s);
    CHECK(p.got == std::vector<std::string>{text});
}

TEST_CASE("client: the same calls give the same bytes") {
    const auto run = [](std::uint64_t seed) {
        pair p({.self = {}, .life = {.seed = seed}}, {.self = {}, .life = {.seed = seed + 1}});
        p.link(p.a, link_id{1});
        for (int i = 0; i < 30; ++i) {
            REQUIRE(p.a.send(i % 3 == 0 ? "carol" : "bob", as_bytes("text")).has_value());
            p.run(100ms);
            if (i == 10) {
                p.link(p.b, link_id{2});
            }
        }
        p.run(5min);
        return p.wire;
    };
    CHECK(run(1) == run(1));
    CHECK(run(1) != run(5));
}

}  // namespace
}  // namespace client_tests
