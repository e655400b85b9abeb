// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_EFFORT_HPP
#define SIXFOLD_TESTS_SUPPORT_EFFORT_HPP

#include <cstdlib>

namespace support {

/// Whether the tests go all the way, as with `tests/run --all`, or each kind does a part of what it can.
[[nodiscard]] inline bool all() {
    return std::getenv("SIXFOLD_ALL") != nullptr;
}

/// How many of something, or how far apart.
template <class Number>
[[nodiscard]] Number some_or_all(Number some, Number everything) {
    return all() ? everything : some;
}

}  // namespace support

#endif
