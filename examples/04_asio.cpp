// SPDX-License-Identifier: BSL-1.0
// Alice, Bob and their relay on TCP connections in one io_context of Asio. A connection of Alice
// breaks, and Bob comes late. In an app each of them is a program.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio.hpp>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "person.hpp"
#include "system_options.hpp"
#include "tcp_connection.hpp"

using namespace sixfold;
using namespace std::chrono_literals;
using asio::ip::tcp;
using example::tcp_connection;

namespace {

const std::chrono::steady_clock monotonic;
constexpr std::size_t frame_size = frame_size_max(relay_options().payload_max);  // both directions

struct app {
    app(asio::io_context& io, const std::string& name, tcp::endpoint relay_at)
        : user(name),
          machine(client::create(monotonic, example::system_options(user.name())).value()),
          buffer(machine.packet_size_min()), server(std::move(relay_at)), deadline(io), pause(io) {}

    void turn();
    void send(bytes packet) { link->send(packet); }
    void connect_in(duration wait) {
        pause.expires_after(wait);
        pause.async_wait([this](asio::error_code cancelled) {
            if (!cancelled) connect();
        });
    }
    void connect() {
        link = std::make_shared<tcp_connection>(tcp::socket(pause.get_executor()), frame_size);
        link->socket().async_connect(server, [this](asio::error_code failed) {
            if (failed) {
                user.notice(failed.message());
                return connect_in(100ms);
            }
            link->send(as_bytes(example::token_of(user) + "\n"));
            machine.link_up(checksum::on, transport::byte_stream);
            link->start([this](bytes frame) { return machine.handle(frame); }, [this] { lost(); },
                        [this] { wake(); });
            wake();
        });
    }
    void lost() {
        user.notice("the connection is gone");
        machine.link_down();
        connect_in(100ms);
    }
    void wake() {
        turn();
        deadline.expires_at(machine.next_deadline());  // cancels the former wait; too late: no harm
        deadline.async_wait([this](asio::error_code cancelled) {
            if (!cancelled) wake();
        });
    }

    example::person user;
    client machine;
    std::vector<std::byte> buffer;
    tcp::endpoint server;
    asio::steady_timer deadline;
    asio::steady_timer pause;
    std::shared_ptr<tcp_connection> link;
};

struct server {
    explicit server(asio::io_context& io)
        : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), pause(io) {
        accept();
    }

    refusal turn(link_id from, bytes packet);
    void send(link_id to, bytes packet) { guests.at(to)->send(packet); }
    void accept() {
        acceptor.async_accept([this](asio::error_code failed, tcp::socket socket) {
            if (failed) return accept_later(failed);
            const auto guest = std::make_shared<tcp_connection>(std::move(socket), frame_size);
            guest->read_line([=, this](std::string_view line) { admit(guest, line); });
            accept();
        });
    }
    /// Too many connections, as a rule: those that are there are served, and some of them will end.
    void accept_later(asio::error_code failed) {
        std::fprintf(stderr, "relay: cannot take another connection: %s\n",
                     failed.message().c_str());
        pause.expires_after(1s);
        pause.async_wait([this](asio::error_code) { accept(); });
    }
    void admit(const std::shared_ptr<tcp_connection>& guest, std::string_view token) {
        const link_id link{++links};
        const peer user = example::log_in(token);
        const link_id former = machine.link_of(user);
        if (!machine.link_up(link, user)) return guest->close();
        guests.emplace(link, guest);
        if (former != link_id::none) end(former);
        guest->start([=, this](bytes frame) { return turn(link, frame); },
                     [=, this] {
                         machine.link_down(link);
                         guests.erase(link);
                     });
    }

    /// The newest connection of a user counts; whoever waits at an older one would never hear of it.
    void end(link_id link) {
        const auto guest = guests.at(link);  // which closing takes off the list
        guest->close();
    }

    relay machine = relay::create({}).value();
    memory_mailbox mailbox = memory_mailbox::create().value();
    reactions out;
    tcp::acceptor acceptor;
    asio::steady_timer pause;
    std::map<link_id, std::shared_ptr<tcp_connection>> guests;
    std::uint64_t links = 0;
};

// ---- what talks to sixfold: the same lines in every loop ----------------------------------------

/// A client's turn: when all that has come was taken, and at next_deadline(). One for each packet would send again
/// what the next packet answers.
void app::turn() {
    while (const auto event = machine.poll_event()) {
        user.hear(*event);
    }
    while (const auto message = machine.poll_message()) {
        user.keep(*message);       // first the app's own commit,
        machine.accept(*message);  // and then the word that it has it
    }
    while (const auto packet = machine.poll_transmit(buffer)) {
        send(*packet);
    }
}

/// The relay's turn: when a packet has come. A frame for somebody who is away is only a hint.
refusal server::turn(link_id from, bytes packet) {
    const refusal refused = machine.handle(from, packet, out);
    while (const auto request = out.next_request()) {
        machine.complete(*request, mailbox.execute(*request), out);
    }
    for (const auto frame : out.frames()) {
        if (frame.link != link_id::none) send(frame.link, frame.bytes);
    }
    out.clear();
    return refused;
}

// ---- until here ---------------------------------------------------------------------------------

bool deliver_one() {
    asio::io_context io;
    server relay(io);
    app alice(io, "alice", relay.acceptor.local_endpoint());
    app bob(io, "bob", relay.acceptor.local_endpoint());
    if (!alice.machine.send("bob", as_bytes("Dinner?"))) return false;
    alice.connect_in(0ms);
    asio::steady_timer misfortune(io, 200ms);
    misfortune.async_wait([&](asio::error_code) { alice.link->close(); });
    bob.connect_in(500ms);

    const time_point give_up = monotonic.now() + 20s;
    while (alice.user.told() != status::delivered && io.run_one_until(give_up) != 0) {
    }
    return alice.user.told() == status::delivered && bob.user.inbox() == "Dinner?";
}

}  // namespace

int main() {
    try {
        return deliver_one() ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "asio: %s\n", error.what());
        return 1;
    }
}
