// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <set>
#include <string_view>

#include <sixfold/words.hpp>
#include "support/catch.hpp"

namespace words_tests {
namespace {

using namespace sixfold;

/// The first `count` values have words, all different; no other number has one.
template <class Enumeration>
void check_words(int count) {
    std::set<std::string_view> words;
    for (int i = 0; i < 64; ++i) {
        const std::string_view word = to_string(static_cast<Enumeration>(i));
        CHECK((word == "?") == (i >= count));
        words.insert(word);
    }
    CHECK(words.size() == static_cast<std::size_t>(count) + 1);
}

TEST_CASE("words: every value of an enumeration has a word of its own, and no other number has") {
    check_words<status>(10);
    check_words<message_state>(8);
    check_words<fate>(6);
    check_words<msg_word>(3);
    check_words<refused_reason>(5);
    check_words<ack_word>(5);
    check_words<errc>(11);
    check_words<refusal>(static_cast<int>(refusal_kinds));
}

TEST_CASE("words: are those of the code, and known when it is compiled") {
    static_assert(to_string(status::delivered) == "delivered");
    static_assert(to_string(message_state::cancelling) == "cancelling");
    static_assert(to_string(fate::tombstoned) == "tombstoned");
    static_assert(to_string(msg_word::away) == "away");
    static_assert(to_string(refused_reason::too_large) == "too_large");
    static_assert(to_string(ack_word::waiting) == "waiting");
    static_assert(to_string(errc::queue_full) == "queue_full");
    CHECK(to_string(refusal::not_canonical) == "not_canonical");
}

}  // namespace
}  // namespace words_tests
