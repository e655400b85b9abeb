// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_PEERS_CHAINS_HPP
#define SIXFOLD_BENCHMARKS_PEERS_CHAINS_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>

// How long messages take from Alice over a relay to Bob, by any peer, on one and the same path that loses, in virtual time.

namespace bench {

using namespace std::chrono_literals;
using sixfold::duration;
using sixfold::time_point;

/// All time that there is. It only goes on, from chain to chain, as a library has one clock for the whole program.
inline sixfold::manual_clock virtual_time;

/// From Alice to the relay, from there to Bob, and back.
enum class way : std::uint8_t { from_alice, to_bob, from_bob, to_alice };

/// What is sent, and what gets lost.
struct chain_setting {
    double loss = 0;       ///< of the packets on each hop and way
    double burst = 1;      ///< packets that are lost in a row, in the mean (Gilbert and Elliott)
    duration each = 10ms;  ///< from one message of 64 bytes to the next
    std::uint32_t messages = 50'000;
    std::uint64_t seed = 1;
};

/// Packets, and the bytes in them.
struct traffic {
    double packets = 0;
    double bytes = 0;
};

/// Packets under way: 50 to 70 ms on each hop, so that they overtake each other. What is lost is counted, too.
class lossy_network {
  public:
    struct packet {
        way on;
        std::vector<std::byte> content;
    };

    explicit lossy_network(const chain_setting& setting)
        : setting_(setting), random_(setting.seed) {}

    void put(way on, sixfold::bytes content) {
        ++sent_[static_cast<std::size_t>(on)].packets;
        sent_[static_cast<std::size_t>(on)].bytes += static_cast<double>(content.size());
        if (!loses_ || !is_lost(on)) {
            const auto more = static_cast<duration::rep>(random_.below(20'000'000));
            under_way_.emplace(virtual_time.now() + 50ms + duration(more),
                               packet{on, {content.begin(), content.end()}});
        }
    }
    /// From now on packets get lost, and are counted.
    void begin() {
        loses_ = true;
        sent_ = {};
    }
    [[nodiscard]] time_point next_arrival() const {
        return under_way_.empty() ? sixfold::never : under_way_.begin()->first;
    }
    [[nodiscard]] packet take() {
        packet next = std::move(under_way_.begin()->second);
        under_way_.erase(under_way_.begin());
        return next;
    }
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
    [[nodiscard]] bool happens(double chance) {
        return static_cast<double>(random_.below(1'000'000)) < chance * 1'000'000;
    }
    [[nodiscard]] bool is_lost(way on) {
        if (setting_.burst <= 1) {
            return happens(setting_.loss);
        }
        bool& bad = bad_[static_cast<std::size_t>(on)];
        bad = bad ? !happens(1 / setting_.burst)
                  : happens(setting_.loss / (1 - setting_.loss) / setting_.burst);
        return bad;
    }

    chain_setting setting_;
    sixfold::random_source random_;
    std::multimap<time_point, packet> under_way_;
    std::array<traffic, 4> sent_{};
    std::array<bool, 4> bad_{};
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
