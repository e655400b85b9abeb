// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/targets.hpp"

// One target for libFuzzer, the one that SIXFOLD_FUZZ_TARGET names; see tests/fuzz/run.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    for (const fuzz::target& each : fuzz::targets) {
        if (each.name == SIXFOLD_FUZZ_TARGET) {
            each.run({reinterpret_cast<const std::byte*>(data), size});
        }
    }
    return 0;
}
