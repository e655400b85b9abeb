// SPDX-License-Identifier: BSL-1.0
#include "sixfold/wire/codec.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "sixfold/receiving/ack_report.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace codec_tests {
namespace {

using namespace sixfold;
using blob = std::vector<std::byte>;

constexpr epoch life{0x0102030405060708};
constexpr epoch next_life{0x0102030405060709};
constexpr epoch last_life{0x0102030405060707};

blob from_hex(const std::string& text) {
    blob out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        out.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
    }
    return out;
}

/// Floor 299, and 300 accepted.
const blob state = from_hex("02 AB 02 01 02");

struct example {
    const char* name;
    const char* end_of_link;
    frame what;
    std::string hex;
};

/// One of each kind and form; the specification shows the same.
std::vector<example> examples() {
    const bytes hi = as_bytes("hi");
    const mailbox_key key{"alice", {life, 300}};
    return {
        {"msg:R", "alice",
         msg_request{
             .to = "bob", .epoch = life, .seq = 300, .base = 299, .attempt = 1, .payload = hi},
         "11 00 16 03 62 6F 62 08 07 06 05 04 03 02 01 AC 02 01 01 68 69 ED 8A 41 4B"},
        {"msg:R, not to be stored", "alice",
         msg_request{.to = "bob",
                     .epoch = life,
                     .storing = storing::forbidden,
                     .seq = 300,
                     .base = 299,
                     .attempt = 1,
                     .payload = hi},
         "11 04 16 03 62 6F 62 08 07 06 05 04 03 02 01 AC 02 01 01 68 69 19 54 4E 96"},
        {"msg:R, tombstone", "alice",
         msg_request{.to = "bob", .epoch = life, .form = form::tombstone, .seq = 300, .base = 300},
         "11 01 14 03 62 6F 62 08 07 06 05 04 03 02 01 AC 02 00 00 F3 C5 54 C7"},
        {"msg:R, probe", "alice",
         msg_request{.to = "bob", .epoch = life, .form = form::probe, .base = 299},
         "11 02 12 03 62 6F 62 08 07 06 05 04 03 02 01 AB 02 F8 C2 50 08"},
        {"msg:A", "alice", msg_answer{.to = "bob", .id = {life, 300}, .attempt = 1},
         "12 00 13 03 62 6F 62 08 07 06 05 04 03 02 01 AC 02 01 7E 60 27 F1"},
        {"msg:A, away", "alice",
         msg_answer{.to = "bob", .id = {life, 300}, .attempt = 1, .away = true},
         "12 01 13 03 62 6F 62 08 07 06 05 04 03 02 01 AC 02 01 21 BC C3 AE"},
        {"msg:N, direct", "bob",
         msg_notify{.from = "alice", .epoch = life, .seq = 300, .attempt = 1, .payload = hi},
         "13 00 17 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 AC 02 01 68 69 62 33 A7 A9"},
        {"msg:N, drained", "bob",
         msg_notify{.from = "alice",
                    .epoch = life,
                    .seq = 300,
                    .drained = true,
                    .low = 299,
                    .payload = hi},
         "13 0C 18 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 AC 02 AB 02 68 69 70 87 EE 90"},
        {"msg:N, probe", "bob",
         msg_notify{.from = "alice", .epoch = life, .form = form::probe, .low = 299},
         "13 0A 14 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 AB 02 32 F0 70 A7"},
        {"ack:R, state", "bob",
         ack_request{
             .to = "alice", .epoch = life, .serial = 7, .echo = echo{300, 1}, .state = state},
         "14 04 1B 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 07 AC 02 01 02 AB 02 01 02 78 C6 4E "
         "1A"},
        {"ack:R, waiting", "bob",
         ack_request{.to = "alice", .epoch = life, .word = ack_word::waiting, .serial = 7},
         "14 01 13 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 07 90 F3 9D 7D"},
        {"ack:R, past", "bob",
         ack_request{.to = "alice",
                     .epoch = life,
                     .word = ack_word::past,
                     .serial = 7,
                     .current = next_life},
         "14 02 1B 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 07 09 07 06 05 04 03 02 01 FA A7 3F "
         "A4"},
        {"ack:A", "bob", ack_answer{.to = "alice", .serial = 7},
         "15 00 0B 05 61 6C 69 63 65 07 FD C3 0D 82"},
        {"ack:N, state", "alice",
         ack_notify{.from = "bob", .epoch = life, .echo = echo{300, 1}, .state = state},
         "16 08 18 03 62 6F 62 08 07 06 05 04 03 02 01 AC 02 01 02 AB 02 01 02 CC D5 08 97"},
        {"ack:N, stored", "alice",
         ack_notify{
             .from = "bob", .epoch = life, .word = ack_word::stored, .seq = 300, .attempt = 1},
         "16 03 13 03 62 6F 62 08 07 06 05 04 03 02 01 AC 02 01 33 0C AE 2C"},
        {"ack:N, ended, remembered", "alice",
         ack_notify{
             .from = "bob", .epoch = life, .word = ack_word::ended, .low = 299, .state = state},
         "16 14 17 03 62 6F 62 08 07 06 05 04 03 02 01 AB 02 02 AB 02 01 02 D4 CB BA 78"},
        {"ack:N, ended", "alice",
         ack_notify{.from = "bob", .epoch = life, .word = ack_word::ended, .low = 299},
         "16 04 12 03 62 6F 62 08 07 06 05 04 03 02 01 AB 02 72 60 F2 B5"},
        {"sync:R, from the beginning", "bob", sync_request{.serial = 1}, "17 00 05 01 9E 32 C5 AE"},
        {"sync:R", "bob", sync_request{.serial = 2, .after = key},
         "17 01 15 02 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 AC 02 28 95 59 69"},
        {"sync:A", "bob", sync_answer{.serial = 2, .last = key, .rows = 16},
         "18 01 16 02 10 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 AC 02 31 6F 87 77"},
        {"sync:A, that was all", "bob", sync_answer{.serial = 3}, "18 00 06 03 00 1B 20 79 CC"},
        {"msg:N, probe, not clean", "bob",
         msg_notify{.from = "alice", .epoch = life, .form = form::probe, .smaller = {last_life, 5}},
         "13 02 1C 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 00 07 07 06 05 04 03 02 01 05 B9 A3 "
         "29 5A"},
    };
}

