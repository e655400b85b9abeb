// SPDX-License-Identifier: BSL-1.0
#include "printable.hpp"

#include <string>
#include <string_view>

#include "support/catch.hpp"

namespace printable_tests {

using namespace example;
using namespace std::string_view_literals;

TEST_CASE("printable: text of any language is shown as it is") {
    for (const auto text : {""sv, "plain ~"sv, "Grüße, 你好, e\u0301"sv, "👩‍👧"sv,
                            "\u00A0\u2027\u202F\u2065\uFFFD"sv, "\U0010FFFF"sv}) {
        CHECK(printable(text) == text);
        CHECK(is_printable(text));
    }
}

TEST_CASE("printable: no byte that commands a terminal is left, whatever the text is") {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            const std::string text{static_cast<char>(first), static_cast<char>(second)};
            for (const char each : printable(text)) {
                const auto byte = static_cast<unsigned char>(each);
                REQUIRE(byte >= 0x20);
                REQUIRE(byte != 0x7F);
            }
        }
    }
    CHECK(printable("\x1b[31m\n\r\0\x7f"sv) == R"(\x1b[31m\x0a\x0d\x00\x7f)");
    CHECK(printable("\u0085\u009b") == R"(\xc2\x85\xc2\x9b)");
    CHECK(printable("\u2028\u202a\u202e\u2066\u2069") ==
          R"(\xe2\x80\xa8\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9)");
    CHECK(printable("a\tb") == "a b");
    CHECK_FALSE(is_printable("a\tb"));
}

TEST_CASE("printable: what is no UTF-8 is shown byte by byte, and what follows as it is") {
    CHECK(printable("\xff\xfe ä"
                    "\xc3") == R"(\xff\xfe ä\xc3)");
    CHECK(printable("\xc0\xaf\xe0\x9f\xbf\xed\xa0\x80\xf4\x90\x80\x80\xf5") ==
          R"(\xc0\xaf\xe0\x9f\xbf\xed\xa0\x80\xf4\x90\x80\x80\xf5)");
    CHECK(printable("\xe2\x82x") == R"(\xe2\x82x)");
}

TEST_CASE("whole_characters: a text is cut between two characters, or anywhere if it has none") {
    CHECK(whole_characters("abc", 4) == 3);
    CHECK(whole_characters("abcd", 4) == 4);
    CHECK(whole_characters("abcde", 4) == 4);
    CHECK(whole_characters("ab€", 4) == 2);
    CHECK(whole_characters("a👩", 4) == 1);
    CHECK(whole_characters("\x80\x80\x80\x80\x80", 4) == 4);
    CHECK(whole_characters("a\x80\x80\x80\x80\x80", 5) == 5);
}

}  // namespace printable_tests
