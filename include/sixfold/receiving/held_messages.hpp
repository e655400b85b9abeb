// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_HELD_MESSAGES_HPP
#define SIXFOLD_RECEIVING_HELD_MESSAGES_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>  // exchange
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/byte_pool.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// The messages that a receiver has got and that the app has not yet accepted or rejected.
///
///     of one stream, by seq          lowest <-> ... <-> highest
///     early, of a larger epoch       the last that came -> ... -> the first
///     ready, of all streams          in the order in which they are handed out
///
/// It keeps their payloads, finds them by msgid, knows the lowest and highest of each stream, and keeps the queue of the ready
/// ones. It does not know order, windows or acks. All of it is volatile: a message may be forgotten as long as the app was not
/// handed it. Payloads do not move. Calls are O(1), for payloads O(log bytes), where nothing else is said. The memory for messages
/// is allocated at construction.
class held_messages {
  public:
    /// Names an entry.
    using slot = std::uint32_t;
    /// No entry.
    static constexpr slot none = UINT32_MAX;

    /// How far a message is.
    enum class stage : std::uint8_t {
        waiting,  ///< behind a hole, or early: it may be forgotten
        ready,    ///< in the queue of those that the app is handed next
        handed,   ///< the app has it, so its payload must stay
    };

    /// One message.
    struct entry {
        msgid id;                                     ///< within its stream
        std::uint32_t stream = 0;                     ///< the index of its sender
        byte_pool::handle payload = byte_pool::none;  ///< the block of its bytes
        std::uint32_t payload_size = 0;               ///< in bytes
        std::uint32_t tries = 0;  ///< how often it was handed out in all lives; 0: not counted
        slot same_bucket = none;  ///< the next with the same hash
        slot below = none;     ///< the next lower of its stream; of an early one, the one before it
        slot above = none;     ///< the next higher
        slot previous = none;  ///< in the queue of the ready ones
        slot next = none;      ///< likewise; of a free entry, the next free one
        sixfold::held_messages::stage stage = stage::waiting;  ///< how far it is
        bool listed = false;  ///< is among those of its stream, by seq
    };

    /// Allocates memory for so many messages and bytes, and for one payload of `payload_max` bytes at least. `seed` keys the hash.
    held_messages(std::uint32_t entries_max,
                  std::size_t bytes_max,
                  std::size_t payload_max,
                  std::uint64_t seed)
        : entries_(entries_max), buckets_(std::bit_ceil(std::size_t{entries_max}), none),
          payloads_((std::max)(bytes_max, std::bit_ceil(payload_max))), seed_(seed) {
        for (slot at = 0; at < entries_.size(); ++at) {
            entries_[at].next = at + 1 < entries_.size() ? at + 1 : none;
        }
    }

    // --- how many --------------------------------------------------------------------------------------------------

    /// How many messages have room.
    [[nodiscard]] std::uint32_t places() const noexcept {
        return static_cast<std::uint32_t>(entries_.size());
    }
    /// How many are held, of all streams and in all stages.
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    /// How many of them are in the stage `waiting`, so that they may be forgotten.
    [[nodiscard]] std::uint32_t waiting() const noexcept { return waiting_; }
    /// How many bytes of payloads have room, if the free blocks lie side by side.
    [[nodiscard]] std::size_t bytes_left() const noexcept {
        return payloads_.capacity() - payloads_.used();
    }
    /// How many are held of one stream.
    [[nodiscard]] std::uint32_t count(std::uint32_t stream) const noexcept {
        return of(stream).count;
    }
    /// How many of these are in the stage `waiting`.
    [[nodiscard]] std::uint32_t waiting(std::uint32_t stream) const noexcept {
        return of(stream).waiting;
    }
    /// How many of these are in the stage `handed`.
    [[nodiscard]] std::uint32_t handed(std::uint32_t stream) const noexcept {
        return of(stream).handed;
    }
    /// The streams of which some are held, in no particular order.
    [[nodiscard]] const std::vector<std::uint32_t>& holders() const noexcept { return holders_; }
    /// Is nothing held of any other stream?
    [[nodiscard]] bool alone(std::uint32_t stream) const noexcept {
        return holders_.size() == std::size_t{count(stream) != 0};
    }

    // --- one of them -----------------------------------------------------------------------------------------------

