// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_LONE_SENDER_HPP
#define SIXFOLD_TESTS_SUPPORT_LONE_SENDER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace support {

/// A msg:R that came out, with its messages: `tombstone` is one, any other text a payload.
struct sent_request : sixfold::msg_request {
    static constexpr const char* tombstone = "(tombstone)";
    std::vector<std::string> messages;
};

/// A sender on a clock of its own, and all that comes out of it. What answers it speaks of bob, and of the last run unless it
/// says of which.
struct lone_sender {
    sixfold::manual_clock clock;
    sixfold::sender a;
    std::array<std::byte, 8192> buffer{};
    std::array<std::byte, 512> encoded{};
    std::vector<std::byte> wire;         // all bytes that came out
    sixfold::sending_number last = 0;    // of the last run that came out
    sixfold::sending_number probed = 0;  // and of the last probe

    explicit lone_sender(const sixfold::sender_options& options = {},
                         sixfold::journaling keeps = sixfold::journaling::none,
                         std::uint64_t seed = 1)
        : a(sixfold::sender::create(clock, {.start = 1, .seed = seed}, options, keeps).value()) {}

    void up(sixfold::transport over = sixfold::transport::datagrams) {
        a.link_up(sixfold::framing("alice"), over);
    }
    sixfold::ticket
    send(const sixfold::peer& to, std::string_view text, const sixfold::send_options& how = {}) {
        return a.send(to, sixfold::as_bytes(text), how).value();
    }
    [[nodiscard]] sixfold::epoch stream(const sixfold::peer& to = "bob") {
        return sixfold::test_access::stream(a, to).epoch();
    }
    /// Where a message to bob is on its way.
    [[nodiscard]] std::optional<sixfold::transit> where(sixfold::seq at) {
        return sixfold::test_access::where(a, "bob", at);
    }

    /// Polls the records; how many they are.
    std::uint64_t journal() {
        const std::uint64_t before = a.written();
        while (a.poll_journal(buffer)) {
        }
        return a.written() - before;
    }
    /// Polls them, and they are durable.
    void keep() {
        (void)journal();
        a.durable(a.written());
    }

    // --- what comes out ----------------------------------------------------------------------------

    std::vector<sent_request> transmit() {
        std::vector<sent_request> out;
        while (const auto packet = a.poll_transmit(buffer)) {
            wire.insert(wire.end(), packet->begin(), packet->end());
            take(*packet, out);
        }
        return out;
    }
    /// The frames of a packet.
    void take(sixfold::bytes packet, std::vector<sent_request>& out) {
        sixfold::packet_reader reader(packet);
        while (const auto one = reader.next()) {
            sixfold::frame decoded;
            REQUIRE(decode(*one, sixfold::framing("alice"), decoded) == sixfold::refusal::none);
            out.push_back({std::get<sixfold::msg_request>(decoded), {}});
            for (const sixfold::run_entry& each : out.back().entries) {
                out.back().messages.emplace_back(each.tombstone ? sent_request::tombstone
                                                                : sixfold::as_text(each.payload));
            }
            (out.back().probes() ? probed : last) = out.back().number;
        }
    }
    /// The seqs that come out now, without the probes.
    std::vector<sixfold::seq> seqs() {
        std::vector<sixfold::seq> out;
        for (const sent_request& each : transmit()) {
            for (std::size_t i = 0; i < each.messages.size(); ++i) {
                out.push_back(each.first + i);
            }
        }
        return out;
    }
    std::size_t probes() {
        std::size_t count = 0;
        for (const sent_request& each : transmit()) {
            count += std::size_t{each.probes()};
        }
        return count;
    }
    /// Waits until something comes out.
    std::vector<sent_request> next() {
        for (int calls = 0; calls < 1000; ++calls) {
            if (auto out = transmit(); !out.empty()) {
                return out;
            }
            REQUIRE(a.next_deadline() != sixfold::never);
            clock.set((std::max)(a.next_deadline(), clock.now()));
        }
        FAIL("nothing comes");
        return {};
    }
    std::vector<sixfold::status> news() {
        std::vector<sixfold::status> out;
        while (const auto next = a.poll_event()) {
            out.push_back(next->what);
        }
        return out;
    }

