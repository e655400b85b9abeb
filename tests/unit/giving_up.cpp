// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/lone_sender.hpp"
#include "support/test_access.hpp"

// A receiver is given up: how its messages end, and what is left of its stream.

namespace giving_up_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using names = std::vector<std::string>;
using journal_bytes = std::vector<std::byte>;

std::uint64_t start_of(epoch of) {
    return static_cast<std::uint64_t>(of) >> epoch_random_bits;
}

/// A sender, what it has told of each message, and the records that it gave.
struct fixture : support::lone_sender {
    using lone_sender::lone_sender;

    /// The last that the app hears of each message.
    std::map<ticket, status> endings() {
        std::map<ticket, status> out;
        while (const auto next = a.poll_event()) {
            out[next->id] = next->what;
        }
        return out;
    }
    /// The app hears all, and the journal too.
    void settle() {
        (void)endings();
        keep();
    }
};

/// The records that a sender has to write now, one by one.
std::vector<journal_bytes> records_of(sender& machine) {
    std::vector<journal_bytes> out;
    std::vector<std::byte> buffer(8192);
    while (const auto part = machine.poll_journal(buffer)) {
        journal_reader reader(*part);
        while (const auto each = reader.next()) {
            out.emplace_back(each->wire.begin(), each->wire.end());
        }
    }
    return out;
}

journal_bytes snapshot_of(const sender& machine) {
    journal_bytes out;
    std::vector<std::byte> buffer(8192);
    for (std::uint64_t at = 0; const auto part = machine.snapshot(at, buffer);) {
        out.insert(out.end(), part->begin(), part->end());
    }
    return out;
}

// --- how messages end ----------------------------------------------------------------------------------

TEST_CASE("sender: a peer to whom nothing was written cannot be given up") {
    fixture f;
    CHECK_FALSE(f.a.forget("bob"));
    f.send("carol", "x");
    CHECK_FALSE(f.a.forget("bob"));
    CHECK_FALSE(f.a.forget(""));
    CHECK(f.news().empty());
}

TEST_CASE("sender: given up, what was never sent is cancelled, and of all else nobody knows [spec "
          "3.14]") {
    fixture f({.window = 5});
    f.up();
    std::vector<ticket> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(f.send("bob", "sent"));
    }
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    REQUIRE(f.taken() == refusal::none);
    REQUIRE(f.a.cancel(all[1]));
    (void)f.news();
    f.a.link_down();
    all.push_back(f.send("bob", "waits"));
    all.push_back(f.send("bob", "is taken back"));
    all.push_back(f.send("bob", "is late", {.expires_after = 1s}));
    REQUIRE(f.a.cancel(all[6]));
    f.clock.advance(2s);
    REQUIRE(f.a.forget("bob"));
    std::vector<status> told;
    const auto endings = f.endings();
    for (const ticket each : all) {
        told.push_back(endings.at(each));
    }
    CHECK(told == std::vector{status::ended, status::ended, status::ended, status::ended,
                              status::ended, status::cancelled, status::cancelled,
                              status::expired});
    CHECK(f.a.queued() == 0);
    CHECK(f.a.unsettled() == 0);
    CHECK(f.a.next_deadline() == never);
}

TEST_CASE("sender: what was sent under another name is not said to be cancelled [spec 3.14]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.past(epoch{std::uint64_t{9} << epoch_random_bits}) == refusal::none);
    REQUIRE(f.where(0) == transit::fresh);
    REQUIRE(f.a.forget("bob"));
    CHECK(f.news() == std::vector{status::ended});
}

TEST_CASE("sender: what an earlier life may have sent is not said to be cancelled [spec 3.14]") {
    fixture f({}, journaling::withhold);
    f.send("bob", "x");
    f.keep();
    sender next =
        sender::create(f.clock, {.start = 1, .seed = 2}, {}, journaling::withhold, snapshot_of(f.a))
            .value();
    REQUIRE(next.forget("bob"));
    CHECK(next.poll_event().value().what == status::ended);
}

