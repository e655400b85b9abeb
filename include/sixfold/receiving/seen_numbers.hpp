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
/// It also keeps track of whether the newest was told. It does not know what came with a number. Sendings before the first that
/// came count as seen: nobody here waits for them, and the ack state says which messages are lacking.
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
        // A number from far behind is of another life of the sender: nothing before it counts as missing.
        const bool goes_on = any_ && ahead < 0x8000;
        missing_ = goes_on ? missing_behind(ahead) : 0;
        newest_ = number;
        any_ = true;
        told_ = false;
    }

    /// What to tell the sender now; nothing if no sending has come.
    [[nodiscard]] std::optional<echo> get() const noexcept {
        return any_ ? std::optional(echo{newest_, missing_, told_}) : std::nullopt;
    }
    /// Is any sending missing?
    [[nodiscard]] bool any_missing() const noexcept { return missing_ != 0; }
    /// What `get` returned was told.
    void tell() noexcept { told_ = any_; }

    /// Whether the same have come, and were told.
    friend bool operator==(const seen_numbers&, const seen_numbers&) noexcept = default;

  private:
    /// What is missing when the newest moves on by so many.
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
