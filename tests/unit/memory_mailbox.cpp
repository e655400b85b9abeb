// SPDX-License-Identifier: BSL-1.0
#include "sixfold/memory_mailbox.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sixfold/random.hpp"
#include "support/catch.hpp"

using namespace sixfold;

namespace {

using blob = std::vector<std::byte>;

memory_mailbox make(const mailbox_limits& options = {}) {
    return memory_mailbox::create(options).value();
}

mailbox_request put(const peer& from,
                    const peer& to,
                    std::uint64_t epoch,
                    seq seq,
                    std::string_view payload,
                    sixfold::seq base = 0) {
    msg_request msg;
    msg.to = to;
    msg.epoch = sixfold::epoch{epoch};
    msg.seq = seq;
    msg.base = base;
    msg.payload = as_bytes(payload);
    return {from, msg, {}};
}

mailbox_request
tombstone(const peer& from, const peer& to, std::uint64_t epoch, seq seq, sixfold::seq base = 0) {
    mailbox_request request = put(from, to, epoch, seq, "", base);
    std::get<msg_request>(request.what).form = form::tombstone;
    return request;
}

mailbox_request look(const peer& from, const peer& to, std::uint64_t epoch) {
    mailbox_request request = put(from, to, epoch, 0, "");
    std::get<msg_request>(request.what).form = form::probe;
    return request;
}

/// Bit i of `accepted` and `held` is `floor + i`.
blob encoded(seq floor, std::uint8_t accepted = 0, std::uint8_t held = 0) {
    const auto accepted_byte = std::byte{accepted};
    const auto held_byte = std::byte{held};
    ack_report report;
    report.floor = floor;
    report.accepted = {&accepted_byte, 1};
    report.held = {&held_byte, 1};
    blob out(64);
    out.resize(encode_ack_state(report, out));
    return out;
}

mailbox_request
erase(const peer& receiver, const peer& sender, std::uint64_t epoch, const blob& state) {
    ack_request ack;
    ack.to = sender;
    ack.epoch = sixfold::epoch{epoch};
    ack.state = state;
    return {receiver, ack, {}};
}

mailbox_request past(const peer& receiver, const peer& sender, std::uint64_t epoch) {
    ack_request ack;
    ack.to = sender;
    ack.epoch = sixfold::epoch{epoch};
    ack.word = ack_word::past;
    ack.current = sixfold::epoch{epoch + 1};
    return {receiver, ack, {}};
}

mailbox_request page(const peer& receiver, std::optional<mailbox_key> after = {}) {
    return {receiver, sync_request{0, after}, {}};
}

/// A row as text: "alice 1:0 hello", a tombstone as "alice 1:0 +".
std::string text(const mailbox_row& row) {
    return std::string(row.from.name()) + ' ' +
           std::to_string(static_cast<std::uint64_t>(row.id.epoch)) + ':' +
           std::to_string(row.id.seq) + ' ' +
           (row.form == form::tombstone ? "+" : std::string(as_text(row.payload)));
}

std::vector<std::string> texts(const mailbox_outcome& outcome) {
    std::vector<std::string> all;
    for (const mailbox_row& row : outcome.rows) {
        all.push_back(text(row));
    }
    return all;
}

/// All rows of a receiver, page by page.
std::vector<std::string> drain(memory_mailbox& mailbox, const peer& receiver) {
    std::vector<std::string> all;
    std::optional<mailbox_key> after;
    for (;;) {
        const mailbox_outcome outcome = mailbox.execute(page(receiver, after));
        const auto rows = texts(outcome);
        all.insert(all.end(), rows.begin(), rows.end());
        if (outcome.end) {
            return all;
        }
        after = mailbox_key{outcome.rows.back().from, outcome.rows.back().id};
    }
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("memory_mailbox: refuses each option that is zero, and names it") {
    const auto what = [](const mailbox_limits& options) {
        const auto made = memory_mailbox::create(options);
        return made ? std::string() : std::string(made.error().what);
    };
    mailbox_limits options;
    CHECK(what(options).empty());
    std::size_t* const each[] = {&options.rows_per_pair_max, &options.rows_per_receiver_max,
                                 &options.rows_max,          &options.bytes_max,
                                 &options.page_rows,         &options.page_bytes,
                                 &options.states_max};
    const char* const names[] = {"rows_per_pair_max", "rows_per_receiver_max",
                                 "rows_max",          "bytes_max",
                                 "page_rows",         "page_bytes",
                                 "states_max"};
    for (std::size_t i = 0; i < std::size(each); ++i) {
        *each[i] = 0;
        CHECK(what(options).find(std::string(".") + names[i] + ":") != std::string::npos);
        *each[i] = 1;
    }
    CHECK(what(options).empty());
}

TEST_CASE("memory_mailbox: hands out what was put, in the order of sender, epoch and seq") {
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(put("carol", "bob", 1, 0, "c0")).done);
    CHECK(mailbox.execute(put("alice", "bob", 2, 1, "a21")).done);
    CHECK(mailbox.execute(put("alice", "bob", 2, 0, "a20")).done);
    CHECK(mailbox.execute(put("alice", "bob", 1, 9, "a19")).done);
    CHECK(mailbox.execute(put("alice", "carol", 1, 0, "not for bob")).done);
    CHECK(mailbox.execute(put("bob", "alice", 1, 0, "not for bob")).done);
    const strings expected = {"alice 1:9 a19", "alice 2:0 a20", "alice 2:1 a21", "carol 1:0 c0"};
    CHECK(drain(mailbox, "bob") == expected);
    CHECK(mailbox.rows() == 6);
    CHECK(mailbox.bytes() == 3 * 3 + 2 + 2 * 11);
}

TEST_CASE("memory_mailbox: a put that comes twice is done twice and kept once") {
    memory_mailbox mailbox = make({.rows_max = 1});
    CHECK(mailbox.execute(put("alice", "bob", 1, 5, "first", 2)).done);
    CHECK(mailbox.execute(put("alice", "bob", 1, 5, "first", 4)).done);
    const mailbox_outcome outcome = mailbox.execute(page("bob"));
    REQUIRE(outcome.rows.size() == 1);
    CHECK(outcome.rows[0].base == 2);  // the base that it came with
    CHECK(mailbox.bytes() == 5);
}

TEST_CASE("memory_mailbox: a tombstone replaces the payload of its seq, never the reverse") {
    memory_mailbox mailbox = make({.rows_max = 1, .bytes_max = 5});
    CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello", 2)).done);
    CHECK(mailbox.execute(tombstone("alice", "bob", 1, 5, 4)).done);  // though the mailbox is full
    CHECK(drain(mailbox, "bob") == strings{"alice 1:5 +"});
    CHECK(mailbox.execute(page("bob")).rows[0].base == 4);
    CHECK(mailbox.bytes() == 0);
    CHECK(mailbox.execute(put("alice", "bob", 1, 5, "hello", 2)).done);
    CHECK(drain(mailbox, "bob") == strings{"alice 1:5 +"});
    CHECK(mailbox.bytes() == 0);
    CHECK(mailbox.execute(tombstone("alice", "bob", 1, 5, 5)).done);
    CHECK(mailbox.execute(page("bob")).rows[0].base == 4);
}

TEST_CASE("memory_mailbox: owns what it keeps") {
    memory_mailbox mailbox = make();
    std::string payload = "hello";
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, payload)).done);
    payload = "xxxxx";
    CHECK(drain(mailbox, "bob") == strings{"alice 1:0 hello"});
    memory_mailbox copy = mailbox;
    CHECK(mailbox.execute(past("bob", "alice", 1)).done);
    CHECK(drain(mailbox, "bob").empty());
    CHECK(drain(copy, "bob") == strings{"alice 1:0 hello"});
}

