// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <sixfold/ext/fmt_frames.hpp>
#include <sixfold/mailbox/mailbox.hpp>
#include <sixfold/receiving/ack_report.hpp>
#include <sixfold/relay.hpp>
#include "support/catch.hpp"
#include "support/golden.hpp"

// Each request of A or B, with each of them here or away, and each outcome of the mailbox.

namespace relay_tests {
namespace {

using namespace sixfold;

constexpr epoch stream{0xE};
constexpr link_id link_of_a{1};
constexpr link_id link_of_b{2};
constexpr link_id former_link_of_a{3};

struct subject {
    relay r = relay::create({}).value();
    reactions out;
    std::array<std::byte, 4096> buffer{};
    std::array<std::byte, 512> encoded{};
    refusal refused = refusal::none;  // of the last call

    void a_comes() { (void)r.link_up(link_of_a, "alice").has_value(); }
    void b_comes() { (void)r.link_up(link_of_b, "bob").has_value(); }
    void a_goes() { r.link_down(link_of_a); }
    void b_goes() { r.link_down(link_of_b); }

    template <class Frame>
    void handle(link_id from, const peer& end, const Frame& what) {
        const std::size_t size = encode(what, framing(end), buffer);
        REQUIRE(size != 0);
        refused = r.handle(from, std::span(buffer).first(size), out);
    }
    [[nodiscard]] bytes ack(const ack_report& report) {
        return std::span(encoded).first(encode_ack_state(report, encoded));
    }

