// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/receiver.hpp>
#include <sixfold/wire/packet.hpp>
#include "support/catch.hpp"
#include "support/receiver_access.hpp"

// What a receiver tells of runs, of sendings and of its room, and when it says it again.

namespace receiver_acks_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

constexpr epoch entered{0xE};
constexpr epoch larger{0xF};
const framing link("bob");

/// An ack:R, with its state decoded.
struct said {
    ack_request frame;
    std::vector<std::byte> bytes;
    ack_state state{};  // refers to them, also when they are moved

    said(const ack_request& what, sixfold::bytes encoded)
        : frame(what), bytes(encoded.begin(), encoded.end()) {}
    said(said&&) noexcept = default;
    said& operator=(said&&) noexcept = default;
};

struct fixture {
    manual_clock clock;
    receiver b;
    std::array<std::byte, 8192> buffer{};

    explicit fixture(const receiver_options& options = {})
        : b(receiver::create(clock, 1, options).value()) {
        b.link_up(link);
        (void)acks();
    }
    std::vector<said> acks() {
        std::vector<said> out;
        while (const auto packet = b.poll_transmit(buffer)) {
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                frame decoded;
                REQUIRE(decode(*one, link, decoded) == refusal::none);
                if (const auto* ack = std::get_if<ack_request>(&decoded)) {
                    out.emplace_back(*ack, ack->state);
                } else {
                    const auto& sync = std::get<sync_request>(decoded);
                    (void)b.handle(sync_answer{sync.serial, 0, std::nullopt});
                }
            }
        }
        for (said& each : out) {
            if (each.frame.word == ack_word::state) {
                REQUIRE(ack_state::decode(each.bytes, each.state) == refusal::none);
            }
        }
        return out;
    }
    /// The only one that comes out now.
    said ack() {
        std::vector<said> out = acks();
        REQUIRE(out.size() == 1);
        return std::move(out[0]);  // whose state refers to its bytes
    }
    void answer(const said& what) { (void)b.handle(ack_answer{what.frame.serial}); }
    /// All is said, and answered.
    void settle() {
        for (auto out = acks(); !out.empty(); out = acks()) {
            for (const said& each : out) {
                answer(each);
            }
        }
    }
    void probe(sending_number number = 100, const peer& from = "alice", epoch in = entered) {
        REQUIRE(b.handle(msg_notify{.from = from, .epoch = in, .number = number}) == refusal::none);
    }
    void direct(seq first,
                sending_number number,
                const peer& from = "alice",
                std::string_view text = "x") {
        REQUIRE(b.handle(msg_notify{.from = from,
                                    .epoch = entered,
                                    .number = number,
                                    .first = first,
                                    .entries = run::of(as_bytes(text))}) == refusal::none);
    }
    /// Of a larger epoch, which is not entered before there is a word on smaller ones.
    void ahead(sending_number number) {
        REQUIRE(b.handle(msg_notify{.from = "alice",
                                    .epoch = larger,
                                    .number = number,
                                    .entries = run::of(as_bytes("x"))}) == refusal::none);
    }
    /// A run of these; "-" is a tombstone.
    void direct_run(seq first, sending_number number, const std::vector<std::string>& texts) {
        run_writer entries;
        for (const std::string& each : texts) {
            const bool gone = each == "-";
            entries.add({gone, gone ? bytes() : as_bytes(each)});
        }
        REQUIRE(b.handle(msg_notify{.from = "alice",
                                    .epoch = entered,
                                    .number = number,
                                    .first = first,
                                    .entries = entries.get()}) == refusal::none);
    }
    void row(seq first) {
        REQUIRE(b.handle(msg_notify{.from = "alice",
                                    .epoch = entered,
                                    .drained = true,
                                    .first = first,
                                    .entries = run::of(as_bytes("x"))}) == refusal::none);
    }
    std::vector<seq> take(std::size_t most = SIZE_MAX) {
        std::vector<seq> out;
        while (out.size() < most) {
            const auto next = b.poll_message();
            if (!next) {
                break;
            }
            out.push_back(next->id.seq);
            REQUIRE(b.accept(*next));
        }
        return out;
    }
};

