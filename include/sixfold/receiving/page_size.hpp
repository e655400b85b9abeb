// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_PAGE_SIZE_HPP
#define SIXFOLD_RECEIVING_PAGE_SIZE_HPP

#include <algorithm>
#include <cstdint>

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// How many rows and bytes of a mailbox are asked for at once. (spec 3.26)
///
/// A page that came whole doubles the bytes, and after the first loss it adds 1 KiB; a page of which something was lost halves
/// them. It doubles the rows, too, and after the first loss it adds 16. If something was lost or could not be taken, the rows are a
/// window again, because rows behind a hole, and rows without room, come twice. It does not know how much room there is.
class page_size {
  public:
    /// `rows` is how many are asked for at first: 1 or more.
    explicit page_size(std::uint32_t rows) noexcept
        : first_rows_((std::min)(rows, rows_max)), rows_(first_rows_) {}

    /// Rows of the next request, at most `room`, but at least 1.
    [[nodiscard]] std::uint32_t rows(std::uint32_t room) const noexcept {
        return (std::clamp)(room, std::uint32_t{1}, rows_);
    }
    /// Bytes of the next request, at most `room`, but at least 1.
    [[nodiscard]] std::uint32_t bytes(std::uint64_t room) const noexcept {
        return static_cast<std::uint32_t>(
            (std::clamp)(room, std::uint64_t{1}, std::uint64_t{bytes_}));
    }

    /// A page has come: whether the whole of it came, and whether something of it could not be taken.
    void learn(bool whole, bool turned_away) noexcept {
        if (!whole) {
            bytes_ = (std::max)(bytes_ / 2, bytes_min);
            lossy_ = true;
        } else {
            bytes_ = (std::min)(lossy_ ? bytes_ + kibibyte : 2 * bytes_, bytes_max);
        }
        if (!whole || turned_away) {
            rows_ = first_rows_;
        } else {
            rows_ = (std::min)(lossy_ ? rows_ + rows_more : 2 * rows_, rows_max);
        }
    }

  private:
    friend struct receiver_access;

    static constexpr std::uint32_t kibibyte = 1024;
    static constexpr std::uint32_t bytes_min = 4 * kibibyte;
    static constexpr std::uint32_t bytes_max = 256 * kibibyte;
    static constexpr std::uint32_t rows_max = 256;
    static constexpr std::uint32_t rows_more = 16;

    std::uint32_t first_rows_;
    std::uint32_t rows_;
    std::uint32_t bytes_ = 16 * kibibyte;
    bool lossy_ = false;  // something was lost before
};

}  // namespace sixfold::inline v0

#endif
