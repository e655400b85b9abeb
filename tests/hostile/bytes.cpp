// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <sixfold/stream_reader.hpp>
#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/catch.hpp"

// Bytes that are no frame, or not quite. The unit tests of the codec go through each field; here is what the machines make
// of it: nothing.

namespace bytes_tests {
namespace {

using namespace hostile;

/// Everything that comes is given to bob and to the relay, and refused by both; by its header, in the same way.
struct target {
    scene s;
    watch seen{s};
    std::uint64_t given = 0;

    refusal operator()(bytes to_bob, bytes to_relay) {
        ++given;
        const refusal why = seen.bob.handle(to_bob);
        CHECK(seen.at_relay(to_relay) == why);
        return why;
    }
    refusal operator()(bytes both) { return (*this)(both, both); }
    /// A body behind a right checksum: to the one who does not take its kind, the kind is enough.
    refusal operator()(unsigned kind, unsigned flags, bytes body) {
        ++given;
        const bool is_for_relay = kind == 1 || kind == 4 || kind == 7;
        const refusal by_bob = seen.bob.handle(sealed(0x20 | kind, flags, body, "bob"));
        const refusal by_relay = seen.at_relay(sealed(0x20 | kind, flags, body, "alice"));
        CHECK((is_for_relay ? by_bob : by_relay) == refusal::direction);
        return is_for_relay ? by_relay : by_bob;
    }