std::string name_of(int i) {
    return "peer" + std::to_string(i);
}

// --- runs --------------------------------------------------------------------------------------------------

TEST_CASE("receiver: a run is taken seq by seq, and answered once [spec 3.17]") {
    fixture f({.payload_max = 4});
    f.probe();
    f.settle();
    f.direct_run(0, 101, {"zero", "-", "too large", "", "four"});
    const said out = f.ack();
    CHECK(out.state.floor() == 0);
    CHECK(out.state.of(0) == fate::held);
    CHECK(out.state.of(1) == fate::tombstoned);
    CHECK(out.state.of(2) == fate::rejected);
    CHECK(out.state.of(3) == fate::held);
    CHECK(out.state.of(4) == fate::held);
    CHECK(out.frame.echo == echo{101, 0, false});
    CHECK(f.take() == std::vector<seq>{0, 3, 4});
}

TEST_CASE(
    "receiver: of a run each seq is what it would be if it had come alone [spec 3.16, 3.17]") {
    for (const bool alone : {false, true}) {
        fixture f({.window = 4});
        f.probe();
        f.direct(1, 101);
        (void)f.take();
        f.settle();
        const std::vector<std::string> texts{"0", "1", "2", "-", "4", "5"};
        if (alone) {
            for (std::size_t i = 0; i < texts.size(); ++i) {
                f.direct_run(i, static_cast<sending_number>(102 + i), {texts[i]});
            }
        } else {
            f.direct_run(0, 107, texts);
        }
        const said out = f.ack();
        CHECK(out.state.floor() == 0);
        for (const seq each : {seq{0}, seq{1}, seq{2}}) {
            CHECK(out.state.of(each) == fate::held);
        }
        CHECK(out.state.of(3) == fate::tombstoned);
        CHECK(out.state.of(4) == fate::open);  // beyond the window
        CHECK(out.state.limits().has_value());
        CHECK(f.b.duplicates() == 1);
        CHECK(f.take() == std::vector<seq>{0, 1, 2});
    }
}

TEST_CASE("receiver: a low that is not above the floor moves nothing [spec 3.20]") {
    fixture f;
    f.probe();
    f.direct(0, 101);
    (void)f.take();
    const inbound_stream before = receiver_access::stream(f.b, "alice");
    for (const seq low : {seq{0}, seq{1}}) {
        (void)f.b.handle(msg_notify{.from = "alice", .epoch = entered, .low = low});
        CHECK(receiver_access::differing(before, receiver_access::stream(f.b, "alice")).empty());
    }
    CHECK(f.ack().state.of(0) == fate::accepted);
}

// --- echoes --------------------------------------------------------------------------------------------------

TEST_CASE(
    "receiver: echoes which sendings have come, as soon as one came directly [spec 2.10, 3.25]") {
    fixture f;
    f.row(0);
    CHECK(!f.ack().frame.echo);
    f.direct(1, 7);
    CHECK(f.ack().frame.echo == echo{7, 0, false});
    f.row(2);
    CHECK(f.ack().frame.echo == echo{7, 0, true});
    f.direct(3, 10);
    CHECK(f.ack().frame.echo == echo{10, 0b11, false});
    f.direct(4, 9);
    CHECK(f.ack().frame.echo == echo{10, 0b10, true});
    CHECK(f.take().size() == 5);
    CHECK(f.ack().frame.echo == echo{10, 0b10, true});
    f.probe(11, "alice", larger);
    // numbers go on; of this epoch nothing came before
    CHECK(f.ack().frame.echo == echo{11, 0, false});
}

TEST_CASE("receiver: `waiting` names the sending that it answers [spec 3.22, 3.25]") {
    fixture f;
    f.direct(0, 7);
    f.direct(1, 8);
    const said out = f.ack();
    CHECK(out.frame.word == ack_word::waiting);
    CHECK(out.frame.number == 8);
    (void)f.b.handle(
        msg_notify{.from = "alice", .epoch = entered, .number = 9, .smaller = {epoch{1}, 3}});
    CHECK(f.ack().frame.number == 9);
    (void)f.b.handle(msg_notify{.from = "alice",
                                .epoch = entered,
                                .drained = true,
                                .first = 1,
                                .smaller = {epoch{1}, 3},
                                .entries = run::of(as_bytes("x"))});
    CHECK(f.acks().empty());  // a drained one is answered by nothing
}

