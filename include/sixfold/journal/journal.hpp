// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_JOURNAL_JOURNAL_HPP
#define SIXFOLD_JOURNAL_JOURNAL_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sixfold/error.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/crc32c.hpp"

// The journal of a client: what must survive, as one more stream of bytes. (spec 7)
//
// It is a sequence of records. Each says what is true of one key from now on, or that the key is gone. So of several
// records of a key only the last counts (spec 7.2), reading a journal twice changes nothing, and a journal may be kept as a log as well
// as in the rows of a table.
//
//     0          1             +length size
//     +----------+-------------+------+- - - -+- - - - - +----------+
//     | ver gone | length      | kind | rest  | value    | checksum |
//     |          |             |      | of key|          |          |
//     +----------+-------------+------+- - - -+- - - - - +----------+
//       4    4     1 to 4 bytes  1                         4 bytes
//                              |<------------ length ------------->|

namespace sixfold::inline v0 {

/// Must the app call a record durable before anything that depends on it leaves the machine? (law 4)
enum class journaling : std::uint8_t {
    /// Everything counts as durable at once; the promise holds as long as the process lives. (spec 6.2)
    none,
    withhold,  ///< what depends on a record waits for `durable()`
};

/// The version of the journal's format. (spec 7.1)
inline constexpr std::uint8_t journal_version = 1;

/// What a record is about, and so which key it has. (spec 7.2)
enum class record_kind : std::uint8_t {
    owner = 1,     ///< whose journal it is; key: none
    inbound = 2,   ///< what a receiver has of a stream; key: the sender's name
    renamed = 9,   ///< the msgid that a message got after its own record; key: its ticket
    outbound = 3,  ///< how far a sender is with a stream; key: the receiver's name
    message = 4,   ///< one message of a sender that has not ended for its app; key: its ticket
    mark = 5,      ///< in a log: all before it was durable when it was written; key: none
    tickets = 6,   ///< which tickets a sender may have given; key: none
    left = 7,      ///< the largest start number that a sender has left; key: none
    tried = 8,     ///< how often a message was handed out and not settled; key: the sender's name
};

/// One record, in the bytes that it was read from. (spec 7.1)
struct record {
    record_kind kind = record_kind::owner;  ///< the first byte of `key`
    bool gone = false;                      ///< nothing is known of the key any more
    bytes key{};                            ///< its kind included: no two keys are the same bytes
    bytes value{};  ///< what is true of the key, as its kind encodes it; empty, if it is gone
    bytes wire{};   ///< all of it, the checksum included
};

/// A record has at most so many bytes besides its fields.
inline constexpr std::size_t record_overhead_max = 1 + 4 + 1 + 4;

/// Reads the records of a journal, one after the other, and verifies each.
///
/// It stops at the first one that is cut, damaged or of another version; `refused()` says why. It refers to the bytes, which must
/// outlive it and its records. O(bytes).
class journal_reader {
  public:
    /// Reads records without a log around them: what `read_log` returns, or rows one after the other.
    explicit journal_reader(bytes journal) noexcept : left_(journal) {}

    /// The next record, or nothing at the end.
    [[nodiscard]] std::optional<record> next() noexcept {
        record out;
        if (left_.empty() || refused_ != refusal::none) {
            return std::nullopt;
        }
        refused_ = read(out);
        if (refused_ != refusal::none) {
            return std::nullopt;
        }
        left_ = left_.subspan(out.wire.size());
        return out;
    }

    /// `none`, unless a record could not be read: `truncated`, `checksum`, or what is wrong in
    /// spite of a right checksum: `version`, `flags` or `kind` of a later version, or a field.
    [[nodiscard]] refusal refused() const noexcept { return refused_; }
    /// The bytes after the last record that was read.
    [[nodiscard]] bytes left() const noexcept { return left_; }

