// SPDX-License-Identifier: BSL-1.0
#include "sixfold/wire/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace bytes_tests {
namespace {

using namespace sixfold;

std::vector<std::byte> raw(std::initializer_list<int> values) {
    std::vector<std::byte> out;
    for (const int value : values) {
        out.push_back(static_cast<std::byte>(value));
    }
    return out;
}

refusal varint_refusal(std::initializer_list<int> values, unsigned bits) {
    const auto input = raw(values);
    byte_reader in(input);
    const auto value = in.get_varint(bits);
    CHECK((in.ok() || value == 0));
    return in.refused();
}

const std::uint64_t edges[] = {0,
                               1,
                               127,
                               128,
                               300,
                               16383,
                               16384,
                               1 << 21,
                               (1U << 28) - 1,
                               1U << 28,
                               0xFFFFFFFF,
                               1ULL << 32,
                               1ULL << 56,
                               seq_end - 1,
                               seq_end,
                               1ULL << 63,
                               ~std::uint64_t{0}};

}  // namespace

TEST_CASE("bytes: a varint comes back as it was, in the size that was promised [spec 2.3]") {
    for (const std::uint64_t value : edges) {
        std::array<std::byte, 10> buffer{};
        byte_writer to(buffer);
        to.put_varint(value);
        REQUIRE(to.ok());
        CHECK(to.size() == varint_size(value));
        byte_counter counter;
        counter.put_varint(value);
        CHECK(counter.size() == to.size());
        byte_reader in(to.written());
        CHECK(in.get_varint() == value);
        CHECK(in.ok());
        CHECK(in.left() == 0);
    }
    CHECK(varint_size(0) == 1);
    CHECK(varint_size(127) == 1);
    CHECK(varint_size(128) == 2);
    CHECK(varint_size(seq_end) == 9);
    CHECK(varint_size(~std::uint64_t{0}) == 10);
}

TEST_CASE("bytes: the varints that the specification draws [spec 2.3]") {
    std::array<std::byte, 12> buffer{};
    byte_writer to(buffer);
    to.put_varint(5);
    to.put_varint(300);
    to.put_varint(seq_end);
    const auto expected =
        raw({0x05, 0xAC, 0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40});
    CHECK(std::equal(to.written().begin(), to.written().end(), expected.begin(), expected.end()));
}

