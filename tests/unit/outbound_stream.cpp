// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <vector>

#include <sixfold/sending/outbound_stream.hpp>
#include "support/catch.hpp"

namespace outbound_stream_tests {
namespace {

using namespace sixfold;
constexpr std::uint32_t none = outbound_stream::no_slot;

bool nothing_is_finished(std::uint32_t) {
    return false;
}

TEST_CASE("outbound_stream: seqs count from 0, without holes, and find their slots [spec 1.4]") {
    outbound_stream stream;
    CHECK(stream.empty());
    CHECK(stream.slot(0) == none);
    for (std::uint32_t i = 0; i < 100; ++i) {
        CHECK(stream.append(1000 + i) == i);
    }
    for (std::uint32_t i = 0; i < 100; ++i) {
        CHECK(stream.slot(i) == 1000 + i);
    }
    CHECK(stream.slot(100) == none);
    CHECK(stream.slot(seq_end) == none);
    CHECK(!stream.empty());
}

TEST_CASE("outbound_stream: the first moves over what has ended, however the ring turns") {
    outbound_stream stream;
    seq next = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 6; ++i) {
            CHECK(stream.append(7) == next++);
        }
        stream.remove(next - 2);
        CHECK(stream.first() == next - 6);
        for (const seq back : {seq{6}, seq{5}, seq{3}, seq{4}}) {
            stream.remove(next - back);
        }
        CHECK(stream.first() == next - 1);
        CHECK(stream.slot(next - 2) == none);
        stream.remove(next - 1);
        CHECK(stream.empty());
        CHECK((stream.base() == next && stream.unsent() == next));
    }
}

TEST_CASE(
    "outbound_stream: the base is the lowest unfinished, the window begins there [spec 3.3, 3.4]") {
    outbound_stream stream;
    for (std::uint32_t i = 0; i < 10; ++i) {
        (void)stream.append(i);
    }
    CHECK(stream.window_end(4) == 4);
    CHECK(stream.window_end(100) == 10);
    stream.limits.window = 3;
    CHECK(stream.window_end(100) == 3);
    stream.advance_base([](std::uint32_t slot) { return slot < 2; });
    CHECK((stream.first() == 0 && stream.base() == 2));
    CHECK(stream.window_end(100) == 5);
    stream.remove(2);
    stream.advance_base(nothing_is_finished);
    CHECK(stream.base() == 3);  // 0 and 1 are finished, 2 has ended
    stream.lower_base(1);
    CHECK(stream.base() == 1);
    stream.lower_base(5);
    CHECK(stream.base() == 1);
}

TEST_CASE("outbound_stream: what is stored is not looked at again after a tombstone below it") {
    constexpr std::uint32_t all = 1000;
    outbound_stream stream;
    for (std::uint32_t i = 0; i < all; ++i) {
        (void)stream.append(i);
    }
    std::uint32_t looked_at = 0;
    const auto stored = [&](std::uint32_t) {
        ++looked_at;
        return true;
    };
    stream.advance_base(stored);
    CHECK(looked_at == all);
    for (seq cancelled = 0; cancelled < all - 1; ++cancelled) {
        ++stream.tombstones;
        stream.lower_base(cancelled);
        CHECK(stream.base() == cancelled);
        --stream.tombstones;
        stream.remove(cancelled);
        stream.advance_base(stored);
        CHECK(stream.base() == all);
    }
    CHECK(looked_at == all);
    stream.restart(epoch{7});
    (void)stream.append(0);
    stream.advance_base(nothing_is_finished);
    CHECK(stream.base() == 0);  // nothing of this epoch was passed
}

TEST_CASE(
    "outbound_stream: a tombstone under way narrows the window to the exceptions [spec 3.4]") {
    outbound_stream stream;
    for (std::uint32_t i = 0; i < 10; ++i) {
        (void)stream.append(i);
    }
    stream.limits.exceptions = 2;
    CHECK(stream.window_end(8) == 8);
    stream.tombstones = 1;
    CHECK(stream.window_end(8) == 2);
    CHECK(stream.window_end(1) == 1);
}

TEST_CASE(
    "outbound_stream: begins again as an empty stream, and keeps what it knows of the receiver") {
    outbound_stream stream;
    stream.epoch = epoch{1};
    for (std::uint32_t i = 0; i < 5; ++i) {
        (void)stream.append(i);
    }
    stream.pass_unsent();
    stream.stored = stream.tombstones = 1;
    stream.met = true;
    stream.reported_floor = 3;
    stream.limits.window = 5;
    stream.restart(epoch{2});
    CHECK(stream.epoch == epoch{2});
    CHECK((stream.empty() && stream.next() == 0 && stream.base() == 0 && stream.unsent() == 0));
    CHECK((!stream.met && !stream.reported_floor));
    CHECK((stream.stored == 0 && stream.tombstones == 0));
    CHECK(stream.limits.window == 5);
    CHECK(stream.append(9) == 0);
    CHECK(stream.slot(0) == 9);
    CHECK(stream.slot(1) == none);
}

}  // namespace
}  // namespace outbound_stream_tests
