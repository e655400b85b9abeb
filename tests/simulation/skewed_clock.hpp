// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_SKEWED_CLOCK_HPP
#define SIXFOLD_TESTS_SIMULATION_SKEWED_CLOCK_HPP

#include <algorithm>
#include <cstdint>

#include <sixfold/parts/random.hpp>
#include <sixfold/time.hpp>

namespace simulation {

/// Somebody's idea of the time: it may be wrong, jump, and run too fast or too slow.
struct skewed_clock {
    const sixfold::manual_clock* world = nullptr;
    std::int64_t offset = 0;       // nanoseconds
    std::int64_t drift = 0;        // per thousand
    sixfold::time_point latest{};  // it has shown before it jumped

    [[nodiscard]] sixfold::time_point now() const {
        const std::int64_t true_now = world->now().time_since_epoch().count();
        return sixfold::time_point(sixfold::duration(true_now + true_now / 1000 * drift + offset));
    }
    /// When it will show this, or a little later.
    [[nodiscard]] sixfold::time_point in_world(sixfold::time_point shown) const {
        if (shown == sixfold::never) {
            return sixfold::never;
        }
        const std::int64_t at = shown.time_since_epoch().count() - offset;
        return sixfold::time_point(sixfold::duration(at / (1000 + drift) * 1000 + 2000));
    }

    /// Jumps by up to ten minutes, or runs up to a tenth too fast or slow from now on. Whether it has gone back.
    bool change(sixfold::random_source dice) {
        const sixfold::time_point before = now();
        latest = (std::max)(latest, before);
        if (dice.below(2) == 0) {
            drift = static_cast<std::int64_t>(dice.below(201)) - 100;
        } else {
            offset += static_cast<std::int64_t>(dice.below(1'200'000'000'000)) - 600'000'000'000;
        }
        return now() < before;
    }
    /// It does not show anything earlier than what it has shown already.
    void heal() { offset += ((std::max)(latest, now()) - now()).count(); }
};

}  // namespace simulation

#endif
