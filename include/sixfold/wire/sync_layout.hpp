// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_SYNC_LAYOUT_HPP
#define SIXFOLD_WIRE_SYNC_LAYOUT_HPP

#include <cstdint>
#include <optional>

#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/frame_layout.hpp"

// Flags and bodies of sync:R and sync:A. (spec 4.7, 4.8)

namespace sixfold::inline v0::detail {

using optional_key = std::optional<mailbox_key>;

//     key       | peer | epoch | seq, a bound
struct key_layout {
    [[nodiscard]] static bool is_valid(const optional_key& key) noexcept {
        return !key ||
               (key->from.valid() && key->id.epoch != epoch::none && key->id.seq <= seq_end);
    }

    template <class Out>
    static void write(Out& out, const optional_key& key) noexcept {
        if (key) {
            out.put_peer(key->from);
            out.put_epoch(key->id.epoch);
            out.put_varint(key->id.seq);
        }
    }

    static void read(byte_reader& in, optional_key& key) noexcept {
        key.emplace();
        key->from = in.get_peer();
        key->id.epoch = in.get_epoch();
        key->id.seq = in.get_seq_bound();
    }
};

//     sync:R    | serial | rows | bytes | key, if flagged | until: key, if flagged
template <>
struct frame_layout<sync_request> {
    static constexpr std::uint8_t kind = 7;
    static constexpr unsigned keyed = 1;
    static constexpr unsigned bounded = 2;

    [[nodiscard]] static unsigned flags(const sync_request& m) noexcept {
        return flag(keyed, m.from.has_value()) | flag(bounded, m.until.has_value());
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept {
        return flags <= (keyed | bounded);
    }

    [[nodiscard]] static bool is_valid(const sync_request& m) noexcept {
        return m.rows != 0 && m.room != 0 && key_layout::is_valid(m.from) &&
               key_layout::is_valid(m.until) && is_ordered(m);
    }

    template <class Out>
    static void write(Out& out, const sync_request& m) noexcept {
        out.put_u16(m.serial);
        out.put_varint(m.rows);
        out.put_varint(m.room);
        key_layout::write(out, m.from);
        key_layout::write(out, m.until);
    }

    static void read(byte_reader& in, unsigned flags, sync_request& m) noexcept {
        m.serial = in.get_u16();
        m.rows = static_cast<std::uint32_t>(in.get_varint(32));
        in.demand(m.rows != 0, refusal::seq_range);
        m.room = static_cast<std::uint32_t>(in.get_varint(32));
        in.demand(m.room != 0, refusal::seq_range);
        if ((flags & keyed) != 0) {
            key_layout::read(in, m.from);
        }
        if ((flags & bounded) != 0) {
            key_layout::read(in, m.until);
            in.demand(is_ordered(m), refusal::seq_range);
        }
    }

  private:
    [[nodiscard]] static bool is_ordered(const sync_request& m) noexcept {
        return !m.from || !m.until || *m.from < *m.until;
    }
};

//     sync:A    | serial | rows | key, if flagged
template <>
struct frame_layout<sync_answer> {
    static constexpr std::uint8_t kind = 8;
    static constexpr unsigned keyed = 1;

    [[nodiscard]] static unsigned flags(const sync_answer& m) noexcept {
        return flag(keyed, m.next.has_value());
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept { return flags <= keyed; }

    [[nodiscard]] static bool is_valid(const sync_answer& m) noexcept {
        return key_layout::is_valid(m.next);
    }

    template <class Out>
    static void write(Out& out, const sync_answer& m) noexcept {
        out.put_u16(m.serial);
        out.put_varint(m.rows);
        key_layout::write(out, m.next);
    }

    static void read(byte_reader& in, unsigned flags, sync_answer& m) noexcept {
        m.serial = in.get_u16();
        m.rows = static_cast<std::uint32_t>(in.get_varint(32));
        if (flags == keyed) {
            key_layout::read(in, m.next);
        }
    }
};

}  // namespace sixfold::inline v0::detail

#endif
