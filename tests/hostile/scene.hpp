// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_HOSTILE_SCENE_HPP
#define SIXFOLD_TESTS_HOSTILE_SCENE_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

// Two clients and a relay in the middle of their work, and one frame of each kind that could reach them there.

namespace hostile {

using namespace sixfold;
using namespace std::chrono_literals;

using blob = std::vector<std::byte>;

constexpr link_id at_alice{1};
constexpr link_id at_bob{2};
constexpr link_id at_mallory{3};
constexpr link_id of_nobody{99};

inline blob encoded(const frame& what, const peer& end, checksum mode = checksum::on) {
    blob out(2048);
    out.resize(encode(what, framing(end, mode), out));
    REQUIRE_FALSE(out.empty());
    return out;
}

/// A frame with this first byte, these flags and this body, and with a checksum that is right.
inline blob sealed(unsigned first, unsigned flags, bytes body, const peer& end) {
    const framing link(end);
    blob out(body.size() + frame_header_size_max + link.trailer_size());
    byte_writer to(out);
    to.put_u8(static_cast<std::uint8_t>(first));
    to.put_u8(static_cast<std::uint8_t>(flags));
    to.put_varint(body.size() + link.trailer_size());
    to.put_bytes(body);
    to.put_u32(link.checksum_of(to.written()));
    out.resize(to.size());
    return out;
}

/// The body of a frame on a checked link.
inline bytes body_of(bytes wire) {
    const std::size_t header = measure_frame(wire).header;
    return wire.subspan(header, wire.size() - header - 4);
}

/// An ack state: all below the floor was accepted, and so are the seqs of these bits from it on.
inline blob state_of(seq floor, bytes accepted = {}) {
    blob out(ack_state_size_max());
    out.resize(encode_ack_state({.floor = floor, .accepted = accepted}, out));
    return out;
}
inline const blob first_accepted = state_of(1);

/// One of each kind and form that a relay says to a client: of the stream that `other` sends it, and of its own.
inline std::vector<frame> all_to_client(const peer& other, epoch theirs, epoch ours) {
    const bytes text = as_bytes("text");
    const mailbox_key key{other, {theirs, 4}};
    const epoch later{static_cast<std::uint64_t>(theirs) + 1};
    const epoch next{static_cast<std::uint64_t>(ours) + 1};
    const run one = run::of(text);
    static const run_writer two = [] {
        run_writer out;
        out.add({false, as_bytes("text")});
        out.add({true, {}});
        return out;
    }();
    const msg_notify direct{
        .from = other, .epoch = theirs, .number = 5, .first = 3, .entries = one};
    msg_notify several = direct;
    several.entries = two.get();
    msg_notify tombstone = direct;
    tombstone.entries = run::tombstone();
    const msg_notify drained{.from = other,
                             .epoch = theirs,
                             .drained = true,
                             .serial = 7,
                             .first = 3,
                             .low = 3,
                             .entries = two.get()};
    msg_notify not_clean = drained;
    not_clean.epoch = later;
    not_clean.smaller = {theirs, 3};
    not_clean.entries = one;
    const msg_answer taken{.to = other, .number = 5};
    msg_answer away = taken;
    away.epoch = ours;
    away.word = msg_word::away;
    msg_answer refused = away;
    refused.word = msg_word::refused;
    refused.reason = refused_reason::over_quota;
    ack_notify stored{.from = other, .epoch = ours, .word = ack_word::stored, .number = 5};
    stored.first = 1;
    stored.count = 1;
    const ack_notify ended{
        .from = other, .epoch = ours, .word = ack_word::ended, .number = 5, .low = 1};
    ack_notify remembered = ended;
    remembered.away = true;
    remembered.state = first_accepted;
    return {
        direct,
        several,
        tombstone,
        drained,
        not_clean,
        msg_notify{.from = other, .epoch = theirs, .number = 5, .low = 3},
        msg_notify{.from = other, .epoch = later, .number = 5, .low = 0, .smaller = {theirs, 3}},
        taken,
        away,
        refused,
        ack_answer{7},
        ack_notify{.from = other, .epoch = ours, .echo = echo{5, 1}, .state = first_accepted},
        ack_notify{.from = other, .epoch = ours, .state = first_accepted},
        ack_notify{.from = other, .epoch = ours, .word = ack_word::waiting, .number = 5},
        ack_notify{.from = other, .epoch = ours, .word = ack_word::past, .current = next},
        stored,
        ended,
        remembered,
        sync_answer{.serial = 7, .rows = 2, .next = key},
        sync_answer{.serial = 7},
    };
}

/// One of each kind and form that a client asks of the relay: of the stream that it sends to `other`, and of the other's.
inline std::vector<frame> all_to_relay(const peer& other, epoch ours, epoch theirs) {
    const bytes text = as_bytes("text");
    const epoch later{static_cast<std::uint64_t>(theirs) + 1};
    const msg_request msg{
        .to = other, .epoch = ours, .number = 5, .first = 3, .base = 2, .entries = run::of(text)};
    msg_request never = msg;
    never.storing = storing::forbidden;
    msg_request tombstone = msg;
    tombstone.entries = run::tombstone();
    msg_request kept = msg;
    kept.keep = true;
    kept.left = 1000;
    return {
        msg,
        never,
        tombstone,
        kept,
        msg_request{.to = other, .epoch = ours, .number = 5, .base = 2},
        ack_request{
            .to = other, .epoch = theirs, .serial = 7, .echo = echo{5, 1}, .state = first_accepted},
        ack_request{.to = other, .epoch = theirs, .serial = 7, .state = first_accepted},
        ack_request{
            .to = other, .epoch = theirs, .word = ack_word::waiting, .serial = 7, .number = 5},
        ack_request{
            .to = other, .epoch = theirs, .word = ack_word::past, .serial = 7, .current = later},
        sync_request{.serial = 7, .rows = 9, .room = 999, .from = mailbox_key{other, {theirs, 4}}},
        sync_request{.serial = 7, .rows = 9, .room = 999},
    };
}

inline client_options small(const peer& self) {
    client_options options{.self = self, .life = {.start = 1, .seed = 1}};
    options.sender.queue_bytes = options.receiver.held_bytes = 16 << 10;
    options.sender.queue_entries = options.receiver.held_entries = 128;
    return options;
}

/// Every way in which a message can stand:
///
///     alice to bob      0 accepted, 1 rejected, 2 shown to the app of bob, 3 lost on its way, 4 held
///     alice to carol    0 stored, 1 taken back after it was stored, 2 stored; carol is away
///     bob to alice      0 accepted, 1 held and not shown
struct scene {
    manual_clock clock;
    client alice = client::create(clock, small("alice")).value();
    client bob = client::create(clock, small("bob")).value();
    sixfold::relay relay = sixfold::relay::create({}).value();
    memory_mailbox box = memory_mailbox::create().value();
    reactions out;
    message shown;
    /// Every packet that ever came to the relay, or went out of it.
    std::vector<std::pair<link_id, blob>> asked;
    std::vector<std::pair<link_id, blob>> told;

