// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_DRAINED_WORLD_HPP
#define SIXFOLD_TESTS_SUPPORT_DRAINED_WORLD_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/receiver.hpp>
#include <sixfold/wire/packet.hpp>
#include "support/catch.hpp"

// A receiver, its mailbox, and a relay between them that does what section 5 says of ack:R and sync:R, in virtual time and over a link
// that loses frames. Counts what goes through it.

namespace support {

using namespace sixfold;
using namespace std::chrono_literals;

struct drained_world {
    struct key_less {
        bool operator()(const mailbox_key& one, const mailbox_key& other) const {
            return one < other;
        }
    };
    using frame_bytes = std::vector<std::byte>;

    manual_clock clock;
    receiver b;
    std::map<mailbox_key, std::string, key_less> rows;  // "" is a tombstone
    std::multimap<time_point, frame_bytes> to_b;
    std::multimap<time_point, frame_bytes> to_relay;
    std::map<mailbox_key, int, key_less> accepted;  // how often
    std::vector<mailbox_key> order;                 // in which the app got them
    random_source random{7};
    const framing link{"bob"};
    duration latency = 20ms;
    double loss = 0;
    duration app = duration::zero();  // that it needs for each; zero: none
    bool app_takes = true;
    seq base = seq_end;          // of all rows: all below has ended
    std::optional<msgid> lie{};  // a row of each sender that is not there, and named all the same
    time_point app_ready{};

    // counted
    std::size_t sent_rows = 0;
    std::size_t notices = 0;
    std::size_t syncs = 0;
    std::size_t acks = 0;
    std::size_t bytes_down = 0;
    std::size_t bytes_up = 0;

    explicit drained_world(const receiver_options& options = {},
                           journaling keeps = journaling::none)
        : b(receiver::create(clock, 1, options, keeps).value()) {}

    void put(const std::string& from, epoch of, seq first, std::size_t count, std::size_t size) {
        for (std::size_t i = 0; i < count; ++i) {
            rows[{from, {of, first + i}}] = std::string(size, 'x');
        }
    }

    // --- the link ------------------------------------------------------------------------------------

    bool is_lost() { return static_cast<double>(random.below(1'000'000)) < loss * 1e6; }

    template <class Frame>
    void down(const Frame& what) {
        std::array<std::byte, 4096> out;
        const std::size_t size = encode(what, link, out);
        REQUIRE(size != 0);
        bytes_down += size;
        if (!is_lost()) {
            to_b.emplace(clock.now() + latency, frame_bytes(out.begin(), out.begin() + size));
        }
    }
    void up() {
        std::array<std::byte, 4096> out;
        while (b.poll_journal(out)) {  // a test says when that is durable
        }
        while (const auto packet = b.poll_transmit(out)) {
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                bytes_up += one->size();
                if (!is_lost()) {
                    to_relay.emplace(clock.now() + latency, frame_bytes(one->begin(), one->end()));
                }
            }
        }
    }

    // --- the relay -----------------------------------------------------------------------------------

    void take(const ack_request& ack) {
        ++acks;
        ack_state state;
        if (ack.word == ack_word::state) {
            REQUIRE(ack_state::decode(ack.state, state) == refusal::none);
        }
        for (auto at = rows.begin(); at != rows.end();) {
            const bool ours = at->first.from == ack.to && at->first.id.epoch == ack.epoch;
            const bool over = ack.word == ack_word::past ||
                              (ack.word == ack_word::state && state.covers(at->first.id.seq));
            at = ours && over ? rows.erase(at) : std::next(at);
        }
        down(ack_answer{ack.serial});
    }

