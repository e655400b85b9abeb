// SPDX-License-Identifier: BSL-1.0
#include "tcp_connection.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <asio.hpp>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

namespace tcp_connection_tests {

using namespace sixfold;
using namespace std::chrono_literals;
using asio::ip::tcp;
using example::tcp_connection;

namespace {

constexpr std::size_t frame_size = frame_size_max(relay_options().payload_max);

/// Both ends of a TCP connection, of which one is written to before the other begins to read.
struct stalled_connection {
    stalled_connection() {
        tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        far.connect(acceptor.local_endpoint());
        near = std::make_shared<tcp_connection>(acceptor.accept(), frame_size);
    }

    /// Reads all of this, which has come in the meantime.
    void
    read(bytes what, const tcp_connection::on_frame& frame, const tcp_connection::on_rest& rest) {
        asio::write(far, asio::buffer(what.data(), what.size()));
        while (near->socket().available() < what.size()) {
        }
        near->start(
            frame, [] {}, rest);
        far.shutdown(tcp::socket::shutdown_send);
        io.run();
    }

    asio::io_context io;
    tcp::socket far{io};
    std::shared_ptr<tcp_connection> near;
};

/// Alice, with 64 messages on their way, whose answers have come all together after so long.
struct stalled_client {
    stalled_client() {
        bob.link_up();
        alice.link_up();
        REQUIRE(server.link_up(link_id{1}, "alice"));
        REQUIRE(server.link_up(link_id{2}, "bob"));
        for (int round = 0; round < 20; ++round) {  // until the round trip is known
            REQUIRE(alice.send("bob", as_bytes("hello")));
            exchange();
            clock.advance(1ms);
            alice.handle(std::exchange(answers, {}));
            while (alice.poll_event()) {
            }
        }
        for (int i = 0; i < 64; ++i) {
            REQUIRE(alice.send("bob", as_bytes("hello")));
        }
        exchange();
        REQUIRE(alice.sender().resent() == 0);
        clock.advance(30ms);
    }

    /// What Alice sends comes to Bob, and what that leads to waits in `answers`.
    void exchange() {
        for (int i = 0; i < 4; ++i) {
            carry(alice, link_id{1});
            carry(bob, link_id{2});
        }
    }
    void carry(client& from, link_id link) {
        while (const auto message = bob.poll_message()) {
            bob.accept(*message);
        }
        while (const auto packet = from.poll_transmit(buffer)) {
            server.handle(link, *packet, out);
            while (const auto request = out.next_request()) {
                server.complete(*request, mailbox.execute(*request), out);
            }
            for (const auto frame : out.frames()) {
                if (frame.link == link_id{2}) bob.handle(frame.bytes);
                if (frame.link == link_id{1}) {
                    answers.insert(answers.end(), frame.bytes.begin(), frame.bytes.end());
                }
            }
            out.clear();
        }
    }
    void turn() {
        while (alice.poll_event()) {
        }
        while (alice.poll_transmit(buffer)) {
        }
    }

    manual_clock clock;
    client alice =
        client::create(clock, {.self = "alice", .life = {.start = 1, .seed = 1}}).value();
    client bob = client::create(clock, {.self = "bob", .life = {.start = 1, .seed = 2}}).value();
    relay server = relay::create({}).value();
    memory_mailbox mailbox = memory_mailbox::create().value();
    reactions out;
    std::vector<std::byte> buffer = std::vector<std::byte>(2048);
    std::vector<std::byte> answers;
};

}  // namespace

TEST_CASE("tcp_connection: all that has come is handed over before there is a rest") {
    stalled_client one;
    std::vector<std::byte> many;
    while (many.size() < 20'000) {
        many.insert(many.end(), one.answers.begin(), one.answers.end());
    }
    stalled_connection connection;
    std::size_t size = 0;
    std::size_t rests = 0;
    std::size_t rests_too_early = 0;
    connection.read(
        many,
        [&](bytes frame) {
            size += frame.size();
            return refusal::none;
        },
        [&] {
            ++rests;
            rests_too_early += std::size_t{size != 0 && size < many.size()};
        });
    CHECK(size == many.size());
    CHECK(rests > 0);
    CHECK(rests_too_early == 0);
}

TEST_CASE("tcp_connection: one turn for all that has come after a stall sends nothing again") {
    stalled_client one;
    stalled_connection connection;
    connection.read(
        one.answers, [&](bytes frame) { return one.alice.handle(frame); }, [&] { one.turn(); });
    CHECK(one.alice.sender().queued() == 0);
    CHECK(one.alice.sender().resent() == 0);

    stalled_client other;  // and a turn for each frame does, so that there is something to see
    stalled_connection again;
    again.read(
        other.answers,
        [&](bytes frame) {
            const refusal refused = other.alice.handle(frame);
            other.turn();
            return refused;
        },
        [] {});
    CHECK(other.alice.sender().resent() > 0);
}

}  // namespace tcp_connection_tests
