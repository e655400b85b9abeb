// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_LOSS_RULE_HPP
#define SIXFOLD_PARTS_LOSS_RULE_HPP

#include <algorithm>
#include <cstdint>

#include "sixfold/parts/round_trip.hpp"
#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// When something that was not answered counts as lost because something later was: the thresholds of RFC 9002, section 6.1,
/// which widen when they were wrong.
///
/// It keeps track of the two thresholds, and of how long they have been right. It does not know what was sent. Each signal has its
/// own rule, as one path reorders more than another. (spec 3.5)
class loss_rule {
  public:
    /// Why something was called lost.
    enum class cause : std::uint8_t {
        order,  ///< enough later ones were answered, or were sent before one that was
        time,   ///< one later one was answered, and it is late
    };

    /// Whether one is lost that was sent so many places before the latest that was answered.
    [[nodiscard]] constexpr bool by_order(std::uint64_t places) const noexcept {
        return places >= order_;
    }
    /// How long after its sending one is lost, if a later one was answered.
    [[nodiscard]] constexpr duration patience(const round_trip& path) const noexcept {
        const duration longest = path.longest();
        return longest + longest / 8 * time_;
    }

    /// One was answered that was not called lost. `places` says how much later the latest was sent that was answered before it;
    /// 0: none was.
    constexpr void right(std::uint64_t places) noexcept {
        narrow_ |= 2 * places >= order_;
        if (++calm_ >= calm_after) {
            order_ = narrow_ ? order_ : (std::max)(order_ / 2, order_least);
            time_ = (std::max)(time_ - 1, time_least);
            calm_ = 0;
            narrow_ = false;
        }
    }
    /// One was answered that had been called lost.
    constexpr void wrong(cause by) noexcept {
        calm_ = 0;
        narrow_ = false;
        if (by == cause::order) {
            order_ = (std::min)(2 * order_, order_most);
        } else {
            time_ = (std::min)(time_ + 1, time_most);
        }
    }

    /// Whether both call the same lost, now and later.
    friend constexpr bool operator==(const loss_rule&, const loss_rule&) noexcept = default;

  private:
    static constexpr std::uint32_t order_least = 3;
    static constexpr std::uint32_t order_most = 1U << 14;
    static constexpr std::int32_t time_least = 1;
    static constexpr std::int32_t time_most = 8;
    static constexpr std::uint32_t calm_after = 512;

    std::uint32_t order_ = order_least;
    std::int32_t time_ = time_least;  // eighths of a round trip
    std::uint32_t calm_ = 0;          // calls of `right` since the last of `wrong`
    bool narrow_ = false;             // one of these said half of `order_` or more
};

}  // namespace sixfold::inline v0

#endif