TEST_CASE("memory_mailbox: what is above a quota is not done and changes nothing") {
    SECTION("rows of a pair") {
        memory_mailbox mailbox = make({.rows_per_pair_max = 2});
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("alice", "bob", 2, 0, "")).done);
        CHECK_FALSE(mailbox.execute(put("alice", "bob", 2, 1, "")).done);
        CHECK_FALSE(mailbox.execute(tombstone("alice", "bob", 2, 1)).done);
        CHECK(mailbox.rows() == 2);
        CHECK(mailbox.execute(put("carol", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("alice", "carol", 1, 0, "")).done);
        CHECK(mailbox.execute(past("bob", "alice", 1)).done);
        CHECK(mailbox.execute(put("alice", "bob", 2, 1, "")).done);
    }
    SECTION("rows of a receiver") {
        memory_mailbox mailbox = make({.rows_per_receiver_max = 2});
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("carol", "bob", 1, 0, "")).done);
        CHECK_FALSE(mailbox.execute(put("dave", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("dave", "carol", 1, 0, "")).done);
        CHECK(mailbox.execute(past("bob", "alice", 1)).done);
        CHECK(mailbox.execute(put("dave", "bob", 1, 0, "")).done);
    }
    SECTION("rows in all") {
        memory_mailbox mailbox = make({.rows_max = 2});
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(put("carol", "dave", 1, 0, "")).done);
        CHECK_FALSE(mailbox.execute(put("eve", "frank", 1, 0, "")).done);
        CHECK(mailbox.execute(past("bob", "alice", 1)).done);
        CHECK(mailbox.execute(put("eve", "frank", 1, 0, "")).done);
    }
    SECTION("payload bytes in all") {
        memory_mailbox mailbox = make({.bytes_max = 5});
        CHECK_FALSE(mailbox.execute(put("alice", "bob", 1, 0, "123456")).done);
        CHECK(mailbox.execute(put("alice", "bob", 1, 0, "123")).done);
        CHECK_FALSE(mailbox.execute(put("carol", "dave", 1, 0, "456")).done);
        CHECK(mailbox.execute(put("carol", "dave", 1, 0, "45")).done);
        CHECK(mailbox.execute(put("carol", "dave", 1, 1, "")).done);
        CHECK(mailbox.bytes() == 5);
        CHECK(mailbox.execute(past("dave", "carol", 1)).done);
        CHECK(mailbox.bytes() == 3);
    }
}

