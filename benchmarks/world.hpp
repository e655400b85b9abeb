// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_WORLD_HPP
#define SIXFOLD_BENCHMARKS_WORLD_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

namespace bench {

/// Packets one behind the other in one piece of memory, as a transport would be handed them.
class wire {
  public:
    /// Room for a packet behind the others.
    [[nodiscard]] std::span<std::byte> room(std::size_t size) {
        if (memory_.size() - used_ < size) {
            memory_.resize((std::max)(used_ + size, 2 * memory_.size()));
        }
        return {memory_.data() + used_, size};
    }
    /// So much of it was used.
    void add(std::size_t size) {
        packets_.push_back({used_, size});
        used_ += size;
    }
    void clear() {
        packets_.clear();
        used_ = 0;
    }
    [[nodiscard]] std::size_t size() const { return packets_.size(); }
    [[nodiscard]] std::size_t bytes_used() const { return used_; }
    [[nodiscard]] sixfold::bytes operator[](std::size_t i) const {
        return {memory_.data() + packets_[i].at, packets_[i].size};
    }

  private:
    struct packet {
        std::size_t at;
        std::size_t size;
    };
    std::vector<std::byte> memory_;
    std::vector<packet> packets_;
    std::size_t used_ = 0;
};

/// How the frames travel.
enum class packing {
    single,  ///< each frame in a packet of its own: six of them a message
    packed,  ///< as many as fit into 1,400 bytes, and one ack:R for each packet that came
};

struct setting {
    std::size_t payload = 64;
    std::uint32_t in_flight = 64;
    sixfold::checksum checksum = sixfold::checksum::off;
    bench::packing packing = packing::single;
};

/// A, the relay and B in memory. In each exchange so many messages go out and all of them are confirmed, stage by stage: all
/// are sent, then all are relayed, then all are received, and so on. So each stage finds the memory of the one before it as
/// cold as the number in flight makes it.
class world {
  public:
    explicit world(const setting& how) : how_(how), payload_(how.payload) {
        alice_.link_up(how.checksum);
        bob_.link_up(how.checksum);
        if (!relay_.link_up(to_alice, "alice---", how.checksum) ||
            !relay_.link_up(to_bob, "bob-----", how.checksum)) {
            throw std::logic_error("a link was refused");
        }
        meet();
    }

    /// Returns how many messages A knows to be delivered.
    std::uint64_t exchange() {
        send();
        forward();
        receive();
        pass_back();
        return settle();
    }

    // The stages, in this order.

    void send() {
        to_relay_.clear();
        for (std::uint32_t i = 0; i < how_.in_flight; ++i) {
            if (!alice_.send("bob-----", payload_)) {
                throw std::logic_error("a message was not taken");
            }
            if (how_.packing == packing::single) {
                transmit(alice_);
            }
        }
        transmit(alice_);
        clock_.advance(std::chrono::microseconds(1));
    }
    void forward() { relay_all(); }
    void receive() {
        to_relay_.clear();
        deliver(to_bob, [this](sixfold::bytes packet) {
            bob_.handle(packet);
            while (const auto message = bob_.poll_message()) {
                bob_.accept(*message);
            }
            transmit(bob_);
        });
        deliver(to_alice, [this](sixfold::bytes packet) { alice_.handle(packet); });
        clock_.advance(std::chrono::microseconds(1));
    }
    void pass_back() { relay_all(); }
    std::uint64_t settle() {
        std::uint64_t delivered = 0;
        deliver(to_bob, [this](sixfold::bytes packet) { bob_.handle(packet); });
        deliver(to_alice, [&](sixfold::bytes packet) {
            alice_.handle(packet);
            while (const auto event = alice_.poll_event()) {
                delivered += std::uint64_t{event->what == sixfold::status::delivered};
            }
        });
        return delivered;
    }

    [[nodiscard]] sixfold::client& alice() { return alice_; }
    [[nodiscard]] sixfold::client& bob() { return bob_; }
    [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }

  private:
    static constexpr sixfold::link_id to_alice{1};
    static constexpr sixfold::link_id to_bob{2};
    static constexpr std::size_t packet_size = 1400;