TEST_CASE("sender: given up twice is once, and what comes meanwhile is refused [spec 3.14]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    const epoch left = f.stream();
    const sending_number number = f.last;
    REQUIRE(f.a.forget("bob"));
    const epoch next = f.stream();
    CHECK(next > left);
    CHECK(f.a.forget("bob"));
    CHECK(f.stream() == next);
    const auto state = std::array{std::byte{1}};
    CHECK(f.a.handle(ack_notify{.from = "bob", .epoch = left, .state = state}) ==
          refusal::unknown_stream);
    CHECK(f.a.handle(msg_answer{.to = "bob", .number = number}) == refusal::none);  // which is late
    CHECK(f.news() == std::vector{status::ended});
    CHECK(f.a.handle(msg_answer{.to = "bob", .number = number}) == refusal::unknown_stream);
    CHECK_FALSE(f.a.forget("bob"));
    CHECK(f.transmit().empty());
}

// --- refused -------------------------------------------------------------------------------------------

TEST_CASE("sender: what a relay refuses for good has ended as that, and the app hears why [spec "
          "3.14]") {
    const auto why = GENERATE(refused_reason::unknown_peer, refused_reason::not_allowed,
                              refused_reason::over_quota);
    fixture f({.window = 4});
    f.up();
    std::vector<ticket> all;
    for (int i = 0; i < 4; ++i) {
        all.push_back(f.send("bob", "sent"));
    }
    (void)f.transmit();
    REQUIRE(f.stored(0) == refusal::none);
    REQUIRE(f.a.cancel(all[1]));
    all.push_back(f.send("bob", "waits"));
    all.push_back(f.send("bob", "is taken back"));
    REQUIRE(f.a.cancel(all[5]));
    (void)f.news();
    const epoch before = f.stream();
    REQUIRE(f.refused(why) == refusal::none);
    std::vector<status> told;
    while (const auto next = f.a.poll_event()) {
        told.push_back(next->what);
        CHECK(next->reason == (next->what == status::refused ? why : refused_reason::none));
        CHECK(next->name.epoch == before);
    }
    // What is stored was not refused, and the last one is cancelled in any case.
    CHECK(told == std::vector{status::ended, status::refused, status::refused, status::refused,
                              status::refused, status::cancelled});
    CHECK_FALSE(test_access::writes_to(f.a, "bob"));
    CHECK(f.transmit().empty());
    f.send("bob", "again");
    CHECK(f.stream() > before);
    CHECK(f.transmit().size() == 2);
}

TEST_CASE("sender: a probe that is refused gives its peer up, too [spec 3.14]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    f.last = f.probed;
    REQUIRE(f.refused(refused_reason::not_allowed) == refusal::none);
    CHECK(f.news() == std::vector{status::refused});
}

TEST_CASE(
    "sender: a refusal counts of a sending that is remembered, and in its epoch [spec 3.14]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    const sending_number number = f.last;
    f.last = static_cast<sending_number>(f.last + 1);
    REQUIRE(f.refused(refused_reason::not_allowed) == refusal::none);
    CHECK(f.news().empty());
    msg_answer other{.to = "bob",
                     .epoch = epoch{5},
                     .number = number,
                     .word = msg_word::refused,
                     .reason = refused_reason::not_allowed};
    CHECK(f.a.handle(other) == refusal::unknown_stream);
    CHECK(f.news().empty());
    other.epoch = f.stream();
    CHECK(f.a.handle(other) == refusal::none);
    CHECK(f.news() == std::vector{status::refused});
}

