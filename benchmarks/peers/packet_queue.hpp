// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_PEERS_PACKET_QUEUE_HPP
#define SIXFOLD_BENCHMARKS_PEERS_PACKET_QUEUE_HPP

#include <cstddef>
#include <span>
#include <vector>

namespace bench {

/// Packets on their way to one end, in one piece of memory that is reused when all have been taken. Nothing is lost, and nothing
/// overtakes.
class packet_queue {
  public:
    /// A packet of no bytes yet; `append` adds to it.
    void begin() { packets_.push_back({memory_.size(), 0}); }
    void append(std::span<const std::byte> bytes) {
        memory_.insert(memory_.end(), bytes.begin(), bytes.end());
        packets_.back().size += bytes.size();
    }
    [[nodiscard]] bool empty() const { return next_ == packets_.size(); }
    /// The oldest packet; what it shows is there until `begin` or `append`.
    [[nodiscard]] std::span<const std::byte> take() {
        const packet oldest = packets_[next_++];
        const std::span<const std::byte> bytes{memory_.data() + oldest.at, oldest.size};
        if (empty()) {
            next_ = 0;
            packets_.clear();
            memory_.clear();
        }
        return bytes;
    }

  private:
    struct packet {
        std::size_t at;
        std::size_t size;
    };
    std::vector<std::byte> memory_;
    std::vector<packet> packets_;
    std::size_t next_ = 0;
};

}  // namespace bench

#endif
