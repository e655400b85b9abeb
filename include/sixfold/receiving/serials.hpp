// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_SERIALS_HPP
#define SIXFOLD_RECEIVING_SERIALS_HPP

#include <cstdint>

#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// Is a serial one of those from `first` to `last`, which run on from 2^32 - 1 to 0? (spec 3.17, 5.4)
[[nodiscard]] constexpr bool
is_between(std::uint32_t first, std::uint32_t serial, std::uint32_t last) noexcept {
    return serial - first <= last - first;
}

}  // namespace sixfold::inline v0

#endif
