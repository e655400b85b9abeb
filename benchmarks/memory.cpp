// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>  // move

#include "bad_network.hpp"
#include "groups.hpp"
#include "lone_receiver.hpp"
#include "lone_relay.hpp"
#include "lone_sender.hpp"
#include "world.hpp"

// Bytes that are kept, and allocations that are made. Counted, not timed: each piece of memory of this program begins with its size.

namespace {

struct {
    std::size_t allocations = 0;
    std::size_t live = 0;  // bytes that were asked for and not given back
} heap;

constexpr std::size_t header = alignof(std::max_align_t);

void* take(std::size_t size) {
    void* const memory = std::malloc(header + size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    *static_cast<std::size_t*>(memory) = size;
    ++heap.allocations;
    heap.live += size;
    return static_cast<std::byte*>(memory) + header;
}

void give_back(void* at) noexcept {
    if (at != nullptr) {
        void* const memory = static_cast<std::byte*>(at) - header;
        heap.live -= *static_cast<std::size_t*>(memory);
        std::free(memory);
    }
}

}  // namespace

void* operator new(std::size_t size) {
    return take(size);
}
void* operator new[](std::size_t size) {
    return take(size);
}
void operator delete(void* at) noexcept {
    give_back(at);
}
void operator delete[](void* at) noexcept {
    give_back(at);
}
void operator delete(void* at, std::size_t) noexcept {
    give_back(at);
}
void operator delete[](void* at, std::size_t) noexcept {
    give_back(at);
}

namespace bench {

namespace {

/// Of the machine alone: what else is kept for it is smaller when the call returns.
template <class Machine>
std::size_t bytes_of(const std::unique_ptr<Machine> kept) {
    const std::size_t all = heap.live;
    { const auto ended = std::move(*kept).release_machine(); }
    return all - heap.live;
}

void print_bytes(const std::string& what, std::uint64_t n, std::size_t bytes) {
    print("memory", what, n, static_cast<double>(bytes) / static_cast<double>(n), "bytes");
}

void count_in_flight() {
    constexpr std::uint64_t messages = 65'536;
    auto busy = std::make_unique<lone_sender>(messages, 1);
    busy->send();
    const std::size_t all = bytes_of(std::move(busy));
    // What it takes at construction is the storage of its payloads, and the little that one receiver needs.
    const std::size_t idle = bytes_of(std::make_unique<lone_sender>(messages, 1));
    print_bytes("sender: message of 64 B in flight", messages, all);
    print_bytes("sender: message in flight without its payload", messages, all - idle);
}

void count_peers() {
    constexpr std::uint64_t peers = 100'000;
    print_bytes("sender: quiet stream", peers, bytes_of(std::make_unique<lone_sender>(1, peers)));
    print_bytes("receiver: quiet stream", peers, bytes_of(std::make_unique<lone_receiver>(peers)));
    print_bytes("relay: peer", peers, bytes_of(std::make_unique<lone_relay>(peers)));
}

/// With default options, the object itself included. Most of it is the storage of payloads, there from the beginning.
void count_idle_client() {
    const sixfold::manual_clock clock;
    const std::size_t before = heap.live;
    const auto idle =
        sixfold::client::create(clock, {.self = "alice---", .life = {.start = 1, .seed = 1}});
    require(idle.has_value(), "the default options were refused");
    print_bytes("client: idle", 1, heap.live - before + sizeof(sixfold::client));
}

void print_allocations(const std::string& what,
                       std::uint64_t messages,
                       std::size_t sender,
                       std::size_t relay,
                       std::size_t receiver) {
    const auto each = [&](const char* whose, std::size_t count) {
        print("memory", std::string(whose) + what, 64,
              static_cast<double>(count) / static_cast<double>(messages), "allocations");
    };
    each("sender", sender);
    each("relay", relay);
    each("receiver", receiver);
    each("all three", sender + relay + receiver);
}

/// After `warm_up` exchanges, in which buffers grow to what is needed.
void count_allocations(std::uint64_t loss, const std::string& what) {
    constexpr int warm_up = 500;
    constexpr int exchanges = 500;
    bad_network all(64, loss);
    std::array<std::size_t, nodes> counts{};
    std::uint64_t messages = 0;
    for (int i = 0; i < warm_up + exchanges; ++i) {
        const bool counted = i >= warm_up;
        const std::uint64_t delivered = all.exchange([&](node whose, auto part) {
            const std::size_t before = heap.allocations;
            part();
            counts[static_cast<std::size_t>(whose)] += counted ? heap.allocations - before : 0;
        });
        messages += counted ? delivered : 0;
    }
    print_allocations(what, messages, counts[0], counts[1], counts[2]);
}

}  // namespace

void measure_memory(const settings&) {
    count_in_flight();
    count_peers();
    count_idle_client();
    count_allocations(0, " without loss");
    count_allocations(10, " with 1 % loss");
}

}  // namespace bench
