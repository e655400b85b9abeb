// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <sixfold/ext/fmt.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/test_access.hpp"

// One message of A to B, brought into each of its states; then one input of each kind.

namespace sender_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

/// A sender, and the message under test. Message 0 of its stream was delivered long ago.
struct subject {
    manual_clock clock;
    std::optional<sender> a;
    std::array<std::byte, 4096> buffer{};
    std::array<std::byte, 512> encoded{};
    epoch first = epoch::none;
    ticket message{};
    seq own = 1;

    subject(const sender_options& options, journaling keeps) {
        a.emplace(sender::create(clock, {.start = 1, .seed = 1}, options, keeps).value());
        a->link_up(framing("alice"));
        (void)a->send("bob", as_bytes("old")).value();
        first = stream().epoch;
        durable();
        (void)frames();
        (void)a->handle(state({.floor = 1}));
        (void)frames();
        (void)events();
    }

    [[nodiscard]] outbound_stream& stream() { return test_access::stream(*a, "bob"); }
    [[nodiscard]] std::uint32_t slot() { return test_access::queue(*a).find(message); }
    void durable() {
        while (a->poll_journal(buffer)) {
        }
        a->durable(a->written());
    }

    void send(const send_options& how) { message = a->send("bob", as_bytes("text"), how).value(); }

    [[nodiscard]] ack_notify state(const ack_report& report) {
        const std::size_t size = encode_ack_state(report, encoded);
        return {.from = "bob", .epoch = first, .state = std::span(encoded).first(size)};
    }
    [[nodiscard]] ack_notify word(ack_word which) const {
        return {.from = "bob", .epoch = first, .word = which};
    }
    /// Of the last sending.
    [[nodiscard]] std::uint8_t attempt() {
        const std::uint32_t at = slot();
        const unsigned sent = at == wait_ack_queue::none ? 1U : test_access::queue(*a)[at].attempt;
        return static_cast<std::uint8_t>(sent == 0 ? 0 : sent - 1);
    }
    [[nodiscard]] msg_answer answer() {
        return {.to = "bob", .id = {first, own}, .attempt = attempt()};
    }
    [[nodiscard]] ack_notify stored() {
        ack_notify notice = word(ack_word::stored);
        notice.seq = own;
        notice.attempt = attempt();
        return notice;
    }
    [[nodiscard]] ack_notify ended(seq low, bytes remembered = {}) const {
        ack_notify notice = word(ack_word::ended);
        notice.low = low;
        notice.state = remembered;
        return notice;
    }

    /// The epoch of the beginning is E; a later one is F.
    [[nodiscard]] std::string name_epochs(std::string text) {
        for (const auto& [hex, letter] :
             {std::pair(fmt::format("{}", first), "E"), {fmt::format("{}", stream().epoch), "F"}}) {
            for (auto at = text.find(hex); at != std::string::npos; at = text.find(hex)) {
                text.replace(at, hex.size(), letter);
            }
        }
        return text;
    }

    [[nodiscard]] std::string frames() {
        std::string out;
        while (const auto packet = a->poll_transmit(buffer)) {
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                frame decoded;
                const refusal why = decode(*one, framing("alice"), decoded);
                out += out.empty() ? "" : "; ";
                out += why == refusal::none ? fmt::format("{}", decoded) : fmt::format("{}", why);
            }
        }
        return name_epochs(out);
    }
    [[nodiscard]] std::string events() {
        std::string out;
        while (const auto news = a->poll_event()) {
            out += fmt::format("{}{} {}", out.empty() ? "" : "; ", news->name, news->what);
        }
        return name_epochs(out);
    }
    [[nodiscard]] std::string where() {
        const std::uint32_t at = slot();
        return at == wait_ack_queue::none ? "ended"
                                          : fmt::format("{}", test_access::queue(*a)[at].state);
    }
    [[nodiscard]] std::string timer(time_point at) const {
        const duration left = at == never ? duration::zero() : at - clock.now();
        return at == never ? "-" : left >= 30s ? "cap" : left > 0s ? "set" : "past";
    }
};

// --- states ----------------------------------------------------------------------------------------

constexpr send_options with_deadline{.expires_after = 1h};

void reach_sent(subject& s) {
    s.send(with_deadline);
    (void)s.frames();
}
void reach_relayed(subject& s) {
    reach_sent(s);
    (void)s.a->handle(s.answer());
}
void reach_stored(subject& s) {
    reach_sent(s);
    (void)s.a->handle(s.stored());
    (void)s.events();
    (void)s.frames();
}
void cancel(subject& s) {
    s.a->cancel(s.message);
}

