// SPDX-License-Identifier: BSL-1.0
#include "sixfold/relay.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sixfold/memory_mailbox.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/receiving/ack_report.hpp"
#include "sixfold/relaying/link_table.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace relay_tests {

using namespace sixfold;

namespace {

using blob = std::vector<std::byte>;
using strings = std::vector<std::string>;

constexpr link_id at_alice{1};
constexpr link_id at_bob{2};

// ---- what clients send

blob encoded(const frame& what, const peer& author, checksum mode = checksum::on) {
    blob out(4096);
    out.resize(encode(what, framing(author, mode), out));
    REQUIRE_FALSE(out.empty());
    return out;
}

blob joined(std::initializer_list<blob> frames) {
    blob all;
    for (const blob& each : frames) {
        all.insert(all.end(), each.begin(), each.end());
    }
    return all;
}

msg_request hello(const peer& to, seq seq = 0, std::string_view payload = "hello") {
    msg_request msg;
    msg.to = to;
    msg.epoch = epoch{7};
    msg.number = 3;
    msg.first = seq;
    msg.entries = run::of(as_bytes(payload));
    return msg;
}

msg_request tombstone(const peer& to, seq seq) {
    msg_request msg = hello(to, seq);
    msg.entries = run::tombstone();
    return msg;
}

/// "a", a tombstone, "bc". Refers to memory that stays.
msg_request three(const peer& to, seq first) {
    static const run_writer all = [] {
        run_writer out;
        out.add({false, as_bytes("a")});
        out.add({true, {}});
        out.add({false, as_bytes("bc")});
        return out;
    }();
    msg_request msg = hello(to, first);
    msg.entries = all.get();
    return msg;
}

msg_request probe(const peer& to, seq base) {
    msg_request msg;
    msg.to = to;
    msg.epoch = epoch{7};
    msg.number = 5;
    msg.base = base;
    return msg;
}

sync_request sync(ack_serial serial, std::optional<mailbox_key> from = {}) {
    return {.serial = serial, .rows = 1000, .room = 100000, .from = from};
}

blob ack_state_of(seq floor) {
    ack_report report;
    report.floor = floor;
    report.limits = receiver_limits{};
    blob out(ack_state_size_max());
    out.resize(encode_ack_state(report, out));
    return out;
}

ack_request ack(const peer& to, bytes state) {
    ack_request ack;
    ack.to = to;
    ack.epoch = epoch{7};
    ack.serial = 99;
    ack.state = state;
    return ack;
}

// ---- what the relay puts out, as text

std::string id_text(epoch epoch, seq seq) {
    return std::to_string(static_cast<std::uint64_t>(epoch)) + ":" + std::to_string(seq);
}
std::string state_text(bytes state) {
    ack_state read;
    if (state.empty()) {
        return " no state";
    }
    REQUIRE(ack_state::decode(state, read) == refusal::none);
    return " floor=" + std::to_string(read.floor());
}

std::string text(const msg_answer& msg) {
    const std::string epoch = std::to_string(static_cast<std::uint64_t>(msg.epoch));
    std::string out = "msg:A " + std::string(msg.to.name());
    out += (msg.epoch == epoch::none ? "" : " " + epoch) + " #" + std::to_string(msg.number);
    if (msg.word == msg_word::refused) {
        out += " refused " + std::to_string(static_cast<int>(msg.reason)) + " max " +
               std::to_string(msg.payload_max);
    }
    return out + (msg.word == msg_word::away ? " away" : "");
}
std::string text(const msg_notify& msg) {
    std::string out = "msg:N " + std::string(msg.from.name()) + ' ' + id_text(msg.epoch, msg.first);
    for (const run_entry& each : msg.entries) {
        out += each.tombstone ? " tombstone" : " '" + std::string(as_text(each.payload)) + "'";
    }
    if (msg.drained) {
        out += " drained " + std::to_string(msg.serial) + '.' + std::to_string(msg.index);
    } else {
        out += (msg.probes() ? " probe #" : " #") + std::to_string(msg.number);
    }
    if (msg.looked()) {
        out += " low=" + std::to_string(msg.low) +
               (msg.clean() ? " clean" : " smaller " + id_text(msg.smaller.epoch, msg.smaller.seq));
    }
    return out;
}
std::string text(const ack_answer& ack) {
    return "ack:A " + std::to_string(ack.serial);
}
std::string text(const ack_notify& ack) {
    const std::string epoch = std::to_string(static_cast<std::uint64_t>(ack.epoch));
    const std::string number = " #" + std::to_string(ack.number);
    std::string out = "ack:N " + std::string(ack.from.name()) + ' ';
    switch (ack.word) {
    case ack_word::state: out += epoch + state_text(ack.state); break;
    case ack_word::waiting: out += epoch + " waiting" + number; break;
    case ack_word::past:
        out += epoch + " past " + std::to_string(static_cast<std::uint64_t>(ack.current));
        break;
    case ack_word::stored:
        out += id_text(ack.epoch, ack.first) + " stored" + number +
               (ack.count == 1 ? "" : " x" + std::to_string(ack.count));
        break;
    case ack_word::ended:
        out += epoch + " ended" + number + " low=" + std::to_string(ack.low) +
               (ack.away ? " away" : "") + (ack.given_up ? " given up" : "") +
               state_text(ack.state);
        break;
    }
    if (ack.echo) {
        out += " echo #" + std::to_string(ack.echo->number) + " missing " +
               std::to_string(ack.echo->missing) + (ack.echo->repeated ? " repeated" : "");
    }
    return out;
}
std::string text(const sync_answer& sync) {
    return "sync:A " + std::to_string(sync.serial) + " rows " + std::to_string(sync.rows) +
           (sync.next ? " next " + std::string(sync.next->from.name()) + ' ' +
                            id_text(sync.next->id.epoch, sync.next->id.seq)
                      : " all");
}
template <class Request>
std::string text(const Request&) {
    return "a request";
}

/// Where a frame goes and what it says: "alice@1: msg:A bob #3".
std::string text(const outgoing& each, checksum mode) {
    frame read;
    REQUIRE(decode(each.bytes, framing(each.to, mode), read) == refusal::none);
    return std::string(each.to.name()) + '@' +
           std::to_string(static_cast<std::uint64_t>(each.link)) + ": " +
           std::visit([](const auto& kind) { return text(kind); }, read);
}

// ---- a relay with its mailbox

struct rig {
    test_access::forkable<sixfold::relay> relay = sixfold::relay::create({}).value();
    memory_mailbox mailbox = memory_mailbox::create({.page_rows = 2}).value();
    reactions out;

    /// What is put out; the reactions are empty again.
    strings sent(checksum mode = checksum::on) {
        strings all;
        for (const auto each : out.frames()) {
            all.push_back(text(each, mode));
        }
        CHECK(all.size() == out.frames().size());
        out.clear();
        return all;
    }

    void execute() {
        while (const auto request = out.next_request()) {
            CHECK(relay.complete(*request, mailbox.execute(*request), out) == refusal::none);
        }
    }

    /// Handles a frame and all that it asks of the mailbox.
    strings handle(link_id link, const peer& author, const frame& what) {
        const blob packet = encoded(what, author);
        CHECK(relay.handle(link, packet, out) == refusal::none);
        execute();
        return sent();
    }

    void online(link_id link, const peer& name, checksum mode = checksum::on) {
        CHECK(relay.link_up(link, name, mode));
    }
};

rig with_alice() {
    rig r;
    r.online(at_alice, "alice");
    return r;
}

rig with_both() {
    rig r = with_alice();
    r.online(at_bob, "bob");
    return r;
}

/// Refused, counted, and nothing said.
void check_refused(rig& r, link_id link, bytes packet, refusal why) {
    const std::uint64_t before = r.relay.refusals()[why];
    CHECK(r.relay.handle(link, packet, r.out) == why);
    CHECK(r.relay.refusals()[why] == before + 1);
    CHECK(r.relay.refusals().total() == before + 1);
    CHECK(r.out.empty());
    CHECK_FALSE(r.out.next_request());
    CHECK(r.out.frames().empty());
    r.out.clear();
}

}  // namespace

// ---- msg:R

TEST_CASE("relay: a message to a peer that is linked is answered and passed on [spec 5.2]") {
    rig r = with_both();
    CHECK(r.handle(at_alice, "alice", hello("bob")) ==
          strings{"alice@1: msg:A bob #3", "bob@2: msg:N alice 7:0 'hello' #3"});
    CHECK(r.handle(at_alice, "alice", tombstone("bob", 5)) ==
          strings{"alice@1: msg:A bob #3", "bob@2: msg:N alice 7:5 tombstone #3"});
    CHECK(r.mailbox.rows() == 0);
}

