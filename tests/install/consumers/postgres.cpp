// SPDX-License-Identifier: BSL-1.0
#include <cstdio>

#include <sixfold/ext/postgres.hpp>
#include <sixfold/sixfold.hpp>

int main() {
    const auto opened = sixfold::postgres_mailbox::open("host=/no/such/place");
    if (opened) {
        return 1;
    }
    std::printf("%s\n", opened.error().what.c_str());
    return opened.error().fault == sixfold::postgres_fault::lost ? 0 : 1;
}
