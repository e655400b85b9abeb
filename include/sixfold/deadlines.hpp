// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_DEADLINES_HPP
#define SIXFOLD_DEADLINES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// Which of many numbered things is due first. Each has one deadline, or none.
///
/// It keeps a heap of the deadlines and the place of each id in it, so any of them can be moved.
/// It reads no clock and does not know what the ids stand for; they should be small and dense,
/// because it grows with the largest one, by doubling. Deadlines at the same moment come in the
/// order of their ids, never in that of the calls or of the heap.
class deadlines {
  public:
    /// Sets or moves the deadline of `id`; `never` removes it. O(log n).
    void set(std::uint32_t id, time_point at) {
        if (at == never) {
            return clear(id);
        }
        if (id >= places_.size()) {
            places_.resize((std::max)(std::size_t{id} + 1, places_.size() * 2), no_place);
        }
        if (places_[id] == no_place) {
            heap_.push_back({at, id});
            rise(heap_.size() - 1, {at, id});
        } else {
            settle(places_[id], {at, id});
        }
    }

    /// Removes the deadline of `id`, if it has one. O(log n).
    void clear(std::uint32_t id) noexcept {
        if (id >= places_.size() || places_[id] == no_place) {
            return;
        }
        const std::size_t hole = places_[id];
        const entry last = heap_.back();
        places_[id] = no_place;
        heap_.pop_back();
        if (hole < heap_.size()) {
            settle(hole, last);
        }
    }

    /// The earliest deadline; `never` if there is none. O(1).
    [[nodiscard]] time_point next() const noexcept {
        return heap_.empty() ? never : heap_.front().at;
    }

    /// Removes the earliest deadline and returns its id, if it is at `now` or before. O(log n).
    [[nodiscard]] std::optional<std::uint32_t> pop_due(time_point now) noexcept {
        if (heap_.empty() || heap_.front().at > now) {
            return std::nullopt;
        }
        const std::uint32_t id = heap_.front().id;
        clear(id);
        return id;
    }

    /// The deadline of `id`; `never` if it has none. O(1).
    [[nodiscard]] time_point of(std::uint32_t id) const noexcept {
        const bool known = id < places_.size() && places_[id] != no_place;
        return known ? heap_[places_[id]].at : never;
    }

    /// How many ids have a deadline.
    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

  private:
    friend struct test_access;

    struct entry {
        time_point at;
        std::uint32_t id;
    };
    static constexpr std::uint32_t no_place = ~std::uint32_t{0};

    /// Children of an entry. Four of them lie side by side and make the heap half as deep as two.
    static constexpr std::size_t arity = 4;

    [[nodiscard]] static std::size_t parent(std::size_t i) noexcept {
        return i == 0 ? 0 : (i - 1) / arity;
    }
    [[nodiscard]] static bool earlier(const entry& a, const entry& b) noexcept {
        return a.at != b.at ? a.at < b.at : a.id < b.id;
    }

    void put(std::size_t place, const entry& e) noexcept {
        heap_[place] = e;
        places_[e.id] = static_cast<std::uint32_t>(place);
    }

    /// Puts `e` where it belongs, from a place on whose content does not matter any more.
    void settle(std::size_t place, entry e) noexcept {
        if (earlier(e, heap_[parent(place)])) {
            rise(place, e);
        } else {
            sink(place, e);
        }
    }

    void rise(std::size_t place, entry e) noexcept {
        while (place != 0 && earlier(e, heap_[parent(place)])) {
            put(place, heap_[parent(place)]);
            place = parent(place);
        }
        put(place, e);
    }

    void sink(std::size_t place, entry e) noexcept {
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

    std::vector<entry> heap_;            ///< none of them at `never`
    std::vector<std::uint32_t> places_;  ///< of each id in `heap_`, or `no_place`
};

}  // namespace sixfold::inline v0

#endif