TEST_CASE("relay: a message that must not be stored is passed on like any other") {
    rig r = with_both();
    msg_request msg = hello("bob");
    msg.storing = storing::forbidden;
    CHECK(r.handle(at_alice, "alice", msg) ==
          strings{"alice@1: msg:A bob #3", "bob@2: msg:N alice 7:0 'hello' #3"});
}

TEST_CASE("relay: a message to a peer that is away is stored, and then said to be [spec 5.2]") {
    rig r = with_alice();
    const blob packet = encoded(hello("bob", 4), "alice");
    r.relay.handle(at_alice, packet, r.out);
    const auto request = r.out.next_request();
    REQUIRE(request);
    CHECK_FALSE(r.out.next_request());
    CHECK(r.sent() == strings{"alice@1: msg:A bob #3"});  // and not a word of `stored`

    CHECK(request->from == peer("alice"));
    CHECK(blob(request->wire.begin(), request->wire.end()) == packet);
    CHECK(as_text(std::get<msg_request>(request->what).entries.encoded()) == "hello");
    r.relay.complete(*request, r.mailbox.execute(*request), r.out);
    CHECK(r.sent() ==
          strings{"alice@1: ack:N bob 7:4 stored #3", "bob@0: msg:N alice 7:4 'hello' #3"});
    CHECK(r.mailbox.rows() == 1);
}

TEST_CASE("relay: a tombstone to a peer that is away is stored [spec 5.2]") {
    rig r = with_alice();
    CHECK(r.handle(at_alice, "alice", tombstone("bob", 4)) ==
          strings{"alice@1: msg:A bob #3", "alice@1: ack:N bob 7:4 stored #3",
                  "bob@0: msg:N alice 7:4 tombstone #3"});
    CHECK(r.mailbox.rows() == 1);
}

TEST_CASE(
    "relay: a peer that came while the put was under way gets the message at once [spec 5.2]") {
    rig r = with_alice();
    const blob packet = encoded(hello("bob"), "alice");
    r.relay.handle(at_alice, packet, r.out);
    const auto request = r.out.next_request();
    REQUIRE(request);
    r.out.clear();
    r.online(at_bob, "bob");
    r.relay.complete(*request, r.mailbox.execute(*request), r.out);
    CHECK(r.sent() ==
          strings{"alice@1: ack:N bob 7:0 stored #3", "bob@2: msg:N alice 7:0 'hello' #3"});
}

TEST_CASE("relay: a message that must not be stored for a peer that is away is answered `away` "
          "[spec 5.2]") {
    rig r = with_alice();
    msg_request msg = hello("bob");
    msg.storing = storing::forbidden;
    CHECK(r.handle(at_alice, "alice", msg) == strings{"alice@1: msg:A bob 7 #3 away"});
    CHECK(r.mailbox.rows() == 0);
}

TEST_CASE("relay: a peer may write to itself") {
    rig r = with_alice();
    CHECK(r.handle(at_alice, "alice", hello("alice")) ==
          strings{"alice@1: msg:A alice #3", "alice@1: msg:N alice 7:0 'hello' #3"});
    const blob state = ack_state_of(1);
    CHECK(r.handle(at_alice, "alice", ack("alice", state)) ==
          strings{"alice@1: ack:A 99", "alice@1: ack:N alice 7 floor=1"});
}

TEST_CASE(
    "relay: stamps a message with the peer of its link, whatever names there are [spec 1.3]") {
    rig r = with_both();
    r.online(link_id{3}, "mallory");
    CHECK(r.handle(link_id{3}, "mallory", hello("bob"))[1] ==
          "bob@2: msg:N mallory 7:0 'hello' #3");
}

TEST_CASE("relay: a payload above its option is counted, and answered with what is taken "
          "[spec 5.1]") {
    for (const bool is_here : {false, true}) {
        rig r;
        r.relay = relay::create({.payload_max = 4}).value();
        r.online(at_alice, "alice");
        if (is_here) {
            r.online(at_bob, "bob");
        }
        const blob packet = encoded(hello("bob", 0, "12345"), "alice");
        CHECK(r.relay.handle(at_alice, packet, r.out) == refusal::payload_too_large);
        CHECK(r.relay.refusals()[refusal::payload_too_large] == 1);
        CHECK(r.relay.refusals().total() == 1);
        CHECK_FALSE(r.out.next_request());
        CHECK(r.sent() == strings{"alice@1: msg:A bob 7 #3 refused 4 max 4"});
        CHECK(r.handle(at_alice, "alice", hello("bob", 0, "1234")).size() == (is_here ? 2 : 3));
    }
}

TEST_CASE("relay: of a run the largest payload counts, and all of it is refused [spec 5.1]") {
    rig r;
    r.relay = relay::create({.payload_max = 1}).value();
    r.online(at_alice, "alice");
    r.online(at_bob, "bob");
    const blob packet = encoded(three("bob", 4), "alice");
    CHECK(r.relay.handle(at_alice, packet, r.out) == refusal::payload_too_large);
    CHECK(r.sent() == strings{"alice@1: msg:A bob 7 #3 refused 4 max 1"});
    CHECK(r.handle(at_alice, "alice", tombstone("bob", 4)).size() == 2);
}

// ---- verdicts

TEST_CASE(
    "relay: what its app does not allow is answered with the reason, and nothing else happens "
    "[spec 5.1]") {
    const auto why = GENERATE(refused_reason::unknown_peer, refused_reason::not_allowed,
                              refused_reason::over_quota);
    const bool is_here = GENERATE(false, true);
    rig r;
    r.online(at_alice, "alice");
    if (is_here) {
        r.online(at_bob, "bob");
    }
    strings asked;
    const auto verdict = [&](const peer& from, const peer& to) {
        asked.push_back(std::string(from.name()) + " to " + std::string(to.name()));
        return why;
    };
    msg_request keep = hello("bob", 4);
    keep.keep = true;
    for (const msg_request& each :
         {hello("bob"), three("bob", 4), tombstone("bob", 5), keep, probe("bob", 2)}) {
        const blob packet = encoded(each, "alice");
        CHECK(r.relay.handle(at_alice, packet, r.out, verdict) == refusal::verdict);
        CHECK_FALSE(r.out.next_request());
        CHECK(r.sent() == strings{"alice@1: msg:A bob 7 #" + std::to_string(each.number) +
                                  " refused " + std::to_string(static_cast<int>(why)) + " max 0"});
    }
    CHECK(asked == strings(5, "alice to bob"));  // a run once, and a probe too
    CHECK(r.relay.refusals()[refusal::verdict] == 5);
    CHECK(r.relay.refusals().total() == 5);
}

TEST_CASE("relay: a verdict is of one pair, and the others of a packet are served [spec 5.1]") {
    rig r = with_both();
    const auto verdict = [](const peer& from, const peer& to) {
        return from == peer("alice") && to == peer("carol") ? refused_reason::not_allowed
                                                            : refused_reason::none;
    };
    const blob packet = joined({encoded(hello("carol"), "alice"), encoded(hello("bob"), "alice")});
    CHECK(r.relay.handle(at_alice, packet, r.out, verdict) == refusal::verdict);
    CHECK(r.sent() == strings{"alice@1: msg:A carol 7 #3 refused 2 max 0", "alice@1: msg:A bob #3",
                              "bob@2: msg:N alice 7:0 'hello' #3"});
}

TEST_CASE("relay: asks for no verdict on what B says or asks, nor on what was refused before "
          "[spec 5.1]") {
    rig r = with_both();
    const auto verdict = [](const peer&, const peer&) {
        FAIL("is asked");
        return refused_reason::none;
    };
    const blob state = ack_state_of(1);
    const blob acks = joined({encoded(ack("alice", state), "bob"), encoded(sync(4), "bob")});
    CHECK(r.relay.handle(at_bob, acks, r.out, verdict) == refusal::none);
    CHECK(r.relay.handle(link_id{9}, encoded(hello("bob"), "alice"), r.out, verdict) ==
          refusal::unknown_link);
    CHECK(ends_stream(r.relay.handle(at_alice, encoded(hello("bob"), "bob"), r.out, verdict)));
}

