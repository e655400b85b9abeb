// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_WORLD_HPP
#define SIXFOLD_BENCHMARKS_WORLD_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "measure.hpp"
#include "wire.hpp"

namespace bench {

/// How the frames travel.
enum class packing {
    single,  ///< each message in a frame, and each frame in a packet of its own: six of them a message
    packed,  ///< as many as fit into a run, and into 1,400 bytes, and one ack:R for each packet that came
};

struct setting {
    std::size_t payload = 64;
    std::uint32_t in_flight = 64;
    sixfold::checksum checksum = sixfold::checksum::off;
    bench::packing packing = packing::single;
    bool real_clock = false;  ///< reads the system's at each call; else one that stands in memory
};

/// As a case is called.
[[nodiscard]] inline std::string name_of(const setting& how) {
    return std::to_string(how.payload) + " B" +
           (how.checksum == sixfold::checksum::on ? " checked" : "") +
           (how.packing == packing::packed ? " packed" : "") +
           (how.real_clock ? " system clock" : "");
}

/// The parts of an exchange, in this order.
enum class stage {
    send,         ///< A: msg:R
    forward,      ///< the relay: msg:R to msg:A and msg:N
    take_answer,  ///< A: msg:A
    receive,      ///< B: msg:N, the app, ack:R
    pass_back,    ///< the relay: ack:R to ack:A and ack:N
    take_ack,     ///< B: ack:A
    settle,       ///< A: ack:N, the app
};
inline constexpr std::size_t stages = 7;

/// A, the relay and B in memory. In each exchange so many messages go out and all of them are confirmed, stage by stage: all
/// are sent, then all are relayed, then all are received, and so on. So each stage finds the memory of the one before it as
/// cold as the number in flight makes it.
class world {
  public:
    explicit world(const setting& how) : how_(how), payload_(how.payload) {
        alice_.link_up(how.checksum);
        bob_.link_up(how.checksum);
        require(relay_.link_up(to_alice, "alice---", how.checksum).has_value() &&
                    relay_.link_up(to_bob, "bob-----", how.checksum).has_value(),
                "a link was refused");
        meet();
    }
    world(const world&) = delete;  // the clients refer to its clock
    world& operator=(const world&) = delete;

    /// Returns how many messages A knows to be delivered.
    std::uint64_t exchange() {
        return exchange([](stage, auto part) { part(); });
    }
    /// The same; each of its parts is given to `meter(stage, part)`, which has to call it.
    template <class Meter>
    std::uint64_t exchange(Meter meter) {
        std::uint64_t delivered = 0;
        meter(stage::send, [this] { send(); });
        manual_.advance(hop);
        meter(stage::forward, [this] { relay_all(); });
        meter(stage::take_answer, [this] { take(alice_, to_alice); });
        manual_.advance(hop);
        meter(stage::receive, [this] { receive(); });
        manual_.advance(hop);
        meter(stage::pass_back, [this] { relay_all(); });
        meter(stage::take_ack, [this] { take(bob_, to_bob); });
        meter(stage::settle, [&] { delivered = settle(); });
        manual_.advance(hop);
        return delivered;
    }

    /// Since the first exchange.
    [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }
    [[nodiscard]] std::uint64_t packets_sent() const { return packets_sent_; }

  private:
    static constexpr sixfold::link_id to_alice{1};
    static constexpr sixfold::link_id to_bob{2};
    static constexpr std::size_t packet_size = 1400;
    static constexpr sixfold::duration hop = std::chrono::microseconds(1);

    struct system_clock {
        [[nodiscard]] sixfold::time_point now() const { return std::chrono::steady_clock::now(); }
    };

    [[nodiscard]] sixfold::client_options alice_options() const {
        sixfold::client_options o{.self = "alice---", .life = {.start = 1, .seed = 1}};
        o.sender.window = how_.in_flight;
        o.sender.queue_entries = how_.in_flight;
        o.sender.queue_bytes = static_cast<std::uint32_t>(how_.in_flight * how_.payload + 1024);
        o.sender.peer_entries = o.sender.queue_entries;
        o.sender.peer_bytes = o.sender.queue_bytes;
        o.sender.flight_first = 1U << 30;  // all leave at once: there is no queue in memory
        return o;
    }
    [[nodiscard]] sixfold::client_options bob_options() const {
        sixfold::client_options o{.self = "bob-----", .life = {.start = 1, .seed = 2}};
        o.receiver.window = how_.in_flight;
        o.receiver.held_entries = (std::max)(o.receiver.held_entries, o.receiver.window);
        return o;
    }

