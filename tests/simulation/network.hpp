// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_NETWORK_HPP
#define SIXFOLD_TESTS_SIMULATION_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "simulation/app.hpp"

namespace simulation {

/// A packet between a client and a relay, somewhere in the bytes of everything that was ever sent.
struct packet {
    client_number client = 0;
    std::uint32_t relay = 0;
    sixfold::link_id link = sixfold::link_id::none;
    bool to_relay = false;
    std::size_t offset = 0;
    std::size_t size = 0;
};

/// Keeps everything that was ever sent, and decides what becomes of each packet.
class network {
  public:
    network(surroundings& world, std::uint32_t everybody, std::uint32_t honest)
        : world_(&world), everybody_(everybody), honest_(honest),
          ways_(2 * std::size_t{everybody}) {}

    /// Of all links of this client. A villain is not to be read with care, so its links are of datagrams.
    [[nodiscard]] sixfold::transport transport_of(client_number who) const {
        const bool is = who < honest_ &&
                        (world_->what.streams == 2 || (world_->what.streams == 1 && who % 2 == 0));
        return is ? sixfold::transport::byte_stream : sixfold::transport::datagrams;
    }

    void send(client_number client,
              std::uint32_t relay,
              sixfold::link_id link,
              bool to_relay,
              sixfold::bytes bytes) {
        const std::size_t one = keep({client, relay, link, to_relay, 0, 0}, bytes);
        way& road = ways_[2 * client + (to_relay ? 1 : 0)];
        if (transport_of(client) == sixfold::transport::byte_stream) {
            return flow(road, one);
        }
        sixfold::time_point& free_at =
            world_->what.shared != 0 ? shared_[to_relay ? 1 : 0] : road.free_at;
        if (is_lost(road) || is_too_large(bytes.size()) || is_full(free_at)) {
            count(0, one);
            return;
        }
        std::uint64_t copies = 1;
        if (auto dice = world_->bad_luck.happens(fault::duplicate)) {
            copies += 1 + dice->below(7);
            count(1, one);
        }
        for (; copies != 0; --copies) {
            std::size_t which = one;
            if (auto dice = world_->bad_luck.happens(fault::corrupt);
                dice && world_->what.checked != 0) {
                which = damage(one, *dice);
                count(2, one);
            }
            deliver(which, client, waits(free_at));
        }
        if (auto dice = world_->bad_luck.happens(fault::astray);
            dice && world_->what.checked != 0) {
            deliver(one, static_cast<client_number>(dice->below(everybody_)), waits(free_at));
        }
    }
    /// Nothing gets through to or from a client until then.
    void cut(client_number client, bool to_relay, sixfold::time_point until) {
        ways_[2 * client + (to_relay ? 1 : 0)].cut_until = until;
    }
    /// What flows goes on in its order.
    void heal() {
        for (way& each : ways_) {
            each = {.link = each.link, .last_at = each.last_at};
        }
        shared_ = {};
    }

    [[nodiscard]] std::size_t size() const { return packets_.size(); }
    [[nodiscard]] const packet& operator[](std::size_t i) const { return packets_[i]; }
    /// Good until the next packet is sent.
    [[nodiscard]] sixfold::bytes bytes_of(std::size_t i) const {
        return sixfold::bytes(bytes_).subspan(packets_[i].offset, packets_[i].size);
    }

  private:
    struct way {
        sixfold::time_point cut_until{};
        std::uint64_t burst = 0;                         // so many packets more are lost
        sixfold::time_point free_at{};                   // when all that waits has left
        sixfold::link_id link = sixfold::link_id::none;  // of a byte stream, what came last
        sixfold::time_point last_at{};                   // arrives then
    };
    static constexpr sixfold::duration packet_time = std::chrono::milliseconds(1);