TEST_CASE("sender: whether what was too large is refused says the receiver, as an earlier sending "
          "may have arrived [spec 3.8, 3.14]") {
    const auto keeps = GENERATE(journaling::none, journaling::withhold);
    const bool restored = keeps == journaling::withhold && GENERATE(false, true);
    fixture f({}, keeps);
    f.up();
    f.send("bob", std::string(300, 'x'));
    f.keep();
    (void)f.transmit();
    REQUIRE(f.refused(refused_reason::too_large, 100) == refusal::none);
    const auto news = f.a.poll_event().value();
    CHECK((news.what == status::expiring && news.reason == refused_reason::too_large));
    f.keep();
    if (restored) {
        f.a = sender::create(f.clock, {.start = 2, .seed = 2}, {}, journaling::withhold,
                             snapshot_of(f.a))
                  .value();
        f.up();
        (void)f.news();
    }
    (void)f.transmit();
    status last = status::refused;
    SECTION("it has the tombstone") {
        const exception how{0, fate::tombstoned};
        REQUIRE(f.state({.floor = 1, .exceptions = {&how, 1}}) == refusal::none);
    }
    SECTION("it has the message, by another relay") {
        REQUIRE(f.state({.floor = 1}) == refusal::none);
        last = status::delivered;
    }
    SECTION("nobody says any more") {
        REQUIRE(f.a.forget("bob"));
        last = status::ended;
    }
    const auto end = f.a.poll_event().value();
    CHECK(end.what == last);
    CHECK(end.reason ==
          (last == status::refused ? refused_reason::too_large : refused_reason::none));
    CHECK_FALSE(f.a.poll_event());
}

TEST_CASE("journal: why something was refused is still known in the next life [spec 7.6]") {
    const auto why = GENERATE(refused_reason::unknown_peer, refused_reason::not_allowed,
                              refused_reason::over_quota);
    fixture f({}, journaling::withhold);
    f.up();
    f.send("bob", "x");
    f.keep();
    (void)f.transmit();
    REQUIRE(f.refused(why) == refusal::none);
    f.keep();
    sender next =
        sender::create(f.clock, {.start = 1, .seed = 2}, {}, journaling::withhold, snapshot_of(f.a))
            .value();
    const auto news = next.poll_event().value();
    CHECK((news.what == status::refused && news.reason == why));
}

// --- its place -----------------------------------------------------------------------------------------

TEST_CASE("sender: the place of a peer that was given up is free when the app has heard all [spec "
          "3.14]") {
    const auto keeps = GENERATE(journaling::none, journaling::withhold);
    fixture f({.peers_max = 1}, keeps);
    f.send("bob", "x");
    f.send("bob", "y");
    REQUIRE(f.a.forget("bob"));
    const auto refused = [&] {
        const auto sent = f.a.send("carol", as_bytes("x"));
        return !sent && sent.error().code == errc::peers_full;
    };
    CHECK(refused());
    CHECK(f.a.poll_event());
    CHECK(refused());
    CHECK(f.a.poll_event());
    if (keeps == journaling::withhold) {
        CHECK(refused());
        CHECK(f.a.next_deadline() == f.clock.now());
        f.keep();
    }
    f.send("carol", "x");
    CHECK_FALSE(test_access::writes_to(f.a, "bob"));
}

TEST_CASE("sender: a peer of whom all has ended is given up at once") {
    fixture f({.peers_max = 1});
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    REQUIRE(f.news() == std::vector{status::delivered});
    REQUIRE(f.a.forget("bob"));
    CHECK_FALSE(f.a.forget("bob"));
    f.send("carol", "x");
}

TEST_CASE(
    "sender: whoever gets the place of one who was given up finds nothing of it [spec 3.14]") {
    const auto keeps = GENERATE(journaling::none, journaling::withhold);
    fixture f({}, keeps);
    f.up();
    for (int i = 0; i < 9; ++i) {
        f.send("bob", "x");
    }
    f.keep();
    (void)f.transmit();
    f.clock.advance(10ms);
    REQUIRE(f.echoed({.floor = 3, .limits = receiver_limits{1, 2, 30}}) == refusal::none);
    REQUIRE(f.stored(5) == refusal::none);
    (void)f.next();
    REQUIRE(f.refused(refused_reason::too_large, 0) == refusal::none);
    REQUIRE(f.a.forget("bob"));
    f.settle();
    f.send("carol", "x");
    f.keep();
    fixture fresh({}, keeps);
    fresh.up();
    fresh.send("carol", "x");
    fresh.keep();
    CHECK(test_access::streams(f.a) == 1);
    CHECK(test_access::differing(test_access::stream(f.a, "carol"),
                                 test_access::stream(fresh.a, "carol")) == names{"epoch"});
    CHECK(test_access::differing(test_access::path(f.a, "carol"),
                                 test_access::path(fresh.a, "carol")) == names{"sendings.origin"});
    CHECK(test_access::ledger(f.a).is_epoch_durable(0));
    CHECK(test_access::ledger(f.a).last(0).epoch == epoch::none);
    const auto out = f.transmit();
    REQUIRE(out.size() == 2);
    CHECK((out[0].to == "carol" && out[0].probes()));
    CHECK((out[1].first == 0 && out[1].messages == names{"x"}));
}