TEST_CASE("relay: a verdict comes before the size of a payload, as it is final [spec 5.1]") {
    rig r;
    r.relay = relay::create({.payload_max = 4}).value();
    r.online(at_alice, "alice");
    const auto verdict = [](const peer&, const peer&) {
        return refused_reason::unknown_peer;
    };
    CHECK(r.relay.handle(at_alice, encoded(hello("bob", 0, "12345"), "alice"), r.out, verdict) ==
          refusal::verdict);
}

// ---- runs

TEST_CASE("relay: a run is passed on as it came, in one frame [spec 5.2]") {
    rig r = with_both();
    const blob packet = encoded(three("bob", 4), "alice");
    CHECK(r.relay.handle(at_alice, packet, r.out) == refusal::none);
    REQUIRE(r.out.frames().size() == 2);
    frame read;
    REQUIRE(decode((*++r.out.frames().begin()).bytes, framing("bob"), read) == refusal::none);
    const bytes entries = std::get<msg_notify>(read).entries.encoded();
    const bytes sent = three("bob", 4).entries.encoded();
    CHECK(blob(entries.begin(), entries.end()) == blob(sent.begin(), sent.end()));
    CHECK(r.sent() ==
          strings{"alice@1: msg:A bob #3", "bob@2: msg:N alice 7:4 'a' tombstone 'bc' #3"});
    CHECK_FALSE(r.out.next_request());
}

TEST_CASE("relay: a run for a peer that is away is put as a whole, and said to be stored as one "
          "[spec 5.2]") {
    rig r = with_alice();
    CHECK(r.handle(at_alice, "alice", three("bob", 4)) ==
          strings{"alice@1: msg:A bob #3", "alice@1: ack:N bob 7:4 stored #3 x3",
                  "bob@0: msg:N alice 7:4 'a' tombstone 'bc' #3"});
    CHECK(r.mailbox.rows() == 3);
    msg_request most = hello("bob", 10);
    run_writer all;
    while (all.fits({false, as_bytes("")})) {
        all.add({false, as_bytes("")});
    }
    most.entries = all.get();
    CHECK(r.handle(at_alice, "alice", most)[1] == "alice@1: ack:N bob 7:10 stored #3 x64");
}

TEST_CASE("relay: what is to be kept is stored although its receiver is here, and comes once "
          "[spec 5.2]") {
    rig r = with_both();
    msg_request msg = three("bob", 4);
    msg.keep = true;
    const blob packet = encoded(msg, "alice");
    CHECK(r.relay.handle(at_alice, packet, r.out) == refusal::none);
    const auto request = r.out.next_request();
    REQUIRE(request);
    CHECK(request->passed_on);
    CHECK_FALSE(r.out.next_request());
    CHECK(r.sent() ==
          strings{"alice@1: msg:A bob #3", "bob@2: msg:N alice 7:4 'a' tombstone 'bc' #3"});
    CHECK(r.relay.complete(*request, r.mailbox.execute(*request), r.out) == refusal::none);
    CHECK(r.sent() == strings{"alice@1: ack:N bob 7:4 stored #3 x3"});
    CHECK(r.mailbox.rows() == 3);

    mailbox_request made_anew = *request;  // of the bytes of its frame, which do not say it
    made_anew.passed_on = false;
    CHECK(r.relay.complete(made_anew, r.mailbox.execute(made_anew), r.out) == refusal::none);
    CHECK(r.sent().size() == 2);
}

TEST_CASE("relay: what is to be kept is stored as all else while its receiver is away, and what is "
          "left of its time changes nothing [spec 5.2]") {
    rig r = with_alice();
    msg_request msg = hello("bob", 4);
    msg.keep = true;
    msg.left = 1;
    CHECK(r.handle(at_alice, "alice", msg) == strings{"alice@1: msg:A bob #3",
                                                      "alice@1: ack:N bob 7:4 stored #3",
                                                      "bob@0: msg:N alice 7:4 'hello' #3"});
    r.online(at_bob, "bob");
    msg.keep = false;
    CHECK(r.handle(at_alice, "alice", msg) ==
          strings{"alice@1: msg:A bob #3", "bob@2: msg:N alice 7:4 'hello' #3"});
}

// ---- probe

TEST_CASE("relay: a probe is looked up in the mailbox before anything is said [spec 5.3]") {
    rig r = with_both();
    const blob packet = encoded(probe("bob", 4), "alice");
    r.relay.handle(at_alice, packet, r.out);
    CHECK(r.out.frames().empty());
    r.execute();
    CHECK(r.sent() == strings{"alice@1: ack:N bob 7 ended #5 low=4 no state",
                              "bob@2: msg:N alice 7:0 probe #5 low=4 clean"});
}

TEST_CASE("relay: the low of a probe is the base or the lowest row, whichever is less [spec 5.3]") {
    rig r = with_alice();
    for (const seq each : {seq{5}, seq{3}}) {
        r.handle(at_alice, "alice", hello("bob", each));
    }
    for (const seq base : {seq{2}, seq{3}, seq{9}}) {
        const std::string low = std::to_string(base == 2 ? 2 : 3);
        CHECK(r.handle(at_alice, "alice", probe("bob", base)) ==
              strings{"alice@1: ack:N bob 7 ended #5 low=" + low + " away no state",
                      "bob@0: msg:N alice 7:0 probe #5 low=" + low + " clean"});
    }
    CHECK(r.handle(at_alice, "alice", probe("bob", 2))[0] ==
          "alice@1: ack:N bob 7 ended #5 low=3 away no state");  // a higher base was told before
}

TEST_CASE(
    "relay: that a stream was given up its sender hears, and how far, and its receiver only what "
    "sender says [spec 5.3]") {
    rig r = with_both();
    const auto look = [&](seq low, std::optional<seq> given_up) {
        r.relay.handle(at_alice, encoded(probe("bob", 4), "alice"), r.out);
        const auto request = r.out.next_request();
        REQUIRE(request);
        mailbox_outcome outcome;
        outcome.done = true;
        outcome.low = low;
        outcome.given_up = given_up;
        CHECK(r.relay.complete(*request, outcome, r.out) == refusal::none);
        return r.sent();
    };
    CHECK(look(4, {})[0] == "alice@1: ack:N bob 7 ended #5 low=4 no state");
    CHECK(look(4, 9) == strings{"alice@1: ack:N bob 7 ended #5 low=9 given up no state",
                                "bob@2: msg:N alice 7:0 probe #5 low=4 clean"});
    CHECK(look(4, 2) == strings{"alice@1: ack:N bob 7 ended #5 low=4 given up no state",
                                "bob@2: msg:N alice 7:0 probe #5 low=4 clean"});
    CHECK(look(4, 0)[0] == "alice@1: ack:N bob 7 ended #5 low=4 given up no state");
}

TEST_CASE("relay: a probe passes on the lowest row of a smaller epoch that waits [spec 5.3]") {
    rig r = with_alice();
    r.handle(at_alice, "alice", hello("bob", 3));
    r.handle(at_alice, "alice", hello("bob", 2));
    r.online(at_bob, "bob");
    msg_request later = probe("bob", 4);
    later.epoch = epoch{8};
    CHECK(r.handle(at_alice, "alice", later) ==
          strings{"alice@1: ack:N bob 8 ended #5 low=4 no state",
                  "bob@2: msg:N alice 8:0 probe #5 low=4 smaller 7:2"});
}

TEST_CASE(
    "relay: a probe hands out the last ack state that the mailbox keeps, if it is one [spec 5.3]") {
    rig r = with_alice();
    const blob packet = encoded(probe("bob", 9), "alice");
    r.relay.handle(at_alice, packet, r.out);
    const auto request = r.out.next_request();
    REQUIRE(request);
    const blob state = ack_state_of(6);
    mailbox_outcome outcome;
    outcome.done = true;
    outcome.low = 9;
    outcome.last_state = state;
    r.relay.complete(*request, outcome, r.out);
    CHECK(r.sent() == strings{"alice@1: ack:N bob 7 ended #5 low=9 away floor=6",
                              "bob@0: msg:N alice 7:0 probe #5 low=9 clean"});

    const blob damaged(3, std::byte{0xFF});
    outcome.last_state = damaged;
    CHECK(r.relay.complete(*request, outcome, r.out) == refusal::mailbox);
    CHECK(r.relay.refusals()[refusal::mailbox] == 1);
    CHECK(r.sent() == strings{"alice@1: ack:N bob 7 ended #5 low=9 away no state",
                              "bob@0: msg:N alice 7:0 probe #5 low=9 clean"});
}

// ---- ack:R

