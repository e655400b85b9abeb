// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_RESEND_PACER_HPP
#define SIXFOLD_SENDING_RESEND_PACER_HPP

#include <cstdint>

#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// Lets a burst of resends go at once, and the next burst an interval later, so that a link that comes back brings no storm.
///
/// It keeps track of the last burst. It does not know what is resent, and does not count what is sent for the first time.
class resend_pacer {
  public:
    /// `burst` resends go at once; `interval` is the time from the first of them to the first of the next burst.
    resend_pacer(std::uint32_t burst, duration interval) noexcept
        : burst_(burst), interval_(interval) {}

    /// Must the next resend wait, until `next()`?
    [[nodiscard]] bool spent(time_point now) const noexcept {
        return size_ >= burst_ && now < next();
    }
    /// When the next burst may begin.
    [[nodiscard]] time_point next() const noexcept { return later(began_, interval_); }

    /// A resend goes now.
    void count(time_point now) noexcept {
        if (size_ == 0 || size_ >= burst_ || now >= next()) {
            reset();
            began_ = now;
        }
        ++size_;
    }
    /// A burst may begin at once.
    void reset() noexcept { size_ = 0; }

  private:
    std::uint32_t burst_;
    duration interval_;
    time_point began_{};
    std::uint32_t size_ = 0;
};

}  // namespace sixfold::inline v0

#endif
