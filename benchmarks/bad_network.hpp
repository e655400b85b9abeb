// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_BAD_NETWORK_HPP
#define SIXFOLD_BENCHMARKS_BAD_NETWORK_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "measure.hpp"
#include "wire.hpp"

namespace bench {

/// Whose work something is.
enum class node { sender, relay, receiver };
inline constexpr std::size_t nodes = 3;

/// A, the relay and B in virtual time, where each frame travels alone, takes 50 to 70 ms a hop, and is lost now and then.
/// Everything repeats exactly.
class bad_network {
  public:
    /// So many messages of 64 bytes at a time, and so many frames lost of a thousand.
    bad_network(std::uint32_t messages, std::uint64_t loss) : messages_(messages), loss_(loss) {
        alice_.link_up(sixfold::checksum::off);
        bob_.link_up(sixfold::checksum::off);
        require(relay_.link_up(to_alice, "alice---", sixfold::checksum::off).has_value() &&
                    relay_.link_up(to_bob, "bob-----", sixfold::checksum::off).has_value(),
                "a link was refused");
        require(alice_.send("bob-----", payload_).has_value(), "no room for a message");
        run(1, [](node, auto part) { part(); });
    }
    bad_network(const bad_network&) = delete;  // the clients refer to the clock
    bad_network& operator=(const bad_network&) = delete;

    /// All messages go out at once; returns when A knows of the last that it is delivered. What a machine does is given to
    /// `meter(node, part)`, which has to call it. The network itself is nobody's work.
    template <class Meter>
    std::uint64_t exchange(Meter meter) {
        meter(node::sender, [this] {
            for (std::uint32_t i = 0; i < messages_; ++i) {
                require(alice_.send("bob-----", payload_).has_value(), "no room for a message");
                transmit(alice_, from_alice_);
            }
        });
        launch(from_alice_, &moment::from_alice);
        run(messages_, meter);
        return messages_;
    }

    /// Frames that were put on the network, those that it has lost included.
    [[nodiscard]] std::uint64_t frames() const { return frames_; }
    [[nodiscard]] sixfold::duration now() const { return clock_.now().time_since_epoch(); }
    [[nodiscard]] const sixfold::client& alice() const { return alice_; }

  private:
    static constexpr sixfold::link_id to_alice{1};
    static constexpr sixfold::link_id to_bob{2};
    static constexpr sixfold::duration step = std::chrono::milliseconds(1);
    static constexpr std::uint64_t steps_max = 24 * 3'600'000;

    /// What arrives in one step.
    struct moment {
        wire for_alice, for_bob, from_alice, from_bob;
    };

    [[nodiscard]] sixfold::client_options alice_options() const {
        sixfold::client_options o{.self = "alice---", .life = {.start = 1, .seed = 1}};
        o.sender.window = messages_;
        o.sender.queue_entries = o.sender.peer_entries = messages_;
        o.sender.queue_bytes = o.sender.peer_bytes = messages_ * 64 + 1024;
        return o;
    }
    [[nodiscard]] sixfold::client_options bob_options() const {
        sixfold::client_options o{.self = "bob-----", .life = {.start = 1, .seed = 2}};
        o.receiver.window = messages_;
        o.receiver.held_entries = messages_;
        o.receiver.held_bytes = messages_ * 64 + 1024;
        return o;
    }

    template <class Meter>
    void run(std::uint64_t messages, Meter meter) {
        const std::uint64_t wanted = delivered_ + messages;
        for (std::uint64_t steps = 0; delivered_ < wanted; ++steps) {
            require(steps < steps_max, "the messages did not arrive within a day");
            moment& now = moments_[place_];
            if (now.from_alice.size() + now.from_bob.size() != 0) {
                meter(node::relay, [&] { relay_all(now); });
                launch_frames();
            }
            if (now.for_alice.size() != 0 || alice_.next_deadline() <= clock_.now()) {
                meter(node::sender, [&] { serve_alice(now.for_alice); });
                launch(from_alice_, &moment::from_alice);
            }
            if (now.for_bob.size() != 0 || bob_.next_deadline() <= clock_.now()) {
                meter(node::receiver, [&] { serve_bob(now.for_bob); });
                launch(from_bob_, &moment::from_bob);
            }
            clock_.advance(step);
            place_ = (place_ + 1) % moments_.size();
        }
    }

    void serve_alice(wire& packets) {
        transmit(alice_, from_alice_);
        for (std::size_t i = 0; i < packets.size(); ++i) {
            alice_.handle(packets[i]);
            while (const auto event = alice_.poll_event()) {
                delivered_ += std::uint64_t{event->what == sixfold::status::delivered};
            }
            transmit(alice_, from_alice_);
        }
        packets.clear();
    }
    void serve_bob(wire& packets) {
        transmit(bob_, from_bob_);
        for (std::size_t i = 0; i < packets.size(); ++i) {
            bob_.handle(packets[i]);
            while (const auto message = bob_.poll_message()) {
                bob_.accept(*message);
            }
            transmit(bob_, from_bob_);
        }
        packets.clear();
    }
    void transmit(sixfold::client& from, wire& to) {
        while (const auto packet = from.poll_transmit(to.room(1400))) {
            to.add(packet->size());
        }
    }
    void relay_all(moment& now) {
        relay_packets(to_alice, now.from_alice);
        relay_packets(to_bob, now.from_bob);
    }
    void relay_packets(sixfold::link_id from, wire& packets) {
        for (std::size_t i = 0; i < packets.size(); ++i) {
            relay_.handle(from, packets[i], out_);
            while (const auto request = out_.next_request()) {
                relay_.complete(*request, mailbox_.execute(*request), out_);
            }
        }
        packets.clear();
    }

    /// What the relay has put out is on its way.
    void launch_frames() {
        for (const auto frame : out_.frames()) {
            launch(frame.bytes, frame.link == to_alice ? &moment::for_alice : &moment::for_bob);
        }
        out_.clear();
    }
    /// What a client has put out is on its way to the relay.
    void launch(wire& packets, wire moment::*where) {
        for (std::size_t i = 0; i < packets.size(); ++i) {
            sixfold::packet_reader reader(packets[i]);
            while (const auto frame = reader.next()) {
                launch(*frame, where);
            }
        }
        packets.clear();
    }
    void launch(sixfold::bytes frame, wire moment::*where) {
        ++frames_;
        if (random_.below(1000) >= loss_) {
            const std::size_t way = 50 + random_.below(21);
            (moments_[(place_ + way) % moments_.size()].*where).add(frame);
        }
    }

    std::uint32_t messages_;
    std::uint64_t loss_;
    std::vector<std::byte> payload_ = std::vector<std::byte>(64);
    sixfold::manual_clock clock_;
    sixfold::client alice_ = sixfold::client::create(clock_, alice_options()).value();
    sixfold::client bob_ = sixfold::client::create(clock_, bob_options()).value();
    sixfold::relay relay_ = sixfold::relay::create({}).value();
    sixfold::memory_mailbox mailbox_ = sixfold::memory_mailbox::create().value();
    sixfold::reactions out_;
    sixfold::random_source random_{1};
    wire from_alice_, from_bob_;
    std::array<moment, 128> moments_;  // a ring: each step in its turn
    std::size_t place_ = 0;
    std::uint64_t delivered_ = 0;
    std::uint64_t frames_ = 0;
};

}  // namespace bench

#endif
