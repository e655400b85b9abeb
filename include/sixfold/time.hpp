// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TIME_HPP
#define SIXFOLD_TIME_HPP

#include <algorithm>
#include <chrono>
#include <type_traits>

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// A length of time. Nanoseconds in 64 bits, so that no arithmetic of the library can overflow in 200 years.
using duration = std::chrono::nanoseconds;

/// A moment of a monotonic clock. Only the type is std::chrono's: no machine ever asks that clock for the time.
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

/// The deadline that never comes. A plain value and not an empty optional, so that `(std::min)(a, b)` of two
/// deadlines is always the earlier one.
inline constexpr time_point never = (time_point::max)();

/// `at + wait`, stopping at `never` instead of overflowing.
[[nodiscard]] constexpr time_point later(time_point at, duration wait) noexcept {
    return at > time_point() && wait >= never - at ? never : at + wait;
}

/// The one door through which time enters a machine: a reference to any object with `time_point now() const`.
///
/// It keeps the address of that object, which must outlive every machine that uses it. Copies refer to the same
/// object. A step backwards is clamped by the machines, each for itself.
class clock_ref {
  public:
    /// Implicit, so that a machine can be given the clock itself.
    template <class Clock>
        requires(!std::is_same_v<Clock, clock_ref>)
    // NOLINTNEXTLINE(google-explicit-constructor): reads as what it is at the call site, a machine on a clock.
    constexpr clock_ref(const Clock& clock) noexcept
        : clock_(&clock), read_([](const void* object) -> time_point {
              return static_cast<const Clock*>(object)->now();
          }) {}
    /// A temporary clock is refused, as it is gone a moment later.
    // clang-format off
    template <class Clock>
        requires(!std::is_same_v<Clock, clock_ref>)
    clock_ref(const Clock&& temporary) = delete;
    // clang-format on

    /// What the clock says, clamped so that any two moments have a difference: not before the epoch of `time_point`, and not
    /// `never`, as a deadline that never comes would be due then, again and again.
    [[nodiscard]] time_point now() const {
        return (std::clamp)(read_(clock_), time_point(), never - duration(1));
    }

    /// What this clock shows at a moment of a machine whose own time has reached `reached`, and stands still while the clock is
    /// behind it. A moment that has come is now at the latest.
    [[nodiscard]] time_point at(time_point moment, time_point reached) const {
        return moment <= reached ? (std::min)(moment, now()) : moment;
    }

  private:
    const void* clock_;
    time_point (*read_)(const void*);
};

/// A clock that stands still until it is told to move: for tests, simulations, and apps that keep their own time.
class manual_clock {
  public:
    /// The time to which it was set; at first the epoch of `time_point`.
    [[nodiscard]] time_point now() const noexcept { return now_; }
    /// Moves it to this time, which may be earlier.
    void set(time_point now) noexcept { now_ = now; }
    /// Moves it forward, to `never` at most.
    void advance(duration by) noexcept { now_ = later(now_, by); }

  private:
    time_point now_{};
};

/// A clock that never moves, for a machine that needs no time.
inline constexpr manual_clock stopped_clock{};

}  // namespace sixfold::inline v0

#endif
