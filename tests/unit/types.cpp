// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <string>
#include <string_view>

#include <sixfold/types.hpp>
#include "support/catch.hpp"

namespace types_tests {
namespace {

using namespace sixfold;

TEST_CASE("types: a peer has a name of 1 to 47 bytes, or is not valid [spec 1.2]") {
    CHECK(!peer().valid());
    CHECK(!peer("").valid());
    CHECK(peer("a").valid());
    CHECK(peer(std::string(47, 'a')).name() == std::string(47, 'a'));
    CHECK(!peer(std::string(48, 'a')).valid());
    CHECK(peer(std::string(48, 'a')) == peer());  // nothing of a name that is too long is kept
}

TEST_CASE("types: a peer is any bytes, zero among them [spec 1.2]") {
    const std::string_view with_zero("a\0b", 3);
    const peer who(with_zero);
    CHECK(who.name() == with_zero);
    CHECK(!(who == peer("a")));
    CHECK(peer(who.bytes()) == who);
    CHECK(who.bytes().size() == 3);
}

TEST_CASE("types: peers are ordered byte by byte, without a sign") {
    CHECK(peer("a") < peer("b"));
    CHECK(peer("a") < peer("aa"));
    CHECK(peer("a") < peer("\xff"));
    CHECK(!(peer("a") < peer("a")));
}

TEST_CASE("types: a peer can be a constant") {
    constexpr peer bob("bob");
    static_assert(bob.valid() && bob.name() == "bob");
    static_assert(sizeof(peer) == 48);
    CHECK(bob == peer("bob"));
}

TEST_CASE("types: text is bytes and back") {
    CHECK(as_text(as_bytes("text")) == "text");
    CHECK(as_bytes("").empty());
    CHECK(as_bytes("\xff")[0] == std::byte{0xFF});
}

TEST_CASE("types: a msgid is its epoch and its seq [spec 1.4]") {
    CHECK(msgid{epoch{1}, 2} == msgid{epoch{1}, 2});
    CHECK(!(msgid{epoch{1}, 2} == msgid{epoch{2}, 2}));
    CHECK(!(msgid{epoch{1}, 2} == msgid{epoch{1}, 3}));
    CHECK(msgid{}.epoch == epoch::none);
}

}  // namespace
}  // namespace types_tests