TEST_CASE("sender: given up while it stands in line, it takes nobody's turn [spec 3.14]") {
    fixture f({.peers_max = 2});
    f.up();
    f.send("bob", "x");
    f.send("dave", "x");
    REQUIRE(f.a.next_deadline() == f.clock.now());
    REQUIRE(f.a.forget("bob"));
    (void)f.news();
    f.send("carol", "y");
    std::set<std::string> served;
    for (const support::sent_request& each : f.transmit()) {
        served.insert(std::string(each.to.name()));
    }
    CHECK(served == std::set<std::string>{"carol", "dave"});
}

// --- epochs --------------------------------------------------------------------------------------------

TEST_CASE("sender: after it was given up a peer is written to in a larger epoch [spec 3.1, 3.14]") {
    const bool heard = GENERATE(false, true);
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    const epoch before = f.stream();
    REQUIRE(f.a.forget("bob"));
    if (heard) {
        (void)f.news();
        CHECK_FALSE(test_access::writes_to(f.a, "bob"));
    }
    f.send("bob", "y");
    CHECK(start_of(f.stream()) == start_of(before) + 1);
    const auto out = f.transmit();
    REQUIRE(out.size() == 2);
    CHECK((out[1].first == 0 && out[1].base == 0 && out[1].epoch == f.stream()));
    REQUIRE(f.state({.floor = 1}) == refusal::none);
    CHECK(f.endings().size() == (heard ? 1 : 2));
    f.send("bob", "z");
    CHECK(f.seqs() == std::vector<seq>{1});
}

TEST_CASE("sender: one number stands for all who were given up, and grows by one each time [spec "
          "3.1]") {
    fixture f;
    for (std::uint64_t i = 0; i < 10; ++i) {
        f.send("bob", "x");
        CHECK(start_of(f.stream()) == 1 + i);
        REQUIRE(f.a.forget("bob"));
        (void)f.news();
    }
    f.send("carol", "x");
    CHECK(start_of(f.stream("carol")) == 11);
}

TEST_CASE("sender: nobody can use up the numbers of others by claiming a large epoch [spec 3.14]") {
    fixture f;
    f.up();
    f.send("bob", "x");
    (void)f.transmit();
    SECTION("far above ours") {
        REQUIRE(f.past(epoch{(start_max - 10) << epoch_random_bits}) == refusal::none);
        REQUIRE(f.a.forget("bob"));
        (void)f.news();
        f.send("carol", "x");
        CHECK(start_of(f.stream("carol")) == 1);
    }
    SECTION("near ours, which may be true") {
        REQUIRE(f.past(epoch{std::uint64_t{1000} << epoch_random_bits}) == refusal::none);
        f.send("bob", "y");
        REQUIRE(f.a.forget("bob"));
        (void)f.news();
        f.send("carol", "x");
        CHECK(start_of(f.stream("carol")) == 1002);
    }
}

TEST_CASE("sender: where no start number is larger a peer keeps its epoch and its place, and "
          "nobody new gets one [spec 3.1]") {
    manual_clock clock;
    sender a = sender::create(clock, {.start = start_max, .seed = 1}, {}).value();
    REQUIRE(a.send("bob", as_bytes("x")));
    const epoch last = test_access::stream(a, "bob").epoch();
    CHECK(a.forget("bob"));
    CHECK(a.poll_event().value().what == status::cancelled);
    CHECK(test_access::stream(a, "bob").epoch() == last);
    REQUIRE(a.send("bob", as_bytes("y")));
    CHECK(test_access::stream(a, "bob").next() == 2);

    sender b = sender::create(clock, {.start = start_max - 1, .seed = 1}, {}).value();
    for (const char* to : {"bob", "carol"}) {
        REQUIRE(b.send(to, as_bytes("x")));
        REQUIRE(b.forget(to));
    }
    while (b.poll_event()) {
    }
    REQUIRE(b.send("bob", as_bytes("x")));
    REQUIRE(b.forget("bob"));
    REQUIRE(b.poll_event());
    CHECK(b.send("carol", as_bytes("x")));  // it still has the last number there is
}

