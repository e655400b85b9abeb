// SPDX-License-Identifier: BSL-1.0

// Compiled with -fno-exceptions -fno-rtti: the core must do without both.
#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this file is to be compiled without exceptions and without run-time type information"
#endif

int main() {}