TEST_CASE(
    "memory_mailbox: an ack state erases what it covers of its own stream, and nothing else") {
    memory_mailbox mailbox = make();
    for (seq i = 0; i < 8; ++i) {
        CHECK(mailbox.execute(put("alice", "bob", 2, i, "")).done);
    }
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
    CHECK(mailbox.execute(put("alice", "bob", 3, 0, "")).done);
    CHECK(mailbox.execute(put("alice", "carol", 2, 0, "")).done);
    CHECK(mailbox.execute(put("carol", "bob", 2, 0, "")).done);
    // Below 2, and 2 + 1 and 2 + 4; held is 2 + 2.
    CHECK(mailbox.execute(erase("bob", "alice", 2, encoded(2, 0b10010, 0b100))).done);
    const strings expected = {"alice 1:0 ", "alice 2:2 ", "alice 2:4 ", "alice 2:5 ",
                              "alice 2:7 ", "alice 3:0 ", "carol 2:0 "};
    CHECK(drain(mailbox, "bob") == expected);
    CHECK(drain(mailbox, "carol") == strings{"alice 2:0 "});
}

TEST_CASE("memory_mailbox: an ack of the largest floor erases a whole stream") {
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(put("alice", "bob", 1, seq_end - 1, "last")).done);
    CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(seq_end - 1))).done);
    CHECK(mailbox.rows() == 1);
    CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(seq_end))).done);
    CHECK(mailbox.rows() == 0);
}

