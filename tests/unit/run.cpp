// SPDX-License-Identifier: BSL-1.0
#include "sixfold/wire/run.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sixfold/parts/random.hpp"
#include "support/catch.hpp"

namespace run_tests {
namespace {

using namespace sixfold;
using blob = std::vector<std::byte>;

constexpr run_entry gone{true, {}};

run_entry said(const std::string& payload) {
    return {false, as_bytes(payload)};
}

blob copy(bytes of) {
    return {of.begin(), of.end()};
}

/// "hi + you ": what it carries.
std::string text(const run& what) {
    std::string out;
    for (const run_entry& each : what) {
        out += (each.tombstone ? "+" : std::string(as_text(each.payload))) + ' ';
    }
    return out;
}

refusal refused(const blob& encoded) {
    run out = run::tombstone();
    const refusal why = run::decode(encoded, out);
    if (why != refusal::none) {
        CHECK(text(out) == "+ ");  // left as it was
    }
    return why;
}

blob raw(std::initializer_list<int> values) {
    blob out;
    for (const int value : values) {
        out.push_back(static_cast<std::byte>(value));
    }
    return out;
}

}  // namespace

TEST_CASE("run: the example of the specification [spec 2.8]") {
    const blob wire = raw({0x03, 0x68, 0x69, 0x00, 0x04, 0x79, 0x6F, 0x75});
    const std::string hi = "hi";
    const std::string you = "you";
    run_writer writer;
    writer.add(said(hi));
    writer.add(gone);
    writer.add(said(you));
    CHECK(copy(writer.get().encoded()) == wire);

    run read;
    REQUIRE(run::decode(wire, read) == refusal::none);
    CHECK(text(read) == "hi + you ");
    CHECK(read.count() == 3);
    CHECK(read.tombstones() == 1);
    CHECK(read.largest() == 3);
    CHECK_FALSE(read.is_payload());
    CHECK_FALSE(read.empty());
    CHECK(read.encoded().data() == wire.data());
    CHECK((*read.begin()).payload.data() == wire.data() + 1);  // not a copy
}

TEST_CASE("run: a payload alone is carried as it is, and a tombstone is an entry [spec 2.8]") {
    const std::string hello = "hello";
    const run alone = run::of(as_bytes(hello));
    CHECK(alone.is_payload());
    CHECK(alone.count() == 1);
    CHECK(alone.tombstones() == 0);
    CHECK(alone.largest() == 5);
    CHECK(as_text(alone.encoded()) == "hello");
    CHECK(text(alone) == "hello ");
    CHECK(text(run::of({})) == " ");
    CHECK_FALSE(run::of({}).empty());

    CHECK(copy(run::tombstone().encoded()) == raw({0}));
    CHECK(run::tombstone().count() == 1);
    CHECK(run::tombstone().tombstones() == 1);
    CHECK_FALSE(run::tombstone().is_payload());
    CHECK(text(run::tombstone()) == "+ ");

    CHECK(run().empty());
    CHECK(run().count() == 0);
    CHECK(text(run()).empty());
}

TEST_CASE(
    "run: each way to be wrong has its refusal, and what is read stays as it was [spec 2.8]") {
    CHECK(refused({}) == refusal::run);
    CHECK(refused(raw({1})) == refusal::run);  // a payload alone
    CHECK(refused(raw({3, 1, 1})) == refusal::run);
    CHECK(refused(raw({0})) == refusal::none);
    CHECK(refused(raw({1, 1})) == refusal::none);
    CHECK(refused(raw({1, 2})) == refusal::truncated);
    CHECK(refused(raw({1, 0x80})) == refusal::truncated);
    CHECK(refused(raw({1, 0x80, 0})) == refusal::not_canonical);
    CHECK(refused(raw({1, 0x80, 0x80, 0x80, 0x80, 1})) == refusal::not_canonical);
    CHECK(refused(blob(64)) == refusal::none);
    CHECK(refused(blob(65)) == refusal::run);
    blob large(1024, std::byte{7});
    large[0] = std::byte{0};
    large[1] = std::byte{0xFE};  // 1022 = 1021 + 1
    large[2] = std::byte{0x07};
    CHECK(refused(large) == refusal::none);
    large[1] = std::byte{0xFF};
    large.push_back(std::byte{7});
    CHECK(refused(large) == refusal::run);
}

TEST_CASE("run: the writer takes as much as may be in one, and is told what it has room for") {
    run_writer writer;
    const std::string large(5000, 'x');
    CHECK(writer.get().empty());
    CHECK(writer.fits(said(large)));  // the first one always
    CHECK(writer.fits(said(large), 1));
    writer.add(said(large));
    CHECK(writer.get().is_payload());
    CHECK(writer.get().encoded().data() == as_bytes(large).data());  // only referred to
    CHECK_FALSE(writer.fits(gone));

    writer.clear();
    CHECK(writer.count() == 0);
    const std::string half(509, 'y');  // 511 bytes with its size
    writer.add(said(half));
    CHECK(writer.fits(said(half)));
    CHECK(writer.fits(said(half), 1022));
    CHECK_FALSE(writer.fits(said(half), 1021));
    writer.add(said(half));
    CHECK(writer.fits(gone));
    writer.add(gone);
    writer.add(gone);
    CHECK(writer.get().encoded().size() == 1024);
    CHECK_FALSE(writer.fits(gone));
    CHECK_FALSE(writer.fits(gone, 5000));  // no room is larger
    CHECK(writer.get().count() == 4);
    CHECK(writer.get().largest() == 509);

    writer.clear();
    for (std::size_t i = 0; i < run::count_max; ++i) {
        REQUIRE(writer.fits(gone));
        writer.add(gone);
    }
    CHECK_FALSE(writer.fits(gone));
    CHECK(writer.get().tombstones() == 64);
    CHECK(writer.get().largest() == 0);
}

TEST_CASE("run: the same in other memory") {
    blob wire = raw({0x03, 0x68, 0x69, 0x00});
    run read;
    REQUIRE(run::decode(wire, read) == refusal::none);
    const blob kept = wire;
    const run moved = read.moved_to(kept);
    wire.assign(wire.size(), std::byte{0});
    CHECK(text(moved) == "hi + ");
    CHECK(moved.encoded().data() == kept.data());
    CHECK(text(run().moved_to({})).empty());
}

TEST_CASE("run: what was written is read, whatever it is, and in one form") {
    random_source random(1);
    std::size_t alone = 0;
    for (int round = 0; round < 3000; ++round) {
        std::vector<std::string> payloads;
        std::string expected;
        payloads.reserve(64);
        run_writer writer;
        std::size_t tombstones = 0;
        std::size_t largest = 0;
        for (std::uint64_t left = 1 + random.below(round % 2 == 0 ? 4 : 64); left != 0; --left) {
            payloads.emplace_back(random.below(round % 3 == 0 ? 600 : 12), 'p');
            const run_entry next = random.below(3) == 0 ? gone : said(payloads.back());
            if (!writer.fits(next)) {
                break;
            }
            writer.add(next);
            expected += (next.tombstone ? "+" : payloads.back()) + ' ';
            tombstones += next.tombstone ? 1 : 0;
            largest = next.payload.size() > largest ? next.payload.size() : largest;
        }
        const run written = writer.get();
        REQUIRE(text(written) == expected);
        REQUIRE(written.count() == writer.count());
        REQUIRE(written.tombstones() == tombstones);
        REQUIRE(written.largest() == largest);
        if (written.is_payload()) {
            ++alone;
            continue;
        }
        run read;
        REQUIRE(run::decode(written.encoded(), read) == refusal::none);
        REQUIRE(text(read) == expected);
    }
    CHECK(alone > 100);
}

}  // namespace run_tests
