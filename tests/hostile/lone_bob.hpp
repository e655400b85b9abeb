// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_HOSTILE_LONE_BOB_HPP
#define SIXFOLD_TESTS_HOSTILE_LONE_BOB_HPP

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/catch.hpp"

namespace hostile {

constexpr epoch past_life{5 << 20};
constexpr epoch this_life{6 << 20};
constexpr epoch next_life{7 << 20};

/// Bob alone, with a relay that says whatever a test wants, of senders that send whatever they want.
struct lone_bob {
    manual_clock clock;
    client bob;

    /// What he has answered since he was asked last.
    struct answers {
        std::size_t states = 0;
        std::size_t waiting = 0;
        std::size_t past = 0;
        epoch current = epoch::none;  // with the last `past`
        ack_state last;               // with the last state
        [[nodiscard]] std::size_t all() const { return states + waiting + past; }
    };

    explicit lone_bob(const receiver_options& options = {}) : bob(make(options)) {
        bob.link_up();
        (void)answer();
    }

    client make(const receiver_options& options) {
        client_options all = small("bob");
        all.receiver = options;
        return client::create(clock, all).value();
    }

    refusal tell(const msg_notify& what) { return bob.handle(encoded(what, "bob")); }
    refusal probe(seq low = 0, epoch life = this_life, const peer& from = "alice") {
        return tell({.from = from, .epoch = life, .number = ++number_, .low = low});
    }
    refusal direct(seq at,
                   std::string_view text = "text",
                   epoch life = this_life,
                   const peer& from = "alice") {
        return tell({.from = from,
                     .epoch = life,
                     .number = ++number_,
                     .first = at,
                     .entries = run::of(as_bytes(text))});
    }

    answers answer() {
        answers out;
        while (const auto packet = bob.poll_transmit(buffer_)) {
            packet_reader reader(*packet);
            while (const auto one = reader.next()) {
                frame decoded;
                REQUIRE(decode(*one, framing("bob"), decoded) == refusal::none);
                const auto* ack = std::get_if<ack_request>(&decoded);
                if (ack == nullptr) {
                    continue;
                }
                out.waiting += std::size_t{ack->word == ack_word::waiting};
                if (ack->word == ack_word::past) {
                    ++out.past;
                    out.current = ack->current;
                }
                if (ack->word == ack_word::state) {
                    ++out.states;
                    state_.assign(ack->state.begin(), ack->state.end());
                    REQUIRE(ack_state::decode(state_, out.last) == refusal::none);
                }
            }
        }
        return out;
    }

    /// The app takes all that it is shown.
    std::vector<std::string> take_all() {
        std::vector<std::string> out;
        while (const auto next = bob.poll_message()) {
            out.emplace_back(as_text(next->payload));
            REQUIRE(bob.accept(*next));
        }
        return out;
    }

  private:
    std::array<std::byte, 8192> buffer_{};
    blob state_;
    sending_number number_ = 0;
};

}  // namespace hostile

#endif
