// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_BYSTANDER_HPP
#define SIXFOLD_TESTS_SIMULATION_BYSTANDER_HPP

#include <variant>

#include <sixfold/sixfold.hpp>
#include "simulation/record.hpp"
#include "support/receiver_access.hpp"
#include "support/test_access.hpp"

// What a client is about to be told although it has it, cannot use it yet, or is past it.

namespace simulation {

inline void watch(sixfold::receiver& b, const sixfold::msg_notify& notice, sightings& seen) {
    using namespace sixfold;
    if (!receiver_access::knows(b, notice.from) || notice.probes()) {
        return;
    }
    const inbound_stream& stream = receiver_access::stream(b, notice.from);
    const seq end = notice.first + notice.entries.count();
    if (notice.epoch < stream.epoch()) {
        seen.see(sight::came_in_past_epoch);
    } else if (notice.epoch == stream.epoch()) {
        seen.see(sight::came_below_floor, notice.first < stream.window().floor());
        seen.see(sight::came_beyond_window, stream.window().of(end - 1) == standing::beyond);
    }
}

inline void watch(sixfold::sender& a, const sixfold::ack_notify& notice, sightings& seen) {
    using namespace sixfold;
    if (!test_access::writes_to(a, notice.from)) {
        return;
    }
    const outbound_stream& stream = test_access::stream(a, notice.from);
    if (notice.epoch != stream.epoch()) {
        seen.see(sight::told_of_past_epoch);
    } else if (notice.echo) {
        seen.see(sight::echo_of_missing, notice.echo->missing != 0);
        seen.see(sight::repeated_echo, notice.echo->repeated);
        const sending* const last =
            test_access::path(a, notice.from).sendings.find(notice.echo->number);
        seen.see(sight::told_after_end, last != nullptr && last->count != 0 &&
                                            last->first + last->count <= stream.first());
    }
}

/// Looks at a packet before the client takes it.
inline void watch(sixfold::client& client,
                  sixfold::bytes packet,
                  const sixfold::framing& link,
                  sightings& seen) {
    sixfold::packet_reader frames(packet);
    while (const auto one = frames.next()) {
        sixfold::frame what;
        if (sixfold::decode(*one, link, what) != sixfold::refusal::none) {
            return;
        }
        if (const auto* notice = std::get_if<sixfold::msg_notify>(&what)) {
            watch(client.receiver(), *notice, seen);
        } else if (const auto* word = std::get_if<sixfold::ack_notify>(&what)) {
            watch(client.sender(), *word, seen);
        }
    }
}

}  // namespace simulation

#endif