    std::size_t keep(packet one, sixfold::bytes bytes) {
        one.offset = bytes_.size();
        one.size = bytes.size();
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        packets_.push_back(one);
        return packets_.size() - 1;
    }
    /// Nothing of a byte stream is lost before its link is, and nothing overtakes. A cut, or a packet that is late, delays all that
    /// is behind.
    void flow(way& road, std::size_t which) {
        const packet& it = packets_[which];
        if (road.link != it.link) {
            road.link = it.link;
            road.last_at = {};
        }
        const sixfold::time_point from = (std::max)(road.cut_until, world_->clock.now());
        road.last_at = (std::max)(road.last_at, sixfold::later(from, latency()));
        world_->events.at(road.last_at, happening::arrives, it.client, which);
    }
    [[nodiscard]] bool is_lost(way& road) {
        if (auto dice = world_->bad_luck.happens(fault::loss_burst)) {
            road.burst = 1 + dice->below(50);
        }
        if (road.burst != 0) {
            --road.burst;
            return true;
        }
        return road.cut_until > world_->clock.now() ||
               world_->bad_luck.happens(fault::loss).has_value();
    }
    /// Until everything heals, as is that a way has its limits.
    [[nodiscard]] bool is_too_large(std::size_t size) {
        const bool is =
            world_->what.mtu != 0 && !world_->bad_luck.healed() && size > world_->what.mtu;
        world_->seen.see(sight::too_large_for_the_way, is);
        return is;
    }
    [[nodiscard]] bool is_full(sixfold::time_point& free_at) {
        if (world_->what.road == 0 || world_->bad_luck.healed()) {
            return false;
        }
        free_at = (std::max)(free_at, world_->clock.now()) + packet_time;
        const bool is = waits(free_at) > packet_time * static_cast<std::int64_t>(world_->what.road);
        if (is) {
            free_at -= packet_time;
        }
        world_->seen.see(sight::way_full, is);
        world_->seen.see(sight::shared_way_full, is && world_->what.shared != 0);
        return is;
    }
    [[nodiscard]] sixfold::duration waits(sixfold::time_point free_at) const {
        return (std::max)(free_at - world_->clock.now(), sixfold::duration::zero());
    }
    /// A copy of it will arrive at this client, or from it, when it has waited and then been under way.
    void deliver(std::size_t which, client_number at, sixfold::duration wait) {
        world_->events.after(wait + latency(), happening::arrives, at, which);
    }
    [[nodiscard]] sixfold::duration latency() {
        sixfold::duration out = std::chrono::milliseconds(world_->what.latency);
        if (auto dice = world_->bad_luck.happens(fault::delay)) {
            out += std::chrono::microseconds(dice->below(1000) << dice->below(15));
        }
        return out;
    }
    /// The number of a packet that was made from this one.
    [[nodiscard]] std::size_t damage(std::size_t which, sixfold::random_source dice) {
        std::vector<std::byte> all(bytes_of(which).begin(), bytes_of(which).end());
        const auto somewhere = [&] {
            return static_cast<std::ptrdiff_t>(dice.below(all.size()));
        };
        switch (dice.below(5)) {
        case 0: all.resize(static_cast<std::size_t>(somewhere())); break;
        case 1: all.insert(all.end(), 1 + dice.below(5), std::byte{0}); break;
        case 2: std::fill(all.begin() + somewhere(), all.end(), std::byte{0}); break;
        case 3: {  // the beginning of this one and the end of another
            const auto other = bytes_of(static_cast<std::size_t>(dice.below(packets_.size())));
            const std::size_t keep_size = static_cast<std::size_t>(somewhere());
            all.resize(keep_size);
            if (other.size() > keep_size) {
                all.insert(all.end(), other.begin() + static_cast<std::ptrdiff_t>(keep_size),
                           other.end());
            }
            break;
        }
        default:
            for (std::uint64_t bits = 1 + dice.below(8); bits != 0; --bits) {
                all[static_cast<std::size_t>(somewhere())] ^=
                    static_cast<std::byte>(1U << dice.below(8));
            }
        }
        return keep(packets_[which], all);
    }
    void count(std::size_t what, std::size_t which) {
        const auto kind = (std::to_integer<std::size_t>(bytes_of(which)[0]) & 0x0F) - 1;
        if (kind < 8) {
            ++world_->seen.frames[what][kind];
        }
    }

    surroundings* world_;
    std::uint32_t everybody_;
    std::uint32_t honest_;
    std::vector<way> ways_;
    std::array<sixfold::time_point, 2> shared_{};  // `free_at` of all: to clients, relays
    std::vector<packet> packets_;
    std::vector<std::byte> bytes_;
};

}  // namespace simulation

#endif
