// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_MSG_LAYOUT_HPP
#define SIXFOLD_WIRE_MSG_LAYOUT_HPP

#include <cstdint>

#include "sixfold/error.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/frame_layout.hpp"

// Flags and bodies of msg:R, msg:A and msg:N. (spec 4.1 to 4.3)

namespace sixfold::inline v0::detail {

//     msg:R     | to | epoch | seq | seq - base | attempt | payload ...
//     probe     | to | epoch | base
template <>
struct frame_layout<msg_request> {
    static constexpr std::uint8_t kind = 1;
    static constexpr unsigned form_mask = 3;
    static constexpr unsigned never_stored = 4;

    [[nodiscard]] static unsigned flags(const msg_request& m) noexcept {
        return static_cast<unsigned>(m.form) | flag(never_stored, m.storing == storing::forbidden);
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        return flags <= 2 || flags == never_stored;
    }

    [[nodiscard]] static bool is_valid(const msg_request& m) noexcept {
        const bool named = m.to.valid() && m.epoch != epoch::none;
        const bool numbered = m.form == form::probe
                                  ? m.seq == 0 && m.attempt == 0 && m.base < seq_end
                                  : m.base <= m.seq && m.seq < seq_end;
        return named && numbered && m.form <= form::probe &&
               (m.form == form::payload || m.payload.empty());
    }

    template <class Out>
    static void write(Out& out, const msg_request& m) noexcept {
        out.put_peer(m.to);
        out.put_epoch(m.epoch);
        if (m.form == form::probe) {
            out.put_varint(m.base);
            return;
        }
        out.put_varint(m.seq);
        out.put_varint(m.seq - m.base);
        out.put_u8(m.attempt);
        out.put_bytes(m.payload);
    }

    static void read(byte_reader& in, unsigned flags, msg_request& m) noexcept {
        m.form = static_cast<form>(flags & form_mask);
        m.storing = (flags & never_stored) != 0 ? storing::forbidden : storing::allowed;
        m.to = in.get_peer();
        m.epoch = in.get_epoch();
        if (m.form == form::probe) {
            m.base = in.get_seq();
            return;
        }
        m.seq = in.get_seq();
        const std::uint64_t ahead = in.get_varint();
        in.demand(ahead <= m.seq, refusal::seq_range);
        m.base = m.seq - ahead;
        m.attempt = in.get_u8();
        if (m.form == form::payload) {
            m.payload = in.rest();
        }
    }
};

//     msg:A     | to | epoch | seq | attempt
template <>
struct frame_layout<msg_answer> {
    static constexpr std::uint8_t kind = 2;
    static constexpr unsigned away = 1;

    [[nodiscard]] static unsigned flags(const msg_answer& m) noexcept { return flag(away, m.away); }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept { return flags <= away; }

    [[nodiscard]] static bool is_valid(const msg_answer& m) noexcept {
        return m.to.valid() && m.id.epoch != epoch::none && m.id.seq < seq_end;
    }

    template <class Out>
    static void write(Out& out, const msg_answer& m) noexcept {
        out.put_peer(m.to);
        out.put_epoch(m.id.epoch);
        out.put_varint(m.id.seq);
        out.put_u8(m.attempt);
    }

    static void read(byte_reader& in, unsigned flags, msg_answer& m) noexcept {
        m.away = flags == away;
        m.to = in.get_peer();
        m.id.epoch = in.get_epoch();
        m.id.seq = in.get_seq();
        m.attempt = in.get_u8();
    }
};

//     direct    | from | epoch | seq | attempt | payload ...
//     drained   | from | epoch | seq | low     | smaller: epoch, seq, unless clean | payload ...
//     probe     | from | epoch | low | smaller: epoch, seq, unless clean
template <>
struct frame_layout<msg_notify> {
    static constexpr std::uint8_t kind = 3;
    static constexpr unsigned form_mask = 3;
    static constexpr unsigned drained = 4;
    static constexpr unsigned clean = 8;

    [[nodiscard]] static unsigned flags(const msg_notify& m) noexcept {
        return static_cast<unsigned>(m.form) | flag(drained, m.drained) | flag(clean, m.clean());
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        const unsigned form = flags & form_mask;
        if (form == static_cast<unsigned>(form::probe)) {
            return (flags & ~clean) == form;
        }
        const bool message = form <= static_cast<unsigned>(form::tombstone);
        return message && ((flags & drained) != 0 ? flags < 16 : flags == form);
    }

    [[nodiscard]] static bool is_valid(const msg_notify& m) noexcept {
        return m.from.valid() && m.epoch != epoch::none && m.form <= form::probe &&
               m.seq < seq_end && m.low <= seq_end && (m.form != form::probe || m.seq == 0) &&
               (m.looked() ? m.attempt == 0 && is_smaller(m)
                           : m.low == 0 && m.smaller == msgid{}) &&
               (!m.drained || m.low <= m.seq) && (m.form == form::payload || m.payload.empty());
    }

    [[nodiscard]] static bool is_smaller(const msg_notify& m) noexcept {
        return m.smaller.epoch < m.epoch && m.smaller.seq < seq_end &&
               (m.smaller.epoch != epoch::none || m.smaller.seq == 0);
    }

    template <class Out>
    static void write(Out& out, const msg_notify& m) noexcept {
        out.put_peer(m.from);
        out.put_epoch(m.epoch);
        if (m.form != form::probe) {
            out.put_varint(m.seq);
        }
        if (!m.looked()) {
            out.put_u8(m.attempt);
        } else {
            out.put_varint(m.low);
            if (!m.clean()) {
                out.put_epoch(m.smaller.epoch);
                out.put_varint(m.smaller.seq);
            }
        }
        out.put_bytes(m.payload);
    }

    static void read(byte_reader& in, unsigned flags, msg_notify& m) noexcept {
        m.form = static_cast<form>(flags & form_mask);
        m.drained = (flags & drained) != 0;
        m.from = in.get_peer();
        m.epoch = in.get_epoch();
        if (m.form != form::probe) {
            m.seq = in.get_seq();
        }
        if (!m.looked()) {
            m.attempt = in.get_u8();
        } else {
            m.low = in.get_seq_bound();
            // A row is not below the lowest row; a floor raised above it would lose it.
            in.demand(!m.drained || m.low <= m.seq, refusal::seq_range);
            if ((flags & clean) == 0) {
                m.smaller.epoch = in.get_epoch();
                in.demand(m.smaller.epoch < m.epoch, refusal::epoch);
                m.smaller.seq = in.get_seq();
            }
        }
        if (m.form == form::payload) {
            m.payload = in.rest();
        }
    }
};

}  // namespace sixfold::inline v0::detail

#endif
