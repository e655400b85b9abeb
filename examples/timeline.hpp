// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_TIMELINE_HPP
#define SIXFOLD_EXAMPLES_TIMELINE_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>

namespace example {

/// What is going to happen, and when. Of two things at the same time, the one that was added first
/// comes first, so that a run is the same each time. Knows no clock.
template <class Event>
class timeline {
  public:
    void add(sixfold::time_point at, Event what) {
        events_.push_back({at, ++ordinal_, std::move(what)});
        std::push_heap(events_.begin(), events_.end(), later_than);
        last_ = (std::max)(last_, at);
    }

    /// The next event that is due, each of them once.
    [[nodiscard]] std::optional<Event> pop_due(sixfold::time_point now) {
        if (now < next()) {
            return std::nullopt;
        }
        std::pop_heap(events_.begin(), events_.end(), later_than);
        std::optional<Event> due(std::move(events_.back().what));
        events_.pop_back();
        return due;
    }

    /// When the next event is due; `never` when there is none.
    [[nodiscard]] sixfold::time_point next() const {
        return events_.empty() ? sixfold::never : events_.front().at;
    }
    /// When the last event of all, past or to come, is due.
    [[nodiscard]] sixfold::time_point last() const { return last_; }

  private:
    struct entry {
        sixfold::time_point at;
        std::uint64_t ordinal;
        Event what;
    };
    static bool later_than(const entry& a, const entry& b) {
        return std::pair(a.at, a.ordinal) > std::pair(b.at, b.ordinal);
    }

    std::vector<entry> events_;  // a heap, the next event in front
    std::uint64_t ordinal_ = 0;
    sixfold::time_point last_{};
};

}  // namespace example

#endif
