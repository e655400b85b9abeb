// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_ALLOCATIONS_HPP
#define SIXFOLD_TESTS_SUPPORT_ALLOCATIONS_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

// Counts what the program allocates, and lets one of them fail: in a program that is linked with allocations.cpp, as all
// tests are. Any other counts nothing.

namespace support {

inline std::size_t allocation_count = 0;
/// The allocation that fails, as they are counted from 0 on; none.
inline std::size_t failing_allocation = SIZE_MAX;

/// Memory, or none.
inline void* allocate(std::size_t size) noexcept {
    if (allocation_count++ == failing_allocation) {
        return nullptr;
    }
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        std::abort();
    }
    return memory;
}

/// How often `call` allocates.
template <class Call>
std::size_t allocations_in(Call call) {
    const std::size_t before = allocation_count;
    call();
    return allocation_count - before;
}

}  // namespace support

#endif
