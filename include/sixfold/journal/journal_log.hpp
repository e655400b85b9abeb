// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_JOURNAL_JOURNAL_LOG_HPP
#define SIXFOLD_JOURNAL_JOURNAL_LOG_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sixfold/error.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/crc32c.hpp"

// How the records of a journal lie in a file that only grows, and which of them count after a crash. (spec 8)
//
//     +--------+---------+------+---------+------+---------+------+--------
//     | header | records | mark | records | mark | records | mark | reco     <- torn by the crash
//     +--------+---------+------+---------+------+---------+------+--------
//              |<---- made ---->|<-- a group --->|
//
//     header     "sixfold\n"  version 1  nonce 8  checksum 4
//     mark       a record whose value is    nonce 8  offset 8
//
// A file is whole before it gets its name, and a mark ends what it was made with. Then it grows by groups: records and, when
// these are synced, a mark, which says "all before me was durable when I was written". So what cannot be read is the rest of
// a group that was never synced, and nobody was told of it. But if a mark lies somewhere behind it, it is damage, and what is
// lost there was promised to somebody.
//
// A mark says at which offset it lies and repeats the nonce of its file, a number that no peer knows: a payload cannot look
// like one, not even when it is a piece of this file.
//
// Some damage looks like a torn group, and its records are dropped (spec 8.5): damage behind the last mark, as a loss of power
// leaves it, and a file that was cut anywhere behind its first mark.

namespace sixfold::inline v0 {

/// The version of the log's format; the records in it have `journal_version`. (spec 8.1)
inline constexpr std::uint8_t log_version = 1;

/// Bytes of the header. (spec 8.1)
inline constexpr std::size_t log_header_size = 21;
/// Bytes of a mark. (spec 8.2)
inline constexpr std::size_t log_mark_size = 23;

namespace detail {

inline constexpr std::string_view log_magic = "sixfold\n";

/// A file gets its name when it is whole, so a crash cannot leave it empty or with a part of its header. (spec 8.4)
[[nodiscard]] inline result<void> check_log_header(bytes file) noexcept {
    const bytes magic = as_bytes(log_magic);
    const bytes front = file.first((std::min)(file.size(), magic.size()));
    if (!std::equal(front.begin(), front.end(), magic.begin())) {
        return error{errc::journal_foreign, "journal: this is no journal of sixfold"};
    }
    if (file.size() > magic.size() &&
        std::to_integer<std::uint8_t>(file[magic.size()]) != log_version) {
        return error{errc::journal_version,
                     "journal: a log of another version; this sixfold reads version 1"};
    }
    byte_reader checksum(file.subspan((std::min)(file.size(), log_header_size - 4)));
    if (checksum.get_u32() != crc32c(file.first((std::min)(file.size(), log_header_size - 4))) ||
        !checksum.ok()) {
        return error{errc::journal_damaged, "journal: the header of the log is damaged"};
    }
    return {};
}

}  // namespace detail

/// The header of a log. The nonce is random, and different for each file. (spec 8.1)
[[nodiscard]] inline std::array<std::byte, log_header_size>
log_header(std::uint64_t nonce) noexcept {
    std::array<std::byte, log_header_size> out{};
    byte_writer to(out);
    to.put_bytes(as_bytes(detail::log_magic));
    to.put_u8(log_version);
    to.put_u64(nonce);
    to.put_u32(crc32c(to.written()));
    return out;
}

/// The mark for this offset of the file with this nonce. (spec 8.2)
[[nodiscard]] inline std::array<std::byte, log_mark_size> log_mark(std::uint64_t nonce,
                                                                   std::uint64_t offset) noexcept {
    std::array<std::byte, log_mark_size> out{};
    (void)detail::encode_record(record_kind::mark, false, out, [&](auto& to) {
        to.put_u64(nonce);
        to.put_u64(offset);
    });
    return out;
}

namespace detail {

[[nodiscard]] inline bool
is_log_mark(bytes file, std::size_t offset, std::uint64_t nonce) noexcept {
    const auto mark = log_mark(nonce, offset);
    return file.size() - offset >= mark.size() &&
           std::equal(mark.begin(), mark.end(), file.data() + offset);
}

/// Whether a mark lies here or anywhere behind; where records begin is no longer known. O(bytes).
[[nodiscard]] inline bool
has_log_mark(bytes file, std::size_t offset, std::uint64_t nonce) noexcept {
    const auto any = log_mark(nonce, 0);
    const bytes front = bytes(any).first(log_mark_size - 4 - 8);  // the same in all marks
    const auto find = [&](std::size_t from) {
        const bytes left = file.subspan(from);
        return from + static_cast<std::size_t>(
                          std::search(left.begin(), left.end(), front.begin(), front.end()) -
                          left.begin());
    };
    for (offset = find(offset); offset != file.size(); offset = find(offset + 1)) {
        if (is_log_mark(file, offset, nonce)) {
            return true;
        }
    }
    return false;
}

}  // namespace detail

/// The records of a log, marks included: all that is whole, up to a torn tail. Leave the file alone if it is
/// refused. O(bytes). (spec 8.4)
///
/// Error: journal_foreign (no journal), journal_version, journal_damaged.
[[nodiscard]] inline result<bytes> read_log(bytes file) noexcept {
    if (const auto header = detail::check_log_header(file); !header) {
        return header.error();
    }
    byte_reader header(file.subspan(detail::log_magic.size() + 1));
    const std::uint64_t nonce = header.get_u64();

    std::size_t whole = log_header_size;
    bool made = false;  // what the file was made with is there
    journal_reader reader(file.subspan(log_header_size));
    while (const auto each = reader.next()) {
        if (each->kind == record_kind::mark) {
            if (!detail::is_log_mark(file, whole, nonce)) {
                break;
            }
            made = true;
        }
        whole += each->wire.size();
    }
    if (const auto known = detail::check_known(reader.refused()); !known) {
        return known.error();
    }
    if (!made || detail::has_log_mark(file, whole, nonce)) {
        return error{errc::journal_damaged,
                     "journal: the log is damaged in front of records that were synced"};
    }
    return file.subspan(log_header_size, whole - log_header_size);
}

}  // namespace sixfold::inline v0

#endif
