// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_ACK_STATE_HPP
#define SIXFOLD_WIRE_ACK_STATE_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sixfold/error.hpp"
#include "sixfold/parts/little_endian.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/exception_list.hpp"

// What a receiver has of one stream, as its acknowledgements carry it (law 6, spec 2.9). It is a state
// and not an event: true of the past whenever it arrives. So any later one repairs a lost one, and old
// ones do no harm.
//
//             horizon          floor                         end()
//     ----------|----------------|---+---+---+---+---+---+---|------------
//       ended   |  accepted, or  | 0 | 1 | 1 | 0 | 1 | 0 |          open
//               |  an exception  |   accepted bits, held bits,
//                                    exceptions among the accepted
//
// A bit string says of seq `first() + i` what bit i says: bit 0 is the lowest bit of the first byte.
// They begin at the floor, unless the window of the receiver is wider than they can tell; then they
// speak of what came last, and what lies between is told another time.

namespace sixfold::inline v0 {

/// What a receiver takes now; a sender stays within it. Until it is told, a sender assumes these defaults,
/// except for payloads, for which it assumes its own limit. (spec 2.9, 3.9)
struct receiver_limits {
    static constexpr std::uint32_t room_max = 1U << 20;  ///< and at least 1
    static constexpr std::uint32_t exceptions_max = 64;  ///< and at least 1
    /// A payload of 0 bytes always fits.
    static constexpr std::uint32_t payload_max_max = (1U << 28) - 1;

    std::uint32_t room = 64;           ///< seqs from the floor on that are taken now
    std::uint32_t exceptions = 64;     ///< exceptions that are remembered, 1 to 64
    std::uint32_t payload_max = 1024;  ///< bytes of the largest payload that is taken
    /// All of them the same.
    friend bool operator==(const receiver_limits&, const receiver_limits&) = default;

