// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_MSG_LAYOUT_HPP
#define SIXFOLD_WIRE_MSG_LAYOUT_HPP

#include <cstddef>
#include <cstdint>

#include "sixfold/error.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/frame_layout.hpp"
#include "sixfold/wire/run.hpp"

// Flags and bodies of msg:R, msg:A and msg:N. (spec 4.1 to 4.3)

namespace sixfold::inline v0::detail {

/// In which of three forms a msg frame carries its messages: the lowest two bits of its flags.
struct msg_form {
    static constexpr unsigned payload = 0;  ///< one payload, to the end of the body
    static constexpr unsigned run = 1;      ///< entries, to the end of the body
    static constexpr unsigned probe = 2;    ///< nothing
    static constexpr unsigned mask = 3;

    [[nodiscard]] static unsigned of(const sixfold::run& what) noexcept {
        return what.empty() ? probe : what.is_payload() ? payload : run;
    }
};

/// Whether a run with this seq first ends in front of the end of all seqs, whatever the seq is.
[[nodiscard]] constexpr bool has_seqs(seq first, std::size_t count) noexcept {
    return first <= seq_end - count;
}

/// The messages of a frame, in all the rest of the body.
inline void read_run(byte_reader& in, unsigned form, seq first, run& out) noexcept {
    const bytes encoded = in.rest();
    if (!in.ok()) {
        return;
    }
    if (form == msg_form::payload) {
        out = run::of(encoded);
    } else if (const refusal why = run::decode(encoded, out); why != refusal::none) {
        in.refuse(why);
    }
    in.demand(has_seqs(first, out.count()), refusal::seq_range);
}

//     payload, run    | to | epoch | number | first | first - base | left, if flagged | payload or entries ...
//     probe           | to | epoch | number | base
template <>
struct frame_layout<msg_request> {
    static constexpr std::uint8_t kind = 1;
    static constexpr unsigned never_stored = 4;
    static constexpr unsigned keep = 8;
    static constexpr unsigned limited = 16;

    [[nodiscard]] static unsigned flags(const msg_request& m) noexcept {
        return msg_form::of(m.entries) | flag(never_stored, m.storing == storing::forbidden) |
               flag(keep, m.keep) | flag(limited, m.left.has_value());
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        const unsigned form = flags & msg_form::mask;
        const unsigned how = flags & ~msg_form::mask;
        return form == msg_form::probe ? how == 0
                                       : form <= msg_form::run && (how == never_stored ||
                                                                   (how & ~(keep | limited)) == 0);
    }

    [[nodiscard]] static bool is_valid(const msg_request& m) noexcept {
        return m.to.valid() && m.epoch != epoch::none &&
               (m.probes() ? m.first == 0 && m.base <= seq_end
                           : m.base <= m.first && has_seqs(m.first, m.entries.count())) &&
               (m.storing == storing::allowed || m.entries.tombstones() == 0);
    }

    template <class Out>
    static void write(Out& out, const msg_request& m) noexcept {
        out.put_peer(m.to);
        out.put_epoch(m.epoch);
        out.put_u16(m.number);
        if (m.probes()) {
            out.put_varint(m.base);
            return;
        }
        out.put_varint(m.first);
        out.put_varint(m.first - m.base);
        if (m.left) {
            out.put_varint(*m.left);
        }
        out.put_bytes(m.entries.encoded());
    }

    static void read(byte_reader& in, unsigned flags, msg_request& m) noexcept {
        const unsigned form = flags & msg_form::mask;
        m.storing = (flags & never_stored) != 0 ? storing::forbidden : storing::allowed;
        m.keep = (flags & keep) != 0;
        m.to = in.get_peer();
        m.epoch = in.get_epoch();
        m.number = in.get_u16();
        if (form == msg_form::probe) {
            m.base = in.get_seq_bound();
            return;
        }
        m.first = in.get_seq();
        const std::uint64_t ahead = in.get_varint();
        in.demand(ahead <= m.first, refusal::seq_range);
        m.base = m.first - ahead;
        if ((flags & limited) != 0) {
            m.left = in.get_varint();
        }
        read_run(in, form, m.first, m.entries);
        in.demand(m.storing == storing::allowed || m.entries.tombstones() == 0, refusal::run);
    }
};

//     taken           | to | number
//     away            | to | epoch | number
//     refused         | to | epoch | number | reason | payload_max, if too large
template <>
struct frame_layout<msg_answer> {
    static constexpr std::uint8_t kind = 2;

    [[nodiscard]] static unsigned flags(const msg_answer& m) noexcept {
        return static_cast<unsigned>(m.word);
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        return flags <= static_cast<unsigned>(msg_word::refused);
    }

