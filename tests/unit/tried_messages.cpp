// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sixfold/journal/journal.hpp>
#include <sixfold/receiver.hpp>
#include <sixfold/receiving/inbound_record.hpp>
#include <sixfold/receiving/tried_messages.hpp>
#include "support/catch.hpp"
#include "support/receiver_access.hpp"

// How often a message was handed out is counted from life to life, so that an app can tell what crashes it. (spec 7.10)

namespace tried_messages_tests {
namespace {

using namespace sixfold;
using tried = tried_messages::tried;

constexpr epoch present{7};
constexpr epoch larger{8};

/// A receiver, its journal, and lives that end.
struct lives {
    manual_clock clock;
    receiver_options options;
    std::vector<std::byte> journal;
    std::optional<receiver> b;
    std::array<std::byte, 4096> buffer{};

    explicit lives(const receiver_options& with = {.window = 8}) : options(with) { begin(); }

    void begin() {
        b.reset();
        b.emplace(receiver::create(clock, 1, options, journaling::withhold, journal).value());
    }
    /// What of the journal was polled is there in the next life.
    void crash() { begin(); }
    /// Polls the journal; which kinds of records there were.
    std::vector<record_kind> write() {
        std::vector<record_kind> kinds;
        while (const auto part = b->poll_journal(buffer)) {
            journal.insert(journal.end(), part->begin(), part->end());
            journal_reader reader(*part);
            while (const auto each = reader.next()) {
                kinds.push_back(each->kind);
            }
        }
        b->durable(b->written());
        return kinds;
    }
    /// The journal is made anew from a snapshot.
    void compact() {
        journal.clear();
        std::uint64_t at = 0;
        while (const auto part = b->snapshot(at, std::span(buffer).first(64))) {
            journal.insert(journal.end(), part->begin(), part->end());
        }
    }
    void comes(seq first, const peer& from = "alice", epoch of = present) {
        msg_notify text{};
        text.from = from;
        text.epoch = of;
        text.drained = true;  // and clean
        text.low = first;
        text.first = first;
        text.low = 0;
        text.entries = run::of(as_bytes("text"));
        REQUIRE(b->handle(text) == refusal::none);
    }
    std::pair<seq, std::uint32_t> hand_out() {
        const auto next = b->poll_message();
        REQUIRE(next);
        last = *next;
        return {next->id.seq, next->attempts};
    }
    message last;
};

using kinds = std::vector<record_kind>;
using number_and_attempt = std::pair<seq, std::uint32_t>;

TEST_CASE("tried: what crashes the app is counted from life to life [spec 7.10]") {
    lives in;
    for (const std::uint32_t life : {1U, 2U, 3U, 4U}) {
        in.comes(0);
        CHECK(in.hand_out() == number_and_attempt(0, life));
        CHECK(in.write() == kinds{record_kind::tried});
        in.crash();
    }
    in.comes(0);
    CHECK(in.hand_out() == number_and_attempt(0, 5));
    REQUIRE(in.b->reject(in.last));
    (void)in.write();
    in.comes(1);
    CHECK(in.hand_out() == number_and_attempt(1, 1));
    in.crash();
    in.comes(0);  // which has ended
    in.comes(1);
    CHECK(in.hand_out() == number_and_attempt(1, 1));
}

TEST_CASE("tried: an app whose journal hears of a message when it is settled pays nothing [spec "
          "7.10]") {
    lives in;
    in.comes(0);
    CHECK(in.hand_out() == number_and_attempt(0, 1));
    REQUIRE(in.b->accept(in.last));
    CHECK(in.write() == kinds{record_kind::inbound});
    CHECK(in.write().empty());
    CHECK(in.b->next_deadline() == never);
}

TEST_CASE("tried: the record is owed at once, and nothing waits for it [spec 7.10]") {
    lives in;
    in.comes(0);
    in.b->link_up(framing("bob"));
    while (in.b->poll_transmit(in.buffer)) {
    }
    CHECK(in.b->next_deadline() > in.clock.now());
    (void)in.hand_out();
    CHECK(in.b->next_deadline() == in.clock.now());
    in.comes(0);  // is asked about again
    CHECK(in.b->poll_transmit(in.buffer));
}

TEST_CASE("tried: of each stream the first that a life hands out is counted [spec 7.10]") {
    lives in;
    for (const char* from : {"alice", "carol"}) {
        in.comes(0, from);
        in.comes(1, from);
    }
    for (int i = 0; i < 4; ++i) {
        CHECK(in.hand_out().second == 1);
    }
    CHECK(in.write() == kinds{record_kind::tried, record_kind::tried});
    in.crash();
    in.comes(1, "alice");
    in.comes(0, "alice");
    CHECK(in.hand_out() == number_and_attempt(0, 2));
    CHECK(in.hand_out() == number_and_attempt(1, 1));
    in.comes(0, "carol");
    CHECK(in.hand_out() == number_and_attempt(0, 2));
}

TEST_CASE("tried: what the journal told is counted on, though another one was the first [spec "
          "7.10]") {
    lives in({.window = 8, .delivery = delivery::as_it_comes});
    in.comes(5);
    CHECK(in.hand_out() == number_and_attempt(5, 1));
    (void)in.write();
    in.crash();
    in.comes(3);
    CHECK(in.hand_out() == number_and_attempt(3, 1));
    in.comes(5);
    CHECK(in.hand_out() == number_and_attempt(5, 2));
    in.comes(6);
    CHECK(in.hand_out() == number_and_attempt(6, 1));
    CHECK(in.write() == kinds{record_kind::tried, record_kind::tried});
    in.crash();
    in.comes(5);
    CHECK(in.hand_out() == number_and_attempt(5, 3));
}

TEST_CASE("tried: a journal that is made anew keeps what is not over, and nothing else [spec "
          "7.10]") {
    lives in;
    for (const char* from : {"alice", "carol", "dave", "erin"}) {
        in.comes(0, from);
        (void)in.hand_out();
    }
    (void)in.write();
    in.crash();
    in.comes(0, "alice");
    CHECK(in.hand_out() == number_and_attempt(0, 2));
    in.comes(0, "carol");
    CHECK(in.hand_out() == number_and_attempt(0, 2));
    REQUIRE(in.b->accept(in.last));
    in.comes(0, "dave", larger);  // has left the other epoch
    in.compact();
    in.crash();
    in.comes(0, "alice");
    CHECK(in.hand_out() == number_and_attempt(0, 3));
    in.comes(1, "carol");
    CHECK(in.hand_out() == number_and_attempt(1, 1));
    in.comes(0, "dave", larger);
    CHECK(in.hand_out() == number_and_attempt(0, 1));
    in.comes(0, "erin");  // whom the second life never saw
    CHECK(in.hand_out() == number_and_attempt(0, 2));
    journal_reader reader(in.journal);
    int records = 0;
    while (const auto each = reader.next()) {
        records += each->kind == record_kind::tried ? 1 : 0;
    }
    CHECK(records == 2);  // of alice and erin
}

TEST_CASE("tried: what is settled with its epoch is not written [spec 7.10]") {
    lives in;
    in.comes(0);
    (void)in.hand_out();
    in.comes(0, "alice", larger);
    CHECK(in.write().empty());
    CHECK(in.b->accept(in.last));  // and changes nothing
    CHECK(in.hand_out() == number_and_attempt(0, 1));
}

TEST_CASE("tried: an app that accepts on delivery never sees a message twice [spec 7.10]") {
    lives in({.window = 8, .acceptance = acceptance::on_delivery});
    in.comes(0);
    CHECK(in.hand_out() == number_and_attempt(0, 1));
    CHECK(in.write() == kinds{record_kind::inbound});
}

TEST_CASE("tried: without a journal nothing is counted [spec 7.10]") {
    manual_clock clock;
    receiver b = receiver::create(clock, 1, {.window = 8}).value();
    msg_notify text{};
    text.from = "alice";
    text.epoch = present;
    text.drained = true;
    text.entries = run::of(as_bytes("text"));
    REQUIRE(b.handle(text) == refusal::none);
    CHECK(b.poll_message()->attempts == 1);
    std::array<std::byte, 4096> buffer{};
    CHECK_FALSE(b.poll_journal(buffer));
}

TEST_CASE("tried: a sender of whom nothing else is known may have no room [spec 3.16, 7.10]") {
    lives in({.window = 8, .peers_max = 1});
    in.comes(0, "alice");
    (void)in.hand_out();
    (void)in.write();
    SECTION("that of another is counted, and he is refused nothing") {
        in.crash();
        in.comes(0, "carol");
        CHECK(in.hand_out() == number_and_attempt(0, 1));
        CHECK(receiver_access::knows(*in.b, "carol"));
        CHECK_FALSE(receiver_access::knows(*in.b, "alice"));
    }
    SECTION("a record of somebody else comes first") {
        std::vector<std::byte> both = in.journal;
        lives other({.window = 8});
        other.comes(0, "carol");
        (void)other.hand_out();
        REQUIRE(other.b->accept(other.last));
        (void)other.write();
        both.insert(both.end(), other.journal.begin(), other.journal.end());
        in.journal = both;
        in.crash();
        CHECK(receiver_access::knows(*in.b, "carol"));
        CHECK_FALSE(receiver_access::knows(*in.b, "alice"));
    }
}

TEST_CASE("tried: of another sender's messages nothing is counted [spec 7.10]") {
    tried_messages all;
    all.restore({{3, {present, 5}, 2}, {1, {present, 9}, 4}, {3, {present, 6}, 7}});
    CHECK(all.left().size() == 2);
    CHECK(all.take(3, {present, 5}) == 0);
    CHECK(all.take(2, {present, 6}) == 0);
    CHECK(all.take(3, {larger, 6}) == 0);
    CHECK(all.take(3, {present, 6}) == 7);
    CHECK(all.take(3, {present, 6}) == 0);
    all.forget(1);
    all.forget(4);
    CHECK(all.take(1, {present, 9}) == 0);
}

TEST_CASE("tried: a count has an end, and what cannot be is refused [spec 7.10]") {
    std::array<std::byte, 128> out{};
    const auto with = [&](auto fields) {
        const std::size_t size =
            detail::encode_record(record_kind::tried, false, out, [&](auto& to) {
                to.put_peer("alice");
                fields(to);
            });
        return std::vector<std::byte>(out.begin(), out.begin() + std::ptrdiff_t(size));
    };
    const auto with_times = [&](std::uint64_t times, std::size_t more = 0) {
        return with([&](auto& to) {
            to.put_epoch(present);
            to.put_varint(0);
            to.put_varint(times);
            for (std::size_t i = 0; i < more; ++i) {
                to.put_u8(0);
            }
        });
    };
    const auto refused = [](const std::vector<std::byte>& journal) {
        manual_clock clock;
        const auto made =
            receiver::create(clock, 1, receiver_options{}, journaling::withhold, journal);
        return made ? errc{} : made.error().code;
    };
    CHECK(refused(with_times(1)) == errc{});
    CHECK(refused(with_times(0)) == errc::journal_damaged);
    CHECK(refused(with_times(1, 1)) == errc::journal_damaged);
    CHECK(refused(with_times(std::uint64_t{1} << 32)) == errc::journal_damaged);
    CHECK(refused(with([](auto& to) { to.put_epoch(present); })) == errc::journal_damaged);
    std::vector<std::byte> let_go = with_times(1);
    const std::size_t size = detail::encode_record(record_kind::tried, true, out,
                                                   [](auto& to) { to.put_peer("alice"); });
    let_go.insert(let_go.end(), out.begin(), out.begin() + std::ptrdiff_t(size));
    CHECK(refused(let_go) == errc{});
    lives in;
    in.journal = with_times(UINT32_MAX);
    in.crash();
    in.comes(0);
    CHECK(in.hand_out() == number_and_attempt(0, UINT32_MAX));
}

}  // namespace
}  // namespace tried_messages_tests
