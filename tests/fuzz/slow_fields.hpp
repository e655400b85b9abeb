// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_SLOW_FIELDS_HPP
#define SIXFOLD_TESTS_FUZZ_SLOW_FIELDS_HPP

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

// The fields of section 2 of the specification, for the slow decoder.

namespace fuzz::slow {

using number = std::uint64_t;
using text = std::string;  // bytes of any value

/// What is wrong, as section 2 calls it.
struct refused {
    std::string why;
};

inline constexpr number seq_end = number{1} << 62;

/// 2.5, a bit at a time.
inline number crc32c(const text& all) {
    std::uint32_t out = 0xFFFFFFFF;
    for (const char each : all) {
        out ^= static_cast<unsigned char>(each);
        for (int bit = 0; bit < 8; ++bit) {
            out = (out & 1) != 0 ? out >> 1 ^ 0x82F63B78 : out >> 1;  // 0x1EDC6F41, reflected
        }
    }
    return out ^ 0xFFFFFFFF;
}

/// The fields of a body, from the front.
class fields {
  public:
    explicit fields(text from) : left_(std::move(from)) {}

    static void require(bool holds, const char* why) {
        if (!holds) {
            throw refused{why};
        }
    }

    text take(std::size_t size) {
        require(size <= left_.size(), "truncated");
        text out = left_.substr(0, size);
        left_.erase(0, size);
        return out;
    }
    text rest() { return take(left_.size()); }
    [[nodiscard]] bool at_end() const { return left_.empty(); }
    [[nodiscard]] std::size_t size() const { return left_.size(); }
    void end() const { require(left_.empty(), "trailing"); }
    number byte() { return static_cast<unsigned char>(take(1)[0]); }
    number fixed(int size) {
        number out = 0;
        for (int i = 0; i < size; ++i) {
            out |= byte() << 8 * i;
        }
        return out;
    }
    /// 2.3: of so many bits.
    number varint(int bits) {
        number out = 0;
        for (int at = 0;; at += 7) {
            require(at < bits, "not_canonical");
            const number one = byte();
            const number low = one % 128;
            require(bits - at >= 7 || low >> (bits - at) == 0, "not_canonical");
            out |= low << at;
            if (one < 128) {
                require(low != 0 || at == 0, "not_canonical");
                return out;
            }
        }
    }
    number bound() {
        const number out = varint(64);
        require(out <= seq_end, "seq_range");
        return out;
    }
    number seq() {
        const number out = bound();
        require(out != seq_end, "seq_range");
        return out;
    }
    number epoch() {
        const number out = fixed(8);
        require(out != 0, "epoch");
        return out;
    }
    text peer() {
        const number size = byte();
        require(size >= 1 && size <= 47, "peer_name");
        return take(size);
    }
    number limit(int bits, number least, number most) {
        const number out = varint(bits);
        require(out >= least && out <= most, "ack_state");
        return out;
    }
    /// The seqs whose bits are set.
    std::set<number> bits(number floor) {
        const number size = byte();
        require(size >= 1, "not_canonical");
        require(size <= 64, "ack_state");
        const text all = take(size);
        require(all.back() != 0, "not_canonical");
        std::set<number> out;
        for (number i = 0; i < 8 * size; ++i) {
            if ((static_cast<unsigned char>(all[i / 8]) >> i % 8 & 1) != 0) {
                require(floor + i < seq_end, "seq_range");
                out.insert(floor + i);
            }
        }
        return out;
    }

  private:
    text left_;
};

}  // namespace fuzz::slow

#endif
