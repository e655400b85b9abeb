// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_INPUT_HPP
#define SIXFOLD_TESTS_FUZZ_INPUT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <sixfold/types.hpp>

namespace fuzz {

/// What must hold whatever the input is; a fuzzer takes the exception for a crash.
inline void demand(bool holds, const char* what) {
    if (!holds) {
        throw std::logic_error(what);
    }
}

/// The bytes of a fuzzer as the numbers of a program. At their end everything is zero.
class input {
  public:
    explicit input(sixfold::bytes from) : left_(from) {}

    [[nodiscard]] bool empty() const { return left_.empty(); }

    std::uint8_t byte() {
        const sixfold::bytes one = take(1);
        return one.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(one.front());
    }
    /// Small as a rule, and now and then as large as they get.
    std::uint64_t number() {
        const std::uint8_t first = byte();
        if (first < 250) {
            return first;
        }
        std::uint64_t out = 0;
        for (int i = 0; i < 8; ++i) {
            out = out << 8 | byte();
        }
        return out;
    }
    sixfold::seq seq() { return (std::min)(number(), sixfold::seq_end - 1); }
    bool flag() { return byte() % 2 == 1; }

    /// So many bytes as the next byte says, if there are as many.
    sixfold::bytes piece() { return take(byte()); }

  private:
    sixfold::bytes take(std::size_t size) {
        const sixfold::bytes out = left_.first((std::min)(size, left_.size()));
        left_ = left_.subspan(out.size());
        return out;
    }

    sixfold::bytes left_;
};

}  // namespace fuzz

#endif
