// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_MACHINES_HPP
#define SIXFOLD_TESTS_FUZZ_MACHINES_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "fuzz/input.hpp"
#include "support/journal_bytes.hpp"

// Targets that drive a machine: the input is a program of calls, and of frames that make sense, nearly make sense, or are bytes.

namespace fuzz {

using namespace std::chrono_literals;

inline sixfold::client_options options_of_client(bool journals) {
    sixfold::client_options out{.self = "alice", .start = 1, .seed = 1};
    out.sender.window = 4;
    out.sender.queue_entries = 6;
    out.sender.unsettled_max = 3;
    out.sender.queue_bytes = 512;
    out.sender.payload_max = 128;
    out.sender.peers_max = 2;
    out.receiver.window = 8;
    out.receiver.exceptions = 3;
    out.receiver.held_entries = 4;
    out.receiver.held_bytes = 512;
    out.receiver.payload_max = 128;
    out.receiver.peers_max = 2;
    if (journals) {
        out.sender.journaling = out.receiver.journaling = sixfold::journaling::withhold;
    }
    return out;
}

inline const sixfold::peer& peer_of(std::uint8_t which) {
    static const std::array<sixfold::peer, 3> all = {"bob", "carol", "dave"};
    return all[which % all.size()];
}

/// The state of some receiver: a floor, some accepted behind it, some held. As it would be, or bytes.
class made_state {
  public:
    explicit made_state(input& in) {
        if (in.byte() % 4 == 0) {
            state_ = in.piece();
            return;
        }
        const sixfold::seq floor = (std::min)(in.seq(), sixfold::seq_end - 8);
        const std::byte accepted{static_cast<std::uint8_t>(in.byte() & 0xFE)};
        const std::byte held = std::byte{in.byte()} & ~accepted;
        sixfold::ack_report report{.floor = floor, .horizon = in.seq()};
        report.skip = floor < sixfold::seq_end - 8 * 256 && in.flag() ? in.byte() : 0;
        report.accepted = {&accepted, 1};
        report.held = {&held, 1};
        if (in.flag() && floor != 0) {
            exception_ = {floor - 1, sixfold::fate::rejected};
            report.exceptions = {&exception_, 1};
        }
        state_ = sixfold::bytes(buffer_).first(sixfold::encode_ack_state(report, buffer_));
    }
    made_state(const made_state&) = delete;
    made_state& operator=(const made_state&) = delete;

    [[nodiscard]] sixfold::bytes bytes() const { return state_; }

  private:
    std::array<std::byte, sixfold::ack_state_size_max()> buffer_{};
    sixfold::exception exception_{};
    sixfold::bytes state_;
};

/// As it comes off the wire; no bytes if it cannot be there.
template <class Frame>
std::size_t wire_of(const Frame& what, std::span<std::byte> out) {
    const sixfold::framing unchecked("alice", sixfold::checksum::off);
    return sixfold::is_valid(what) ? encode(what, unchecked, out) : 0;
}

/// A life that begins with this snapshot has the same one.
inline void check_snapshot(const sixfold::client_options& options,
                           const std::vector<std::byte>& snapshot) {
    sixfold::manual_clock clock;
    const auto next = sixfold::client::create(clock, options, snapshot);
    demand(next.has_value(), "a snapshot is refused");
    demand(support::snapshot_of(*next) == snapshot,
           "a life that begins with a snapshot has another one");
}

/// A client, an app that does what the bytes say, and a relay that is anything.
class client_program {
  public:
    client_program(input& in, bool journals)
        : in_(in), options_(options_of_client(journals)), journals_(journals),
          machine_(sixfold::client::create(clock_, options_).value()) {
        clock_.advance(1s);
    }

    void run() {
        while (!in_.empty()) {
            step();
            turn();
        }
        if (journals_) {
            keep();
            check_snapshot(options_, support::snapshot_of(machine_));
        }
    }

  private:
    void step() {
        using namespace sixfold;
        switch (in_.byte() % 12) {
        case 0: clock_.advance(in_.byte() * 10ms); break;
        case 1: send(); break;
        case 2:
            if (!sent_.empty()) {
                machine_.cancel(
                    std::next(sent_.begin(), in_.byte() % static_cast<int>(sent_.size()))->first);
            }
            break;
        case 3:
            linked_ = !linked_;
            linked_ ? machine_.link_up(checksum::off) : machine_.link_down();
            break;
        case 4: (void)machine_.handle(in_.piece()); break;
        case 5:
            handle(
                msg_answer{peer_of(in_.byte()), {epoch_of(), in_.seq()}, in_.byte(), in_.flag()});
            break;
        case 6: handle_ack(); break;
        case 7:
        case 8: handle(notice()); break;
        case 9: handle(ack_answer{peer_of(in_.byte()), serial_of()}); break;
        case 10: handle(sync_answer{serial_of(), key(), in_.byte()}); break;
        default: settles_ = in_.byte(); break;
        }
    }

