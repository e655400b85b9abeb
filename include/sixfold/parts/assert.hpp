// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_ASSERT_HPP
#define SIXFOLD_PARTS_ASSERT_HPP

/// @file
/// Two macros: how a program ends, and an assertion. You may define each before the first include, alike in all translation
/// units of a program. No type and no layout depends on them.

#include "sixfold/version.hpp"

#ifndef SIXFOLD_FAIL
#include <cstdio>
#include <cstdlib>  // abort

namespace sixfold::inline v0::detail {

[[noreturn]] inline void end_program(const char* message) noexcept {
    std::fprintf(stderr, "sixfold: %s\n", message);
    std::abort();
}

}  // namespace sixfold::inline v0::detail

/// Called where a program cannot go on: somebody took a value that is not there, or there is a bug. `message` is a
/// `const char*` that says which. By default it is printed, and std::abort follows. Define it where there is no stderr:
///
///     #define SIXFOLD_FAIL(message) my_panic(message)
///
/// It is an expression, and must not return.
#define SIXFOLD_FAIL(message) ::sixfold::detail::end_program(message)
#endif

#ifndef SIXFOLD_ASSERT
/// Marks bugs: of sixfold itself, or a broken precondition of a call. What a peer sends is never asserted, and no law rests on an
/// assertion. With NDEBUG it does nothing; otherwise a condition that does not hold ends in SIXFOLD_FAIL.
#ifdef NDEBUG
#define SIXFOLD_ASSERT(condition) static_cast<void>(0)
#else
#define SIXFOLD_ASSERT(condition)                                                                  \
    static_cast<void>(                                                                             \
        (condition) ||                                                                             \
        (SIXFOLD_FAIL("a bug, or a broken precondition: " #condition " (" __FILE__ ")"), false))
#endif
#endif

#endif
