// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_BASELINE_HPP
#define SIXFOLD_BENCHMARKS_BASELINE_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>  // memcpy
#include <vector>

namespace bench {

/// The least work that six frames can cost: one loop that does only what cannot be left out.
///
/// Per message it keeps a copy for resending, writes six headers of 24 bytes, copies the payload onto a wire twice, once at A
/// and once at the relay, tests and sets a bit at B, and inserts and matches one slot of a ring at A. It validates nothing,
/// has no timer, no name longer than a number, and nothing of it could be called from outside. Other figures are quoted as
/// multiples of it, from the same run.
template <std::size_t Payload>
class baseline {
  public:
    explicit baseline(std::size_t in_flight)
        : in_flight_(in_flight), slots_(std::bit_ceil(in_flight)), copies_(slots_.size() * Payload),
          seen_((slots_.size() + 63) / 64), message_(Payload),
          requests_(in_flight * (header + Payload)), notices_(in_flight * (header + Payload)),
          answers_(in_flight * header), acks_(in_flight * header), ack_answers_(in_flight * header),
          ack_notices_(in_flight * header) {}

    /// So many messages go out, and all of them are acknowledged. Returns how many were.
    std::uint64_t exchange() {
        for (std::size_t i = 0; i < in_flight_; ++i) {
            send(i);
        }
        for (std::size_t i = 0; i < in_flight_; ++i) {
            forward(i);
        }
        for (std::size_t i = 0; i < in_flight_; ++i) {
            receive(i);
        }
        for (std::size_t i = 0; i < in_flight_; ++i) {
            pass_back(i);
        }
        std::uint64_t done = 0;
        for (std::size_t i = 0; i < in_flight_; ++i) {
            done += settle(i);
        }
        return done;
    }

  private:
    static constexpr std::size_t header = 24;
    static constexpr std::uint64_t epoch = 7;

    /// A kind with its length, an epoch and a seq. Field by field: through a struct, g++ 12 stores eight bytes at a time and loads
    /// sixteen, which costs more than all the rest.
    static void
    put(std::vector<std::byte>& wire, std::size_t at, std::uint64_t kind, std::uint64_t seq) {
        std::memcpy(wire.data() + at, &kind, 8);
        std::memcpy(wire.data() + at + 8, &epoch, 8);
        std::memcpy(wire.data() + at + 16, &seq, 8);
    }
    static std::uint64_t seq_at(const std::vector<std::byte>& wire, std::size_t at) {
        std::uint64_t seq = 0;
        std::memcpy(&seq, wire.data() + at + 16, 8);
        return seq;
    }
    std::size_t message(std::size_t i) const { return i * (header + Payload); }

    void send(std::size_t i) {
        const std::uint64_t seq = next_++;
        const std::size_t slot = seq & (slots_.size() - 1);
        slots_[slot] = seq + 1;
        std::memcpy(copies_.data() + slot * Payload, message_.data(), Payload);
        put(requests_, message(i), 1, seq);
        std::memcpy(requests_.data() + message(i) + header, copies_.data() + slot * Payload,
                    Payload);
    }
    void forward(std::size_t i) {
        const std::uint64_t seq = seq_at(requests_, message(i));
        put(answers_, i * header, 2, seq);
        put(notices_, message(i), 3, seq);
        std::memcpy(notices_.data() + message(i) + header, requests_.data() + message(i) + header,
                    Payload);
    }
    void receive(std::size_t i) {
        const std::uint64_t seq = seq_at(notices_, message(i));
        const std::size_t bit = seq & (slots_.size() - 1);
        std::uint64_t& word = seen_[bit / 64];
        duplicates_ += word >> (bit % 64) & 1;
        word |= std::uint64_t{1} << (bit % 64);
        word &= ~(std::uint64_t{1} << (bit + slots_.size() / 2) % 64);  // what has left the window
        put(acks_, i * header, 4, seq);
    }
    void pass_back(std::size_t i) {
        const std::uint64_t seq = seq_at(acks_, i * header);
        put(ack_answers_, i * header, 5, seq);
        put(ack_notices_, i * header, 6, seq);
    }
    std::uint64_t settle(std::size_t i) {
        answered_ += seq_at(answers_, i * header) + seq_at(ack_answers_, i * header);
        const std::uint64_t seq = seq_at(ack_notices_, i * header);
        std::uint64_t& slot = slots_[seq & (slots_.size() - 1)];
        const bool matches = slot == seq + 1;
        slot = 0;
        return std::uint64_t{matches};
    }

    std::size_t in_flight_;
    std::uint64_t next_ = 0;
    std::uint64_t duplicates_ = 0;
    std::uint64_t answered_ = 0;
    std::vector<std::uint64_t> slots_;
    std::vector<std::byte> copies_;
    std::vector<std::uint64_t> seen_;
    std::vector<std::byte> message_;
    std::vector<std::byte> requests_, notices_, answers_, acks_, ack_answers_, ack_notices_;
};

}  // namespace bench

#endif