blob encoded(const frame& what, const framing& link) {
    blob out(2000);
    out.resize(encode(what, link, out));
    return out;
}

/// A frame with this first byte, these flags and this body, and with a checksum that is right.
blob sealed(std::uint8_t first, std::uint8_t flags, bytes body, const framing& link) {
    blob out(body.size() + 20);
    byte_writer to(out);
    to.put_u8(first);
    to.put_u8(flags);
    to.put_varint(body.size() + link.trailer_size());
    to.put_bytes(body);
    if (link.mode() == checksum::on) {
        to.put_u32(link.checksum_of(to.written()));
    }
    out.resize(to.size());
    return out;
}

const framing plain("alice", checksum::off);
const framing checked("alice");

/// The refusal of a body in hex, which must be the same on a checked link and on one that is not.
refusal refused(std::uint8_t kind, std::uint8_t flags, const std::string& body) {
    frame out;
    const auto first = static_cast<std::uint8_t>(0x10 | kind);
    const refusal why = decode(sealed(first, flags, from_hex(body), plain), plain, out);
    CHECK(decode(sealed(first, flags, from_hex(body), checked), checked, out) == why);
    return why;
}

refusal refused_bytes(const std::string& hex, const framing& link = plain) {
    frame out;
    return decode(from_hex(hex), link, out);
}

const std::string bob = "03 62 6F 62 ";
const std::string age = "08 07 06 05 04 03 02 01 ";

}  // namespace

TEST_CASE("codec: the examples of the specification, in both directions [spec 2.2, 4.1 to 4.8]") {
    for (const example& each : examples()) {
        CAPTURE(each.name);
        const framing link(each.end_of_link);
        const blob wire = from_hex(each.hex);
        CHECK(encoded(each.what, link) == wire);
        frame out;
        REQUIRE(decode(wire, link, out) == refusal::none);
        CHECK(out.index() == each.what.index());
        CHECK(encoded(out, link) == wire);
    }
}

/// "msg:R, probe (link of alice): 11 02 ..." of each frame that section 4 shows on a checked link.
std::vector<std::string> shown_examples() {
    const std::string file = __FILE__;
    std::ifstream in(file.substr(0, file.find("tests/unit")) + "include/sixfold/README.md");
    std::vector<std::string> out;
    std::string title;
    for (std::string line; std::getline(in, line);) {
        const bool is_title = line.find("   (link of ") != std::string::npos;
        const bool is_frame = line.rfind("        1", 0) == 0 && !title.empty();
        if (is_frame) {
            out.push_back(title + ": " + line.substr(8));
        }
        title = is_title ? line.substr(4) : "";
    }
    return out;
}

TEST_CASE("codec: the specification shows these examples, and no others [spec 4.1 to 4.8]") {
    std::vector<std::string> expected;
    for (const example& each : examples()) {
        expected.push_back(std::string(each.name) + "   (link of " + each.end_of_link +
                           "): " + each.hex);
    }
    std::vector<std::string> shown = shown_examples();
    std::sort(expected.begin(), expected.end());
    std::sort(shown.begin(), shown.end());
    CHECK(shown == expected);
}

