// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_DEADLINES_HPP
#define SIXFOLD_PARTS_DEADLINES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// Says which of many ids is due first. Each id has one deadline, or none.
///
/// It keeps the deadlines, and a heap of ids, each with the time at which to look at it: its deadline, or an earlier one that it
/// had before. Most deadlines are moved back or removed before they are due. That leaves the heap as it is, until the id comes to
/// its front: so the heap has at most one entry for an id. `next` puts the heap in order, too: although it is const, two threads
/// may not call it at once.
/// It reads no clock and does not know what the ids stand for. They should be small and dense, because it grows with the largest
/// one, by doubling. Deadlines at the same moment come in the order of their ids, never in that of the calls or of the heap.
class deadlines {
  public:
    /// Sets or moves the deadline of `id`; `never` removes it. O(1), O(log n) if it is earlier than the last one of this id or the
    /// id was not in the heap.
    void set(std::uint32_t id, time_point at) {
        if (at == never) {
            return clear(id);
        }
        if (id >= due_.size()) {
            due_.resize((std::max)(std::size_t{id} + 1, due_.size() * 2));
        }
        state& one = due_[id];
        size_ += std::size_t{one.at == never};
        one.at = at;
        if (one.place == no_place) {
            heap_.push_back({at, id});
            rise(heap_.size() - 1, {at, id});
        } else if (earlier({at, id}, heap_[one.place])) {
            rise(one.place, {at, id});
        }
    }

    /// Removes the deadline of `id`, if it has one. O(1).
    void clear(std::uint32_t id) noexcept {
        if (of(id) != never) {
            due_[id].at = never;
            --size_;
        }
    }

    /// The earliest deadline; `never` if there is none. O(1), and O(log n) for each that was moved or removed and has come to
    /// the front since.
    [[nodiscard]] time_point next() const noexcept {
        while (!heap_.empty() && due_[heap_.front().id].at != heap_.front().at) {
            look_at_front();
        }
        return heap_.empty() ? never : heap_.front().at;
    }

    /// False if nothing is due at `now`, as is most often the case. O(1).
    [[nodiscard]] bool may_be_due(time_point now) const noexcept {
        return !heap_.empty() && heap_.front().at <= now;
    }

    /// Removes the earliest deadline and returns its id, if it is at `now` or before. Costs as much as `next`.
    [[nodiscard]] std::optional<std::uint32_t> pop_due(time_point now) noexcept {
        if (!may_be_due(now) || next() > now || heap_.empty()) {
            return std::nullopt;
        }
        const std::uint32_t id = heap_.front().id;
        clear(id);
        look_at_front();
        return id;
    }

    /// The deadline of `id`; `never` if it has none. O(1).
    [[nodiscard]] time_point of(std::uint32_t id) const noexcept {
        return id < due_.size() ? due_[id].at : never;
    }

    /// How many ids have a deadline.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    friend struct test_access;

    static constexpr std::uint32_t no_place = ~std::uint32_t{0};

    struct state {
        time_point at = never;
        std::uint32_t place = no_place;  // in the heap
    };
    struct entry {
        time_point at;  // not after the deadline of the id
        std::uint32_t id;
    };

    /// Children of an entry. Four of them lie side by side and make the heap half as deep as two.
    static constexpr std::size_t arity = 4;

    [[nodiscard]] static std::size_t parent(std::size_t i) noexcept {
        return i == 0 ? 0 : (i - 1) / arity;
    }
    [[nodiscard]] static bool earlier(const entry& a, const entry& b) noexcept {
        return a.at != b.at ? a.at < b.at : a.id < b.id;
    }

    void put(std::size_t place, const entry& e) const noexcept {
        heap_[place] = e;
        due_[e.id].place = static_cast<std::uint32_t>(place);
    }

    /// The entry at the front gets its deadline, or leaves the heap if it has none.
    void look_at_front() const noexcept {
        entry front = heap_.front();
        front.at = due_[front.id].at;
        if (front.at == never) {
            due_[front.id].place = no_place;
            front = heap_.back();
            heap_.pop_back();
        }
        if (!heap_.empty()) {
            sink(0, front);
        }
    }

    void rise(std::size_t place, entry e) const noexcept {
        while (place != 0 && earlier(e, heap_[parent(place)])) {
            put(place, heap_[parent(place)]);
            place = parent(place);
        }
        put(place, e);
    }

    void sink(std::size_t place, entry e) const noexcept {
        for (;;) {
            const std::size_t child = earliest_child(place);
            if (child >= heap_.size() || !earlier(heap_[child], e)) {
                return put(place, e);
            }
            put(place, heap_[child]);
            place = child;
        }
    }

    [[nodiscard]] std::size_t earliest_child(std::size_t place) const noexcept {
        const std::size_t first = place * arity + 1;
        const std::size_t end = (std::min)(first + arity, heap_.size());
        std::size_t best = first;
        for (std::size_t i = first + 1; i < end; ++i) {
            best = earlier(heap_[i], heap_[best]) ? i : best;
        }
        return best;
    }

    // Mutable, because the heap is put in order when somebody looks at its front.
    mutable std::vector<entry> heap_;  // none of them at `never`
    mutable std::vector<state> due_;   // by id
    std::size_t size_ = 0;             // ids with a deadline
};

}  // namespace sixfold::inline v0

#endif