TEST_CASE("memory_mailbox: past epoch erases that epoch's rows and no other's") {
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
    CHECK(mailbox.execute(put("alice", "bob", 2, 7, "two")).done);
    CHECK(mailbox.execute(put("alice", "bob", 2, seq_end - 1, "two")).done);
    CHECK(mailbox.execute(put("alice", "bob", 3, 0, "three")).done);
    CHECK(mailbox.execute(past("bob", "alice", 2)).done);
    CHECK(drain(mailbox, "bob") == strings{"alice 1:0 one", "alice 3:0 three"});
    CHECK(mailbox.states() == 0);
}

TEST_CASE("memory_mailbox: what is no ack state erases nothing") {
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
    CHECK_FALSE(mailbox.execute(erase("bob", "alice", 1, {std::byte{0xFF}})).done);
    CHECK_FALSE(mailbox.execute(erase("bob", "alice", 1, {})).done);
    CHECK(mailbox.rows() == 1);
    CHECK(mailbox.states() == 0);
}

TEST_CASE("memory_mailbox: a look says the lowest row of the stream and of the smaller epochs") {
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(put("alice", "bob", 2, 7, "")).done);
    CHECK(mailbox.execute(put("alice", "bob", 2, 5, "")).done);
    CHECK(mailbox.execute(put("aaron", "bob", 1, 1, "")).done);
    CHECK(mailbox.execute(put("alice", "ann", 1, 1, "")).done);

    const mailbox_outcome own = mailbox.execute(look("alice", "bob", 2));
    CHECK(own.done);
    CHECK(own.lowest == 5);
    CHECK(own.smaller == msgid{});
    CHECK(own.last_state.empty());

    const mailbox_outcome larger = mailbox.execute(look("alice", "bob", 3));
    CHECK(larger.lowest == seq_end);
    CHECK(larger.smaller == msgid{epoch{2}, 5});

    const mailbox_outcome smaller = mailbox.execute(look("alice", "bob", 1));
    CHECK(smaller.lowest == seq_end);
    CHECK(smaller.smaller == msgid{});
}

TEST_CASE("memory_mailbox: a page carries the lowest row and the smaller epochs of each stream") {
    memory_mailbox mailbox = make({.page_rows = 2});
    for (seq i = 3; i < 6; ++i) {
        CHECK(mailbox.execute(put("alice", "bob", 1, i, "", i)).done);
    }
    CHECK(mailbox.execute(put("alice", "bob", 2, 8, "", 1)).done);
    CHECK(mailbox.execute(put("carol", "bob", 9, 0, "")).done);
    const mailbox_outcome first = mailbox.execute(page("bob"));
    REQUIRE(first.rows.size() == 2);
    CHECK_FALSE(first.end);
    CHECK(first.rows[1].lowest == 3);
    CHECK(first.rows[1].base == 4);
    CHECK(first.rows[1].smaller == msgid{});
    const mailbox_outcome second =
        mailbox.execute(page("bob", mailbox_key{"alice", {epoch{1}, 4}}));
    REQUIRE(second.rows.size() == 2);
    CHECK(second.rows[0].lowest == 3);  // of the whole mailbox, not of this page
    CHECK(second.rows[1].lowest == 8);
    CHECK(second.rows[1].smaller == msgid{epoch{1}, 3});
    const mailbox_outcome third = mailbox.execute(page("bob", mailbox_key{"alice", {epoch{2}, 8}}));
    REQUIRE(third.rows.size() == 1);
    CHECK(third.end);
    CHECK(third.rows[0].lowest == 0);
    CHECK(third.rows[0].smaller == msgid{});
}