TEST_CASE("codec: every field of a frame comes back [spec 4.1 to 4.8]") {
    frame out;
    const auto all = examples();
    const auto read = [&](std::size_t i) {
        REQUIRE(decode(from_hex(all[i].hex), framing(all[i].end_of_link), out) == refusal::none);
        return out;
    };
    const blob wire = from_hex(all[0].hex);
    REQUIRE(decode(wire, framing("alice"), out) == refusal::none);
    const auto& message = std::get<msg_request>(out);
    CHECK(message.to == peer("bob"));
    CHECK(message.epoch == life);
    CHECK(message.form == form::payload);
    CHECK(message.storing == storing::allowed);
    CHECK(message.seq == 300);
    CHECK(message.base == 299);
    CHECK(message.attempt == 1);
    CHECK(as_text(message.payload) == "hi");
    CHECK(message.payload.data() == wire.data() + wire.size() - 6);  // not a copy

    CHECK(std::get<msg_request>(read(1)).storing == storing::forbidden);
    CHECK(std::get<msg_request>(read(2)).form == form::tombstone);
    CHECK(std::get<msg_request>(read(3)).form == form::probe);
    CHECK(std::get<msg_request>(out).base == 299);
    CHECK_FALSE(std::get<msg_answer>(read(4)).away);
    CHECK(std::get<msg_answer>(out).id == msgid{life, 300});
    CHECK(std::get<msg_answer>(read(5)).away);
    CHECK(std::get<msg_notify>(read(6)).attempt == 1);
    CHECK_FALSE(std::get<msg_notify>(out).drained);
    CHECK(std::get<msg_notify>(read(7)).low == 299);
    CHECK(std::get<msg_notify>(out).drained);
    CHECK(std::get<msg_notify>(out).clean());
    CHECK(std::get<msg_notify>(read(8)).clean());
    CHECK(std::get<msg_notify>(out).form == form::probe);

    const blob ack = from_hex(all[9].hex);
    REQUIRE(decode(ack, framing("bob"), out) == refusal::none);
    CHECK(std::get<ack_request>(out).serial == 7);
    CHECK(std::get<ack_request>(out).echo == echo{300, 1});
    CHECK(blob(std::get<ack_request>(out).state.begin(), std::get<ack_request>(out).state.end()) ==
          state);
    CHECK(std::get<ack_request>(read(10)).word == ack_word::waiting);
    CHECK(std::get<ack_request>(read(11)).current == next_life);
    CHECK(std::get<ack_answer>(read(12)).serial == 7);
    CHECK(std::get<ack_notify>(read(13)).echo == echo{300, 1});
    CHECK(std::get<ack_notify>(read(14)).attempt == 1);
    CHECK(std::get<ack_notify>(out).seq == 300);
    CHECK(std::get<ack_notify>(read(15)).low == 299);
    CHECK(std::get<ack_notify>(read(15)).state.size() == state.size());
    CHECK(std::get<ack_notify>(read(16)).state.empty());
    CHECK_FALSE(std::get<sync_request>(read(17)).after);
    CHECK(std::get<sync_request>(read(18)).after == mailbox_key{"alice", {life, 300}});
    CHECK(std::get<sync_answer>(read(19)).last == mailbox_key{"alice", {life, 300}});
    CHECK(std::get<sync_answer>(out).rows == 16);
    CHECK(std::get<sync_answer>(read(20)).serial == 3);
    CHECK(std::get<msg_notify>(read(21)).smaller == msgid{last_life, 5});
    CHECK_FALSE(std::get<msg_notify>(out).clean());
}

TEST_CASE("codec: refuses every frame in which one bit, or two, are flipped [spec 2.5]") {
    for (const example& each : examples()) {
        CAPTURE(each.name);
        const framing link(each.end_of_link);
        const blob wire = from_hex(each.hex);
        for (std::size_t i = 0; i < 8 * wire.size(); ++i) {
            blob damaged = wire;
            damaged[i / 8] ^= static_cast<std::byte>(1U << i % 8);
            for (std::size_t j = i; j < 8 * wire.size(); ++j) {
                blob twice = damaged;
                if (j != i) {
                    twice[j / 8] ^= static_cast<std::byte>(1U << j % 8);
                }
                frame out;
                REQUIRE(decode(twice, link, out) != refusal::none);
            }
        }
    }
}

TEST_CASE("codec: refuses a frame cut at any byte, or with one behind it [spec 2.4]") {
    for (const checksum mode : {checksum::on, checksum::off}) {
        for (const example& each : examples()) {
            CAPTURE(each.name);
            const framing link(each.end_of_link, mode);
            blob wire = encoded(each.what, link);
            frame out;
            for (std::size_t size = 0; size < wire.size(); ++size) {
                REQUIRE(decode(bytes(wire).first(size), link, out) == refusal::truncated);
            }
            wire.push_back(std::byte{0});
            REQUIRE(decode(wire, link, out) == refusal::trailing);
        }
    }
}

TEST_CASE("codec: refuses a body cut at any byte, unless it is cut within its payload [spec 2.9]") {
    for (const example& each : examples()) {
        CAPTURE(each.name);
        const framing link(each.end_of_link);
        const blob wire = encoded(each.what, plain);  // a header of three bytes
        const std::size_t payload = std::visit(
            [](const auto& kind) {
                if constexpr (requires { kind.payload; }) {
                    return kind.payload.size();
                } else {
                    return std::size_t{0};
                }
            },
            each.what);
        for (std::size_t size = 0; size + 3 < wire.size(); ++size) {
            const auto first = std::to_integer<std::uint8_t>(wire[0]);
            const auto flags = std::to_integer<std::uint8_t>(wire[1]);
            const blob cut = sealed(first, flags, bytes(wire).subspan(3, size), link);
            frame out;
            const bool in_payload = size + 3 >= wire.size() - payload;
            REQUIRE(decode(cut, link, out) == (in_payload ? refusal::none : refusal::truncated));
        }
    }
}

TEST_CASE("codec: a frame for another peer, and an unchecked one, fail their checksum [spec 2.5]") {
    for (const example& each : examples()) {
        const blob wire = from_hex(each.hex);
        frame out;
        CHECK(decode(wire, framing("mallory"), out) == refusal::checksum);
        CHECK(decode(wire, framing(""), out) == refusal::checksum);
        const framing unchecked(each.end_of_link, checksum::off);
        const refusal bare = decode(encoded(each.what, unchecked), framing(each.end_of_link), out);
        CHECK((bare == refusal::checksum || bare == refusal::truncated));
    }
    // On an unchecked link the name makes no difference.
    CHECK(encoded(examples()[0].what, framing("alice", checksum::off)) ==
          encoded(examples()[0].what, framing("bob", checksum::off)));
}

