// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_LOSSY_HOPS_HPP
#define SIXFOLD_TESTS_SUPPORT_LOSSY_HOPS_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>

// The hops from Alice over a relay to Bob, which lose packets, in virtual time; and how late what they carry is.

namespace support {

/// From Alice to the relay, from there to Bob, and back.
enum class way : std::uint8_t { from_alice, to_bob, from_bob, to_alice };

/// Packets under way: 50 to 70 ms on each hop, so that they overtake each other. It knows neither the time nor what is in a packet.
class lossy_hops {
  public:
    struct packet {
        way on;
        std::vector<std::byte> content;
    };

    /// `loss` is the share of the packets that is lost on each hop and way, `burst` how many are lost in a row, in the mean (Gilbert
    /// and Elliott). A burst ends after packets, not after a time: who sends twice as many is through it in half the time.
    lossy_hops(double loss, double burst, std::uint64_t seed)
        : loss_(loss), burst_(burst), random_(seed) {}

    /// Whether the next packet is lost. To be asked once for each.
    [[nodiscard]] bool loses(way on) {
        if (burst_ <= 1) {
            return happens(loss_);
        }
        bool& bad = bad_[static_cast<std::size_t>(on)];
        bad = bad ? !happens(1 / burst_) : happens(loss_ / (1 - loss_) / burst_);
        return bad;
    }
    /// One that is not lost.
    void carry(way on, sixfold::bytes content, sixfold::time_point now) {
        const auto more = static_cast<sixfold::duration::rep>(random_.below(20'000'000));
        under_way_.emplace(now + std::chrono::milliseconds(50) + sixfold::duration(more),
                           packet{on, {content.begin(), content.end()}});
    }
    [[nodiscard]] sixfold::time_point next_arrival() const {
        return under_way_.empty() ? sixfold::never : under_way_.begin()->first;
    }
    /// The next that arrives; there must be one.
    [[nodiscard]] packet take() {
        packet next = std::move(under_way_.begin()->second);
        under_way_.erase(under_way_.begin());
        return next;
    }

  private:
    [[nodiscard]] bool happens(double chance) {
        return static_cast<double>(random_.below(1'000'000)) < chance * 1'000'000;
    }

    double loss_;
    double burst_;
    sixfold::random_source random_;
    std::multimap<sixfold::time_point, packet> under_way_;
    std::array<bool, 4> bad_{};
};

/// How late messages were, from one app to the other.
struct lateness {
    std::vector<double> latencies;  ///< ms, sorted; those of the first two seconds left out

    /// This share of them took at most so long. There must be some.
    [[nodiscard]] double quantile(double share) const {
        const auto index = static_cast<std::size_t>(share * static_cast<double>(latencies.size()));
        return latencies[(std::min)(index, latencies.size() - 1)];
    }
};

}  // namespace support

#endif
