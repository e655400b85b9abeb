// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_FRAME_BOOK_HPP
#define SIXFOLD_TESTS_EXPLORE_FRAME_BOOK_HPP

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "explore/network.hpp"

// A frame in the network is what it says, without what grows with time.
//
// Numbers. That of a sending is replaced by one that stands for its content: its run and whether it asked to be kept, or that it
// is a probe. On its way to A it becomes that of the newest sending with this content, or one that A does not remember, as of an
// earlier life (`sending::takes`). Left out are thus answers to a sending that had a younger one with the same content. They hide
// nothing: a message waits for its last sending only, so such an answer says of messages what one does that is not remembered;
// and it may make times shorter, which are not explored. What arrived is the same whether it was to be kept or not.
//
// Echoes name the newest number, and all others as missing: B answers each sending at once, and what an echo with an older state
// and then a newer state without one say to A is what both say together.
//
// Serials and places in a page only steer what is asked for again. B asks for its mailbox by one frame, whose answer is every page
// that there is (`relaying::takes`): all keys, all sizes. So a row may come or be lost by itself, whatever B's round would ask for
// next; that the round comes round is what `ending` shows.

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

/// Stands for the content of a sending. Two of each run: the odd one asked to be kept.
using content = sending_number;
constexpr content probe_content = 0;
constexpr content contents_max = 128;
/// The same run, whether it was to be kept or not.
[[nodiscard]] constexpr content without_keep(content which) {
    return static_cast<content>(which & ~1U);
}

/// The number in a frame to A that says which sending it answers; none.
[[nodiscard]] inline sending_number* answered_number(frame& to_a) {
    if (auto* answer = std::get_if<msg_answer>(&to_a)) {
        return &answer->number;
    }
    auto* told = std::get_if<ack_notify>(&to_a);
    if (told == nullptr || told->word == ack_word::past) {
        return nullptr;
    }
    if (told->word == ack_word::state) {
        return told->echo ? &told->echo->number : nullptr;
    }
    return &told->number;
}
/// Does it say that the sending has arrived at B?
[[nodiscard]] inline bool says_arrived(const frame& to_a) {
    const auto* told = std::get_if<ack_notify>(&to_a);
    return told != nullptr && (told->word == ack_word::state || told->word == ack_word::waiting);
}

/// Gives each distinct frame an id.
class frame_book {
  public:
    /// Limits matter only if the sender may send more than the receiver has room for.
    explicit frame_book(bool with_limits) : with_limits_(with_limits) {}

    struct entry {
        place to;
        std::vector<std::byte> bytes;
        frame what;  // refers to bytes
    };

    void add(place to, const frame& made, network& out) {
        std::array<std::byte, 2048> buffer;
        add(to, bytes(buffer).first(encode(made, wire(), buffer)), out);
    }
    /// Limits are said until they are known to have come, and then no more: so each state goes with them, and without.
    void add(place to, bytes one, network& out) {
        frame what;
        if (decode(one, wire(), what) != refusal::none) {
            throw std::logic_error("a machine made a frame that is none");
        }
        std::array<std::byte, 512> buffer;
        normalise(what);
        if (with_limits_ && !is_remembered(what)) {
            out.add(number(to, what));
        }
        strip(what, buffer);
        out.add(number(to, what));
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

    /// What stands for the content of a sending.
    content content_of(const msg_request& sent) {
        if (sent.probes()) {
            return probe_content;
        }
        std::string key = std::to_string(sent.first);
        for (const run_entry& each : sent.entries) {
            key += each.tombstone ? "-" : "+";
            key += as_text(each.payload);
        }
        const auto next = static_cast<content>(2 * contents_.size() + 2);
        const content found = contents_.try_emplace(std::move(key), next).first->second;
        if (found >= contents_max) {
            throw std::length_error("more than contents_max different sendings");
        }
        return static_cast<content>(found + (sent.keep ? 1 : 0));
    }

    /// An ack state without its limits.
    [[nodiscard]] static bytes without_limits(bytes encoded, std::span<std::byte> out) {
        ack_state read;
        if (ack_state::decode(encoded, read) != refusal::none || !read.limits()) {
            return encoded;
        }
        byte_reader in(encoded);
        byte_writer to(out);
        to.put_varint(in.get_seq_bound());
        const unsigned parts = in.get_u8() & ~1U;
        if (parts != 0) {
            to.put_u8(static_cast<std::uint8_t>(parts));
        }
        for (int limit = 0; limit < 3; ++limit) {
            (void)in.get_varint();
        }
        to.put_bytes(in.rest());
        return bytes(out).first(to.size());
    }

  private:
    frame_id number(place to, const frame& what) {
        std::array<std::byte, 2048> buffer;
        const std::size_t size = encode(what, wire(), buffer);
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

    void normalise(frame& f) {
        if (auto* request = std::get_if<msg_request>(&f)) {
            request->number = content_of(*request);
        } else if (auto* notice = std::get_if<msg_notify>(&f)) {
            notice->number = without_keep(notice->number);
            notice->serial = 0;
            notice->index = 0;
        } else if (auto* ack = std::get_if<ack_request>(&f)) {
            ack->serial = 0;
            alone(ack->echo);
        } else if (auto* acked = std::get_if<ack_answer>(&f)) {
            acked->serial = 0;
        } else if (std::holds_alternative<sync_request>(f)) {
            f = sync_request{.rows = 1, .room = 1};
        } else if (std::holds_alternative<sync_answer>(f)) {
            f = sync_answer{};
        }
    }
    static void alone(std::optional<echo>& seen) {
        if (seen) {
            seen->missing = (std::numeric_limits<std::uint64_t>::max)();
            seen->repeated = false;
        }
    }
    /// A state of which the relay only reminds has limits that nobody goes by.
    static bool is_remembered(const frame& f) {
        const auto* told = std::get_if<ack_notify>(&f);
        return told != nullptr && told->word == ack_word::ended;
    }
    static void strip(frame& f, std::span<std::byte> buffer) {
        if (auto* ack = std::get_if<ack_request>(&f)) {
            ack->state = without_limits(ack->state, buffer);
        } else if (auto* told = std::get_if<ack_notify>(&f)) {
            told->state = without_limits(told->state, buffer);
        }
    }

    bool with_limits_;
    std::unordered_map<std::string, frame_id> numbers_;
    std::unordered_map<std::string, content> contents_;  // of runs that are not to be kept
    std::deque<entry> book_;                             // entries stay where they are
    std::array<network, places> to_{};
};

}  // namespace explore

#endif
