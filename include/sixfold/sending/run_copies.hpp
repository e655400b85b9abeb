// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_RUN_COPIES_HPP
#define SIXFOLD_SENDING_RUN_COPIES_HPP

#include <cstdint>

#include "sixfold/parts/assert.hpp"

namespace sixfold::inline v0 {

/// The copies of the newest run of a stream, which leave if nothing else follows it. (spec 3.29)
///
/// It keeps how many messages that run had, how many copies may still follow it, and whether one is due. It does not know the
/// messages, nor when a copy leaves. All O(1).
class run_copies {
  public:
    /// The newest run has left, with so many messages; so many copies may follow.
    constexpr void begin(std::uint32_t messages, std::uint32_t copies) noexcept {
        messages_ = messages;
        left_ = copies;
        due_ = false;
    }
    /// Nothing has followed for so long that it is time for a copy. It is due if there is a budget for it; otherwise none will
    /// follow. Precondition: `may_follow`.
    constexpr void ask(bool has_budget) noexcept {
        SIXFOLD_ASSERT(may_follow());
        due_ = has_budget;
        left_ = has_budget ? left_ - 1 : 0;
    }
    /// A run has left: a copy that was due was this run, or is not needed any more.
    constexpr void sent() noexcept { due_ = false; }

    /// Whether a copy may follow.
    [[nodiscard]] constexpr bool may_follow() const noexcept { return left_ != 0; }
    /// Whether a copy is to leave now.
    [[nodiscard]] constexpr bool is_due() const noexcept { return due_; }
    /// How many messages a copy has, at most.
    [[nodiscard]] constexpr std::uint32_t messages() const noexcept { return messages_; }

    /// Whether both say the same, now and later.
    friend constexpr bool operator==(const run_copies&, const run_copies&) noexcept = default;

  private:
    std::uint32_t messages_ = 0;
    std::uint32_t left_ = 0;
    bool due_ = false;
};

}  // namespace sixfold::inline v0

#endif
