// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_RECORD_HPP
#define SIXFOLD_TESTS_SIMULATION_RECORD_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <sixfold/error.hpp>
#include <sixfold/time.hpp>
#include <sixfold/types.hpp>
#include <sixfold/wire/frame.hpp>
#include "simulation/plan.hpp"

namespace simulation {

/// What must be seen at least once in many worlds; else they do not try what they say.
enum class sight : std::uint8_t {
    crash_before_commit,
    crash_before_send,
    crash_between_sends,
    crash_again,
    torn_record,
    unsynced_lost,
    commit_unknown,
    memory_lost,
    set_back,
    knock,  // a sender without its journal writes again
    relay_crash_before_put,
    relay_crash_before_answer,
    relay_crash_before_frame,
    store_unknown,
    store_full,
    answered_later_life,  // a mailbox answers a relay that has crashed since
    failover,
    stale_link,  // what goes to a link that is dead
    carried,     // from one relay to another
    not_carried,
    settled_apart,  // all came to its end with clients at different relays that carry nothing
    told_stored,
    told_delivered_after_stored,
    told_cancelled,
    too_late_to_cancel,
    told_expired,
    told_rejected,
    told_ended,
    told_refused,
    given_up,  // and somebody else may get its place
    peer_full,
    renamed,  // a message got another msgid
    said_waiting,
    said_past,
    probe,
    run,         // several messages in one frame
    keep,        // sent to be stored, whether its receiver is here or not
    again_lost,  // a message goes out again because its last sending was lost,
    again_timed_out,
    again_new_link,
    again_turned_away,
    again_away,
    again_refused,
    again_taken_back,
    again_buried,
    again_repeated,
    room_used_up,  // the last seq for which there is room was sent
    path_learnt,   // ten samples alike
    numbers_wrapped,
    echo_of_missing,
    repeated_echo,
    refused_too_large,
    byte_stream,  // a link that is one
    later_part,   // an ack state that leaves out the beginning of a window
    tombstone,
    drained_clean,
    drained_not_clean,
    queue_full,
    taken_back_in_mailbox,
    accepted_twice_by_two_lives,
    clock_back,
    clock_forward,
    refused_unmoved,
    forged_ack,
    equivocation,
    came_below_floor,    // a message that is over
    came_beyond_window,  // and one that has no place yet
    came_in_past_epoch,
    told_after_end,  // an ack that answers a message that has ended
    told_of_past_epoch,
    too_large_for_the_way,
    way_full,
    shared_way_full,
    window_full,
    paused,
    count,
};
inline constexpr std::size_t sights = static_cast<std::size_t>(sight::count);
inline constexpr std::array<const char*, sights> sight_names{
    "crash before a commit",
    "crash between commit and first send",
    "crash between two sends",
    "crash while recovering",
    "torn record",
    "unsynced records lost",
    "commit unknown",
    "memory lost",
    "set back to an earlier day",
    "writes again without its journal",
    "relay crash before a put",
    "relay crash between a put and its answer",
    "relay crash before a frame",
    "store unknown",
    "store full",
    "mailbox answers a relay that has crashed",
    "failover",
    "frame to a dead link",
    "carried between relays",
    "not carried between relays",
    "an end at different relays that carry nothing",
    "told stored",
    "told delivered after stored",
    "told cancelled",
    "delivered though taken back",
    "told expired",
    "told rejected",
    "told ended",
    "told refused",
    "given up",
    "peer full",
    "renamed",
    "said waiting",
    "said past",
    "probe",
    "run of several messages",
    "asked to keep",
    "sent again: lost",
    "sent again: timed out",
    "sent again: new link",
    "sent again: turned away",
    "sent again: its receiver is away",
    "sent again: refused with another one",
    "sent again: taken back",
    "sent again: buried, and its row is gone",
    "sent again: repeated, as the way loses",
    "room used up",
    "ten samples alike",
    "numbers wrapped",
    "echo with missing ones",
    "repeated echo",
    "too large for the relay",
    "byte stream",
    "ack of a later part of a window",
    "tombstone",
    "drained, clean",
    "drained, not clean",
    "queue full",
    "retention in the mailbox",
    "accepted by two lives without memory between",
    "clock back",
    "clock forward",
    "refused, and nothing has moved",
    "forged ack",
    "equivocation",
    "came again below the floor",
    "came beyond the window",
    "came in a past epoch",
    "told of what has ended",
    "told of a past epoch",
    "too large for its way",
    "lost at a full way",
    "lost at a full way that all share",
    "no room for a full packet is left in the window",
    "came to one that stands still",
};

/// What has been seen, of how many worlds it may be.
struct sightings {
    std::array<std::uint64_t, sights> seen{};
    std::array<std::array<std::uint64_t, 8>, 3> frames{};  // lost, doubled, damaged: by kind
    std::array<std::uint64_t, sixfold::refusal_kinds> refused{};
    std::array<std::uint64_t, fault_kinds> happened{};
    std::uint64_t events = 0;
    std::uint64_t crashes = 0;
    std::uint64_t delivered = 0;
    std::uint64_t simulated_seconds = 0;
    std::uint64_t healing_ms = 0;  // from the heal to the end of all, in virtual time

    void see(sight what, bool is = true) { seen[static_cast<std::size_t>(what)] += is ? 1 : 0; }
    void add(const sixfold::refusal_counts& counts) {
        for (std::size_t i = 1; i < refused.size(); ++i) {
            refused[i] += counts[static_cast<sixfold::refusal>(i)];
        }
    }

    sightings& operator+=(const sightings& more) {
        const auto add = [](auto& to, const auto& from) {
            for (std::size_t i = 0; i < to.size(); ++i) {
                to[i] += from[i];
            }
        };
        add(seen, more.seen);
        add(refused, more.refused);
        add(happened, more.happened);
        for (std::size_t i = 0; i < frames.size(); ++i) {
            add(frames[i], more.frames[i]);
        }
        events += more.events;
        crashes += more.crashes;
        delivered += more.delivered;
        simulated_seconds += more.simulated_seconds;
        healing_ms += more.healing_ms;
        return *this;
    }
};

/// Everything that happens in a world, as one number, and, for a reader, line by line.
class trace {
  public:
    explicit trace(const sixfold::manual_clock& clock) : clock_(&clock) {}

    /// Is given each line; empty: nobody reads.
    std::function<void(const std::string&)> print;
    /// A frame in words.
    std::function<std::string(const sixfold::frame&)> describe;

    void add(std::uint64_t value) {
        hash_ ^= value;
        hash_ *= 0x9e3779b97f4a7c15;
        hash_ ^= hash_ >> 32;
    }
    void add(sixfold::bytes all) {
        std::uint64_t word = all.size();
        for (std::size_t i = 0; i < all.size(); ++i) {
            word = word << 8 | std::to_integer<std::uint64_t>(all[i]);
            if (i % 8 == 7) {
                add(word);
                word = 0;
            }
        }
        add(word);
    }
    /// Equal in two worlds that went the same way, whatever they were compiled with.
    [[nodiscard]] std::uint64_t hash() const { return hash_; }

    /// `line()` is made only if somebody reads.
    template <class Line>
    void say(Line line) const {
        if (print) {
            const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                clock_->now().time_since_epoch());
            print(std::to_string(now.count()) + " ms  " + line());
        }
    }
    template <class Way>
    void say_frame(Way way, const sixfold::frame& what) const {
        if (describe) {
            say([&] { return way() + "  " + describe(what); });
        }
    }

  private:
    const sixfold::manual_clock* clock_;
    std::uint64_t hash_ = 0;
};

}  // namespace simulation

#endif
