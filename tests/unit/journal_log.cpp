// SPDX-License-Identifier: BSL-1.0
#include "sixfold/journal/journal_log.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sixfold/parts/random.hpp"
#include "sixfold/wire/bytes.hpp"
#include "sixfold/wire/crc32c.hpp"
#include "support/catch.hpp"

namespace journal_log_tests {
namespace {

using namespace sixfold;
using raw = std::vector<std::byte>;

constexpr std::uint64_t nonce = 0x1122334455667788;

void append(raw& to, bytes what) {
    to.insert(to.end(), what.begin(), what.end());
}

raw message_record(std::uint64_t id, bytes payload) {
    raw out(payload.size() + 64);
    out.resize(detail::encode_record(record_kind::message, false, out, [&](auto& to) {
        to.put_u64(id);
        to.put_bytes(payload);
    }));
    return out;
}
raw message_record(std::uint64_t id, std::string_view payload) {
    return message_record(id, as_bytes(payload));
}

/// A log, and where its parts end.
struct sample {
    raw file;
    std::vector<std::size_t> records;  // the ends of all its records, marks included
    std::size_t made = 0;              // the end of what the file was made with
    std::size_t synced = 0;            // the end of the last group but one: the last is torn
    std::size_t last_mark = 0;

    void add(bytes record) {
        append(file, record);
        records.push_back(file.size());
    }
    void mark() {
        last_mark = file.size();
        add(log_mark(nonce, file.size()));
    }
};

sample make_sample() {
    sample out;
    append(out.file, log_header(nonce));
    out.add(message_record(1, "made with"));
    out.add(message_record(2, "this too"));
    out.mark();
    out.made = out.file.size();
    out.mark();
    out.add(message_record(3, "the first group"));
    out.add(message_record(4, ""));
    out.mark();
    out.add(message_record(5, "the second"));
    out.synced = out.file.size();
    out.mark();
    out.add(message_record(6, std::string(40, 'x')));
    out.add(message_record(7, std::string(30, 'y')));
    out.add(message_record(8, "the end"));
    return out;
}

/// How many bytes of the file count, or why it is refused.
std::optional<std::size_t> end_of(bytes file) {
    const auto read = read_log(file);
    return read ? std::optional(log_header_size + read->size()) : std::nullopt;
}
std::optional<errc> refused(bytes file) {
    const auto read = read_log(file);
    return read ? std::nullopt : std::optional(read.error().code);
}

/// The end of the last record that ends at or in front of there.
std::size_t whole(const sample& log, std::size_t offset) {
    return *std::prev(std::upper_bound(log.records.begin(), log.records.end(), offset));
}

TEST_CASE("journal log: the example of the specification [spec 8.1, 8.2]") {
    const auto hex = [](bytes data) {
        std::string out;
        for (const std::byte each : data) {
            out += "0123456789ABCDEF"[std::to_integer<int>(each) >> 4];
            out += "0123456789ABCDEF"[std::to_integer<int>(each) & 15];
        }
        return out;
    };
    CHECK(hex(log_header(nonce)) == "73697866"
                                    "6F6C640A"
                                    "01"
                                    "8877665544332211"
                                    "5B2EAF3C");
    CHECK(hex(log_mark(nonce, 0x2C)) == "10"
                                        "15"
                                        "05"
                                        "8877665544332211"
                                        "2C00000000000000"
                                        "936811A6");
}

TEST_CASE("journal log: gives back the records that were put into it") {
    const sample log = make_sample();
    const auto read = read_log(log.file);
    REQUIRE(read.has_value());
    CHECK(read->size() == log.file.size() - log_header_size);
    CHECK(check_journal(*read).has_value());
}

TEST_CASE(
    "journal log: an empty file, and one that ends inside of its header, are damaged [spec 8.4]") {
    const raw header = [] {
        const auto made = log_header(nonce);
        return raw(made.begin(), made.end());
    }();
    for (std::size_t size = 0; size < header.size(); ++size) {
        CAPTURE(size);
        CHECK(refused(bytes(header).first(size)) == errc::journal_damaged);
    }
}

TEST_CASE("journal log: a whole record of a later version is refused, and not dropped [spec 8.4]") {
    // Another version, low bits that it does not know, a kind that it does not know.
    for (const auto& [first, kind] : {std::pair{0x20, 1}, {0x12, 1}, {0x10, 10}, {0x10, 0}}) {
        CAPTURE(first, kind);
        sample log = make_sample();
        std::array<std::byte, 7> newer{};
        byte_writer to(newer);
        to.put_u8(static_cast<std::uint8_t>(first));
        to.put_varint(5);
        to.put_u8(static_cast<std::uint8_t>(kind));
        to.put_u32(crc32c(to.written()));
        append(log.file, newer);
        CHECK(refused(log.file) == errc::journal_version);
        log.file.back() ^= std::byte{1};
        CHECK(end_of(log.file) == log.file.size() - newer.size());
    }
}

TEST_CASE("journal log: cut at each byte, it has what was whole, or is refused [spec 8.4, 8.5]") {
    const sample log = make_sample();
    for (std::size_t size = log_header_size; size <= log.file.size(); ++size) {
        CAPTURE(size);
        const bytes cut = bytes(log.file).first(size);
        if (size < log.made) {
            CHECK(refused(cut) == errc::journal_damaged);  // it had no name before it was whole
        } else {
            CHECK(end_of(cut) == whole(log, size));
        }
    }
}

TEST_CASE(
    "journal log: each flipped bit in front of the last mark is refused, behind it it is a tail "
    "[spec 8.4, 8.5]") {
    const sample log = make_sample();
    for (std::size_t bit = 0; bit < log.file.size() * 8; ++bit) {
        CAPTURE(bit);
        raw bad = log.file;
        bad[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        if (bit / 8 < 8) {
            CHECK(refused(bad) == errc::journal_foreign);
        } else if (bit / 8 == 8) {
            CHECK(refused(bad) == errc::journal_version);
        } else if (bit / 8 < log.last_mark) {
            CHECK(refused(bad) == errc::journal_damaged);
        } else {
            CHECK(end_of(bad) == whole(log, bit / 8));
        }
    }
}

TEST_CASE("journal log: zeros behind the end, or instead of it, are cut off") {
    const sample log = make_sample();
    for (std::size_t size = log.synced; size <= log.file.size(); ++size) {
        for (const std::size_t zeros : {1U, 21U, 512U, 5000U}) {
            CAPTURE(size, zeros);
            raw padded(log.file.begin(), log.file.begin() + static_cast<std::ptrdiff_t>(size));
            padded.resize(size + zeros);
            CHECK(end_of(padded) == whole(log, size));
        }
    }
}

TEST_CASE("journal log: any sectors of the group that was not synced may be missing [spec 8.4]") {
    const sample log = make_sample();
    random_source random(1);
    bool later_ones_survived = false;
    for (int turn = 0; turn < 4000; ++turn) {
        CAPTURE(turn);
        const std::size_t sector = 1 + random.below(40);
        raw torn = log.file;
        torn.resize(log.synced + random.below(log.file.size() - log.synced + 1));
        std::vector<bool> kept(torn.size() / sector + 1);
        std::generate(kept.begin(), kept.end(), [&] { return random.below(3) != 0; });
        bool lost = false;
        for (std::size_t at = log.synced; at < torn.size(); ++at) {
            later_ones_survived = later_ones_survived || (lost && kept[at / sector]);
            if (!kept[at / sector]) {
                lost = true;
                torn[at] = static_cast<std::byte>(random.below(256));
            }
        }
        const auto end = end_of(torn);
        REQUIRE(end.has_value());
        CHECK(*end >= log.synced);
        CHECK(std::equal(torn.begin(), torn.begin() + static_cast<std::ptrdiff_t>(*end),
                         log.file.begin()));
    }
    CHECK(later_ones_survived);
}

TEST_CASE(
    "journal log: a run of any length, overwritten in front of a mark, is refused [spec 8.4]") {
    const sample log = make_sample();
    for (std::size_t from = log_header_size; from < log.last_mark; ++from) {
        for (std::size_t to = from + 1; to <= log.last_mark; ++to) {
            raw bad = log.file;
            std::fill(bad.begin() + static_cast<std::ptrdiff_t>(from),
                      bad.begin() + static_cast<std::ptrdiff_t>(to), std::byte{0xA5});
            REQUIRE((bad == log.file || refused(bad) == errc::journal_damaged));
        }
    }
}

TEST_CASE("journal log: what is not there is no reason to read on, nor to allocate") {
    const sample log = make_sample();
    raw huge = log.file;
    for (const int each : {0x10, 0xFF, 0xFF, 0xFF, 0x7F, 0x04}) {  // 256 MiB - 1 of a message
        huge.push_back(static_cast<std::byte>(each));
    }
    CHECK(end_of(huge) == log.file.size());
}

TEST_CASE("journal log: what is no journal, and one of a newer version, are refused [spec 8.4]") {
    CHECK(refused(as_bytes("hello")) == errc::journal_foreign);
    CHECK(refused(as_bytes("SQLite format 3, and so on")) == errc::journal_foreign);
    CHECK(refused(raw(1000)) == errc::journal_foreign);
    raw newer = make_sample().file;
    newer[8] = std::byte{2};
    CHECK(refused(newer) == errc::journal_version);
    newer.resize(9);
    CHECK(refused(newer) == errc::journal_version);
}

TEST_CASE("journal log: what a payload says is no mark [spec 8.4]") {
    const sample other = make_sample();
    for (const std::uint64_t theirs : {nonce + 1, std::uint64_t{0}}) {
        sample log = make_sample();
        const std::size_t end = log.file.size();
        log.add(message_record(9, "torn"));
        log.file[end + 4] ^= std::byte{1};
        const std::size_t inside = log.file.size() + 11;  // where the payload of the next one lies
        log.add(message_record(10, log_mark(theirs, inside)));  // of another file, in its place
        log.add(message_record(11, other.file));                // a piece of this one, elsewhere
        CHECK(end_of(log.file) == end);
    }
    // But for the nonce it would be one: the place is right.
    sample log = make_sample();
    log.file.back() ^= std::byte{1};
    const std::size_t inside = log.file.size() + 11;
    log.add(message_record(10, log_mark(nonce, inside)));
    CHECK(refused(log.file) == errc::journal_damaged);
}

TEST_CASE(
    "journal log: a mark of another file, or in another place, ends what counts [spec 8.2, 8.4]") {
    for (const bool same_file : {true, false}) {
        sample log = make_sample();
        const std::size_t end = log.file.size();
        append(log.file, log_mark(same_file ? nonce : ~nonce, same_file ? end + 1 : end));
        append(log.file, message_record(9, "behind it"));
        CHECK(end_of(log.file) == end);
    }
}

TEST_CASE("journal log: a tail that is there twice counts once") {
    const sample log = make_sample();
    raw twice = log.file;
    append(twice, bytes(log.file).subspan(log.synced));
    CHECK(end_of(twice) == log.file.size());
}

TEST_CASE("journal log: reading what was read changes nothing") {
    const sample log = make_sample();
    for (std::size_t size = log.made; size <= log.file.size(); ++size) {
        const auto once = end_of(bytes(log.file).first(size));
        REQUIRE(once.has_value());
        CHECK(end_of(bytes(log.file).first(*once)) == once);
    }
}

}  // namespace
}  // namespace journal_log_tests
