// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_ACK_LAYOUT_HPP
#define SIXFOLD_WIRE_ACK_LAYOUT_HPP

#include <cstdint>

#include "sixfold/error.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/frame_layout.hpp"

// Flags and bodies of ack:R, ack:A and ack:N. (spec 4.4 to 4.6)

namespace sixfold::inline v0::detail {

/// An ack state in all the rest of the body: left as it is, but refused unless it is one.
[[nodiscard]] inline bytes read_ack_state(byte_reader& in) noexcept {
    const bytes encoded = in.rest();
    if (const refusal why = ack_state::validate(encoded); why != refusal::none) {
        in.refuse(why);
    }
    return encoded;
}

/// Whether the ack state of a frame, if it has one, is one.
template <class Frame>
[[nodiscard]] bool is_state_valid(const Frame&) noexcept {
    return true;
}
template <class Frame>
    requires requires(const Frame& what) {
        what.state;
    }
[[nodiscard]] bool is_state_valid(const Frame& what) noexcept {
    return what.state.empty() || ack_state::validate(what.state) == refusal::none;
}

template <class Out>
void write_echo(Out& out, const echo& what) noexcept {
    out.put_varint(what.seq);
    out.put_u8(what.attempt);
}

[[nodiscard]] inline echo read_echo(byte_reader& in) noexcept {
    echo what;
    what.seq = in.get_seq();
    what.attempt = in.get_u8();
    return what;
}

//     state     | to | epoch | serial | seq, attempt of the echo, if flagged | ack state ...
//     waiting   | to | epoch | serial
//     past      | to | epoch | serial | current epoch
template <>
struct frame_layout<ack_request> {
    static constexpr std::uint8_t kind = 4;
    static constexpr unsigned word_mask = 3;
    static constexpr unsigned echoed = 4;

    [[nodiscard]] static unsigned flags(const ack_request& m) noexcept {
        return static_cast<unsigned>(m.word) | flag(echoed, m.echo.has_value());
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        return flags <= 2 || flags == echoed;
    }

    [[nodiscard]] static bool is_valid(const ack_request& m) noexcept {
        const bool is_state = m.word == ack_word::state;
        return m.to.valid() && m.epoch != epoch::none && m.word <= ack_word::past &&
               (!m.echo || m.echo->seq < seq_end) &&
               (m.word == ack_word::past ? m.current > m.epoch : m.current == epoch::none) &&
               is_state != m.state.empty();
    }

    template <class Out>
    static void write(Out& out, const ack_request& m) noexcept {
        out.put_peer(m.to);
        out.put_epoch(m.epoch);
        out.put_varint(m.serial);
        if (m.echo) {
            write_echo(out, *m.echo);
        }
        if (m.word == ack_word::past) {
            out.put_epoch(m.current);
        }
        out.put_bytes(m.state);
    }

    static void read(byte_reader& in, unsigned flags, ack_request& m) noexcept {
        m.word = static_cast<ack_word>(flags & word_mask);
        m.to = in.get_peer();
        m.epoch = in.get_epoch();
        m.serial = read_serial(in);
        if (flags == echoed) {
            m.echo = read_echo(in);
        }
        if (m.word == ack_word::past) {
            m.current = in.get_epoch();
            in.demand(m.current > m.epoch, refusal::epoch);
        }
        if (m.word == ack_word::state) {
            m.state = read_ack_state(in);
        }
    }
};

//     ack:A     | to | serial
template <>
struct frame_layout<ack_answer> {
    static constexpr std::uint8_t kind = 5;

    [[nodiscard]] static unsigned flags(const ack_answer&) noexcept { return 0; }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept { return flags == 0; }

    [[nodiscard]] static bool is_valid(const ack_answer& m) noexcept { return m.to.valid(); }

    template <class Out>
    static void write(Out& out, const ack_answer& m) noexcept {
        out.put_peer(m.to);
        out.put_varint(m.serial);
    }

    static void read(byte_reader& in, unsigned, ack_answer& m) noexcept {
        m.to = in.get_peer();
        m.serial = read_serial(in);
    }
};

//     state     | from | epoch | seq, attempt of the echo, if flagged | ack state ...
//     waiting   | from | epoch
//     past      | from | epoch | current epoch
//     stored    | from | epoch | seq | attempt
//     ended     | from | epoch | low | ack state ..., if flagged
template <>
struct frame_layout<ack_notify> {
    static constexpr std::uint8_t kind = 6;
    static constexpr unsigned word_mask = 7;
    static constexpr unsigned echoed = 8;
    static constexpr unsigned remembered = 16;
    static constexpr unsigned ended_remembered =
        static_cast<unsigned>(ack_word::ended) | remembered;

    [[nodiscard]] static unsigned flags(const ack_notify& m) noexcept {
        const bool remembers = m.word == ack_word::ended && !m.state.empty();
        return static_cast<unsigned>(m.word) | flag(echoed, m.echo.has_value()) |
               flag(remembered, remembers);
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        return flags <= 4 || flags == echoed || flags == ended_remembered;
    }

    [[nodiscard]] static bool is_valid(const ack_notify& m) noexcept {
        const bool is_state = m.word == ack_word::state;
        const bool is_stored = m.word == ack_word::stored;
        const bool is_ended = m.word == ack_word::ended;
        return m.from.valid() && m.epoch != epoch::none && m.word <= ack_word::ended &&
               (!m.echo || m.echo->seq < seq_end) &&
               (m.word == ack_word::past ? m.current > m.epoch : m.current == epoch::none) &&
               (is_stored ? m.seq < seq_end : m.seq == 0 && m.attempt == 0) &&
               (is_ended ? m.low <= seq_end : m.low == 0) &&
               (is_ended || is_state != m.state.empty());
    }

    template <class Out>
    static void write(Out& out, const ack_notify& m) noexcept {
        out.put_peer(m.from);
        out.put_epoch(m.epoch);
        if (m.echo) {
            write_echo(out, *m.echo);
        }
        if (m.word == ack_word::past) {
            out.put_epoch(m.current);
        } else if (m.word == ack_word::stored) {
            out.put_varint(m.seq);
            out.put_u8(m.attempt);
        } else if (m.word == ack_word::ended) {
            out.put_varint(m.low);
        }
        out.put_bytes(m.state);
    }

    static void read(byte_reader& in, unsigned flags, ack_notify& m) noexcept {
        m.word = static_cast<ack_word>(flags & word_mask);
        m.from = in.get_peer();
        m.epoch = in.get_epoch();
        if (flags == echoed) {
            m.echo = read_echo(in);
        }
        if (m.word == ack_word::past) {
            m.current = in.get_epoch();
            in.demand(m.current > m.epoch, refusal::epoch);
        } else if (m.word == ack_word::stored) {
            m.seq = in.get_seq();
            m.attempt = in.get_u8();
        } else if (m.word == ack_word::ended) {
            m.low = in.get_seq_bound();
        }
        if (m.word == ack_word::state || flags == ended_remembered) {
            m.state = read_ack_state(in);
        }
    }
};

}  // namespace sixfold::inline v0::detail

#endif
