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

//     echo      | number | size, missing bits: if flagged
struct echo_layout {
    /// Whether a string of missing bits follows.
    [[nodiscard]] static bool misses(const std::optional<echo>& what) noexcept {
        return what && what->missing != 0;
    }
    [[nodiscard]] static bool repeats(const std::optional<echo>& what) noexcept {
        return what && what->repeated;
    }

    template <class Out>
    static void write(Out& out, const echo& what) noexcept {
        out.put_u16(what.number);
        if (what.missing != 0) {
            const unsigned size = (width_of(what.missing) + 7) / 8;
            out.put_u8(static_cast<std::uint8_t>(size));
            for (unsigned i = 0; i < size; ++i) {
                out.put_u8(static_cast<std::uint8_t>(what.missing >> 8 * i));
            }
        }
    }

    [[nodiscard]] static echo read(byte_reader& in, bool misses, bool repeats) noexcept {
        echo what{.number = in.get_u16(), .missing = 0, .repeated = repeats};
        if (!misses) {
            return what;
        }
        const std::size_t size = in.get_u8();
        in.demand(size >= 1 && size <= 8, refusal::ack_state);
        const bytes bits = in.get_bytes(size);
        in.demand(bits.empty() || bits.back() != std::byte{0}, refusal::not_canonical);
        what.missing = bits.empty() ? 0 : bits_word(bits, 0);
        return what;
    }
};

//     state     | to | epoch | serial | echo, if flagged | ack state ...
//     waiting   | to | epoch | serial | number
//     past      | to | epoch | serial | current epoch
template <>
struct frame_layout<ack_request> {
    static constexpr std::uint8_t kind = 4;
    static constexpr unsigned word_mask = 3;
    static constexpr unsigned echoed = 4;
    static constexpr unsigned missing = 8;
    static constexpr unsigned repeated = 16;

    [[nodiscard]] static unsigned flags(const ack_request& m) noexcept {
        return static_cast<unsigned>(m.word) | flag(echoed, m.echo.has_value()) |
               flag(missing, echo_layout::misses(m.echo)) |
               flag(repeated, echo_layout::repeats(m.echo));
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        return flags <= 2 || (flags & ~(missing | repeated)) == echoed;
    }

    [[nodiscard]] static bool is_valid(const ack_request& m) noexcept {
        const bool is_state = m.word == ack_word::state;
        return m.to.valid() && m.epoch != epoch::none && m.word <= ack_word::past &&
               (m.word == ack_word::waiting || m.number == 0) &&
               (m.word == ack_word::past ? m.current > m.epoch : m.current == epoch::none) &&
               is_state != m.state.empty();
    }

    template <class Out>
    static void write(Out& out, const ack_request& m) noexcept {
        out.put_peer(m.to);
        out.put_epoch(m.epoch);
        out.put_u16(m.serial);
        if (m.echo) {
            echo_layout::write(out, *m.echo);
        }
        if (m.word == ack_word::waiting) {
            out.put_u16(m.number);
        } else if (m.word == ack_word::past) {
            out.put_epoch(m.current);
        }
        out.put_bytes(m.state);
    }

    static void read(byte_reader& in, unsigned flags, ack_request& m) noexcept {
        m.word = static_cast<ack_word>(flags & word_mask);
        m.to = in.get_peer();
        m.epoch = in.get_epoch();
        m.serial = in.get_u16();
        if ((flags & echoed) != 0) {
            m.echo = echo_layout::read(in, (flags & missing) != 0, (flags & repeated) != 0);
        }
        if (m.word == ack_word::waiting) {
            m.number = in.get_u16();
        } else if (m.word == ack_word::past) {
            m.current = in.get_epoch();
            in.demand(m.current > m.epoch, refusal::epoch);
        } else {
            m.state = read_ack_state(in);
        }
    }
};

//     ack:A     | serial
template <>
struct frame_layout<ack_answer> {
    static constexpr std::uint8_t kind = 5;

    [[nodiscard]] static unsigned flags(const ack_answer&) noexcept { return 0; }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept { return flags == 0; }

    [[nodiscard]] static bool is_valid(const ack_answer&) noexcept { return true; }

    template <class Out>
    static void write(Out& out, const ack_answer& m) noexcept {
        out.put_u16(m.serial);
    }

    static void read(byte_reader& in, unsigned, ack_answer& m) noexcept { m.serial = in.get_u16(); }
};

