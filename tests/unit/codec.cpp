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
const blob state = from_hex("AB 02 02 01 02");

struct example {
    const char* name;
    const char* end_of_link;
    frame what;
    std::string hex;
};

/// "hi", a tombstone, "you".
run three() {
    static const run_writer all = [] {
        run_writer out;
        out.add({false, as_bytes("hi")});
        out.add({true, {}});
        out.add({false, as_bytes("you")});
        return out;
    }();
    return all.get();
}

/// One of each kind and form; the specification shows the same.
std::vector<example> examples() {
    const run hi = run::of(as_bytes("hi"));
    const sending_number number = 0x1234;
    const mailbox_key behind{"alice", {life, 301}};
    const mailbox_key end{"alice", {life, seq_end}};
    const msg_request msg{
        .to = "bob", .epoch = life, .number = number, .first = 300, .base = 299, .entries = hi};
    msg_request kept = msg;
    kept.keep = true;
    kept.entries = three();
    msg_request tombstone = msg;
    tombstone.base = 300;
    tombstone.entries = run::tombstone();
    msg_request limited = msg;
    limited.left = 60000;
    const msg_notify direct{
        .from = "alice", .epoch = life, .number = number, .first = 300, .entries = hi};
    msg_notify several = direct;
    several.entries = three();
    const msg_notify probe{.from = "alice", .epoch = life, .number = number, .low = 299};
    msg_notify not_clean = probe;
    not_clean.low = 0;
    not_clean.smaller = {last_life, 5};
    const ack_request ack{
        .to = "alice", .epoch = life, .serial = 7, .echo = echo{number}, .state = state};
    ack_request missing = ack;
    missing.echo->missing = 0b101;
    return {
        {"msg:R", "alice", msg,
         "21 00 17 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AC 02 01 68 69 EE B0 6C 15"},
        {"msg:R, a run: hi, a tombstone, you; to keep", "alice", kept,
         "21 09 1D 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AC 02 01 03 68 69 00 04 79 6F 75 5E "
         "25 0D 6F"},
        {"msg:R, a run of one tombstone", "alice", tombstone,
         "21 01 16 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AC 02 00 00 8F DD 52 00"},
        {"msg:R, a minute left", "alice", limited,
         "21 10 1A 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AC 02 01 E0 D4 03 68 69 F0 AF 2F 48"},
        {"msg:R, probe", "alice",
         msg_request{.to = "bob", .epoch = life, .number = number, .base = 299},
         "21 02 14 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AB 02 01 F6 85 F5"},
        {"msg:A", "alice", msg_answer{.to = "bob", .number = number},
         "22 00 0A 03 62 6F 62 34 12 2D 4E 4E FA"},
        {"msg:A, away", "alice",
         msg_answer{.to = "bob", .epoch = life, .number = number, .word = msg_word::away},
         "22 01 12 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 BE CF 78 F9"},
        {"msg:A, refused: too large, 1024 are taken", "alice",
         msg_answer{.to = "bob",
                    .epoch = life,
                    .number = number,
                    .word = msg_word::refused,
                    .reason = refused_reason::too_large,
                    .payload_max = 1024},
         "22 02 15 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 04 80 08 6B 0B D3 86"},
        {"msg:N, direct", "bob", direct,
         "23 00 18 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 34 12 AC 02 68 69 04 50 CC E9"},
        {"msg:N, direct, the run", "bob", several,
         "23 01 1E 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 34 12 AC 02 03 68 69 00 04 79 6F 75 "
         "28 7D 23 0B"},
        {"msg:N, drained, the first row of a page", "bob",
         msg_notify{.from = "alice",
                    .epoch = life,
                    .drained = true,
                    .serial = 7,
                    .first = 300,
                    .low = 299,
                    .entries = hi},
         "23 0C 1B 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 07 00 00 AC 02 AB 02 68 69 EB 7E 8B "
         "00"},
        {"msg:N, probe", "bob", probe,
         "23 0A 16 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 34 12 AB 02 8D BB 38 8E"},
        {"msg:N, probe, not clean", "bob", not_clean,
         "23 02 1E 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 34 12 00 07 07 06 05 04 03 02 01 05 "
         "26 B5 70 BF"},
        {"ack:R, state, echo", "bob", ack,
         "24 04 1B 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 07 00 34 12 AB 02 02 01 02 97 3C 7A "
         "30"},
        {"ack:R, state, echo, 0x1233 and 0x1231 are missing", "bob", missing,
         "24 0C 1D 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 07 00 34 12 01 05 AB 02 02 01 02 9C "
         "D3 F1 ED"},
        {"ack:R, waiting", "bob",
         ack_request{.to = "alice",
                     .epoch = life,
                     .word = ack_word::waiting,
                     .serial = 7,
                     .number = number},
         "24 01 16 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 07 00 34 12 32 DC B7 1B"},
        {"ack:R, past", "bob",
         ack_request{.to = "alice",
                     .epoch = life,
                     .word = ack_word::past,
                     .serial = 7,
                     .current = next_life},
         "24 02 1C 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 07 00 09 07 06 05 04 03 02 01 70 77 "
         "9A B4"},
        {"ack:A", "bob", ack_answer{7}, "25 00 06 07 00 CE 4F 4A 0B"},
        {"ack:N, state, echo", "alice",
         ack_notify{.from = "bob", .epoch = life, .echo = echo{number}, .state = state},
         "26 08 17 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AB 02 02 01 02 DC 28 87 58"},
        {"ack:N, stored, three of them", "alice",
         ack_notify{.from = "bob",
                    .epoch = life,
                    .word = ack_word::stored,
                    .number = number,
                    .first = 300,
                    .count = 3},
         "26 03 15 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AC 02 02 C5 C9 B1 07"},
        {"ack:N, ended, away, remembered", "alice",
         ack_notify{.from = "bob",
                    .epoch = life,
                    .word = ack_word::ended,
                    .number = number,
                    .low = 299,
                    .away = true,
                    .state = state},
         "26 4C 19 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AB 02 AB 02 02 01 02 64 B7 0C 48"},
        {"ack:N, ended", "alice",
         ack_notify{
             .from = "bob", .epoch = life, .word = ack_word::ended, .number = number, .low = 299},
         "26 04 14 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AB 02 5D 87 67 F7"},
        {"sync:R, from the beginning", "bob", sync_request{.serial = 7, .rows = 16, .room = 16384},
         "27 00 0A 07 00 10 80 80 01 F0 B5 DC B9"},
        {"sync:R, behind seq 300, to the end of the stream", "bob",
         sync_request{.serial = 7, .rows = 16, .room = 16384, .from = behind, .until = end},
         "27 03 31 07 00 10 80 80 01 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 AD 02 05 61 6C 69 "
         "63 65 08 07 06 05 04 03 02 01 80 80 80 80 80 80 80 80 40 9D AB A1 69"},
        {"sync:A", "bob",
         sync_answer{.serial = 7, .rows = 2, .next = mailbox_key{"alice", {life, 302}}},
         "28 01 17 07 00 02 05 61 6C 69 63 65 08 07 06 05 04 03 02 01 AE 02 34 8B 18 09"},
    };
}