// --- the journal ---------------------------------------------------------------------------------------

TEST_CASE("journal: what was left stays left in each later life [spec 3.1, 7.5]") {
    fixture f({}, journaling::withhold);
    f.up();
    f.send("bob", "x");
    f.keep();
    (void)f.transmit();
    const epoch before = f.stream();
    REQUIRE(f.a.forget("bob"));
    f.settle();
    journal_bytes journal = snapshot_of(f.a);
    for (int life = 0; life < 3; ++life) {
        sender next =
            sender::create(f.clock, {.start = 1, .seed = 2}, {}, journaling::withhold, journal)
                .value();
        CHECK_FALSE(next.forget("bob"));
        CHECK(snapshot_of(next) == journal);
        CHECK(records_of(next).empty());
        journal = snapshot_of(next);
        REQUIRE(next.send("bob", as_bytes("y")));
        CHECK(test_access::stream(next, "bob").epoch() > before);
        CHECK(start_of(test_access::stream(next, "bob").epoch()) == start_of(before) + 1);
    }
}

TEST_CASE("journal: every beginning of it is a state in which a sender could have been while it "
          "gave a peer up [spec 7.5, 7.6]") {
    const bool again = GENERATE(false, true);
    fixture f({.peers_max = 2}, journaling::withhold);
    f.up();
    std::vector<ticket> all;
    for (int i = 0; i < 4; ++i) {
        all.push_back(f.send("bob", "x"));
    }
    const ticket other = f.send("carol", "x");
    std::vector<journal_bytes> records = records_of(f.a);
    f.a.durable(f.a.written());
    (void)f.transmit();
    REQUIRE(f.state({.accepted = std::array{std::byte{4}}}) == refusal::none);
    REQUIRE(f.stored(1) == refusal::none);
    (void)f.news();
    const auto more = [&] {
        for (journal_bytes& each : records_of(f.a)) {
            records.push_back(std::move(each));
        }
    };
    more();
    const std::size_t from = records.size();
    const epoch before = f.stream();
    REQUIRE(f.a.forget("bob"));
    if (again) {
        all.push_back(f.send("bob", "y"));
    }
    more();
    (void)f.news();
    more();
    REQUIRE(records.size() > from + 6);
    if (!again) {
        REQUIRE_FALSE(test_access::writes_to(f.a, "bob"));
        all.push_back(f.send("dave", "takes its place"));
        more();
    }
    journal_bytes journal;
    for (std::size_t i = 0; i < records.size(); ++i) {
        journal.insert(journal.end(), records[i].begin(), records[i].end());
        if (i + 1 < from) {
            continue;
        }
        auto life = sender::create(f.clock, {.start = 1, .seed = 5}, {.peers_max = 2},
                                   journaling::withhold, journal);
        REQUIRE(life);
        CHECK(life->outstanding(other));
        CHECK(snapshot_of(*sender::create(f.clock, {.start = 1, .seed = 5}, {.peers_max = 2},
                                          journaling::withhold, snapshot_of(*life))) ==
              snapshot_of(*life));
        if (life->send("bob", as_bytes("next"))) {  // no name is given twice
            const outbound_stream& stream = test_access::stream(*life, "bob");
            CHECK((stream.epoch() > before || stream.next() == 5));
        }
        REQUIRE((life->forget("bob") || i + 1 == records.size()));
        for (int round = 0; round < 3; ++round) {
            while (life->poll_event()) {
            }
            (void)records_of(*life);
        }
        CHECK_FALSE(test_access::writes_to(*life, "bob"));  // its place is free in any case
        for (const ticket each : all) {
            CHECK((!life->outstanding(each) || (!again && each == all.back())));
        }
    }
}