// --- room ----------------------------------------------------------------------------------------------------

TEST_CASE(
    "receiver: tells its limits to a probe, and until ack:A knows them as they are [spec 3.24]") {
    fixture f({.window = 8, .exceptions = 5, .payload_max = 99});
    f.probe();
    const said first = f.ack();
    CHECK(first.state.limits() == receiver_limits{8, 5, 99});
    f.direct(0, 101);
    const said second = f.ack();
    CHECK(second.state.limits() == receiver_limits{8, 5, 99});
    f.answer(first);  // that of any state in which they were told
    f.direct(1, 102);
    CHECK(!f.ack().state.limits());
    SECTION("a probe asks anew, and what was said before is no answer to it") {
        f.probe(103);
        f.answer(second);
        CHECK(f.ack().state.limits().has_value());
        f.direct(2, 104);
        CHECK(f.ack().state.limits().has_value());
    }
    SECTION("as does what was turned away") {
        f.direct(100, 103);
        CHECK(f.ack().state.limits().has_value());
    }
}

TEST_CASE("receiver: the room is what there are places for [spec 3.24]") {
    fixture f({.held_entries = 16});
    const auto told = [&f](sending_number number, const peer& from = "alice") {
        f.probe(number, from);
        const std::vector<said> all = f.acks();
        REQUIRE(!all.empty());
        ack_state state;
        REQUIRE(ack_state::decode(all.back().bytes, state) == refusal::none);
        return state.limits()->room;
    };
    CHECK(told(100) == 16);
    f.direct(0, 101);
    f.direct(1, 102);
    CHECK(told(103) == 16);         // two are held, and fourteen can come
    CHECK(told(50, "carol") == 4);  // a quarter, as somebody else holds something
    f.direct(0, 51, "carol");
    CHECK(told(104) == 4);  // and for alice, too
    (void)f.take();
    CHECK(told(105) == 16);
}

TEST_CASE("receiver: a room that was shut is told unasked when a place is free [spec 3.24]") {
    fixture f({.window = 8, .held_entries = 4});
    f.probe(100, "alice");
    f.probe(50, "carol");
    f.settle();
    for (seq i = 0; i < 4; ++i) {
        f.direct(i, static_cast<sending_number>(101 + i), "alice");
    }
    f.direct(0, 51, "carol");  // no place: all is held for the app
    f.settle();
    CHECK(receiver_access::answer(f.b, "carol").told_room() == 1);
    f.direct(1, 52, "carol");
    f.settle();
    CHECK(f.take(4).size() == 4);
    bool carol_told = false;
    for (const said& each : f.acks()) {
        carol_told = carol_told || (each.frame.to == peer("carol") && each.state.limits());
    }
    CHECK(carol_told);
    CHECK(receiver_access::answer(f.b, "carol").told_room() > 1);
}

TEST_CASE(
    "receiver: a room that was used up is told unasked as soon as there is more [spec 3.24]") {
    fixture f({.window = 8, .held_entries = 4});
    f.probe(100, "alice");
    f.settle();
    for (seq i = 0; i < 3; ++i) {
        f.direct(i, static_cast<sending_number>(101 + i), "alice");
    }
    f.probe(50, "carol");
    f.settle();
    REQUIRE(receiver_access::answer(f.b, "carol").told_room() == 1);
    f.direct(0, 51, "carol");  // the last place
    f.settle();
    REQUIRE(receiver_access::answer(f.b, "carol").told_room() == 1);
    REQUIRE(f.take(1) == std::vector<seq>{0});  // of alice
    f.settle();
    CHECK(receiver_access::answer(f.b, "carol").told_room() == 2);
}