    void send() {
        const sixfold::peer& to = peer_of(in_.byte());
        const std::vector<std::byte> payload(in_.byte());
        sixfold::send_options how;
        if (const std::uint8_t deadline = in_.byte(); deadline != 0) {
            how.expires_after = deadline * 100ms;
        }
        how.storing = in_.flag() ? sixfold::storing::forbidden : sixfold::storing::allowed;
        if (const auto id = machine_.send(to, payload, how)) {
            demand(sent_.emplace(*id, sixfold::status::none).second, "a ticket is given twice");
        }
    }

    sixfold::epoch epoch_of() {
        const std::uint8_t which = in_.byte();
        return which < 200 ? epoch_ : sixfold::epoch{1 + in_.number() / 2};
    }
    std::uint32_t serial_of() {
        return in_.flag() ? serial_ : static_cast<std::uint32_t>(in_.byte());
    }

    void handle_ack() {
        using namespace sixfold;
        ack_notify out{.from = peer_of(in_.byte()), .epoch = epoch_of()};
        out.word = static_cast<ack_word>(in_.byte() % 5);
        if (out.word == ack_word::past) {
            out.current = epoch{static_cast<std::uint64_t>(out.epoch) + 1 + in_.number() / 2};
        } else if (out.word == ack_word::stored) {
            out.seq = in_.seq();
            out.attempt = in_.byte();
        } else if (out.word == ack_word::ended) {
            out.low = in_.seq();
        }
        const made_state state(in_);
        if (out.word == ack_word::state || (out.word == ack_word::ended && in_.flag())) {
            out.state = state.bytes();
        }
        handle(out);
    }
    sixfold::msg_notify notice() {
        using namespace sixfold;
        msg_notify out{.from = peer_of(in_.byte()), .epoch = epoch{1 + in_.number() % 4}};
        out.form = static_cast<form>(in_.byte() % 3);
        out.seq = out.form == form::probe ? 0 : in_.seq();
        out.drained = out.form != form::probe && in_.flag();
        out.low = out.looked() ? in_.seq() : 0;
        if (out.looked() && in_.flag()) {
            out.smaller = {epoch{1 + in_.number() % 3}, in_.seq()};
        }
        out.payload = out.form == form::payload ? in_.piece() : bytes();
        return out;
    }
    std::optional<sixfold::mailbox_key> key() {
        if (in_.flag()) {
            return std::nullopt;
        }
        return sixfold::mailbox_key{peer_of(in_.byte()),
                                    {sixfold::epoch{1 + in_.number() % 4}, in_.seq()}};
    }

    template <class Frame>
    void handle(const Frame& what) {
        std::array<std::byte, 600> out{};
        (void)machine_.handle(sixfold::bytes(out).first(wire_of(what, out)));
    }

    void turn() {
        using namespace sixfold;
        while (const auto news = machine_.poll_event()) {
            const auto at = sent_.find(news->id);
            demand(at != sent_.end(), "an event of a message that was not sent, or has ended");
            demand(news->what > at->second, "an event that is no news");
            at->second = news->what;
            if (is_final(news->what)) {
                sent_.erase(at);
            }
        }
        while (const auto handed = machine_.poll_message()) {
            demand(handed->payload.size() <= options_.receiver.payload_max,
                   "a payload is too large");
            if (settles_ % 4 != 3) {
                demand(settles_ % 4 == 2 ? machine_.reject(*handed) : machine_.accept(*handed),
                       "the word of the app is refused");
            }
        }
        if (settles_ % 8 < 4) {
            keep();
        }
        transmit();
        demand(machine_.sender().queued() <= options_.sender.queue_entries,
               "the queue is overfull");
        demand(machine_.sender().unsettled() <= options_.sender.unsettled_max,
               "too many unsettled");
    }

    void keep() {
        std::vector<std::byte> buffer(machine_.journal_record_size_max());
        while (machine_.poll_journal(buffer)) {
        }
        machine_.durable(machine_.written());
    }

    void transmit() {
        using namespace sixfold;
        std::vector<std::byte> buffer(machine_.packet_size_min());
        int packets = 0;
        while (const auto packet = machine_.poll_transmit(buffer)) {
            demand(linked_, "frames without a link");
            demand(++packets < 1000, "frames without end");
            packet_reader frames(*packet);
            while (const auto one = frames.next()) {
                frame what;
                demand(decode(*one, framing("alice", checksum::off), what) == refusal::none,
                       "a frame of ours cannot be read");
                learn(what);
            }
        }
    }
    void learn(const sixfold::frame& ours) {
        if (const auto* msg = std::get_if<sixfold::msg_request>(&ours)) {
            epoch_ = msg->epoch;
        } else if (const auto* ack = std::get_if<sixfold::ack_request>(&ours)) {
            serial_ = ack->serial;
        } else if (const auto* sync = std::get_if<sixfold::sync_request>(&ours)) {
            serial_ = sync->serial;
        }
    }

