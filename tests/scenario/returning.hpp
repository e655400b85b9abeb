// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_RETURNING_HPP
#define SIXFOLD_TESTS_SCENARIO_RETURNING_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>  // memcpy
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

// Clients who come back after an outage, all in the same second, to a relay that takes so many packets a second and lets the others
// wait: real machines in virtual time, from a fixed seed.

namespace scenario {

using namespace sixfold;
using namespace std::chrono_literals;

/// Who comes back, and to what.
struct returning_setting {
    std::uint32_t clients = 1'000;
    std::uint32_t writers = 1'000;  ///< the first so many of them have written meanwhile,
    std::uint32_t streams = 1;      ///< to so many others each,
    std::uint32_t messages = 100;   ///< so many messages of 64 bytes
    double capacity = 4'000;        ///< packets of clients that the relay takes in a second
    duration trip = 50ms;           ///< to the relay and back, without its queue
    std::uint32_t flight_first = 14'600;
};

/// What became of it.
struct returning_outcome {
    double peak = 0;   ///< packets that came to the relay in 200 ms, of what it takes in that time
    double queue = 0;  ///< the longest wait at the relay, in s
    double done = 0;   ///< when the last message was there, in s after the first client came back
    std::uint64_t messages = 0;
    std::uint64_t missing = 0;  ///< messages that never were
    std::uint64_t doubled = 0;  ///< that came though they had come before
    std::uint64_t sent = 0;     ///< messages that left, each time that they did
    std::uint64_t resent = 0;   ///< of these, not for the first time
    std::uint64_t packets = 0;  ///< that came to the relay
};

/// All who come back, and the relay.
class returning {
  public:
    explicit returning(const returning_setting& setting) : setting_(setting) {
        for (std::uint32_t i = 0; i < setting.clients; ++i) {
            all_.push_back(std::make_unique<party>(clock_, options(i)));
            if (i < setting.writers) {
                write(i);
            }
            later_on(duration(static_cast<duration::rep>(random_.below(1'000'000'000))),
                     {step::link_up, i, {}});
        }
    }
    returning(const returning&) = delete;  // the clients refer to the clock
    returning& operator=(const returning&) = delete;

    /// Until the senders know of all messages that they are delivered, or ten minutes have passed.
    [[nodiscard]] returning_outcome run() {
        while (known_ < seen_.size() && clock_.now() - start < 600s) {
            REQUIRE(!events_.empty());
            clock_.set((std::max)(clock_.now(), events_.begin()->first));
            const happening one = std::move(events_.begin()->second);
            events_.erase(events_.begin());
            happen(one);
        }
        for (const auto& [at, packets] : arrivals_) {
            out_.peak =
                (std::max)(out_.peak, static_cast<double>(packets) / setting_.capacity / .2);
            out_.packets += packets;
        }
        out_.messages = seen_.size();
        out_.missing = static_cast<std::uint64_t>(std::count(seen_.begin(), seen_.end(), false));
        for (const auto& each : all_) {
            out_.sent += each->machine.sender().sent();
            out_.resent += each->machine.sender().resent();
        }
        return out_;
    }

  private:
    static constexpr time_point start{};

    enum class step : std::uint8_t { link_up, arrives, is_taken, wakes };
    struct happening {
        step kind;
        std::uint32_t who;
        std::vector<std::byte> content;
    };
    struct party {
        party(const manual_clock& clock, const client_options& options)
            : machine(client::create(clock, options).value()) {}
        client machine;
        time_point wakes_at = never;
        bool is_up = false;
    };

    [[nodiscard]] static peer name(std::uint32_t who) { return peer(std::to_string(who)); }
    [[nodiscard]] static link_id link_of(std::uint32_t who) {
        return link_id{std::uint64_t{who} + 1};
    }
    [[nodiscard]] client_options options(std::uint32_t who) const {
        client_options out{.self = name(who), .life = {.start = 1, .seed = std::uint64_t{who} + 1}};
        out.sender.queue_entries = out.sender.peer_entries = setting_.messages * setting_.streams;
        out.sender.queue_bytes = out.sender.peer_bytes = out.sender.queue_entries * 128;
        out.sender.peers_max = setting_.streams;
        out.sender.flight_first = setting_.flight_first;
        out.receiver.held_bytes = 16 << 10;
        out.receiver.peers_max = 64;
        out.receiver.window = 128;  // so that nobody turns anything away
        return out;
    }
    /// While there is no link. Each message carries its number among all.
    void write(std::uint32_t who) {
        for (std::uint32_t k = 0; k < setting_.messages * setting_.streams; ++k) {
            std::array<std::byte, 64> payload{};
            const auto number = static_cast<std::uint32_t>(seen_.size());
            std::memcpy(payload.data(), &number, sizeof number);
            REQUIRE(all_[who]
                        ->machine.send(name(who ^ (1 + k % setting_.streams)), payload)
                        .has_value());
            seen_.push_back(false);
        }
    }
    void later_on(duration after, happening one) {
        events_.emplace(clock_.now() + after, std::move(one));
    }

    void happen(const happening& one) {
        party& who = *all_[one.who];
        switch (one.kind) {
        case step::link_up:
            REQUIRE(relay_.link_up(link_of(one.who), name(one.who)).has_value());
            who.machine.link_up();
            who.is_up = true;
            break;
        case step::arrives: who.machine.handle(one.content); break;
        case step::is_taken: pass(one); return;
        case step::wakes:
            if (who.wakes_at > clock_.now()) {
                return;  // it was woken meanwhile
            }
            who.wakes_at = never;
            break;
        }
        serve(one.who);
    }
    void serve(std::uint32_t which) {
        client& machine = all_[which]->machine;
        while (const auto message = machine.poll_message()) {
            std::uint32_t number = 0;
            std::memcpy(&number, message->payload.data(), sizeof number);
            out_.doubled += std::uint64_t{seen_.at(number)};
            seen_[number] = true;
            out_.done = std::chrono::duration<double>(clock_.now() - start).count();
            machine.accept(*message);
        }
        while (const auto event = machine.poll_event()) {
            known_ += std::uint64_t{event->what == status::delivered};
        }
        while (const auto content = machine.poll_transmit(buffer_)) {
            put(which, *content);
        }
        if (const time_point next = machine.next_deadline(); next < all_[which]->wakes_at) {
            all_[which]->wakes_at = next;
            later_on(next - clock_.now(), {step::wakes, which, {}});
        }
    }
    /// Into the line in front of the relay, which takes one packet after the other.
    void put(std::uint32_t from, bytes content) {
        const time_point here = clock_.now() + setting_.trip / 2;
        ++arrivals_[(here - start) / 200ms];
        const time_point begins = (std::max)(here, free_at_);
        out_.queue = (std::max)(out_.queue, std::chrono::duration<double>(begins - here).count());
        free_at_ = begins + duration(static_cast<duration::rep>(1e9 / setting_.capacity));
        later_on(free_at_ - clock_.now(), {step::is_taken, from, {content.begin(), content.end()}});
    }
    void pass(const happening& packet) {
        relay_.handle(link_of(packet.who), packet.content, reactions_);
        while (const auto request = reactions_.next_request()) {
            relay_.complete(*request, mailbox_.execute(*request), reactions_);
        }
        std::map<std::uint32_t, std::vector<std::byte>> out;
        for (const auto frame : reactions_.frames()) {
            if (frame.link == link_id::none) {
                continue;  // for one who is not back yet
            }
            const auto to = static_cast<std::uint32_t>(static_cast<std::uint64_t>(frame.link) - 1);
            out[to].insert(out[to].end(), frame.bytes.begin(), frame.bytes.end());
        }
        reactions_.clear();
        for (auto& [to, content] : out) {
            later_on(setting_.trip / 2, {step::arrives, to, std::move(content)});
        }
    }

    returning_setting setting_;
    random_source random_{5};
    manual_clock clock_;
    std::vector<std::unique_ptr<party>> all_;
    relay relay_ = relay::create({}).value();
    memory_mailbox mailbox_ = memory_mailbox::create().value();
    reactions reactions_;
    std::multimap<time_point, happening> events_;
    std::map<std::int64_t, std::uint64_t> arrivals_;
    std::array<std::byte, 1200> buffer_{};
    time_point free_at_{};
    std::vector<bool> seen_;  // messages, by their number
    std::uint64_t known_ = 0;
    returning_outcome out_;
};

}  // namespace scenario

#endif