    /// The message in a slot. Good until it is erased.
    [[nodiscard]] const entry& operator[](slot at) const noexcept { return entries_[at]; }
    /// Its payload. Good until the message is erased.
    [[nodiscard]] bytes payload(slot at) const noexcept {
        return payloads_.at(entries_[at].payload, entries_[at].payload_size);
    }
    /// The message of this name, even if its stream has ended it since; `none`. `hint` is the slot where it may be.
    [[nodiscard]] slot find(std::uint32_t stream, msgid id, slot hint = none) const noexcept {
        if (hint < entries_.size() && is(hint, stream, id)) {
            return hint;
        }
        slot at = buckets_[bucket_of(stream, id)];
        while (at != none && !is(at, stream, id)) {
            at = entries_[at].same_bucket;
        }
        return at;
    }
    /// The lowest message of a stream, of its present epoch; `none`.
    [[nodiscard]] slot lowest(std::uint32_t stream) const noexcept { return of(stream).lowest; }
    /// The highest, likewise.
    [[nodiscard]] slot highest(std::uint32_t stream) const noexcept { return of(stream).highest; }
    /// The early message that came last, of its next epoch; `none`.
    [[nodiscard]] slot early(std::uint32_t stream) const noexcept { return of(stream).early; }

    /// Of the streams with a message that may be forgotten: the one with the most messages, if these are more than `count`;
    /// `none`. O(streams of which something is held).
    [[nodiscard]] std::uint32_t largest(std::uint32_t count) const noexcept {
        std::uint32_t best = none;
        for (const std::uint32_t each : holders_) {
            if (of(each).waiting != 0 && of(each).count > count) {
                count = of(each).count;
                best = each;
            }
        }
        return best;
    }

    // --- come and go -----------------------------------------------------------------------------------------------

    /// Keeps a copy of a message. `below` is the next lower one of its stream. Returns `none` if there is no room.
    [[nodiscard]] slot add(std::uint32_t stream, msgid id, bytes payload, slot below) {
        const slot at = keep(stream, id, payload);
        if (at != none) {
            list(at, below);
        }
        return at;
    }
    /// Keeps a copy of a message that is early. Returns `none` if there is no room.
    [[nodiscard]] slot add_early(std::uint32_t stream, msgid id, bytes payload) {
        const slot at = keep(stream, id, payload);
        if (at != none) {
            entries_[at].below = std::exchange(streams_[stream].early, at);
        }
        return at;
    }
    /// The stream has entered the epoch of its early messages: the one that came last is not early any more. Precondition: there is
    /// one.
    slot take_early(std::uint32_t stream) noexcept {
        const slot at = streams_[stream].early;
        streams_[stream].early = entries_[at].below;
        entries_[at].below = none;
        return at;
    }
    /// Puts one that was early among those of its stream. `below` is the next lower one.
    void list(slot at, slot below) noexcept {
        holding& own = streams_[entries_[at].stream];
        entry& e = entries_[at];
        e.listed = true;
        e.below = below;
        e.above = below == none ? own.lowest : entries_[below].above;
        (e.below == none ? own.lowest : entries_[e.below].above) = at;
        (e.above == none ? own.highest : entries_[e.above].below) = at;
    }

    /// Forgets a message; its slot will be used again. Precondition: it is not early.
    void erase(slot at) noexcept {
        unlist(at);
        entry& e = entries_[at];
        leave_line(e);
        holding& own = streams_[e.stream];
        own.waiting -= std::uint32_t{e.stage == stage::waiting};
        own.handed -= std::uint32_t{e.stage == stage::handed};
        waiting_ -= std::uint32_t{e.stage == stage::waiting};
        if (--own.count == 0) {
            streams_[holders_.back()].place = own.place;
            holders_[own.place] = holders_.back();
            holders_.pop_back();
        }
        slot* link = &buckets_[bucket_of(e.stream, e.id)];
        while (*link != at) {
            link = &entries_[*link].same_bucket;
        }
        *link = e.same_bucket;
        payloads_.release(e.payload, e.payload_size);
        e = entry{};
        e.next = free_;
        free_ = at;
        --size_;
    }
    /// Takes a message that the app still has out of those of its stream by seq. It keeps its place.
    void unlist(slot at) noexcept {
        entry& e = entries_[at];
        if (std::exchange(e.listed, false)) {
            holding& own = streams_[e.stream];
            (e.below == none ? own.lowest : entries_[e.below].above) = e.above;
            (e.above == none ? own.highest : entries_[e.above].below) = e.below;
        }
    }