TEST_CASE("receiver: nobody makes place for one who holds as much [spec 3.24]") {
    fixture f({.window = 8, .held_entries = 8});
    for (int i = 0; i < 8; ++i) {
        f.probe(1, name_of(i));
        f.direct(1, 2, name_of(i));  // behind a hole
    }
    f.direct(2, 3, name_of(7));
    for (int i = 0; i < 8; ++i) {
        CHECK(receiver_access::held(f.b).count(receiver_access::index(f.b, name_of(i))) == 1);
    }
}

TEST_CASE(
    "receiver: a narrow room is told unasked when it has grown by half a window, and no sooner "
    "[spec 3.24]") {
    fixture f({.window = 8, .held_entries = 12});
    f.probe(50, "carol");
    f.settle();
    f.direct(0, 51, "carol");
    f.direct(1, 52, "carol");
    f.probe(100, "alice");
    f.settle();
    REQUIRE(receiver_access::answer(f.b, "alice").told_room() == 3);
    const auto is_told = [&f] {
        const auto all = f.acks();
        return std::any_of(all.begin(), all.end(),
                           [](const said& each) { return each.frame.to == peer("alice"); });
    };
    (void)f.take(1);
    CHECK_FALSE(is_told());
    (void)f.take(1);  // carol holds nothing any more: all places are alice's
    CHECK(is_told());
    CHECK(receiver_access::answer(f.b, "alice").told_room() == 8);
}

TEST_CASE("receiver: who holds more than its share makes place for who holds less, and hears of it "
          "[spec 3.24]") {
    fixture f({.window = 64, .held_entries = 8});
    f.probe(100, "alice");
    f.probe(50, "carol");
    f.settle();
    for (seq i = 1; i <= 8; ++i) {  // behind a hole
        f.direct(i, static_cast<sending_number>(100 + i), "alice");
    }
    f.settle();
    CHECK(f.b.held() == 8);
    for (const seq each : {seq{5}, seq{7}, seq{9}}) {
        f.direct(each, static_cast<sending_number>(51 + each), "carol");
    }
    // its quarter
    CHECK(receiver_access::held(f.b).count(receiver_access::index(f.b, "carol")) == 2);
    const std::vector<said> out = f.acks();
    REQUIRE(out.size() == 2);
    const said& of_alice = out[out[0].frame.to == peer("alice") ? 0 : 1];
    ack_state state;
    REQUIRE(ack_state::decode(of_alice.bytes, state) == refusal::none);
    CHECK((state.of(6) == fate::held && state.of(7) == fate::open && state.of(8) == fate::open));
    CHECK(state.limits().has_value());
    CHECK(receiver_access::is_consistent(receiver_access::store(f.b)));
    f.direct(0, 120, "alice");  // the next one
    CHECK(f.take() == std::vector<seq>{0, 1, 2, 3, 4, 5});
    f.direct(0, 70, "carol");
    CHECK(f.take() == std::vector<seq>{0});
}

TEST_CASE("receiver: of many for whom there was no place no more are told than there are places "
          "[spec 3.24]") {
    fixture f({.window = 8, .held_entries = 4});
    f.probe(100, "alice");
    for (seq i = 0; i < 4; ++i) {
        f.direct(i, static_cast<sending_number>(101 + i), "alice");
    }
    for (int i = 0; i < 50; ++i) {
        f.probe(1, name_of(i));
        f.direct(0, 2, name_of(i));
    }
    f.settle();
    for (int i = 0; i < 2; ++i) {
        CHECK(f.take(1).size() == 1);
        const auto told = f.acks();
        CHECK(told.size() <= 1 + 1U + static_cast<unsigned>(i));  // alice, and for each place one
        CHECK(told.size() >= 2);
    }
}