    /// The first message tells B what epoch A is in, and A what B takes.
    void meet() {
        require(alice_.send("bob-----", payload_).has_value(), "no room for a message");
        for (int i = 0; i < 10; ++i) {
            transmit(alice_, from_alice_);
            transmit(bob_, from_bob_);
            relay_all();
            receive();
            settle();
            manual_.advance(std::chrono::milliseconds(20));
        }
        require(exchange() == how_.in_flight, "the first exchange did not come to its end");
        bytes_sent_ = packets_sent_ = 0;
    }

    void send() {
        for (std::uint32_t i = 0; i < how_.in_flight; ++i) {
            require(alice_.send("bob-----", payload_).has_value(), "no room for a message");
            if (how_.packing == packing::single) {
                transmit(alice_, from_alice_);
            }
        }
        transmit(alice_, from_alice_);
    }
    void receive() {
        deliver(to_bob, [this](sixfold::bytes packet) {
            bob_.handle(packet);
            while (const auto message = bob_.poll_message()) {
                bob_.accept(*message);
            }
            transmit(bob_, from_bob_);
        });
    }
    void take(sixfold::client& who, sixfold::link_id link) {
        deliver(link, [&](sixfold::bytes packet) { who.handle(packet); });
    }
    std::uint64_t settle() {
        std::uint64_t delivered = 0;
        deliver(to_alice, [&](sixfold::bytes packet) {
            alice_.handle(packet);
            while (const auto event = alice_.poll_event()) {
                delivered += std::uint64_t{event->what == sixfold::status::delivered};
            }
        });
        return delivered;
    }

    void transmit(sixfold::client& from, wire& to) {
        while (const auto packet = from.poll_transmit(to.room(packet_size))) {
            to.add(packet->size());
            count(packet->size());
        }
    }
    void count(std::size_t size) {
        bytes_sent_ += size;
        ++packets_sent_;
    }

    /// All that the clients have sent.
    void relay_all() {
        out_.clear();
        relay_packets(to_alice, from_alice_);
        relay_packets(to_bob, from_bob_);
        if (how_.packing == packing::packed) {
            pack(to_alice, for_alice_);
            pack(to_bob, for_bob_);
        }
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

    /// What the relay has for this link.
    template <class Take>
    void deliver(sixfold::link_id link, Take take) {
        if (how_.packing == packing::packed) {
            const wire& packets = link == to_bob ? for_bob_ : for_alice_;
            for (std::size_t i = 0; i < packets.size(); ++i) {
                take(packets[i]);
            }
            return;
        }
        for (const auto frame : out_.frames()) {
            if (frame.link == link) {
                count(frame.bytes.size());
                take(frame.bytes);
            }
        }
    }

    /// Puts the frames for one link together, in their order.
    void pack(sixfold::link_id link, wire& to) {
        to.clear();
        std::size_t used = 0;
        std::span<std::byte> room = to.room(packet_size);
        const auto close = [&] {
            to.add(used);
            count(used);
            used = 0;
        };
        for (const auto frame : out_.frames()) {
            if (frame.link != link) {
                continue;
            }
            if (used + frame.bytes.size() > packet_size) {
                close();
                room = to.room(packet_size);
            }
            std::copy_n(frame.bytes.data(), frame.bytes.size(), room.data() + used);
            used += frame.bytes.size();
        }
        if (used != 0) {
            close();
        }
    }

    setting how_;
    std::vector<std::byte> payload_;
    sixfold::manual_clock manual_;
    system_clock system_;
    sixfold::clock_ref clock_ =
        how_.real_clock ? sixfold::clock_ref(system_) : sixfold::clock_ref(manual_);
    sixfold::client alice_ = sixfold::client::create(clock_, alice_options()).value();
    sixfold::client bob_ = sixfold::client::create(clock_, bob_options()).value();
    sixfold::relay relay_ = sixfold::relay::create({}).value();
    sixfold::memory_mailbox mailbox_ = sixfold::memory_mailbox::create().value();
    sixfold::reactions out_;
    wire from_alice_, from_bob_;
    wire for_alice_, for_bob_;
    std::uint64_t bytes_sent_ = 0;
    std::uint64_t packets_sent_ = 0;
};

}  // namespace bench

#endif
