// SPDX-License-Identifier: BSL-1.0
// Alice, Bob and their relay on three UDP sockets in one epoll loop, without threads or timers. The
// network loses a quarter of the datagrams, and Bob comes late. In an app each of them is a program.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <sys/epoll.h>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "person.hpp"
#include "system_options.hpp"
#include "udp_socket.hpp"

using namespace sixfold;
using namespace std::chrono_literals;

namespace {

const std::chrono::steady_clock monotonic;

struct app {
    app(const std::string& name, link_id relay_at, duration away)
        : user(name),
          machine(client::create(monotonic, example::system_options(user.name())).value()),
          buffer(machine.packet_size_min()), server(relay_at), log_in_at(monotonic.now() + away) {}

    void turn();
    void send(bytes packet) { socket.send(server, packet); }
    /// All that has come: the turn is later, and one for all of it.
    void receive() {
        while (const auto got = socket.receive()) {
            if (got->from == server) take(*got);
        }
    }
    void take(const example::datagram& got) {
        if (as_text(got.bytes) == "welcome") {
            log_in_at = never;
            machine.link_up();
        } else if (as_text(got.bytes) == "who?") {
            log_in_at = monotonic.now();
            machine.link_down();
        } else {
            machine.handle(got.bytes);  // a datagram that is refused is as good as lost
        }
    }
    void wake() {
        if (monotonic.now() >= log_in_at) {
            send(as_bytes(example::token_of(user)));
            // Again, until one and its answer have come through.
            log_in_at = monotonic.now() + 100ms;
        }
        turn();
    }
    [[nodiscard]] time_point next_deadline() {
        return (std::min)(machine.next_deadline(), log_in_at);
    }

    example::person user;
    client machine;
    std::vector<std::byte> buffer;
    example::udp_socket socket;
    link_id server;
    time_point log_in_at;
};

struct server {
    refusal turn(link_id from, bytes packet);
    void send(link_id to, bytes packet) { socket.send(to, packet); }
    void receive() {
        while (const auto got = socket.receive()) {
            take(*got);
        }
    }
    void take(const example::datagram& got) {
        if (const peer user = example::log_in(as_text(got.bytes)); user.valid()) {
            send(got.from, as_bytes(machine.link_up(got.from, user) ? "welcome" : "full"));
        } else if (turn(got.from, got.bytes) == refusal::unknown_link) {
            send(got.from, as_bytes("who?"));
        }
    }

    relay machine = relay::create({}).value();
    memory_mailbox mailbox = memory_mailbox::create().value();
    reactions out;
    example::udp_socket socket;
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
    server relay;
    app alice("alice", relay.socket.address(), 0ms);
    app bob("bob", relay.socket.address(), 800ms);
    const example::descriptor poll(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    for (const int fd : {relay.socket.fd(), alice.socket.fd(), bob.socket.fd()}) {
        epoll_event wanted{.events = EPOLLIN, .data = {.fd = fd}};
        example::checked(::epoll_ctl(poll.fd(), EPOLL_CTL_ADD, fd, &wanted), "epoll_ctl");
    }
    if (!alice.machine.send("bob", as_bytes("Dinner?"))) return false;

    const time_point give_up = monotonic.now() + 20s;
    while (alice.user.told() != status::delivered && monotonic.now() < give_up) {
        const auto next = (std::min)({alice.next_deadline(), bob.next_deadline(), give_up});
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - monotonic.now());
        const auto timeout = static_cast<int>((std::max)(left, 0ms).count());
        std::array<epoll_event, 3> ready{};
        const int count = ::epoll_wait(poll.fd(), ready.data(), 3, timeout);
        if (count < 0 && errno != EINTR) example::checked(count, "epoll_wait");
        for (int i = 0; i < count; ++i) {
            const int fd = ready[static_cast<std::size_t>(i)].data.fd;
            if (fd == relay.socket.fd()) relay.receive();
            if (fd == alice.socket.fd()) alice.receive();
            if (fd == bob.socket.fd()) bob.receive();
        }
        alice.wake();
        bob.wake();
    }
    return alice.user.told() == status::delivered && bob.user.inbox() == "Dinner?";
}

}  // namespace

int main() {
    try {
        return deliver_one() ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "epoll: %s\n", error.what());
        return 1;
    }
}
