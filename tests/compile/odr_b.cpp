// SPDX-License-Identifier: BSL-1.0

// The other half of odr_a.cpp, compiled as C++23 and with NDEBUG.
#include "headers_reversed.hpp"  // in another order than the umbrella: no header needs one before it

int odr_b();

int odr_b() {
    return 0;
}