TEST_CASE(
    "relay: an ack state is passed on when the mailbox has erased what it covers [spec 5.4]") {
    rig r = with_both();
    ack_request request = ack("alice", {});
    const blob state = ack_state_of(5);
    request.state = state;
    request.echo = echo{.number = 4, .missing = 2, .repeated = true};
    const blob packet = encoded(request, "bob");
    r.relay.handle(at_bob, packet, r.out);
    CHECK(r.out.frames().empty());
    r.execute();
    CHECK(r.sent() ==
          strings{"bob@2: ack:A 99", "alice@1: ack:N bob 7 floor=5 echo #4 missing 2 repeated"});
}

TEST_CASE("relay: an ack state is passed on byte for byte [spec 5.4]") {
    rig r = with_both();
    const blob state = ack_state_of(5);
    const blob packet = encoded(ack("alice", state), "bob");
    r.relay.handle(at_bob, packet, r.out);
    r.execute();
    strings seen;
    for (const auto each : r.out.frames()) {
        frame read;
        REQUIRE(decode(each.bytes, framing(each.to), read) == refusal::none);
        if (const auto* notify = std::get_if<ack_notify>(&read)) {
            CHECK(blob(notify->state.begin(), notify->state.end()) == state);
            seen.emplace_back("ack:N");
        }
    }
    CHECK(seen.size() == 1);
}

TEST_CASE("relay: `past` is passed on when the mailbox has erased that epoch [spec 5.4]") {
    rig r = with_alice();
    r.handle(at_alice, "alice", hello("bob"));
    r.online(at_bob, "bob");
    ack_request request = ack("alice", {});
    request.word = ack_word::past;
    request.current = epoch{8};
    const blob packet = encoded(request, "bob");
    r.relay.handle(at_bob, packet, r.out);
    CHECK(r.out.frames().empty());
    CHECK(r.mailbox.rows() == 1);
    r.execute();
    CHECK(r.mailbox.rows() == 0);
    CHECK(r.sent() == strings{"bob@2: ack:A 99", "alice@1: ack:N bob 7 past 8"});
}

TEST_CASE("relay: `waiting` is passed on at once, for it erases nothing [spec 5.4]") {
    rig r = with_both();
    ack_request request = ack("alice", {});
    request.word = ack_word::waiting;
    request.number = 3;
    const blob packet = encoded(request, "bob");
    r.relay.handle(at_bob, packet, r.out);
    CHECK_FALSE(r.out.next_request());
    CHECK(r.sent() == strings{"bob@2: ack:A 99", "alice@1: ack:N bob 7 waiting #3"});
}

TEST_CASE("relay: an ack touches only what was sent to the peer that it comes from") {
    rig r = with_alice();
    r.handle(at_alice, "alice", hello("bob"));
    r.online(link_id{3}, "mallory");
    const blob state = ack_state_of(100);
    CHECK(r.handle(link_id{3}, "mallory", ack("alice", state)) ==
          strings{"mallory@3: ack:A 99", "alice@1: ack:N mallory 7 floor=100"});
    CHECK(r.mailbox.rows() == 1);
}

TEST_CASE(
    "relay: a request is answered to the peer that it names, wherever that is said to be kept") {
    for (const std::uint32_t place : {0u, 1u, 2u, UINT32_MAX}) {
        rig r = with_both();
        const blob state = ack_state_of(1);
        const blob packet = encoded(ack("alice", state), "bob");
        CHECK(r.relay.handle(at_bob, packet, r.out) == refusal::none);
        auto request = r.out.next_request();
        REQUIRE(request);
        request->place = place;
        CHECK(r.relay.complete(*request, r.mailbox.execute(*request), r.out) == refusal::none);
        CHECK(r.sent() == strings{"bob@2: ack:A 99", "alice@1: ack:N bob 7 floor=1"});
    }
}

TEST_CASE("relay: an ack state that was damaged while the mailbox was asked is not passed on") {
    rig r = with_both();
    const blob state = ack_state_of(1);
    const blob packet = encoded(ack("alice", state), "bob");
    CHECK(r.relay.handle(at_bob, packet, r.out) == refusal::none);
    auto request = r.out.next_request();
    REQUIRE(request);
    std::get<ack_request>(request->what).state = as_bytes("no ack state");
    CHECK(r.relay.complete(*request, {.done = true}, r.out) == refusal::mailbox);
    CHECK(r.sent().empty());
    CHECK(r.relay.refusals()[refusal::mailbox] == 1);
}

TEST_CASE("relay: frames that are taken are counted as no refusal") {
    rig r = with_both();
    (void)r.handle(at_alice, "alice", hello("bob"));
    CHECK(r.relay.refusals()[refusal::none] == 0);
    CHECK(r.relay.refusals().total() == 0);
}

TEST_CASE("relay: a frame for a peer without a link here names the peer and no link") {
    rig r;
    r.online(at_bob, "bob");
    const blob state = ack_state_of(1);
    CHECK(r.handle(at_bob, "bob", ack("alice", state)) ==
          strings{"bob@2: ack:A 99", "alice@0: ack:N bob 7 floor=1"});
}

// ---- sync:R

TEST_CASE("relay: a page is its rows in runs, then sync:A with where there is more, or that it was "
          "all [spec 5.5]") {
    rig r = with_alice();
    r.mailbox = memory_mailbox::create({.page_rows = 4}).value();
    const char* const texts[] = {"m0", "m1", "m2"};
    for (seq each = 0; each < 3; ++each) {
        r.handle(at_alice, "alice", hello("bob", each, texts[each]));
    }
    r.handle(at_alice, "alice", tombstone("bob", 2));
    r.handle(at_alice, "alice", hello("bob", 4, "m4"));
    msg_request later = hello("bob", 6, "later");
    later.epoch = epoch{8};
    later.base = 4;
    r.handle(at_alice, "alice", later);
    r.online(at_bob, "bob");

    CHECK(r.handle(at_bob, "bob", sync(1)) ==
          strings{"bob@2: msg:N alice 7:0 'm0' 'm1' tombstone drained 1.0 low=0 clean",
                  "bob@2: msg:N alice 7:4 'm4' drained 1.3 low=0 clean",
                  "bob@2: sync:A 1 rows 4 next alice 8:6"});
    CHECK(r.handle(at_bob, "bob", sync(2, mailbox_key{"alice", {epoch{7}, 2}})) ==
          strings{"bob@2: msg:N alice 7:2 tombstone drained 2.0 low=0 clean",
                  "bob@2: msg:N alice 7:4 'm4' drained 2.1 low=0 clean",
                  "bob@2: msg:N alice 8:6 'later' drained 2.2 low=4 smaller 7:0",
                  "bob@2: sync:A 2 rows 3 all"});
    sync_request little = sync(3);
    little.until = mailbox_key{"alice", {epoch{7}, 2}};
    CHECK(r.handle(at_bob, "bob", little) ==
          strings{"bob@2: msg:N alice 7:0 'm0' 'm1' drained 3.0 low=0 clean",
                  "bob@2: sync:A 3 rows 2 all"});
    little.rows = 1;
    CHECK(r.handle(at_bob, "bob", little) ==
          strings{"bob@2: msg:N alice 7:0 'm0' drained 3.0 low=0 clean",
                  "bob@2: sync:A 3 rows 1 next alice 7:1"});
}

namespace {

/// Rows of one stream as a mailbox hands them out, with consecutive seqs from 4 on, and payloads of these sizes; -1: a tombstone.
std::vector<mailbox_row> rows_of(std::initializer_list<int> sizes) {
    static const std::string text(3000, 'x');
    std::vector<mailbox_row> rows;
    for (const int size : sizes) {
        mailbox_row row;
        row.from = "alice";
        row.id = {epoch{7}, 4 + rows.size()};
        row.low = 2;
        row.tombstone = size < 0;
        row.payload = as_bytes(text).first(static_cast<std::size_t>(size < 0 ? 0 : size));
        rows.push_back(row);
    }
    return rows;
}

/// How these rows are put into frames: "4.0 x3" is seq 4, index 0, three messages.
strings runs_of(const std::vector<mailbox_row>& rows) {
    rig r;
    r.online(at_bob, "bob");
    mailbox_outcome outcome;
    outcome.done = true;
    outcome.rows = rows;
    (void)r.relay.complete({"bob", sync(1), {}}, outcome, r.out);
    strings all;
    std::size_t at = 0;
    for (const auto each : r.out.frames()) {
        frame read;
        REQUIRE(decode(each.bytes, framing("bob"), read) == refusal::none);
        if (const auto* end = std::get_if<sync_answer>(&read)) {
            CHECK(end->rows == at);
            continue;
        }
        const auto& msg = std::get<msg_notify>(read);
        all.push_back(std::to_string(msg.first) + '.' + std::to_string(msg.index) + " x" +
                      std::to_string(msg.entries.count()));
        CHECK(msg.index == at);
        for (const run_entry& entry : msg.entries) {
            CHECK(entry.tombstone == rows[at].tombstone);
            CHECK(as_text(entry.payload) == as_text(rows[at].payload));
            ++at;
        }
    }
    CHECK(at == rows.size());
    return all;
}

}  // namespace