    /// All that was given was refused, counted once by each, and did nothing.
    void check_dropped() {
        CHECK(seen.bob.counted() == given);
        CHECK(seen.relay.counted() == given);
        CHECK(seen.unmoved());
    }
};

/// Calls `spoil(wire)` with a copy of each frame for bob and gives him what comes of it, and likewise the relay.
template <class Spoil>
void for_each_frame(target& t, Spoil spoil) {
    for (const blob& wire : t.s.for_bob()) {
        spoil(wire, [&](const blob& spoilt) {
            ++t.given;
            return t.seen.bob.handle(spoilt);
        });
    }
    CHECK(t.seen.bob.counted() == t.given);
    t.given = 0;
    for (const blob& wire : t.s.for_relay()) {
        spoil(wire, [&](const blob& spoilt) {
            ++t.given;
            return t.seen.at_relay(spoilt);
        });
    }
    CHECK(t.seen.relay.counted() == t.given);
    CHECK(t.seen.unmoved());
}

blob joined(const blob& a, bytes b) {
    blob out = a;
    out.insert(out.end(), b.begin(), b.end());
    return out;
}

blob from(std::initializer_list<unsigned> values) {
    blob out;
    for (const unsigned each : values) {
        out.push_back(static_cast<std::byte>(each));
    }
    return out;
}

}  // namespace

TEST_CASE("hostile 1: an empty packet has no frame in it, and nothing wrong") {
    // Not counted: spec 2.12.
    scene s;
    watch seen(s);
    for (int i = 0; i < 1000; ++i) {
        CHECK(seen.bob.handle(bytes()) == refusal::none);
        CHECK(seen.at_relay({}) == refusal::none);
    }
    CHECK(seen.bob.counted() + seen.relay.counted() == 0);
    CHECK(seen.at_relay({}, of_nobody) == refusal::unknown_link);
    CHECK(seen.unmoved());
}

TEST_CASE("hostile 2: a packet that is shorter than a header is refused, whatever is in it") {
    target t;
    for (unsigned first = 0; first < 256; ++first) {
        CHECK(t(from({first})) == refusal::truncated);
        for (unsigned second = 0; second < 256; second += 5) {
            CHECK(t(from({first, second})) == refusal::truncated);
        }
        const refusal begins = check_first_byte(static_cast<std::byte>(first));
        const refusal why = begins == refusal::none ? refusal::truncated : begins;
        CHECK(t(from({first, 0, 0x80})) == why);  // three bytes, and no whole header (spec 2.11)
        CHECK(t(from({first, 0, 0xFF, 0xFF})) == why);
    }
    t.check_dropped();
}

TEST_CASE(
    "hostile 3: an empty payload is a message, delivered once, and an empty body is no frame") {
    target t;
    for (unsigned kind = 1; kind <= 8; ++kind) {
        CHECK(t(kind, 0, {}) == refusal::truncated);
    }
    t.check_dropped();

    scene& s = t.s;
    const blob wire = encoded(
        msg_notify{.from = "alice", .epoch = s.of_alice(), .first = 3, .entries = run::of({})},
        "bob");
    for (int i = 0; i < 3; ++i) {
        CHECK(s.bob.handle(wire) == refusal::none);
    }
    const message empty = s.bob.poll_message().value();
    CHECK(empty.id.seq == 3);
    CHECK(empty.payload.empty());
    CHECK(s.bob.accept(empty));
    CHECK(s.bob.handle(wire) == refusal::none);
    CHECK(s.bob.poll_message().value().id.seq == 4);
    CHECK_FALSE(s.bob.poll_message());
    // And the smallest ack state is one: of a stream that bob does not know.
    CHECK(s.alice.handle(encoded(
              ack_notify{.from = "bob", .epoch = s.of_alice(), .state = state_of(0)}, "alice")) ==
          refusal::none);
}

TEST_CASE("hostile 4: a length that is not that of the packet is refused, too long or too short") {
    target t;
    for_each_frame(t, [](const blob& wire, auto give) {
        const auto length = std::to_integer<unsigned>(wire[2]);
        REQUIRE(length < 0x80);
        for (unsigned wrong = 0; wrong < 0x80; ++wrong) {
            blob spoilt = wire;
            spoilt[2] = static_cast<std::byte>(wrong);
            if (wrong != length) {
                const refusal why = give(spoilt);
                CHECK((why == refusal::truncated || why == refusal::checksum));
            }
        }
        frame out;
        CHECK(decode(joined(wire, from({0})), framing("bob"), out) == refusal::trailing);
    });
}

TEST_CASE("hostile 5: an enormous length is refused before anything is allocated for it") {
    target t;
    for (const unsigned kind : {0x21U, 0x23U, 0x24U, 0x26U}) {
        CHECK(t(from({kind, 0, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3})) == refusal::truncated);  // 2^28-1
        CHECK(t(from({kind, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1})) == refusal::not_canonical);
        CHECK(t(from({kind, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1})) ==
              refusal::not_canonical);
    }
    t.check_dropped();
    stream_reader reader(frame_size_max(1024));
    const blob wire = from({0x21, 0, 0xFF, 0xFF, 0xFF, 0x7F});
    const std::size_t allocated = support::allocations_in([&] {
        bytes input = wire;
        CHECK_FALSE(reader.next(input));
    });
    CHECK(allocated == 0);
    CHECK(reader.refused() == refusal::frame_too_large);
}

TEST_CASE("hostile 6: the largest payload is taken, and one more byte is refused where it is met") {
    scene s;
    const blob largest(1024);
    const blob larger(1025);
    CHECK(s.alice.send("bob", largest));
    s.settle();
    watch seen(s);
    const auto sent = s.alice.send("bob", larger);
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().code == errc::payload_too_large);
    const auto to_relay = [&](const blob& payload) {
        return encoded(
            msg_request{
                .to = "bob", .epoch = s.of_alice(), .first = 9, .entries = run::of(payload)},
            "alice");
    };
    CHECK(seen.at_relay(to_relay(larger)) == refusal::payload_too_large);
    CHECK(seen.relay.counted(refusal::payload_too_large) == 1);
    REQUIRE(s.out.frames().size() == 1);  // alice is told so, and what is taken (spec 5.1)
    s.out.clear();
    CHECK(seen.unmoved());
    CHECK(s.at_relay(at_alice, to_relay(largest)) == refusal::none);
    // A relay that takes more than bob: bob rejects it for good, so that nobody sends it for ever (spec 3.18).
    scene other;
    CHECK(other.bob.handle(encoded(msg_notify{.from = "alice",
                                              .epoch = other.of_alice(),
                                              .first = 3,
                                              .entries = run::of(larger)},
                                   "bob")) == refusal::none);
    CHECK(other.bob.poll_message().value().id.seq == 4);
}

TEST_CASE("hostile 7: a kind of frame that is none is refused") {
    target t;
    for (const unsigned kind : {0U, 9U, 10U, 11U, 12U, 13U, 14U, 15U}) {
        const blob body = from({3, 'b', 'o', 'b', 1, 0, 0, 0, 0, 0, 0, 0, 0});
        CHECK(t(sealed(0x20 | kind, 0, body, "bob"), sealed(0x20 | kind, 0, body, "alice")) ==
              refusal::kind);
    }
    CHECK(t(from({0xFF, 0xFF, 4, 0, 0, 0, 0})) == refusal::version);  // a byte says both
    t.check_dropped();
}