struct state_row {
    const char* name;
    sender_options options;
    std::function<void(subject&)> reach;
    journaling keeps = journaling::none;
};

std::vector<state_row> states() {
    const sender_options usual{.window = 4};
    const sender_options narrow{.window = 1};
    const sender_options unsettled_1{.window = 4, .unsettled_max = 1};
    const auto away = [](subject& s) {
        s.a->link_down();
        s.send(with_deadline);
    };
    return {
        {"queued, link down", usual, away},
        {"queued, its turn", usual,
         [](subject& s) {
             s.send(with_deadline);
         }},
        {"queued, window full", narrow,
         [](subject& s) {
             reach_sent(s);
             s.send(with_deadline);
             s.own = 2;
         }},
        {"queued, no record yet", usual, [](subject& s) { s.send(with_deadline); },
         journaling::withhold},
        {"sent", usual, reach_sent},
        {"sent, never stored", usual,
         [](subject& s) {
             s.send({.expires_after = 1h, .storing = storing::forbidden});
             (void)s.frames();
         }},
        {"relayed", usual,
         [](subject& s) {
             reach_relayed(s);
             (void)s.events();
         }},
        {"relayed, not heard", usual, reach_relayed},
        {"stored", usual, reach_stored},
        {"stored, unsettled full", unsettled_1, reach_stored},
        {"stored, not heard", usual,
         [](subject& s) {
             reach_sent(s);
             (void)s.a->handle(s.stored());
             (void)s.frames();
         }},
        {"cancelling, never sent", usual,
         [=](subject& s) {
             away(s);
             cancel(s);
         }},
        {"cancelling", usual,
         [](subject& s) {
             reach_sent(s);
             cancel(s);
             (void)s.frames();
         }},
        {"cancelling, was stored", usual,
         [](subject& s) {
             reach_stored(s);
             cancel(s);
             (void)s.frames();
         }},
        {"cancelling, no record", usual,
         [](subject& s) {
             s.send(with_deadline);
             s.durable();
             (void)s.frames();
             cancel(s);
         },
         journaling::withhold},
        {"expiring", usual,
         [](subject& s) {
             reach_sent(s);
             s.clock.advance(1h);
             (void)s.frames();
             (void)s.events();
         }},
        {"ended, not heard", usual,
         [](subject& s) {
             reach_sent(s);
             (void)s.a->handle(s.state({.floor = 2}));
         }},
    };
}

// --- inputs ----------------------------------------------------------------------------------------

struct input {
    const char* name;
    std::function<refusal(subject&)> give;
};

/// An ack:N with this ack state.
input acknowledge(const char* name, const std::function<ack_report(seq)>& report) {
    return {name, [=](subject& s) {
                return s.a->handle(s.state(report(s.own)));
            }};
}

/// Something that is no frame, and so cannot be refused.
input happen(const char* name, const std::function<void(subject&)>& what) {
    return {name, [=](subject& s) {
                what(s);
                return refusal::none;
            }};
}