    [[nodiscard]] static bool is_valid(const msg_answer& m) noexcept {
        const bool refuses = m.word == msg_word::refused;
        return m.to.valid() && (m.word == msg_word::taken) == (m.epoch == epoch::none) &&
               refuses == (m.reason != refused_reason::none) &&
               m.reason <= refused_reason::too_large &&
               (m.reason == refused_reason::too_large ? m.payload_max < 1U << 28
                                                      : m.payload_max == 0);
    }

    template <class Out>
    static void write(Out& out, const msg_answer& m) noexcept {
        out.put_peer(m.to);
        if (m.word != msg_word::taken) {
            out.put_epoch(m.epoch);
        }
        out.put_u16(m.number);
        if (m.word == msg_word::refused) {
            out.put_u8(static_cast<std::uint8_t>(m.reason));
            if (m.reason == refused_reason::too_large) {
                out.put_varint(m.payload_max);
            }
        }
    }

    static void read(byte_reader& in, unsigned flags, msg_answer& m) noexcept {
        m.word = static_cast<msg_word>(flags);
        m.to = in.get_peer();
        if (m.word != msg_word::taken) {
            m.epoch = in.get_epoch();
        }
        m.number = in.get_u16();
        if (m.word == msg_word::refused) {
            m.reason = static_cast<refused_reason>(in.get_u8());
            in.demand(m.reason >= refused_reason::unknown_peer &&
                          m.reason <= refused_reason::too_large,
                      refusal::flags);
            if (m.reason == refused_reason::too_large) {
                m.payload_max = static_cast<std::uint32_t>(in.get_varint(28));
            }
        }
    }
};

//     direct          | from | epoch | number | first | payload or entries ...
//     drained         | from | epoch | serial | index | first | low | smaller: epoch, seq, unless clean |
//                     | payload or entries ...
//     probe           | from | epoch | number | low | smaller: epoch, seq, unless clean
template <>
struct frame_layout<msg_notify> {
    static constexpr std::uint8_t kind = 3;
    static constexpr unsigned drained = 4;
    static constexpr unsigned clean = 8;

    [[nodiscard]] static unsigned flags(const msg_notify& m) noexcept {
        return msg_form::of(m.entries) | flag(drained, m.drained) | flag(clean, m.clean());
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        const unsigned form = flags & msg_form::mask;
        const unsigned how = flags & ~msg_form::mask;
        return form == msg_form::probe
                   ? (how & ~clean) == 0
                   : form <= msg_form::run && (how == 0 || (how & ~clean) == drained);
    }

    [[nodiscard]] static bool is_valid(const msg_notify& m) noexcept {
        return m.from.valid() && m.epoch != epoch::none &&
               (m.probes() ? m.first == 0 : has_seqs(m.first, m.entries.count())) &&
               (m.drained ? m.number == 0 && m.low <= m.first : m.serial == 0 && m.index == 0) &&
               (m.looked() ? m.low <= seq_end && is_smaller(m)
                           : m.low == 0 && m.smaller == msgid{});
    }

    [[nodiscard]] static bool is_smaller(const msg_notify& m) noexcept {
        return m.smaller.epoch < m.epoch && m.smaller.seq < seq_end &&
               (m.smaller.epoch != epoch::none || m.smaller.seq == 0);
    }

    template <class Out>
    static void write(Out& out, const msg_notify& m) noexcept {
        out.put_peer(m.from);
        out.put_epoch(m.epoch);
        if (m.drained) {
            out.put_u16(m.serial);
            out.put_varint(m.index);
        } else {
            out.put_u16(m.number);
        }
        if (!m.probes()) {
            out.put_varint(m.first);
        }
        if (m.looked()) {
            out.put_varint(m.low);
            if (!m.clean()) {
                out.put_epoch(m.smaller.epoch);
                out.put_varint(m.smaller.seq);
            }
        }
        out.put_bytes(m.entries.encoded());
    }

    static void read(byte_reader& in, unsigned flags, msg_notify& m) noexcept {
        const unsigned form = flags & msg_form::mask;
        m.drained = (flags & drained) != 0;
        m.from = in.get_peer();
        m.epoch = in.get_epoch();
        if (m.drained) {
            m.serial = in.get_u16();
            m.index = static_cast<std::uint32_t>(in.get_varint(32));
        } else {
            m.number = in.get_u16();
        }
        if (form != msg_form::probe) {
            m.first = in.get_seq();
        }
        if (m.drained || form == msg_form::probe) {
            m.low = in.get_seq_bound();
            // A row is not below the lowest row; a floor raised above it would lose it.
            in.demand(!m.drained || m.low <= m.first, refusal::seq_range);
            if ((flags & clean) == 0) {
                m.smaller.epoch = in.get_epoch();
                in.demand(m.smaller.epoch < m.epoch, refusal::epoch);
                m.smaller.seq = in.get_seq();
            }
        }
        if (form != msg_form::probe) {
            read_run(in, form, m.first, m.entries);
        }
    }
};

}  // namespace sixfold::inline v0::detail

#endif