TEST_CASE("receiver: an offer that nobody takes up is the next one's, without anybody's help, and "
          "then all is quiet [spec 3.24]") {
    fixture f({.window = 8, .held_entries = 4});
    f.probe(100, "alice");
    for (seq i = 0; i < 4; ++i) {
        f.direct(i, static_cast<sending_number>(101 + i), "alice");
    }
    for (const char* const each : {"carol", "dave", "erin"}) {
        f.probe(1, each);
        f.direct(0, 2, each);
    }
    f.settle();
    std::vector<std::string> told;
    CHECK(f.take(1).size() == 1);
    const time_point start = f.clock.now();
    while (f.clock.now() - start < 5s) {
        const std::vector<said> out = f.acks();
        for (const said& each : out) {
            CHECK(each.state.limits().has_value());  // though it is the number that it was told
            told.emplace_back(each.frame.to.name());
            f.answer(each);
        }
        f.clock.set(std::min(std::max(f.clock.now(), f.b.next_deadline()), start + 5s));
    }
    CHECK(told == std::vector<std::string>{"alice", "carol", "dave", "erin", "alice"});
    CHECK(f.acks().empty());
    CHECK(f.b.next_deadline() - f.clock.now() > 10s);  // the mailbox, now and then
}

TEST_CASE("receiver: what is held of many, by chance, is in order at each step [spec 3.24]") {
    random_source random(11);
    for (int world = 0; world < 30; ++world) {
        fixture f({.window = 1 + static_cast<std::uint32_t>(random.below(80)),
                   .held_entries = 1 + static_cast<std::uint32_t>(random.below(20)),
                   .held_bytes = 1024,
                   .delivery = random.below(4) == 0 ? delivery::as_it_comes : delivery::in_order});
        std::vector<message> handed;
        for (int i = 0; i < 400; ++i) {
            const std::string name(1, static_cast<char>('a' + random.below(5)));
            const epoch in{1 + random.below(2)};
            const seq at = receiver_access::floor(f.b, name) + random.below(90);
            const std::string text(random.below(300), 'x');
            switch (random.below(6)) {
            case 0:
                (void)f.b.handle(msg_notify{.from = name, .epoch = in, .low = random.below(9)});
                break;
            case 1:
                (void)f.b.handle(msg_notify{
                    .from = name, .epoch = in, .first = at, .entries = run::tombstone()});
                break;
            case 2:
                if (const auto next = f.b.poll_message()) {
                    handed.push_back(*next);
                }
                break;
            case 3:
                if (!handed.empty()) {
                    REQUIRE(f.b.accept(handed.back()));
                    handed.pop_back();
                }
                break;
            default:
                (void)f.b.handle(msg_notify{
                    .from = name, .epoch = in, .first = at, .entries = run::of(as_bytes(text))});
            }
            REQUIRE(receiver_access::is_consistent(receiver_access::store(f.b)));
            (void)f.acks();
        }
    }
}

// --- lost acknowledgements -------------------------------------------------------------------------------------

/// Alice, carol, dave and erin are told, 40 ms away.
struct four : fixture {
    std::vector<said> first;
    explicit four(transport how = transport::datagrams) {
        b.link_up(link, how);
        probe(1, "zoe");
        const auto measured = acks();
        clock.advance(40ms);
        answer(measured.at(0));
        for (const peer name : {"alice", "carol", "dave", "erin"}) {
            probe(1, name);
        }
        first = acks();
        REQUIRE(first.size() == 4);
    }
};

TEST_CASE("receiver: an ack:R that three later ones have overtaken is said again [spec 3.25]") {
    four f;
    f.clock.advance(40ms);
    f.answer(f.first[2]);
    CHECK(f.acks().empty());
    f.answer(f.first[3]);
    const said again = f.ack();
    CHECK(again.frame.to == peer("alice"));
    CHECK(again.frame.serial != f.first[0].frame.serial);
    f.clock.advance(4ms);
    CHECK(f.acks().empty());
    CHECK(f.b.next_deadline() == f.clock.now() + 1ms);
    f.clock.advance(1ms);  // an eighth longer than it takes
    CHECK(f.ack().frame.to == peer("carol"));
}

TEST_CASE("receiver: what was said again says what is true by then [spec 3.25]") {
    four f;
    f.direct(0, 2);
    CHECK(f.ack().frame.to == peer("alice"));
    for (int i = 3; i > 0; --i) {
        f.answer(f.first[static_cast<std::size_t>(i)]);
    }
    CHECK(f.acks().empty());  // of alice more was said since
    f.clock.advance(1h);
    const said again = f.ack();
    CHECK(again.state.of(0) == fate::held);
    CHECK(again.frame.echo == echo{2, 0, true});
}

