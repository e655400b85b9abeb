// SPDX-License-Identifier: BSL-1.0
#include "sixfold/mailbox/mailbox_group.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <variant>

#include "support/catch.hpp"

namespace mailbox_group_tests {

using namespace sixfold;

namespace {

mailbox_request put(seq seq, bytes payload) {
    msg_request msg;
    msg.to = "bob";
    msg.epoch = epoch{1};
    msg.first = seq;
    msg.entries = run::of(payload);
    return {"alice", msg, payload};
}

std::string payload_of(const mailbox_exchange& exchange) {
    const run& entries = std::get<msg_request>(exchange.request.what).entries;
    REQUIRE(entries.is_payload());
    return std::string(as_text(entries.encoded()));
}

}  // namespace

TEST_CASE("mailbox_group: keeps what it was given when the packets are gone, in its order") {
    mailbox_group group;
    for (seq i = 0; i < 20; ++i) {  // it grows meanwhile
        std::string packet = "payload " + std::to_string(i);
        group.add(put(i, as_bytes(packet)));
        packet.assign(packet.size(), 'x');
    }
    REQUIRE(group.size() == 20);
    for (seq i = 0; i < 20; ++i) {
        const mailbox_exchange& each = group.exchanges()[i];
        CHECK(payload_of(each) == "payload " + std::to_string(i));
        CHECK(std::get<msg_request>(each.request.what).first == i);
        CHECK(each.request.wire.empty());
        CHECK_FALSE(each.outcome.done);
    }
}

TEST_CASE("mailbox_group: keeps every message of a run") {
    mailbox_group group;
    {
        run_writer packet;
        packet.add({false, as_bytes("one")});
        packet.add({true, {}});
        packet.add({false, as_bytes("three")});
        msg_request msg{.to = "bob", .epoch = epoch{1}, .first = 4, .entries = packet.get()};
        group.add({"alice", msg, {}});
        msg.entries = run::tombstone();
        group.add({"alice", msg, {}});
        msg = {.to = "bob", .epoch = epoch{1}, .base = 4};
        group.add({"alice", msg, {}});
        packet.clear();
        packet.add({false, as_bytes("x")});
        packet.add({false, as_bytes("xxxxxxxxxxx")});
    }
    const auto entries_of = [&](std::size_t which) {
        std::string all;
        for (const run_entry& each :
             std::get<msg_request>(group.exchanges()[which].request.what).entries) {
            all += each.tombstone ? "+ " : std::string(as_text(each.payload)) + ' ';
        }
        return all;
    };
    CHECK(entries_of(0) == "one + three ");
    CHECK(entries_of(1) == "+ ");
    CHECK(std::get<msg_request>(group.exchanges()[2].request.what).probes());
}

TEST_CASE("mailbox_group: keeps what was answered when the mailbox has moved on") {
    std::string state = "last state";
    std::array<std::string, 2> payloads = {"one", "two"};
    std::array<mailbox_row, 3> rows{};
    rows[0].payload = as_bytes(payloads[0]);
    rows[2].payload = as_bytes(payloads[1]);
    mailbox_outcome said;
    said.done = true;
    said.last_state = as_bytes(state);
    said.rows = rows;

    mailbox_group group;
    group.add({"bob", sync_request{}, {}});
    group.exchanges()[0].answer(said);
    state.assign(state.size(), 'x');
    payloads = {"xxx", "xxx"};
    rows = {};
    const mailbox_outcome& kept = group.exchanges()[0].outcome;
    CHECK(kept.done);
    CHECK(as_text(kept.last_state) == "last state");
    REQUIRE(kept.rows.size() == 3);
    CHECK(as_text(kept.rows[0].payload) == "one");
    CHECK(kept.rows[1].payload.empty());
    CHECK(as_text(kept.rows[2].payload) == "two");
}

TEST_CASE("mailbox_group: begins anew after clear, with nothing done") {
    mailbox_group group;
    group.add(put(0, as_bytes("first")));
    mailbox_outcome done;
    done.done = true;
    group.exchanges()[0].answer(done);
    group.clear();
    CHECK(group.empty());
    group.add(put(1, {}));
    REQUIRE(group.size() == 1);
    CHECK(payload_of(group.exchanges()[0]).empty());
    CHECK_FALSE(group.exchanges()[0].outcome.done);
}

TEST_CASE("mailbox_group: of several pages of one peer only the last counts [spec 5.5]") {
    mailbox_group group;
    const auto page = [](const peer& who, ack_serial serial) {
        return mailbox_request{who, sync_request{.serial = serial, .rows = 1, .room = 1}, {}};
    };
    const auto serial_at = [&](std::size_t at) {
        return std::get<sync_request>(group.exchanges()[at].request.what).serial;
    };
    for (int round = 0; round < 2; ++round) {  // of the second nothing is left of the first
        group.add(put(0, as_bytes("a")));
        group.add(page("bob", 1));
        group.add(page("carol", 1));
        group.add(put(1, as_bytes("b")));
        for (ack_serial serial = 2; serial < 1000; ++serial) {
            group.add(page("bob", serial));
        }
        group.add(put(2, as_bytes("c")));
        REQUIRE(group.size() == 5);
        CHECK(serial_at(1) == 999);
        CHECK(serial_at(2) == 1);
        CHECK(payload_of(group.exchanges()[4]) == "c");
        group.clear();
        CHECK(group.empty());
    }
}

}  // namespace mailbox_group_tests
