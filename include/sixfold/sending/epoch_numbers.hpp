// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_EPOCH_NUMBERS_HPP
#define SIXFOLD_SENDING_EPOCH_NUMBERS_HPP

#include <algorithm>
#include <cstdint>

#include "sixfold/options.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// Which epochs a sender may begin: each is larger than every earlier one of its stream. (law 1, spec 3.1)
///
/// It keeps the start number of this life, and the largest start number of streams that were forgotten: one number for all of
/// these, however many they are. It does not know streams; the caller says the last epoch of one that is still there. All O(1).
class epoch_numbers {
  public:
    /// For a life with this start number, in which no stream was forgotten yet.
    explicit epoch_numbers(std::uint64_t start) noexcept : start_(start) {}

    /// An epoch that is larger than `above`, and than those of all streams that were forgotten. None: no start number is larger.
    [[nodiscard]] epoch next(epoch above, random_source& random) const noexcept {
        const std::uint64_t start =
            (std::max)({start_, left_ + 1, above == epoch::none ? 0 : start_of(above) + 1});
        return start > start_max ? epoch::none
                                 : epoch{start << epoch_random_bits |
                                         random.below(std::uint64_t{1} << epoch_random_bits)};
    }
    /// Has a stream that begins no start number left?
    [[nodiscard]] bool used_up() const noexcept { return left_ >= start_max; }

    /// The stream that has this epoch, and has used none of its seqs, is forgotten: the epochs that it used are smaller. A number
    /// far above ours is not kept: only a receiver's word can have brought it so high, and no receiver may use up the numbers for
    /// others. (spec 3.14)
    void leave(epoch unused) noexcept {
        const std::uint64_t last = start_of(unused) - 1;
        if (last <= (std::max)(start_, left_) + far_above) {
            left_ = (std::max)(left_, last);
        }
    }
    /// The largest start number of streams that were forgotten; 0: there is none.
    [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
    /// Sets that number to what the journal of an earlier life says.
    void resume(std::uint64_t left) noexcept { left_ = left; }

  private:
    friend struct test_access;

    static constexpr std::uint64_t far_above = std::uint64_t{1} << 32;

    [[nodiscard]] static std::uint64_t start_of(epoch of) noexcept {
        return static_cast<std::uint64_t>(of) >> epoch_random_bits;
    }

    std::uint64_t start_;
    std::uint64_t left_ = 0;
};

}  // namespace sixfold::inline v0

#endif