//     state     | from | epoch | echo, if flagged | ack state ...
//     waiting   | from | epoch | number
//     past      | from | epoch | current epoch
//     stored    | from | epoch | number | first | count - 1
//     ended     | from | epoch | number | low | ack state ..., if flagged
template <>
struct frame_layout<ack_notify> {
    static constexpr std::uint8_t kind = 6;
    static constexpr unsigned word_mask = 7;
    // with `state`
    static constexpr unsigned echoed = 8;
    static constexpr unsigned missing = 16;
    static constexpr unsigned repeated = 32;
    // with `ended`
    static constexpr unsigned away = 8;
    static constexpr unsigned given_up = 16;
    static constexpr unsigned remembered = 64;

    [[nodiscard]] static unsigned flags(const ack_notify& m) noexcept {
        const bool remembers = m.word == ack_word::ended && !m.state.empty();
        return static_cast<unsigned>(m.word) | flag(echoed, m.echo.has_value()) |
               flag(missing, echo_layout::misses(m.echo)) |
               flag(repeated, echo_layout::repeats(m.echo)) | flag(away, m.away) |
               flag(given_up, m.given_up) | flag(remembered, remembers);
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        const unsigned how = flags & ~word_mask;
        switch (static_cast<ack_word>(flags & word_mask)) {
        case ack_word::state: return how == 0 || (how & ~(missing | repeated)) == echoed;
        case ack_word::waiting:
        case ack_word::past:
        case ack_word::stored: return how == 0;
        case ack_word::ended: return (how & ~(away | given_up | remembered)) == 0;
        }
        return false;
    }

    [[nodiscard]] static bool is_valid(const ack_notify& m) noexcept {
        const bool is_state = m.word == ack_word::state;
        const bool is_stored = m.word == ack_word::stored;
        const bool is_ended = m.word == ack_word::ended;
        const bool is_numbered = is_stored || is_ended || m.word == ack_word::waiting;
        return m.from.valid() && m.epoch != epoch::none && m.word <= ack_word::ended &&
               (is_state || !m.echo) && (is_numbered || m.number == 0) &&
               (m.word == ack_word::past ? m.current > m.epoch : m.current == epoch::none) &&
               (is_stored ? m.count >= 1 && m.count <= run::count_max && m.first < seq_end &&
                                m.first + m.count <= seq_end
                          : m.first == 0 && m.count == 0) &&
               (is_ended ? m.low <= seq_end : m.low == 0 && !m.away && !m.given_up) &&
               (is_ended || is_state != m.state.empty());
    }

    template <class Out>
    static void write(Out& out, const ack_notify& m) noexcept {
        out.put_peer(m.from);
        out.put_epoch(m.epoch);
        switch (m.word) {
        case ack_word::state:
            if (m.echo) {
                echo_layout::write(out, *m.echo);
            }
            break;
        case ack_word::waiting: out.put_u16(m.number); break;
        case ack_word::past: out.put_epoch(m.current); break;
        case ack_word::stored:
            out.put_u16(m.number);
            out.put_varint(m.first);
            out.put_u8(static_cast<std::uint8_t>(m.count - 1));
            break;
        case ack_word::ended:
            out.put_u16(m.number);
            out.put_varint(m.low);
            break;
        }
        out.put_bytes(m.state);
    }

    static void read(byte_reader& in, unsigned flags, ack_notify& m) noexcept {
        m.word = static_cast<ack_word>(flags & word_mask);
        m.from = in.get_peer();
        m.epoch = in.get_epoch();
        switch (m.word) {
        case ack_word::state:
            if ((flags & echoed) != 0) {
                m.echo = echo_layout::read(in, (flags & missing) != 0, (flags & repeated) != 0);
            }
            m.state = read_ack_state(in);
            break;
        case ack_word::waiting: m.number = in.get_u16(); break;
        case ack_word::past:
            m.current = in.get_epoch();
            in.demand(m.current > m.epoch, refusal::epoch);
            break;
        case ack_word::stored: read_stored(in, m); break;
        case ack_word::ended: read_ended(in, flags, m); break;
        }
    }

  private:
    static void read_stored(byte_reader& in, ack_notify& m) noexcept {
        m.number = in.get_u16();
        m.first = in.get_seq();
        const unsigned more = in.get_u8();
        in.demand(more < run::count_max, refusal::run);
        m.count = static_cast<std::uint8_t>(more + 1);
        in.demand(m.first + m.count <= seq_end, refusal::seq_range);
    }

    static void read_ended(byte_reader& in, unsigned flags, ack_notify& m) noexcept {
        m.away = (flags & away) != 0;
        m.given_up = (flags & given_up) != 0;
        m.number = in.get_u16();
        m.low = in.get_seq_bound();
        if ((flags & remembered) != 0) {
            m.state = read_ack_state(in);
        }
    }
};

}  // namespace sixfold::inline v0::detail

#endif