TEST_CASE("codec: the header is checked in its order, and before the checksum [spec 2.9]") {
    CHECK(refused_bytes("") == refusal::truncated);
    CHECK(refused_bytes("11") == refusal::truncated);
    CHECK(refused_bytes("21 00") == refusal::truncated);
    CHECK(refused_bytes("21 00 05") == refusal::version);
    CHECK(refused_bytes("01 00 05") == refusal::version);
    CHECK(refused_bytes("10 00 05") == refusal::kind);
    CHECK(refused_bytes("19 00 05") == refusal::kind);
    CHECK(refused_bytes("17 00 80") == refusal::truncated);
    CHECK(refused_bytes("17 00 81 00 01") == refusal::not_canonical);
    CHECK(refused_bytes("17 00 80 80 80 80 01") == refusal::not_canonical);
    CHECK(refused_bytes("17 00 02 01") == refusal::truncated);
    CHECK(refused_bytes("17 00 01 01 01") == refusal::trailing);
    CHECK(refused_bytes("17 00 01 01") == refusal::none);
    CHECK(refused_bytes("17 00 01 01", checked) == refusal::truncated);
    CHECK(refused_bytes("17 FF 05 01 00 00 00 00", checked) == refusal::checksum);
    CHECK(refused_bytes("27 FF 05 01 00 00 00 00", checked) == refusal::version);
}

TEST_CASE("codec: takes exactly the flags of the specification [spec 2.2, 4.1 to 4.8]") {
    const std::vector<std::vector<unsigned>> allowed{{0, 1, 2, 4},  // msg:R
                                                     {0, 1},        // msg:A
                                                     {0, 1, 2, 4, 5, 10, 12, 13},
                                                     {0, 1, 2, 4},  // ack:R
                                                     {0},           // ack:A
                                                     {0, 1, 2, 3, 4, 8, 20},
                                                     {0, 1},
                                                     {0, 1}};
    for (unsigned kind = 1; kind <= 8; ++kind) {
        for (unsigned flags = 0; flags < 256; ++flags) {
            const refusal why =
                refused(static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(flags), "");
            const auto& list = allowed[kind - 1];
            const bool is_allowed = std::find(list.begin(), list.end(), flags) != list.end();
            CAPTURE(kind, flags);
            CHECK((why != refusal::flags) == is_allowed);
        }
    }
}

TEST_CASE("codec: each way for a body to be wrong has its refusal [spec 2.9, 4.1 to 4.8]") {
    CHECK(refused(1, 0, bob + age + "AC 02 01 01") == refusal::none);  // an empty payload
    CHECK(refused(1, 0, "00 " + age + "05 00 01") == refusal::peer_name);
    CHECK(refused(1, 0, "30 " + age + "05 00 01") == refusal::peer_name);
    CHECK(refused(1, 0, bob + "00 00 00 00 00 00 00 00 05 00 01") == refusal::epoch);
    CHECK(refused(1, 0, bob + age + "80 80 80 80 80 80 80 80 40 00 01") == refusal::seq_range);
    CHECK(refused(1, 0, bob + age + "FF FF FF FF FF FF FF FF 3F 00 01") == refusal::none);
    CHECK(refused(1, 0, bob + age + "05 06 01") == refusal::seq_range);  // a base below zero
    CHECK(refused(1, 0, bob + age + "05 05 01") == refusal::none);
    CHECK(refused(1, 0, bob + age + "85 00 00 01") == refusal::not_canonical);
    CHECK(refused(1, 0, bob + age + "05 80 00 01") == refusal::not_canonical);
    CHECK(refused(1, 1, bob + age + "05 00 01 68") == refusal::trailing);
    CHECK(refused(1, 2, bob + age + "05 00") == refusal::trailing);
    CHECK(refused(1, 2, bob + age + "80 80 80 80 80 80 80 80 40") == refusal::seq_range);
    CHECK(refused(2, 0, bob + age + "05 01 00") == refusal::trailing);
    CHECK(refused(3, 12, bob + age + "05 80 80 80 80 80 80 80 80 40") == refusal::seq_range);
    CHECK(refused(3, 12, bob + age + "05 81 80 80 80 80 80 80 80 40") == refusal::seq_range);
    CHECK(refused(3, 13, bob + age + "05 05 68") == refusal::trailing);
    CHECK(refused(3, 2, bob + age + "05 " + age + "00") == refusal::epoch);  // not a smaller one
    CHECK(refused(3, 2, bob + age + "05 00 00 00 00 00 00 00 00 00") == refusal::epoch);
    CHECK(refused(3, 2, bob + age + "05 07" + age.substr(2) + "80 80 80 80 80 80 80 80 40") ==
          refusal::seq_range);
    CHECK(refused(3, 4, bob + age + "05 05 07" + age.substr(2)) == refusal::truncated);
    CHECK(refused(4, 0, bob + age + "FF FF FF FF 0F 00 00") == refusal::none);
    CHECK(refused(4, 0, bob + age + "FF FF FF FF 1F 00 00") == refusal::not_canonical);
    CHECK(refused(4, 0, bob + age + "07") == refusal::truncated);  // no ack state
    CHECK(refused(4, 0, bob + age + "07 02 00 01 01") == refusal::ack_state);
    CHECK(refused(4, 0, bob + age + "07 00 00 00") == refusal::trailing);
    CHECK(refused(4, 1, bob + age + "07 00") == refusal::trailing);
    CHECK(refused(4, 2, bob + age + "07 " + age) == refusal::epoch);
    CHECK(refused(4, 2, bob + age + "07 09 07 06 05 04 03 02 01") == refusal::none);
    CHECK(refused(5, 0, bob + "07 00") == refusal::trailing);
    CHECK(refused(6, 2, bob + age + "07 07 06 05 04 03 02 01") == refusal::epoch);
    CHECK(refused(6, 2, bob + age + age) == refusal::epoch);
    CHECK(refused(6, 3, bob + age + "05 01 00") == refusal::trailing);
    CHECK(refused(6, 4, bob + age + "05 00 00") == refusal::trailing);
    CHECK(refused(6, 20, bob + age + "05 00 00") == refusal::none);
    CHECK(refused(6, 20, bob + age + "05") == refusal::truncated);
    CHECK(refused(7, 0, "01 00") == refusal::trailing);
    CHECK(refused(8, 1, "01 00 " + bob + age) == refusal::truncated);
}

