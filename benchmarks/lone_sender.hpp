// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_LONE_SENDER_HPP
#define SIXFOLD_BENCHMARKS_LONE_SENDER_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>  // move
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "measure.hpp"
#include "names.hpp"
#include "wire.hpp"

namespace bench {

/// A sender without a relay: its messages of 64 bytes go nowhere, and what it is answered is written here, in any order.
///
/// All answers are made before the sender gets the first of them, so that making them can be left out of what is timed.
class lone_sender {
  public:
    /// So many messages at a time, to so many receivers in turns. They are introduced: one message to each was delivered.
    lone_sender(std::uint64_t messages, std::uint64_t receivers)
        : messages_(messages), streams_(receivers), sender_(create(messages, receivers)) {
        sender_.link_up(link_);
        for (std::size_t i = 0; i < streams_.size(); ++i) {
            streams_[i].name = name_of(i);
            require(sender_.send(streams_[i].name, payload_).has_value(), "no room for a message");
        }
        transmit();
        learn();
        for (stream& each : streams_) {
            each.ended = each.sent = 1;
            end_all_of(each);
        }
        require(take_answers() == streams_.size(), "a first message was not delivered");
        transmit();  // there is nothing, and it knows by now
    }
    lone_sender(const lone_sender&) = delete;  // the sender refers to the clock
    lone_sender& operator=(const lone_sender&) = delete;

    /// All messages go out.
    std::uint64_t send() {
        for (std::uint64_t i = 0; i < messages_; ++i) {
            require(sender_.send(streams_[i % streams_.size()].name, payload_).has_value(),
                    "no room for a message");
            clock_.advance(std::chrono::nanoseconds(10));
        }
        transmit();
        for (std::uint64_t i = 0; i < messages_; ++i) {
            ++streams_[i % streams_.size()].sent;
        }
        return messages_;
    }

    /// The sender takes all answers that were made. Returns how many messages are delivered.
    std::uint64_t take_answers() {
        std::uint64_t delivered = 0;
        for (std::size_t i = 0; i < answers_.size(); ++i) {
            delivered += take(answers_[i]);
        }
        answers_.clear();
        return delivered;
    }
    /// The same of one receiver, with a new message in the place of each that is delivered: as many stay in flight.
    std::uint64_t replace() {
        std::uint64_t delivered = 0;
        learn();
        for (std::size_t i = 0; i < answers_.size(); ++i) {
            for (std::uint64_t ended = take(answers_[i]); ended != 0; --ended) {
                ++delivered;
                require(sender_.send(streams_.front().name, payload_).has_value(),
                        "no room for a message");
                clock_.advance(std::chrono::nanoseconds(10));
            }
            transmit();
        }
        require(sent_.size() == delivered, "more went out than one packet a message");
        answers_.clear();
        streams_.front().sent += delivered;
        return delivered;
    }

    // --- the answers ---------------------------------------------------------------------------------

    /// One ack:N a message, as its receiver accepts one after the other; the receivers in any order.
    void end_one_by_one() {
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < streams_.size(); ++i) {
            order.insert(order.end(), streams_[i].sent - streams_[i].ended, i);
        }
        shuffle(order, random_);
        for (const std::size_t which : order) {
            stream& one = streams_[which];
            ++one.ended;
            end_all_of(one);
        }
    }
    /// One ack:N a message, of one receiver, where in each 512 the messages have come in any order.
    void end_in_any_order() {
        stream& one = streams_.front();
        while (one.ended < one.sent) {
            std::vector<sixfold::seq> block;
            for (sixfold::seq at = one.ended; at < (std::min)(one.sent, one.ended + 512); ++at) {
                block.push_back(at);
            }
            shuffle(block, random_);
            end_block(one, block);
        }
    }
    /// One ack:N a message, for so many of the oldest ones of one receiver.
    void end_oldest(std::uint64_t messages) {
        stream& one = streams_.front();
        for (std::uint64_t i = 0; i < messages; ++i) {
            ++one.ended;
            end_all_of(one);
        }
    }
    /// One msg:A a run, in any order, of one receiver.
    void relay_in_any_order() {
        const stream& one = streams_.front();
        for (const sending& each : in_flight_in_any_order()) {
            add(sixfold::msg_answer{.to = one.name, .number = each.number});
        }
    }
    /// One ack:N `stored` a run, in any order, of one receiver.
    void store_in_any_order() {
        const stream& one = streams_.front();
        for (const sending& each : in_flight_in_any_order()) {
            add(sixfold::ack_notify{.from = one.name,
                                    .epoch = one.epoch,
                                    .word = sixfold::ack_word::stored,
                                    .number = each.number,
                                    .first = each.first,
                                    .count = each.count});
        }
    }
    /// One ack:N a receiver.
    void end_all() {
        for (stream& each : streams_) {
            each.ended = each.sent;
            end_all_of(each);
        }
    }

    [[nodiscard]] sixfold::sender& machine() { return sender_; }
    [[nodiscard]] std::span<std::byte> buffer() { return buffer_; }

    /// Lets go of the machine: what it kept goes with it.
    [[nodiscard]] sixfold::sender release_machine() && { return std::move(sender_); }

  private:
    struct sending {
        sixfold::sending_number number = 0;
        sixfold::seq first = 0;
        std::uint8_t count = 0;
    };
    struct stream {
        sixfold::peer name;
        sixfold::epoch epoch = sixfold::epoch::none;
        sixfold::seq sent = 0;
        sixfold::seq ended = 0;
        sixfold::seq come = 0;            // all below has come, as was said
        std::vector<sending> sendings{};  // in their order, as far as they were learnt
    };