TEST_CASE("hostile 8: another version is refused, and counted as such") {
    target t;
    const std::vector<blob> to_bob = t.s.for_bob();
    for (unsigned version = 0; version < 16; ++version) {
        for (const blob& wire : to_bob) {
            const unsigned first = version << 4 | (std::to_integer<unsigned>(wire[0]) & 0x0F);
            if (version != wire_version) {
                CHECK(t(sealed(first, std::to_integer<unsigned>(wire[1]), body_of(wire), "bob"),
                        sealed(first, std::to_integer<unsigned>(wire[1]), body_of(wire),
                               "alice")) == refusal::version);
            }
        }
    }
    CHECK(t.seen.bob.counted(refusal::version) == t.given);
    t.check_dropped();
}

TEST_CASE("hostile 9: a flag that a kind does not have is refused behind a right checksum") {
    // Section 4 of the specification.
    const std::vector<std::vector<unsigned>> known = {
        {0, 1, 2, 4, 5, 8, 9, 0x10, 0x11, 0x18, 0x19},
        {0, 1, 2},
        {0, 1, 4, 5, 0x0C, 0x0D, 2, 0x0A},
        {0, 4, 0x0C, 0x14, 0x1C, 1, 2},
        {0},
        {0, 8, 0x18, 0x28, 0x38, 1, 2, 3, 4, 0x0C, 0x14, 0x1C, 0x44, 0x4C, 0x54, 0x5C},
        {0, 1, 2, 3},
        {0, 1}};
    target t;
    for (const auto& all : {t.s.for_bob(), t.s.for_relay()}) {
        for (const blob& wire : all) {
            const auto kind = std::to_integer<unsigned>(wire[0]) & 0x0F;
            for (unsigned flags = 0; flags < 256; ++flags) {
                const auto& taken = known[kind - 1];
                if (std::find(taken.begin(), taken.end(), flags) == taken.end()) {
                    CHECK(t(kind, flags, body_of(wire)) == refusal::flags);
                }
            }
        }
    }
    t.check_dropped();
}

TEST_CASE("hostile 10: two frames in a packet are both taken, and garbage behind one is not") {
    scene s;
    const blob probe = encoded(msg_notify{.from = "alice", .epoch = s.of_alice(), .low = 3}, "bob");
    const blob lost = encoded(msg_notify{.from = "alice",
                                         .epoch = s.of_alice(),
                                         .first = 3,
                                         .entries = run::of(as_bytes("lost"))},
                              "bob");
    watch seen(s);
    // The frame in front stands: it is the same as if it had come alone.
    client alone = test_access::copy_of(s.bob);
    CHECK(alone.handle(probe) == refusal::none);
    CHECK(seen.bob.handle(joined(probe, from({0xDE, 0xAD, 0xBE, 0xEF}))) == refusal::version);
    CHECK(seen.bob.handle(joined(joined(probe, from({0x23, 0, 4, 1, 2, 3, 4})), lost)) ==
          refusal::checksum);
    CHECK(seen.bob.counted() == 2);
    CHECK(support::snapshot_of(s.bob) == support::snapshot_of(alone));
    CHECK_FALSE(s.bob.poll_message());
    CHECK(s.bob.handle(joined(probe, lost)) == refusal::none);
    CHECK(s.bob.poll_message().value().id.seq == 3);

    const std::vector<blob> to_relay = s.for_relay();
    CHECK(s.relay.handle(at_alice, joined(to_relay[0], to_relay[0]), s.out) == refusal::none);
    CHECK(s.out.frames().size() == 4);
    s.out.clear();
    CHECK(s.relay.handle(at_alice, joined(to_relay[0], from({0, 1})), s.out) == refusal::truncated);
    CHECK(s.out.frames().size() == 2);
}

