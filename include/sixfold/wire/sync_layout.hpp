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

[[nodiscard]] inline bool is_key(const optional_key& key) noexcept {
    return !key || (key->from.valid() && key->id.epoch != epoch::none && key->id.seq < seq_end);
}

template <class Out>
void write_key(Out& out, const optional_key& key) noexcept {
    if (key) {
        out.put_peer(key->from);
        out.put_epoch(key->id.epoch);
        out.put_varint(key->id.seq);
    }
}

inline void read_key(byte_reader& in, optional_key& key) noexcept {
    key.emplace();
    key->from = in.get_peer();
    key->id.epoch = in.get_epoch();
    key->id.seq = in.get_seq();
}

//     sync:R    | serial | from, epoch, seq of the key, if flagged
template <>
struct frame_layout<sync_request> {
    static constexpr std::uint8_t kind = 7;
    static constexpr unsigned keyed = 1;

    [[nodiscard]] static unsigned flags(const sync_request& m) noexcept {
        return flag(keyed, m.after.has_value());
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept { return flags <= keyed; }

    [[nodiscard]] static bool is_valid(const sync_request& m) noexcept { return is_key(m.after); }

    template <class Out>
    static void write(Out& out, const sync_request& m) noexcept {
        out.put_varint(m.serial);
        write_key(out, m.after);
    }

    static void read(byte_reader& in, unsigned flags, sync_request& m) noexcept {
        m.serial = read_serial(in);
        if (flags == keyed) {
            read_key(in, m.after);
        }
    }
};

//     sync:A    | serial | rows | from, epoch, seq of the key, if flagged
template <>
struct frame_layout<sync_answer> {
    static constexpr std::uint8_t kind = 8;
    static constexpr unsigned keyed = 1;

    [[nodiscard]] static unsigned flags(const sync_answer& m) noexcept {
        return flag(keyed, m.last.has_value());
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept { return flags <= keyed; }

    [[nodiscard]] static bool is_valid(const sync_answer& m) noexcept { return is_key(m.last); }

    template <class Out>
    static void write(Out& out, const sync_answer& m) noexcept {
        out.put_varint(m.serial);
        out.put_varint(m.rows);
        write_key(out, m.last);
    }

    static void read(byte_reader& in, unsigned flags, sync_answer& m) noexcept {
        m.serial = read_serial(in);
        m.rows = static_cast<std::uint32_t>(in.get_varint(32));
        if (flags == keyed) {
            read_key(in, m.last);
        }
    }
};

}  // namespace sixfold::inline v0::detail

#endif
