// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_WAIT_ACK_QUEUE_HPP
#define SIXFOLD_SENDING_WAIT_ACK_QUEUE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/byte_pool.hpp"
#include "sixfold/sending/message_state.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// The messages that a sender has taken and that have not ended for the app, with their payloads.
///
/// It keeps track of each message's state, of the messages that wait for a record or whose news the app is to hear, of the share
/// of each receiver, and of the two capacities: entries with a place in the queue, and *unsettled* entries, which are stored and
/// whose end is not known yet. It does not know streams, windows, frames or timers. Everything is O(1), payloads O(log
/// queue_bytes). Memory grows by doubling up to the capacities and never shrinks.
class wait_ack_queue {
  public:
    /// Names an entry.
    using slot = std::uint32_t;
    /// No entry.
    static constexpr slot none = UINT32_MAX;

    /// In which of the queue's lists an entry is: in one at most.
    enum class place : std::uint8_t {
        nowhere,    ///< in none: nothing of the journal is awaited
        unwritten,  ///< the journal needs a record of its present state
        written,    ///< its record was written, and is not durable yet
    };
    /// One message.
    struct entry {
        sixfold::epoch epoch = epoch::none;  ///< of its msgid
        sixfold::seq seq = 0;                ///< of its msgid
        std::uint64_t record = 0;            ///< the record that must be durable before it is sent
        std::uint32_t stream = 0;            ///< the index of its receiver
        byte_pool::handle payload = byte_pool::none;  ///< `none`: it was dropped
        std::uint32_t payload_size = 0;               ///< in bytes
        std::uint32_t generation = 0;  ///< tells a ticket from an old one of the same slot
        slot previous = none;          ///< in the list of its place
        slot next = none;              ///< likewise
        slot next_event = none;        ///< in the list of events
        message_state state = message_state::queued;   ///< where it is
        status outcome = status::none;                 ///< how it ended, once it has
        status told = status::none;                    ///< the last that the app heard
        refused_reason reason = refused_reason::none;  ///< why it is being, or was, refused
        place where = place::nowhere;                  ///< in which list
        sixfold::storing storing = storing::allowed;   ///< as the app said
        bool announced = false;                        ///< is in the list of events
        bool unsettled = false;  ///< counts as unsettled and no longer as queued
        bool taken = false;      ///< is a message, not a free slot
        bool renamed = false;    ///< may have been sent under another msgid
        bool journaled = false;  ///< the journal has a record of its own
    };

    /// Allocates the payload storage, `bytes_max`, at once.
    wait_ack_queue(std::uint32_t entries_max, std::uint32_t unsettled_max, std::size_t bytes_max)
        : payloads_(bytes_max), entries_max_(entries_max), unsettled_max_(unsettled_max) {}

    /// The entry of a slot. Good until something is added.
    [[nodiscard]] entry& operator[](slot at) noexcept { return entries_[at]; }
    /// The same, to look at.
    [[nodiscard]] const entry& operator[](slot at) const noexcept { return entries_[at]; }

    /// Adds an entry with a copy of the payload; `none` if entries, bytes or tickets are used up.
    [[nodiscard]] slot add(bytes payload) {
        if (queued_ >= entries_max_ || !has_slot()) {
            return none;
        }
        const byte_pool::handle block = payloads_.allocate(payload.size());
        if (block == byte_pool::none) {
            return none;
        }
        std::copy_n(payload.data(), payload.size(), payloads_.at(block, payload.size()).data());
        const slot at = take_slot();
        entries_[at].payload = block;
        entries_[at].payload_size = static_cast<std::uint32_t>(payload.size());
        ++queued_;
        return at;
    }

    /// What the messages to one receiver hold.
    struct share {
        std::uint32_t entries = 0;  ///< all of them
        std::uint32_t queued = 0;   ///< those with a place in the queue
        std::size_t bytes = 0;      ///< of the payload storage, rounding included

        /// Whether another payload is within these limits. The first one is in any case.
        [[nodiscard]] bool
        takes(std::size_t size, std::uint32_t entries_max, std::size_t bytes_max) const noexcept {
            return queued == 0 ||
                   (queued < entries_max && bytes + byte_pool::cost(size) <= bytes_max);
        }
    };
    /// Says whose message an entry is: the index of its receiver.
    void give(slot at, std::uint32_t stream) {
        if (stream >= shares_.size()) {
            shares_.resize(std::size_t{stream} + 1);
        }
        entry& e = entries_[at];
        e.stream = stream;
        ++shares_[stream].entries;
        ++shares_[stream].queued;
        shares_[stream].bytes += byte_pool::cost(e.payload_size);
    }
    /// The share of a receiver.
    [[nodiscard]] share of(std::uint32_t stream) const noexcept {
        return stream < shares_.size() ? shares_[stream] : share();
    }

