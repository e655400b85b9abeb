// SPDX-License-Identifier: BSL-1.0

// The program of a device that only sends, to be linked and measured: all that a sender does without a journal.
#include "device.hpp"

namespace {

/// What a sender takes, of all that may come.
struct told {
    sender& machine;

    refusal operator()(const msg_answer& answer, bytes) { return machine.handle(answer); }
    refusal operator()(const ack_notify& notice, bytes) { return machine.handle(notice); }
};

}  // namespace

int main() {
    static auto made = sender::create(millis, {1, 7}, sends);
    sender& machine = made.value();
    refusal_counts refused;
    const framing link(peer("device"));
    machine.link_up(link);
    for (;;) {
        (void)machine.send("host", as_bytes("21.5"));
        (void)decode_packet(receive_packet(), link, refused, told{machine});
        while (const auto event = machine.poll_event()) {
            radio = static_cast<unsigned>(event->what);
        }
        while (const auto packet = machine.poll_transmit(buffer)) {
            use(*packet);
        }
        radio = machine.next_deadline() == never ? 0 : 1;
    }
}
