// SPDX-License-Identifier: BSL-1.0
#include "allocations.hpp"

#include <atomic>
#include <cstddef>

namespace {

std::atomic<std::uint64_t> count{0};  // a peer may have a thread of its own

void add_one() {
    count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// The names under which glibc exports its own. What else allocates there (aligned_alloc, strdup) stays as it is: the memory
// comes from the same heap, and what calls malloc inside of glibc is not counted.
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);

void* malloc(std::size_t size) noexcept {
    add_one();
    return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) noexcept {
    add_one();
    return __libc_calloc(number, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
    add_one();
    return __libc_realloc(memory, size);
}

}  // extern "C"

std::uint64_t bench::allocations() {
    return count.load(std::memory_order_relaxed);
}
