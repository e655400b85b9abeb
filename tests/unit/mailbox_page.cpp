// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/parts/random.hpp>
#include <sixfold/receiving/mailbox_page.hpp>
#include <sixfold/receiving/page_size.hpp>
#include "support/catch.hpp"

namespace mailbox_page_tests {
namespace {

using namespace sixfold;

mailbox_key key(seq at) {
    return {"alice", {epoch{1}, at}};
}
const key_range all{key(0), key(1000)};

/// What is left, as seqs.
using ranges = std::vector<std::pair<seq, seq>>;
ranges left(const mailbox_page& page, std::size_t most = 16) {
    std::vector<key_range> out;
    page.put_left(all, most, out);
    ranges seqs;
    for (const key_range& each : out) {
        seqs.emplace_back(each.from->id.seq, each.until->id.seq);
    }
    return seqs;
}

TEST_CASE("mailbox_page: a page is whole when all of its rows have come [spec 3.27]") {
    mailbox_page page;
    page.came(0, 3, key(10));
    CHECK(!page.is_whole());
    page.answer(5, key(20));
    CHECK(!page.is_whole());
    page.came(3, 2, key(13));
    CHECK(page.is_whole());
    CHECK(left(page) == ranges{{20, 1000}});
    page.clear();
    CHECK(!page.any());
    page.answer(0, std::nullopt);
    CHECK((page.is_whole() && page.any()));
    CHECK(left(page).empty());
}

TEST_CASE(
    "mailbox_page: each hole is asked for alone, and what comes behind the last row [spec 3.26]") {
    mailbox_page page;
    page.came(2, 2, key(12));
    page.came(7, 1, key(17));
    SECTION("without sync:A nobody knows how many there are") {
        CHECK(left(page) == ranges{{0, 12}, {14, 17}, {18, 1000}});
    }
    SECTION("the last ones got lost, too") {
        page.answer(10, key(20));
        CHECK(left(page) == ranges{{0, 12}, {14, 17}, {18, 1000}});
    }
    SECTION("the last one came") {
        page.answer(8, key(20));
        CHECK(left(page) == ranges{{0, 12}, {14, 17}, {20, 1000}});
    }
    SECTION("that was all") {
        page.answer(8, std::nullopt);
        CHECK(left(page) == ranges{{0, 12}, {14, 17}});
    }
    SECTION("in so many ranges as there is room for") {
        CHECK(left(page, 2) == ranges{{0, 12}, {14, 1000}});
        CHECK(left(page, 1) == ranges{{0, 1000}});
    }
}

TEST_CASE("mailbox_page: rows may come in any order, and twice [spec 3.27]") {
    random_source random(5);
    for (int world = 0; world < 200; ++world) {
        std::vector<std::pair<std::uint32_t, std::uint32_t>> runs;
        std::uint32_t rows = 0;
        while (rows < 40) {
            const auto count = static_cast<std::uint32_t>(1 + random.below(6));
            runs.emplace_back(rows, count);
            rows += count;
        }
        std::vector<bool> came(rows);
        mailbox_page page;
        page.answer(rows, std::nullopt);
        for (std::size_t i = 0; i < 2 * runs.size(); ++i) {
            const auto [index, count] = runs[random.below(runs.size())];
            page.came(index, count, key(index));
            std::fill_n(came.begin() + index, count, true);
            // What is left covers all that did not come; it covers no more as long as the pieces can be remembered.
            std::vector<bool> covered(rows);
            for (const auto& [from, until] : left(page)) {
                std::fill(covered.begin() + static_cast<std::ptrdiff_t>(from),
                          covered.begin() + static_cast<std::ptrdiff_t>(std::min<seq>(until, rows)),
                          true);
            }
            for (std::uint32_t row = 0; row < rows; ++row) {
                REQUIRE((came[row] || covered[row]));
            }
            REQUIRE((!page.is_whole() || std::count(came.begin(), came.end(), false) == 0));
        }
    }
}

TEST_CASE("mailbox_page: forgets pieces that are too many, whose rows come again") {
    mailbox_page page;
    for (std::uint32_t i = 0; i < 20; ++i) {
        page.came(2 * i + 1, 1, key(2 * i + 1));
    }
    page.answer(40, std::nullopt);
    const ranges out = left(page);
    CHECK(out.size() == 9);
    CHECK(out.back() == std::pair<seq, seq>{16, 1000});
}

TEST_CASE("mailbox_page: the page of a relay that counts wrongly is over all the same") {
    mailbox_page page;
    page.came(0, 5, key(500));
    page.came(9, 5, key(3));  // behind, and in front
    page.answer(14, key(1));
    for (const auto& [from, until] : left(page)) {
        CHECK(from < until);
    }
    page.came(UINT32_MAX, 64, key(7));
    (void)left(page);
}

TEST_CASE("page_size: doubles until the first loss, halves with each, and keeps within its bounds "
          "[spec 3.26]") {
    page_size size(64);
    CHECK((size.bytes(UINT32_MAX) == 16 << 10 && size.rows(1000) == 64));
    size.learn(true, false);
    CHECK((size.bytes(UINT32_MAX) == 32 << 10 && size.rows(1000) == 128));
    for (int i = 0; i < 9; ++i) {
        size.learn(true, false);
    }
    CHECK((size.bytes(UINT32_MAX) == 256 << 10 && size.rows(1000) == 256));
    size.learn(true, true);  // too many rows, and no loss
    CHECK((size.bytes(UINT32_MAX) == 256 << 10 && size.rows(1000) == 64));
    size.learn(false, false);
    CHECK((size.bytes(UINT32_MAX) == 128 << 10 && size.rows(1000) == 64));
    size.learn(true, false);
    CHECK((size.bytes(UINT32_MAX) == 129 << 10 && size.rows(1000) == 80));
    for (int i = 0; i < 9; ++i) {
        size.learn(false, false);
    }
    CHECK(size.bytes(UINT32_MAX) == 4 << 10);
    CHECK((size.bytes(100) == 100 && size.bytes(0) == 1));
    CHECK((size.rows(7) == 7 && size.rows(0) == 1));
}

}  // namespace
}  // namespace mailbox_page_tests
