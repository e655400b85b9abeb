// SPDX-License-Identifier: BSL-1.0
// The superloop of a microcontroller: no operating system, no exceptions, a tick counter for a clock,
// and a packet radio that loses a third of the packets. Alice and Bob are two such devices, the relay is
// the base station, and Bob is switched on late. Little memory is taken, until it is enough, and then no more.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "person.hpp"

using namespace sixfold;

namespace {

/// Milliseconds since power-up. On a device the interrupt of a timer counts them, not main().
struct tick_clock {
    [[nodiscard]] time_point now() const { return time_point(std::chrono::milliseconds(ticks)); }
    std::uint64_t ticks = 0;
} board;

/// A queue between the main loop and the interrupts of the radio: packets, each behind its size.
class byte_queue {
  public:
    void push(bytes packet) {
        if (size_ + 2 + packet.size() > ring_.size()) return;  // no room: lost, and sent again
        put(static_cast<std::byte>(packet.size() & 0xFF));
        put(static_cast<std::byte>(packet.size() >> 8));
        std::for_each(packet.begin(), packet.end(), [this](std::byte each) { put(each); });
    }
    /// The next packet, if there is one. Good until the next call.
    std::optional<bytes> pop() {
        if (size_ == 0) return std::nullopt;
        const auto low = std::to_integer<std::size_t>(get());
        const auto size = low | std::to_integer<std::size_t>(get()) << 8;
        std::generate_n(packet_.begin(), size, [this] { return get(); });
        return bytes(packet_).first(size);
    }

  private:
    void put(std::byte value) { ring_[(first_ + size_++) % ring_.size()] = value; }
    std::byte get() {
        --size_;
        return ring_[first_++ % ring_.size()];
    }

    std::array<std::byte, 1024> ring_{};
    std::array<std::byte, 1024> packet_{};
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

struct radio {
    byte_queue out;
    byte_queue in;
};

/// A device that talks to few, about little: both machines take a few kilobytes.
client_options small(const char* name, std::uint64_t boots) {
    return {.self = name,
            .life = {.start = boots,  // a counter in flash, larger at each start
                     .seed = boots},  // on a device: from its generator of random numbers
            .sender = {.window = 4,
                       .queue_entries = 8,
                       .queue_bytes = 512,
                       .unsettled_max = 8,
                       .payload_max = 64,
                       .peers_max = 4},
            .receiver = {.window = 8,
                         .exceptions = 4,
                         .payload_max = 64,
                         .held_entries = 8,
                         .held_bytes = 512,
                         .peers_max = 4}};
}

struct app {
    app(const char* name, std::uint64_t boots)
        : user(name), made(client::create(board, small(name, boots))), machine(made.value()),
          buffer(machine.packet_size_min()) {
        machine.link_up();  // a radio that is paired has one other end, and needs no login
    }

    void turn();
    void send(bytes packet) { antenna.out.push(packet); }
    void loop() {
        bool due = board.now() >= machine.next_deadline();
        while (const auto packet = antenna.in.pop()) {
            machine.handle(*packet);  // a packet that is refused is as good as lost
            due = true;
        }
        if (due) turn();
    }

    example::person user;
    result<client> made;  // stays where it was made: the stack of a device has no room for one
    client& machine;
    std::vector<std::byte> buffer;
    radio antenna;
};

struct server {
    refusal turn(link_id from, bytes packet);
    void send(link_id to, bytes packet) { antenna[index(to)].out.push(packet); }
    void loop() {
        for (const link_id link : {link_id{1}, link_id{2}}) {
            while (const auto packet = antenna[index(link)].in.pop()) {
                (void)turn(link, *packet);
            }
        }
    }
    static std::size_t index(link_id link) { return static_cast<std::size_t>(link) - 1; }

    result<relay> made = relay::create({.peers_max = 4, .payload_max = 64});  // likewise
    relay& machine = made.value();
    memory_mailbox mailbox = memory_mailbox::create().value();
    reactions out;
    std::array<radio, 2> antenna;
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

/// The air between two radios.
void carry(radio& a, radio& b) {
    static std::minstd_rand chance;
    for (auto [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        while (const auto packet = from->out.pop()) {
            if (chance() % 3 != 0) to->in.push(*packet);
        }
    }
}

}  // namespace

int main() {
    static server relay;
    static app alice("alice", 1);
    static app bob("bob", 2);
    constexpr std::uint64_t bob_comes = 2'000;
    constexpr std::uint64_t give_up = 600'000;
    bool good = relay.machine.link_up(link_id{1}, "alice") &&
                alice.machine.send("bob", as_bytes("Dinner?"));
    for (; alice.user.told() != status::delivered && board.ticks < give_up; ++board.ticks) {
        alice.loop();
        carry(alice.antenna, relay.antenna[0]);
        relay.loop();
        if (board.ticks == bob_comes) good = relay.machine.link_up(link_id{2}, "bob") && good;
        if (board.ticks >= bob_comes) bob.loop();
        carry(bob.antenna, relay.antenna[1]);
    }
    std::printf("after %.1f s of radio time\n", static_cast<double>(board.ticks) / 1000);
    return good && alice.user.told() == status::delivered && bob.user.inbox() == "Dinner?" ? 0 : 1;
}
