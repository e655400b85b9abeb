// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "fuzz/targets.hpp"

// One target for libFuzzer, the one that the environment names in SIXFOLD_FUZZ_TARGET; see tests/fuzz/run.

namespace {

const fuzz::target& wanted() {
    const char* name = std::getenv("SIXFOLD_FUZZ_TARGET");
    const auto* at = std::find_if(std::begin(fuzz::targets), std::end(fuzz::targets),
                                  [&](const fuzz::target& each) {
                                      return name != nullptr && each.name == std::string_view(name);
                                  });
    if (at == std::end(fuzz::targets)) {
        std::abort();
    }
    return *at;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const fuzz::target& target = wanted();
    target.run({reinterpret_cast<const std::byte*>(data), size});
    return 0;
}
