// SPDX-License-Identifier: BSL-1.0
#include "sixfold/stream_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sixfold/wire/codec.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace stream_reader_tests {
namespace {

using namespace sixfold;
using blob = std::vector<std::byte>;

constexpr std::size_t size_max = 400;

/// Frames whose lengths take one byte and two, one of them with nothing in it.
std::vector<blob> make_frames() {
    std::vector<blob> frames;
    const std::string text(300, 'x');
    for (const std::size_t size : {0U, 1U, 300U, 100U, 5U}) {
        const msg_request msg{.to = "bob",
                              .epoch = epoch{1},
                              .first = size,
                              .entries = run::of(as_bytes(text).first(size))};
        blob out(size_max);
        out.resize(encode(msg, framing("alice"), out));
        frames.push_back(out);
    }
    frames.push_back({std::byte{0x21}, std::byte{0}, std::byte{0}});
    return frames;
}

blob join(const std::vector<blob>& parts) {
    blob all;
    for (const blob& part : parts) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

/// What comes out if the bytes come in pieces of this size.
std::vector<blob> feed(stream_reader& reader, bytes all, std::size_t piece_size) {
    std::vector<blob> out;
    while (!all.empty()) {
        // A copy of its own, so that a sanitizer sees a view that outlives its piece.
        const bytes piece = all.first((std::min)(piece_size, all.size()));
        const blob copy(piece.begin(), piece.end());
        bytes input(copy);
        while (const auto frame = reader.next(input)) {
            out.emplace_back(frame->begin(), frame->end());
        }
        all = all.subspan(piece.size());
        if (reader.refused() == refusal::none) {
            CHECK(input.empty());
        }
    }
    return out;
}

}  // namespace

TEST_CASE("stream reader: the same frames come out, whatever the pieces [spec 2.13]") {
    const auto frames = make_frames();
    const blob all = join(frames);
    for (std::size_t size = 1; size <= all.size(); ++size) {
        stream_reader reader(size_max);
        REQUIRE(feed(reader, all, size) == frames);
        REQUIRE(reader.refused() == refusal::none);
    }
}

TEST_CASE("stream reader: the same frames come out, wherever the stream is cut in two") {
    const auto frames = make_frames();
    const blob all = join(frames);
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        stream_reader reader(size_max);
        auto out = feed(reader, bytes(all).first(cut), all.size());
        const auto rest = feed(reader, bytes(all).subspan(cut), all.size());
        out.insert(out.end(), rest.begin(), rest.end());
        REQUIRE(out == frames);
    }
}

TEST_CASE("stream reader: a frame that lies whole in the input is not copied") {
    const blob all = join(make_frames());
    stream_reader reader(size_max);
    bytes input(all);
    const auto frame = reader.next(input);
    REQUIRE(frame);
    CHECK(frame->data() == all.data());
    CHECK(input.data() == all.data() + frame->size());
}

TEST_CASE("stream reader: allocates its buffer once, and then no more") {
    const blob all = join(make_frames());
    stream_reader reader(size_max);
    std::size_t frames = 0;
    const std::size_t allocations = support::allocations_in([&] {
        for (const std::byte& one : all) {
            bytes input(&one, 1);
            frames += reader.next(input) ? 1 : 0;
        }
    });
    CHECK(allocations == 0);
    CHECK(frames == 6);
}

TEST_CASE("stream reader: refuses another version or kind at its first byte [spec 2.13]") {
    for (unsigned first = 0; first < 256; ++first) {
        const refusal why = check_first_byte(static_cast<std::byte>(first));
        stream_reader reader(size_max);
        const blob one{static_cast<std::byte>(first)};
        CHECK(feed(reader, one, 1).empty());
        CHECK(reader.refused() == why);
    }
}

TEST_CASE(
    "stream reader: refuses a frame above the largest as soon as its length is there [spec 2.13]") {
    // 400 bytes in all: 396 (8C 03) behind a header of 4.
    const blob largest{std::byte{0x21}, std::byte{0}, std::byte{0x8C}, std::byte{0x03}};
    const blob larger{std::byte{0x21}, std::byte{0}, std::byte{0x8D}, std::byte{0x03}};
    for (std::size_t piece = 1; piece <= 4; ++piece) {
        stream_reader takes(size_max);
        CHECK(feed(takes, largest, piece).empty());
        CHECK(takes.refused() == refusal::none);
        stream_reader refuses(size_max);
        CHECK(feed(refuses, larger, piece).empty());
        CHECK(refuses.refused() == refusal::frame_too_large);
    }
    const blob body(396, std::byte{7});
    stream_reader reader(size_max);
    CHECK(feed(reader, join({largest, body}), 1) == std::vector<blob>{join({largest, body})});
}

TEST_CASE("stream reader: with room for less than a header it refuses, and writes nowhere else") {
    const blob header{std::byte{0x21}, std::byte{0},    std::byte{0xFF},
                      std::byte{0xFF}, std::byte{0xFF}, std::byte{0x7F}};
    for (std::size_t piece = 1; piece <= 6; ++piece) {
        stream_reader reader(1);
        CHECK(feed(reader, header, piece).empty());
        CHECK(reader.refused() == refusal::frame_too_large);
    }
}

TEST_CASE("stream reader: refuses a length that is none, and is silent for ever [spec 2.13]") {
    const auto frames = make_frames();
    const blob bad{std::byte{0x21}, std::byte{0}, std::byte{0x80}, std::byte{0}};
    for (std::size_t piece = 1; piece <= 8; ++piece) {
        stream_reader reader(size_max);
        const auto out = feed(reader, join({frames[0], bad, frames[1]}), piece);
        CHECK(out == std::vector<blob>{frames[0]});
        CHECK(reader.refused() == refusal::not_canonical);
        CHECK(feed(reader, frames[0], piece).empty());
        CHECK(reader.refused() == refusal::not_canonical);
    }
}

TEST_CASE("stream reader: whatever comes in, it stays within its buffer and its word") {
    std::uint32_t state = 99;
    for (int round = 0; round < 2000; ++round) {
        blob noise(64);
        for (std::byte& byte : noise) {
            state = state * 1664525 + 1013904223;
            byte = static_cast<std::byte>(state >> 24);
        }
        noise[0] = static_cast<std::byte>(0x21 + round % 8);
        noise[2] &= std::byte{0x8F};
        stream_reader whole(32);
        stream_reader pieces(32);
        const auto expected = feed(whole, noise, noise.size());
        REQUIRE(feed(pieces, noise, 1 + static_cast<std::size_t>(round) % 7) == expected);
        REQUIRE(pieces.refused() == whole.refused());
    }
}

}  // namespace stream_reader_tests