TEST_CASE("codec: a number with more bits than its field is refused [spec 2.3, 2.7]") {
    const std::string bits_32 = "FF FF FF FF 0F ";
    const std::string bits_33 = "FF FF FF FF 1F ";
    for (const std::uint8_t kind : {std::uint8_t{7}, std::uint8_t{8}}) {  // serials, and rows
        const std::string rows = kind == 8 ? "00" : "";
        CHECK(refused(kind, 0, bits_32 + rows) == refusal::none);
        CHECK(refused(kind, 0, bits_33 + rows) == refusal::not_canonical);
    }
    CHECK(refused(5, 0, bob + bits_32) == refusal::none);
    CHECK(refused(5, 0, bob + bits_33) == refusal::not_canonical);
    CHECK(refused(8, 0, "01 " + bits_32) == refusal::none);
    CHECK(refused(8, 0, "01 " + bits_33) == refusal::not_canonical);
    // Limits: 32 bits are read, and then it is said what is too much.
    CHECK(refused(4, 0, bob + age + "07 01 00 " + bits_32 + "01 00") == refusal::ack_state);
    CHECK(refused(4, 0, bob + age + "07 01 00 " + bits_33 + "01 00") == refusal::not_canonical);
    CHECK(refused(4, 0, bob + age + "07 01 00 01 " + bits_32 + "00") == refusal::ack_state);
    CHECK(refused(4, 0, bob + age + "07 01 00 01 " + bits_33 + "00") == refusal::not_canonical);
    // Seqs: 64.
    const std::string ones = "FF FF FF FF FF FF FF FF FF ";
    CHECK(refused(1, 2, bob + age + ones + "01") == refusal::seq_range);
    CHECK(refused(1, 2, bob + age + ones + "02") == refusal::not_canonical);
}

TEST_CASE("codec: what is refused leaves the frame as it was") {
    frame out = sync_request{.serial = 77};
    CHECK(decode(from_hex("18 00 03 01 00 01"), plain, out) == refusal::trailing);
    REQUIRE(std::holds_alternative<sync_request>(out));
    CHECK(std::get<sync_request>(out).serial == 77);
}

TEST_CASE("codec: boundary values make the round trip [spec 2.7]") {
    const std::string long_name(47, 'n');
    for (const seq value : {seq{0}, seq{1}, seq{127}, seq{128}, seq{1} << 32, seq_end - 1}) {
        for (const seq base : {seq{0}, value / 2, value}) {
            for (const std::size_t size : {0U, 1U, 100U, 128U, 1500U}) {
                const std::string payload(size, 'p');
                const msg_request in{.to = peer(long_name),
                                     .epoch = epoch{~std::uint64_t{0}},
                                     .seq = value,
                                     .base = base,
                                     .attempt = 255,
                                     .payload = as_bytes(payload)};
                const blob wire = encoded(in, checked);
                REQUIRE(wire.size() <= frame_size_max(size));
                frame out;
                REQUIRE(decode(wire, checked, out) == refusal::none);
                const auto& back = std::get<msg_request>(out);
                CHECK(back.to == in.to);
                CHECK(back.epoch == in.epoch);
                CHECK(back.seq == value);
                CHECK(back.base == base);
                CHECK(back.attempt == 255);
                CHECK(as_text(back.payload) == payload);
            }
        }
    }
    for (const seq low : {seq{0}, seq_end}) {
        const ack_notify in{.from = "b", .epoch = epoch{1}, .word = ack_word::ended, .low = low};
        frame out;
        const blob wire = encoded(in, checked);
        REQUIRE(decode(wire, checked, out) == refusal::none);
        CHECK(std::get<ack_notify>(out).low == low);
    }
}

