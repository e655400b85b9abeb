// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_ALLOCATIONS_HPP
#define SIXFOLD_TESTS_SUPPORT_ALLOCATIONS_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

// Counts what the program allocates, and lets one of them fail. Any test may include this: the definitions are weak, so
// that the linker keeps one of them. Compilers without weak symbols count nothing.

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

#if defined(__GNUC__)

[[gnu::weak]] void* operator new(std::size_t size) {
    if (void* const memory = support::allocate(size)) {
        return memory;
    }
    throw std::bad_alloc();
}
[[gnu::weak]] void* operator new[](std::size_t size) {
    return ::operator new(size);
}
[[gnu::weak]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return support::allocate(size);
}
[[gnu::weak]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return support::allocate(size);
}
[[gnu::weak]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::weak]] void operator delete[](void* memory) noexcept {
    std::free(memory);
}
[[gnu::weak]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
[[gnu::weak]] void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

#endif

#endif