    void take(const sync_request& asked) {
        ++syncs;
        REQUIRE(is_valid(asked));
        std::uint32_t index = 0;
        std::size_t room = asked.room;
        auto at = asked.from ? rows.lower_bound(*asked.from) : rows.begin();
        const auto in_range = [&] {
            return at != rows.end() && (!asked.until || at->first < *asked.until);
        };
        while (in_range() && index < asked.rows && (index == 0 || at->second.size() <= room)) {
            const mailbox_key first = at->first;
            run_writer entries;
            std::uint32_t count = 0;
            while (in_range() && index + count < asked.rows && at->first.from == first.from &&
                   at->first.id.epoch == first.id.epoch &&
                   at->first.id.seq == first.id.seq + count &&
                   ((index == 0 && count == 0) || at->second.size() <= room) &&
                   entries.fits({at->second.empty(), as_bytes(at->second)})) {
                entries.add({at->second.empty(), as_bytes(at->second)});
                room -= std::min(room, at->second.size());
                ++count;
                ++at;
            }
            send_rows(asked.serial, index, first, entries.get());
            index += count;
        }
        sync_answer answer{.serial = asked.serial, .rows = index};
        if (in_range()) {
            answer.next = at->first;
        }
        down(answer);
    }
    void send_rows(ack_serial serial, std::uint32_t index, const mailbox_key& first, run entries) {
        ++notices;
        sent_rows += entries.count();
        const auto lowest = rows.lower_bound({first.from, {epoch{1}, 0}});
        const auto own = rows.lower_bound({first.from, {first.id.epoch, 0}});
        msg_notify notice{.from = first.from,
                          .epoch = first.id.epoch,
                          .drained = true,
                          .serial = serial,
                          .index = index,
                          .first = first.id.seq,
                          .low = std::min(base, own->first.id.seq),
                          .entries = entries};
        if (lowest->first.id.epoch < first.id.epoch) {
            notice.smaller = lowest->first.id;
        } else if (lie && lie->epoch < first.id.epoch) {
            notice.smaller = *lie;
        }
        down(notice);
    }

    // --- time ----------------------------------------------------------------------------------------

    void run_app() {
        while (app_takes && app_ready <= clock.now()) {
            const auto next = b.poll_message();
            if (!next) {
                return;
            }
            ++accepted[{next->from, next->id}];
            order.push_back({next->from, next->id});
            REQUIRE(b.accept(*next));
            app_ready = clock.now() + app;
        }
    }
    /// The next thing that happens; false if that is later than `until`.
    bool step(time_point until) {
        run_app();
        up();
        time_point next = b.next_deadline();
        next = to_b.empty() ? next : std::min(next, to_b.begin()->first);
        next = to_relay.empty() ? next : std::min(next, to_relay.begin()->first);
        if (app_takes && b.held() != 0 && app_ready > clock.now()) {
            next = std::min(next, app_ready);
        }
        if (next > until) {
            clock.set(until);
            return false;
        }
        clock.set(std::max(next, clock.now()));
        deliver();
        return true;
    }
    void deliver() {
        while (!to_relay.empty() && to_relay.begin()->first <= clock.now()) {
            const frame_bytes wire = std::move(to_relay.begin()->second);
            to_relay.erase(to_relay.begin());
            frame decoded;
            REQUIRE(decode(wire, link, decoded) == refusal::none);
            if (const auto* ack = std::get_if<ack_request>(&decoded)) {
                take(*ack);
            } else {
                take(std::get<sync_request>(decoded));
            }
        }
        while (!to_b.empty() && to_b.begin()->first <= clock.now()) {
            const frame_bytes wire = std::move(to_b.begin()->second);
            to_b.erase(to_b.begin());
            frame decoded;
            REQUIRE(decode(wire, link, decoded) == refusal::none);
            REQUIRE(b.handle(decoded) == refusal::none);
            run_app();
        }
    }
    /// Runs until no row is left, or for so long; how long it took.
    duration drain(duration limit = 1h) {
        const time_point start = clock.now();
        for (int calls = 0; !rows.empty() && step(start + limit); ++calls) {
            REQUIRE(calls < 3'000'000);
        }
        return clock.now() - start;
    }
    void run_for(duration time) {
        const time_point until = clock.now() + time;
        for (int calls = 0; step(until); ++calls) {
            REQUIRE(calls < 1'000'000);
        }
    }
};

}  // namespace support

#endif
