// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_ADVERSITY_WORLD_HPP
#define SIXFOLD_TESTS_SCENARIO_ADVERSITY_WORLD_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// A trio, more clients where needed, and strangers, of which somebody counts what they cost.

namespace adversity {

using namespace sixfold;
using namespace support;
using namespace std::chrono_literals;

/// What one kind of trouble costs.
struct row {
    std::string what;
    std::string unit;
    double least;          ///< that is possible, or what the same costs without the trouble
    double ours;           ///< counted, or virtual time
    double most;           ///< ... times the least: more is an error
    bool is_long = false;  ///< asked for by --all only

    [[nodiscard]] double factor() const { return ours / least; }
};
using rows = std::vector<row>;

[[nodiscard]] inline double seconds(duration time) {
    return std::chrono::duration<double>(time).count();
}

/// A trio of which what went over its network is counted, since a mark.
class world : public trio {
  public:
    explicit world(trio_options options = {}) : trio(quick(std::move(options))) {}

    /// ... with so long a hop.
    static trio_options hops_of(duration hop, trio_options options = {}) {
        options.hop = hop;
        return options;
    }
    /// One more client.
    party& add_peer(const peer& name, std::uint64_t seed) {
        return add(unshared({.self = name, .life = {.start = 1, .seed = seed}}));
    }

    /// From now on so many frames of a hundred get lost.
    void lose(unsigned percent, std::uint64_t seed) {
        weather = [percent, dice = random_source(seed)](kind) mutable {
            return dice.below(100) < percent ? lost : treatment{};
        };
    }
    /// A and B have met, and nothing is on its way.
    void meet() {
        send("before");
        REQUIRE(run_until_quiet());
        b.inbox.clear();
        reset();
    }
    /// Hands over so many messages of so many bytes before anything leaves, so that they share frames.
    void send_at_once(party& from, const party& to, int count, std::size_t size) {
        const std::string text(size, 'x');
        for (int i = 0; i < count; ++i) {
            from.outbox.push_back(
                {from.machine->send(to.name(), as_bytes(text)).value(), text, ""});
        }
    }
    /// All of them lie in the mailbox, and who has sent them is gone.
    void store_at_once(party& from, const party& to, int count, std::size_t size) {
        const std::size_t before = mailbox().rows();
        disconnect(from);
        send_at_once(from, to, count, size);
        connect(from);
        REQUIRE(run_until(
            [&] { return mailbox().rows() == before + static_cast<std::size_t>(count); }, 10min));
        disconnect(from);
    }
    /// How long it takes until the app of `who` has had so many messages.
    double until_it_has(const party& who, std::size_t count, duration limit = 10h) {
        const time_point begin = clock.now();
        REQUIRE(run_until([&] { return who.inbox.size() >= count; }, limit));
        return seconds(clock.now() - begin);
    }

    // --- counts ------------------------------------------------------------------------------------

    void reset() { mark_ = log.size(); }
    [[nodiscard]] double frames(kind what) const {
        return static_cast<double>(log.count(what, mark_));
    }
    /// Probes included.
    [[nodiscard]] double all_frames(kind what) const {
        return frames(what) + static_cast<double>(log.probes(what, mark_));
    }
    /// Bytes over the link of `who`, both ways.
    [[nodiscard]] double bytes_of(const party& who) const {
        return sum([&](const logged_frame& each) { return each.client == who.name(); });
    }
    /// Bytes of a kind.
    [[nodiscard]] double bytes_of(kind what) const {
        return sum([&](const logged_frame& each) { return each.what == what; });
    }
    /// Moments in which `who` had something to say.
    [[nodiscard]] double wake_ups(const party& who) const {
        std::size_t sum = 0;
        time_point last = never;
        for (std::size_t i = mark_; i < log.size(); ++i) {
            if (log[i].to_relay && log[i].client == who.name() && log[i].at != last) {
                last = log[i].at;
                ++sum;
            }
        }
        return static_cast<double>(sum);
    }

  private:
    static trio_options quick(trio_options options) {
        options.compare_snapshots = false;
        options.a = unshared(options.a);
        options.b = unshared(options.b);
        return options;
    }
    /// One peer gets as much as there is: it is not the queue that is measured.
    static client_options unshared(client_options options) {
        options.sender.peer_entries = options.sender.queue_entries;
        options.sender.peer_bytes = options.sender.queue_bytes;
        return options;
    }

    template <class Counts>
    [[nodiscard]] double sum(Counts counts) const {
        std::size_t out = 0;
        for (std::size_t i = mark_; i < log.size(); ++i) {
            out += counts(log[i]) ? log[i].size : 0;
        }
        return static_cast<double>(out);
    }

    std::size_t mark_ = 0;
};

/// The name of one of many.
[[nodiscard]] inline peer nth(const char* what, int i) {
    return what + std::to_string(i);
}

/// A stranger of whom nothing is known says so much to B, but never his seq 0.
inline void knock_without_the_first(world& w, const peer& from, seq end, std::size_t size) {
    const std::string text(size, 'x');
    sending_number number = 0;
    w.stranger_says(from, msg_request{.to = "bob", .epoch = epoch{7}, .number = ++number});
    for (seq at = 1; at < end; ++at) {
        w.stranger_says(from, msg_request{.to = "bob",
                                          .epoch = epoch{7},
                                          .number = ++number,
                                          .first = at,
                                          .entries = run::of(as_bytes(text))});
    }
}

}  // namespace adversity

#endif
