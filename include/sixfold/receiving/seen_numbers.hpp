// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_SEEN_NUMBERS_HPP
#define SIXFOLD_RECEIVING_SEEN_NUMBERS_HPP

#include <cstdint>
#include <optional>

#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// Which sendings of a stream have come in this life: the newest, and which of the 64 before it are missing. (spec 2.10, 3.25)
///
/// Keeps track, too, of whether the newest was told. Does not know what came with a number. What was sent before the first
/// that came counts as seen: nobody here waits for it, and what it lacked the ack state says.
class seen_numbers {
  public:
    /// A sending came.
    void add(sending_number number) noexcept {
        const auto ahead = static_cast<sending_number>(number - newest_);
        const auto behind = static_cast<sending_number>(newest_ - number);
        if (any_ && behind == 0) {
            return;
        }
        if (any_ && behind <= echo::reach) {
            missing_ &= ~(std::uint64_t{1} << (behind - 1));
            return;
        }
        // From far behind it is one of another life of its sender, before which this one has seen nothing.
        const bool goes_on = any_ && ahead < 0x8000;
        missing_ = goes_on ? missing_behind(ahead) : 0;
        newest_ = number;
        any_ = true;
        told_ = false;
    }

    /// What is to be told now; nothing if none has come.
    [[nodiscard]] std::optional<echo> get() const noexcept {
        return any_ ? std::optional(echo{newest_, missing_, told_}) : std::nullopt;
    }
    /// Is one missing?
    [[nodiscard]] bool any_missing() const noexcept { return missing_ != 0; }
    /// That has been told.
    void tell() noexcept { told_ = any_; }

    /// The same have come, and were told.
    friend bool operator==(const seen_numbers&, const seen_numbers&) noexcept = default;

  private:
    /// When the newest moves on by so many.
    [[nodiscard]] std::uint64_t missing_behind(unsigned by) const noexcept {
        if (by > echo::reach) {
            return ~std::uint64_t{0};
        }
        const std::uint64_t between = (std::uint64_t{1} << (by - 1)) - 1;
        return by == echo::reach ? between : missing_ << by | between;
    }

    std::uint64_t missing_ = 0;
    sending_number newest_ = 0;
    bool any_ = false;
    bool told_ = false;
};

}  // namespace sixfold::inline v0

#endif
