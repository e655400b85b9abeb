// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>

#include <sixfold/ext/fmt.hpp>
#include <sixfold/sixfold.hpp>

int main() {
    const auto id = fmt::format("{}", sixfold::msgid{sixfold::epoch{0x1a2b}, 17});
    fmt::print("{}\n", id);
    return id == "1a2b/17" ? 0 : 1;
}
