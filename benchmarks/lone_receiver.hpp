// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_LONE_RECEIVER_HPP
#define SIXFOLD_BENCHMARKS_LONE_RECEIVER_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>  // move
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "measure.hpp"
#include "names.hpp"
#include "wire.hpp"

namespace bench {

/// A receiver without a relay, to which many senders write.
///
/// All frames for it are made before it gets the first of them, so that making them can be left out of what is timed.
class lone_receiver {
  public:
    /// So many senders, each of which has asked whether it is there.
    explicit lone_receiver(std::uint64_t senders) : next_(senders), receiver_(create(senders)) {
        receiver_.link_up(link_);
        for (std::size_t i = 0; i < next_.size(); ++i) {
            add(sixfold::msg_notify{.from = name_of(i), .epoch = epoch});
        }
        receive();
        answer();
        take_answers();
    }
    lone_receiver(const lone_receiver&) = delete;  // the receiver refers to the clock
    lone_receiver& operator=(const lone_receiver&) = delete;

    /// Makes one msg:N of each sender, in any order.
    void write_one_each() {
        std::vector<std::size_t> order(next_.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        shuffle(order, random_);
        for (const std::size_t which : order) {
            add(sixfold::msg_notify{.from = name_of(which),
                                    .epoch = epoch,
                                    .number =
                                        static_cast<sixfold::sending_number>(next_[which] + 1),
                                    .first = next_[which]++,
                                    .entries = sixfold::run::of(payload_)});
        }
    }
    /// The receiver takes them, its app accepts them, and an ack:R leaves for each. Returns how many were accepted.
    std::uint64_t receive() {
        std::uint64_t accepted = 0;
        for (std::size_t i = 0; i < to_receiver_.size(); ++i) {
            hand(to_receiver_[i]);
            while (const auto message = receiver_.poll_message()) {
                accepted += std::uint64_t{receiver_.accept(*message)};
            }
            while (const auto packet = receiver_.poll_transmit(from_receiver_.room(1400))) {
                from_receiver_.add(packet->size());
            }
            clock_.advance(std::chrono::nanoseconds(10));
        }
        to_receiver_.clear();
        return accepted;
    }
    /// Makes an ack:A for each ack:R.
    void answer() {
        for (std::size_t i = 0; i < from_receiver_.size(); ++i) {
            sixfold::packet_reader reader(from_receiver_[i]);
            while (const auto one = reader.next()) {
                require(decode(*one, link_, decoded_) == sixfold::refusal::none,
                        "no frame came out");
                if (const auto* ack = std::get_if<sixfold::ack_request>(&decoded_)) {
                    add(sixfold::ack_answer{ack->serial});
                } else {
                    const auto& sync = std::get<sixfold::sync_request>(decoded_);
                    add(sixfold::sync_answer{.serial = sync.serial});
                }
            }
        }
        from_receiver_.clear();
    }
    /// And the receiver takes them.
    void take_answers() {
        for (std::size_t i = 0; i < to_receiver_.size(); ++i) {
            hand(to_receiver_[i]);
        }
        to_receiver_.clear();
    }

    /// Lets go of the machine: what it kept goes with it.
    [[nodiscard]] sixfold::receiver release_machine() && { return std::move(receiver_); }

  private:
    static constexpr sixfold::epoch epoch{1 << sixfold::epoch_random_bits};

    [[nodiscard]] sixfold::receiver create(std::uint64_t senders) const {
        sixfold::receiver_options o;
        o.peers_max = static_cast<std::uint32_t>(senders);
        o.held_entries = 1;
        o.held_bytes = o.payload_max;
        return sixfold::receiver::create(clock_, 1, o).value();
    }
    void hand(sixfold::bytes packet) {
        require(decode(packet, link_, decoded_) == sixfold::refusal::none, "this is no frame");
        receiver_.handle(decoded_);
    }
    template <class Frame>
    void add(const Frame& what) {
        to_receiver_.add(encode(what, link_, to_receiver_.room(256)));
    }

    std::vector<sixfold::seq> next_;
    std::vector<std::byte> payload_ = std::vector<std::byte>(64);
    sixfold::framing link_{"bob-----", sixfold::checksum::off};
    sixfold::frame decoded_;
    sixfold::random_source random_{1};
    wire to_receiver_, from_receiver_;
    sixfold::manual_clock clock_;
    sixfold::receiver receiver_;
};

}  // namespace bench

#endif
