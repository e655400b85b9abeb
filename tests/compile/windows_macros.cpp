// SPDX-License-Identifier: BSL-1.0

// The headers of Windows define min and max as macros. Here they are defined for every header of
// ours, and only for those: the standard library of GCC would undefine them.
#include "headers_of_others.hpp"

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) < (b) ? (b) : (a))

#include "headers.hpp"

#if !defined(min) || !defined(max)
#error "a header includes one that headers_of_others.hpp does not have"
#endif

int main() {}
