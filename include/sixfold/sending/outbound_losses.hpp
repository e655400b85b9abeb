// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_LOSSES_HPP
#define SIXFOLD_SENDING_OUTBOUND_LOSSES_HPP

#include <algorithm>
#include <cstdint>

#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_path.hpp"
#include "sixfold/sending/outbound_stream.hpp"
#include "sixfold/sending/sending_ring.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// Makes messages of one stream due again: when sendings are lost, the receiver has gone, or an answer is long overdue.
/// (spec 3.3, 3.5, 3.6)
///
/// It is made for one call, and keeps nothing after it. O(1) for each sending and message that a call moves on, if nothing else is
/// said.
class outbound_losses {
  private:
    [[nodiscard]] const outbound_stream& stream() const noexcept { return all_[which_]; }
    [[nodiscard]] bool is(seq at, transit in) const noexcept {
        return stream().has(at) && stream()[at].now == in;
    }

    /// Says of a sending whether a message waits for it.
    [[nodiscard]] auto carries() const {
        return [&of = stream()](const sending& each, sending_number number) {
            for (seq at = (std::max)(each.first, of.first()); at < each.first + each.count; ++at) {
                if (of.waits_for(at, number)) {
                    return true;
                }
            }
            return false;
        };
    }
    /// Makes due the messages that wait for a sending.
    [[nodiscard]] auto makes_due() {
        return [this](const sending& each, sending_number number) {
            for (seq at = each.first; at < each.first + each.count; ++at) {
                if (stream().waits_for(at, number)) {
                    all_.lose(which_, at);
                }
            }
        };
    }

  public:
    /// For stream `which`, which must exist.
    outbound_losses(outbound_messages& all, std::uint32_t which, outbound_path& path) noexcept
        : all_(all), path_(path), which_(which) {}

    /// Makes due the messages that wait for sendings which are lost by now.
    void detect(outbound_hop& hop, time_point now) {
        const auto lost = [&, due = makes_due()](const sending& each, sending_number number) {
            if (each.now == sending::standing::lost_hop) {
                hop.congestion().lost(each.at, now);
            }
            due(each, number);
        };
        path_.loss = path_.sendings.lose(now, hop.signal(), path_.trip, carries(), lost);
    }
    /// The receiver has no link: makes due what it held or turned away, and what left before this sending. O(window / 64), and O(1)
    /// for each message that becomes due.
    void away(sending_number before) {
        path_.sendings.lose_before(before, carries(), makes_due());
        if (stream().count(transit::there) + stream().count(transit::turned_away) != 0) {
            stream().for_each_arrived(stream().base(), stream().unsent(),
                                      [this](seq at) { all_.become(which_, at, transit::due); });
        }
        path_.word.away();
    }
    /// Makes room for another sending: what waits for the one that is open for longest is due.
    void forget_oldest() { path_.sendings.lose_oldest(carries(), makes_due()); }
    /// The newest run that a message waits for; null if there is none.
    [[nodiscard]] const sending* newest_run() { return path_.sendings.newest_run(carries()); }
    /// Has the relay answered this run, or the first sending of its last message? The run may be a copy of that.
    [[nodiscard]] bool is_taken(const sending& run) const noexcept {
        const seq last = run.first + run.count - 1;
        const sending* const first =
            stream().is_out(last) ? path_.sendings.find(stream()[last].since) : nullptr;
        return run.taken || (first != nullptr && first->taken);
    }

    /// Makes due the lowest run of the messages that were sent and are not finished. A probe goes in front of it if the receiver is
    /// not met. O(window).
    void resend_lowest() {
        const auto is_sent = [this](seq at) {
            return is(at, transit::out) || is(at, transit::there) || is(at, transit::turned_away) ||
                   is(at, transit::due);
        };
        seq at = stream().base();
        while (at < stream().unsent() && !is_sent(at)) {
            ++at;
        }
        const seq room_end = (std::max)(at + 1, path_.word.last_room_end());
        const seq end = (std::min)(at + path_.run_max, room_end);
        for (; at < end && is_sent(at); ++at) {
            all_.become(which_, at, transit::due);
        }
        path_.greet = true;
    }

  private:
    outbound_messages& all_;
    outbound_path& path_;
    std::uint32_t which_;
};

}  // namespace sixfold::inline v0

#endif
