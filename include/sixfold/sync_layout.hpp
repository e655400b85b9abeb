// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SYNC_LAYOUT_HPP
#define SIXFOLD_SYNC_LAYOUT_HPP

#include <cstdint>

#include "sixfold/bytes.hpp"
#include "sixfold/frame.hpp"
#include "sixfold/frame_layout.hpp"
#include "sixfold/types.hpp"

// Flags and bodies of sync:R and sync:A, which differ in what their key is called. (spec 4.7, 4.8)

namespace sixfold::inline v0::detail {

//     sync      | serial | from, epoch, seq of the key, if flagged
template <class Frame>
struct sync_layout {
    static constexpr unsigned keyed = 1;

    [[nodiscard]] static unsigned flags(const Frame& m) noexcept {
        return flag(keyed, key_of(m).has_value());
    }

    [[nodiscard]] static bool accepts(unsigned flags) noexcept { return flags <= keyed; }

    [[nodiscard]] static bool is_valid(const Frame& m) noexcept {
        const auto& key = key_of(m);
        return !key || (key->from.valid() && key->id.epoch != epoch::none && key->id.seq < seq_end);
    }

    template <class Out>
    static void write(Out& out, const Frame& m) noexcept {
        out.put_varint(m.serial);
        if (const auto& key = key_of(m)) {
            out.put_peer(key->from);
            out.put_epoch(key->id.epoch);
            out.put_varint(key->id.seq);
        }
    }

    static void read(byte_reader& in, unsigned flags, Frame& m) noexcept {
        m.serial = read_serial(in);
        if (flags == keyed) {
            auto& key = key_of(m).emplace();
            key.from = in.get_peer();
            key.id.epoch = in.get_epoch();
            key.id.seq = in.get_seq();
        }
    }

  private:
    template <class Sync>
    [[nodiscard]] static auto& key_of(Sync& m) noexcept {
        if constexpr (requires { m.after; }) {
            return m.after;
        } else {
            return m.last;
        }
    }
};

template <>
struct frame_layout<sync_request> : sync_layout<sync_request> {
    static constexpr std::uint8_t kind = 7;
};

template <>
struct frame_layout<sync_answer> : sync_layout<sync_answer> {
    static constexpr std::uint8_t kind = 8;
};

}  // namespace sixfold::inline v0::detail

#endif
