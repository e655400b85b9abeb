// SPDX-License-Identifier: BSL-1.0
// ENet at the ends of a path that loses: a connection on each hop.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <enet/enet.h>

#include "../measure.hpp"
#include "chains.hpp"

namespace {

using bench::lossy_network;
using bench::way;

struct {
    struct datagram {
        ENetSocket from;
        std::vector<std::byte> content;
    };
    bench::lossy_network* network = nullptr;
    std::array<std::deque<datagram>, 4> arrived;
    int made = 0;
} enet_sockets;
constexpr ENetSocket alice_socket = 1;
constexpr ENetSocket relay_socket = 2;
constexpr ENetSocket bob_socket = 3;

}  // namespace

extern "C" {

ENetSocket enet_socket_create(ENetSocketType) {
    return ++enet_sockets.made;
}
int enet_socket_send(ENetSocket from,
                     const ENetAddress* to,
                     const ENetBuffer* buffers,
                     std::size_t count) {
    using enum way;
    std::vector<std::byte> content;
    for (const ENetBuffer& each : std::span(buffers, count)) {
        const auto* const begin = static_cast<const std::byte*>(each.data);
        content.insert(content.end(), begin, begin + each.dataLength);
    }
    enet_sockets.network->put(from == alice_socket       ? from_alice
                              : from == bob_socket       ? from_bob
                              : to->port == alice_socket ? to_alice
                                                         : to_bob,
                              content);
    return static_cast<int>(content.size());
}
int enet_socket_receive(ENetSocket socket, ENetAddress* from, ENetBuffer* buffers, std::size_t) {
    auto& here = enet_sockets.arrived.at(static_cast<std::size_t>(socket));
    if (here.empty()) {
        return 0;
    }
    const auto one = std::move(here.front());
    here.pop_front();
    if (one.content.size() > buffers[0].dataLength) {
        return -1;
    }
    *from = {0, static_cast<enet_uint16>(one.from)};
    std::copy(one.content.begin(), one.content.end(), static_cast<std::byte*>(buffers[0].data));
    return static_cast<int>(one.content.size());
}

}  // extern "C"

namespace {

/// How an app sets ENet.
struct enet_setting {
    bool patient = false;      ///< it neither gives up nor makes its window smaller
    std::size_t channels = 1;  ///< messages take them in turn; each has an order of its own
};

/// Three hosts, and the relay sends on what comes.
class enet_chain : public bench::chain {
  public:
    enet_chain(lossy_network& network, const enet_setting& setting) : setting_(setting) {
        enet_sockets = {};
        enet_sockets.network = &network;
        for (auto* each : {&alice_, &relay_, &bob_}) {
            each->reset(enet_host_create(nullptr, 2, setting.channels, 0, 0));
            bench::require(*each != nullptr, "no host");
        }
        bench::require(enet_sockets.made == bob_socket, "libenet opened a socket of its own");
        to_relay_ = connect(alice_, relay_socket);
        to_bob_ = connect(relay_, bob_socket);
    }

    [[nodiscard]] bool is_linked() const override {
        return to_relay_->state == ENET_PEER_STATE_CONNECTED &&
               to_bob_->state == ENET_PEER_STATE_CONNECTED;
    }
    [[nodiscard]] bool is_broken() const override { return broken_; }
    void send(sixfold::bytes message) override {
        pass(to_relay_, static_cast<enet_uint8>(sent_++ % setting_.channels),
             enet_packet_create(message.data(), message.size(), ENET_PACKET_FLAG_RELIABLE));
    }
    void arrive(const lossy_network::packet& packet) override {
        const ENetSocket from = packet.on == way::from_alice ? alice_socket
                                : packet.on == way::from_bob ? bob_socket
                                                             : relay_socket;
        const ENetSocket to = packet.on == way::to_alice ? alice_socket
                              : packet.on == way::to_bob ? bob_socket
                                                         : relay_socket;
        enet_sockets.arrived[static_cast<std::size_t>(to)].push_back({from, packet.content});
    }
    void serve(const take& to_app) override {
        serve(alice_, [](const ENetEvent&) {});
        serve(relay_,
              [this](const ENetEvent& event) { pass(to_bob_, event.channelID, event.packet); });
        serve(bob_, [&](const ENetEvent& event) {
            to_app(
                {reinterpret_cast<const std::byte*>(event.packet->data), event.packet->dataLength});
            enet_packet_destroy(event.packet);
        });
    }

  private:
    struct destroy {
        void operator()(ENetHost* host) const { enet_host_destroy(host); }
    };
    using host = std::unique_ptr<ENetHost, destroy>;

    [[nodiscard]] ENetPeer* connect(const host& from, ENetSocket to) const {
        const ENetAddress address{0, static_cast<enet_uint16>(to)};
        ENetPeer* const peer = enet_host_connect(from.get(), &address, setting_.channels, 0);
        bench::require(peer != nullptr, "no peer");
        return peer;
    }
    void pass(ENetPeer* to, enet_uint8 channel, ENetPacket* packet) {
        if (enet_peer_send(to, channel, packet) != 0) {  // the connection is over
            enet_packet_destroy(packet);
            broken_ = true;
        }
    }
    template <class Take>
    void serve(const host& at, Take take_one) {
        ENetEvent event;
        int result = enet_host_service(at.get(), &event, 0);
        for (; result > 0; result = enet_host_service(at.get(), &event, 0)) {
            if (event.type == ENET_EVENT_TYPE_RECEIVE) {
                take_one(event);
            } else if (event.type == ENET_EVENT_TYPE_DISCONNECT) {
                broken_ = true;
            } else if (setting_.patient) {
                constexpr enet_uint32 day = 86'400'000;
                enet_peer_timeout(event.peer, day, day, day);
                enet_peer_throttle_configure(event.peer, ENET_PEER_PACKET_THROTTLE_INTERVAL,
                                             ENET_PEER_PACKET_THROTTLE_SCALE, 0);
            }
        }
        bench::require(result == 0, "a host failed");
    }

    enet_setting setting_;
    host alice_, relay_, bob_;
    ENetPeer* to_relay_ = nullptr;
    ENetPeer* to_bob_ = nullptr;
    std::uint64_t sent_ = 0;
    bool broken_ = false;
};

}  // namespace

std::vector<bench::chain_kind> bench::chains_of_enet() {
    return {
        chain_of<enet_chain>("enet", "in order", enet_setting{}),
        chain_of<enet_chain>("enet, patient", "in order", enet_setting{.patient = true}),
        chain_of<enet_chain>("enet, patient", "in 255 orders",
                             enet_setting{.patient = true, .channels = 255}),
    };
}
