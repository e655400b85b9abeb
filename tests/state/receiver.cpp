// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <sixfold/ext/fmt.hpp>
#include <sixfold/receiver.hpp>
#include <sixfold/wire/packet.hpp>
#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/receiver_access.hpp"

// One message of A at B, brought into each of its states; then one input of each kind.

namespace receiver_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

constexpr epoch smaller{0xD};
constexpr epoch entered{0xE};
constexpr epoch larger{0xF};

run text() {
    return run::of(as_bytes("text"));
}
/// Two messages, or a message and a tombstone.
run two(bool gone) {
    static std::array<run_writer, 2> writers;
    run_writer& both = writers[gone ? 1 : 0];
    both.clear();
    both.add({false, as_bytes("text")});
    both.add({gone, gone ? bytes() : as_bytes("more")});
    return both.get();
}

/// Sending number 7.
msg_notify direct(seq first, run entries = text(), epoch in = entered) {
    return {.from = "alice", .epoch = in, .number = 7, .first = first, .entries = entries};
}

/// What the relay says of the mailbox: no row of a smaller epoch, or the lowest of them.
constexpr msgid clean{};

msg_notify drained(seq at, seq low, msgid behind, run entries = text(), epoch in = entered) {
    return {.from = "alice",
            .epoch = in,
            .drained = true,
            .first = at,
            .low = low,
            .smaller = behind,
            .entries = entries};
}
msg_notify probe(seq low, msgid behind, epoch in = entered) {
    return {.from = "alice", .epoch = in, .number = 7, .low = low, .smaller = behind};
}

/// A receiver, and a message under test, E/1, of a stream whose message 0 was accepted long ago.
struct subject {
    static constexpr seq own = 1;
    static constexpr std::uint32_t window = 4;

    manual_clock clock;
    std::optional<receiver> b;
    std::array<std::byte, 4096> buffer{};
    std::vector<message> handed;
    ack_serial serials = 0;  // of the last frame before the input

    subject(const receiver_options& options, journaling keeps) {
        b.emplace(receiver::create(clock, 1, options, keeps).value());
        b->link_up(framing("bob"));
    }

    void enter() {
        (void)b->handle(probe(0, clean));
        (void)b->handle(direct(0));
        poll();
        b->accept(handed.at(0));
        durable();
        handed.clear();
        settle();
    }
    void durable() {
        while (b->poll_journal(buffer)) {
        }
        b->durable(b->written());
    }
    /// Polls messages into `handed`.
    std::string poll() {
        std::string out;
        while (const auto next = b->poll_message()) {
            out += fmt::format("{}{}", out.empty() ? "" : "; ", next->id);
            handed.push_back(*next);
        }
        return out;
    }
    /// Everything is sent, and answered: the mailbox is empty.
    void settle() {
        for (bool more = true; more;) {
            more = false;
            for (const frame& sent : frames()) {
                more = true;
                if (const auto* ack = std::get_if<ack_request>(&sent)) {
                    (void)b->handle(ack_answer{ack->serial});
                } else if (const auto* sync = std::get_if<sync_request>(&sent)) {
                    (void)b->handle(sync_answer{sync->serial, 0, std::nullopt});
                }
            }
        }
    }
    [[nodiscard]] std::vector<frame> frames() {
        std::vector<frame> out;
        while (const auto packet = b->poll_transmit(buffer)) {
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                frame decoded;
                REQUIRE(decode(*one, framing("bob"), decoded) == refusal::none);
                if (auto* ack = std::get_if<ack_request>(&decoded)) {
                    serials = ack->serial;
                } else if (auto* sync = std::get_if<sync_request>(&decoded)) {
                    serials = sync->serial;
                }
                out.push_back(decoded);
                lines += fmt::format("{}{}", lines.empty() ? "" : "; ", decoded);
            }
        }
        return out;
    }
    std::string lines;  // of all frames since it was cleared

    /// The frames that come out now. Serials are counted from the last one before.
    [[nodiscard]] std::string sends() {
        const ack_serial before = serials;
        lines.clear();
        (void)frames();
        for (std::uint32_t i = 1; i < 10; ++i) {
            const std::string serial =
                fmt::format("serial {}", static_cast<ack_serial>(before + i));
            if (const auto at = lines.find(serial); at != std::string::npos) {
                lines.replace(at, serial.size(), fmt::format("serial +{}", i));
            }
        }
        return lines;
    }

    /// "E floor 1: held" of the message under test.
    [[nodiscard]] std::string where() {
        const std::uint32_t which = receiver_access::index(*b, "alice");
        if (which == peer_table::none) {
            return "unknown";
        }
        const inbound_stream& stream = receiver_access::stream(*b, "alice");
        std::array<std::byte, 512> encoded{};
        ack_state state;
        const std::size_t size = stream.report(0, std::nullopt, encoded);
        REQUIRE(ack_state::decode(bytes(encoded).first(size), state) == refusal::none);
        std::string how = fmt::format("{}", state.of(own));
        const held_messages& held = receiver_access::held(*b);
        if (const auto at = held.find(which, {stream.epoch(), own}); at != held_messages::none) {
            how += held[at].stage == held_messages::stage::handed  ? ", handed"
                   : held[at].stage == held_messages::stage::ready ? ", ready"
                                                                   : "";
        }
        return fmt::format("{} floor {}: {}", stream.epoch(), state.floor(), how);
    }
};

