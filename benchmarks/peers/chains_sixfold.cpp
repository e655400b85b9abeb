// SPDX-License-Identifier: BSL-1.0
// The library itself, at the ends of a path that loses.
#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "../measure.hpp"
#include "chains.hpp"

namespace {

using bench::lossy_network;
using bench::way;

/// The library itself: the ends know of each other, and the relay keeps nothing.
class sixfold_chain : public bench::chain {
  public:
    sixfold_chain(lossy_network& network,
                  const sixfold::sender_options& sender,
                  sixfold::delivery order)
        : network_(network),
          alice_(sixfold::client::create(bench::virtual_time, alice(sender)).value()),
          bob_(sixfold::client::create(bench::virtual_time, bob(order)).value()) {
        alice_.link_up(sixfold::checksum::on);
        bob_.link_up(sixfold::checksum::on);
        bench::require(relay_.link_up(to_alice, "alice", sixfold::checksum::on).has_value() &&
                           relay_.link_up(to_bob, "bob", sixfold::checksum::on).has_value(),
                       "a link was refused");
    }

    void send(sixfold::bytes message) override {
        bench::require(alice_.send("bob", message).has_value(), "no room for a message");
    }
    void arrive(const lossy_network::packet& packet) override {
        switch (packet.on) {
        case way::from_alice: pass(to_alice, packet.content); break;
        case way::from_bob: pass(to_bob, packet.content); break;
        case way::to_alice: alice_.handle(packet.content); break;
        case way::to_bob: bob_.handle(packet.content); break;
        }
    }
    void serve(const take& to_app) override {
        while (const auto event = alice_.poll_event()) {
        }
        while (const auto message = bob_.poll_message()) {
            to_app(message->payload);
            bob_.accept(*message);
        }
        transmit(alice_, way::from_alice);
        transmit(bob_, way::from_bob);
    }
    [[nodiscard]] bench::time_point next_deadline() override {
        return (std::min)(alice_.next_deadline(), bob_.next_deadline());
    }

  private:
    static constexpr sixfold::link_id to_alice{1};
    static constexpr sixfold::link_id to_bob{2};

    [[nodiscard]] static sixfold::client_options alice(const sixfold::sender_options& sender) {
        sixfold::client_options out{.self = "alice", .life = {.start = 1, .seed = 1}};
        out.sender = sender;
        out.sender.window = 512;
        out.sender.queue_entries = out.sender.peer_entries = 1 << 16;  // as much as is ever behind
        out.sender.queue_bytes = out.sender.peer_bytes = 64 << 16;
        return out;
    }
    [[nodiscard]] static sixfold::client_options bob(sixfold::delivery order) {
        sixfold::client_options out{.self = "bob", .life = {.start = 1, .seed = 2}};
        out.receiver.window = out.receiver.held_entries = 512;
        out.receiver.delivery = order;
        return out;
    }

    void transmit(sixfold::client& from, way on) {
        while (const auto content = from.poll_transmit(buffer_)) {
            network_.put(on, *content);
        }
    }
    /// What the relay puts out for one link goes into one packet.
    void pass(sixfold::link_id from, sixfold::bytes content) {
        relay_.handle(from, content, reactions_);
        while (const auto request = reactions_.next_request()) {
            relay_.complete(*request, mailbox_.execute(*request), reactions_);
        }
        std::vector<std::byte> for_alice;
        std::vector<std::byte> for_bob;
        for (const auto frame : reactions_.frames()) {
            auto& to = frame.link == to_alice ? for_alice : for_bob;
            to.insert(to.end(), frame.bytes.begin(), frame.bytes.end());
        }
        reactions_.clear();
        if (!for_alice.empty()) {
            network_.put(way::to_alice, for_alice);
        }
        if (!for_bob.empty()) {
            network_.put(way::to_bob, for_bob);
        }
    }

    lossy_network& network_;
    sixfold::client alice_;
    sixfold::client bob_;
    sixfold::relay relay_ = sixfold::relay::create({}).value();
    sixfold::memory_mailbox mailbox_ = sixfold::memory_mailbox::create().value();
    sixfold::reactions reactions_;
    std::array<std::byte, 1200> buffer_{};
};

}  // namespace

std::vector<bench::chain_kind> bench::chains_of_sixfold() {
    using sixfold::sender_options;
    using enum sixfold::delivery;
    return {
        chain_of<sixfold_chain>("sixfold", "in order", sender_options{}, in_order),
        chain_of<sixfold_chain>("sixfold", "as it comes", sender_options{}, as_it_comes),
        chain_of<sixfold_chain>("sixfold, no congestion control", "in order",
                                sender_options{.flight_first = 0}, in_order),
        chain_of<sixfold_chain>("sixfold, no repetition", "in order",
                                sender_options{.repeat_bytes = 0, .repeat_packets = 0}, in_order),
    };
}