    [[nodiscard]] sixfold::sender create(std::uint64_t messages, std::uint64_t receivers) const {
        const auto entries = static_cast<std::uint32_t>((std::max)(messages, receivers));
        sixfold::sender_options o;
        o.window = (std::min)(entries, sixfold::window_max);
        o.queue_entries = entries;
        o.peer_entries = entries;
        o.unsettled_max = entries;
        o.queue_bytes = static_cast<std::uint32_t>((std::max)(entries * payload_size, 1024U));
        o.peer_bytes = o.queue_bytes;
        o.peers_max = static_cast<std::uint32_t>(receivers);
        o.flight_first = 0;  // all of them are in flight at once, and no relay answers
        return sixfold::sender::create(clock_, {.start = 1, .seed = 1}, o).value();
    }

    /// Returns how many messages are delivered.
    std::uint64_t take(sixfold::bytes answer) {
        require(decode(answer, link_, decoded_) == sixfold::refusal::none, "an answer is no frame");
        sender_.handle(decoded_);
        std::uint64_t delivered = 0;
        while (const auto event = sender_.poll_event()) {
            delivered += std::uint64_t{event->what == sixfold::status::delivered};
        }
        return delivered;
    }

    /// All that is due goes out, and is kept.
    void transmit() {
        while (const auto packet = sender_.poll_transmit(sent_.room(packet_size))) {
            sent_.add(packet->size());
        }
    }
    /// The epochs and numbers of what went out.
    void learn() {
        if (sent_.size() == 0) {
            return;
        }
        for (stream& each : streams_) {
            std::erase_if(each.sendings,
                          [&](const sending& run) { return run.first + run.count <= each.ended; });
        }
        for (std::size_t i = 0; i < sent_.size(); ++i) {
            sixfold::packet_reader reader(sent_[i]);
            while (const auto one = reader.next()) {
                require(decode(*one, link_, decoded_) == sixfold::refusal::none,
                        "no frame came out");
                const auto& request = std::get<sixfold::msg_request>(decoded_);
                stream& to = streams_[number_of(request.to)];
                to.epoch = request.epoch;
                to.sendings.push_back({request.number, request.first,
                                       static_cast<std::uint8_t>(request.entries.count())});
            }
        }
        sent_.clear();
    }

    /// The runs to the first receiver of which not all has ended.
    [[nodiscard]] std::vector<sending> in_flight_in_any_order() {
        learn();
        const stream& one = streams_.front();
        std::vector<sending> runs;
        for (const sending& each : one.sendings) {
            if (each.first + each.count > one.ended) {
                runs.push_back(each);
            }
        }
        shuffle(runs, random_);
        return runs;
    }
    void end_block(stream& one, const std::vector<sixfold::seq>& block) {
        std::vector<bool> come(block.size());
        const sixfold::seq first = one.ended;
        for (const sixfold::seq at : block) {
            come[at - first] = true;
            while (one.ended - first < come.size() && come[one.ended - first]) {
                ++one.ended;
            }
            std::array<std::byte, sixfold::ack_bits_size_max> bits{};
            for (sixfold::seq bit = one.ended; bit - first < come.size(); ++bit) {
                const sixfold::seq place = bit - one.ended;
                bits[place / 8] |= std::byte{static_cast<std::uint8_t>(come[bit - first])}
                                   << place % 8;
            }
            acknowledge(one, bits, at);
        }
    }
    void end_all_of(stream& one) { acknowledge(one, {}, one.ended - 1); }

    /// One ack:N, as this message has come.
    void acknowledge(stream& one, sixfold::bytes accepted, sixfold::seq last) {
        learn();
        const auto behind =
            std::upper_bound(one.sendings.begin(), one.sendings.end(), last,
                             [](sixfold::seq at, const sending& each) { return at < each.first; });
        one.come = (std::max)(one.come, (behind - 1)->first + (behind - 1)->count);
        const auto held = held_of(one, accepted);
        std::array<std::byte, sixfold::ack_state_size_max()> state;
        const std::size_t size = sixfold::encode_ack_state(
            {.floor = one.ended, .accepted = accepted, .held = held, .limits = limits_}, state);
        add(sixfold::ack_notify{.from = one.name,
                                .epoch = one.epoch,
                                .echo = sixfold::echo{.number = (behind - 1)->number},
                                .state = sixfold::bytes(state).first(size)});
    }
    /// What has come waits for the app: if it were not held it would be sent again.
    [[nodiscard]] static std::array<std::byte, sixfold::ack_bits_size_max>
    held_of(const stream& one, sixfold::bytes accepted) {
        std::array<std::byte, sixfold::ack_bits_size_max> held{};
        const sixfold::seq come = one.come - (std::min)(one.come, one.ended);
        for (std::size_t at = 0; at < held.size() && 8 * at < come; ++at) {
            const auto here = (std::min)(come - 8 * at, sixfold::seq{8});
            const auto all = static_cast<std::byte>((1U << here) - 1);
            held[at] = all & ~(at < accepted.size() ? accepted[at] : std::byte{0});
        }
        return held;
    }
    template <class Frame>
    void add(const Frame& what) {
        answers_.add(encode(what, link_, answers_.room(512)));
    }

    static constexpr std::uint32_t payload_size = 64;
    static constexpr std::size_t packet_size = 1400;

    std::uint64_t messages_;
    std::vector<stream> streams_;
    std::vector<std::byte> payload_ = std::vector<std::byte>(payload_size);
    std::array<std::byte, packet_size> buffer_{};
    sixfold::receiver_limits limits_{.room = sixfold::receiver_limits::room_max};
    sixfold::framing link_{"alice---", sixfold::checksum::off};
    sixfold::frame decoded_;
    sixfold::random_source random_{1};
    wire sent_;
    wire answers_;
    sixfold::manual_clock clock_;
    sixfold::sender sender_;
};

}  // namespace bench

#endif