TEST_CASE("memory_mailbox: a page ends at its rows or bytes, but has at least one row") {
    memory_mailbox mailbox = make({.page_rows = 3, .page_bytes = 4});
    for (seq i = 0; i < 9; ++i) {
        CHECK(mailbox.execute(put("alice", "bob", 1, i,
                                  i < 4    ? ""
                                  : i == 8 ? "12345"
                                           : "12"))
                  .done);
    }
    const auto sizes = [&] {
        std::vector<std::size_t> all;
        std::optional<mailbox_key> after;
        for (;;) {
            const mailbox_outcome outcome = mailbox.execute(page("bob", after));
            all.push_back(outcome.rows.size());
            if (outcome.end) {
                return all;
            }
            after = mailbox_key{outcome.rows.back().from, outcome.rows.back().id};
        }
    }();
    CHECK(sizes == std::vector<std::size_t>{3, 3, 2, 1});
}

TEST_CASE("memory_mailbox: a page of an empty mailbox, or behind its last row, is the end") {
    memory_mailbox mailbox = make();
    CHECK(mailbox.execute(page("bob")).end);
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "")).done);
    CHECK(mailbox.execute(put("alice", "carol", 1, 0, "")).done);
    const mailbox_outcome behind =
        mailbox.execute(page("bob", mailbox_key{"alice", {epoch{1}, 0}}));
    CHECK(behind.done);
    CHECK(behind.end);
    CHECK(behind.rows.empty());
    CHECK(mailbox.execute(page("bob", mailbox_key{"zoe", {epoch{1}, 0}})).rows.empty());
    // A key need not be in the mailbox any more.
    CHECK(mailbox.execute(page("bob", mailbox_key{"aaron", {epoch{7}, 3}})).rows.size() == 1);
}

TEST_CASE(
    "memory_mailbox: keeps the last ack state that deleted a row, and hands it out on a look") {
    memory_mailbox mailbox = make();
    const auto last = [&](std::uint64_t epoch) {
        const bytes state = mailbox.execute(look("alice", "bob", epoch)).last_state;
        return blob(state.begin(), state.end());
    };
    CHECK(mailbox.execute(erase("bob", "alice", 2, encoded(5))).done);
    CHECK(last(2).empty());  // nothing was stored, so nobody will ask
    CHECK(mailbox.execute(put("alice", "bob", 2, 3, "")).done);
    CHECK(mailbox.execute(erase("bob", "alice", 2, encoded(3))).done);
    CHECK(last(2).empty());  // deleted nothing
    CHECK(mailbox.execute(erase("bob", "alice", 2, encoded(4))).done);
    CHECK(last(2) == encoded(4));
    CHECK(last(1).empty());
    CHECK(last(3).empty());

    CHECK(mailbox.execute(erase("bob", "alice", 2, encoded(3, 0b10))).done);
    CHECK(last(2) == encoded(4));  // the greater floor stays
    CHECK(mailbox.execute(erase("bob", "alice", 2, encoded(4, 0b10))).done);
    CHECK(last(2) == encoded(4, 0b10));  // of equal floors the newer
    CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(9))).done);
    CHECK(last(2) == encoded(4, 0b10));  // the newer epoch stays
    CHECK(mailbox.execute(erase("bob", "alice", 3, encoded(0))).done);
    CHECK(last(3) == encoded(0));
    CHECK(last(2).empty());
    CHECK(mailbox.execute(past("bob", "alice", 3)).done);
    CHECK(last(3) == encoded(0));
    CHECK(mailbox.states() == 1);
}

TEST_CASE("memory_mailbox: at the bound the oldest ack state makes room") {
    memory_mailbox mailbox = make({.states_max = 2});
    const auto stored = [&](const peer& sender) {
        CHECK(mailbox.execute(put(sender, "bob", 1, 0, "")).done);
        CHECK(mailbox.execute(erase("bob", sender, 1, encoded(1))).done);
    };
    const auto known = [&](const peer& sender) {
        return !mailbox.execute(look(sender, "bob", 1)).last_state.empty();
    };
    stored("alice");
    stored("carol");
    stored("alice");
    stored("dave");
    CHECK(mailbox.states() == 2);
    CHECK(known("alice"));
    CHECK_FALSE(known("carol"));
    CHECK(known("dave"));
}

