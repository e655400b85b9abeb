// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_PEERS_ALLOCATIONS_HPP
#define SIXFOLD_BENCHMARKS_PEERS_ALLOCATIONS_HPP

#include <cstdint>

namespace bench {

/// How often this process has called malloc, calloc or realloc, or `new`, which calls malloc. The shared libraries are counted,
/// too: `malloc` of the program takes the place of that of glibc for all of them.
[[nodiscard]] std::uint64_t allocations();

}  // namespace bench

#endif