std::vector<input> inputs() {
    static constexpr std::array<std::byte, 1> held{std::byte{1}};
    static std::array<exception, 1> one;
    const auto except = [](seq own, fate how) {
        one[0] = {own, how};
        return ack_report{.floor = own + 1, .exceptions = one};
    };
    return {
        happen("transmit", [](subject&) {}),
        happen("time to resend", [](subject& s) { s.clock.advance(700ms); }),
        happen("deadline", [](subject& s) { s.clock.advance(1h); }),
        happen("cancel", cancel),
        happen("durable", [](subject& s) { s.durable(); }),
        happen("link down", [](subject& s) { s.a->link_down(); }),
        happen("link down, up",
               [](subject& s) {
                   s.a->link_down();
                   s.a->link_up(framing("alice"));
               }),
        {"msg:A",
         [](subject& s) {
             return s.a->handle(s.answer());
         }},
        {"msg:A of another attempt",
         [](subject& s) {
             msg_answer answer = s.answer();
             answer.attempt = static_cast<std::uint8_t>(answer.attempt + 7);
             return s.a->handle(answer);
         }},
        {"msg:A away",
         [](subject& s) {
             msg_answer answer = s.answer();
             answer.away = true;
             return s.a->handle(answer);
         }},
        {"msg:A of the next seq",
         [](subject& s) {
             msg_answer answer = s.answer();
             ++answer.id.seq;
             return s.a->handle(answer);
         }},
        acknowledge("ack:N state: old", [](seq) { return ack_report{}; }),
        acknowledge("ack:N state: open", [](seq own) { return ack_report{.floor = own}; }),
        acknowledge("ack:N state: held",
                    [](seq own) { return ack_report{.floor = own, .held = held}; }),
        acknowledge("ack:N state: accepted", [](seq own) { return ack_report{.floor = own + 1}; }),
        acknowledge("ack:N state: tombstoned",
                    [=](seq own) { return except(own, fate::tombstoned); }),
        acknowledge("ack:N state: rejected", [=](seq own) { return except(own, fate::rejected); }),
        acknowledge("ack:N state: ended",
                    [](seq own) { return ack_report{.floor = own + 1, .horizon = own + 1}; }),
        acknowledge("ack:N state: never sent",
                    [](seq own) { return ack_report{.floor = own + 2}; }),
        {"ack:N state: broken",
         [](subject& s) {
             ack_notify notice = s.word(ack_word::state);
             notice.state = as_bytes("broken");
             return s.a->handle(notice);
         }},
        {"ack:N stored",
         [](subject& s) {
             return s.a->handle(s.stored());
         }},
        {"ack:N stored, other try",
         [](subject& s) {
             ack_notify notice = s.stored();
             notice.attempt = static_cast<std::uint8_t>(notice.attempt + 7);
             return s.a->handle(notice);
         }},
        {"ack:N stored, next seq",
         [](subject& s) {
             ack_notify notice = s.stored();
             ++notice.seq;
             return s.a->handle(notice);
         }},
        {"ack:N ended below it",
         [](subject& s) {
             return s.a->handle(s.ended(s.own));
         }},
        {"ack:N ended with it",
         [](subject& s) {
             return s.a->handle(s.ended(s.own + 1));
         }},
        {"ack:N ended, accepted",
         [](subject& s) {
             const ack_notify accepted = s.state({.floor = s.own + 1});
             return s.a->handle(s.ended(s.own + 1, accepted.state));
         }},
        {"ack:N ended, never sent",
         [](subject& s) {
             return s.a->handle(s.ended(s.own + 2));
         }},
        {"ack:N waiting",
         [](subject& s) {
             return s.a->handle(s.word(ack_word::waiting));
         }},
        {"ack:N past",
         [](subject& s) {
             ack_notify notice = s.word(ack_word::past);
             notice.current = epoch{std::uint64_t{7} << epoch_random_bits};
             return s.a->handle(notice);
         }},
        {"ack:N of another epoch",
         [](subject& s) {
             ack_notify notice = s.state({.floor = s.own + 1});
             notice.epoch = epoch{5};
             return s.a->handle(notice);
         }},
        {"ack:N of a stranger",
         [](subject& s) {
             ack_notify notice = s.state({.floor = s.own + 1});
             notice.from = "mallory";
             return s.a->handle(notice);
         }},
        {"msg:N",
         [](subject& s) {
             return s.a->handle(frame(msg_notify{.from = "bob", .epoch = s.first, .seq = s.own}));
         }},
    };
}

support::table sender_table() {
    support::table out({
        "What a sender does: one message, E/1 (E/2 where the window is full of E/1), in each of "
        "its states, and one",
        "input. Message E/0 was delivered before. All messages have a deadline. F is a larger "
        "epoch than E.",
        "",
        "to: its state after the input, = if it is as before. Then everything is polled. sends: "
        "the frames that come",
        "out; then: its state after that; retry, probe: the timers of the message, and of the "
        "probes of its stream",
        "(set: running; cap: at its longest); app hears: the events.",
    });
    out.add({"state", "input", "refused", "to", "then", "retry", "probe", "sends", "app hears"});
    for (const state_row& state : states()) {
        out.add({});
        for (const input& each : inputs()) {
            subject s(state.options, state.keeps);
            state.reach(s);
            const std::string before = s.where();
            const refusal why = each.give(s);
            std::string to = s.where();
            const std::string frames = s.frames();
            const std::string then = s.where();
            const std::uint32_t at = s.slot();
            const std::string retry =
                at == wait_ack_queue::none ? "-" : s.timer(test_access::retry_of(*s.a, at));
            const std::string probe = s.timer(test_access::probe_of(*s.a, "bob"));
            const std::string events = s.events();
            out.add({state.name, each.name, why == refusal::none ? "-" : fmt::format("{}", why),
                     to == before ? "=" : to, then, retry, probe, frames.empty() ? "-" : frames,
                     events.empty() ? "-" : events});
        }
    }
    return out;
}

TEST_CASE(
    "state: every input to a sender does in every state what the golden table says [spec 3.10]") {
    const std::string differs =
        support::difference_to_golden(__FILE__, "sender.golden", sender_table());
    INFO(differs);
    CHECK(differs.empty());
}

}  // namespace
}  // namespace sender_tests