namespace {

/// What a mailbox should do, in the plainest way: one list, searched from end to end.
struct model {
    struct row {
        peer to;
        mailbox_key key;
        form what;
        seq base;
        std::string payload;
    };
    struct state {
        peer to, from;
        sixfold::epoch epoch;
        seq floor;
        blob encoded;
    };
    mailbox_limits options;
    std::vector<row> rows;      // sorted by receiver and key
    std::vector<state> states;  // the oldest first

    template <class Condition>
    std::size_t count(Condition condition) const {
        return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), condition));
    }
    std::size_t bytes() const {
        std::size_t sum = 0;
        for (const row& each : rows) {
            sum += each.payload.size();
        }
        return sum;
    }

    bool put(const peer& from, const msg_request& msg) {
        const mailbox_key key{from, {msg.epoch, msg.seq}};
        for (row& each : rows) {
            if (each.to == msg.to && each.key == key) {
                if (each.what == form::payload && msg.form == form::tombstone) {
                    each = {msg.to, key, form::tombstone, msg.base, ""};
                }
                return true;
            }
        }
        if (rows.size() >= options.rows_max || bytes() + msg.payload.size() > options.bytes_max ||
            count([&](const row& r) { return r.to == msg.to; }) >= options.rows_per_receiver_max ||
            count([&](const row& r) { return r.to == msg.to && r.key.from == from; }) >=
                options.rows_per_pair_max) {
            return false;
        }
        rows.push_back({msg.to, key, msg.form, msg.base, std::string(as_text(msg.payload))});
        std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) {
            return a.to == b.to ? a.key < b.key : a.to < b.to;
        });
        return true;
    }

    template <class Covered>
    bool erase(const peer& to, const peer& from, epoch epoch, Covered covered) {
        const auto gone = std::remove_if(rows.begin(), rows.end(), [&](const row& r) {
            return r.to == to && r.key.from == from && r.key.id.epoch == epoch &&
                   covered(r.key.id.seq);
        });
        const bool any = gone != rows.end();
        rows.erase(gone, rows.end());
        return any;
    }

    void remember(const state& now, bool deleted) {
        const auto at = std::find_if(states.begin(), states.end(), [&](const state& s) {
            return s.to == now.to && s.from == now.from;
        });
        if (at != states.end()) {
            if (now.epoch < at->epoch || (now.epoch == at->epoch && now.floor < at->floor)) {
                return;
            }
            states.erase(at);
        } else if (!deleted) {
            return;
        } else if (states.size() == options.states_max) {
            states.erase(states.begin());
        }
        states.push_back(now);
    }

    seq lowest(const peer& to, const peer& from, epoch epoch) const {
        seq low = seq_end;
        for (const row& r : rows) {
            if (r.to == to && r.key.from == from && r.key.id.epoch == epoch) {
                low = std::min(low, r.key.id.seq);
            }
        }
        return low;
    }
    msgid smaller(const peer& to, const peer& from, epoch epoch) const {
        std::optional<mailbox_key> low;
        for (const row& r : rows) {
            if (r.to == to && r.key.from == from && r.key.id.epoch < epoch) {
                low = low ? std::min(*low, r.key) : r.key;
            }
        }
        return low ? low->id : msgid{};
    }
};

}  // namespace

