// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_LONE_SENDER_HPP
#define SIXFOLD_TESTS_SUPPORT_LONE_SENDER_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace support {

/// A sender on a clock of its own, and all that comes out of it.
struct lone_sender {
    sixfold::manual_clock clock;
    sixfold::sender a;
    std::array<std::byte, 8192> buffer{};
    std::array<std::byte, 512> encoded{};
    std::vector<std::byte> wire;  // all bytes that came out

    explicit lone_sender(const sixfold::sender_options& options = {},
                         sixfold::journaling keeps = sixfold::journaling::none,
                         std::uint64_t seed = 1)
        : a(sixfold::sender::create(clock, {.start = 1, .seed = seed}, options, keeps).value()) {}

    void up() { a.link_up(sixfold::framing("alice")); }
    sixfold::ticket
    send(const sixfold::peer& to, std::string_view text, const sixfold::send_options& how = {}) {
        return a.send(to, sixfold::as_bytes(text), how).value();
    }
    [[nodiscard]] sixfold::epoch stream(const sixfold::peer& to = "bob") {
        return sixfold::test_access::stream(a, to).epoch;
    }

    /// Polls the records; how many they are.
    std::uint64_t journal() {
        const std::uint64_t before = a.written();
        while (a.poll_journal(buffer)) {
        }
        return a.written() - before;
    }

    std::vector<sixfold::msg_request> transmit() {
        std::vector<sixfold::msg_request> out;
        while (const auto packet = a.poll_transmit(buffer)) {
            wire.insert(wire.end(), packet->begin(), packet->end());
            sixfold::packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                sixfold::frame decoded;
                REQUIRE(decode(*one, sixfold::framing("alice"), decoded) == sixfold::refusal::none);
                out.push_back(std::get<sixfold::msg_request>(decoded));
                out.back().payload = {};  // of a buffer that will be used again
            }
        }
        return out;
    }
    /// The seqs that come out now, without the probes.
    std::vector<sixfold::seq> seqs() {
        std::vector<sixfold::seq> out;
        for (const sixfold::msg_request& each : transmit()) {
            if (each.form != sixfold::form::probe) {
                out.push_back(each.seq);
            }
        }
        return out;
    }
    std::size_t probes() {
        std::size_t count = 0;
        for (const sixfold::msg_request& each : transmit()) {
            count += std::size_t{each.form == sixfold::form::probe};
        }
        return count;
    }
    std::vector<sixfold::status> news() {
        std::vector<sixfold::status> out;
        while (const auto next = a.poll_event()) {
            out.push_back(next->what);
        }
        return out;
    }
    sixfold::refusal state(const sixfold::ack_report& report,
                           std::optional<sixfold::echo> of = std::nullopt) {
        const std::size_t size = encode_ack_state(report, encoded);
        return a.handle(sixfold::ack_notify{
            .from = "bob", .epoch = stream(), .echo = of, .state = std::span(encoded).first(size)});
    }
    sixfold::refusal stored(sixfold::seq which, std::uint8_t attempt = 0) {
        return a.handle(sixfold::ack_notify{.from = "bob",
                                            .epoch = stream(),
                                            .word = sixfold::ack_word::stored,
                                            .seq = which,
                                            .attempt = attempt});
    }
    sixfold::refusal waiting() {
        return a.handle(sixfold::ack_notify{
            .from = "bob", .epoch = stream(), .word = sixfold::ack_word::waiting});
    }
    sixfold::refusal past(sixfold::epoch current) {
        return a.handle(sixfold::ack_notify{
            .from = "bob", .epoch = stream(), .word = sixfold::ack_word::past, .current = current});
    }
    sixfold::refusal taken(sixfold::seq which, std::uint8_t attempt = 0) {
        return a.handle(
            sixfold::msg_answer{.to = "bob", .id = {stream(), which}, .attempt = attempt});
    }
};

}  // namespace support

#endif
