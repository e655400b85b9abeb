// SPDX-License-Identifier: BSL-1.0
// ENet: reliable messages from A to B, and from A over a relay to B with an answer of B's app, in memory.
#include <algorithm>
#include <array>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <enet/enet.h>

#include "cases.hpp"
#include "packet_queue.hpp"

// The sockets of ENet, the rest of which is in enet_sockets.cpp. A shared library calls its own exported functions through the symbol
// table of the process, where those of the program come first, so these take the place of the ones in libenet. Each host checks that.

namespace {

struct datagrams {
    bench::packet_queue to_here;
    std::vector<enet_uint16> from;  // the port that each came from
    std::size_t next = 0;
};

/// By socket, from 1 on.
std::vector<datagrams> network(1);

}  // namespace

extern "C" {

ENetSocket enet_socket_create(ENetSocketType) {
    network.emplace_back();
    return static_cast<ENetSocket>(network.size() - 1);
}
int enet_socket_send(ENetSocket socket,
                     const ENetAddress* to,
                     const ENetBuffer* buffers,
                     std::size_t count) {
    datagrams& there = network.at(to->port);
    there.to_here.begin();
    there.from.push_back(static_cast<enet_uint16>(socket));
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
        there.to_here.append(
            {static_cast<const std::byte*>(buffers[i].data), buffers[i].dataLength});
        size += buffers[i].dataLength;
    }
    return static_cast<int>(size);
}
int enet_socket_receive(ENetSocket socket, ENetAddress* from, ENetBuffer* buffers, std::size_t) {
    datagrams& here = network.at(static_cast<std::size_t>(socket));
    if (here.to_here.empty()) {
        return 0;
    }
    *from = {0, here.from[here.next++]};
    const auto packet = here.to_here.take();
    if (here.to_here.empty()) {
        here.from.clear();
        here.next = 0;
    }
    if (packet.size() > buffers[0].dataLength) {
        return -1;
    }
    std::copy(packet.begin(), packet.end(), static_cast<std::byte*>(buffers[0].data));
    return static_cast<int>(packet.size());
}

}  // extern "C"

namespace {

constexpr enet_uint8 channel = 0;

class host {
  public:
    explicit host(std::size_t peers) : host_(enet_host_create(nullptr, peers, 1, 0, 0)) {
        if (host_ == nullptr) {
            throw std::runtime_error("no host");
        }
        if (static_cast<std::size_t>(host_->socket) + 1 != network.size()) {
            throw std::runtime_error("libenet opened a socket of its own");
        }
    }
    host(const host&) = delete;
    host& operator=(const host&) = delete;
    ~host() { enet_host_destroy(host_); }

    ENetPeer* connect(const host& to) {
        const ENetAddress address{0, static_cast<enet_uint16>(to.host_->socket)};
        return enet_host_connect(host_, &address, 1, 0);
    }
    /// Sends and receives what there is. Hands each event to `take`.
    template <class Take>
    void serve(Take take) {
        ENetEvent event;
        int result = enet_host_service(host_, &event, 0);
        while (result > 0) {
            bench::require(event.type != ENET_EVENT_TYPE_DISCONNECT, "a connection was lost");
            take(event);
            result = enet_host_service(host_, &event, 0);
        }
        if (result < 0) {
            throw std::runtime_error("a host failed");
        }
    }

