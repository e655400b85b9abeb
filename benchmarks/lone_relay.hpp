// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_LONE_RELAY_HPP
#define SIXFOLD_BENCHMARKS_LONE_RELAY_HPP

#include <cstddef>
#include <cstdint>
#include <utility>  // move
#include <vector>

#include <sixfold/sixfold.hpp>
#include "measure.hpp"
#include "names.hpp"
#include "wire.hpp"

namespace bench {

/// A relay at which many peers have a link, and any of them writes to any other.
class lone_relay {
  public:
    explicit lone_relay(std::uint64_t peers) : peers_(peers), relay_(create(peers)) {
        for (std::uint64_t i = 0; i < peers; ++i) {
            require(relay_.link_up(link_of(i), name_of(i), sixfold::checksum::off).has_value(),
                    "a link was refused");
        }
    }

    /// Makes so many msg:R from any peer to any.
    void write(std::size_t messages) {
        packets_.clear();
        from_.clear();
        for (std::size_t i = 0; i < messages; ++i) {
            const std::uint64_t from = random_.below(peers_);
            const sixfold::framing link(name_of(from), sixfold::checksum::off);
            const sixfold::msg_request request{.to = name_of(random_.below(peers_)),
                                               .epoch = sixfold::epoch{1},
                                               .first = i,
                                               .base = i,
                                               .entries = sixfold::run::of(payload_)};
            packets_.add(encode(request, link, packets_.room(256)));
            from_.push_back(link_of(from));
        }
    }
    /// The relay takes them. Returns how many msg:A and msg:N it has put out.
    std::uint64_t forward() {
        std::uint64_t frames = 0;
        for (std::size_t i = 0; i < packets_.size(); ++i) {
            relay_.handle(from_[i], packets_[i], out_);
            frames += out_.frames().size();
            out_.clear();
        }
        return frames;
    }

    /// Lets go of the machine: what it kept goes with it.
    [[nodiscard]] sixfold::relay release_machine() && { return std::move(relay_); }

  private:
    [[nodiscard]] static sixfold::link_id link_of(std::uint64_t peer) {
        return sixfold::link_id{peer + 1};
    }
    [[nodiscard]] static sixfold::relay create(std::uint64_t peers) {
        return sixfold::relay::create({.peers_max = static_cast<std::uint32_t>(peers)}).value();
    }

    std::uint64_t peers_;
    std::vector<std::byte> payload_ = std::vector<std::byte>(64);
    std::vector<sixfold::link_id> from_;
    sixfold::random_source random_{1};
    wire packets_;
    sixfold::reactions out_;
    sixfold::relay relay_;
};

}  // namespace bench

#endif