TEST_CASE("memory_mailbox: does what a plain model does, whatever is asked") {
    const peer names[] = {"a", "b", "c"};
    const char* const payloads[] = {"", "x", "yy", "zzz"};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        random_source random(seed);
        const auto upto = [&](std::uint64_t n) {
            return random.below(n);
        };
        model expected;
        expected.options = {.rows_per_pair_max = 1 + upto(8),
                            .rows_per_receiver_max = 1 + upto(16),
                            .rows_max = 1 + upto(40),
                            .bytes_max = 1 + upto(30),
                            .page_rows = 1 + upto(5),
                            .page_bytes = 1 + upto(8),
                            .states_max = 1 + upto(6)};
        memory_mailbox mailbox = make(expected.options);
        for (int step = 0; step < 3000; ++step) {
            INFO("seed " << seed << ", step " << step);
            const peer& a = names[upto(3)];
            const peer& b = names[upto(3)];
            const std::uint64_t epoch = 1 + upto(3);
            const auto action = upto(10);
            if (action < 5) {
                const seq seq = upto(8);
                const auto request = upto(4) == 0
                                         ? tombstone(a, b, epoch, seq, upto(seq + 1))
                                         : put(a, b, epoch, seq, payloads[upto(4)], upto(seq + 1));
                const bool done = expected.put(a, std::get<msg_request>(request.what));
                REQUIRE(mailbox.execute(request).done == done);
            } else if (action == 5) {
                expected.erase(b, a, sixfold::epoch{epoch}, [](seq) { return true; });
                REQUIRE(mailbox.execute(past(b, a, epoch)).done);
            } else if (action == 6) {
                const seq floor = upto(5);
                const auto accepted = static_cast<std::uint8_t>(upto(128) & upto(128) & 0xFEU);
                const auto held = static_cast<std::uint8_t>(upto(256) & ~std::uint64_t{accepted});
                const blob state = encoded(floor, accepted, held);
                const bool any = expected.erase(b, a, sixfold::epoch{epoch}, [&](seq s) {
                    return s < floor || (s - floor < 8 && (accepted >> (s - floor) & 1) != 0);
                });
                expected.remember({b, a, sixfold::epoch{epoch}, floor, state}, any);
                REQUIRE(mailbox.execute(erase(b, a, epoch, state)).done);
            } else if (action == 7) {
                const mailbox_outcome outcome = mailbox.execute(look(a, b, epoch));
                REQUIRE(outcome.done);
                REQUIRE(outcome.lowest == expected.lowest(b, a, sixfold::epoch{epoch}));
                REQUIRE(outcome.smaller == expected.smaller(b, a, sixfold::epoch{epoch}));
                blob last;
                for (const auto& each : expected.states) {
                    if (each.to == b && each.from == a && each.epoch == sixfold::epoch{epoch}) {
                        last = each.encoded;
                    }
                }
                REQUIRE(blob(outcome.last_state.begin(), outcome.last_state.end()) == last);
            } else {
                std::optional<mailbox_key> after;
                if (upto(2) != 0) {
                    after = mailbox_key{a, {sixfold::epoch{epoch}, upto(8)}};
                }
                const mailbox_outcome outcome = mailbox.execute(page(b, after));
                REQUIRE(outcome.done);
                std::size_t size = 0;
                std::size_t taken = 0;
                bool end = true;
                for (const model::row& row : expected.rows) {
                    if (!(row.to == b) || (after && !(*after < row.key))) {
                        continue;
                    }
                    size += row.payload.size();
                    if (taken != 0 && (taken == expected.options.page_rows ||
                                       size > expected.options.page_bytes)) {
                        end = false;
                        break;
                    }
                    REQUIRE(taken < outcome.rows.size());
                    const mailbox_row& got = outcome.rows[taken++];
                    REQUIRE((got.from == row.key.from && got.id == row.key.id));
                    REQUIRE((got.form == row.what && got.base == row.base));
                    REQUIRE(as_text(got.payload) == row.payload);
                    REQUIRE(got.lowest == expected.lowest(b, got.from, got.id.epoch));
                    REQUIRE(got.smaller == expected.smaller(b, got.from, got.id.epoch));
                }
                REQUIRE(taken == outcome.rows.size());
                REQUIRE(end == outcome.end);
            }
            REQUIRE(mailbox.rows() == expected.rows.size());
            REQUIRE(mailbox.bytes() == expected.bytes());
            REQUIRE(mailbox.states() == expected.states.size());
        }
    }
}
