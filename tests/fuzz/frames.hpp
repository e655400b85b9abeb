// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_FRAMES_HPP
#define SIXFOLD_TESTS_FUZZ_FRAMES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sixfold/journal/journal_log.hpp>
#include <sixfold/stream_reader.hpp>
#include "fuzz/input.hpp"

// Targets that read bytes and keep nothing.

namespace fuzz {

/// A stream gives the same frames however it is cut into pieces.
inline void stream(sixfold::bytes data) {
    using namespace sixfold;
    constexpr std::size_t frame_size = 300;
    const auto read = [](bytes all, auto next_size) {
        stream_reader reader(frame_size);
        std::vector<std::vector<std::byte>> frames;
        while (!all.empty()) {
            const std::size_t size = (std::min)(next_size(), all.size());
            bytes piece = all.first(size);
            all = all.subspan(size);
            while (const auto one = reader.next(piece)) {
                demand(one->size() <= frame_size, "a frame is too large");
                frames.emplace_back(one->begin(), one->end());
            }
            demand(piece.empty() || reader.refused() != refusal::none, "bytes are left over");
        }
        return std::pair(std::move(frames), reader.refused());
    };
    input sizes(data);
    const std::size_t all = data.size();
    const auto whole = read(data, [&] { return all; });
    demand(whole == read(data, [] { return std::size_t{1}; }), "byte by byte it is another stream");
    demand(whole == read(data, [&] { return std::size_t{1} + sizes.byte() % 40; }),
           "in pieces it is another stream");
}

/// What is read of a log is whole records; damage never reads as more than there was.
inline void log(sixfold::bytes data) {
    using namespace sixfold;
    input in(data);
    const std::uint64_t nonce = in.byte();
    std::vector<std::byte> file;
    const auto put = [&](bytes more) {
        file.insert(file.end(), more.begin(), more.end());
    };
    if (in.flag()) {
        put(log_header(nonce));
    }
    while (!in.empty()) {
        const std::uint8_t what = in.byte();
        if (what % 4 == 0) {
            put(log_mark(nonce, what < 200 ? file.size() : in.number()));
        } else if (what % 4 == 1) {
            put(in.piece());
        } else {
            std::vector<std::byte> record(300);
            const bytes name = in.piece();
            record.resize(detail::encode_record(record_kind::owner, false, record,
                                                [&](auto& to) { to.put_bytes(name); }));
            put(record);
        }
    }
    const auto read = read_log(file);
    if (!read) {
        demand(!read.error().what.empty(), "a log is refused without a word");
        return;
    }
    demand(check_journal(*read).has_value(), "a log has records that are none");
    demand(read->data() == file.data() + log_header_size, "records do not begin behind the header");
    std::vector<std::byte> cut(
        file.begin(), file.begin() + static_cast<std::ptrdiff_t>(log_header_size + read->size()));
    const auto again = read_log(cut);
    demand(again && again->size() == read->size(), "what was read cannot be read again");
}

}  // namespace fuzz

#endif
