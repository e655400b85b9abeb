// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_FRAME_BOOK_HPP
#define SIXFOLD_TESTS_EXPLORE_FRAME_BOOK_HPP

#include <array>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "explore/network.hpp"

namespace explore {

using namespace sixfold;

inline const framing& wire() {
    static const framing plain(peer("x"), checksum::off);
    return plain;
}

/// Where a frame is on its way to, and from whom if that is the relay.
enum class place : std::uint8_t {
    at_a,
    at_b,
    at_c,
    at_relay_from_a,
    at_relay_from_b,
    at_relay_from_c,
};
constexpr std::size_t places = 6;

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

    frame_id number(place to, const frame& made) {
        std::array<std::byte, 2048> buffer;
        return number(to, bytes(buffer).first(encode(made, wire(), buffer)));
    }
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
            book_.push_back({to, {buffer.data(), buffer.data() + size}, {}});
            if (decode(book_.back().bytes, wire(), book_.back().what) != refusal::none) {
                throw std::logic_error("a normalised frame is none");
            }
            to_[static_cast<std::size_t>(to)].add(at->second);
        }
        return at->second;
    }
    [[nodiscard]] const entry& operator[](frame_id id) const { return book_[id]; }
    /// All that are on their way to a place.
    [[nodiscard]] const network& to(place where) const {
        return to_[static_cast<std::size_t>(where)];
    }

    /// All that are on their way to the relay.
    [[nodiscard]] network to_relay() const {
        network all = to(place::at_relay_from_a);
        all.add(to(place::at_relay_from_b));
        all.add(to(place::at_relay_from_c));
        return all;
    }

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
    std::array<network, places> to_{};
};

}  // namespace explore

#endif