    /// The payload of an entry. Good until it is dropped.
    [[nodiscard]] bytes payload(slot at) const noexcept {
        const entry& e = entries_[at];
        return payloads_.at(e.payload, e.payload_size);
    }

    /// Frees the payload, if it is still there.
    void drop_payload(slot at) noexcept {
        entry& e = entries_[at];
        if (e.payload != byte_pool::none) {
            payloads_.release(e.payload, e.payload_size);
            shares_[e.stream].bytes -= byte_pool::cost(e.payload_size);
            e.payload = byte_pool::none;
            e.payload_size = 0;
        }
    }

    /// Counts a stored entry as unsettled, if one more is allowed: then its place in the queue is free for others.
    void make_unsettled(slot at) noexcept {
        if (!entries_[at].unsettled && unsettled_ < unsettled_max_) {
            entries_[at].unsettled = true;
            ++unsettled_;
            --queued_;
            --shares_[entries_[at].stream].queued;
        }
    }

    /// Moves an entry to the end of a list, or out of its list.
    void move(slot at, place to) noexcept {
        leave(at);
        if (to == place::nowhere) {
            return;
        }
        list& l = list_of(to);
        entry& e = entries_[at];
        e.where = to;
        e.previous = l.last;
        e.next = none;
        (l.last == none ? l.first : entries_[l.last].next) = at;
        l.last = at;
    }

    /// The same, unless the journal needs a record of the entry: then it keeps its turn. Otherwise the record of a message that
    /// gave its room to another would follow the record of the other. (spec 7.6)
    void move_written(slot at, place to) noexcept {
        if (entries_[at].where != place::unwritten) {
            move(at, to);
        }
    }

    /// The entry that has been longest in the list; `none`.
    [[nodiscard]] slot first(place in) const noexcept { return lists_[index(in)].first; }

    /// Something new is known of the entry. The app will be told, unless it was told already.
    void announce(slot at) noexcept {
        entry& e = entries_[at];
        if (e.announced || knowledge(at) <= e.told) {
            return;
        }
        e.announced = true;
        e.next_event = none;
        (events_.last == none ? events_.first : entries_[events_.last].next_event) = at;
        events_.last = at;
    }

    /// The next entry that the app has to hear of; `none`.
    [[nodiscard]] slot next_event() const noexcept { return events_.first; }

    /// The app has heard what is known of the entry at the front of the events. True if that was the last.
    bool told() noexcept {
        const slot at = events_.first;
        entry& e = entries_[at];
        events_.first = e.next_event;
        if (events_.first == none) {
            events_.last = none;
        }
        e.announced = false;
        e.told = (std::max)(e.told, knowledge(at));
        return is_final(e.told);
    }

    /// Forgets an entry that has ended, and whose end the app has heard.
    void remove(slot at) noexcept {
        leave(at);
        drop_payload(at);
        entry& e = entries_[at];
        --(e.unsettled ? unsettled_ : queued_);
        --shares_[e.stream].entries;
        shares_[e.stream].queued -= std::uint32_t{!e.unsettled};
        e.generation = (std::max)(e.generation + 1, first_generation_);
        e.state = message_state::ended;
        e.taken = false;
        set_free(at);
    }

    /// Puts an entry of an earlier life back into the slot of its ticket. False if there is no room for its payload.
    /// Until `restored` is called, nothing else may be added.
    [[nodiscard]] bool restore(ticket name, bytes payload) {
        const slot at = slot_of(name);
        entries_.resize((std::max)(entries_.size(), std::size_t{at} + 1));
        const byte_pool::handle block = payloads_.allocate(payload.size());
        if (block == byte_pool::none) {
            return false;
        }
        std::copy(payload.begin(), payload.end(), payloads_.at(block, payload.size()).begin());
        entry& e = entries_[at];
        e.payload = block;
        e.payload_size = static_cast<std::uint32_t>(payload.size());
        e.generation = generation_of(name);
        e.taken = true;
        ++queued_;
        return true;
    }

    /// All entries of an earlier life are there. From now on no ticket is given that an earlier life has given. Those had
    /// generations below `end`; records that were lost at the end of the journal can have been one generation further. (spec 7.8)
    void restored(std::uint32_t end) noexcept {
        generation_end_ = end;
        first_generation_ = (std::min)(end, generation_last) + 1;
        for (slot at = size(); at-- > 0;) {
            entry& e = entries_[at];
            if (!e.taken) {
                e.generation = first_generation_;
                e.state = message_state::ended;
                set_free(at);
            }
        }
    }

    /// The most that is known of the entry.
    [[nodiscard]] status knowledge(slot at) const noexcept {
        const entry& e = entries_[at];
        return e.state == message_state::ended ? e.outcome : known(e.state);
    }