TEST_CASE("codec: the bounds on the size of a frame hold, and the first is reached [spec 2.12]") {
    const std::string name(47, 'n');
    blob payload(1U << 21);
    const msg_notify largest{.from = peer(name),
                             .epoch = life,
                             .seq = seq_end - 1,
                             .drained = true,
                             .low = seq_end - 1,
                             .smaller = {last_life, seq_end - 1},
                             .payload = payload};
    blob out(frame_size_max(payload.size()));
    CHECK(encode(largest, checked, out) == frame_size_max(payload.size()));

    blob encoded_state(ack_state_size_max());
    blob bits(64, std::byte{0xFF});
    bits[0] = std::byte{0xFE};
    std::vector<exception> list;
    for (seq i = 0; i < 64; ++i) {
        list.push_back({(i + 1) << 55, fate::rejected});
    }
    encoded_state.resize(encode_ack_state({.floor = seq_end - 512,
                                           .horizon = 1,
                                           .accepted = bits,
                                           .exceptions = list,
                                           .limits = receiver_limits{.window = 1U << 20}},
                                          encoded_state));
    const ack_request ack{.to = peer(name),
                          .epoch = life,
                          .serial = ~std::uint32_t{0},
                          .echo = echo{seq_end - 1, 255},
                          .state = encoded_state};
    CHECK(encode(ack, checked, out) > 0);
    CHECK(encode(ack, checked, out) <= frame_size_max(0));
}

TEST_CASE(
    "codec: besides payload or ack state no kind of frame has more than 101 bytes [spec 2.12]") {
    const peer name(std::string(47, 'n'));
    const seq high = seq_end - 1;
    const epoch highest{~std::uint64_t{0}};
    const epoch high_epoch{~std::uint64_t{0} - 1};
    const std::uint32_t serial = ~std::uint32_t{0};
    const mailbox_key key{name, {highest, high}};
    const std::vector<frame> largest{
        msg_request{.to = name, .epoch = highest, .seq = high, .base = 0},
        msg_request{.to = name, .epoch = highest, .form = form::probe, .base = high},
        msg_answer{.to = name, .id = {highest, high}},
        msg_notify{.from = name, .epoch = highest, .seq = high},
        msg_notify{.from = name,
                   .epoch = highest,
                   .seq = high,
                   .drained = true,
                   .low = high,
                   .smaller = {high_epoch, high}},
        msg_notify{.from = name,
                   .epoch = highest,
                   .form = form::probe,
                   .low = seq_end,
                   .smaller = {high_epoch, high}},
        ack_request{
            .to = name, .epoch = highest, .serial = serial, .echo = echo{high, 1}, .state = state},
        ack_request{.to = name,
                    .epoch = high_epoch,
                    .word = ack_word::past,
                    .serial = serial,
                    .current = highest},
        ack_answer{.to = name, .serial = serial},
        ack_notify{.from = name, .epoch = highest, .echo = echo{high, 1}, .state = state},
        ack_notify{.from = name, .epoch = highest, .word = ack_word::stored, .seq = high},
        ack_notify{.from = name,
                   .epoch = highest,
                   .word = ack_word::ended,
                   .low = seq_end,
                   .state = state},
        sync_request{.serial = serial, .after = key},
        sync_answer{.serial = serial, .last = key, .rows = serial},
    };
    std::size_t most = 0;
    for (const frame& each : largest) {
        CAPTURE(each.index());
        blob out(200);
        const std::size_t size = encode(each, checked, out);
        const std::size_t length = 3;  // a payload can need three bytes more for the length
        CHECK(size > 0);
        CHECK(size + length <= 101 + (each.index() == 3 || each.index() == 5 ? state.size() : 0));
        most = (std::max)(most, size + length);
    }
    CHECK(most == 101);
    CHECK(frame_overhead_max == 101);
}

TEST_CASE("codec: encodes into no less room than it needs, and needs no more") {
    for (const example& each : examples()) {
        const framing link(each.end_of_link);
        const blob wire = from_hex(each.hex);
        for (std::size_t size = 0; size < wire.size(); ++size) {
            blob small(size);
            CHECK(encode(each.what, link, small) == 0);
        }
        blob exact(wire.size());
        CHECK(encode(each.what, link, exact) == wire.size());
    }
}

TEST_CASE("codec: a payload that no length field can tell is not encoded [spec 2.4]") {
    const blob payload(frame_length_max);
    blob out(frame_length_max + 100);
    const msg_request msg{.to = "b", .epoch = life, .payload = payload};
    CHECK(encode(msg, plain, out) == 0);
    const std::size_t around = 2 + 8 + 1 + 1 + 1;
    const msg_request fits{
        .to = "b", .epoch = life, .payload = bytes(payload).first(frame_length_max - around)};
    CHECK(encode(fits, plain, out) == frame_length_max + frame_header_size_max);
}

