// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_LOSSY_PATH_HPP
#define SIXFOLD_TESTS_SCENARIO_LOSSY_PATH_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/lossy_hops.hpp"

// How long messages take over two hops that lose: real machines in virtual time, from fixed seeds.

namespace scenario {

using namespace sixfold;
using namespace std::chrono_literals;
using support::way;

/// What is sent, and what gets lost.
struct lossy_setting {
    double loss = 0;       ///< of the packets on each hop and way
    duration each = 10ms;  ///< from one message of 64 bytes to the next
    int messages = 5'000;
    double burst = 1;  ///< packets that are lost in a row, in the mean
    sixfold::delivery order = delivery::in_order;
    sender_options sender{.window = 512};
    std::uint64_t seed = 1;
};

/// What became of it.
struct lossy_outcome : support::lateness {
    double packets_per_message = 0;  ///< of the sender
    double bytes_per_packet = 0;     ///< likewise
    std::uint64_t repeated = 0;      ///< messages that rode again, or were copied
};

/// Alice sends to Bob, who accepts at once.
class lossy_path {
  public:
    explicit lossy_path(const lossy_setting& setting)
        : setting_(setting), hops_(setting.loss, setting.burst, setting.seed),
          alice_(client::create(clock_, alice_options(setting)).value()),
          bob_(client::create(clock_, bob_options(setting)).value()) {
        alice_.link_up(checksum::on);
        bob_.link_up(checksum::on);
        REQUIRE(relay_.link_up(to_alice, "alice", checksum::on).has_value());
        REQUIRE(relay_.link_up(to_bob, "bob", checksum::on).has_value());
    }
    lossy_path(const lossy_path&) = delete;  // the clients refer to the clock
    lossy_path& operator=(const lossy_path&) = delete;

    /// Until Alice knows of the last message that it is delivered.
    [[nodiscard]] lossy_outcome run() {
        time_point next = clock_.now();
        while (delivered_ < setting_.messages) {
            const time_point send_at = sent_ < setting_.messages ? next : never;
            const time_point arrives_at = hops_.next_arrival();
            clock_.set((std::max)(
                clock_.now(),
                (std::min)({send_at, arrives_at, alice_.next_deadline(), bob_.next_deadline()})));
            if (clock_.now() >= send_at) {
                send();
                next += setting_.each;
            }
            if (clock_.now() >= arrives_at) {
                arrive();
            }
            serve_alice();
            serve_bob();
        }
        std::sort(out_.latencies.begin(), out_.latencies.end());
        out_.packets_per_message = static_cast<double>(packets_) / setting_.messages;
        out_.bytes_per_packet = static_cast<double>(bytes_) / static_cast<double>(packets_);
        out_.repeated = alice_.sender().repeated();
        return out_;
    }

  private:
    static constexpr link_id to_alice{1};
    static constexpr link_id to_bob{2};

    [[nodiscard]] static client_options alice_options(const lossy_setting& setting) {
        client_options out{.self = "alice", .life = {.start = 1, .seed = 1}};
        out.sender = setting.sender;
        return out;
    }
    [[nodiscard]] static client_options bob_options(const lossy_setting& setting) {
        client_options out{.self = "bob", .life = {.start = 1, .seed = 2}};
        out.receiver.window = out.receiver.held_entries = 512;
        out.receiver.delivery = setting.order;
        return out;
    }

    void put(way on, bytes content) {
        if (!content.empty() && !hops_.loses(on)) {
            hops_.carry(on, content, clock_.now());
        }
    }

    void send() {
        std::array<std::byte, 64> payload{};
        payload[0] = static_cast<std::byte>(sent_);
        payload[1] = static_cast<std::byte>(sent_ >> 8);
        payload[2] = static_cast<std::byte>(sent_ >> 16);
        REQUIRE(alice_.send("bob", payload).has_value());
        sent_at_.push_back(clock_.now());
        ++sent_;
    }
    void arrive() {
        const support::lossy_hops::packet one = hops_.take();
        switch (one.on) {
        case way::from_alice: pass(to_alice, one.content); break;
        case way::from_bob: pass(to_bob, one.content); break;
        case way::to_alice: alice_.handle(one.content); break;
        case way::to_bob: bob_.handle(one.content); break;
        }
    }
    /// Through the relay, which puts what is for one link into one packet.
    void pass(link_id from, bytes content) {
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
        put(way::to_alice, for_alice);
        put(way::to_bob, for_bob);
    }

    void serve_alice() {
        while (const auto content = alice_.poll_transmit(buffer_)) {
            ++packets_;
            bytes_ += content->size();
            put(way::from_alice, *content);
        }
        while (const auto event = alice_.poll_event()) {
            delivered_ += int{event->what == status::delivered};
        }
    }
    void serve_bob() {
        while (const auto message = bob_.poll_message()) {
            const auto at = [&](std::size_t i) {
                return std::to_integer<std::size_t>(message->payload[i]) << (8 * i);
            };
            const time_point sent_at = sent_at_[at(0) | at(1) | at(2)];
            if (sent_at - time_point() > 2s) {
                out_.latencies.push_back(
                    std::chrono::duration<double, std::milli>(clock_.now() - sent_at).count());
            }
            bob_.accept(*message);
        }
        while (const auto content = bob_.poll_transmit(buffer_)) {
            put(way::from_bob, *content);
        }
    }

    lossy_setting setting_;
    support::lossy_hops hops_;
    manual_clock clock_;
    client alice_;
    client bob_;
    relay relay_ = relay::create({}).value();
    memory_mailbox mailbox_ = memory_mailbox::create().value();
    reactions reactions_;
    std::array<std::byte, 1200> buffer_{};
    std::vector<time_point> sent_at_;
    int sent_ = 0;
    int delivered_ = 0;
    std::uint64_t packets_ = 0;
    std::uint64_t bytes_ = 0;
    lossy_outcome out_;
};

}  // namespace scenario

#endif
