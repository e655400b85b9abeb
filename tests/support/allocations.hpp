// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_ALLOCATIONS_HPP
#define SIXFOLD_TESTS_SUPPORT_ALLOCATIONS_HPP

#include <cstddef>
#include <cstdlib>
#include <new>

// Counts what the program allocates. Any test may include this: the definitions are weak, so that the
// linker keeps one of them. Compilers without weak symbols count nothing.

namespace support {

inline std::size_t allocation_count = 0;

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
    ++support::allocation_count;
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        std::abort();
    }
    return memory;
}
[[gnu::weak]] void* operator new[](std::size_t size) {
    return ::operator new(size);
}
[[gnu::weak]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return ::operator new(size);
}
[[gnu::weak]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return ::operator new(size);
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