TEST_CASE("codec: fields that exclude each other make no frame") {
    const bytes hi = as_bytes("hi");
    CHECK(is_valid(msg_request{.to = "b", .epoch = life}));
    CHECK_FALSE(is_valid(msg_request{.epoch = life}));
    CHECK_FALSE(is_valid(msg_request{.to = "b"}));
    CHECK_FALSE(is_valid(msg_request{.to = "b", .epoch = life, .seq = 1, .base = 2}));
    CHECK_FALSE(is_valid(msg_request{.to = "b", .epoch = life, .seq = seq_end}));
    CHECK_FALSE(is_valid(msg_request{.to = "b", .epoch = life, .form = form{3}}));
    CHECK_FALSE(is_valid(msg_request{.to = "b", .epoch = life, .form = form{4}}));
    for (const form which : {form::tombstone, form::probe}) {
        CHECK(is_valid(msg_request{.to = "b", .epoch = life, .form = which}));
        CHECK_FALSE(is_valid(msg_request{.to = "b", .epoch = life, .form = which, .payload = hi}));
        CHECK_FALSE(is_valid(
            msg_request{.to = "b", .epoch = life, .form = which, .storing = storing::forbidden}));
    }
    CHECK_FALSE(is_valid(msg_request{.to = "b", .epoch = life, .form = form::probe, .seq = 1}));
    CHECK_FALSE(is_valid(msg_request{.to = "b", .epoch = life, .form = form::probe, .attempt = 1}));

    CHECK_FALSE(is_valid(msg_answer{.to = "b"}));
    CHECK_FALSE(is_valid(msg_answer{.to = "b", .id = {life, seq_end}}));

    CHECK(is_valid(msg_notify{.from = "a", .epoch = life}));
    CHECK_FALSE(is_valid(msg_notify{.from = "a", .epoch = life, .smaller = {epoch{1}, 2}}));
    CHECK(is_valid(
        msg_notify{.from = "a", .epoch = life, .drained = true, .smaller = {epoch{1}, 2}}));
    CHECK_FALSE(
        is_valid(msg_notify{.from = "a", .epoch = life, .drained = true, .smaller = {life, 2}}));
    CHECK_FALSE(is_valid(
        msg_notify{.from = "a", .epoch = life, .drained = true, .smaller = {epoch::none, 2}}));
    CHECK_FALSE(is_valid(
        msg_notify{.from = "a", .epoch = life, .drained = true, .smaller = {epoch{1}, seq_end}}));
    CHECK_FALSE(is_valid(msg_notify{.from = "a", .epoch = life, .low = 1}));
    CHECK_FALSE(is_valid(msg_notify{.from = "a", .epoch = life, .attempt = 1, .drained = true}));
    CHECK_FALSE(
        is_valid(msg_notify{.from = "a", .epoch = life, .drained = true, .low = seq_end + 1}));
    CHECK_FALSE(
        is_valid(msg_notify{.from = "a", .epoch = life, .form = form::probe, .drained = true}));
    CHECK_FALSE(is_valid(msg_notify{.from = "a", .epoch = life, .form = form::probe, .seq = 1}));

    CHECK(is_valid(ack_request{.to = "a", .epoch = life, .state = state}));
    CHECK_FALSE(is_valid(ack_request{.to = "a", .epoch = life}));
    CHECK_FALSE(is_valid(ack_request{.to = "a", .epoch = life, .state = hi}));
    CHECK_FALSE(is_valid(ack_request{.to = "a", .epoch = life, .current = life, .state = state}));
    for (const auto word :
         {ack_word::waiting, ack_word::past, ack_word::stored, ack_word::ended, ack_word{8}}) {
        CHECK_FALSE(is_valid(ack_request{.to = "a", .epoch = life, .word = word, .state = state}));
        CHECK_FALSE(is_valid(ack_request{.to = "a", .epoch = life, .word = word, .echo = echo{}}));
        CHECK(is_valid(ack_request{.to = "a", .epoch = life, .word = word}) ==
              (word == ack_word::waiting));
    }
    CHECK_FALSE(is_valid(
        ack_request{.to = "a", .epoch = next_life, .word = ack_word::past, .current = next_life}));

    CHECK_FALSE(is_valid(ack_notify{.from = "b", .epoch = life}));
    CHECK_FALSE(is_valid(ack_notify{.from = "b", .epoch = life, .state = as_bytes("no state")}));
    for (const auto word : {ack_word::state, ack_word::waiting, ack_word::past, ack_word::stored,
                            ack_word::ended, ack_word{5}, ack_word{8}}) {
        const ack_notify good{.from = "b",
                              .epoch = life,
                              .word = word,
                              .current = word == ack_word::past ? next_life : epoch::none,
                              .state = word == ack_word::state ? bytes(state) : bytes{}};
        CHECK(is_valid(good) == (word <= ack_word::ended));
        ack_notify bad = good;
        bad.echo = echo{};
        CHECK(is_valid(bad) == (word == ack_word::state));
        bad = good;
        bad.seq = 1;
        CHECK(is_valid(bad) == (word == ack_word::stored));
        bad = good;
        bad.attempt = 1;
        CHECK(is_valid(bad) == (word == ack_word::stored));
        bad = good;
        bad.low = 1;
        CHECK(is_valid(bad) == (word == ack_word::ended));
        bad = good;
        bad.current = next_life;
        CHECK(is_valid(bad) == (word == ack_word::past));
        bad = good;
        bad.state = state;
        CHECK(is_valid(bad) == (word == ack_word::state || word == ack_word::ended));
    }
    CHECK_FALSE(is_valid(ack_answer{}));
    CHECK_FALSE(is_valid(sync_request{.after = mailbox_key{}}));
    CHECK_FALSE(is_valid(sync_answer{.last = mailbox_key{"a", {life, seq_end}}}));
}

