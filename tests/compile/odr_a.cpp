// SPDX-License-Identifier: BSL-1.0

// One half of the program of two files that both include everything: it links only if all that
// the headers define is inline. See odr_b.cpp.
#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

int odr_b();

int main() {
    return odr_b();
}
