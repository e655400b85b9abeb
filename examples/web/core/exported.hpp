// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_WEB_EXPORTED_HPP
#define SIXFOLD_EXAMPLES_WEB_EXPORTED_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <sixfold/sixfold.hpp>

/// Seen from JavaScript under its name.
#define SIXFOLD_EXPORTED(name) extern "C" __attribute__((export_name(#name), used))

namespace web {

/// Through which JavaScript and the core hand each other bytes: it is written on one side before a call, and read on the other behind it.
class exchange {
  public:
    /// Room for so many bytes; what was in it is gone when it grows.
    std::byte* reserve(std::size_t size) {
        if (bytes_.size() < size) {
            bytes_.resize(size);
        }
        return bytes_.data();
    }
    /// All of the room.
    std::span<std::byte> room() { return bytes_; }
    /// What JavaScript has put there.
    [[nodiscard]] sixfold::bytes part(std::size_t offset, std::size_t size) const {
        return sixfold::bytes(bytes_).subspan(offset, size);
    }
    /// The bytes of a name that begin there.
    [[nodiscard]] sixfold::peer peer(std::size_t size) const {
        return sixfold::peer(sixfold::as_text(part(0, size)));
    }
    /// From here on `put` writes.
    void begin() { size_ = 0; }
    void put(sixfold::bytes what) {
        if (bytes_.size() < size_ + what.size()) {
            bytes_.resize(2 * (size_ + what.size()));
        }
        std::copy(what.begin(), what.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += what.size();
    }
    /// A number of so many bytes, the lowest first.
    void put(std::uint64_t value, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) {
            const auto byte = static_cast<std::byte>(value >> (8 * i));
            put(sixfold::bytes(&byte, 1));
        }
    }
    /// What was put since `begin`.
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(size_); }

  private:
    std::vector<std::byte> bytes_ = std::vector<std::byte>(4096);
    std::size_t size_ = 0;
};

inline exchange io;

}  // namespace web

#endif
