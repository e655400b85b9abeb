// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_PEERS_CHAINS_HPP
#define SIXFOLD_BENCHMARKS_PEERS_CHAINS_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/lossy_hops.hpp"

// How long messages take from Alice over a relay to Bob, by any peer, on one and the same path that loses, in virtual time.

namespace bench {

using namespace std::chrono_literals;
using sixfold::duration;
using sixfold::time_point;
using support::way;

/// All time that there is. It only goes on, from chain to chain, as a library has one clock for the whole program.
inline sixfold::manual_clock virtual_time;

/// What is sent, and what gets lost.
struct chain_setting {
    double loss = 0;       ///< of the packets on each hop and way
    double burst = 1;      ///< packets that are lost in a row, in the mean
    duration each = 10ms;  ///< from one message of 64 bytes to the next
    std::uint32_t messages = 50'000;
    std::uint64_t seed = 1;
};

/// Packets, and the bytes in them.
struct traffic {
    double packets = 0;
    double bytes = 0;
};

/// Two hops whose packets are counted, what is lost, too.
class lossy_network {
  public:
    using packet = support::lossy_hops::packet;

    explicit lossy_network(const chain_setting& setting)
        : hops_(setting.loss, setting.burst, setting.seed) {}

    void put(way on, sixfold::bytes content) {
        ++sent_[static_cast<std::size_t>(on)].packets;
        sent_[static_cast<std::size_t>(on)].bytes += static_cast<double>(content.size());
        if (!loses_ || !hops_.loses(on)) {
            hops_.carry(on, content, virtual_time.now());
        }
    }
    /// From now on packets get lost, and are counted.
    void begin() {
        loses_ = true;
        sent_ = {};
    }
    [[nodiscard]] time_point next_arrival() const { return hops_.next_arrival(); }
    [[nodiscard]] packet take() { return hops_.take(); }
    [[nodiscard]] traffic of_alice() const { return sent_[0]; }
    [[nodiscard]] traffic of_all() const {
        traffic sum;
        for (const traffic& each : sent_) {
            sum.packets += each.packets;
            sum.bytes += each.bytes;
        }
        return sum;
    }

  private:
    support::lossy_hops hops_;
    std::array<traffic, 4> sent_{};
    bool loses_ = false;
};

/// Alice, the relay and Bob, of some peer, at the ends of a network.
class chain {
  public:
    using take = std::function<void(sixfold::bytes)>;

    chain() = default;
    chain(const chain&) = delete;
    chain& operator=(const chain&) = delete;
    virtual ~chain() = default;

    /// Whether both hops can carry messages.
    [[nodiscard]] virtual bool is_linked() const { return true; }
    /// Whether a hop was given up, for ever.
    [[nodiscard]] virtual bool is_broken() const { return false; }
    /// Alice's app has a message.
    virtual void send(sixfold::bytes message) = 0;
    virtual void arrive(const lossy_network::packet& packet) = 0;
    /// Does what packets and time have brought, and hands to `take` what Bob's app gets.
    virtual void serve(const take& to_app) = 0;
    /// When `serve` is to be called, if nothing happens before. By default each millisecond, for who does not say.
    [[nodiscard]] virtual time_point next_deadline() {
        return std::chrono::floor<std::chrono::milliseconds>(virtual_time.now()) + 1ms;
    }
};

/// One that is measured.
struct chain_kind {
    std::string name;
    std::string delivery;
    std::function<std::unique_ptr<chain>(lossy_network&)> make;
};
template <class Chain, class... Setting>
chain_kind chain_of(const char* name, const char* delivery, const Setting&... setting) {
    return {name, delivery, [=](lossy_network& network) {
                return std::make_unique<Chain>(network, setting...);
            }};
}

std::vector<chain_kind> chains_of_sixfold();
std::vector<chain_kind> chains_of_enet();
std::vector<chain_kind> chains_of_usrsctp();

}  // namespace bench

#endif
