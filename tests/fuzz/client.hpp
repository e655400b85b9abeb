// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_CLIENT_HPP
#define SIXFOLD_TESTS_FUZZ_CLIENT_HPP

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

#include <sixfold/sixfold.hpp>
#include "fuzz/input.hpp"
#include "fuzz/pieces.hpp"
#include "support/journal_bytes.hpp"

// Targets that drive a client: the input is a program of calls, and of frames that make sense, nearly make sense, or are bytes,
// from a state that its first byte names.

namespace fuzz {

using namespace std::chrono_literals;

/// From where a program of calls and frames begins.
enum class beginning : std::uint8_t {
    fresh,     ///< nothing has happened
    linked,    ///< there is a link
    full,      ///< the window and the queue are full of what is on its way to bob
    stored,    ///< as many as can be are stored, and the queue is full again
    held,      ///< messages of bob have come, and the app has not settled them
    crowded,   ///< there are as many peers as can be, in both directions
    restored,  ///< a life that begins with the snapshot of `stored`
    wide,      ///< windows of which one ack state tells a part, and 200 messages on their way
};
inline constexpr std::uint8_t beginnings = 8;

inline sixfold::client_options options_of_client(bool journals, bool wide = false) {
    sixfold::client_options out{.self = "alice", .life = {.start = 1, .seed = 1}};
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
    if (wide) {
        out.sender.window = out.receiver.window = 2048;
        out.sender.queue_entries = 250;
        out.receiver.held_entries = 32;
    }
    if (journals) {
        out.journaling = sixfold::journaling::withhold;
    }
    return out;
}

/// A life that begins with this snapshot has one that says the same.
inline void check_snapshot(const sixfold::client_options& options,
                           const std::vector<std::byte>& snapshot) {
    sixfold::manual_clock clock;
    const auto next = sixfold::client::create(clock, options, snapshot);
    demand(next.has_value(), "a snapshot is refused");
    demand(support::rows_of(support::snapshot_of(*next)) == support::rows_of(snapshot),
           "a life that begins with a snapshot has another one");
}

/// A client, an app that does what the bytes say, and a relay that is anything.
class client_program {
  public:
    client_program(input& in, bool journals)
        : in_(in), from_(static_cast<beginning>(in.byte() % beginnings)),
          options_(options_of_client(journals, from_ == beginning::wide)), journals_(journals),
          machine_(sixfold::client::create(clock_, options_).value()) {
        clock_.advance(1s);
        begin();
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
    // --- the beginnings -----------------------------------------------------------------------------

    void begin() {
        if (from_ == beginning::fresh) {
            return;
        }
        linked_ = true;
        machine_.link_up(sixfold::checksum::off);
        switch (from_) {
        case beginning::full: send_to_bob(options_.sender.queue_entries); break;
        case beginning::stored:
        case beginning::restored: store(); break;
        case beginning::held: hold(); break;
        case beginning::crowded: crowd(); break;
        case beginning::wide: send_to_bob(200); break;
        default: break;
        }
        turn();
        if (from_ == beginning::restored && journals_) {
            restore();
        }
    }
    void send_to_bob(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto id = machine_.send("bob", {}, {});
            demand(id && sent_.emplace(*id, sixfold::status::none).second, "bob is not written to");
        }
        turn();
    }
    void store() {
        send_to_bob(options_.sender.unsettled_max);
        sixfold::ack_notify stored{.from = "bob", .epoch = epoch_};
        stored.word = sixfold::ack_word::stored;
        stored.number = number_;
        stored.count = static_cast<std::uint8_t>(options_.sender.unsettled_max);
        handle(stored);
        demand(machine_.sender().unsettled() == options_.sender.unsettled_max, "nothing is stored");
        send_to_bob(options_.sender.queue_entries);
    }
    void hold() {
        settles_ = 3;
        sixfold::msg_notify from_bob{.from = "bob", .epoch = sixfold::epoch{1}};
        handle(from_bob);  // a probe, which is clean
        from_bob.entries = sixfold::run::of({});
        for (; from_bob.first < options_.receiver.held_entries; ++from_bob.first) {
            ++from_bob.number;
            handle(from_bob);
        }
    }
    void crowd() {
        for (std::uint8_t which = 0; which < 3; ++which) {
            if (const auto id = machine_.send(peer_of(which), {}, {})) {
                sent_.emplace(*id, sixfold::status::none);
            }
            sixfold::msg_notify notice{.from = peer_of(which), .epoch = sixfold::epoch{1}};
            notice.entries = sixfold::run::of({});
            handle(notice);
        }
    }
    /// The next life is told all of what its app may not have heard.
    void restore() {
        keep();
        const auto snapshot = support::snapshot_of(machine_);
        machine_ = sixfold::client::create(clock_, options_, snapshot).value();
        linked_ = false;
        for (auto& [id, told] : sent_) {
            demand(machine_.outstanding(id), "a message is lost between two lives");
            told = sixfold::status::none;
        }
    }