    // --- the queue of the ready ones -------------------------------------------------------------------------------

    /// Puts a message at the end of the queue.
    void make_ready(slot at) noexcept {
        entry& e = entries_[at];
        SIXFOLD_ASSERT(e.stage == stage::waiting);
        e.stage = stage::ready;
        --streams_[e.stream].waiting;
        --waiting_;
        e.previous = last_;
        e.next = none;
        (last_ == none ? first_ : entries_[last_].next) = at;
        last_ = at;
    }
    /// Takes the message at the front of the queue, for the app; `none`.
    [[nodiscard]] slot hand_out() noexcept {
        const slot at = first_;
        if (at != none) {
            leave_line(entries_[at]);
            entries_[at].stage = stage::handed;
            ++streams_[entries_[at].stream].handed;
        }
        return at;
    }
    /// Notes how often a message was handed out, in all lives.
    void count(slot at, std::uint32_t tries) noexcept { entries_[at].tries = tries; }
    /// Is there a message to hand out?
    [[nodiscard]] bool any_ready() const noexcept { return first_ != none; }

  private:
    friend struct receiver_access;

    /// Of one stream.
    struct holding {
        slot lowest = none;
        slot highest = none;
        slot early = none;
        std::uint32_t count = 0;    // with early ones, and with those of an epoch that was left
        std::uint32_t waiting = 0;  // of these
        std::uint32_t handed = 0;   // of these
        std::uint32_t place = 0;    // in `holders_`, if it is there
    };

    [[nodiscard]] const holding& of(std::uint32_t stream) const noexcept {
        static constexpr holding nothing{};
        return stream < streams_.size() ? streams_[stream] : nothing;
    }

    [[nodiscard]] slot keep(std::uint32_t stream, msgid id, bytes payload) {
        if (free_ == none) {
            return none;
        }
        if (stream >= streams_.size()) {
            streams_.resize((std::max)(std::size_t{stream} + 1, 2 * streams_.size()));
            holders_.reserve((std::min)(streams_.size(), entries_.size()));
        }
        const byte_pool::handle place = payloads_.allocate(payload.size());
        if (place == byte_pool::none) {
            return none;
        }
        const slot at = free_;
        entry& e = entries_[at];
        free_ = e.next;
        e = entry{.id = id,
                  .stream = stream,
                  .payload = place,
                  .payload_size = static_cast<std::uint32_t>(payload.size())};
        std::copy_n(payload.data(), payload.size(), payloads_.at(place, payload.size()).data());
        e.same_bucket = std::exchange(buckets_[bucket_of(stream, id)], at);
        count_in(streams_[stream], stream);
        return at;
    }
    void count_in(holding& own, std::uint32_t stream) noexcept {
        if (own.count++ == 0) {
            own.place = static_cast<std::uint32_t>(holders_.size());
            holders_.push_back(stream);
        }
        ++own.waiting;
        ++waiting_;
        ++size_;
    }

    [[nodiscard]] bool is(slot at, std::uint32_t stream, msgid id) const noexcept {
        return entries_[at].stream == stream && entries_[at].id == id;
    }

    [[nodiscard]] std::size_t bucket_of(std::uint32_t stream, msgid id) const noexcept {
        // Seeded, because a sender chooses its seqs: it must not be able to choose our buckets (a multiply-shift hash).
        std::uint64_t mixed = (id.seq ^ seed_) * 0x9E3779B97F4A7C15U;
        mixed ^= (static_cast<std::uint64_t>(id.epoch) + (mixed >> 29)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 32) ^ stream) * 0x94D049BB133111EBU;
        return detail::to_size(mixed >> 32) & (buckets_.size() - 1);
    }

    void leave_line(entry& e) noexcept {
        if (e.stage == stage::ready) {
            (e.previous == none ? first_ : entries_[e.previous].next) = e.next;
            (e.next == none ? last_ : entries_[e.next].previous) = e.previous;
        }
    }

    std::vector<entry> entries_;
    std::vector<slot> buckets_;
    byte_pool payloads_;
    std::vector<holding> streams_;        // by the index of the sender
    std::vector<std::uint32_t> holders_;  // those of which some are held
    std::uint64_t seed_;
    slot free_ = 0;
    slot first_ = none;
    slot last_ = none;
    std::uint32_t size_ = 0;
    std::uint32_t waiting_ = 0;
};

}  // namespace sixfold::inline v0

#endif
