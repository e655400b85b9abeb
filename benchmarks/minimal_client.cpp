// SPDX-License-Identifier: BSL-1.0
// The least that a program with one client has: it sends, receives, accepts, and polls. What it calls of the world are
// stubs, which `code_size` defines in a file of their own, so that the compiler knows nothing of what they return.
#include <array>
#include <chrono>
#include <cstddef>

#include <sixfold/client.hpp>

std::size_t receive_packet(std::byte* into, std::size_t size);
void send_packet(const std::byte* packet, std::size_t size);
void hear(int status);
void keep(const std::byte* payload, std::size_t size);
long long milliseconds();

namespace {

struct board_clock {
    [[nodiscard]] sixfold::time_point now() const {
        return sixfold::time_point(std::chrono::milliseconds(milliseconds()));
    }
};

}  // namespace

int main() {
    const board_clock clock;
    auto client =
        sixfold::client::create(clock, {.self = "device", .life = {.start = 1, .seed = 1}});
    if (!client) {
        return 1;
    }
    client->link_up();
    std::array<std::byte, 1500> packet;
    for (;;) {
        if (const std::size_t size = receive_packet(packet.data(), packet.size()); size != 0) {
            client->handle({packet.data(), size});
        }
        while (const auto event = client->poll_event()) {
            hear(static_cast<int>(event->what));
        }
        while (const auto message = client->poll_message()) {
            keep(message->payload.data(), message->payload.size());
            client->accept(*message);
        }
        if (!client->send("server", sixfold::as_bytes("it is warm"))) {
            return 0;
        }
        while (const auto ready = client->poll_transmit(packet)) {
            send_packet(ready->data(), ready->size());
        }
    }
}