    // --- what comes in -----------------------------------------------------------------------------

    sixfold::refusal state(const sixfold::ack_report& report,
                           std::optional<sixfold::echo> seen = std::nullopt) {
        const std::size_t size = encode_ack_state(report, encoded);
        return a.handle(sixfold::ack_notify{.from = "bob",
                                            .epoch = stream(),
                                            .echo = seen,
                                            .state = std::span(encoded).first(size)});
    }
    /// B has seen the last run, and says so.
    sixfold::refusal echoed(const sixfold::ack_report& report) {
        return state(report, sixfold::echo{.number = last});
    }
    sixfold::refusal stored(sixfold::seq first, std::uint8_t count = 1) {
        return stored_by(last, first, count);
    }
    sixfold::refusal
    stored_by(sixfold::sending_number number, sixfold::seq first, std::uint8_t count = 1) {
        return a.handle(sixfold::ack_notify{.from = "bob",
                                            .epoch = stream(),
                                            .word = sixfold::ack_word::stored,
                                            .number = number,
                                            .first = first,
                                            .count = count});
    }
    /// A message to somebody leaves, and the relay stores it.
    void send_and_store(const sixfold::peer& to) {
        send(to, "x");
        (void)transmit();
        REQUIRE(a.handle(sixfold::ack_notify{.from = to,
                                             .epoch = stream(to),
                                             .word = sixfold::ack_word::stored,
                                             .number = last,
                                             .first = 0,
                                             .count = 1}) == sixfold::refusal::none);
    }
    sixfold::refusal waiting() { return waiting(probed); }
    sixfold::refusal waiting(sixfold::sending_number number) {
        return a.handle(sixfold::ack_notify{.from = "bob",
                                            .epoch = stream(),
                                            .word = sixfold::ack_word::waiting,
                                            .number = number});
    }
    sixfold::refusal past(sixfold::epoch current) {
        return a.handle(sixfold::ack_notify{
            .from = "bob", .epoch = stream(), .word = sixfold::ack_word::past, .current = current});
    }
    /// The relay's answer to the last probe.
    sixfold::refusal ended(sixfold::seq low, bool away = false, bool given_up = false) {
        return a.handle(sixfold::ack_notify{.from = "bob",
                                            .epoch = stream(),
                                            .word = sixfold::ack_word::ended,
                                            .number = probed,
                                            .low = low,
                                            .away = away,
                                            .given_up = given_up});
    }
    sixfold::refusal taken() { return taken(last); }
    sixfold::refusal taken(sixfold::sending_number number) {
        return a.handle(sixfold::msg_answer{.to = "bob", .number = number});
    }
    sixfold::refusal away() {
        return a.handle(sixfold::msg_answer{
            .to = "bob", .epoch = stream(), .number = last, .word = sixfold::msg_word::away});
    }
    sixfold::refusal refused(sixfold::refused_reason reason, std::uint32_t payload_max = 0) {
        return a.handle(sixfold::msg_answer{.to = "bob",
                                            .epoch = stream(),
                                            .number = last,
                                            .word = sixfold::msg_word::refused,
                                            .reason = reason,
                                            .payload_max = payload_max});
    }
};

/// A sender that B has met, and so many messages that left together: their texts are their numbers.
[[nodiscard]] inline lone_sender met(int messages, const sixfold::sender_options& options = {}) {
    lone_sender out(options);
    out.up();
    for (int i = 0; i < messages; ++i) {
        out.send("bob", std::to_string(i));
    }
    (void)out.transmit();
    REQUIRE(out.state({}) == sixfold::refusal::none);
    return out;
}

}  // namespace support

#endif