TEST_CASE("receiver: a byte stream loses nothing, so nothing is said again but after 3 s [spec "
          "3.5, 3.28]") {
    four f(transport::byte_stream);
    f.answer(f.first[3]);
    CHECK(f.b.next_deadline() >= f.clock.now() + 3s);
    f.clock.advance(2900ms);
    CHECK(f.acks().empty());
    f.clock.advance(200ms);
    CHECK(f.acks().size() == 1);
}

TEST_CASE("receiver: with a new link all that was not answered goes out at once [spec 3.25]") {
    four f;
    f.answer(f.first[1]);
    f.b.link_down();
    f.clock.advance(10ms);
    CHECK(f.acks().empty());
    f.b.link_up(link);
    CHECK(receiver_access::relay_trip(f.b) == round_trip());
    const auto again = f.acks();
    REQUIRE(again.size() == 3);
    CHECK(again[0].frame.to == peer("alice"));
    f.answer(f.first[0]);  // of the last link
    CHECK(receiver_access::answer(f.b, "alice").state() == inbound_answer::progress::said);
}

TEST_CASE("receiver: a dead link costs one ack:R for each wait, which doubles [spec 3.25]") {
    fixture f;
    for (int i = 0; i < 200; ++i) {
        f.probe(1, "peer" + std::to_string(i));
    }
    REQUIRE(f.acks().size() == 200);
    std::size_t count = 0;
    const time_point end = f.clock.now() + 10min;
    while (f.b.next_deadline() < end) {
        f.clock.set(f.b.next_deadline());
        count += f.acks().size();
    }
    CHECK(count >= 20);
    CHECK(count <= 30);
}

// --- what does not fit ---------------------------------------------------------------------------------------

TEST_CASE("receiver: `waiting` that has no room comes with the next packet [spec 3.25]") {
    fixture f;
    f.probe();
    f.settle();
    f.ahead(7);
    std::array<std::byte, 16> small{};
    inbound_acks& acks = receiver_access::acks(f.b);
    const inbound_messages& messages = receiver_access::messages(f.b);
    CHECK(acks.transmit(messages, link, small, f.clock.now()) == 0);
    CHECK(acks.owes());
    const said waiting = f.ack();
    CHECK((waiting.frame.word == ack_word::waiting && waiting.frame.number == 7));
}

TEST_CASE("receiver: no request leaves whose serial has two meanings [spec 3.25]") {
    fixture f;
    f.probe();
    f.settle();
    const auto leave = [&f](std::uint64_t places) {
        f.b.link_up(link);
        ack_ring& ring = receiver_access::ring(f.b);
        for (std::uint64_t i = places; i < ack_ring::size_max; ++i) {
            ring.sent(ack_ring::kind::other, 0, 0, f.clock.now());
        }
    };
    leave(0);  // and the mailbox is to be asked for
    CHECK(!f.b.poll_transmit(f.buffer));
    f.ahead(7);
    CHECK(!receiver_access::acks(f.b).owes());  // it cannot
    CHECK(f.acks().empty());
    leave(1);
    CHECK(f.ack().frame.word == ack_word::waiting);
    f.ahead(8);
    f.probe(8);
    leave(1);
    CHECK(f.ack().frame.word == ack_word::waiting);  // and its state is still owed
    f.b.link_up(link);
    CHECK(f.ack().frame.word == ack_word::state);
}

TEST_CASE("receiver: a relay that answers nothing makes nobody silent for ever [spec 3.25]") {
    fixture f;
    f.probe();
    f.settle();
    f.b.link_up(link);
    while (receiver_access::acks(f.b).has_room()) {
        f.ahead(7);  // is told of another epoch, which nobody has to answer
        REQUIRE(f.acks().size() == 1);
    }
    f.ahead(8);
    CHECK(f.acks().empty());
    REQUIRE(f.b.next_deadline() > f.clock.now());  // and nobody polls in vain
    REQUIRE(f.b.next_deadline() < f.clock.now() + 1min);
    f.clock.set(f.b.next_deadline());
    CHECK(f.ack().frame.word == ack_word::waiting);
}

}  // namespace
}  // namespace receiver_acks_tests