    // --- the program --------------------------------------------------------------------------------

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
        case 5: handle(answer()); break;
        case 6: handle_ack(); break;
        case 7:
        case 8: handle_notice(); break;
        case 9: handle(ack_answer{serial_of()}); break;
        case 10: handle(sync_answer{serial_of(), in_.byte(), key()}); break;
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
    /// One of the last sendings as a rule.
    sixfold::sending_number number_of() {
        const std::uint8_t which = in_.byte();
        return static_cast<sixfold::sending_number>(which < 200 ? number_ - which % 8 : which);
    }
    sixfold::ack_serial serial_of() {
        return in_.flag() ? serial_ : static_cast<sixfold::ack_serial>(in_.byte());
    }

    sixfold::msg_answer answer() {
        using namespace sixfold;
        msg_answer out{.to = peer_of(in_.byte()), .number = number_of()};
        out.word = static_cast<msg_word>(in_.byte() % 3);
        if (out.word != msg_word::taken) {
            out.epoch = epoch_of();
        }
        if (out.word == msg_word::refused) {
            out.reason = static_cast<refused_reason>(1 + in_.byte() % 4);
            out.payload_max = out.reason == refused_reason::too_large ? in_.byte() : 0;
        }
        return out;
    }
    void handle_ack() {
        using namespace sixfold;
        ack_notify out{.from = peer_of(in_.byte()), .epoch = epoch_of()};
        out.word = static_cast<ack_word>(in_.byte() % 5);
        const made_state state(in_);
        switch (out.word) {
        case ack_word::state:
            out.state = state.bytes();
            if (in_.flag()) {
                out.echo = echo{number_of(), in_.number(), in_.flag()};
            }
            break;
        case ack_word::waiting: out.number = number_of(); break;
        case ack_word::past:
            out.current = epoch{static_cast<std::uint64_t>(out.epoch) + 1 + in_.number() / 2};
            break;
        case ack_word::stored:
            out.number = number_of();
            out.first = in_.seq();
            out.count = static_cast<std::uint8_t>(1 + in_.byte() % run::count_max);
            break;
        case ack_word::ended:
            out.number = number_of();
            out.low = in_.seq();
            out.away = in_.flag();
            out.given_up = in_.byte() % 8 == 1;
            out.state = in_.flag() ? state.bytes() : bytes();
            break;
        }
        handle(out);
    }
    void handle_notice() {
        using namespace sixfold;
        msg_notify out{.from = peer_of(in_.byte()), .epoch = epoch{1 + in_.number() % 4}};
        const std::uint8_t kind = in_.byte() % 5;
        const made_run messages(in_);
        if (kind != 0) {
            out.entries = messages.get();
            out.first = seq_of_notice();
            out.drained = kind < 3;
        }
        if (out.drained) {
            out.serial = serial_of();
            out.index = in_.byte();
        } else {
            out.number = in_.byte();
        }
        if (out.looked()) {
            out.low = out.drained ? (std::min)(in_.seq(), out.first) : in_.seq();
            if (in_.flag()) {
                out.smaller = {epoch{1 + in_.number() % 3}, in_.seq()};
            }
        }
        handle(out);
    }
    /// In a wide window far apart.
    sixfold::seq seq_of_notice() {
        const sixfold::seq at = in_.seq();
        return from_ == beginning::wide && at < 250 ? 9 * at : at;
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
            number_ = msg->number;
        } else if (const auto* ack = std::get_if<sixfold::ack_request>(&ours)) {
            serial_ = ack->serial;
        } else if (const auto* sync = std::get_if<sixfold::sync_request>(&ours)) {
            serial_ = sync->serial;
        }
    }

    input& in_;
    beginning from_;
    sixfold::manual_clock clock_;
    sixfold::client_options options_;
    bool journals_;
    sixfold::client machine_;
    std::map<sixfold::ticket, sixfold::status> sent_;  // and the last that was heard of it
    sixfold::epoch epoch_{1};                          // of the last msg:R
    sixfold::sending_number number_ = 0;               // likewise
    sixfold::ack_serial serial_ = 0;                   // of the last request
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
        const auto kind = static_cast<record_kind>(in.byte() % 10);
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

}  // namespace fuzz

#endif
