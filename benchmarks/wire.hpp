// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_WIRE_HPP
#define SIXFOLD_BENCHMARKS_WIRE_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <sixfold/types.hpp>

namespace bench {

/// Packets one behind the other in one piece of memory, as a transport would be handed them.
class wire {
  public:
    /// Room for a packet behind the others.
    [[nodiscard]] std::span<std::byte> room(std::size_t size) {
        if (memory_.size() - used_ < size) {
            memory_.resize((std::max)(used_ + size, 2 * memory_.size()));
        }
        return {memory_.data() + used_, size};
    }
    /// So much of it was used.
    void add(std::size_t size) {
        packets_.push_back({used_, size});
        used_ += size;
    }
    /// A copy of one that is elsewhere.
    void add(sixfold::bytes from) {
        std::copy_n(from.data(), from.size(), room(from.size()).data());
        add(from.size());
    }
    void clear() {
        packets_.clear();
        used_ = 0;
    }
    [[nodiscard]] std::size_t size() const { return packets_.size(); }
    [[nodiscard]] sixfold::bytes operator[](std::size_t i) const {
        return {memory_.data() + packets_[i].at, packets_[i].size};
    }

  private:
    struct packet {
        std::size_t at;
        std::size_t size;
    };
    std::vector<std::byte> memory_;
    std::vector<packet> packets_;
    std::size_t used_ = 0;
};

}  // namespace bench

#endif