TEST_CASE("bytes: refuses a varint with a superfluous byte or too many bits [spec 2.3]") {
    CHECK(varint_refusal({0x80, 0x00}, 64) == refusal::not_canonical);
    CHECK(varint_refusal({0xFF, 0x80, 0x00}, 64) == refusal::not_canonical);
    CHECK(varint_refusal({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}, 64) ==
          refusal::none);
    CHECK(varint_refusal({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}, 64) ==
          refusal::not_canonical);
    CHECK(varint_refusal({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0x00}, 64) ==
          refusal::not_canonical);
    CHECK(varint_refusal({0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, 32) == refusal::none);
    CHECK(varint_refusal({0xFF, 0xFF, 0xFF, 0xFF, 0x10}, 32) == refusal::not_canonical);
    CHECK(varint_refusal({0xFF, 0xFF, 0xFF, 0x7F}, 28) == refusal::none);
    CHECK(varint_refusal({0x80, 0x80, 0x80, 0x80, 0x01}, 28) == refusal::not_canonical);
}

TEST_CASE("bytes: refuses a varint that is cut at any byte [spec 2.3]") {
    for (const std::uint64_t value : edges) {
        std::array<std::byte, 10> buffer{};
        byte_writer to(buffer);
        to.put_varint(value);
        for (std::size_t size = 0; size < to.size(); ++size) {
            byte_reader in(to.written().first(size));
            CHECK(in.get_varint() == 0);
            CHECK(in.refused() == refusal::truncated);
        }
    }
}

TEST_CASE("bytes: fixed fields are little-endian [spec 2.3, 2.7]") {
    std::array<std::byte, 13> buffer{};
    byte_writer to(buffer);
    to.put_u8(0xFE);
    to.put_u32(0x01020304);
    to.put_epoch(static_cast<epoch>(0x1122334455667788));
    const auto expected = raw({0xFE, 4, 3, 2, 1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11});
    CHECK(std::equal(to.written().begin(), to.written().end(), expected.begin(), expected.end()));
    byte_reader in(to.written());
    CHECK(in.get_u8() == 0xFE);
    CHECK(in.get_u32() == 0x01020304);
    CHECK(in.get_epoch() == static_cast<epoch>(0x1122334455667788));
    CHECK(in.ok());
}

TEST_CASE("bytes: a writer that is full writes nothing more, and says so") {
    std::array<std::byte, 4> buffer{};
    for (std::size_t room = 0; room < 4; ++room) {
        byte_writer to(std::span<std::byte>{buffer}.first(room));
        to.put_u32(0xAABBCCDD);
        CHECK_FALSE(to.ok());
        to.put_u8(1);  // would fit, but a gap must not go unseen
        CHECK_FALSE(to.ok());
        CHECK(to.size() == 0);
    }
    byte_writer exact(buffer);
    exact.put_u32(1);
    CHECK(exact.ok());
    exact.put_bytes({});
    CHECK(exact.ok());
    exact.put_varint(0);
    CHECK_FALSE(exact.ok());
    CHECK(exact.size() == 4);
}

TEST_CASE("bytes: a peer's name of 1 to 47 bytes comes back, others are refused [spec 2.6]") {
    for (std::size_t size = 0; size < 256; ++size) {
        std::vector<std::byte> input(1 + size, std::byte{'x'});
        input[0] = static_cast<std::byte>(size);
        byte_reader in(input);
        const peer who = in.get_peer();
        CHECK(in.ok() == (size >= 1 && size <= 47));
        CHECK(in.refused() == (in.ok() ? refusal::none : refusal::peer_name));
        CHECK(who == (in.ok() ? peer(std::string(size, 'x')) : peer()));
        if (in.ok()) {
            std::vector<std::byte> again(input.size());
            byte_writer to(again);
            to.put_peer(who);
            CHECK(again == input);
            byte_reader cut(bytes(input).first(size));
            CHECK_FALSE(cut.get_peer().valid());
            CHECK(cut.refused() == refusal::truncated);
        }
    }
}

TEST_CASE("bytes: epoch zero, and a seq of 2^62 or more, are refused [spec 2.7]") {
    const auto zero = raw({0, 0, 0, 0, 0, 0, 0, 0});
    byte_reader epochs(zero);
    CHECK(epochs.get_epoch() == epoch::none);
    CHECK(epochs.refused() == refusal::epoch);

    const auto read = [](seq value, auto get) {
        std::array<std::byte, 10> buffer{};
        byte_writer to(buffer);
        to.put_varint(value);
        byte_reader in(to.written());
        (void)get(in);
        return in.refused();
    };
    const auto get_seq = [](byte_reader& in) {
        return in.get_seq();
    };
    const auto get_bound = [](byte_reader& in) {
        return in.get_seq_bound();
    };
    CHECK(read(seq_end - 1, get_seq) == refusal::none);
    CHECK(read(seq_end, get_seq) == refusal::seq_range);
    CHECK(read(seq_end, get_bound) == refusal::none);
    CHECK(read(seq_end + 1, get_bound) == refusal::seq_range);
}

TEST_CASE("bytes: the first refusal stays, and nothing is read behind it") {
    const auto input = raw({0, 1, 2, 3});
    byte_reader in(input);
    (void)in.get_peer();
    CHECK(in.refused() == refusal::peer_name);
    CHECK(in.get_u8() == 0);
    CHECK(in.get_varint() == 0);
    CHECK(in.rest().empty());
    CHECK(in.left() == 0);
    in.refuse(refusal::flags);
    CHECK(in.refused() == refusal::peer_name);
}

TEST_CASE("bytes: a counter counts what a writer writes") {
    const auto write = [](auto& to) {
        to.put_u8(1);
        to.put_u32(2);
        to.put_u64(3);
        to.put_varint(300);
        to.put_bytes(as_bytes("text"));
        to.put_peer("bob");
        to.put_epoch(epoch{4});
    };
    byte_counter counter;
    write(counter);
    std::array<std::byte, 64> out{};
    byte_writer writer(out);
    write(writer);
    CHECK(writer.ok());
    CHECK(counter.size() == writer.size());
}

}  // namespace bytes_tests