    /// Everything that came out since the last time, a frame each.
    [[nodiscard]] std::string sends() {
        std::string text;
        for (const outgoing each : out.frames()) {
            frame decoded;
            REQUIRE(decode(each.bytes, framing(each.to), decoded) == refusal::none);
            text += fmt::format("{}{}{}: {}", text.empty() ? "" : "; ", each.to,
                                each.link == link_id::none ? " (elsewhere)" : "", decoded);
        }
        return text.empty() ? "-" : text;
    }
    [[nodiscard]] std::string reason() const {
        return refused == refusal::none ? "-" : fmt::format("{}", refused);
    }
};

// --- what the relay is asked -------------------------------------------------------------------------

struct request {
    const char* name;
    const peer sender;
    std::function<void(subject&)> give;
};

std::vector<request> requests() {
    const msg_request msg{.to = "bob",
                          .epoch = stream,
                          .number = 2,
                          .first = 5,
                          .base = 3,
                          .entries = run::of(as_bytes("text"))};
    const auto of_a = [](auto what) {
        return [=](subject& s) {
            s.handle(link_of_a, "alice", what);
        };
    };
    const auto of_b = [](auto what) {
        return [=](subject& s) {
            s.handle(link_of_b, "bob", what);
        };
    };
    msg_request never = msg;
    never.storing = storing::forbidden;
    msg_request tombstone = msg;
    tombstone.entries = run::tombstone();
    static const run_writer three = [] {
        run_writer out;
        out.add({false, as_bytes("one")});
        out.add({true, {}});
        out.add({false, as_bytes("three")});
        return out;
    }();
    msg_request several = msg;
    several.entries = three.get();
    msg_request keep = several;
    keep.keep = true;
    msg_request limited = msg;
    limited.left = 1000;
    msg_request large = msg;
    static const std::array<std::byte, 2000> much{};
    large.entries = run::of(much);
    const msg_request probe{.to = "bob", .epoch = stream, .number = 2, .base = 3};
    const ack_request waiting{
        .to = "alice", .epoch = stream, .word = ack_word::waiting, .serial = 7, .number = 2};
    ack_request past = waiting;
    past.number = 0;
    past.word = ack_word::past;
    past.current = epoch{0xF};
    const auto state = [](subject& s) {
        s.handle(link_of_b, "bob",
                 ack_request{.to = "alice",
                             .epoch = stream,
                             .serial = 7,
                             .echo = echo{.number = 2, .missing = 1},
                             .state = s.ack({.floor = 6})});
    };
    return {
        {"msg:R", "alice", of_a(msg)},
        {"msg:R never-stored", "alice", of_a(never)},
        {"msg:R tombstone", "alice", of_a(tombstone)},
        {"msg:R run", "alice", of_a(several)},
        {"msg:R run to keep", "alice", of_a(keep)},
        {"msg:R with time left", "alice", of_a(limited)},
        {"msg:R probe", "alice", of_a(probe)},
        {"msg:R too large", "alice",
         [=](subject& s) {
             const std::size_t size = encode(large, framing("alice"), s.buffer);
             s.refused = s.r.handle(link_of_a, std::span(s.buffer).first(size), s.out);
         }},
        {"msg:R, then damaged", "alice",
         [=](subject& s) {
             const std::size_t size = encode(msg, framing("alice"), s.buffer);
             const auto second = std::span(s.buffer).subspan(size);
             const std::size_t more = encode(msg, framing("alice"), second);
             second[more - 1] ^= std::byte{1};
             s.refused = s.r.handle(link_of_a, std::span(s.buffer).first(size + more), s.out);
         }},
        {"msg:R of B's frame", "alice",
         [=](subject& s) {
             s.handle(link_of_a, "bob", msg);
         }},
        {"msg:R on the former link", "alice",
         [=](subject& s) {
             s.handle(former_link_of_a, "alice", msg);
         }},
        {"ack:R state", "bob", state},
        {"ack:R waiting", "bob", of_b(waiting)},
        {"ack:R past", "bob", of_b(past)},
        {"sync:R", "bob", of_b(sync_request{.serial = 9, .rows = 5, .room = 500})},
        {"msg:A", "bob", of_b(msg_answer{.to = "bob"})},
        {"msg:N", "bob", of_b(msg_notify{.from = "bob", .epoch = stream})},
        {"ack:A", "bob", of_b(ack_answer{})},
        {"ack:N", "bob",
         of_b(ack_notify{.from = "bob", .epoch = stream, .word = ack_word::waiting})},
        {"sync:A", "bob", of_b(sync_answer{})},
    };
}

// --- who is here -------------------------------------------------------------------------------------

struct presence {
    const char* name;
    std::function<void(subject&)> before;  ///< the request
    std::function<void(subject&)> then;    ///< before the mailbox answers
};

std::vector<presence> presences() {
    const auto both = [](subject& s) {
        (void)s.r.link_up(former_link_of_a, "alice").has_value();
        s.a_comes();
        s.b_comes();
    };
    const auto nothing = [](subject&) {
    };
    return {
        {"both here", both, nothing},
        {"B away", [](subject& s) { s.a_comes(); }, nothing},
        {"A away", [](subject& s) { s.b_comes(); }, nothing},
        {"B away, then comes", [](subject& s) { s.a_comes(); },
         [](subject& s) {
             s.b_comes();
         }},
        {"both here, then B goes", both,
         [](subject& s) {
             s.b_goes();
         }},
        {"both here, then A goes", both,
         [](subject& s) {
             s.a_goes();
         }},
    };
}

// --- what the mailbox says ---------------------------------------------------------------------------

struct outcome {
    std::string name;
    mailbox_outcome what;
};

std::vector<outcome> outcomes(const mailbox_request& of, subject& s) {
    std::vector<outcome> all{{"failed", {}}};
    const auto done = [&](const char* name, mailbox_outcome what = {}) {
        what.done = true;
        all.push_back({name, what});
    };
    const auto* msg = std::get_if<msg_request>(&of.what);
    if (msg != nullptr && msg->probes()) {
        done("low 3", {.low = 3});
        done("low 1", {.low = 1});
        done("no low", {.low = seq_end + 1});
        done("smaller epoch", {.low = 3, .smaller = {epoch{1}, 2}});
        done("no smaller epoch", {.low = 3, .smaller = {stream, 2}});
        done("last state", {.low = 3, .last_state = s.ack({.floor = 4})});
        done("broken state", {.low = 3, .last_state = as_bytes("broken")});
    } else if (std::holds_alternative<sync_request>(of.what)) {
        const mailbox_row one{
            .from = "alice", .id = {stream, 5}, .low = 3, .payload = as_bytes("text")};
        mailbox_row two = one;
        two.id.seq = 6;
        two.tombstone = true;
        two.payload = {};
        mailbox_row far = one;
        far.id.seq = 9;
        mailbox_row later = one;
        later.id = {epoch{0xF}, 10};
        later.smaller = {stream, 5};
        mailbox_row bad = one;
        bad.low = 9;
        static const std::array<mailbox_row, 4> rows{one, two, far, later};
        static const std::array<mailbox_row, 1> broken{bad};
        const mailbox_key next{"alice", {epoch{0xF}, 11}};
        done("no rows");
        done("rows, all", {.rows = rows});
        done("rows, more", {.rows = rows, .next = next});
        done("rows, broken next", {.rows = rows, .next = mailbox_key{}});
        done("broken row, more", {.rows = broken, .next = next});
        done("no rows, more", {.next = next});
    } else {
        done("done");
    }
    return all;
}

void add_rows(support::table& out, const presence& who, const request& asked) {
    const auto run = [&](subject& s) {
        who.before(s);
        asked.give(s);
        return s.out.next_request();
    };
    subject s;
    const auto first = run(s);
    const char* const needs = first ? "asked" : "-";
    out.add({who.name, asked.name, needs, s.reason(), s.sends()});
    if (!first) {
        return;
    }
    for (std::size_t i = 0; i < outcomes(*first, s).size(); ++i) {
        subject again;
        const auto request = run(again);
        again.out.clear();
        who.then(again);
        const outcome said = outcomes(*request, again)[i];
        again.refused = again.r.complete(*request, said.what, again.out);
        out.add({who.name, asked.name, said.name, again.reason(), again.sends()});
    }
}

support::table relay_table() {
    support::table out({
        "What a relay does: one request of A (alice) or of B (bob), with each of them here or "
        "away.",
        "",
        "mailbox: - if it is not needed, asked if it is; then a line for each of its outcomes. "
        "sends: for whom, what;",
        "(elsewhere): the peer has no link at this relay.",
    });
    out.add({"who is here", "request", "mailbox", "refused", "sends"});
    for (const presence& who : presences()) {
        out.add({});
        for (const request& asked : requests()) {
            add_rows(out, who, asked);
        }
    }
    return out;
}

TEST_CASE(
    "state: every request to a relay is answered as the golden table says [spec 5.1 to 5.5]") {
    const std::string differs =
        support::difference_to_golden(__FILE__, "relay.golden", relay_table());
    INFO(differs);
    CHECK(differs.empty());
}

}  // namespace
}  // namespace relay_tests