TEST_CASE("relay: drained rows go together as far as a run may, and a larger payload goes alone "
          "[spec 5.5, 2.8]") {
    CHECK(runs_of(rows_of({})).empty());
    CHECK(runs_of(rows_of({0})) == strings{"4.0 x1"});
    CHECK(runs_of(rows_of({-1})) == strings{"4.0 x1"});
    CHECK(runs_of(rows_of({1, -1, 0, 2})) == strings{"4.0 x4"});
    CHECK(runs_of(rows_of({1, 2000, 1, -1})) == strings{"4.0 x1", "5.1 x1", "6.2 x2"});
    CHECK(runs_of(rows_of({2000, 3000, 2000})) == strings{"4.0 x1", "5.1 x1", "6.2 x1"});
    // A payload of so many bytes takes two more, and a tombstone one: 1,024 bytes have room for just these.
    CHECK(runs_of(rows_of({1021, -1})) == strings{"4.0 x2"});
    CHECK(runs_of(rows_of({1022, -1})) == strings{"4.0 x1", "5.1 x1"});
    CHECK(runs_of(rows_of({510, 509, -1})) == strings{"4.0 x3"});
    CHECK(runs_of(rows_of({510, 510, -1})) == strings{"4.0 x2", "6.2 x1"});
    std::vector<mailbox_row> many = rows_of({-1});
    while (many.size() < 130) {
        many.push_back(many.back());
        ++many.back().id.seq;
    }
    CHECK(runs_of(many) == strings{"4.0 x64", "68.64 x64", "132.128 x2"});
}

TEST_CASE("relay: rows of which one does not follow the other are no run [spec 5.5]") {
    const auto broken = [](auto change) {
        std::vector<mailbox_row> rows = rows_of({1, 1, 1, 1});
        for (std::size_t at = 2; at < 4; ++at) {
            change(rows[at]);
        }
        return runs_of(rows).size();
    };
    CHECK(broken([](mailbox_row&) {}) == 1);
    CHECK(broken([](mailbox_row& row) { row.id.seq += 1; }) == 2);
    CHECK(broken([](mailbox_row& row) { row.id.epoch = epoch{8}; }) == 2);
    CHECK(broken([](mailbox_row& row) { row.from = "carol"; }) == 2);
    CHECK(broken([](mailbox_row& row) { row.low = 1; }) == 2);
    CHECK(broken([](mailbox_row& row) { row.smaller = {epoch{3}, 0}; }) == 2);
}

TEST_CASE("relay: of several sync:R in a packet only the last is done, behind all else of it "
          "[spec 5.5]") {
    rig r = with_both();
    const blob packet =
        joined({encoded(sync(1), "bob"), encoded(sync(2), "bob"),
                encoded(sync(3, mailbox_key{"alice", {epoch{7}, 1}}), "bob"),
                encoded(ack("alice", ack_state_of(1)), "bob"), encoded(hello("alice"), "bob")});
    CHECK(r.relay.handle(at_bob, packet, r.out) == refusal::too_much);
    CHECK(r.relay.refusals()[refusal::too_much] == 2);
    CHECK(r.relay.refusals().total() == 2);
    const auto erase = r.out.next_request();
    REQUIRE(erase);
    CHECK(std::holds_alternative<ack_request>(erase->what));
    const auto page = r.out.next_request();
    REQUIRE(page);
    CHECK_FALSE(r.out.next_request());
    const auto& asked = std::get<sync_request>(page->what);
    CHECK(asked.serial == 3);
    CHECK(asked.from == mailbox_key{"alice", {epoch{7}, 1}});
    CHECK(asked.rows == 1000);
    CHECK(asked.room == 100000);
    frame again;
    REQUIRE(decode(page->wire, framing("bob", checksum::on), again) == refusal::none);
    CHECK(std::get<sync_request>(again).serial == 3);

    // Each packet by itself.
    for (const ack_serial serial : {ack_serial{4}, ack_serial{5}}) {
        CHECK(r.relay.handle(at_bob, encoded(sync(serial), "bob"), r.out) == refusal::none);
        CHECK(std::get<sync_request>(r.out.next_request()->what).serial == serial);
    }
}

TEST_CASE("relay: a sync:R in front of what cannot be decoded is done [spec 2.12]") {
    rig r = with_both();
    const blob packet = joined({encoded(sync(1), "bob"), blob{std::byte{0xFF}}});
    CHECK(r.relay.handle(at_bob, packet, r.out) == refusal::truncated);
    CHECK(r.out.next_request());
}