/// The place of this example.
const example& of_name(const std::vector<example>& all, const std::string& name) {
    const auto at = std::find_if(all.begin(), all.end(),
                                 [&](const example& each) { return each.name == name; });
    REQUIRE(at != all.end());
    return *at;
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
    const auto first = static_cast<std::uint8_t>(0x20 | kind);
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
const std::string nr = "34 12 ";
const std::string bits_62 = "FF FF FF FF FF FF FF FF 3F ";  // the highest seq
const std::string at_end = "80 80 80 80 80 80 80 80 40 ";   // the highest bound
const std::string above = "81 80 80 80 80 80 80 80 40 ";

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

/// "msg:R, probe   (link of alice): 21 02 ..." of each frame that section 4 shows on a checked link.
std::vector<std::string> shown_examples() {
    const std::string file = __FILE__;
    std::ifstream in(file.substr(0, file.find("tests/unit")) + "include/sixfold/README.md");
    std::vector<std::string> out;
    bool goes_on = false;
    std::string title;
    for (std::string line; std::getline(in, line);) {
        const bool is_title = line.find("   (link of ") != std::string::npos;
        const bool is_hex = line.rfind("        ", 0) == 0 && line.size() > 9;
        if (is_hex && !title.empty()) {
            out.push_back(title + ": " + line.substr(8));
        } else if (is_hex && goes_on) {
            out.back() += ' ' + line.substr(8);
        }
        goes_on = is_hex && (goes_on || !title.empty());
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

TEST_CASE("codec: the first example, on a link that is not checked [spec 4.1]") {
    CHECK(encoded(examples()[0].what, plain) ==
          from_hex("21 00 13 03 62 6F 62 08 07 06 05 04 03 02 01 34 12 AC 02 01 68 69"));
}

TEST_CASE("codec: every field of a frame comes back [spec 4.1 to 4.8]") {
    frame out;
    blob wire;
    const auto all = examples();
    const auto read = [&](const char* name) {
        const example& each = of_name(all, name);
        wire = from_hex(each.hex);
        REQUIRE(decode(wire, framing(each.end_of_link), out) == refusal::none);
        return out;
    };
    const auto message = std::get<msg_request>(read("msg:R"));
    CHECK(message.to == peer("bob"));
    CHECK(message.epoch == life);
    CHECK(message.number == 0x1234);
    CHECK(message.storing == storing::allowed);
    CHECK_FALSE(message.keep);
    CHECK_FALSE(message.left);
    CHECK(message.first == 300);
    CHECK(message.base == 299);
    CHECK(message.entries.is_payload());
    CHECK(as_text(message.entries.encoded()) == "hi");
    CHECK(message.entries.encoded().data() == wire.data() + wire.size() - 6);  // not a copy

    const auto kept = std::get<msg_request>(read("msg:R, a run: hi, a tombstone, you; to keep"));
    CHECK(kept.keep);
    CHECK(kept.entries.count() == 3);
    CHECK(kept.entries.tombstones() == 1);
    CHECK(kept.entries.largest() == 3);
    CHECK(std::get<msg_request>(read("msg:R, a minute left")).left == 60000);
    const auto probe = std::get<msg_request>(read("msg:R, probe"));
    CHECK(probe.probes());
    CHECK(probe.base == 299);
    CHECK(probe.number == 0x1234);

    CHECK(std::get<msg_answer>(read("msg:A")).number == 0x1234);
    CHECK(std::get<msg_answer>(out).word == msg_word::taken);
    CHECK(std::get<msg_answer>(out).epoch == epoch::none);
    CHECK(std::get<msg_answer>(read("msg:A, away")).word == msg_word::away);
    CHECK(std::get<msg_answer>(out).epoch == life);
    const auto refused = std::get<msg_answer>(read("msg:A, refused: too large, 1024 are taken"));
    CHECK(refused.word == msg_word::refused);
    CHECK(refused.reason == refused_reason::too_large);
    CHECK(refused.payload_max == 1024);

    const auto direct = std::get<msg_notify>(read("msg:N, direct"));
    CHECK(direct.number == 0x1234);
    CHECK_FALSE(direct.drained);
    CHECK_FALSE(direct.looked());
    CHECK(std::get<msg_notify>(read("msg:N, direct, the run")).entries.count() == 3);
    const auto drained = std::get<msg_notify>(read("msg:N, drained, the first row of a page"));
    CHECK(drained.drained);
    CHECK(drained.serial == 7);
    CHECK(drained.index == 0);
    CHECK(drained.low == 299);
    CHECK(drained.clean());
    CHECK(std::get<msg_notify>(read("msg:N, probe")).clean());
    CHECK(std::get<msg_notify>(out).probes());
    CHECK(std::get<msg_notify>(read("msg:N, probe, not clean")).smaller == msgid{last_life, 5});
    CHECK_FALSE(std::get<msg_notify>(out).clean());

    const auto ack = std::get<ack_request>(read("ack:R, state, echo"));
    CHECK(ack.serial == 7);
    CHECK(ack.echo == echo{0x1234});
    CHECK(blob(ack.state.begin(), ack.state.end()) == state);
    const auto missing =
        std::get<ack_request>(read("ack:R, state, echo, 0x1233 and 0x1231 are missing"));
    CHECK(missing.echo->missing == 0b101);
    CHECK(missing.echo->saw(0));
    CHECK_FALSE(missing.echo->saw(1));
    CHECK(missing.echo->saw(2));
    CHECK_FALSE(missing.echo->saw(3));
    CHECK(std::get<ack_request>(read("ack:R, waiting")).word == ack_word::waiting);
    CHECK(std::get<ack_request>(out).number == 0x1234);
    CHECK(std::get<ack_request>(read("ack:R, past")).current == next_life);
    CHECK(std::get<ack_answer>(read("ack:A")).serial == 7);
    CHECK(std::get<ack_notify>(read("ack:N, state, echo")).echo == echo{0x1234});
    const auto stored = std::get<ack_notify>(read("ack:N, stored, three of them"));
    CHECK(stored.number == 0x1234);
    CHECK(stored.first == 300);
    CHECK(stored.count == 3);
    const auto ended = std::get<ack_notify>(read("ack:N, ended, away, remembered"));
    CHECK(ended.low == 299);
    CHECK(ended.away);
    CHECK_FALSE(ended.given_up);
    CHECK(ended.state.size() == state.size());
    CHECK_FALSE(std::get<ack_notify>(read("ack:N, ended")).away);
    CHECK(std::get<ack_notify>(out).state.empty());

    const auto sync =
        std::get<sync_request>(read("sync:R, behind seq 300, to the end of the stream"));
    CHECK(sync.serial == 7);
    CHECK(sync.rows == 16);
    CHECK(sync.room == 16384);
    CHECK(sync.from == mailbox_key{"alice", {life, 301}});
    CHECK(sync.until == mailbox_key{"alice", {life, seq_end}});
    CHECK_FALSE(std::get<sync_request>(read("sync:R, from the beginning")).from);
    CHECK_FALSE(std::get<sync_request>(out).until);
    CHECK(std::get<sync_answer>(read("sync:A")).next == mailbox_key{"alice", {life, 302}});
    CHECK(std::get<sync_answer>(out).rows == 2);
}

TEST_CASE("codec: each bit of an echo stands for a sending of its own [spec 2.10]") {
    for (unsigned bit = 0; bit < 64; ++bit) {
        const ack_request ack{.to = "a",
                              .epoch = life,
                              .echo = echo{3, std::uint64_t{1} << bit, bit % 2 == 0},
                              .state = state};
        const blob wire = encoded(ack, plain);
        CHECK(wire.size() == 3 + 2 + 8 + 2 + 2 + 1 + bit / 8 + 1 + state.size());
        frame out;
        REQUIRE(decode(wire, plain, out) == refusal::none);
        CHECK(std::get<ack_request>(out).echo == ack.echo);
        for (unsigned before = 0; before <= echo::reach; ++before) {
            CHECK(ack.echo->saw(before) == (before != bit + 1));
        }
    }
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

TEST_CASE("codec: refuses a body cut at any byte, unless it is cut within its messages "
          "or ack state [spec 2.11]") {
    for (const example& each : examples()) {
        CAPTURE(each.name);
        const framing link(each.end_of_link);
        const blob wire = encoded(each.what, plain);  // a header of three bytes
        const run entries = std::visit(
            [](const auto& kind) {
                if constexpr (requires { kind.entries; }) {
                    return kind.entries;
                } else {
                    return run();
                }
            },
            each.what);
        const bytes told = std::visit(
            [](const auto& kind) {
                if constexpr (requires { kind.state; }) {
                    return kind.state;
                } else {
                    return bytes();
                }
            },
            each.what);
        const std::size_t begin = wire.size() - entries.encoded().size() - told.size();
        for (std::size_t size = 0; size + 3 < wire.size(); ++size) {
            const auto first = std::to_integer<std::uint8_t>(wire[0]);
            const auto flags = std::to_integer<std::uint8_t>(wire[1]);
            const blob cut = sealed(first, flags, bytes(wire).subspan(3, size), link);
            refusal expected = refusal::truncated;
            run left;
            if (size + 3 >= begin) {  // what is left of them may be something, too
                const bytes rest = bytes(wire).subspan(begin, size + 3 - begin);
                expected = !told.empty()          ? ack_state::validate(rest)
                           : entries.is_payload() ? refusal::none
                                                  : run::decode(rest, left);
            }
            frame out;
            REQUIRE(decode(cut, link, out) == expected);
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

TEST_CASE("codec: the header is checked in its order, and before the checksum [spec 2.1, 2.11]") {
    CHECK(refused_bytes("") == refusal::truncated);
    CHECK(refused_bytes("21") == refusal::truncated);
    CHECK(refused_bytes("31 00") == refusal::truncated);
    CHECK(refused_bytes("31 00 05") == refusal::version);
    CHECK(refused_bytes("11 00 05") == refusal::version);
    CHECK(refused_bytes("20 00 05") == refusal::kind);
    CHECK(refused_bytes("29 00 05") == refusal::kind);
    CHECK(refused_bytes("25 00 80") == refusal::truncated);
    CHECK(refused_bytes("25 00 81 00 01") == refusal::not_canonical);
    CHECK(refused_bytes("25 00 80 80 80 80 01") == refusal::not_canonical);
    CHECK(refused_bytes("25 00 02 01") == refusal::truncated);
    CHECK(refused_bytes("25 00 02 01 01 01") == refusal::trailing);
    CHECK(refused_bytes("25 00 02 01 01") == refusal::none);
    CHECK(refused_bytes("25 00 02 01 01", checked) == refusal::truncated);
    CHECK(refused_bytes("25 FF 06 01 00 00 00 00 00", checked) == refusal::checksum);
    CHECK(refused_bytes("35 FF 06 01 00 00 00 00 00", checked) == refusal::version);
}

TEST_CASE("codec: takes exactly the flags of the specification [spec 2.2, 4.1 to 4.8]") {
    const std::vector<std::vector<unsigned>> allowed{
        {0x00, 0x01, 0x02, 0x04, 0x05, 0x08, 0x09, 0x10, 0x11, 0x18, 0x19},  // msg:R
        {0x00, 0x01, 0x02},                                                  // msg:A
        {0x00, 0x01, 0x04, 0x05, 0x0C, 0x0D, 0x02, 0x0A},                    // msg:N
        {0x00, 0x04, 0x0C, 0x14, 0x1C, 0x01, 0x02},                          // ack:R
        {0x00},                                                              // ack:A
        {0x00, 0x08, 0x18, 0x28, 0x38, 0x01, 0x02, 0x03, 0x04, 0x0C, 0x14, 0x1C, 0x44, 0x4C, 0x54,
         0x5C},                    // ack:N
        {0x00, 0x01, 0x02, 0x03},  // sync:R
        {0x00, 0x01}};             // sync:A
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

TEST_CASE("codec: each way for a msg frame to be wrong has its refusal [spec 2.11, 4.1 to 4.3]") {
    const std::string to = bob + age + nr;
    CHECK(refused(1, 0, to + "AC 02 01") == refusal::none);  // an empty payload
    CHECK(refused(1, 0, "00 " + age + nr + "05 00") == refusal::peer_name);
    CHECK(refused(1, 0, "30 " + age + nr + "05 00") == refusal::peer_name);
    CHECK(refused(1, 0, bob + "00 00 00 00 00 00 00 00 " + nr + "05 00") == refusal::epoch);
    CHECK(refused(1, 0, to + at_end + "00") == refusal::seq_range);
    CHECK(refused(1, 0, to + bits_62 + "00") == refusal::none);
    CHECK(refused(1, 0, to + "05 06") == refusal::seq_range);  // a base below zero
    CHECK(refused(1, 0, to + "05 05") == refusal::none);
    CHECK(refused(1, 0, to + "85 00 00") == refusal::not_canonical);
    CHECK(refused(1, 0, to + "05 80 00") == refusal::not_canonical);
    CHECK(refused(1, 0x10, to + "05 00") == refusal::truncated);  // no time left
    CHECK(refused(1, 0x10, to + "05 00 80 00") == refusal::not_canonical);
    CHECK(refused(1, 0x10, to + "05 00 FF FF FF FF FF FF FF FF FF 01 68") == refusal::none);
    CHECK(refused(1, 0x10, to + "05 00 FF FF FF FF FF FF FF FF FF 02 68") ==
          refusal::not_canonical);
    CHECK(refused(1, 1, to + "05 00") == refusal::run);     // no entry
    CHECK(refused(1, 1, to + "05 00 01") == refusal::run);  // one payload alone
    CHECK(refused(1, 1, to + "05 00 01 01") == refusal::none);
    CHECK(refused(1, 1, to + "05 00 01 02") == refusal::truncated);
    CHECK(refused(1, 1, to + "05 00 01 81 00") == refusal::not_canonical);
    CHECK(refused(1, 1, to + "05 00 00") == refusal::none);
    CHECK(refused(1, 5, to + "05 00 01 01") == refusal::none);
    CHECK(refused(1, 5, to + "05 00 01 00") == refusal::run);  // not to be stored
    CHECK(refused(1, 1, to + bits_62 + "00 00") == refusal::none);
    CHECK(refused(1, 1, to + bits_62 + "00 00 00") == refusal::seq_range);
    CHECK(refused(1, 5, to + bits_62 + "00 00 01") == refusal::seq_range);
    CHECK(refused(1, 2, to + "05 00") == refusal::trailing);
    CHECK(refused(1, 2, to + at_end) == refusal::none);
    CHECK(refused(1, 2, to + above) == refusal::seq_range);

    CHECK(refused(2, 0, bob + "34") == refusal::truncated);
    CHECK(refused(2, 0, bob + nr + "00") == refusal::trailing);
    CHECK(refused(2, 1, bob + "00 00 00 00 00 00 00 00 " + nr) == refusal::epoch);
    for (const char* const reason : {"01", "02", "03"}) {
        CHECK(refused(2, 2, to + reason) == refusal::none);
        CHECK(refused(2, 2, to + reason + " 01") == refusal::trailing);
    }
    CHECK(refused(2, 2, to + "00") == refusal::flags);
    CHECK(refused(2, 2, to + "05") == refusal::flags);
    CHECK(refused(2, 2, to + "04") == refusal::truncated);
    CHECK(refused(2, 2, to + "04 FF FF FF 7F") == refusal::none);
    CHECK(refused(2, 2, to + "04 80 80 80 80 01") == refusal::not_canonical);

    CHECK(refused(3, 12, to + "00 05 " + at_end) == refusal::seq_range);  // above the row
    CHECK(refused(3, 12, to + "00 05 06") == refusal::seq_range);
    CHECK(refused(3, 12, to + "00 05 05") == refusal::none);
    CHECK(refused(3, 12, to + "FF FF FF FF 0F 05 05") == refusal::none);  // the index
    CHECK(refused(3, 12, to + "FF FF FF FF 1F 05 05") == refusal::not_canonical);
    CHECK(refused(3, 13, to + "00 05 05 68") == refusal::truncated);
    CHECK(refused(3, 13, to + "00 " + bits_62 + "05 01 01") == refusal::seq_range);
    CHECK(refused(3, 10, to + at_end) == refusal::none);
    CHECK(refused(3, 10, to + above) == refusal::seq_range);
    CHECK(refused(3, 10, to + "05 00") == refusal::trailing);
    CHECK(refused(3, 2, to + "05 " + age + "00") == refusal::epoch);  // not a smaller one
    CHECK(refused(3, 2, to + "05 00 00 00 00 00 00 00 00 00") == refusal::epoch);
    CHECK(refused(3, 2, to + "05 07" + age.substr(2) + at_end) == refusal::seq_range);
    CHECK(refused(3, 4, to + "00 05 05 07" + age.substr(2)) == refusal::truncated);
    CHECK(refused(3, 1, to + "05 00 00") == refusal::none);
}

TEST_CASE("codec: each way for an ack or sync frame to be wrong has its refusal [spec 2.11, 4.4 to "
          "4.8]") {
    const std::string to = bob + age;
    const std::string of = bob + age + "07 00 ";     // with its serial
    CHECK(refused(4, 0, of) == refusal::truncated);  // no ack state
    CHECK(refused(4, 0, of + "00") == refusal::none);
    CHECK(refused(4, 0, of + "00 02 01 01") == refusal::ack_state);
    CHECK(refused(4, 0, of + "00 00") == refusal::not_canonical);
    CHECK(refused(4, 0, of + "00 20") == refusal::flags);
    CHECK(refused(4, 0, of + "00 02 01 02 00") == refusal::trailing);
    CHECK(refused(4, 4, of + "34") == refusal::truncated);
    CHECK(refused(4, 4, of + nr + "00") == refusal::none);
    CHECK(refused(4, 0x14, of + nr + "00") == refusal::none);
    CHECK(refused(4, 12, of + nr + "00 00") == refusal::ack_state);
    CHECK(refused(4, 12, of + nr + "09 01 01 01 01 01 01 01 01 01 00") == refusal::ack_state);
    CHECK(refused(4, 12, of + nr + "08 01 01 01 01 01 01 01 01 00") == refusal::none);
    CHECK(refused(4, 12, of + nr + "02 01") == refusal::truncated);
    CHECK(refused(4, 12, of + nr + "02 01 00 00") == refusal::not_canonical);
    CHECK(refused(4, 1, of + nr) == refusal::none);
    CHECK(refused(4, 1, of + nr + "00") == refusal::trailing);
    CHECK(refused(4, 2, of + age) == refusal::epoch);
    CHECK(refused(4, 2, of + "09 07 06 05 04 03 02 01") == refusal::none);

    CHECK(refused(5, 0, "07") == refusal::truncated);
    CHECK(refused(5, 0, "07 00 00") == refusal::trailing);

    CHECK(refused(6, 2, to + "07 07 06 05 04 03 02 01") == refusal::epoch);
    CHECK(refused(6, 2, to + age) == refusal::epoch);
    CHECK(refused(6, 1, to + nr + "00") == refusal::trailing);
    CHECK(refused(6, 3, to + nr + "05 3F") == refusal::none);
    CHECK(refused(6, 3, to + nr + "05 40") == refusal::run);
    CHECK(refused(6, 3, to + nr + "05 00 00") == refusal::trailing);
    CHECK(refused(6, 3, to + nr + bits_62 + "00") == refusal::none);
    CHECK(refused(6, 3, to + nr + bits_62 + "01") == refusal::seq_range);
    CHECK(refused(6, 3, to + nr + at_end + "00") == refusal::seq_range);
    CHECK(refused(6, 4, to + nr + "05 00") == refusal::trailing);
    CHECK(refused(6, 4, to + nr + above) == refusal::seq_range);
    CHECK(refused(6, 0x44, to + nr + "05 00") == refusal::none);
    CHECK(refused(6, 0x44, to + nr + "05") == refusal::truncated);

    CHECK(refused(7, 0, "07 00 01 01") == refusal::none);
    CHECK(refused(7, 0, "07 00 01 01 00") == refusal::trailing);
    CHECK(refused(7, 0, "07 00 00 01") == refusal::seq_range);
    CHECK(refused(7, 0, "07 00 01 00") == refusal::seq_range);
    CHECK(refused(7, 1, "07 00 01 01 " + to + at_end) == refusal::none);
    CHECK(refused(7, 1, "07 00 01 01 " + to + above) == refusal::seq_range);
    CHECK(refused(7, 3, "07 00 01 01 " + to + "05 " + to + "05") == refusal::seq_range);
    CHECK(refused(7, 3, "07 00 01 01 " + to + "05 " + to + "04") == refusal::seq_range);
    CHECK(refused(7, 3, "07 00 01 01 " + to + "05 " + to + "06") == refusal::none);
    CHECK(refused(7, 2, "07 00 01 01 " + to + "00") == refusal::none);
    CHECK(refused(8, 1, "01 00 00 " + to) == refusal::truncated);
    CHECK(refused(8, 0, "01 00 00 00") == refusal::trailing);
}

TEST_CASE("codec: a number with more bits than its field is refused [spec 2.3, 2.7]") {
    const std::string bits_32 = "FF FF FF FF 0F ";
    const std::string bits_33 = "FF FF FF FF 1F ";
    const std::string of = bob + age + "07 00 ";
    CHECK(refused(7, 0, "07 00 " + bits_32 + bits_32) == refusal::none);
    CHECK(refused(7, 0, "07 00 " + bits_33 + "01") == refusal::not_canonical);
    CHECK(refused(7, 0, "07 00 01 " + bits_33) == refusal::not_canonical);
    CHECK(refused(8, 0, "07 00 " + bits_32) == refusal::none);
    CHECK(refused(8, 0, "07 00 " + bits_33) == refusal::not_canonical);
    // Limits: 32 bits are read, and then it is said what is too much.
    CHECK(refused(4, 0, of + "00 01 " + bits_32 + "01 00") == refusal::ack_state);
    CHECK(refused(4, 0, of + "00 01 " + bits_33 + "01 00") == refusal::not_canonical);
    CHECK(refused(4, 0, of + "00 01 01 " + bits_32 + "00") == refusal::ack_state);
    CHECK(refused(4, 0, of + "00 01 01 " + bits_33 + "00") == refusal::not_canonical);
    // Seqs: 64.
    const std::string ones = "FF FF FF FF FF FF FF FF FF ";
    CHECK(refused(1, 2, bob + age + nr + ones + "01") == refusal::seq_range);
    CHECK(refused(1, 2, bob + age + nr + ones + "02") == refusal::not_canonical);
}

TEST_CASE("codec: what is refused leaves the frame as it was") {
    frame out = sync_request{.serial = 77, .rows = 1, .room = 1};
    CHECK(decode(from_hex("28 00 04 01 00 00 01"), plain, out) == refusal::trailing);
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
                                     .number = 65535,
                                     .first = value,
                                     .base = base,
                                     .entries = run::of(as_bytes(payload))};
                const blob wire = encoded(in, checked);
                REQUIRE(wire.size() <= frame_size_max(size));
                frame out;
                REQUIRE(decode(wire, checked, out) == refusal::none);
                const auto& back = std::get<msg_request>(out);
                CHECK(back.to == in.to);
                CHECK(back.epoch == in.epoch);
                CHECK(back.number == 65535);
                CHECK(back.first == value);
                CHECK(back.base == base);
                CHECK(back.entries.count() == 1);
                CHECK(as_text(back.entries.encoded()) == payload);
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

TEST_CASE("codec: the bounds on the size of a frame hold, and nothing of a small link is larger "
          "[spec 2.13, 2.14]") {
    const peer name(std::string(47, 'n'));
    blob payload(1U << 21);
    const msg_notify largest{.from = name,
                             .epoch = life,
                             .drained = true,
                             .serial = 65535,
                             .index = ~std::uint32_t{0},
                             .first = seq_end - 1,
                             .low = seq_end - 1,
                             .smaller = {last_life, seq_end - 1},
                             .entries = run::of(payload)};
    blob out(frame_size_max(payload.size()));
    CHECK(encode(largest, checked, out) > payload.size() + 90);

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
                                           .limits = receiver_limits{.room = 1U << 20}},
                                          encoded_state));
    const ack_request ack{.to = name,
                          .epoch = life,
                          .serial = 65535,
                          .echo = echo{65535, ~std::uint64_t{0}, true},
                          .state = encoded_state};
    CHECK(encode(ack, checked, out) > 0);
    CHECK(encode(ack, checked, out) <= frame_size_max(0));
    CHECK(ack_state_size_max() == 161 + 9 * 64);
    CHECK(frame_size_max(0) == 150 + 1024);
    CHECK(frame_size_max(2000) == 150 + 2000);
}

TEST_CASE("codec: besides its messages or ack state no kind of frame has more than 150 bytes "
          "[spec 2.14]") {
    const peer name(std::string(47, 'n'));
    const seq high = seq_end - 1;
    const epoch highest{~std::uint64_t{0}};
    const epoch high_epoch{~std::uint64_t{0} - 1};
    const ack_serial serial = 65535;
    const std::uint32_t rows = ~std::uint32_t{0};
    const run none = run::of({});
    const mailbox_key key{name, {highest, high}};
    const mailbox_key end{name, {highest, seq_end}};
    const std::vector<frame> largest{
        msg_request{.to = name,
                    .epoch = highest,
                    .left = ~std::uint64_t{0},
                    .first = high,
                    .base = 0,
                    .entries = none},
        msg_request{.to = name, .epoch = highest, .base = seq_end},
        msg_answer{.to = name,
                   .epoch = highest,
                   .word = msg_word::refused,
                   .reason = refused_reason::too_large,
                   .payload_max = (1U << 28) - 1},
        msg_notify{.from = name, .epoch = highest, .first = high, .entries = none},
        msg_notify{.from = name,
                   .epoch = highest,
                   .drained = true,
                   .index = rows,
                   .first = high,
                   .low = high,
                   .smaller = {high_epoch, high},
                   .entries = none},
        msg_notify{.from = name, .epoch = highest, .low = seq_end, .smaller = {high_epoch, high}},
        ack_request{.to = name,
                    .epoch = highest,
                    .serial = serial,
                    .echo = echo{1, ~std::uint64_t{0}},
                    .state = state},
        ack_request{.to = name,
                    .epoch = high_epoch,
                    .word = ack_word::past,
                    .serial = serial,
                    .current = highest},
        ack_answer{serial},
        ack_notify{
            .from = name, .epoch = highest, .echo = echo{1, ~std::uint64_t{0}}, .state = state},
        ack_notify{
            .from = name, .epoch = highest, .word = ack_word::stored, .first = high, .count = 1},
        ack_notify{.from = name,
                   .epoch = highest,
                   .word = ack_word::ended,
                   .low = seq_end,
                   .state = state},
        sync_request{.serial = serial, .rows = rows, .room = rows, .from = key, .until = end},
        sync_answer{.serial = serial, .rows = rows, .next = end},
    };
    std::size_t most = 0;
    for (const frame& each : largest) {
        CAPTURE(each.index());
        blob out(400);
        const std::size_t size = encode(each, checked, out);
        const bool grows = each.index() == 0 || each.index() == 2;  // by what they carry
        const std::size_t length = grows ? 3 : 0;  // a payload can need three bytes more for it
        CHECK(size > 0);
        CHECK(size + length <= 150 + (each.index() == 3 || each.index() == 5 ? state.size() : 0));
        most = (std::max)(most, size + length);
    }
    CHECK(most == frame_overhead_max);
    CHECK(frame_overhead_max <= 150);
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
    const msg_request msg{.to = "b", .epoch = life, .entries = run::of(payload)};
    CHECK(encode(msg, plain, out) == 0);
    const std::size_t around = 2 + 8 + 2 + 1 + 1;
    const msg_request fits{.to = "b",
                           .epoch = life,
                           .entries = run::of(bytes(payload).first(frame_length_max - around))};
    CHECK(encode(fits, plain, out) == frame_length_max + frame_header_size_max);
}

namespace {

/// Whether a frame with one field changed is still one.
template <class Frame, class Change>
bool still_valid(Frame what, Change change) {
    REQUIRE(is_valid(what));
    change(what);
    return is_valid(what);
}

}  // namespace

TEST_CASE("codec: fields that exclude each other make no msg frame") {
    const msg_request msg{
        .to = "b", .epoch = life, .first = 5, .base = 3, .entries = run::of(as_bytes("hi"))};
    const auto request = [&](auto change) {
        return still_valid(msg, change);
    };
    CHECK_FALSE(request([](auto& m) { m.to = peer(); }));
    CHECK_FALSE(request([](auto& m) { m.epoch = epoch::none; }));
    CHECK_FALSE(request([](auto& m) { m.base = 6; }));
    CHECK(request([](auto& m) { m.first = seq_end - 1; }));
    CHECK_FALSE(request([](auto& m) { m.first = seq_end; }));
    CHECK_FALSE(request([](auto& m) { m.first = ~seq{0}; }));  // the sum would be 0
    CHECK_FALSE(request([](auto& m) {
        m.first = seq_end - 2;
        m.entries = three();
    }));
    CHECK_FALSE(request([](auto& m) { m.entries = run(); }));  // a probe has no first
    CHECK(request([](auto& m) { m.storing = storing::forbidden; }));
    CHECK_FALSE(request([](auto& m) {
        m.storing = storing::forbidden;
        m.entries = three();  // with a tombstone
    }));
    CHECK_FALSE(request([](auto& m) {
        m.storing = storing::forbidden;
        m.keep = true;
    }));
    CHECK_FALSE(request([](auto& m) {
        m.storing = storing::forbidden;
        m.left = 1;
    }));
    const msg_request probe{.to = "b", .epoch = life, .base = 3};
    CHECK(still_valid(probe, [](auto& m) { m.base = seq_end; }));
    CHECK_FALSE(still_valid(probe, [](auto& m) { m.base = seq_end + 1; }));
    CHECK_FALSE(still_valid(probe, [](auto& m) { m.first = 4; }));
    CHECK_FALSE(still_valid(probe, [](auto& m) { m.keep = true; }));
    CHECK_FALSE(still_valid(probe, [](auto& m) { m.left = 1; }));
    CHECK_FALSE(still_valid(probe, [](auto& m) { m.storing = storing::forbidden; }));

    const msg_answer taken{.to = "b"};
    CHECK_FALSE(still_valid(taken, [](auto& m) { m.to = peer(); }));
    CHECK_FALSE(still_valid(taken, [](auto& m) { m.epoch = life; }));
    CHECK_FALSE(still_valid(taken, [](auto& m) { m.word = msg_word::away; }));
    CHECK_FALSE(still_valid(taken, [](auto& m) { m.reason = refused_reason::over_quota; }));
    CHECK_FALSE(still_valid(taken, [](auto& m) { m.payload_max = 1; }));
    CHECK(is_valid(msg_answer{.to = "b", .epoch = life, .word = msg_word::away}));
    const msg_answer refused{.to = "b",
                             .epoch = life,
                             .word = msg_word::refused,
                             .reason = refused_reason::too_large,
                             .payload_max = 9};
    CHECK_FALSE(still_valid(refused, [](auto& m) { m.epoch = epoch::none; }));
    CHECK_FALSE(still_valid(refused, [](auto& m) { m.reason = refused_reason::none; }));
    CHECK_FALSE(still_valid(refused, [](auto& m) { m.reason = refused_reason{5}; }));
    CHECK_FALSE(still_valid(refused, [](auto& m) { m.reason = refused_reason::over_quota; }));
    CHECK_FALSE(still_valid(refused, [](auto& m) { m.payload_max = 1U << 28; }));
    CHECK_FALSE(still_valid(refused, [](auto& m) { m.word = msg_word{3}; }));

    const msg_notify direct{.from = "a", .epoch = life, .first = 5, .entries = three()};
    CHECK_FALSE(still_valid(direct, [](auto& m) { m.from = peer(); }));
    CHECK_FALSE(still_valid(direct, [](auto& m) { m.epoch = epoch::none; }));
    CHECK_FALSE(still_valid(direct, [](auto& m) { m.first = seq_end - 2; }));
    CHECK_FALSE(still_valid(direct, [](auto& m) { m.first = ~seq{0}; }));
    CHECK_FALSE(still_valid(direct, [](auto& m) { m.serial = 1; }));
    CHECK_FALSE(still_valid(direct, [](auto& m) { m.index = 1; }));
    CHECK_FALSE(still_valid(direct, [](auto& m) { m.low = 1; }));
    CHECK_FALSE(still_valid(direct, [](auto& m) { m.smaller = {epoch{1}, 2}; }));
    CHECK_FALSE(still_valid(direct, [](auto& m) { m.entries = run(); }));
    msg_notify drained = direct;
    drained.drained = true;
    CHECK(still_valid(drained, [](auto& m) { m.low = 5; }));
    CHECK_FALSE(still_valid(drained, [](auto& m) { m.low = 6; }));
    CHECK_FALSE(still_valid(drained, [](auto& m) { m.number = 1; }));
    CHECK(still_valid(drained, [](auto& m) { m.smaller = {epoch{1}, 2}; }));
    CHECK_FALSE(still_valid(drained, [](auto& m) { m.smaller = {life, 2}; }));
    CHECK_FALSE(still_valid(drained, [](auto& m) { m.smaller = {epoch::none, 2}; }));
    CHECK_FALSE(still_valid(drained, [](auto& m) { m.smaller = {epoch{1}, seq_end}; }));
    CHECK_FALSE(still_valid(drained, [](auto& m) { m.entries = run(); }));
    const msg_notify asked{.from = "a", .epoch = life, .number = 1};
    CHECK(still_valid(asked, [](auto& m) { m.low = seq_end; }));
    CHECK_FALSE(still_valid(asked, [](auto& m) { m.low = seq_end + 1; }));
    CHECK_FALSE(still_valid(asked, [](auto& m) { m.first = 1; }));
    CHECK_FALSE(still_valid(asked, [](auto& m) { m.index = 1; }));
    CHECK_FALSE(is_valid(msg_notify{.from = "a", .epoch = life, .drained = true}));
}

TEST_CASE("codec: fields that exclude each other make no ack or sync frame") {
    const ack_request says{.to = "a", .epoch = life, .state = state};
    CHECK_FALSE(still_valid(says, [](auto& m) { m.to = peer(); }));
    CHECK_FALSE(still_valid(says, [](auto& m) { m.epoch = epoch::none; }));
    CHECK_FALSE(still_valid(says, [](auto& m) { m.state = {}; }));
    CHECK_FALSE(still_valid(says, [](auto& m) { m.state = as_bytes("no state"); }));
    CHECK_FALSE(still_valid(says, [](auto& m) { m.current = next_life; }));
    CHECK_FALSE(still_valid(says, [](auto& m) { m.number = 1; }));
    CHECK(still_valid(says, [](auto& m) { m.echo = echo{1, 2, true}; }));
    for (const auto word :
         {ack_word::waiting, ack_word::past, ack_word::stored, ack_word::ended, ack_word{8}}) {
        CHECK_FALSE(is_valid(ack_request{.to = "a", .epoch = life, .word = word, .state = state}));
        CHECK_FALSE(is_valid(ack_request{.to = "a", .epoch = life, .word = word, .echo = echo{}}));
        CHECK(is_valid(ack_request{.to = "a", .epoch = life, .word = word, .number = 1}) ==
              (word == ack_word::waiting));
    }
    CHECK_FALSE(is_valid(
        ack_request{.to = "a", .epoch = next_life, .word = ack_word::past, .current = next_life}));

    CHECK_FALSE(is_valid(ack_notify{.from = "b", .epoch = life}));
    CHECK_FALSE(is_valid(ack_notify{.from = "b", .epoch = life, .state = as_bytes("no state")}));
    CHECK_FALSE(is_valid(ack_notify{.epoch = life, .state = state}));
    CHECK_FALSE(is_valid(ack_notify{.from = "b", .state = state}));
    for (const auto word : {ack_word::state, ack_word::waiting, ack_word::past, ack_word::stored,
                            ack_word::ended, ack_word{5}, ack_word{8}}) {
        CAPTURE(static_cast<int>(word));
        const ack_notify good{.from = "b",
                              .epoch = life,
                              .word = word,
                              .current = word == ack_word::past ? next_life : epoch::none,
                              .count = std::uint8_t{word == ack_word::stored},
                              .state = word == ack_word::state ? bytes(state) : bytes{}};
        CHECK(is_valid(good) == (word <= ack_word::ended));
        const auto with = [&](auto change) {
            ack_notify bad = good;
            change(bad);
            return is_valid(bad);
        };
        const bool stored = word == ack_word::stored;
        const bool ended = word == ack_word::ended;
        CHECK(with([](auto& m) { m.echo = echo{}; }) == (word == ack_word::state));
        CHECK(with([](auto& m) { m.number = 1; }) ==
              (stored || ended || word == ack_word::waiting));
        CHECK(with([](auto& m) { m.first = 1; }) == stored);
        CHECK(with([](auto& m) { m.count = 64; }) == stored);
        CHECK_FALSE(with([](auto& m) { m.count = 65; }));
        CHECK(with([](auto& m) { m.count = 0; }) == (!stored && word <= ack_word::ended));
        CHECK(with([](auto& m) { m.low = seq_end; }) == ended);
        CHECK_FALSE(with([](auto& m) { m.low = seq_end + 1; }));
        CHECK(with([](auto& m) { m.away = true; }) == ended);
        CHECK(with([](auto& m) { m.given_up = true; }) == ended);
        CHECK(with([](auto& m) { m.current = next_life; }) == (word == ack_word::past));
        CHECK(with([](auto& m) { m.state = state; }) == (ended || word == ack_word::state));
    }
    const ack_notify stored{
        .from = "b", .epoch = life, .word = ack_word::stored, .first = seq_end - 2, .count = 2};
    CHECK_FALSE(still_valid(stored, [](auto& m) { m.count = 3; }));
    CHECK_FALSE(still_valid(stored, [](auto& m) { m.first = ~seq{0}; }));

    const sync_request sync{.serial = 1, .rows = 1, .room = 1};
    CHECK_FALSE(still_valid(sync, [](auto& m) { m.rows = 0; }));
    CHECK_FALSE(still_valid(sync, [](auto& m) { m.room = 0; }));
    CHECK_FALSE(still_valid(sync, [](auto& m) { m.from = mailbox_key{}; }));
    CHECK_FALSE(still_valid(sync, [](auto& m) { m.until = mailbox_key{}; }));
    const auto between = [&](const mailbox_key& from, const mailbox_key& until) {
        return still_valid(sync, [&](auto& m) {
            m.from = from;
            m.until = until;
        });
    };
    const mailbox_key key{"b", {life, 5}};
    CHECK_FALSE(between(key, key));
    CHECK(between(key, {"b", {life, 6}}));
    CHECK(between({"b", {life, 4}}, key));
    CHECK_FALSE(between(key, {"b", {last_life, 9}}));
    CHECK(between(key, {"b", {next_life, 0}}));
    CHECK_FALSE(between(key, {"a", {next_life, 9}}));
    CHECK(between(key, {"ba", {last_life, 0}}));
    CHECK(is_valid(sync_answer{.next = mailbox_key{"a", {life, seq_end}}}));
    CHECK_FALSE(is_valid(sync_answer{.next = mailbox_key{"a", {life, seq_end + 1}}}));
    CHECK_FALSE(is_valid(sync_answer{.next = mailbox_key{"a", {epoch::none, 0}}}));
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
            random() % 4 == 0 ? random() % 128 : std::to_integer<std::uint64_t>(wire[1]);
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
            input[0] = static_cast<std::byte>(0x21 + random() % 8);
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