struct state_row {
    const char* name;
    receiver_options options;
    std::function<void(subject&)> reach;
    journaling keeps = journaling::none;
};

/// Enters the stream, then takes this frame.
std::function<void(subject&)> after(const msg_notify& notice) {
    return [=](subject& s) {
        s.enter();
        (void)s.b->handle(notice);
        s.settle();
    };
}

void hand_out(subject& s) {
    s.enter();
    (void)s.b->handle(direct(subject::own));
    s.poll();
    s.settle();
}

std::vector<state_row> states() {
    const receiver_options usual{.window = subject::window, .exceptions = 4};
    receiver_options unordered = usual;
    unordered.delivery = delivery::as_it_comes;
    receiver_options full = usual;
    full.held_entries = 1;
    receiver_options on_delivery = usual;
    on_delivery.acceptance = acceptance::on_delivery;
    receiver_options one_peer = usual;
    one_peer.peers_max = 1;
    const auto settled = [](bool accepts) {
        return [=](subject& s) {
            hand_out(s);
            accepts ? s.b->accept(s.handed[0]) : s.b->reject(s.handed[0]);
            s.settle();
        };
    };
    return {
        {"no stream", usual,
         [](subject& s) {
             s.settle();
         }},
        {"no epoch yet", usual,
         [](subject& s) {
             (void)s.b->handle(direct(subject::own));
             s.settle();
         }},
        {"open", usual,
         [](subject& s) {
             s.enter();
         }},
        {"open, out of room", full,
         [](subject& s) {
             s.enter();
             (void)s.b->handle(direct(2));
             s.settle();
         }},
        {"open, left", usual,
         [](subject& s) {
             s.enter();
             (void)s.b->handle(direct(0, text(), larger));
             s.settle();
         }},
        {"ready", usual, after(direct(subject::own))},
        {"ready, as it comes", unordered, after(direct(subject::own))},
        {"handed", usual, hand_out},
        {"handed, on delivery", on_delivery, hand_out},
        {"accepted", usual, settled(true)},
        {"accepted, no record", usual,
         [=](subject& s) {
             hand_out(s);
             s.b->accept(s.handed[0]);
         },
         journaling::withhold},
        {"rejected", usual, settled(false)},
        {"tombstoned", usual, after(direct(subject::own, run::tombstone()))},
        {"below the horizon", usual, after(probe(2, clean))},
        {"no room for a peer", one_peer,
         [](subject& s) {
             msg_notify other = probe(1, clean);  // something has ended: carol stays
             other.from = "carol";
             (void)s.b->handle(other);
             s.settle();
         }},
    };
}

struct input {
    std::string name;
    std::function<std::string(subject&)> give;  // says why it was refused; empty: it was not
};

std::string reason(refusal why) {
    return why == refusal::none ? "" : fmt::format("{}", why);
}
std::string reason(bool known) {
    return known ? "" : "false";
}

input take(const char* name, const msg_notify& notice) {
    return {name, [=](subject& s) {
                return reason(s.b->handle(notice));
            }};
}
input happen(const char* name, const std::function<void(subject&)>& what) {
    return {name, [=](subject& s) {
                what(s);
                return std::string();
            }};
}
message named(subject& s) {
    return s.handed.empty() ? message{"alice", {entered, subject::own}, {}} : s.handed[0];
}

