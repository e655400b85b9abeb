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

/// From one place of many to the next: each with `--all`, else every fifth.
template <class Number = std::size_t>
[[nodiscard]] Number stride() {
    return some_or_all(Number{5}, Number{1});
}

}  // namespace support

#endif
