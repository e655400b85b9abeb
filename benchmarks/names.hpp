// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_NAMES_HPP
#define SIXFOLD_BENCHMARKS_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/parts/random.hpp>
#include <sixfold/types.hpp>

namespace bench {

/// The peer with this number: eight digits.
[[nodiscard]] inline sixfold::peer name_of(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(8 - digits.size(), '0') + digits;
}
/// And back.
[[nodiscard]] inline std::size_t number_of(const sixfold::peer& name) {
    std::size_t out = 0;
    for (const char digit : name.name()) {
        out = 10 * out + static_cast<std::size_t>(digit - '0');
    }
    return out;
}

/// Any order of them, each equally likely.
template <class T>
void shuffle(std::vector<T>& all, sixfold::random_source& random) {
    for (std::size_t i = all.size(); i > 1; --i) {
        std::swap(all[i - 1], all[random.below(i)]);
    }
}

}  // namespace bench

#endif