TEST_CASE("codec: random bodies never do harm, and what is taken is encoded again as it was") {
    std::mt19937_64 random(1);
    const auto all = examples();
    int taken = 0;
    for (int round = 0; round < 200000; ++round) {
        // An example whose body is changed, cut or lengthened, under a checksum that is right.
        const example& each = all[random() % all.size()];
        const blob wire = encoded(each.what, plain);
        blob body(wire.begin() + 3, wire.end());
        for (auto times = random() % 4; times != 0 && !body.empty(); --times) {
            body[random() % body.size()] =
                static_cast<std::byte>(random() % 2 == 0 ? random() : random() % 8);
        }
        if (random() % 4 == 0) {
            body.resize(random() % (body.size() + 4), static_cast<std::byte>(random()));
        }
        const auto flags =
            random() % 4 == 0 ? random() % 32 : std::to_integer<std::uint64_t>(wire[1]);
        const framing& link = random() % 2 == 0 ? checked : plain;
        const blob input = sealed(std::to_integer<std::uint8_t>(wire[0]),
                                  static_cast<std::uint8_t>(flags), body, link);
        frame out;
        if (decode(input, link, out) == refusal::none) {
            ++taken;
            REQUIRE(std::visit([](const auto& kind) { return is_valid(kind); }, out));
            REQUIRE(encoded(out, link) == input);
        }
    }
    CHECK(taken > 20000);
    CHECK(taken < 180000);
}

TEST_CASE("codec: random bytes without a checksum never do harm") {
    std::mt19937_64 random(2);
    for (int round = 0; round < 100000; ++round) {
        blob input(random() % 40);
        for (std::byte& byte : input) {
            byte = static_cast<std::byte>(random());
        }
        if (input.size() > 3) {
            input[0] = static_cast<std::byte>(0x11 + random() % 8);
            input[1] &= std::byte{0x1F};
            input[2] = static_cast<std::byte>(input.size() - 3);
        }
        frame out;
        if (decode(input, plain, out) == refusal::none) {
            REQUIRE(encoded(out, plain) == input);
        }
    }
}

TEST_CASE("codec: neither encoding nor decoding allocates, whether it is taken or refused") {
    const auto all = examples();
    std::array<std::byte, 256> buffer{};
    std::size_t taken = 0;
    const std::size_t allocations = support::allocations_in([&] {
        for (const example& each : all) {
            const framing link(each.end_of_link);
            const std::size_t size = encode(each.what, link, buffer);
            frame out;
            for (std::size_t cut = 0; cut <= size; ++cut) {
                taken += decode(bytes(buffer).first(cut), link, out) == refusal::none ? 1 : 0;
            }
        }
    });
    CHECK(allocations == 0);
    CHECK(taken == all.size());
}

TEST_CASE("codec: each field of a frame has its own bound") {
    const peer none;
    const epoch no_life = epoch::none;
    CHECK_FALSE(
        is_valid(msg_request{.to = "b", .epoch = life, .form = form::probe, .base = seq_end}));
    CHECK_FALSE(is_valid(msg_answer{.to = none, .id = {life, 0}}));
    CHECK(is_valid(msg_answer{.to = "b", .id = {life, 0}}));
    CHECK_FALSE(is_valid(msg_notify{.from = none, .epoch = life}));
    CHECK_FALSE(is_valid(msg_notify{.from = "a", .epoch = no_life}));
    for (const form none_such : {form{3}, form{4}, form{8}}) {  // some are another flag's bit
        CHECK_FALSE(is_valid(msg_notify{.from = "a", .epoch = life, .form = none_such}));
    }
    CHECK_FALSE(is_valid(msg_notify{.from = "a", .epoch = life, .seq = seq_end}));
    CHECK_FALSE(
        is_valid(msg_notify{.from = "a", .epoch = life, .seq = 1, .drained = true, .low = 2}));
    CHECK_FALSE(is_valid(msg_notify{
        .from = "a", .epoch = life, .form = form::tombstone, .payload = as_bytes("hi")}));
    CHECK_FALSE(is_valid(ack_request{.to = none, .epoch = life, .state = state}));
    CHECK_FALSE(is_valid(ack_request{.to = "a", .epoch = no_life, .state = state}));
    CHECK_FALSE(
        is_valid(ack_request{.to = "a", .epoch = life, .echo = echo{seq_end, 0}, .state = state}));
    CHECK_FALSE(is_valid(ack_notify{.from = none, .epoch = life, .state = state}));
    CHECK_FALSE(is_valid(ack_notify{.from = "b", .epoch = no_life, .state = state}));
    CHECK_FALSE(
        is_valid(ack_notify{.from = "b", .epoch = life, .echo = echo{seq_end, 0}, .state = state}));
    CHECK_FALSE(is_valid(sync_answer{.last = mailbox_key{"a", {no_life, 0}}}));
}

#if defined(NDEBUG)
TEST_CASE("codec: what makes no frame is not encoded, where no assertion stops it first") {
    std::array<std::byte, 128> out{};
    CHECK(encode(msg_answer{}, framing("bob"), out) == 0);
    CHECK(encode(ack_request{.to = "b", .epoch = life, .word = ack_word::stored}, framing("bob"),
                 out) == 0);
    CHECK(out == std::array<std::byte, 128>{});
}
#endif

}  // namespace codec_tests
