// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_SIMULATED_NETWORK_HPP
#define SIXFOLD_EXAMPLES_SIMULATED_NETWORK_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "timeline.hpp"

namespace example {

/// What goes wrong, in percent of the frames on each hop, and how long a hop takes.
struct network_options {
    double loss = 0;
    double duplicate = 0;
    double reorder = 0;
    double corrupt = 0;
    sixfold::duration delay = std::chrono::milliseconds(20);
    sixfold::duration jitter{};  ///< up to this much is added to the delay; may reorder, too
};

/// Who is at the ends of the hops.
enum class host : std::uint8_t { relay, alice, bob };

/// Which of the six frames it is, or sync:R or sync:A: 0 to 7, in the order of `sixfold::frame`.
using frame_kind = std::size_t;
inline constexpr std::size_t frame_kinds = 8;

/// One frame under way. `link` is the one that it was sent on, which may be gone when it arrives.
struct datagram {
    host to;
    sixfold::link_id link;
    frame_kind kind;
    std::vector<std::byte> bytes;
};

/// What happened to the frames of one kind.
struct frame_counts {
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t corrupted = 0;
};

/// A datagram network that loses, repeats, reorders and damages frames, on a virtual clock.
///
/// A packet is cut into its frames and each travels alone, so that every fault hits one frame on
/// one hop. The faults of each sort have random numbers of their own: more loss does not change
/// which frames are damaged. Knows nothing of links that come and go.
class simulated_network {
  public:
    simulated_network(const network_options& options, std::uint64_t seed)
        : simulated_network(options, sixfold::random_source(seed)) {}

    void send(host to, sixfold::link_id link, sixfold::bytes packet, sixfold::time_point now) {
        sixfold::packet_reader frames(packet);
        while (const auto frame = frames.next()) {
            send_frame(to, link, *frame, now);
        }
    }

    [[nodiscard]] std::optional<datagram> poll_arrival(sixfold::time_point now) {
        return under_way_.pop_due(now);
    }

    /// When the next frame arrives; `never` when none is under way.
    [[nodiscard]] sixfold::time_point next_arrival() const { return under_way_.next(); }
    /// When all has arrived that is under way now.
    [[nodiscard]] sixfold::time_point last_arrival() const { return under_way_.last(); }

    [[nodiscard]] const frame_counts& counts(frame_kind kind) const { return counts_[kind]; }

  private:
    simulated_network(const network_options& options, sixfold::random_source seeds)
        : options_(options), loss_(seeds.next()), duplicate_(seeds.next()), reorder_(seeds.next()),
          corrupt_(seeds.next()), jitter_(seeds.next()) {}

    void send_frame(host to, sixfold::link_id link, sixfold::bytes frame, sixfold::time_point now) {
        // The lower half of a frame's first byte is its kind, from 1 on.
        const auto kind = (std::to_integer<frame_kind>(frame.front()) & 0x0F) - 1;
        frame_counts& count = counts_.at(kind);
        ++count.sent;
        if (happens(options_.loss, loss_)) {
            ++count.lost;
            return;
        }
        const bool twice = happens(options_.duplicate, duplicate_);
        count.duplicated += std::uint64_t{twice};
        for (int copy = 0; copy < (twice ? 2 : 1); ++copy) {
            datagram one{to, link, kind, {frame.begin(), frame.end()}};
            if (happens(options_.corrupt, corrupt_)) {
                ++count.corrupted;
                damage(one.bytes);
            }
            under_way_.add(now + travel_time(count), std::move(one));
        }
    }

    /// What is reordered takes two to four times as long, so that others overtake it.
    [[nodiscard]] sixfold::duration travel_time(frame_counts& count) {
        sixfold::duration time = options_.delay + up_to(options_.jitter, jitter_);
        if (happens(options_.reorder, reorder_)) {
            ++count.reordered;
            const auto usual = options_.delay + options_.jitter + std::chrono::milliseconds(1);
            time += usual + up_to(2 * usual, reorder_);
        }
        return time;
    }

    void damage(std::vector<std::byte>& bytes) {
        const std::size_t at = corrupt_.below(bytes.size());
        bytes[at] ^= static_cast<std::byte>(1 + corrupt_.below(255));
    }

    [[nodiscard]] static bool happens(double percent, sixfold::random_source& chance) {
        return static_cast<double>(chance.below(1'000'000)) < percent * 10'000;
    }
    [[nodiscard]] static sixfold::duration up_to(sixfold::duration most,
                                                 sixfold::random_source& chance) {
        const auto steps = static_cast<std::uint64_t>(most.count()) + 1;
        return sixfold::duration(static_cast<sixfold::duration::rep>(chance.below(steps)));
    }

    network_options options_;
    sixfold::random_source loss_;
    sixfold::random_source duplicate_;
    sixfold::random_source reorder_;
    sixfold::random_source corrupt_;
    sixfold::random_source jitter_;
    timeline<datagram> under_way_;
    std::array<frame_counts, frame_kinds> counts_{};
};

}  // namespace example

#endif