    /// What the app calls this entry.
    [[nodiscard]] ticket ticket_of(slot at) const noexcept {
        return ticket{std::uint64_t{entries_[at].generation} << 32 | at};
    }
    /// The entry that a ticket names, or named. (spec 7.8)
    [[nodiscard]] static slot slot_of(ticket name) noexcept {
        return static_cast<slot>(static_cast<std::uint64_t>(name));
    }
    /// Counts the messages that had the slot of a ticket one after the other. (spec 7.8)
    [[nodiscard]] static std::uint32_t generation_of(ticket name) noexcept {
        return static_cast<std::uint32_t>(static_cast<std::uint64_t>(name) >> 32);
    }

    /// The entry of a ticket; `none` if it has ended, or never was.
    [[nodiscard]] slot find(ticket name) const noexcept {
        const slot at = slot_of(name);
        const bool live = at < entries_.size() && ticket_of(at) == name &&
                          entries_[at].state != message_state::ended;
        return live ? at : none;
    }

    /// One more than the highest slot that ever was in use.
    [[nodiscard]] slot size() const noexcept { return static_cast<slot>(entries_.size()); }
    /// All slots are below this.
    [[nodiscard]] std::uint64_t slots_max() const noexcept {
        return std::uint64_t{entries_max_} + unsettled_max_;
    }

    /// Is there an entry of this ticket whose end the app has not heard?
    [[nodiscard]] bool is_taken(ticket name) const noexcept {
        const slot at = slot_of(name);
        return at < entries_.size() && entries_[at].taken && ticket_of(at) == name &&
               !is_final(entries_[at].told);
    }

    /// Are all tickets used up, even if all messages end? Only after 2^32 messages in each slot, or if a journal says so.
    /// (spec 7.8)
    [[nodiscard]] bool is_at_its_end() const noexcept {
        return first_generation_ > generation_last || used_up_ == slots_max();
    }
    /// Tickets that were given have smaller generations than this.
    [[nodiscard]] std::uint32_t generation_end() const noexcept { return generation_end_; }

    /// Entries with a place in the queue, also such as have ended and whose end the app has not heard.
    [[nodiscard]] std::uint32_t queued() const noexcept { return queued_; }
    /// Entries that were stored and no longer have a place in the queue, until they are removed.
    [[nodiscard]] std::uint32_t unsettled() const noexcept { return unsettled_; }
    /// Whether another stored entry would have to keep its place in the queue.
    [[nodiscard]] bool unsettled_full() const noexcept { return unsettled_ == unsettled_max_; }
    /// Bytes of the payload storage in use, rounding included.
    [[nodiscard]] std::size_t bytes_used() const noexcept { return payloads_.used(); }

  private:
    friend struct test_access;

    struct list {
        slot first = none;
        slot last = none;
    };

    [[nodiscard]] static std::size_t index(place which) noexcept {
        return static_cast<std::size_t>(which) - 1;
    }
    [[nodiscard]] list& list_of(place which) noexcept { return lists_[index(which)]; }

    void leave(slot at) noexcept {
        entry& e = entries_[at];
        if (e.where == place::nowhere) {
            return;
        }
        list& l = list_of(e.where);
        (e.previous == none ? l.first : entries_[e.previous].next) = e.next;
        (e.next == none ? l.last : entries_[e.next].previous) = e.previous;
        e.where = place::nowhere;
    }

    /// Whether a slot is free, or can be made.
    [[nodiscard]] bool has_slot() const noexcept {
        return free_ != none || (first_generation_ <= generation_last && size() < slots_max());
    }

    /// Makes a slot free, unless its generations are used up: its tickets would come again.
    void set_free(slot at) noexcept {
        if (entries_[at].generation > generation_last) {
            ++used_up_;
            return;
        }
        entries_[at].next = free_;
        free_ = at;
    }

    [[nodiscard]] slot take_slot() {
        slot at = free_;
        if (at == none) {
            at = static_cast<slot>(entries_.size());
            entries_.emplace_back();
            entries_[at].generation = first_generation_;
        } else {
            free_ = entries_[at].next;
            const std::uint32_t generation = entries_[at].generation;
            entries_[at] = entry{};
            entries_[at].generation = generation;
        }
        entries_[at].taken = true;
        generation_end_ = (std::max)(generation_end_, entries_[at].generation + 1);
        return at;
    }

    // One more is there to mark the end.
    static constexpr std::uint32_t generation_last = UINT32_MAX - 1;

    std::vector<entry> entries_;
    byte_pool payloads_;
    std::array<list, 2> lists_{};  // by place
    list events_;                  // linked by next_event
    std::vector<share> shares_;    // by receiver
    slot free_ = none;
    std::uint32_t entries_max_;
    std::uint32_t unsettled_max_;
    std::uint32_t queued_ = 0;
    std::uint32_t unsettled_ = 0;
    std::uint64_t used_up_ = 0;           // slots that have no ticket left
    std::uint32_t first_generation_ = 1;  // of slots that were never in use in this life
    std::uint32_t generation_end_ = 1;    // no ticket was given of this generation or a later one
};

}  // namespace sixfold::inline v0

#endif
