// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/catch.hpp"

// Acknowledgements that nobody has earned.

namespace acks_tests {
namespace {

using namespace hostile;

ack_notify about(epoch which, const peer& from, ack_word word) {
    return {.from = from, .epoch = which, .word = word};
}

/// What alice is told, by the relay that she trusts.
struct told_alice {
    scene s;
    watch seen{s};
    epoch to_bob = s.of_alice();
    epoch to_carol = s.epoch_of(s.alice, "carol");

    refusal tell(const frame& what) { return seen.alice.handle(encoded(what, "alice")); }
    refusal stored(epoch which, const peer& by, seq at) {
        ack_notify notice = about(which, by, ack_word::stored);
        notice.first = at;
        notice.count = 1;
        return tell(notice);
    }
    refusal state(epoch which, const peer& by, bytes encoded_state) {
        ack_notify notice = about(which, by, ack_word::state);
        notice.state = encoded_state;
        return tell(notice);
    }
};

/// Bob knows of five messages, and the ack state says that this one, too, has come.
blob state_with(seq at) {
    blob bits(static_cast<std::size_t>(at) / 8 + 1);
    bits.back() = static_cast<std::byte>(1U << at % 8);
    return state_of(0, bits);
}

}  // namespace

TEST_CASE("hostile 21: an acknowledgement of what was sent to somebody else touches nothing") {
    told_alice t;
    for (const epoch which : {t.to_bob, t.to_carol}) {
        const blob all = state_of(3);
        const ack_request words[] = {
            {.to = "alice", .epoch = which, .serial = 1, .state = all},
            {.to = "alice", .epoch = which, .word = ack_word::waiting, .serial = 2},
            {.to = "alice",
             .epoch = which,
             .word = ack_word::past,
             .serial = 3,
             .current = epoch{~std::uint64_t{0}}},
        };
        for (const ack_request& each : words) {
            // The relay passes it on as the word of the one who says it, and erases rows of that stream alone.
            REQUIRE(t.s.at_relay(at_mallory, encoded(each, "mallory")) == refusal::none);
            REQUIRE(t.s.out.frames().size() == 2);
            const outgoing on = *++t.s.out.frames().begin();
            REQUIRE(on.link == at_alice);
            CHECK(t.seen.alice.handle(on.bytes) == refusal::unknown_stream);
            t.s.out.clear();
        }
    }
    CHECK(t.seen.alice.counted(refusal::unknown_stream) == 6);
    CHECK(t.seen.alice.counted() == 6);
    CHECK(t.seen.unmoved());
}

TEST_CASE(
    "hostile 22: an ack state above all that was sent ends nothing, and the stream begins again") {
    // The relay passes it on, and cannot know. At alice it is counted; that she goes on under a larger epoch is law 1: her
    // journal may be an old copy. Her word to others stays as it is.
    told_alice t;
    const blob claim = state_of(1000);
    REQUIRE(t.s.at_relay(
                at_bob,
                encoded(ack_request{.to = "alice", .epoch = t.to_bob, .serial = 1, .state = claim},
                        "bob")) == refusal::none);
    const outgoing on = *++t.s.out.frames().begin();
    REQUIRE(on.link == at_alice);
    const std::uint32_t queued = t.s.alice.sender().queued();
    CHECK(t.s.alice.handle(on.bytes) == refusal::never_sent);
    t.s.out.clear();
    CHECK(t.seen.alice.counted(refusal::never_sent) == 1);
    CHECK(t.seen.alice.counted() == 1);
    CHECK(scene::heard(t.s.alice).empty());
    CHECK(t.s.alice.sender().queued() == queued);
    CHECK(t.s.of_alice() > t.to_bob);
    CHECK(t.s.epoch_of(t.s.alice, "carol") == t.to_carol);
    // Bob, who has not gone mad but was only ahead, gets under new names what alice did not know to be there.
    t.s.finish();
    const std::vector<status> ends = scene::heard(t.s.alice);
    CHECK(std::count(ends.begin(), ends.end(), status::delivered) == 3);
}

TEST_CASE("hostile 23: bits and floors above what was sent are dropped whole") {
    told_alice t;
    const seq sent_end = test_access::stream(t.s.alice.sender(), "bob").sent_end();
    REQUIRE(sent_end == 5);
    // Of a report with one bit too much not even the rest counts.
    const auto queued = t.s.alice.sender().queued();
    for (const seq at : {sent_end, sent_end + 1, seq{500}}) {
        // The stream begins again, but not again and again at somebody's word (spec 3.12).
        t.to_bob = t.s.of_alice();
        CHECK(t.state(t.to_bob, "bob", state_with(at)) ==
              (at == sent_end ? refusal::never_sent : refusal::too_soon));
        CHECK(scene::heard(t.s.alice).empty());
        CHECK(t.s.alice.sender().queued() == queued);
    }
    CHECK(t.seen.alice.counted(refusal::never_sent) == 1);
    CHECK(t.seen.alice.counted(refusal::too_soon) == 2);

    told_alice other;
    ack_notify ended = about(other.to_bob, "bob", ack_word::ended);
    for (const seq low : {sent_end + 1, seq{1} << 40, seq_end}) {
        ended.low = low;
        CHECK(other.tell(ended) == refusal::never_sent);
    }
    const blob remembered = state_of(sent_end + 1);
    ended.low = 0;
    ended.state = remembered;
    CHECK(other.tell(ended) == refusal::never_sent);
    CHECK(other.seen.alice.counted() == 4);
    CHECK(other.seen.unmoved());
}

TEST_CASE("hostile 24: `stored` of what was never sent, is over, or is somebody else's") {
    told_alice t;
    CHECK(t.stored(t.to_bob, "bob", 5) == refusal::never_sent);
    CHECK(t.stored(t.to_carol, "carol", 3) == refusal::never_sent);
    CHECK(t.stored(t.to_carol, "carol", seq_end - 1) == refusal::never_sent);
    CHECK(t.stored(epoch{1}, "carol", 0) == refusal::unknown_stream);
    CHECK(t.stored(t.to_bob, "carol", 0) == refusal::unknown_stream);
    CHECK(t.stored(t.to_bob, "mallory", 3) == refusal::unknown_stream);
    CHECK(t.stored(t.to_bob, "alice", 3) == refusal::unknown_stream);
    CHECK(t.seen.alice.counted(refusal::never_sent) == 3);
    CHECK(t.seen.alice.counted(refusal::unknown_stream) == 4);
    // Late, and no harm: not counted.
    CHECK(t.stored(t.to_bob, "bob", 0) == refusal::none);
    CHECK(t.stored(t.to_bob, "bob", 1) == refusal::none);
    CHECK(t.stored(t.to_carol, "carol", 0) == refusal::none);
    CHECK(t.seen.alice.counted() == 7);
    CHECK(t.seen.unmoved());
}

TEST_CASE("hostile 25: `stored` never ends what was taken back") {
    told_alice t;
    const std::string before = test_access::fingerprint(t.s.alice.sender());
    REQUIRE(test_access::where(t.s.alice.sender(), "carol", 1) == transit::buried);
    const time_point next = test_access::timer(t.s.alice.sender(), "carol");
    for (int i = 0; i < 10'000; ++i) {
        REQUIRE(t.stored(t.to_carol, "carol", 1) == refusal::none);
    }
    CHECK(scene::heard(t.s.alice).empty());
    CHECK(test_access::fingerprint(t.s.alice.sender()) == before);
    // It lies in the mailbox, as she knows: she asks for its end when she would have asked.
    CHECK(test_access::timer(t.s.alice.sender(), "carol") == next);
    CHECK(t.seen.alice.allocations() == 0);
    // Only the receiver ends it.
    CHECK(t.state(t.to_carol, "carol", state_of(3)) == refusal::none);
    CHECK(scene::heard(t.s.alice).size() == 3);
}

TEST_CASE("hostile 26: `stored` after `delivered` is ignored") {
    told_alice t;
    CHECK(t.state(t.to_carol, "carol", state_of(3)) == refusal::none);
    CHECK(scene::heard(t.s.alice).size() == 3);
    watch seen(t.s);
    for (seq at = 0; at < 3; ++at) {
        ack_notify notice = about(t.to_carol, "carol", ack_word::stored);
        notice.first = at;
        notice.count = 1;
        CHECK(seen.alice.handle(encoded(notice, "alice")) == refusal::none);
        notice.from = "bob";
        notice.epoch = t.to_bob;
        CHECK((at >= 2 || seen.alice.handle(encoded(notice, "alice")) == refusal::none));
    }
    CHECK(seen.alice.counted() == 0);
    CHECK(seen.unmoved());
}

/// A relay refuses each frame of this kind that comes from a client.
template <class Frame>
void check_forged() {
    told_alice t;
    std::size_t forged = 0;
    for (const frame& each : all_to_client("alice", t.to_bob, t.to_bob)) {
        if (std::holds_alternative<Frame>(each)) {
            CHECK(t.seen.at_relay(encoded(each, "mallory"), at_mallory) == refusal::direction);
            ++forged;
        }
    }
    CHECK(forged == 7);
    CHECK(t.seen.relay.counted(refusal::direction) == forged);
    CHECK(t.seen.relay.counted() == forged);
    CHECK(t.seen.unmoved());
}

TEST_CASE("hostile 27: an ack:N that a client has made is refused, whatever it says") {
    check_forged<ack_notify>();
}

TEST_CASE("hostile 28: a msg:A that nobody waits for ends nothing") {
    told_alice t;
    const sending_number last = test_access::path(t.s.alice.sender(), "bob").sendings.next() - 1;
    const auto answer = [&](const peer& to, epoch which, sending_number number,
                            msg_word word = msg_word::taken) {
        return t.tell(msg_answer{.to = to,
                                 .epoch = word == msg_word::taken ? epoch::none : which,
                                 .number = number,
                                 .word = word,
                                 .reason = word == msg_word::refused ? refused_reason::not_allowed
                                                                     : refused_reason::none});
    };
    CHECK(answer("mallory", t.to_bob, last) == refusal::unknown_stream);
    for (const msg_word word : {msg_word::away, msg_word::refused}) {
        CHECK(answer("bob", epoch{1}, last, word) == refusal::unknown_stream);
    }
    CHECK(t.seen.alice.counted(refusal::unknown_stream) == 3);
    // A number that no sending has, of those that are remembered: late, and no harm.
    for (const msg_word word : {msg_word::taken, msg_word::away, msg_word::refused}) {
        for (const int wrong : {1, 2, 30'000, 40'000}) {
            const auto number = static_cast<sending_number>(last + wrong);
            CHECK(answer("bob", t.to_bob, number, word) == refusal::none);
        }
    }
    CHECK(t.seen.alice.counted() == 3);
    CHECK(t.seen.unmoved());

    // Repeated, of a sending that is under way: `relayed` is heard once, and the timer waits for the receiver, as it would.
    CHECK(answer("bob", t.to_bob, last) == refusal::none);
    const std::vector<status> news = scene::heard(t.s.alice);
    CHECK(std::count(news.begin(), news.end(), status::relayed) <= 1);
    const time_point next = test_access::timer(t.s.alice.sender(), "bob");
    for (int i = 0; i < 10'000; ++i) {
        REQUIRE(answer("bob", t.to_bob, last) == refusal::none);
    }
    CHECK(scene::heard(t.s.alice).empty());
    CHECK(t.seen.alice.allocations() == 0);
    CHECK(test_access::timer(t.s.alice.sender(), "bob") == next);
}

TEST_CASE("hostile 29: an ack:A that nobody waits for changes nothing") {
    scene s;
    watch seen(s);
    const ack_serial last = receiver_access::state_serial(s.bob.receiver(), "alice");
    for (unsigned serial = 0; serial < 0x10000; serial += 13) {
        CHECK(seen.bob.handle(encoded(ack_answer{static_cast<ack_serial>(serial)}, "bob")) ==
              refusal::none);
    }
    // once more: it was answered
    CHECK(seen.bob.handle(encoded(ack_answer{last}, "bob")) == refusal::none);
    CHECK(seen.bob.counted() == 0);
    CHECK(seen.unmoved());
}

TEST_CASE("hostile 30: a msg:N that a client has made is refused") {
    check_forged<msg_notify>();
}

}  // namespace acks_tests