std::vector<input> inputs() {
    const seq floor = 1;  // in the state `open`
    const seq end = floor + subject::window;
    const msgid dirty{smaller, 2};
    return {
        take("msg:N 0", direct(0)),
        take("msg:N 1", direct(1)),
        take("msg:N 1 tombstone", direct(1, run::tombstone())),
        take("msg:N 2", direct(2)),
        take("msg:N 2 tombstone", direct(2, run::tombstone())),
        take("msg:N 1 and 2", direct(1, two(false))),
        take("msg:N 0, 1 tombstone", direct(0, two(true))),
        take("msg:N floor+W-1, floor+W", direct(end - 1, two(false))),
        take("msg:N floor+W-1", direct(end - 1)),
        take("msg:N floor+W", direct(end)),
        take("msg:N the last seq", direct(seq_end - 1)),
        take("msg:N 1 too large",
             [] {
                 static const std::array<std::byte, 2000> much{};
                 msg_notify notice = direct(1);
                 notice.entries = run::of(much);
                 return notice;
             }()),
        take("drained 1 low 0", drained(1, 0, clean)),
        take("drained 1 low 1", drained(1, 1, clean)),
        take("drained 1 tombstone", drained(1, 1, clean, run::tombstone())),
        take("drained 2 low 1", drained(2, 1, clean)),
        take("drained 2 low 2", drained(2, 2, clean)),
        take("drained 1 dirty", drained(1, 1, dirty)),
        take("drained 9 low 1", drained(9, 1, clean)),
        take("drained 9 low 9", drained(9, 9, clean)),
        take("probe low 0", probe(0, clean)),
        take("probe low 1", probe(1, clean)),
        take("probe low 2", probe(2, clean)),
        take("probe low 9", probe(9, clean)),
        take("probe low 9 dirty", probe(9, dirty)),
        take("D msg:N 1", direct(1, text(), smaller)),
        take("D drained 1 clean", drained(1, 1, clean, text(), smaller)),
        take("D probe low 9", probe(9, clean, smaller)),
        take("F msg:N 0", direct(0, text(), larger)),
        take("F drained 0 dirty", drained(0, 0, dirty, text(), larger)),
        take("F drained 0, E/2 waits", drained(0, 0, {entered, 2}, text(), larger)),
        take("F drained 0 clean", drained(0, 0, clean, text(), larger)),
        take("F drained 2 low 1 clean", drained(2, 1, clean, text(), larger)),
        take("F probe low 0 dirty", probe(0, dirty, larger)),
        take("F probe low 0, E/1 waits", probe(0, {entered, 1}, larger)),
        take("F probe low 0, E/2 waits", probe(0, {entered, 2}, larger)),
        take("F probe low 0, E/9 waits", probe(0, {entered, 9}, larger)),
        take("F probe low 0 clean", probe(0, clean, larger)),
        take("F probe low 3 clean", probe(3, clean, larger)),
        {"ack:A of the last",
         [](subject& s) {
             return reason(s.b->handle(ack_answer{receiver_access::state_serial(*s.b, "alice")}));
         }},
        {"ack:A of another life",
         [](subject& s) {
             return reason(s.b->handle(ack_answer{static_cast<ack_serial>(s.serials + 5)}));
         }},
        {"sync:A of another",
         [](subject& s) {
             return reason(
                 s.b->handle(sync_answer{static_cast<ack_serial>(s.serials + 5), 0, std::nullopt}));
         }},
        {"ack:N",
         [](subject& s) {
             return reason(s.b->handle(frame(ack_notify{.from = "alice"})));
         }},
        {"accept",
         [](subject& s) {
             return reason(s.b->accept(named(s)));
         }},
        {"accept, accept",
         [](subject& s) {
             const message which = named(s);
             s.b->accept(which);
             return reason(s.b->accept(which));
         }},
        {"reject",
         [](subject& s) {
             return reason(s.b->reject(named(s)));
         }},
        happen("durable", [](subject& s) { s.durable(); }),
        happen("time", [](subject& s) { s.clock.advance(31s); }),
        happen("link down", [](subject& s) { s.b->link_down(); }),
        happen("link down, up",
               [](subject& s) {
                   s.b->link_down();
                   s.b->link_up(framing("bob"));
               }),
    };
}

support::table receiver_table() {
    support::table out({
        "What a receiver does: one message, E/1, in each of its states, and one input. E/0 was "
        "accepted before. The",
        "window is 4. D is a smaller epoch than E, F a larger one. The mailbox of a clean frame "
        "holds nothing of smaller",
        "epochs, that of a dirty one D/2; frames whose epoch is not said are of E.",
        "",
        "to: the stream after the input, = if it is as before: its epoch, floor, and what became "
        "of seq 1 of its epoch.",
        "Then everything is polled. sends: the frames that come out; app gets: the messages.",
    });
    out.add({"state", "input", "refused", "to", "app gets", "sends"});
    for (const state_row& state : states()) {
        out.add({});
        for (const input& each : inputs()) {
            subject s(state.options, state.keeps);
            state.reach(s);
            const std::string before = s.where();
            const std::string why = each.give(s);
            const std::string to = s.where();
            const std::string sends = s.sends();
            const std::string gets = s.poll();
            out.add({state.name, each.name, why.empty() ? "-" : why, to == before ? "=" : to,
                     gets.empty() ? "-" : gets, sends.empty() ? "-" : sends});
        }
    }
    return out;
}

TEST_CASE("state: every input to a receiver does in every state what the golden table says") {
    const std::string differs =
        support::difference_to_golden(__FILE__, "receiver.golden", receiver_table());
    INFO(differs);
    CHECK(differs.empty());
}

}  // namespace
}  // namespace receiver_tests
