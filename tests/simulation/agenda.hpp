// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_AGENDA_HPP
#define SIXFOLD_TESTS_SIMULATION_AGENDA_HPP

#include <cstdint>
#include <queue>
#include <string>

#include <sixfold/time.hpp>
#include <sixfold/types.hpp>

namespace simulation {

using client_number = std::uint32_t;

[[nodiscard]] inline sixfold::peer name_of(client_number who) {
    return std::string(1, static_cast<char>('a' + who));
}
[[nodiscard]] inline client_number number_of(const sixfold::peer& name) {
    return static_cast<client_number>(name.name().front() - 'a');
}

enum class happening : std::uint8_t {
    submit,
    cancel,
    forget,
    sign,
    turn,
    restart,
    reconnect,
    link_down,
    arrives,
    tick,
    store_does,
    store_answers,
    villainy,
    heal,
};
struct event {
    sixfold::time_point at;
    std::uint64_t ordinal;
    happening what;
    client_number who;
    std::uint64_t which;
    friend bool operator<(const event& a, const event& b) {
        return a.at != b.at ? a.at > b.at : a.ordinal > b.ordinal;  // the top of the heap is first
    }
};

/// What is going to happen, in the order of time, and at the same time in the order in which it was decided.
class agenda {
  public:
    explicit agenda(const sixfold::manual_clock& clock) : clock_(&clock) {}

    void at(sixfold::time_point when, happening what, client_number who, std::uint64_t which = 0) {
        events_.push({when, ordinal_++, what, who, which});
    }
    void after(sixfold::duration wait, happening what, client_number who, std::uint64_t which = 0) {
        at(sixfold::later(clock_->now(), wait), what, who, which);
    }
    /// When the next event is; `never`: there is none.
    [[nodiscard]] sixfold::time_point next() const {
        return events_.empty() ? sixfold::never : events_.top().at;
    }
    event take() {
        const event out = events_.top();
        events_.pop();
        return out;
    }

  private:
    const sixfold::manual_clock* clock_;
    std::priority_queue<event> events_;
    std::uint64_t ordinal_ = 0;
};

}  // namespace simulation

#endif