TEST_CASE("relay: what one packet causes is bounded by an option, whatever is in it [spec 5.5]") {
    constexpr std::size_t bound = 20'000;
    rig r;
    r.relay = relay::create({.payload_max = 1024, .bytes_per_packet_max = bound}).value();
    r.mailbox = memory_mailbox::create().value();
    r.online(at_alice, "alice");
    const std::string payload(1000, 'x');
    for (seq which = 0; which < 64; ++which) {  // half of them of streams without a neighbour
        CHECK(r.handle(at_alice, "alice", hello("bob", which, payload)).size() == 3);
        CHECK(r.handle(at_alice, "alice", hello("bob", 1000 + 2 * which, "")).size() == 3);
    }
    r.online(at_bob, "bob");
    const blob state = ack_state_of(0);
    const auto caused_by = [&](std::initializer_list<blob> frames, std::size_t times) {
        blob packet;
        for (std::size_t i = 0; i < times; ++i) {
            for (const blob& each : frames) {
                packet.insert(packet.end(), each.begin(), each.end());
            }
        }
        (void)r.relay.handle(at_bob, packet, r.out);
        r.execute();
        std::size_t size = 0;
        for (const auto each : r.out.frames()) {
            size += each.bytes.size();
        }
        r.out.clear();
        return size;
    };
    const blob page = encoded(sync(1), "bob");
    const blob probes = encoded(probe("alice", 0), "bob");
    const blob message = encoded(hello("alice", 0, payload), "bob");
    const blob last_state = encoded(ack("alice", state), "bob");
    CHECK(caused_by({page}, 1) > bound / 3);
    CHECK(caused_by({page}, 1) <= bound);
    CHECK(caused_by({page}, 4000) <= bound);
    CHECK(caused_by({probes}, 3000) <= bound);
    CHECK(caused_by({last_state}, 3000) <= bound);
    CHECK(caused_by({message}, 1) > 1000);
    CHECK(caused_by({message}, 64) > bound / 3);
    CHECK(caused_by({message}, 64) <= bound + message.size() + 3 * frame_overhead_max);
    CHECK(caused_by({page, probes, message, last_state}, 100) <=
          bound + message.size() + 3 * frame_overhead_max);
    CHECK(r.relay.refusals()[refusal::too_much] > 10'000);
    // One frame is done in any case, and one row.
    r.relay = relay::create({.payload_max = 1024, .bytes_per_packet_max = 1}).value();
    r.online(at_alice, "alice");
    r.online(at_bob, "bob");
    CHECK(caused_by({message}, 5) > 1000);
    CHECK(caused_by({message}, 5) < 1500);
    CHECK(caused_by({page}, 5) > 1000);
    CHECK(caused_by({page}, 5) < 1500);
}

TEST_CASE("relay: an empty mailbox is answered with that [spec 5.5]") {
    rig r;
    r.online(at_bob, "bob");
    const blob packet = encoded(sync(5), "bob");
    r.relay.handle(at_bob, packet, r.out);
    CHECK(r.out.frames().empty());
    r.execute();
    CHECK(r.sent() == strings{"bob@2: sync:A 5 rows 0 all"});
}

TEST_CASE("relay: a page without rows that claims to go on ends the round") {
    rig r;
    r.online(at_bob, "bob");
    mailbox_outcome outcome;
    outcome.done = true;
    outcome.next = mailbox_key{"alice", {epoch{7}, 4}};
    CHECK(r.relay.complete({"bob", sync(5), {}}, outcome, r.out) == refusal::mailbox);
    CHECK(r.sent() == strings{"bob@2: sync:A 5 rows 0 all"});
}

TEST_CASE("relay: what a look cannot have found is said to nobody") {
    rig r = with_both();
    const blob packet = encoded(probe("bob", 9), "alice");
    r.relay.handle(at_alice, packet, r.out);
    const auto request = r.out.next_request();
    REQUIRE(request);
    mailbox_outcome outcome;
    outcome.done = true;
    outcome.smaller = {std::get<msg_request>(request->what).epoch, 2};  // not a smaller one
    CHECK(r.relay.complete(*request, outcome, r.out) == refusal::mailbox);
    CHECK(r.relay.refusals()[refusal::mailbox] == 1);
    CHECK(r.sent() == strings{});
}

TEST_CASE("relay: a row that cannot be is not passed on, and the others are one behind the other") {
    rig r;
    r.online(at_bob, "bob");
    std::vector<mailbox_row> rows = rows_of({0, 0, 0, 0, 0, 0, -1});
    rows[0].low = 5;
    rows[2].id.epoch = epoch::none;
    rows[4].smaller = {epoch{7}, 1};
    rows[6].payload = as_bytes("a tombstone has none");
    mailbox_outcome outcome;
    outcome.done = true;
    outcome.rows = rows;
    CHECK(r.relay.complete({"bob", sync(5), {}}, outcome, r.out) == refusal::mailbox);
    CHECK(r.relay.refusals()[refusal::mailbox] == 3);
    CHECK(r.sent() == strings{"bob@2: msg:N alice 7:5 '' drained 5.0 low=2 clean",
                              "bob@2: msg:N alice 7:7 '' drained 5.1 low=2 clean",
                              "bob@2: msg:N alice 7:9 '' tombstone drained 5.2 low=2 clean",
                              "bob@2: sync:A 5 rows 4 all"});
}

TEST_CASE(
    "relay: where the key of what is next is damaged, a page goes on behind its last row that "
    "has one, and without any it is not answered") {
    rig r;
    r.online(at_bob, "bob");
    std::vector<mailbox_row> rows = rows_of({0, 0});
    rows[1].from = peer();
    mailbox_outcome outcome;
    outcome.done = true;
    outcome.rows = rows;
    const auto page = [&](const mailbox_key& next) {
        outcome.next = next;
        CHECK(r.relay.complete({"bob", sync(5), {}}, outcome, r.out) == refusal::mailbox);
        return r.sent();
    };
    const strings behind = {"bob@2: msg:N alice 7:4 '' drained 5.0 low=2 clean",
                            "bob@2: sync:A 5 rows 1 next alice 7:5"};
    CHECK(page({peer(), {epoch{7}, 9}}) == behind);
    CHECK(page({"alice", {epoch::none, 9}}) == behind);
    CHECK(page({"alice", {epoch{7}, seq_end + 1}}) == behind);
    CHECK(page({"alice", {epoch{7}, 4}}) == behind);  // in front of what came
    CHECK(page({"aaron", {epoch{7}, 9}}) == behind);
    CHECK(page({"alice", {epoch{7}, 9}})[1] == "bob@2: sync:A 5 rows 1 next alice 7:9");
    rows[0].id.seq = ~seq{0};
    CHECK(page({peer(), {epoch{7}, 9}}).empty());  // nor has it any where nothing came
    rows[0].id.seq = 4;
    const auto page_from = [&](const mailbox_key& from, const mailbox_key& next) {
        outcome.next = next;
        CHECK(r.relay.complete({"bob", sync(5, from), {}}, outcome, r.out) == refusal::mailbox);
        return r.sent().back();
    };
    const mailbox_key four{"alice", {epoch{7}, 4}};
    const mailbox_key five{"alice", {epoch{7}, 5}};
    CHECK(page_from(four, four) == "bob@2: sync:A 5 rows 1 next alice 7:5");
    CHECK(page_from(five, five) == "bob@2: msg:N alice 7:4 '' drained 5.0 low=2 clean");  // no end
    rows[0].id.seq = ~seq{0};
    CHECK(page({"alice", {epoch{7}, 9}}) == strings{"bob@2: sync:A 5 rows 0 next alice 7:9"});
}

// ---- what goes wrong

TEST_CASE("relay: what the mailbox has not done is answered by nothing [spec 5.6]") {
    rig r = with_both();
    ack_request past = ack("alice", {});
    past.word = ack_word::past;
    past.current = epoch{8};
    const blob state = ack_state_of(5);
    const mailbox_request requests[] = {
        {"alice", hello("bob"), {}},
        {"alice", tombstone("bob", 0), {}},
        {"alice", probe("bob", 0), {}},
        {"bob", ack("alice", state), {}},
        {"bob", past, {}},
        {"bob", sync(5), {}},
    };
    std::uint64_t count = 0;
    for (const mailbox_request& request : requests) {
        CHECK(r.relay.complete(request, mailbox_outcome{}, r.out) == refusal::mailbox);
        CHECK(r.out.empty());
        CHECK(r.out.frames().empty());
        CHECK(r.relay.refusals()[refusal::mailbox] == ++count);
    }
}

TEST_CASE("relay: refuses the kinds of frame that only relays send [spec 1.1]") {
    rig r = with_both();
    const msg_answer taken{.to = "bob"};
    msg_notify notify;
    notify.from = "bob";
    notify.epoch = epoch{7};
    notify.entries = run::tombstone();
    ack_notify stored;
    stored.from = "bob";
    stored.epoch = epoch{7};
    stored.word = ack_word::stored;
    stored.count = 1;
    const frame frames[] = {taken, notify, ack_answer{1}, stored, sync_answer{}};
    for (const frame& each : frames) {
        rig fresh = r;
        check_refused(fresh, at_alice, encoded(each, "alice"), refusal::direction);
    }
}

TEST_CASE("relay: refuses a link that it was not told of, and frames made for another link") {
    rig r = with_both();
    SECTION("unknown") {
        check_refused(r, link_id{9}, encoded(hello("bob"), "alice"), refusal::unknown_link);
    }
    SECTION("none") {
        check_refused(r, link_id::none, encoded(hello("bob"), "alice"), refusal::unknown_link);
    }
    SECTION("another peer's") {
        check_refused(r, at_bob, encoded(hello("bob"), "alice"), refusal::checksum);
    }
    SECTION("without a checksum") {
        const blob packet = encoded(hello("bob"), "alice", checksum::off);
        CHECK(ends_stream(r.relay.handle(at_alice, packet, r.out)));
        CHECK(r.out.empty());
    }
}

TEST_CASE("relay: a packet that is cut at any byte says nothing of what was cut") {
    const blob packet =
        joined({encoded(hello("bob", 0), "alice"), encoded(hello("bob", 1), "alice")});
    const std::size_t first = packet.size() / 2;
    for (std::size_t size = 0; size <= packet.size(); ++size) {
        rig r = with_both();
        const refusal why = r.relay.handle(at_alice, bytes(packet).first(size), r.out);
        CHECK(r.out.frames().size() == 2 * (size / first));
        CHECK(why == (size % first == 0 ? refusal::none : refusal::truncated));
        CHECK(r.relay.refusals().total() == (size % first == 0 ? 0 : 1));
    }
}

TEST_CASE("relay: a flipped bit anywhere in a frame is refused, with nothing said") {
    const blob good = encoded(hello("bob"), "alice");
    rig r = with_both();
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
        blob packet = good;
        packet[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
        CHECK(ends_stream(r.relay.handle(at_alice, packet, r.out)));
        CHECK(r.out.empty());
        r.out.clear();
    }
    CHECK(r.relay.refusals().total() == 8 * good.size());
}

TEST_CASE("relay: a frame that it understands and refuses leaves the others of its packet alone "
          "[spec 2.12]") {
    rig r = with_both();
    const blob packet = joined({encoded(hello("bob", 0), "alice"), encoded(ack_answer{1}, "alice"),
                                encoded(hello("bob", 1), "alice")});
    CHECK(r.relay.handle(at_alice, packet, r.out) == refusal::direction);
    CHECK(r.relay.refusals().total() == 1);
    CHECK(r.sent() == strings{"alice@1: msg:A bob #3", "bob@2: msg:N alice 7:0 'hello' #3",
                              "alice@1: msg:A bob #3", "bob@2: msg:N alice 7:1 'hello' #3"});
}

TEST_CASE(
    "relay: behind a frame that cannot be decoded it takes nothing of the packet [spec 2.12]") {
    rig r = with_both();
    const blob packet =
        joined({encoded(ack_answer{1}, "alice"), encoded(hello("bob", 0), "alice"),
                encoded(hello("bob", 1), "mallory"), encoded(hello("bob", 2), "alice")});
    CHECK(r.relay.handle(at_alice, packet, r.out) == refusal::checksum);
    CHECK(r.relay.refusals().total() == 2);
    CHECK(r.sent() == strings{"alice@1: msg:A bob #3", "bob@2: msg:N alice 7:0 'hello' #3"});
}

TEST_CASE("relay: random bytes never make it say anything") {
    rig r = with_both();
    r.online(link_id{3}, "carol", checksum::off);
    random_source random(1);
    std::uint64_t refused = 0;
    for (int round = 0; round < 20000; ++round) {
        blob packet(random.below(60));
        for (std::byte& each : packet) {
            each = static_cast<std::byte>(random.below(256));
        }
        if (!packet.empty() && random.below(4) != 0) {
            packet[0] = static_cast<std::byte>(0x21 + random.below(8));
        }
        if (packet.size() > 3 && random.below(4) != 0) {
            packet[2] = static_cast<std::byte>(packet.size() - 3);
        }
        r.relay.handle(at_alice, packet, r.out);
        REQUIRE(r.out.empty());
        // unchecked: anything goes that is a frame
        const refusal why = r.relay.handle(link_id{3}, packet, r.out);
        refused += why != refusal::none ? 1U : 0U;
        r.execute();
        for (const auto each : r.out.frames()) {
            frame read;
            const auto mode = each.link == link_id{3} ? checksum::off : checksum::on;
            REQUIRE(decode(each.bytes, framing(each.to, mode), read) == refusal::none);
        }
        r.out.clear();
    }
    CHECK(refused > 10000);
    CHECK(r.relay.peers() == 3);
}

// ---- links

TEST_CASE("relay: the newest link of a peer wins, and the former one is refused from then on "
          "[spec 1.3]") {
    rig r = with_both();
    r.online(link_id{5}, "bob");
    CHECK(r.relay.peers() == 2);
    check_refused(r, at_bob, encoded(hello("alice"), "bob"), refusal::unknown_link);
    CHECK(r.handle(at_alice, "alice", hello("bob"))[1] == "bob@5: msg:N alice 7:0 'hello' #3");
    CHECK(r.handle(link_id{5}, "bob", hello("alice"))[0] == "bob@5: msg:A alice #3");
}

TEST_CASE("relay: a late `gone` of a link that was replaced changes nothing [spec 1.3]") {
    rig r = with_both();
    r.online(link_id{5}, "bob");
    r.relay.link_down(at_bob);
    CHECK(r.relay.online("bob"));
    CHECK(r.relay.link_of("bob") == link_id{5});
    CHECK(r.handle(at_alice, "alice", hello("bob"))[1] == "bob@5: msg:N alice 7:0 'hello' #3");
    r.relay.link_down(link_id{5});
    r.relay.link_down(link_id{5});
    CHECK_FALSE(r.relay.online("bob"));
    CHECK(r.relay.link_of("bob") == link_id::none);
    CHECK(r.relay.peers() == 1);
    check_refused(r, link_id{5}, encoded(hello("alice"), "bob"), refusal::unknown_link);
}

TEST_CASE("relay: the same link may come up again, with another checksum mode or peer") {
    rig r = with_both();
    r.online(at_bob, "bob", checksum::off);
    CHECK(r.relay.peers() == 2);
    const blob packet = encoded(hello("bob"), "bob", checksum::off);
    r.relay.handle(at_bob, packet, r.out);
    CHECK(r.sent(checksum::off).size() == 2);

    r.online(at_bob, "carol");
    CHECK(r.relay.peers() == 2);
    CHECK_FALSE(r.relay.online("bob"));
    CHECK(r.handle(at_bob, "carol", hello("alice"))[1] == "alice@1: msg:N carol 7:0 'hello' #3");

    r.online(at_bob, "alice");  // alice moves to that link, and carol has none
    CHECK(r.relay.peers() == 1);
    check_refused(r, at_alice, encoded(hello("alice"), "alice"), refusal::unknown_link);
}

TEST_CASE("relay: refuses a peer without a name, a link without a number, and a peer too many") {
    sixfold::relay relay = sixfold::relay::create({.peers_max = 2}).value();
    const auto code = [&](link_id link, const peer& name) {
        const auto done = relay.link_up(link, name);
        return done ? std::optional<errc>() : done.error().code;
    };
    CHECK(code(link_id{1}, "") == errc::peer_name);
    CHECK(code(link_id{1}, peer(std::string(48, 'x'))) == errc::peer_name);
    CHECK(code(link_id::none, "alice") == errc::unknown_link);
    CHECK(relay.peers() == 0);
    CHECK_FALSE(code(link_id{1}, "alice"));
    CHECK_FALSE(code(link_id{2}, "bob"));
    CHECK(code(link_id{3}, "carol") == errc::peers_full);
    CHECK(relay.peers() == 2);
    CHECK_FALSE(relay.online("carol"));
    CHECK_FALSE(code(link_id{3}, "bob"));    // a newer link of a peer that is here
    CHECK_FALSE(code(link_id{3}, "carol"));  // that link, and so bob's place
    CHECK_FALSE(relay.online("bob"));
    relay.link_down(link_id{1});
    CHECK_FALSE(code(link_id{2}, "bob"));
}

TEST_CASE("relay: refuses options that cannot work, and names them") {
    const auto what = [](const relay_options& options) {
        const auto made = relay::create(options);
        return made ? std::string() : std::string(made.error().what);
    };
    CHECK(what({}).empty());
    CHECK(what({.peers_max = 1, .payload_max = 1}).empty());
    CHECK(what({.peers_max = 0}).find("peers_max") != std::string::npos);
    CHECK(what({.peers_max = ~0U}).find("peers_max") != std::string::npos);
    CHECK(what({.payload_max = 0}).find("payload_max") != std::string::npos);
    CHECK(what({.payload_max = ~0U}).find("payload_max") != std::string::npos);
    CHECK(what({.bytes_per_packet_max = 0}).find("bytes_per_packet_max") != std::string::npos);
    CHECK(what({.bytes_per_packet_max = 1}).empty());
}

TEST_CASE("relay: a link without checksum and one with it are both served in their own way") {
    rig r;
    r.online(at_alice, "alice", checksum::off);
    r.online(at_bob, "bob", checksum::on);
    const blob packet = encoded(hello("bob"), "alice", checksum::off);
    r.relay.handle(at_alice, packet, r.out);
    REQUIRE(r.out.frames().size() == 2);
    auto each = r.out.frames().begin();
    CHECK(text(*each, checksum::off) == "alice@1: msg:A bob #3");
    ++each;
    CHECK(text(*each, checksum::on) == "bob@2: msg:N alice 7:0 'hello' #3");
}

// ---- state

TEST_CASE("relay: a copy goes on by itself") {
    rig r = with_both();
    rig copy = r;
    r.relay.link_down(at_bob);
    CHECK_FALSE(r.relay.online("bob"));
    CHECK(copy.handle(at_alice, "alice", hello("bob"))[1] == "bob@2: msg:N alice 7:0 'hello' #3");
}

TEST_CASE("relay: a request that came back damaged is completed by nothing, whatever it was") {
    rig r;
    const auto refused = [&](const mailbox_request& damaged) {
        return r.relay.complete(damaged, {.done = true}, r.out) == refusal::mailbox &&
               r.out.frames().empty();
    };
    const msg_request good{.to = "bob", .epoch = epoch{1}, .first = 1, .entries = run::tombstone()};
    const auto with = [&](auto change) {
        msg_request out = good;
        change(out);
        return mailbox_request{.from = "alice", .what = out};
    };
    CHECK_FALSE(refused(with([](auto&) {})));
    r.out.clear();
    CHECK(refused(with([](auto& m) { m.to = peer(); })));
    CHECK(refused(with([](auto& m) { m.epoch = epoch::none; })));
    CHECK(refused(with([](auto& m) { m.first = seq_end; })));
    CHECK(refused(with([](auto& m) { m.base = 2; })));
    CHECK(refused(with([](auto& m) { m.storing = storing::forbidden; })));
    CHECK(refused(with([](auto& m) { m.entries = run(); })));  // no probe has a first seq
    CHECK(refused({.from = peer(), .what = good}));
    CHECK(refused({.from = "bob", .what = sync(1, mailbox_key{peer(), {epoch{1}, 0}})}));
    CHECK(refused({.from = "bob", .what = ack_request{.to = "alice", .epoch = epoch::none}}));
}

TEST_CASE(
    "relay: a request may be completed by a relay that has never seen its links, and what it puts "
    "out names its peers [spec 5.8, 5.9]") {
    rig r = with_alice();
    const blob packet = encoded(hello("bob"), "alice");
    r.relay.handle(at_alice, packet, r.out);
    const auto request = r.out.next_request();
    REQUIRE(request);
    rig other;
    other.relay.complete(*request, other.mailbox.execute(*request), other.out);
    CHECK(other.sent() ==
          strings{"alice@0: ack:N bob 7:0 stored #3", "bob@0: msg:N alice 7:0 'hello' #3"});
}

TEST_CASE("relay: nothing that it puts out depends on its seed") {
    const auto run = [](std::uint64_t seed) {
        const auto name = [](std::uint64_t i) {
            return peer(std::string_view("peer" + std::to_string(i)));
        };
        rig r;
        r.relay = relay::create({.seed = seed}).value();
        strings all;
        for (std::uint64_t i = 1; i <= 50; ++i) {
            r.online(link_id{i}, name(i));
        }
        for (std::uint64_t i = 1; i <= 50; ++i) {
            for (const auto& each : r.handle(link_id{i}, name(i), hello(name(i * 7 % 60)))) {
                all.push_back(each);
            }
        }
        return all;
    };
    CHECK(run(1).size() == 107);
    CHECK(run(1) == run(2));
}

TEST_CASE("relay: does not allocate for messages once its reactions have grown") {
    if (support::allocations_in([] { CHECK(std::vector<int>(9).size() == 9); }) == 0) {
        SKIP("allocations are not counted here");
    }
    rig r = with_both();
    const blob state = ack_state_of(5);
    const std::vector<std::pair<link_id, blob>> packets = {
        {at_alice, encoded(hello("bob"), "alice")},
        {at_alice, encoded(three("carol", 4), "alice")},
        {at_alice, encoded(probe("bob", 0), "alice")},
        {at_bob, encoded(ack("alice", state), "bob")},
        {at_bob, encoded(sync(1), "bob")},
        {at_bob, encoded(ack_answer{1}, "bob")},
        {link_id{9}, encoded(hello("bob"), "alice")},
    };
    mailbox_row row;
    row.from = "alice";
    row.id = {epoch{7}, 4};
    row.low = 2;
    mailbox_outcome outcome;
    outcome.done = true;
    outcome.rows = {&row, 1};
    outcome.last_state = state;
    std::size_t frames = 0;
    const auto round = [&] {
        for (const auto& [link, packet] : packets) {
            r.relay.handle(link, packet, r.out);
            while (const auto request = r.out.next_request()) {
                r.relay.complete(*request, outcome, r.out);
            }
        }
        for (const auto each : r.out.frames()) {
            frames += each.bytes.empty() ? 0U : 1U;
        }
        r.out.clear();
    };
    CHECK(support::allocations_in(round) > 0);
    CHECK(support::allocations_in([&] {
              for (int i = 0; i < 1000; ++i) {
                  round();
              }
          }) == 0);
    CHECK(frames == 1001 * (2 + 3 + 2 + 2 + 2));
}

// ---- reactions

TEST_CASE("reactions: collect what several calls put in, until they are cleared") {
    rig r = with_both();
    const blob first = encoded(hello("bob", 0), "alice");
    const blob second = encoded(hello("bob", 1), "alice");
    CHECK(r.out.empty());
    r.relay.handle(at_alice, first, r.out);
    r.relay.handle(at_alice, second, r.out);
    CHECK_FALSE(r.out.empty());
    CHECK(r.out.frames().size() == 4);
    const reactions copy = r.out;
    r.out.clear();
    CHECK(r.out.empty());
    strings kept;
    for (const auto each : copy.frames()) {
        kept.push_back(text(each, checksum::on));
    }
    CHECK(kept == strings{"alice@1: msg:A bob #3", "bob@2: msg:N alice 7:0 'hello' #3",
                          "alice@1: msg:A bob #3", "bob@2: msg:N alice 7:1 'hello' #3"});
}

TEST_CASE("reactions: what a peak took goes when it was not needed for a while, and not before") {
    if (support::allocations_in([] { CHECK(std::vector<int>(9).size() == 9); }) == 0) {
        SKIP("allocations are not counted here");
    }
    rig r = with_both();
    const std::string payload(1000, 'x');
    const blob small = encoded(hello("bob"), "alice");
    const blob large = encoded(hello("bob", 0, payload), "alice");
    const blob asking = encoded(sync(1), "bob");
    // So many small rounds, and how many of them took memory.
    const auto rounds = [&](int count) {
        int out = 0;
        for (int i = 0; i < count; ++i) {
            out += static_cast<int>(support::allocations_in([&] {
                                        r.relay.handle(at_alice, small, r.out);
                                        r.out.clear();
                                    }) != 0);
        }
        return out;
    };
    const auto peak = [&](const blob& packet, link_id from) {
        for (int i = 0; i < 300; ++i) {
            r.relay.handle(from, packet, r.out);
        }
        r.out.clear();
    };
    CHECK(rounds(1000) == 1);
    SECTION("of frames") {
        peak(large, at_alice);
        CHECK(rounds(63) == 0);  // the peak was in one of the 64, and is in none of the next
        CHECK(rounds(65) == 1);
        CHECK(rounds(1000) == 0);
    }
    SECTION("of requests") {
        peak(asking, at_bob);
        CHECK(rounds(128) == 1);
        CHECK(rounds(1000) == 0);
    }
    SECTION("it stays where it is needed now and then, and where it is little") {
        peak(large, at_alice);
        for (int i = 0; i < 20; ++i) {
            CHECK(rounds(50) == 0);
            CHECK(support::allocations_in([&] { peak(large, at_alice); }) == 0);
        }
        rig other = with_both();
        for (int i = 0; i < 30; ++i) {
            other.relay.handle(at_alice, large, other.out);
        }
        other.out.clear();
        std::swap(r, other);
        CHECK(rounds(1000) == 0);
    }
}

TEST_CASE("reactions: hand out each request once, in order, those that came meanwhile too") {
    rig r = with_alice();
    const auto seq_of = [](const std::optional<mailbox_request>& request) {
        REQUIRE(request);
        return std::get<msg_request>(request->what).first;
    };
    const blob first =
        joined({encoded(hello("bob", 0), "alice"), encoded(hello("bob", 1), "alice")});
    const blob second = encoded(hello("bob", 2), "alice");
    r.relay.handle(at_alice, first, r.out);
    CHECK(seq_of(r.out.next_request()) == 0);
    r.relay.handle(at_alice, second, r.out);
    CHECK(seq_of(r.out.next_request()) == 1);
    CHECK(seq_of(r.out.next_request()) == 2);
    CHECK_FALSE(r.out.next_request());
    CHECK_FALSE(r.out.next_request());
    r.relay.handle(at_alice, second, r.out);
    r.out.clear();
    CHECK_FALSE(r.out.next_request());
}

TEST_CASE("reactions: a request that nobody has taken is something, even without a frame") {
    rig r = with_alice();
    const blob packet = encoded(probe("bob", 4), "alice");
    r.relay.handle(at_alice, packet, r.out);
    CHECK(r.out.frames().empty());
    CHECK_FALSE(r.out.empty());
    CHECK(r.out.next_request());
    CHECK(r.out.empty());
}

TEST_CASE("reactions: the frames can be gone through step by step") {
    rig r = with_both();
    r.relay.handle(at_alice, encoded(hello("bob", 0), "alice"), r.out);
    const auto frames = r.out.frames();
    auto at = frames.begin();
    CHECK((*at++).to == peer("alice"));
    CHECK((*at).to == peer("bob"));
    CHECK(++at == frames.end());
}

// ---- link_table

TEST_CASE("link_table: finds what was inserted and not erased, as a plain list does") {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        link_table table(seed);
        std::vector<std::uint32_t> expected(200, link_table::none);  // by link
        random_source random(seed);
        for (int step = 0; step < 5000; ++step) {
            const auto link = 1 + random.below(199);
            auto& entry = expected[link];
            if (entry == link_table::none) {
                entry = static_cast<std::uint32_t>(random.below(1000));
                table.insert(link_id{link}, entry);
            } else {
                entry = link_table::none;
                table.erase(link_id{link});
            }
            if (step % 10 == 0) {
                for (std::uint64_t each = 0; each < expected.size(); ++each) {
                    REQUIRE(table.find(link_id{each}) == expected[each]);
                }
            }
        }
    }
}

}  // namespace relay_tests
