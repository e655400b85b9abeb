// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_CODEC_HPP
#define SIXFOLD_TESTS_FUZZ_CODEC_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/wire/ack_state.hpp>
#include <sixfold/wire/codec.hpp>
#include <sixfold/wire/packet.hpp>
#include <sixfold/wire/run.hpp>
#include <sixfold/words.hpp>
#include "fuzz/input.hpp"
#include "fuzz/slow_decoder.hpp"

// The codec beside the slow decoder: the same verdict, the same reason, the same fields.

namespace fuzz {

inline std::string text_of(sixfold::bytes data) {
    return std::string(sixfold::as_text(data));
}

/// What the library has read, as the slow decoder puts it.
class facts {
  public:
    static slow::frame_facts of(const sixfold::frame& what) {
        slow::frame_facts out;
        out.kind = what.index() + 1;
        std::visit([&](const auto& each) { fill(out, each); }, what);
        return out;
    }
    static slow::ack_facts of(const sixfold::ack_state& what) {
        slow::ack_facts out;
        out.floor = what.floor();
        out.first = what.first();
        out.horizon = what.horizon();
        if (const auto& limits = what.limits()) {
            out.limits = {limits->room, limits->exceptions, limits->payload_max};
        }
        what.for_each_accepted([&](sixfold::seq each) { out.accepted.insert(each); });
        what.for_each_held([&](sixfold::seq each) { out.held.insert(each); });
        for (const sixfold::exception each : what.exceptions()) {
            out.exceptions.emplace_back(each.seq, each.how == sixfold::fate::rejected);
        }
        return out;
    }

  private:
    static slow::number plain(sixfold::epoch epoch) { return static_cast<slow::number>(epoch); }

    /// The lowest two bits of the flags.
    static slow::number form(const sixfold::run& messages) {
        return messages.empty() ? 2 : messages.is_payload() ? 0 : 1;
    }
    static slow::number bit(bool is_set, slow::number value) { return is_set ? value : 0; }

    static void fill(slow::frame_facts& out, const sixfold::msg_request& msg) {
        out.flags = form(msg.entries) + bit(msg.storing == sixfold::storing::forbidden, 4) +
                    bit(msg.keep, 8) + bit(msg.left.has_value(), 16);
        out.peer = msg.to.name();
        out.epoch = plain(msg.epoch);
        out.number_of = msg.number;
        out.first = msg.first;
        out.base = msg.base;
        if (msg.left) {
            out.left = *msg.left;
        }
        fill_messages(out, msg.entries);
    }
    static void fill(slow::frame_facts& out, const sixfold::msg_answer& msg) {
        out.flags = static_cast<slow::number>(msg.word);
        out.peer = msg.to.name();
        out.epoch = plain(msg.epoch);
        out.number_of = msg.number;
        out.reason = static_cast<slow::number>(msg.reason);
        out.payload_max = msg.payload_max;
    }
    static void fill(slow::frame_facts& out, const sixfold::msg_notify& msg) {
        out.flags = form(msg.entries) + bit(msg.drained, 4) + bit(msg.clean(), 8);
        out.peer = msg.from.name();
        out.epoch = plain(msg.epoch);
        out.number_of = msg.number;
        out.serial = msg.serial;
        out.index = msg.index;
        out.first = msg.first;
        out.low = msg.low;
        out.smaller = {plain(msg.smaller.epoch), msg.smaller.seq};
        fill_messages(out, msg.entries);
    }
    static void fill(slow::frame_facts& out, const sixfold::ack_request& ack) {
        out.flags = static_cast<slow::number>(ack.word) + echo_bits(ack.echo);
        out.peer = ack.to.name();
        out.serial = ack.serial;
        fill_ack(out, ack);
    }
    static void fill(slow::frame_facts& out, const sixfold::ack_answer& ack) {
        out.serial = ack.serial;
    }
    static void fill(slow::frame_facts& out, const sixfold::ack_notify& ack) {
        const bool remembered = ack.word == sixfold::ack_word::ended && !ack.state.empty();
        out.flags = static_cast<slow::number>(ack.word) + 2 * echo_bits(ack.echo) +
                    bit(ack.away, 8) + bit(ack.given_up, 16) + bit(remembered, 64);
        out.peer = ack.from.name();
        out.first = ack.first;
        out.count = ack.count;
        out.low = ack.low;
        fill_ack(out, ack);
    }
    static void fill(slow::frame_facts& out, const sixfold::sync_request& sync) {
        out.flags = bit(sync.from.has_value(), 1) + bit(sync.until.has_value(), 2);
        out.serial = sync.serial;
        out.rows = sync.rows;
        out.room = sync.room;
        fill_key(out, sync.from);
        fill_key(out, sync.until);
    }
    static void fill(slow::frame_facts& out, const sixfold::sync_answer& sync) {
        out.flags = bit(sync.next.has_value(), 1);
        out.serial = sync.serial;
        out.rows = sync.rows;
        fill_key(out, sync.next);
    }

    static void fill_messages(slow::frame_facts& out, const sixfold::run& messages) {
        std::size_t tombstones = 0;
        std::size_t largest = 0;
        for (const sixfold::run_entry& each : messages) {
            each.tombstone ? out.messages.emplace_back()
                           : out.messages.emplace_back(text_of(each.payload));
            tombstones += each.tombstone ? 1 : 0;
            largest = (std::max)(largest, each.payload.size());
        }
        demand(messages.count() == out.messages.size(), "a run has another count");
        demand(messages.tombstones() == tombstones, "a run has other tombstones");
        demand(messages.largest() == largest, "a run has another largest payload");
    }