    [[nodiscard]] sixfold::sender_options sender_options() const {
        sixfold::sender_options o;
        o.window = how_.in_flight;
        o.queue_entries = how_.in_flight;
        o.queue_bytes = static_cast<std::uint32_t>(how_.in_flight * (how_.payload + 64) + 4096);
        o.payload_max = 1024;
        return o;
    }
    [[nodiscard]] sixfold::receiver_options receiver_options() const {
        sixfold::receiver_options o;
        o.window = how_.in_flight;
        return o;
    }

    /// The first exchange tells A what B takes, and B what epoch A is in.
    void meet() {
        for (int i = 0; i < 10; ++i) {
            to_relay_.clear();
            if (i == 0 && !alice_.send("bob-----", payload_)) {
                throw std::logic_error("the first message was not taken");
            }
            transmit(alice_);
            transmit(bob_);
            relay_all();
            deliver(to_bob, [this](sixfold::bytes packet) {
                bob_.handle(packet);
                while (const auto message = bob_.poll_message()) {
                    bob_.accept(*message);
                }
            });
            deliver(to_alice, [this](sixfold::bytes packet) { alice_.handle(packet); });
            while (alice_.poll_event()) {
            }
            clock_.advance(std::chrono::milliseconds(20));
        }
        if (exchange() != how_.in_flight) {
            throw std::logic_error("the first exchange did not come to its end");
        }
        bytes_sent_ = 0;
    }

    void transmit(sixfold::client& from) {
        while (const auto packet = from.poll_transmit(to_relay_.room(packet_size))) {
            to_relay_.add(packet->size());
            bytes_sent_ += packet->size();
        }
        if (from_.size() < to_relay_.size()) {
            from_.resize(to_relay_.size(), &from == &alice_ ? to_alice : to_bob);
        }
    }

    void relay_all() {
        out_.clear();
        for (std::size_t i = 0; i < to_relay_.size(); ++i) {
            relay_.handle(from_[i], to_relay_[i], out_);
            while (const auto request = out_.next_request()) {
                relay_.complete(*request, mailbox_.execute(*request), out_);
            }
        }
        from_.clear();
        if (how_.packing == packing::packed) {
            pack();
        }
    }

    template <class Take>
    void deliver(sixfold::link_id link, Take take) {
        if (how_.packing == packing::packed) {
            const wire& packets = link == to_bob ? for_bob_ : for_alice_;
            for (std::size_t i = 0; i < packets.size(); ++i) {
                take(packets[i]);
            }
            return;
        }
        for (const auto& frame : out_.frames()) {
            if (frame.link == link) {
                bytes_sent_ += frame.bytes.size();
                take(frame.bytes);
            }
        }
    }

    /// Puts the frames for one link together, in their order.
    void pack() {
        for_alice_.clear();
        for_bob_.clear();
        for (wire* to : {&for_alice_, &for_bob_}) {
            std::size_t used = 0;
            std::span<std::byte> room = to->room(packet_size);
            for (const auto& frame : out_.frames()) {
                if ((frame.link == to_bob) != (to == &for_bob_)) {
                    continue;
                }
                if (used + frame.bytes.size() > packet_size) {
                    to->add(used);
                    bytes_sent_ += used;
                    room = to->room(packet_size);
                    used = 0;
                }
                std::copy(frame.bytes.begin(), frame.bytes.end(), room.begin() + used);
                used += frame.bytes.size();
            }
            if (used != 0) {
                to->add(used);
                bytes_sent_ += used;
            }
        }
    }

    setting how_;
    std::vector<std::byte> payload_;
    sixfold::manual_clock clock_;
    sixfold::client alice_ =
        sixfold::client::create(
            clock_, {.self = "alice---", .start = 1, .seed = 1, .sender = sender_options()})
            .value();
    sixfold::client bob_ =
        sixfold::client::create(
            clock_, {.self = "bob-----", .start = 1, .seed = 2, .receiver = receiver_options()})
            .value();
    sixfold::relay relay_ = sixfold::relay::create({}).value();
    sixfold::memory_mailbox mailbox_ = sixfold::memory_mailbox::create().value();
    sixfold::reactions out_;
    wire to_relay_;
    std::vector<sixfold::link_id> from_;  // of each packet to the relay
    wire for_alice_, for_bob_;
    std::uint64_t bytes_sent_ = 0;
};

}  // namespace bench

#endif
