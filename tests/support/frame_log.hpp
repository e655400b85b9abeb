// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_FRAME_LOG_HPP
#define SIXFOLD_TESTS_SUPPORT_FRAME_LOG_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

// What went over a simulated network, to be looked at by a test and to be printed when one fails.

namespace support {

/// The eight kinds of frames, in the order of the wire.
enum class kind : std::uint8_t { msg_r, msg_a, msg_n, ack_r, ack_a, ack_n, sync_r, sync_a };

[[nodiscard]] inline const char* name(kind what) {
    switch (what) {
    case kind::msg_r: return "msg:R";
    case kind::msg_a: return "msg:A";
    case kind::msg_n: return "msg:N";
    case kind::ack_r: return "ack:R";
    case kind::ack_a: return "ack:A";
    case kind::ack_n: return "ack:N";
    case kind::sync_r: return "sync:R";
    case kind::sync_a: return "sync:A";
    }
    return "?";
}

[[nodiscard]] inline kind kind_of(sixfold::bytes frame) {
    return static_cast<kind>((std::to_integer<unsigned>(frame[0]) & 0x0FU) - 1);
}

/// What the network does to a frame.
struct treatment {
    unsigned copies = 1;        ///< 0: it is lost
    sixfold::duration delay{};  ///< on top of the hop's own; later frames overtake it
    bool crash = false;         ///< the relay takes it, or is about to put it out, and crashes
};

inline constexpr treatment lost{.copies = 0};
inline constexpr treatment twice{.copies = 2};
inline constexpr treatment crashed{.crash = true};
[[nodiscard]] constexpr treatment late(sixfold::duration by) {
    return {.delay = by};
}

/// One frame that was put on the network.
struct logged_frame {
    sixfold::time_point at;
    sixfold::peer client;  ///< at the other end from the relay
    kind what;
    bool to_relay;
    treatment done;
    std::size_t offset;  ///< in the bytes of the log
    std::size_t size;
};

/// Keeps every frame, and makes sense of it only when it is asked. Numbers them from 0.
class frame_log {
  public:
    void add(logged_frame frame, sixfold::bytes wire) {
        frame.offset = bytes_.size();
        frame.size = wire.size();
        bytes_.insert(bytes_.end(), wire.begin(), wire.end());
        frames_.push_back(frame);
    }

    [[nodiscard]] std::size_t size() const { return frames_.size(); }
    [[nodiscard]] const logged_frame& operator[](std::size_t i) const { return frames_[i]; }
    /// Good until the next frame is put on the network.
    [[nodiscard]] sixfold::bytes wire(std::size_t i) const {
        return sixfold::bytes(bytes_).subspan(frames_[i].offset, frames_[i].size);
    }
    [[nodiscard]] sixfold::frame frame(std::size_t i) const {
        sixfold::frame out;
        const auto why = sixfold::decode(wire(i), sixfold::framing(frames_[i].client), out);
        REQUIRE(why == sixfold::refusal::none);
        return out;
    }

    /// How many of a kind there were, from frame number `from` on; the probes among the msg frames left out.
    [[nodiscard]] std::size_t count(kind what, std::size_t from = 0) const {
        std::size_t sum = 0;
        for (std::size_t i = from; i < frames_.size(); ++i) {
            sum += std::size_t{frames_[i].what == what && !is_probe(i)};
        }
        return sum;
    }

    /// How many probes of a kind there were.
    [[nodiscard]] std::size_t probes(kind what, std::size_t from = 0) const {
        std::size_t sum = 0;
        for (std::size_t i = from; i < frames_.size(); ++i) {
            sum += std::size_t{frames_[i].what == what && is_probe(i)};
        }
        return sum;
    }

    /// All frames of a type, probes left out. Their spans are good until the next frame.
    template <class Frame>
    [[nodiscard]] std::vector<Frame> all(std::size_t from = 0) const {
        std::vector<Frame> out;
        for (std::size_t i = from; i < frames_.size(); ++i) {
            const sixfold::frame each = frame(i);
            if (const auto* found = std::get_if<Frame>(&each); found != nullptr && !is_probe(i)) {
                out.push_back(*found);
            }
        }
        return out;
    }

    /// The kinds in their order: "msg:R msg:A msg:N ...". Probes, their answers, and the mailbox left out if asked.
    [[nodiscard]] std::string kinds(std::size_t from = 0) const {
        std::string out;
        for (std::size_t i = from; i < frames_.size(); ++i) {
            out += (out.empty() ? "" : " ") + std::string(name(frames_[i].what));
        }
        return out;
    }

    /// One line a frame.
    [[nodiscard]] std::string text() const {
        std::ostringstream out;
        for (std::size_t i = 0; i < frames_.size(); ++i) {
            out << line(i) << '\n';
        }
        return out.str();
    }

