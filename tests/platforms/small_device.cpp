// SPDX-License-Identifier: BSL-1.0

// What a client takes of the memory of a small computer, of 32 bits: with a window of 8 and room for 16 messages. It comes late,
// reads what waits in its mailbox, and has a conversation, all over a radio that loses a third of the packets. The relay and
// the other end do not count.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <random>
#include <span>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

namespace {

using namespace sixfold;

constexpr std::size_t ram_max = 16 * 1024;
constexpr std::size_t stack_max = 4096;
constexpr int late = 500;  // turns

bool on_device = false;
std::size_t heap = 0;  // of the device
std::size_t heap_most = 0;

struct alignas(8) owner {  // stands in front of what was taken
    std::size_t size;      // 0: not the device's
};

void* take(std::size_t size) {
    auto* const at = static_cast<owner*>(std::malloc(sizeof(owner) + size));
    at->size = on_device ? size : 0;
    heap += at->size;
    heap_most = (std::max)(heap_most, heap);
    return at + 1;
}

void give_back(void* what) noexcept {
    if (what != nullptr) {
        auto* const at = static_cast<owner*>(what) - 1;
        heap -= at->size;
        std::free(at);
    }
}

}  // namespace

void* operator new(std::size_t size) {
    return take(size);
}
void operator delete(void* what) noexcept {
    give_back(what);
}
void operator delete(void* what, std::size_t /*size*/) noexcept {
    give_back(what);
}

namespace {

constexpr std::uint8_t paint = 0xA5;
std::size_t stack_used = 0;

/// Paints the stack below, and says how far the call went.
template <class Call>
[[gnu::noinline]] void run_on_device(Call call) {
    volatile std::uint8_t* const top = static_cast<std::uint8_t*>(__builtin_frame_address(0)) - 64;
    for (std::size_t i = 0; i < stack_max; ++i) {
        top[-static_cast<std::ptrdiff_t>(i)] = paint;
    }
    on_device = true;
    call();
    on_device = false;
    std::size_t depth = stack_max;
    while (depth > 0 && top[1 - static_cast<std::ptrdiff_t>(depth)] == paint) {
        --depth;
    }
    stack_used = (std::max)(stack_used, depth);
}

manual_clock millis;

constexpr sender_options sends{.window = 8,
                               .queue_entries = 16,
                               .queue_bytes = 1024,
                               .unsettled_max = 16,
                               .payload_max = 64,
                               .peers_max = 2};
constexpr receiver_options receives{.window = 8,
                                    .exceptions = 8,
                                    .payload_max = 64,
                                    .held_entries = 16,
                                    .held_bytes = 1024,
                                    .peers_max = 2};

struct end {  // of the conversation
    result<client> made;
    std::vector<std::byte> buffer;
    unsigned sent = 0;
    unsigned delivered = 0;
    unsigned accepted = 0;

    void turn(link_id link, relay& over, memory_mailbox& mailbox, bool device);
};

std::array<end*, 2> ends;
std::minstd_rand chance;
reactions out;

void deliver(const reactions& all) {
    for (const auto frame : all.frames()) {
        if (frame.link != link_id::none && chance() % 3 != 0) {
            end& to = *ends[static_cast<std::size_t>(frame.link) - 1];
            const auto handle = [&] {
                (void)to.made->handle(frame.bytes);
            };
            to.made->self() == peer("device") ? run_on_device(handle) : handle();
        }
    }
}

void end::turn(link_id link, relay& over, memory_mailbox& mailbox, bool device) {
    client& machine = made.value();
    std::optional<bytes> packet;
    const auto app = [&] {
        while (sent < 40 && machine.send(device ? "host" : "device", std::array<std::byte, 60>())) {
            ++sent;
        }
        while (const auto event = machine.poll_event()) {
            delivered += event->what == status::delivered ? 1 : 0;
        }
        while (const auto message = machine.poll_message()) {
            accepted += machine.accept(*message) ? 1 : 0;
        }
    };
    const auto poll = [&] {
        packet = machine.poll_transmit(buffer);
    };
    device ? run_on_device(app) : app();
    for (device ? run_on_device(poll) : poll(); packet; device ? run_on_device(poll) : poll()) {
        if (chance() % 3 != 0) {
            (void)over.handle(link, *packet, out);
            while (const auto request = out.next_request()) {
                over.complete(*request, mailbox.execute(*request), out);
            }
            deliver(out);
            out.clear();
        }
    }
}

alignas(client) std::array<std::byte, sizeof(end)> place;

}  // namespace

int main() {
    auto over = relay::create({.peers_max = 2, .payload_max = 64}).value();
    auto mailbox = memory_mailbox::create().value();
    const client_options small{
        .self = "device", .life = {1, 7}, .sender = sends, .receiver = receives};
    run_on_device([&] { new (place.data()) end{client::create(millis, small), {}}; });
    end& device = *reinterpret_cast<end*>(place.data());
    run_on_device([&] { device.buffer.resize(device.made.value().packet_size_min()); });
    end host{client::create(
                 millis, {.self = "host", .life = {1, 8}, .sender = sends, .receiver = receives}),
             {}};
    host.buffer.resize(host.made.value().packet_size_min());
    ends = {&device, &host};
    const std::size_t at_first = heap;

    bool good = over.link_up(link_id{2}, "host").has_value();
    host.made->link_up();
    for (int i = 0; i < 60'000 && (device.delivered < 40 || host.delivered < 40); ++i) {
        if (i == late) {
            good = good && over.link_up(link_id{1}, "device") && mailbox.rows() != 0;
            device.made->link_up();
        }
        if (i >= late) {
            device.turn(link_id{1}, over, mailbox, true);
        }
        host.turn(link_id{2}, over, mailbox, false);
        millis.advance(std::chrono::milliseconds(10));
    }
    good = good && device.delivered == 40 && device.accepted == 40 && host.accepted == 40;
    const std::size_t ram = sizeof(client) + heap_most + stack_used;
    std::printf("a client of %u bytes, %u more when it is made, at most %u, stack %u: in all %u, "
                "limit %u\n",
                unsigned{sizeof(client)}, unsigned(at_first), unsigned(heap_most),
                unsigned(stack_used), unsigned(ram), unsigned(ram_max));
    return good && ram <= ram_max ? 0 : 1;
}