  private:
    ENetHost* host_;
};

/// Called when a packet is not needed any more: the other end has acknowledged all of it.
void count_acknowledged(ENetPacket* packet) {
    ++*static_cast<std::uint64_t*>(packet->userData);
}

void send(ENetPeer* to, std::span<const std::byte> payload, std::uint64_t* acknowledged) {
    ENetPacket* const packet =
        enet_packet_create(payload.data(), payload.size(), ENET_PACKET_FLAG_RELIABLE);
    if (packet == nullptr) {
        throw std::bad_alloc();
    }
    if (acknowledged != nullptr) {
        packet->userData = acknowledged;
        packet->freeCallback = count_acknowledged;
    }
    if (enet_peer_send(to, channel, packet) != 0) {
        throw std::runtime_error("a message was not taken");
    }
}

/// One hop. B's ENet acknowledges, as soon as it has a message, whatever B's app does with it.
class one_hop : public bench::pair {
  public:
    explicit one_hop(const bench::load& how)
        : how_(how), payload_(how.payload), to_bob_(alice_.connect(bob_)) {
        while (to_bob_->state != ENET_PEER_STATE_CONNECTED) {
            alice_.serve([](const ENetEvent&) {});
            bob_.serve([](const ENetEvent&) {});
        }
    }
    std::uint64_t exchange() override {
        std::uint64_t acknowledged = 0;
        std::uint64_t arrived = 0;
        for (std::uint32_t i = 0; i < how_.in_flight; ++i) {
            send(to_bob_, payload_, &acknowledged);
        }
        while (acknowledged < how_.in_flight) {
            alice_.serve([](const ENetEvent&) {});
            bob_.serve([&](const ENetEvent& event) {
                if (event.type == ENET_EVENT_TYPE_RECEIVE) {
                    arrived += event.packet->dataLength == how_.payload ? 1 : 0;
                    enet_packet_destroy(event.packet);
                }
            });
        }
        return arrived;
    }

  private:
    bench::load how_;
    std::vector<std::byte> payload_;
    host alice_{1};
    host bob_{1};
    ENetPeer* to_bob_;
};

/// Two hops, and B's app answers each message with eight bytes, which come back to A's app over the relay. That is what six
/// frames do for a B that is there.
class two_hops : public bench::pair {
  public:
    explicit two_hops(const bench::load& how)
        : how_(how), payload_(how.payload), alice_to_relay_(alice_.connect(relay_)) {
        connect(alice_, alice_to_relay_, relay_to_alice_);
        bob_to_relay_ = bob_.connect(relay_);
        connect(bob_, bob_to_relay_, relay_to_bob_);
    }
    std::uint64_t exchange() override {
        std::uint64_t confirmed = 0;
        for (std::uint32_t i = 0; i < how_.in_flight; ++i) {
            send(alice_to_relay_, payload_, nullptr);
        }
        while (confirmed < how_.in_flight) {
            alice_.serve([&](const ENetEvent& event) {
                if (event.type == ENET_EVENT_TYPE_RECEIVE) {
                    confirmed += event.packet->dataLength == answer.size() ? 1 : 0;
                    enet_packet_destroy(event.packet);
                }
            });
            forward();
            bob_.serve([&](const ENetEvent& event) {
                if (event.type == ENET_EVENT_TYPE_RECEIVE) {
                    if (event.packet->dataLength == how_.payload) {
                        send(bob_to_relay_, answer, nullptr);
                    }
                    enet_packet_destroy(event.packet);
                }
            });
            forward();
        }
        return confirmed;
    }

  private:
    static constexpr std::array<std::byte, 8> answer{};

    void connect(host& from, const ENetPeer* to_relay, ENetPeer*& back) {
        while (back == nullptr || to_relay->state != ENET_PEER_STATE_CONNECTED) {
            from.serve([](const ENetEvent&) {});
            relay_.serve([&](const ENetEvent& event) {
                if (event.type == ENET_EVENT_TYPE_CONNECT) {
                    back = event.peer;
                }
            });
        }
    }
    /// The packet that came is the one that goes on: nothing is copied.
    void forward() {
        relay_.serve([this](const ENetEvent& event) {
            if (event.type != ENET_EVENT_TYPE_RECEIVE) {
                return;
            }
            ENetPeer* const to = event.peer == relay_to_alice_ ? relay_to_bob_ : relay_to_alice_;
            if (enet_peer_send(to, channel, event.packet) != 0) {
                throw std::runtime_error("the relay did not take a message");
            }
        });
    }

    bench::load how_;
    std::vector<std::byte> payload_;
    host alice_{1};
    host relay_{2};
    host bob_{1};
    ENetPeer* alice_to_relay_ = nullptr;
    ENetPeer* bob_to_relay_ = nullptr;
    ENetPeer* relay_to_alice_ = nullptr;
    ENetPeer* relay_to_bob_ = nullptr;
};

template <class Pair>
bench::service of(const std::string& what, std::uint32_t most) {
    return {what, [](const bench::load& how) { return std::make_unique<Pair>(how); }, most};
}

}  // namespace

int main() {
    return bench::run({of<one_hop>("enet", 65536), of<two_hops>("enet relay", 1024)});
}
