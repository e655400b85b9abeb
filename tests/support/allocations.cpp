// SPDX-License-Identifier: BSL-1.0
#include "support/allocations.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

void* operator new(std::size_t size) {
    if (void* const memory = support::allocate(size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void* operator new[](std::size_t size) {
    return ::operator new(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return support::allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return support::allocate(size);
}
void operator delete(void* memory) noexcept {
    support::give_back(memory);
}
void operator delete[](void* memory) noexcept {
    support::give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    support::give_back(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    support::give_back(memory);
}