    input& in_;
    sixfold::manual_clock clock_;
    sixfold::client_options options_;
    bool journals_;
    sixfold::client machine_;
    std::map<sixfold::ticket, sixfold::status> sent_;  // and the last that was heard of it
    sixfold::epoch epoch_{1};                          // of the last msg:R
    std::uint32_t serial_ = 0;                         // of the last request
    std::uint8_t settles_ = 0;                         // how the app goes about it
    bool linked_ = false;
};

inline void client_in_memory(sixfold::bytes data) {
    input in(data);
    client_program(in, false).run();
}
inline void client_with_journal(sixfold::bytes data) {
    input in(data);
    client_program(in, true).run();
}

/// Records whose checksums are right, and whatever is in them.
inline void journal(sixfold::bytes data) {
    using namespace sixfold;
    input in(data);
    std::vector<std::byte> records;
    while (!in.empty()) {
        const auto kind = static_cast<record_kind>(in.byte() % 8);
        const bool gone = in.byte() % 8 == 7;
        const bytes body = in.piece();
        std::array<std::byte, 300> out{};
        const std::size_t size =
            detail::encode_record(kind, gone, out, [&](auto& to) { to.put_bytes(body); });
        records.insert(records.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
    }
    manual_clock clock;
    const client_options options = options_of_client(true);
    auto made = client::create(clock, options, records);
    if (!made) {
        demand(!made.error().what.empty(), "a journal is refused without a word");
        return;
    }
    check_snapshot(options, support::snapshot_of(*made));
    made->link_up();
    std::vector<std::byte> buffer(made->packet_size_min());
    int packets = 0;
    while (made->poll_transmit(buffer)) {
        demand(++packets < 1000, "frames without end");
    }
}

/// A relay, clients that send it anything, and a mailbox that may be late, fail, or do what it does not say.
inline void relay(sixfold::bytes data) {
    using namespace sixfold;
    input in(data);
    auto machine = sixfold::relay::create({}).value();
    auto mailbox = memory_mailbox::create({.rows_per_pair_max = 3, .page_rows = 2}).value();
    reactions out;
    std::array<std::byte, 600> wire{};
    while (!in.empty()) {
        const link_id link{1 + in.byte() % 4U};
        const peer& to = peer_of(in.byte());
        const epoch e{1 + in.number() % 4};
        std::size_t size = 0;
        switch (in.byte() % 8) {
        case 0: (void)machine.link_up(link, to, checksum::off); break;
        case 1: machine.link_down(link); break;
        case 2: machine.handle(link, in.piece(), out); break;
        case 3:
        case 4: {
            msg_request msg{.to = to, .epoch = e, .form = static_cast<form>(in.byte() % 3)};
            msg.seq = msg.form == form::probe ? 0 : in.seq();
            msg.base = msg.form == form::probe ? in.seq() : (std::min)(in.seq(), msg.seq);
            msg.payload = msg.form == form::payload ? in.piece() : bytes();
            size = wire_of(msg, wire);
            break;
        }
        case 5:
        case 6: {
            ack_request ack{.to = to, .epoch = e, .word = static_cast<ack_word>(in.byte() % 3)};
            ack.serial = in.byte();
            if (ack.word == ack_word::past) {
                ack.current = epoch{static_cast<std::uint64_t>(e) + 1};
            }
            const made_state state(in);
            ack.state = ack.word == ack_word::state ? state.bytes() : bytes();
            size = wire_of(ack, wire);
            break;
        }
        default: size = wire_of(sync_request{.serial = in.byte()}, wire); break;
        }
        machine.handle(link, bytes(wire).first(size), out);
        while (const auto request = out.next_request()) {
            const std::uint8_t how = in.byte() % 4;
            mailbox_outcome outcome = how == 1 ? mailbox_outcome() : mailbox.execute(*request);
            outcome.done = outcome.done && how != 2;
            machine.complete(*request, outcome, out);
            if (how == 3) {
                machine.complete(*request, outcome, out);
            }
        }
        for (const outgoing& each : out.frames()) {
            frame what;
            const bool linked = each.link != link_id::none;  // else it is for another relay
            const framing link_of(each.to, linked ? checksum::off : checksum::on);
            demand(decode(each.bytes, link_of, what) == refusal::none,
                   "a frame of the relay cannot be read");
        }
        demand(out.frames().size() < 100, "one frame has too many answers");
        out.clear();
    }
}

}  // namespace fuzz

#endif
