// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
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
    sending_number last = 0;    // of the last run
    sending_number probed = 0;  // of the last probe
    sending_number newest = 0;  // of the two

    subject(const sender_options& options, journaling keeps) {
        a.emplace(sender::create(clock, {.start = 1, .seed = 1}, options, keeps).value());
        a->link_up(framing("alice"));
        (void)a->send("bob", as_bytes("old")).value();
        first = stream().epoch();
        durable();
        (void)frames();
        (void)a->handle(state({.floor = 1}));
        (void)frames();
        (void)events();
    }

    [[nodiscard]] const outbound_stream& stream() { return test_access::stream(*a, "bob"); }
    /// Has B still a place here?
    [[nodiscard]] bool known() { return test_access::writes_to(*a, "bob"); }
    [[nodiscard]] std::uint32_t slot() { return test_access::queue(*a).find(message); }
    void durable() {
        while (a->poll_journal(buffer)) {
        }
        a->durable(a->written());
    }

    void send(const send_options& how) { message = a->send("bob", as_bytes("text"), how).value(); }

    // --- what is said of it -----------------------------------------------------------------------

    [[nodiscard]] ack_notify state(const ack_report& report,
                                   std::optional<echo> seen = std::nullopt) {
        const std::size_t size = encode_ack_state(report, encoded);
        return {
            .from = "bob", .epoch = first, .echo = seen, .state = std::span(encoded).first(size)};
    }
    [[nodiscard]] ack_notify word(ack_word which) const {
        return {.from = "bob", .epoch = first, .word = which};
    }
    /// Of the last run.
    [[nodiscard]] msg_answer answer(msg_word what = msg_word::taken) const {
        return {.to = "bob",
                .epoch = what == msg_word::taken ? epoch::none : first,
                .number = last,
                .word = what};
    }
    /// Likewise.
    [[nodiscard]] msg_answer refused(refused_reason why, std::uint32_t payload_max = 0) const {
        msg_answer out = answer(msg_word::refused);
        out.reason = why;
        out.payload_max = payload_max;
        return out;
    }
    /// Likewise.
    [[nodiscard]] ack_notify stored() const {
        ack_notify notice = word(ack_word::stored);
        notice.first = own;
        notice.count = 1;
        notice.number = last;
        return notice;
    }
    /// To the last probe.
    [[nodiscard]] ack_notify ended(seq low, bytes remembered = {}) const {
        ack_notify notice = word(ack_word::ended);
        notice.number = probed;
        notice.low = low;
        notice.state = remembered;
        return notice;
    }

    // --- what comes out ---------------------------------------------------------------------------

    /// The epoch of the beginning is E; a later one is F.
    [[nodiscard]] std::string name_epochs(std::string text) {
        const epoch present = known() ? stream().epoch() : first;
        for (const auto& [hex, letter] :
             {std::pair(fmt::format("{}", first), "E"), {fmt::format("{}", present), "F"}}) {
            for (auto at = text.find(hex); at != std::string::npos; at = text.find(hex)) {
                text.replace(at, hex.size(), letter);
            }
        }
        return text;
    }

    /// A frame, whose number is counted from the last one before.
    [[nodiscard]] static std::string line_of(msg_request request, sending_number before) {
        const auto count = static_cast<sending_number>(request.number - before);
        std::string line = fmt::format("{}", request);
        const std::string number = fmt::format("number {}", request.number);
        return line.replace(line.find(number), number.size(), fmt::format("number +{}", count));
    }

    [[nodiscard]] std::string frames() {
        const sending_number before = newest;
        std::string out;
        while (const auto packet = a->poll_transmit(buffer)) {
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                frame decoded;
                REQUIRE(decode(*one, framing("alice"), decoded) == refusal::none);
                const auto& request = std::get<msg_request>(decoded);
                (request.probes() ? probed : last) = newest = request.number;
                out += out.empty() ? "" : "; ";
                out += line_of(request, before);
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

    // --- where it is ------------------------------------------------------------------------------

    /// Its state, and where it is on its way.
    [[nodiscard]] std::string where() {
        const std::uint32_t at = slot();
        if (at == wait_ack_queue::none) {
            return "over";
        }
        const wait_ack_queue::entry& e = test_access::queue(*a)[at];
        const std::string state = fmt::format("{}", e.state);
        const bool says_it = e.state == message_state::ended || e.state == message_state::stored ||
                             e.state == message_state::queued;
        return says_it ? state : state + ", " + name_of(stream()[e.seq].now);
    }
    [[nodiscard]] static const char* name_of(transit now) {
        switch (now) {
        case transit::fresh: return "never sent";
        case transit::noted: return "noted";
        case transit::due: return "due";
        case transit::out: return "out";
        case transit::there: return "there";
        case transit::turned_away: return "turned away";
        case transit::stored: return "stored";
        case transit::buried: return "buried";
        }
        return "?";
    }
    /// What the stream does next, and after how many milliseconds.
    [[nodiscard]] std::string timer() {
        test_access::settle(*a);
        if (!known()) {
            return "-";
        }
        const time_point at = test_access::timer(*a, "bob");
        if (!a->linked() || at == never) {
            return "-";
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at - clock.now());
        return fmt::format("{} {}", name_of(test_access::alarm(*a, "bob")), left.count());
    }
    [[nodiscard]] static const char* name_of(stream_timer::alarm what) {
        switch (what) {
        case stream_timer::alarm::none: return "none";
        case stream_timer::alarm::loss: return "loss";
        case stream_timer::alarm::hop: return "hop";
        case stream_timer::alarm::way: return "way";
        case stream_timer::alarm::silence: return "silence";
        case stream_timer::alarm::copy: return "copy";
        case stream_timer::alarm::behind: return "behind";
        case stream_timer::alarm::resting: return "resting";
        }
        return "?";
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
void reach_cancelling(subject& s) {
    reach_sent(s);
    cancel(s);
    (void)s.frames();
}

constexpr std::array<std::byte, 1> lowest_bit{std::byte{1}};
constexpr receiver_limits no_room{1, 64, 1024};  // but for the floor

/// B has what was sent last.
ack_notify held(subject& s) {
    return s.state({.floor = s.own, .held = lowest_bit}, echo{.number = s.last});
}
/// B has seen what was sent last, and had no room for it. The message is not the lowest.
ack_notify turned_away(subject& s) {
    return s.state({.floor = s.own - 1, .limits = no_room}, echo{.number = s.last});
}
/// The message under test is E/2, behind one that was sent with it.
void reach_two(subject& s) {
    s.send(with_deadline);
    s.send(with_deadline);
    s.own = 2;
    (void)s.frames();
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
        {"queued, no room at B", usual,
         [](subject& s) {
             reach_sent(s);
             (void)s.a->handle(s.state({.floor = 1, .limits = no_room}));
             s.send(with_deadline);
             (void)s.frames();
             s.own = 2;
         }},
        {"queued, no record yet", usual, [](subject& s) { s.send(with_deadline); },
         journaling::withhold},
        {"sent", usual, reach_sent},
        {"sent, due", usual,
         [](subject& s) {
             reach_sent(s);
             s.clock.advance(500ms);
             (void)s.events();  // time comes in
             test_access::take_due(*s.a);
         }},
        {"sent, to keep", usual,
         [](subject& s) {
             reach_sent(s);
             while (test_access::path(*s.a, "bob").timer.way_timeouts() < 2) {
                 (void)s.a->handle(s.answer());
                 s.clock.set(s.a->next_deadline());
                 (void)s.frames();
             }
             (void)s.events();
         }},
        {"sent, there", usual,
         [](subject& s) {
             reach_sent(s);
             (void)s.a->handle(held(s));
             (void)s.frames();
         }},
        {"sent, turned away", usual,
         [](subject& s) {
             reach_two(s);
             (void)s.a->handle(turned_away(s));
             (void)s.frames();
         }},
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
        {"cancelling", usual, reach_cancelling},
        {"cancelling, there", usual,
         [](subject& s) {
             reach_cancelling(s);
             (void)s.a->handle(held(s));
             (void)s.frames();
         }},
        {"cancelling, buried", usual,
         [](subject& s) {
             reach_cancelling(s);
             (void)s.a->handle(s.stored());
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
    static std::array<exception, 1> one;
    const auto except = [](seq own, fate how) {
        one[0] = {own, how};
        return ack_report{.floor = own + 1, .exceptions = one};
    };
    return {
        happen("transmit", [](subject&) {}),
        happen("700 ms pass", [](subject& s) { s.clock.advance(700ms); }),
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
        {"msg:A of a number to come",
         [](subject& s) {
             msg_answer answer = s.answer();
             answer.number = static_cast<sending_number>(s.newest + 1);
             return s.a->handle(answer);
         }},
        {"msg:A away",
         [](subject& s) {
             return s.a->handle(s.answer(msg_word::away));
         }},
        {"msg:A away, another epoch",
         [](subject& s) {
             msg_answer answer = s.answer(msg_word::away);
             answer.epoch = epoch{5};
             return s.a->handle(answer);
         }},
        {"forget",
         [](subject& s) {
             (void)s.a->forget("bob");
             return refusal::none;
         }},
        {"msg:A refused: over quota",
         [](subject& s) {
             return s.a->handle(s.refused(refused_reason::over_quota));
         }},
        {"msg:A refused: 3 bytes at most",
         [](subject& s) {
             return s.a->handle(s.refused(refused_reason::too_large, 3));
         }},
        {"msg:A refused: 4 bytes at most",
         [](subject& s) {
             return s.a->handle(s.refused(refused_reason::too_large, 4));
         }},
        acknowledge("ack:N state: old", [](seq) { return ack_report{}; }),
        acknowledge("ack:N state: open", [](seq own) { return ack_report{.floor = own}; }),
        acknowledge("ack:N state: held",
                    [](seq own) { return ack_report{.floor = own, .held = lowest_bit}; }),
        {"ack:N state: open, echo",
         [](subject& s) {
             return s.a->handle(s.state({.floor = s.own}, echo{.number = s.last}));
         }},
        {"ack:N state: no room, echo",
         [](subject& s) {
             return s.a->handle(turned_away(s));
         }},
        {"ack:N state: held, echo",
         [](subject& s) {
             return s.a->handle(held(s));
         }},
        {"ack:N state: open, echo of the probe",
         [](subject& s) {
             return s.a->handle(s.state({.floor = s.own}, echo{.number = s.probed}));
         }},
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
        {"ack:N stored, another number",
         [](subject& s) {
             ack_notify notice = s.stored();
             notice.number = static_cast<sending_number>(s.newest + 1);
             return s.a->handle(notice);
         }},
        {"ack:N stored, next seq",
         [](subject& s) {
             ack_notify notice = s.stored();
             ++notice.first;
             return s.a->handle(notice);
         }},
        {"ack:N ended below it",
         [](subject& s) {
             return s.a->handle(s.ended(s.own));
         }},
        {"ack:N ended below it, away",
         [](subject& s) {
             ack_notify notice = s.ended(s.own);
             notice.away = true;
             return s.a->handle(notice);
         }},
        {"ack:N ended with it",
         [](subject& s) {
             return s.a->handle(s.ended(s.own + 1));
         }},
        {"ack:N ended with it, given up",
         [](subject& s) {
             ack_notify notice = s.ended(s.own + 1);
             notice.given_up = true;
             return s.a->handle(notice);
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
             ack_notify notice = s.word(ack_word::waiting);
             notice.number = s.last;
             return s.a->handle(notice);
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
             return s.a->handle(frame(msg_notify{.from = "bob", .epoch = s.first, .first = s.own}));
         }},
    };
}

support::table sender_table() {
    support::table out({
        "What a sender does: one message, E/1 (E/2 where it waits for E/1, or was sent with it), "
        "in "
        "each of its states, and",
        "one input. Message E/0 was delivered before. All messages have a deadline. F is a larger "
        "epoch than E.",
        "",
        "to: its state after the input, and where it is on its way; = if that is as before. Then "
        "everything is polled. sends:",
        "the frames that come out, numbers counted from the last one before; then: its state after "
        "that; timer: what the",
        "stream waits for, and how many ms; app hears: the events.",
    });
    out.add({"state", "input", "refused", "to", "then", "timer", "sends", "app hears"});
    for (const state_row& state : states()) {
        out.add({});
        for (const input& each : inputs()) {
            subject s(state.options, state.keeps);
            state.reach(s);
            const std::string before = s.where();
            const refusal why = each.give(s);
            const std::string to = s.where();
            const std::string frames = s.frames();
            const std::string then = s.where();
            const std::string timer = s.timer();
            const std::string events = s.events();
            out.add({state.name, each.name, why == refusal::none ? "-" : fmt::format("{}", why),
                     to == before ? "=" : to, then, timer, frames.empty() ? "-" : frames,
                     events.empty() ? "-" : events});
        }
    }
    return out;
}

TEST_CASE("state: every input to a sender does in every state what the golden table says [spec "
          "3.15]") {
    const std::string differs =
        support::difference_to_golden(__FILE__, "sender.golden", sender_table());
    INFO(differs);
    CHECK(differs.empty());
}

}  // namespace
}  // namespace sender_tests
