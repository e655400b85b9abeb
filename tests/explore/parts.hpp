// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_PARTS_HPP
#define SIXFOLD_TESTS_EXPLORE_PARTS_HPP

#include <array>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "explore/rules.hpp"
#include "support/test_access.hpp"

// The real machines, run once for each (state, input) and remembered. A state of a machine is what its fingerprint tells;
// what a fingerprint leaves out is times, serials and counts of tries, which change when a frame leaves but not which.

namespace explore {

using namespace sixfold;

/// Time only goes on, for all worlds alike: how late a timer fires is not explored, only that it may.
inline manual_clock& the_clock() {
    static manual_clock clock;
    return clock;
}

inline const framing& wire() {
    static const framing plain(peer("x"), checksum::off);
    return plain;
}

enum class place : std::uint8_t { at_a, at_b, at_relay_from_a, at_relay_from_b };

using frame_id = std::uint16_t;
constexpr std::size_t frames_max = 2048;
/// All frames ever sent: any of them can be delivered at any time, any number of times.
using network = std::bitset<frames_max>;

/// Gives each distinct frame a number. Attempts, echoes and serials are left out: they only steer timers.
class frame_book {
  public:
    /// Limits matter only if the sender's window is larger than the receiver's.
    explicit frame_book(bool with_limits) : with_limits_(with_limits) {}

    struct entry {
        place to;
        std::vector<std::byte> bytes;
        frame what;  // refers to bytes
    };

    frame_id number(place to, bytes one) {
        frame decoded;
        if (decode(one, wire(), decoded) != refusal::none) {
            throw std::logic_error("a machine made a frame that is none");
        }
        std::array<std::byte, 512> state;
        normalise(decoded, state);
        std::array<std::byte, 2048> buffer;
        const std::size_t size = encode(decoded, wire(), buffer);
        std::string key(1, static_cast<char>(to));
        key.append(as_text(bytes(buffer).first(size)));
        const auto [at, fresh] =
            numbers_.try_emplace(std::move(key), static_cast<frame_id>(book_.size()));
        if (fresh) {
            if (book_.size() == frames_max) {
                throw std::length_error("more than frames_max different frames");
            }
            entry e{to, {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)}, {}};
            book_.push_back(std::move(e));
            if (decode(book_.back().bytes, wire(), book_.back().what) != refusal::none) {
                throw std::logic_error("a normalised frame is none");
            }
        }
        return at->second;
    }
    [[nodiscard]] const entry& operator[](frame_id id) const { return book_[id]; }
    [[nodiscard]] std::size_t size() const { return book_.size(); }

  private:
    void normalise(frame& f, std::span<std::byte> state) const {
        if (auto* request = std::get_if<msg_request>(&f)) {
            request->attempt = 0;
        } else if (auto* answer = std::get_if<msg_answer>(&f)) {
            answer->attempt = 0;
        } else if (auto* notice = std::get_if<msg_notify>(&f)) {
            notice->attempt = 0;
        } else if (auto* ack = std::get_if<ack_request>(&f)) {
            ack->serial = 0;
            ack->echo.reset();
            ack->state = without_limits(ack->state, state);
        } else if (auto* acked = std::get_if<ack_answer>(&f)) {
            acked->serial = 0;
        } else if (auto* told = std::get_if<ack_notify>(&f)) {
            told->echo.reset();
            told->attempt = 0;
            told->state = without_limits(told->state, state);
        } else if (auto* sync = std::get_if<sync_request>(&f)) {
            sync->serial = 0;
        } else if (auto* synced = std::get_if<sync_answer>(&f)) {
            synced->serial = 0;
            synced->rows = 0;
        }
    }

    [[nodiscard]] bytes without_limits(bytes encoded, std::span<std::byte> out) const {
        ack_state read;
        if (with_limits_ || encoded.empty() || ack_state::decode(encoded, read) != refusal::none ||
            !read.limits()) {
            return encoded;
        }
        // The limits stand behind the flags and the floor; everything else stays as it is.
        byte_reader in(encoded);
        const unsigned flags = in.get_u8();
        const seq floor = in.get_seq_bound();
        byte_writer to(out);
        to.put_u8(static_cast<std::uint8_t>(flags & ~1U));
        to.put_varint(floor);
        (void)in.get_varint();
        (void)in.get_varint();
        (void)in.get_varint();
        to.put_bytes(in.rest());
        return bytes(out).first(to.size());
    }

    bool with_limits_;
    std::unordered_map<std::string, frame_id> numbers_;
    std::deque<entry> book_;  // entries stay where they are
};

constexpr std::size_t ids_max = 8;  // messages of all lives of A

/// A and its app.
struct a_node {
    sender machine;
    std::array<ticket, ids_max> tickets{};
    std::array<status, ids_max> known{};  // the strongest that the app heard
    std::uint8_t stored = 0;              // bits: was told `stored`, ever
    std::uint8_t settled = 0;             // bits: was told how it ended, ever
    std::uint8_t cancelled = 0;           // bits: asked for
    std::uint8_t submitted = 0;           // bits
    std::uint8_t life = 0;
    network sends{};
};

/// B and its app.
struct b_node {
    receiver machine;
    std::vector<message> looked_at;   // handed out, not settled (their payloads are not read again)
    std::vector<std::uint8_t> inbox;  // ids accepted in this life, in order
    std::vector<std::uint8_t> uncommitted;  // only where that rule is broken
    std::uint8_t rejected = 0;              // bits, in any life
    std::uint8_t amnesias = 0;
    network sends{};
};

/// The mailbox.
struct box_node {
    memory_mailbox machine;
    std::uint8_t payloads = 0;  // bits: a row has the message
    bool empty = true;
};

/// Which message a payload is.
inline std::uint8_t id_of(bytes payload) {
    return std::to_integer<std::uint8_t>(payload[0]);
}

/// Remembers the states of one kind of machine by what tells them apart.
template <class Node>
class node_book {
  public:
    /// The number of a state; `complete(node)` is called for a new one.
    template <class Complete>
    std::uint32_t number(const std::string& key, Node node, Complete complete) {
        const auto [at, fresh] =
            numbers_.try_emplace(key, static_cast<std::uint32_t>(book_.size()));
        if (fresh) {
            complete(node);
            book_.push_back(std::move(node));
        }
        return at->second;
    }
    [[nodiscard]] const Node& operator[](std::uint32_t id) const { return book_[id]; }
    [[nodiscard]] std::size_t size() const { return book_.size(); }

  private:
    std::unordered_map<std::string, std::uint32_t> numbers_;
    std::deque<Node> book_;  // nodes stay where they are
};

}  // namespace explore

#endif