TEST_CASE("journal: a life that finds a peer half given up lets it go when the app has heard the "
          "rest [spec 3.14]") {
    fixture f({}, journaling::withhold);
    f.up();
    f.send("bob", "x");
    f.keep();
    (void)f.transmit();
    REQUIRE(f.a.forget("bob"));
    f.keep();  // and the app has heard nothing
    sender next =
        sender::create(f.clock, {.start = 1, .seed = 2}, {}, journaling::withhold, snapshot_of(f.a))
            .value();
    CHECK(next.poll_event().value().what == status::ended);
    (void)records_of(next);
    CHECK_FALSE(test_access::writes_to(next, "bob"));
}

TEST_CASE("journal: where no start number is left, nobody new is written to [spec 3.1, 7.5]") {
    std::array<std::byte, 64> left{};
    const std::size_t size = detail::encode_left(start_max, left);
    manual_clock clock;
    sender next = sender::create(clock, {.start = 1, .seed = 2}, {}, journaling::withhold,
                                 bytes(left).first(size))
                      .value();
    const auto sent = next.send("bob", as_bytes("x"));
    REQUIRE(!sent);
    CHECK(sent.error().code == errc::option);
}

TEST_CASE("journal: who was let go, and who never was there, leaves nothing [spec 7.5]") {
    journal_bytes journal;
    std::array<std::byte, 128> record{};
    const auto add = [&](std::size_t size) {
        journal.insert(journal.end(), record.begin(),
                       record.begin() + static_cast<std::ptrdiff_t>(size));
    };
    add(detail::encode_outbound({"bob", epoch{7ULL << 20}, 3}, record));
    add(detail::encode_outbound_gone("bob", record));
    add(detail::encode_outbound_gone("carol", record));
    manual_clock clock;
    const sender next =
        sender::create(clock, {.start = 1, .seed = 2}, {}, journaling::withhold, journal).value();
    CHECK(!test_access::writes_to(next, "bob"));
    CHECK(!test_access::writes_to(next, "carol"));
}

TEST_CASE(
    "journal: a peer that is written to again before the journal has heard stays [spec 7.5]") {
    fixture f({}, journaling::withhold);
    f.send("bob", "x");
    f.keep();
    REQUIRE(f.a.forget("bob"));
    (void)f.endings();
    (void)f.journal();  // all but that it is let go
    f.send("bob", "y");
    f.settle();
    CHECK(test_access::writes_to(f.a, "bob"));
    REQUIRE(f.a.forget("bob"));
    f.settle();
    CHECK(!test_access::writes_to(f.a, "bob"));
}

TEST_CASE(
    "journal: what is left of a peer goes into the next buffer if it does not fit [spec 7.5]") {
    // All messages of one peer but so many are gone with the first buffer, and then the record of the peer has no room.
    bool waited = false;
    for (int messages = 70; messages < 90; ++messages) {
        for (std::size_t more = 0; more < 16; ++more) {
            fixture f({}, journaling::withhold);
            for (int i = 0; i < messages; ++i) {
                f.send("bob", "x");
            }
            f.keep();
            REQUIRE(f.a.forget("bob"));
            (void)f.endings();
            std::vector<std::byte> buffer(f.a.journal_record_size_max() + more);
            while (f.a.poll_journal(buffer)) {
                const bool is_left = test_access::queue(f.a).of(0).entries == 0 &&
                                     test_access::writes_to(f.a, "bob");
                if (is_left) {
                    waited = true;
                    CHECK(f.a.next_deadline() == f.clock.now());
                    if (more % 2 == 0) {  // he is written to again meanwhile
                        f.send("bob", "y");
                    }
                }
            }
            CHECK(f.a.next_deadline() == never);
            CHECK(test_access::writes_to(f.a, "bob") == (f.a.queued() != 0));
        }
    }
    CHECK(waited);
}

}  // namespace
}  // namespace giving_up_tests
