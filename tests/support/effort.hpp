// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_EFFORT_HPP
#define SIXFOLD_TESTS_SUPPORT_EFFORT_HPP

#include <cstddef>
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
[[nodiscard]] inline std::size_t stride() {
    return some_or_all(std::size_t{5}, std::size_t{1});
}
/// Where that begins, of the places 1, 2, 3, ...: in each of several ways to go through them at another one, so that the short form
/// is everywhere in some way.
[[nodiscard]] inline std::size_t first_place(std::size_t way) {
    return 1 + way % stride();
}

}  // namespace support

#endif
