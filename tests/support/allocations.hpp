// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_ALLOCATIONS_HPP
#define SIXFOLD_TESTS_SUPPORT_ALLOCATIONS_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

// Counts what the program allocates and keeps, and lets one of them fail: in a program that is linked with allocations.cpp, as all
// tests are. Any other counts nothing.

namespace support {

inline std::size_t allocation_count = 0;
/// Bytes that were allocated and not given back, as the C library rounds them; 0 where it does not tell.
inline std::size_t live_bytes = 0;
/// The allocation that fails, as they are counted from 0 on; none.
inline std::size_t failing_allocation = SIZE_MAX;

inline std::size_t size_of_memory([[maybe_unused]] void* memory) noexcept {
#ifdef __GLIBC__
    return malloc_usable_size(memory);
#else
    return 0;
#endif
}

/// Memory, or none.
inline void* allocate(std::size_t size) noexcept {
    if (allocation_count++ == failing_allocation) {
        return nullptr;
    }
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        std::abort();
    }
    live_bytes += size_of_memory(memory);
    return memory;
}
inline void give_back(void* memory) noexcept {
    live_bytes -= size_of_memory(memory);
    std::free(memory);
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