TEST_CASE("hostile 11: a number in more bytes than it needs is refused") {
    target t;
    const auto widened = [](const blob& wire, const char* end) {  // its length in two bytes
        blob out = wire;
        out[2] |= std::byte{0x80};
        out.insert(out.begin() + 3, std::byte{0});
        byte_writer checksum(std::span<std::byte>(out).last(4));
        checksum.put_u32(framing(end).checksum_of(bytes(out).first(out.size() - 4)));
        return out;
    };
    for (const blob& wire : t.s.for_bob()) {
        CHECK(t(widened(wire, "bob"), widened(wire, "alice")) == refusal::not_canonical);
    }
    // A seq, a bound, and numbers with more bits than there are.
    const blob peer_and_epoch = from({3, 'b', 'o', 'b', 1, 0, 0, 0, 0, 0, 0, 0});
    const blob sending = joined(peer_and_epoch, from({5, 0}));
    CHECK(t(1, 0, joined(sending, from({0x80, 0, 0, 0}))) == refusal::not_canonical);
    CHECK(t(1, 0, joined(sending, from({0x81, 0x80, 0, 0, 0}))) == refusal::not_canonical);
    CHECK(t(3, 0, joined(sending, from({0x85, 0, 0}))) == refusal::not_canonical);
    CHECK(t(3, 0x0A, joined(sending, from({0x80, 0x80, 0}))) == refusal::not_canonical);
    CHECK(t(7, 0, from({1, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 1})) == refusal::not_canonical);
    CHECK(t(1, 0,
            joined(sending, from({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0}))) ==
          refusal::not_canonical);
    t.check_dropped();
}

TEST_CASE("hostile 12: a single flipped bit of a checked frame is refused") {
    target t;
    for_each_frame(t, [](blob wire, auto give) {
        for (std::size_t bit = 0; bit < 8 * wire.size(); ++bit) {
            const std::byte flip{static_cast<unsigned char>(1U << bit % 8)};
            wire[bit / 8] ^= flip;
            CHECK(give(wire) != refusal::none);
            wire[bit / 8] ^= flip;
        }
    });
}

TEST_CASE("hostile 13: a frame that is cut at any byte is refused") {
    target t;
    for_each_frame(t, [](const blob& wire, auto give) {
        for (std::size_t size = 1; size < wire.size(); ++size) {
            CHECK(give({wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(size)}) ==
                  refusal::truncated);
        }
    });
}

TEST_CASE("hostile 14: the header of one frame in front of the body of another is refused") {
    target t;
    const auto splice = [](const std::vector<blob>& all, auto give) {
        for (const blob& head : all) {
            for (const blob& body : all) {
                // All cuts of equal length: those within the header, and those within the body.
                for (std::size_t cut = 1; cut < (std::min)(head.size(), body.size()); ++cut) {
                    const auto at = static_cast<std::ptrdiff_t>(cut);
                    const blob spliced =
                        joined({head.begin(), head.begin() + at}, bytes(body).subspan(cut));
                    if (spliced != head && spliced != body) {
                        CHECK(give(spliced) != refusal::none);
                    }
                }
            }
        }
    };
    std::uint64_t given = 0;
    splice(t.s.for_bob(), [&](const blob& wire) {
        ++given;
        return t.seen.bob.handle(wire);
    });
    CHECK(t.seen.bob.counted() == given);
    CHECK(given > 1000);
    splice(t.s.for_relay(), [&](const blob& wire) { return t.seen.at_relay(wire); });
    CHECK(t.seen.unmoved());
}

TEST_CASE("hostile 15: a checksum of zeros, of ones, or of another frame is refused") {
    target t;
    const std::vector<blob> others = t.s.for_bob();
    for_each_frame(t, [&](const blob& wire, auto give) {
        const bytes front = bytes(wire).first(wire.size() - 4);
        const blob start(front.begin(), front.end());
        CHECK(give(joined(start, from({0, 0, 0, 0}))) == refusal::checksum);
        CHECK(give(joined(start, from({0xFF, 0xFF, 0xFF, 0xFF}))) == refusal::checksum);
        for (const blob& other : others) {
            const blob spoilt = joined(start, bytes(other).last(4));
            if (spoilt != wire) {
                CHECK(give(spoilt) == refusal::checksum);
            }
        }
        // Not even that of the same frame for another peer, or of its bytes alone.
        blob of_another = start;
        of_another.resize(wire.size());
        for (const std::uint32_t sum : {framing("carol").checksum_of(front), crc32c(front)}) {
            byte_writer(std::span<std::byte>(of_another).last(4)).put_u32(sum);
            CHECK(give(of_another) == refusal::checksum);
        }
    });
}

}  // namespace bytes_tests