    scene() {
        clock.set(time_point(1h));
        link(alice, at_alice);
        link(bob, at_bob);
        REQUIRE(relay.link_up(at_mallory, "mallory"));
        send(bob, "alice", 2);
        settle();
        REQUIRE(alice.accept(alice.poll_message().value()));
        send(alice, "bob", 3);
        settle();
        REQUIRE(bob.accept(bob.poll_message().value()));
        REQUIRE(bob.reject(bob.poll_message().value()));
        shown = bob.poll_message().value();
        settle();
        send(alice, "bob", 1);
        lose(alice);
        send(alice, "bob", 1);
        (void)one_packet(alice);
        lose(alice);  // what is missing goes again at once, as no time passes here
        send(alice, "carol", 1);
        const ticket taken_back = send(alice, "carol", 1);
        send(alice, "carol", 1);
        settle();
        REQUIRE(alice.cancel(taken_back));
        settle();
        REQUIRE(box.rows() == 3);
        REQUIRE_FALSE(bob.poll_message());  // 3 is lost, so 4 waits
        (void)heard(alice);
        (void)heard(bob);
    }
    scene(const scene&) = delete;
    scene& operator=(const scene&) = delete;
    ~scene() = default;

    void link(client& who, link_id at) {
        REQUIRE(relay.link_up(at, who.self()));
        who.link_up();
    }
    /// So many messages; the ticket of the last.
    ticket send(client& from, const peer& to, int count) {
        ticket last{};
        for (int i = 0; i < count; ++i) {
            last = from.send(to, as_bytes("text")).value();
        }
        return last;
    }
    /// All that is due comes to its end; no time passes.
    void settle() {
        for (bool more = true; more;) {
            more = false;
            for (client* each : {&alice, &bob}) {
                more = turn(*each) || more;
            }
        }
    }
    /// What is due of one of them comes to the other; whether there was anything.
    bool turn(client& who) {
        bool any = false;
        while (one_packet(who)) {
            any = true;
        }
        return any;
    }
    bool one_packet(client& who) {
        const auto packet = who.poll_transmit(buffer_);
        if (packet) {
            const blob copy(packet->begin(), packet->end());
            asked.emplace_back(&who == &alice ? at_alice : at_bob, copy);
            REQUIRE(at_relay(asked.back().first, copy) == refusal::none);
            carry();
        }
        return packet.has_value();
    }
    /// A packet and all that it asks of the mailbox.
    refusal at_relay(link_id from, bytes packet) {
        const refusal why = relay.handle(from, packet, out);
        while (const auto request = out.next_request()) {
            REQUIRE(relay.complete(*request, box.execute(*request), out) == refusal::none);
        }
        return why;
    }
    /// What the relay says reaches alice and bob.
    void carry() {
        for (const outgoing each : out.frames()) {
            if (each.link == at_alice || each.link == at_bob) {
                told.emplace_back(each.link, blob(each.bytes.begin(), each.bytes.end()));
                REQUIRE(at(each.link).handle(each.bytes) == refusal::none);
            }
        }
        out.clear();
    }
    [[nodiscard]] client& at(link_id link) { return link == at_alice ? alice : bob; }
    /// The app of bob takes all that it is shown, and all that is due comes to its end; how many it was shown.
    std::size_t finish() {
        std::size_t count = 0;
        (void)bob.accept(shown);
        for (settle(); const auto message = bob.poll_message(); settle()) {
            REQUIRE(bob.accept(*message));
            ++count;
        }
        return count;
    }
    /// What is due of a client is lost.
    void lose(client& who) {
        while (who.poll_transmit(buffer_)) {
        }
    }
    static std::vector<status> heard(client& who) {
        std::vector<status> all;
        while (const auto event = who.poll_event()) {
            all.push_back(event->what);
        }
        return all;
    }

    [[nodiscard]] epoch epoch_of(client& from, const peer& to) {
        return test_access::stream(from.sender(), to).epoch();
    }
    [[nodiscard]] epoch of_alice() { return epoch_of(alice, "bob"); }
    [[nodiscard]] epoch of_bob() { return epoch_of(bob, "alice"); }

    /// One of each kind, for bob, and for the relay from the link of alice.
    [[nodiscard]] std::vector<blob> for_bob(checksum mode = checksum::on) {
        return encoded_all(all_to_client("alice", of_alice(), of_bob()), "bob", mode);
    }
    [[nodiscard]] std::vector<blob> for_relay(checksum mode = checksum::on) {
        return encoded_all(all_to_relay("bob", of_alice(), of_bob()), "alice", mode);
    }

  private:
    static std::vector<blob>
    encoded_all(const std::vector<frame>& frames, const peer& end, checksum mode) {
        std::vector<blob> all;
        for (const frame& each : frames) {
            all.push_back(encoded(each, end, mode));
        }
        return all;
    }

    std::array<std::byte, 4096> buffer_{};
};

}  // namespace hostile

#endif