  private:
    [[nodiscard]] refusal read(record& out) const noexcept {
        byte_reader in(left_);
        const std::uint8_t first = in.get_u8();
        const std::size_t length = detail::to_size(in.get_varint(28));
        const std::size_t front = left_.size() - in.left();
        const bytes rest = in.get_bytes(length);
        in.demand(!in.ok() || length >= 5, refusal::truncated);
        if (!in.ok()) {
            return in.refused();
        }
        out.wire = left_.first(front + length);
        byte_reader trailer(rest.last(4));
        if (trailer.get_u32() != crc32c(out.wire.first(out.wire.size() - 4))) {
            return refusal::checksum;
        }
        if (first >> 4 != journal_version) {
            return refusal::version;
        }
        out.gone = (first & 0x0F) == 1;
        return (first & 0x0F) <= 1 ? split(rest.first(length - 4), out) : refusal::flags;
    }

    [[nodiscard]] static refusal split(bytes body, record& out) noexcept {
        byte_reader in(body);
        out.kind = static_cast<record_kind>(in.get_u8());
        if (!read_key(out.kind, in)) {
            in.refuse(refusal::kind);
        }
        out.key = body.first(body.size() - in.left());
        out.value = in.rest();
        in.demand(!out.gone || out.value.empty(), refusal::trailing);
        return in.refused();
    }

    /// False for an unknown kind.
    [[nodiscard]] static bool read_key(record_kind kind, byte_reader& in) noexcept {
        switch (kind) {
        case record_kind::owner:
        case record_kind::mark:
        case record_kind::tickets:
        case record_kind::left: return true;
        case record_kind::inbound:
        case record_kind::outbound:
        case record_kind::tried: (void)in.get_peer(); return true;
        case record_kind::message:
        case record_kind::renamed: (void)in.get_u64(); return true;
        }
        return false;
    }

    bytes left_;
    refusal refused_ = refusal::none;
};

namespace detail {

/// The checksum of this record is right, but it is not understood: a later sixfold has written it.
[[nodiscard]] inline result<void> check_known(refusal why) noexcept {
    if (why == refusal::version || why == refusal::flags || why == refusal::kind) {
        return error{errc::journal_version,
                     "journal: a record of another version; this sixfold reads version 1"};
    }
    return {};
}

}  // namespace detail

/// Whether all of a journal can be read. Error: `journal_version` or `journal_damaged`.
[[nodiscard]] inline result<void> check_journal(bytes journal) noexcept {
    journal_reader reader(journal);
    while (reader.next()) {
    }
    if (const auto known = detail::check_known(reader.refused()); !known) {
        return known;
    }
    if (reader.refused() != refusal::none) {
        return error{errc::journal_damaged,
                     "journal: a record is cut or damaged; nothing was taken from it"};
    }
    return {};
}

/// Whether a machine that keeps its journal in this way can go on from this one; an empty journal always works. Error:
/// `option`, `journal_version` or `journal_damaged`.
[[nodiscard]] inline result<void> check_journal(journaling keeps, bytes journal) noexcept {
    if (keeps == journaling::none && !journal.empty()) {
        return error{errc::option,
                     "journaling: none, but there is a journal: say withhold, or give none"};
    }
    return check_journal(journal);
}

namespace detail {

/// Fills the buffer with what `write(rest of it)` writes, until that is 0 bytes; nothing if that is so at first.
template <class Write>
[[nodiscard]] std::optional<bytes> fill(std::span<std::byte> buffer, Write write) {
    std::size_t used = 0;
    while (const std::size_t size = write(buffer.subspan(used))) {
        used += size;
    }
    return used == 0 ? std::nullopt : std::optional<bytes>(buffer.first(used));
}

inline constexpr error damaged_value{errc::journal_damaged,
                                     "journal: a record says what cannot be"};

/// Writes a record; its size, or 0 if it does not fit. `fields(out)` writes the rest of its key and its value; it is called
/// twice, with a byte_counter and with a byte_writer.
template <class Fields>
[[nodiscard]] std::size_t
encode_record(record_kind kind, bool gone, std::span<std::byte> out, Fields fields) noexcept {
    byte_counter body;
    fields(body);
    byte_writer to(out);
    to.put_u8(static_cast<std::uint8_t>(journal_version << 4 | (gone ? 1 : 0)));
    to.put_varint(1 + body.size() + 4);
    to.put_u8(static_cast<std::uint8_t>(kind));
    fields(to);
    to.put_u32(crc32c(to.written()));
    return to.ok() ? to.size() : 0;
}

}  // namespace detail

}  // namespace sixfold::inline v0

#endif
