// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_NETWORK_HPP
#define SIXFOLD_TESTS_EXPLORE_NETWORK_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace explore {

/// Names a distinct frame.
using frame_id = std::uint16_t;
constexpr std::size_t frames_max = 1024;

/// All frames ever sent: any of them can be delivered at any time, any number of times, or never.
class network {
  public:
    [[nodiscard]] bool has(frame_id f) const { return (words_[f / 64] >> f % 64 & 1) != 0; }
    void add(frame_id f) { words_[f / 64] |= std::uint64_t{1} << f % 64; }
    void add(const network& other) {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            words_[i] |= other.words_[i];
        }
    }
    /// Are all of these in the other one, too?
    [[nodiscard]] bool within(const network& other) const {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            if ((words_[i] & ~other.words_[i]) != 0) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] network without(const network& other) const {
        network out;
        for (std::size_t i = 0; i < words_.size(); ++i) {
            out.words_[i] = words_[i] & ~other.words_[i];
        }
        return out;
    }
    [[nodiscard]] network common(const network& other) const {
        network out;
        for (std::size_t i = 0; i < words_.size(); ++i) {
            out.words_[i] = words_[i] & other.words_[i];
        }
        return out;
    }
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            for (std::uint64_t left = words_[i]; left != 0; left &= left - 1) {
                visit(static_cast<frame_id>(64 * i +
                                            static_cast<std::size_t>(std::countr_zero(left))));
            }
        }
    }
    friend bool operator==(const network&, const network&) = default;

  private:
    std::array<std::uint64_t, frames_max / 64> words_{};
};

}  // namespace explore

#endif
