// SPDX-License-Identifier: BSL-1.0

// The program of a device that only receives, to be linked and measured: all that a receiver does without a journal.
#include "device.hpp"

namespace {

constexpr receiver_options receives{.window = 8,
                                    .exceptions = 8,
                                    .payload_max = 64,
                                    .held_entries = 16,
                                    .held_bytes = 1024,
                                    .peers_max = 2};

/// What a receiver takes, of all that may come.
struct told {
    receiver& machine;

    refusal operator()(const msg_notify& notice, bytes) { return machine.handle(notice); }
    refusal operator()(const ack_answer& answer, bytes) { return machine.handle(answer); }
    refusal operator()(const sync_answer& answer, bytes) { return machine.handle(answer); }
};

}  // namespace

int main() {
    static auto made = receiver::create(millis, 7, receives);
    receiver& machine = made.value();
    refusal_counts refused;
    const framing link(peer("device"));
    machine.link_up(link);
    for (;;) {
        (void)decode_packet(receive_packet(), link, refused, told{machine});
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
