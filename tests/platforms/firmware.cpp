// SPDX-License-Identifier: BSL-1.0

// The program of a small device, to be linked and measured: all that a client does without a journal, and nothing else.
#include "device.hpp"

namespace {

constexpr receiver_options receives{.window = 8,
                                    .exceptions = 8,
                                    .payload_max = 64,
                                    .held_entries = 16,
                                    .held_bytes = 1024,
                                    .peers_max = 2};

}  // namespace

int main() {
    static auto made = client::create(
        millis, {.self = "device", .life = {1, 7}, .sender = sends, .receiver = receives});
    client& machine = made.value();
    machine.link_up();
    for (;;) {
        (void)machine.send("host", as_bytes("21.5"));
        (void)machine.handle(receive_packet());
        while (const auto event = machine.poll_event()) {
            radio = static_cast<unsigned>(event->what);
        }
        while (const auto message = machine.poll_message()) {
            use(message->payload);
            (void)machine.accept(*message);
        }
        while (const auto packet = machine.poll_transmit(buffer)) {
            use(*packet);
        }
        radio = machine.next_deadline() == never ? 0 : 1;
    }
}