    /// As an ack:R has them.
    static slow::number echo_bits(const std::optional<sixfold::echo>& echo) {
        return echo ? 4 + bit(echo->missing != 0, 8) + bit(echo->repeated, 16) : 0;
    }
    template <class Ack>
    static void fill_ack(slow::frame_facts& out, const Ack& ack) {
        out.epoch = plain(ack.epoch);
        out.number_of = ack.number;
        out.current = plain(ack.current);
        if (ack.echo) {
            std::set<slow::number> missing;
            for (unsigned before = 1; before <= sixfold::echo::reach; ++before) {
                if (!ack.echo->saw(before)) {
                    missing.insert((ack.echo->number - before) % 65536U);
                }
            }
            out.echo.emplace(ack.echo->number, missing);
        }
        out.ack_bytes = text_of(ack.state);
        sixfold::ack_state state;
        if (!ack.state.empty()) {
            demand(sixfold::ack_state::decode(ack.state, state) == sixfold::refusal::none,
                   "a frame with a wrong ack state");
        }
        out.ack = of(state);
    }
    static void fill_key(slow::frame_facts& out, const std::optional<sixfold::mailbox_key>& key) {
        if (key) {
            out.keys.emplace_back(key->from.name(), plain(key->id.epoch), key->id.seq);
        }
    }
};

inline slow::verdict verdict_of(sixfold::bytes data, const sixfold::framing& link) {
    sixfold::frame what;
    const sixfold::refusal why = decode(data, link, what);
    slow::verdict out{std::string(to_string(why)), {}};
    if (why == sixfold::refusal::none) {
        out.facts = facts::of(what);
    }
    return out;
}

/// As a machine reads it: to the first frame that cannot be decoded.
inline std::vector<slow::verdict> verdicts_of_packet(sixfold::bytes data,
                                                     const sixfold::framing& link) {
    std::vector<slow::verdict> out;
    sixfold::packet_reader reader(data);
    while (const auto one = reader.next()) {
        out.push_back(verdict_of(*one, link));
        if (out.back().refused != "none") {
            return out;
        }
    }
    if (reader.refused() != sixfold::refusal::none) {
        out.push_back({std::string(to_string(reader.refused())), {}});
    }
    return out;
}

inline void ack_state_alone(sixfold::bytes data) {
    sixfold::ack_state state;
    slow::verdict ours{std::string(to_string(sixfold::ack_state::decode(data, state))), {}};
    ours.facts.ack = facts::of(state);
    const slow::verdict theirs = slow::ack_state_alone(text_of(data));
    demand(ours == theirs, "the slow decoder reads another ack state");
    if (theirs.refused != "none") {
        return;
    }
    for (const sixfold::seq place : {state.horizon(), state.first()}) {
        const sixfold::seq begin = (std::max)(place, sixfold::seq{70}) - 70;
        for (sixfold::seq each = begin; each < begin + 700; ++each) {
            demand((state.tells(each) ? to_string(state.of(each)) : "left out") ==
                       slow::said_of(theirs.facts.ack, each),
                   "an ack state says something else of a seq");
        }
    }
}

/// A frame that is decoded is encoded to the same bytes: there are no two ways to say a thing, and nothing is overlooked.
inline void encoded_again(sixfold::bytes data, const sixfold::framing& link) {
    sixfold::frame what;
    if (decode(data, link, what) == sixfold::refusal::none) {
        std::vector<std::byte> again(data.size());
        demand(encode(what, link, again) == data.size(), "a frame is encoded to another size");
        demand(std::equal(data.begin(), data.end(), again.begin()), "a frame is encoded otherwise");
    }
}

/// The bytes as a frame, a packet and an ack state, on both kinds of links; and on a checked one with the checksum put right.
inline void codec(sixfold::bytes data) {
    const std::string text = text_of(data);
    const sixfold::framing unchecked("bob", sixfold::checksum::off);
    const sixfold::framing checked("bob");
    const slow::verdict theirs = slow::frame(text, {});
    demand(verdict_of(data, unchecked) == theirs, "the slow decoder reads another frame");
    demand(verdicts_of_packet(data, unchecked) == slow::packet(text, {}),
           "the slow decoder reads another packet");
    demand(verdict_of(data, checked) == slow::frame(text, {true, "bob"}),
           "the slow decoder reads another checked frame");
    encoded_again(data, unchecked);
    encoded_again(data, checked);
    ack_state_alone(data);

    const auto sealed = slow::on_checked_link(text, "bob");
    if (!sealed) {
        return;
    }
    const sixfold::bytes again = sixfold::as_bytes(*sealed);
    demand(verdict_of(again, checked) == theirs, "it is another frame with a checksum");
    demand(slow::frame(*sealed, {true, "bob"}) == theirs, "the slow decoder contradicts itself");
    demand(verdict_of(again, sixfold::framing("carol")) == slow::frame(*sealed, {true, "carol"}),
           "the slow decoder reads another frame for somebody else");
    encoded_again(again, checked);
    const std::string three = *sealed + *sealed + text;
    demand(verdicts_of_packet(sixfold::as_bytes(three), checked) ==
               slow::packet(three, {true, "bob"}),
           "the slow decoder reads another checked packet");
}

}  // namespace fuzz

#endif