    [[nodiscard]] bool is_probe(std::size_t i) const {
        const kind what = frames_[i].what;
        if (what != kind::msg_r && what != kind::msg_n) {
            return false;
        }
        const sixfold::frame each = frame(i);
        const auto* request = std::get_if<sixfold::msg_request>(&each);
        const auto* notify = std::get_if<sixfold::msg_notify>(&each);
        return request != nullptr ? request->probes() : notify->probes();
    }

  private:
    [[nodiscard]] std::string line(std::size_t i) const {
        const logged_frame& each = frames_[i];
        std::ostringstream out;
        const auto since =
            std::chrono::duration_cast<std::chrono::milliseconds>(each.at.time_since_epoch());
        out << '#' << i << '\t' << since.count() << " ms\t"
            << (each.to_relay ? each.client.name() : "relay") << " -> "
            << (each.to_relay ? "relay" : each.client.name()) << '\t' << name(each.what) << ' ';
        std::visit([&](const auto& body) { describe(body, out); }, frame(i));
        if (each.done.copies != 1) {
            out << (each.done.copies == 0 ? "  LOST" : "  TWICE");
        }
        if (each.done.delay != sixfold::duration::zero()) {
            out << "  LATE";
        }
        if (each.done.crash) {
            out << "  RELAY CRASHED";
        }
        return out.str();
    }

    using text_out = std::ostringstream;
    /// "hi" + "you": a plus is a tombstone.
    static void describe(const sixfold::run& messages, text_out& out) {
        for (const sixfold::run_entry& each : messages) {
            each.tombstone ? out << " +" : out << " \"" << sixfold::as_text(each.payload) << '"';
        }
    }
    static std::uint64_t number(sixfold::epoch epoch) { return static_cast<std::uint64_t>(epoch); }

    static void describe(const sixfold::msg_request& m, text_out& out) {
        out << m.to.name() << ' ' << number(m.epoch) << ':' << m.first << " number " << m.number
            << " base " << m.base << (m.probes() ? " probe" : "") << (m.keep ? " keep" : "");
        describe(m.entries, out);
    }
    static void describe(const sixfold::msg_answer& m, text_out& out) {
        static constexpr const char* words[] = {"taken", "away", "refused"};
        out << m.to.name() << " number " << m.number << ' '
            << words[static_cast<std::size_t>(m.word)];
    }
    static void describe(const sixfold::msg_notify& m, text_out& out) {
        out << m.from.name() << ' ' << number(m.epoch) << ':' << m.first;
        if (m.drained) {
            out << " drained, serial " << m.serial << " index " << m.index;
        } else {
            out << " number " << m.number;
        }
        out << (m.probes() ? " probe" : "") << (m.clean() ? " clean" : "") << " low " << m.low;
        describe(m.entries, out);
    }
    static void describe(sixfold::ack_word word, sixfold::bytes state, text_out& out) {
        static constexpr const char* words[] = {"state", "waiting", "past", "stored", "ended"};
        out << ' ' << words[static_cast<std::size_t>(word)];
        sixfold::ack_state ack;
        if (!state.empty() && sixfold::ack_state::decode(state, ack) == sixfold::refusal::none) {
            out << " floor " << ack.floor() << " end " << ack.end();
        }
    }
    static void describe(const std::optional<sixfold::echo>& echo, text_out& out) {
        if (echo) {
            out << " echo " << echo->number << " missing " << echo->missing
                << (echo->repeated ? " repeated" : "");
        }
    }
    static void describe(const sixfold::ack_request& m, text_out& out) {
        out << m.to.name() << ' ' << number(m.epoch) << " serial " << m.serial;
        describe(m.word, m.state, out);
        describe(m.echo, out);
    }
    static void describe(const sixfold::ack_answer& m, text_out& out) {
        out << "serial " << m.serial;
    }
    static void describe(const sixfold::ack_notify& m, text_out& out) {
        out << m.from.name() << ' ' << number(m.epoch);
        describe(m.word, m.state, out);
        describe(m.echo, out);
        out << " number " << m.number << " first " << m.first << " count " << int{m.count}
            << " low " << m.low << (m.away ? " away" : "");
    }
    static void describe(const std::optional<sixfold::mailbox_key>& key, text_out& out) {
        if (key) {
            out << ' ' << key->from.name() << ' ' << number(key->id.epoch) << ':' << key->id.seq;
        } else {
            out << " -";
        }
    }
    static void describe(const sixfold::sync_request& m, text_out& out) {
        out << "serial " << m.serial << " rows " << m.rows << " room " << m.room << " from";
        describe(m.from, out);
        out << " until";
        describe(m.until, out);
    }
    static void describe(const sixfold::sync_answer& m, text_out& out) {
        out << "serial " << m.serial << " rows " << m.rows << " next";
        describe(m.next, out);
    }

    std::vector<logged_frame> frames_;
    std::vector<std::byte> bytes_;
};

}  // namespace support

#endif
