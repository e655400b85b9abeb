// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_SIMULATED_NETWORK_HPP
#define SIXFOLD_EXAMPLES_SIMULATED_NETWORK_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "step.hpp"
#include "timeline.hpp"

namespace example {

/// "The first msg:N of message 1 is lost."
struct scripted_loss {
    frame_kind kind;
    sixfold::seq seq;
};

/// What goes wrong, in percent of the frames on each hop, and how long a hop takes.
struct network_options {
    double loss = 0;
    double duplicate = 0;
    double reorder = 0;
    double corrupt = 0;
    sixfold::duration delay = std::chrono::milliseconds(20);
    sixfold::duration jitter{};  ///< up to this much is added to the delay; may reorder, too
    std::vector<scripted_loss> script;
};

/// One copy of a frame under way. `link` is the one that it was sent on, which may be gone when it
/// arrives.
struct datagram {
    host from;
    host to;
    sixfold::link_id link;
    frame_summary frame;
    treatment on_the_way{};
    std::vector<std::byte> bytes;
};

/// What happened to the frames of one kind.
struct frame_counts {
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
    std::uint64_t resent = 0;  ///< by a client, among those sent
    std::uint64_t repeated = 0;
    std::uint64_t late = 0;
    std::uint64_t damaged = 0;

    frame_counts& operator+=(const frame_counts& other) {
        sent += other.sent;
        lost += other.lost;
        resent += other.resent;
        repeated += other.repeated;
        late += other.late;
        damaged += other.damaged;
        return *this;
    }
};

/// A network that loses, repeats, reorders and damages frames, on a virtual clock.
///
/// Each frame travels alone, so that every fault hits one frame on one hop. The faults of each sort
/// have random numbers of their own: more loss does not change which frames are damaged. What is
/// lost comes out as well, marked, when it would have arrived. Knows nothing of links that come and
/// go.
class simulated_network {
  public:
    simulated_network(network_options options, std::uint64_t seed)
        : simulated_network(std::move(options), sixfold::random_source(seed)) {}

    void send(datagram frame, sixfold::time_point now) {
        frame_counts& count = counts_.at(frame.frame.kind);
        ++count.sent;
        count.resent += std::uint64_t{frame.frame.resend != 0};
        if (happens(options_.loss, loss_) || doomed(frame.frame)) {
            ++count.lost;
            frame.on_the_way.lost = true;
            under_way_.add(now + options_.delay, std::move(frame));
            return;
        }
        if (happens(options_.duplicate, duplicate_)) {
            ++count.repeated;
            carry(frame, count, now);
            frame.on_the_way.repeated = true;
        }
        carry(std::move(frame), count, now);
    }

    /// The next frame that arrives, or is lost and would arrive now.
    [[nodiscard]] std::optional<datagram> poll_arrival(sixfold::time_point now) {
        return under_way_.pop_due(now);
    }

    /// When the next frame arrives; `never` when none is under way.
    [[nodiscard]] sixfold::time_point next_arrival() const { return under_way_.next(); }
    /// When all has arrived that is under way now.
    [[nodiscard]] sixfold::time_point last_arrival() const { return under_way_.last(); }

    [[nodiscard]] const frame_counts& counts(frame_kind kind) const { return counts_[kind]; }

  private:
    simulated_network(network_options options, sixfold::random_source seeds)
        : options_(std::move(options)), loss_(seeds.next()), duplicate_(seeds.next()),
          reorder_(seeds.next()), corrupt_(seeds.next()), jitter_(seeds.next()) {}

    /// Whether the script wants it to be lost. Each line of it comes true once.
    [[nodiscard]] bool doomed(const frame_summary& frame) {
        return std::erase_if(options_.script, [&](const scripted_loss& each) {
                   return each.kind == frame.kind && frame.seq && each.seq >= *frame.seq &&
                          each.seq - *frame.seq < frame.count;
               }) != 0;
    }

    void carry(datagram frame, frame_counts& count, sixfold::time_point now) {
        if (happens(options_.corrupt, corrupt_)) {
            ++count.damaged;
            frame.on_the_way.damaged = true;
            damage(frame.bytes);
        }
        sixfold::duration time = options_.delay + up_to(options_.jitter, jitter_);
        if (happens(options_.reorder, reorder_)) {  // two to four times as long
            ++count.late;
            frame.on_the_way.late = true;
            const auto usual = options_.delay + options_.jitter + std::chrono::milliseconds(1);
            time += usual + up_to(2 * usual, reorder_);
        }
        under_way_.add(now + time, std::move(frame));
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
    std::array<frame_counts, frame_names.size()> counts_{};
};

}  // namespace example

#endif
