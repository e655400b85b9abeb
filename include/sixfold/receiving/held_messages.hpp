// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_HELD_MESSAGES_HPP
#define SIXFOLD_RECEIVING_HELD_MESSAGES_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/byte_pool.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// The messages that a receiver has got and that the app has not settled: those that wait for their turn, those that are
/// ready to be handed out, and those that the app was handed.
///
/// Keeps their payloads, finds them by msgid, and keeps the line of the ready ones. Does not know order, windows or acks.
/// All of it is volatile: forgetting one is legal as long as the app was not handed it. Payloads do not move. One room is
/// kept spare for a message that everything else waits for, so that a full store cannot stand in its own way (law 6, spec 3.18).
/// O(1), payloads O(log bytes); all memory is taken at construction.
class held_messages {
  public:
    /// Names an entry.
    using slot = std::uint32_t;
    /// No entry.
    static constexpr slot none = UINT32_MAX;

    /// May a message take the spare room when the others are full?
    enum class room : std::uint8_t {
        ordinary,  ///< no
        spare,     ///< yes: everything else waits for it
    };

    /// One message.
    struct entry {
        msgid id;                                     ///< within its stream
        std::uint32_t stream = 0;                     ///< the index of its sender
        byte_pool::handle payload = byte_pool::none;  ///< none: in the spare room
        std::uint32_t payload_size = 0;               ///< in bytes
        slot same_bucket = none;                      ///< the next with its hash
        slot previous = none;                         ///< in the line of the ready ones
        slot next = none;     ///< likewise; of a free entry, the next free one
        bool ready = false;   ///< stands in the line
        bool handed = false;  ///< the app has it, and its payload must not go away
    };

    /// Takes all its memory. `payload_max` is the size of the spare room, `seed` keys the hash.
    held_messages(std::uint32_t entries_max,
                  std::size_t bytes_max,
                  std::size_t payload_max,
                  std::uint64_t seed)
        : entries_(std::size_t{entries_max} + 1),
          buckets_(std::bit_ceil(std::size_t{entries_max} + 1), none),
          payloads_((std::max)(bytes_max, std::bit_ceil(payload_max))), spare_(payload_max),
          seed_(seed) {
        for (slot at = 0; at < entries_.size(); ++at) {
            entries_[at].next = at + 1 < entries_.size() ? at + 1 : none;
        }
    }

    /// How many there are, the one in the spare room included.
    [[nodiscard]] std::uint32_t size() const noexcept {
        return used_ + std::uint32_t{spare_taken_};
    }
    /// Good until it is erased.
    [[nodiscard]] const entry& operator[](slot at) const noexcept { return entries_[at]; }

    /// Keeps a copy of a message; `none` when there is no room. Precondition: the payload is no larger than payload_max.
    [[nodiscard]] slot add(std::uint32_t stream, msgid id, bytes payload, room which) {
        byte_pool::handle place = byte_pool::none;
        if (used_ + 1 < entries_.size()) {
            place = payloads_.allocate(payload.size());
        }
        if (place == byte_pool::none && (which == room::ordinary || spare_taken_)) {
            return none;
        }
        const slot at = free_;
        entry& e = entries_[at];
        free_ = e.next;
        e = entry{};
        e.id = id;
        e.stream = stream;
        e.payload = place;
        e.payload_size = static_cast<std::uint32_t>(payload.size());
        spare_taken_ = spare_taken_ || place == byte_pool::none;
        used_ += std::uint32_t{place != byte_pool::none};
        std::copy_n(payload.data(), payload.size(), storage(e).data());
        slot& bucket = buckets_[bucket_of(stream, id)];
        e.same_bucket = bucket;
        bucket = at;
        return at;
    }

    /// The message of this name, settled or not by its stream since; `none`. `hint` is where it may be.
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

    /// Good until the message is erased.
    [[nodiscard]] bytes payload(slot at) const noexcept {
        const entry& e = entries_[at];
        return e.payload == byte_pool::none ? bytes(spare_.data(), e.payload_size)
                                            : payloads_.at(e.payload, e.payload_size);
    }

    /// Forgets a message; its slot is used again.
    void erase(slot at) noexcept {
        entry& e = entries_[at];
        leave_line(e);
        slot* link = &buckets_[bucket_of(e.stream, e.id)];
        while (*link != at) {
            link = &entries_[*link].same_bucket;
        }
        *link = e.same_bucket;
        if (e.payload == byte_pool::none) {
            spare_taken_ = false;
        } else {
            payloads_.release(e.payload, e.payload_size);
            --used_;
        }
        e = entry{};
        e.next = free_;
        free_ = at;
    }

    /// Puts a message at the end of the line.
    void make_ready(slot at) noexcept {
        entry& e = entries_[at];
        SIXFOLD_ASSERT(!e.ready && !e.handed);
        e.ready = true;
        e.previous = last_;
        e.next = none;
        (last_ == none ? first_ : entries_[last_].next) = at;
        last_ = at;
    }

    /// Takes the message at the front of the line for the app; `none`.
    [[nodiscard]] slot hand_out() noexcept {
        const slot at = first_;
        if (at != none) {
            leave_line(entries_[at]);
            entries_[at].handed = true;
        }
        return at;
    }

    /// Is there a message to hand out?
    [[nodiscard]] bool any_ready() const noexcept { return first_ != none; }

  private:
    friend struct test_access;

    [[nodiscard]] bool is(slot at, std::uint32_t stream, msgid id) const noexcept {
        return entries_[at].stream == stream && entries_[at].id == id;
    }
    [[nodiscard]] std::span<std::byte> storage(const entry& e) noexcept {
        return e.payload == byte_pool::none ? std::span<std::byte>(spare_.data(), e.payload_size)
                                            : payloads_.at(e.payload, e.payload_size);
    }

    [[nodiscard]] std::size_t bucket_of(std::uint32_t stream, msgid id) const noexcept {
        // Seeded, because a sender chooses its seqs: it must not be able to choose our buckets (a multiply-shift hash).
        std::uint64_t mixed = (id.seq ^ seed_) * 0x9E3779B97F4A7C15U;
        mixed ^= (static_cast<std::uint64_t>(id.epoch) + (mixed >> 29)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 32) ^ stream) * 0x94D049BB133111EBU;
        return detail::to_size(mixed >> 32) & (buckets_.size() - 1);
    }

    void leave_line(entry& e) noexcept {
        if (e.ready) {
            (e.previous == none ? first_ : entries_[e.previous].next) = e.next;
            (e.next == none ? last_ : entries_[e.next].previous) = e.previous;
            e.ready = false;
        }
    }

    std::vector<entry> entries_;
    std::vector<slot> buckets_;
    byte_pool payloads_;
    std::vector<std::byte> spare_;
    std::uint64_t seed_;
    slot free_ = 0;
    slot first_ = none;
    slot last_ = none;
    std::uint32_t used_ = 0;  // entries outside of the spare room
    bool spare_taken_ = false;
};

}  // namespace sixfold::inline v0

#endif