    /// Whether an ack state can carry them.
    [[nodiscard]] constexpr bool valid() const noexcept {
        return room >= 1 && room <= room_max && exceptions >= 1 && exceptions <= exceptions_max &&
               payload_max <= payload_max_max;
    }
};

/// The bytes of the longest bit string that an ack state carries.
inline constexpr std::size_t ack_bits_size_max = 64;
/// It speaks of so many seqs in a row.
inline constexpr std::uint64_t ack_reach = 8 * ack_bits_size_max;

namespace detail {

/// No byte of a larger number lies within a window.
inline constexpr std::uint32_t ack_skip_max = receiver_limits::room_max / 8 - 1;

}  // namespace detail

/// Bytes of the largest encoded ack state of a receiver with these limits; without limits, of any receiver. (spec 2.14)
[[nodiscard]] constexpr std::size_t
ack_state_size_max(const receiver_limits& of = {receiver_limits::room_max,
                                                receiver_limits::exceptions_max}) noexcept {
    constexpr std::size_t seq_size = varint_size(seq_end);
    constexpr std::size_t limits_size = varint_size(receiver_limits::room_max) + 1 + 4;
    const std::size_t bits_size =
        1 + (std::min<std::size_t>)(ack_bits_size_max, (of.room + std::size_t{7}) / 8);
    const std::size_t skip_size =
        of.room > 8 * ack_bits_size_max ? varint_size(detail::ack_skip_max) : 0;
    return 1 + seq_size + limits_size + skip_size + 2 * bits_size + seq_size + 1 +
           of.exceptions * seq_size;
}

namespace detail {

/// Which optional parts follow the floor, in this order. (spec 2.9)
struct ack_parts {
    static constexpr unsigned limits = 1;
    static constexpr unsigned accepted = 2;
    static constexpr unsigned held = 4;
    static constexpr unsigned exceptions = 8;
    static constexpr unsigned skip = 16;
    static constexpr unsigned all = 31;
};

/// Beyond its end no bit is set; nor in front of its beginning, for which `i` has wrapped.
[[nodiscard]] inline bool test_bit(bytes bits, std::uint64_t i) noexcept {
    return i / 8 < bits.size() &&
           (std::to_integer<unsigned>(bits[to_size(i / 8)]) >> i % 8 & 1) != 0;
}

/// One more than the place of the highest bit that is set; the last byte must not be zero.
[[nodiscard]] inline std::uint64_t bits_end(bytes bits) noexcept {
    if (bits.empty()) {
        return 0;
    }
    return 8 * (bits.size() - 1) + width_of(std::to_integer<std::uint8_t>(bits.back()));
}

/// The 64 bits from byte `from` on, those behind the end clear. `from` is below the size.
[[nodiscard]] inline std::uint64_t bits_word(bytes bits, std::size_t from) noexcept {
    if (bits.size() - from >= 8) {
        return load_little64(bits.data() + from);
    }
    std::uint64_t word = 0;
    for (std::size_t i = bits.size(); i-- > from;) {
        word = word << 8 | std::to_integer<std::uint64_t>(bits[i]);
    }
    return word;
}

[[nodiscard]] inline std::uint64_t count_bits(bytes bits) noexcept {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < bits.size(); i += 8) {
        count += static_cast<std::uint64_t>(std::popcount(bits_word(bits, i)));
    }
    return count;
}

/// Whether a string says nothing of its first eight seqs.
[[nodiscard]] inline bool begins_empty(bytes bits) noexcept {
    return bits.empty() || bits.front() == std::byte{0};
}

[[nodiscard]] inline bool disjoint(bytes a, bytes b) noexcept {
    for (std::size_t i = 0; i < (std::min)(a.size(), b.size()); i += 8) {
        if ((bits_word(a, i) & bits_word(b, i)) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace detail

/// An ack state as it came, decoded and validated: every answer that it gives agrees with the
/// others.
///
/// It keeps track of nothing and owns nothing: it refers to the bytes that it was decoded from.
/// Made without bytes, it is the state of a receiver that knows nothing of the stream. It allocates
/// nothing.
class ack_state {
  public:
    /// Any seq, for `for_each_accepted` and `for_each_held`.
    struct all_seqs {
        std::uint64_t operator()(seq) const noexcept { return ~std::uint64_t{0}; }  ///< all 64
    };

    /// The state of a receiver that knows nothing of the stream.
    ack_state() noexcept = default;

    /// Reads all of `encoded`. On refusal `out` is as it was. O(bytes).
    [[nodiscard]] static refusal decode(bytes encoded, ack_state& out) noexcept {
        ack_state read;
        const refusal why = read.read(encoded);
        if (why == refusal::none) {
            out = read;
        }
        return why;
    }
    /// Why these bytes are not an ack state; `none` if they are. O(bytes).
    [[nodiscard]] static refusal validate(bytes encoded) noexcept {
        return ack_state().read(encoded);
    }

    /// Everything below has ended; the floor itself has not.
    [[nodiscard]] seq floor() const noexcept { return floor_; }
    /// The receiver no longer says how seqs below this ended.
    [[nodiscard]] seq horizon() const noexcept { return horizon_; }
    /// The seq of the first bit: the floor, unless this is about a later part of a large window. Nothing
    /// is said about seqs between the floor and this.
    [[nodiscard]] seq first() const noexcept { return first_; }
    /// What the receiver takes, if it said so.
    [[nodiscard]] const std::optional<receiver_limits>& limits() const noexcept { return limits_; }
    /// The seqs that ended in another way than by acceptance. Good as long as the encoded bytes are.
    [[nodiscard]] exception_list exceptions() const noexcept { return exceptions_; }

    /// What the receiver says of one seq; `open` also if it says nothing of it. O(exceptions), at most 64.
    [[nodiscard]] fate of(seq which) const noexcept {
        if (!has_ended(which)) {
            return detail::test_bit(held_, which - first_) ? fate::held : fate::open;
        }
        if (which < horizon_) {
            return fate::ended;
        }
        for (const exception e : exceptions_) {
            if (e.seq >= which) {
                return e.seq == which ? e.how : fate::accepted;
            }
        }
        return fate::accepted;
    }

    /// Whether it says anything of this seq; otherwise `of` and `covers` know nothing of it. O(1).
    [[nodiscard]] bool tells(seq which) const noexcept {
        return which < floor_ || which - first_ < ack_reach;
    }

    /// Whether a seq is over for the receiver, whatever became of it: neither open nor held. O(1).
    [[nodiscard]] bool covers(seq which) const noexcept { return has_ended(which); }

    /// Calls `visit(seq)` for each seq above the floor that has ended, upwards. With `among`, only for those of which
    /// `among(from)` has a bit: bit i is that of seq `from + i`. O(bytes / 8) and the visits.
    template <class Visit, class Among = all_seqs>
    void for_each_accepted(Visit visit, Among among = {}) const {
        for_each(accepted_, visit, among);
    }
    /// The same for each seq that is held.
    template <class Visit, class Among = all_seqs>
    void for_each_held(Visit visit, Among among = {}) const {
        for_each(held_, visit, among);
    }

    /// The same for each seq that it says to be open, before `until`. O(8) and the visits.
    template <class Visit, class Among = all_seqs>
    void for_each_open(Visit visit, seq until, Among among = {}) const {
        const auto bits_at = [](bytes bits, std::size_t i) {
            return i < bits.size() ? detail::bits_word(bits, i) : 0;
        };
        for (std::size_t i = 0; i < ack_bits_size_max && first_ + 8 * i < until; i += 8) {
            const seq from = first_ + 8 * i;
            const std::uint64_t here =
                ~std::uint64_t{0} >> (64 - (std::min)(until - from, seq{64}));
            for (auto left = here & ~(bits_at(accepted_, i) | bits_at(held_, i)) & among(from);
                 left != 0; left &= left - 1) {
                visit(from + static_cast<unsigned>(std::countr_zero(left)));
            }
        }
    }

    /// The first seq above everything that this speaks of, the held ones included. O(1).
    [[nodiscard]] seq end() const noexcept {
        return first_ + (std::max)(detail::bits_end(accepted_), detail::bits_end(held_));
    }

    /// How many seqs it reports as anything else than open. O(bytes).
    [[nodiscard]] seq known() const noexcept {
        return floor_ + detail::count_bits(accepted_) + detail::count_bits(held_);
    }

  private:
    [[nodiscard]] bool has_ended(seq which) const noexcept {
        return which < floor_ || detail::test_bit(accepted_, which - first_);
    }

    [[nodiscard]] refusal read(bytes encoded) noexcept {
        byte_reader in(encoded);
        floor_ = in.get_seq_bound();
        const unsigned parts = in.left() == 0 ? 0 : in.get_u8();
        in.demand(parts != 0 || encoded.size() == varint_size(floor_), refusal::not_canonical);
        in.demand((parts & ~detail::ack_parts::all) == 0, refusal::flags);
        if ((parts & detail::ack_parts::limits) != 0) {
            limits_ = read_limits(in);
        }
        first_ = floor_;
        if ((parts & detail::ack_parts::skip) != 0) {
            first_ += 8 * read_skip(in);
        }
        if ((parts & detail::ack_parts::accepted) != 0) {
            accepted_ = read_bits(in);
            // The floor is the first seq that is not accepted; else it would be higher.
            in.demand(!has_ended(floor_), refusal::ack_state);
        }
        if ((parts & detail::ack_parts::held) != 0) {
            held_ = read_bits(in);
            in.demand(detail::disjoint(accepted_, held_), refusal::ack_state);
        }
        if (first_ != floor_) {
            in.demand(!detail::begins_empty(accepted_) || !detail::begins_empty(held_),
                      refusal::not_canonical);
        }
        if ((parts & detail::ack_parts::exceptions) != 0) {
            read_exceptions(in);
        }
        in.demand(in.left() == 0, refusal::trailing);
        return in.refused();
    }

    template <class Visit, class Among>
    void for_each(bytes bits, Visit& visit, Among& among) const {
        for (std::size_t i = 0; i < bits.size(); i += 8) {
            const seq from = first_ + 8 * i;
            for (auto left = detail::bits_word(bits, i) & among(from); left != 0;
                 left &= left - 1) {
                visit(from + static_cast<unsigned>(std::countr_zero(left)));
            }
        }
    }

    [[nodiscard]] static receiver_limits read_limits(byte_reader& in) noexcept {
        // Each before the next one is read (spec 2.11).
        const auto limit = [&in](unsigned bits, std::uint32_t least, std::uint32_t most) {
            const std::uint64_t out = in.get_varint(bits);
            in.demand(out >= least && out <= most, refusal::ack_state);
            return static_cast<std::uint32_t>(out);
        };
        receiver_limits limits;
        limits.room = limit(32, 1, receiver_limits::room_max);
        limits.exceptions = limit(32, 1, receiver_limits::exceptions_max);
        limits.payload_max = limit(28, 0, receiver_limits::payload_max_max);
        return limits;
    }

    [[nodiscard]] static seq read_skip(byte_reader& in) noexcept {
        const std::uint64_t skip = in.get_varint(32);
        in.demand(skip != 0, refusal::not_canonical);
        in.demand(skip <= detail::ack_skip_max, refusal::ack_state);
        return skip;
    }

    [[nodiscard]] bytes read_bits(byte_reader& in) const noexcept {
        const std::size_t size = in.get_u8();
        in.demand(size != 0,
                  refusal::not_canonical);  // nothing to say is said by leaving the part out
        in.demand(size <= ack_bits_size_max, refusal::ack_state);
        const bytes bits = in.get_bytes(size);
        in.demand(bits.empty() || bits.back() != std::byte{0}, refusal::not_canonical);
        in.demand(first_ + detail::bits_end(bits) <= seq_end, refusal::seq_range);
        return bits;
    }

    void read_exceptions(byte_reader& in) noexcept {
        horizon_ = in.get_seq_bound();
        const seq ended = accepted_.empty() ? floor_ : first_ + detail::bits_end(accepted_);
        in.demand(horizon_ <= ended, refusal::ack_state);
        const std::size_t count = in.get_u8();
        in.demand(horizon_ != 0 || count != 0, refusal::not_canonical);
        in.demand(count <= receiver_limits::exceptions_max, refusal::ack_state);
        byte_reader ahead = in;
        seq next = horizon_;
        for (std::size_t i = 0; i < count && in.ok(); ++i) {
            const seq which = next + (in.get_varint() >> 1);  // both below 2^63
            in.demand(has_ended(which), refusal::ack_state);
            next = which + 1;
        }
        exceptions_ = exception_list(horizon_, ahead.get_bytes(ahead.left() - in.left()), count);
    }

    seq floor_ = 0;
    seq horizon_ = 0;
    seq first_ = 0;
    bytes accepted_;  // the floor's bit is clear
    bytes held_;      // no bit in common with accepted_
    exception_list exceptions_;
    std::optional<receiver_limits> limits_;
};

}  // namespace sixfold::inline v0

#endif
