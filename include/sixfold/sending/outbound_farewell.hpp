// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_FAREWELL_HPP
#define SIXFOLD_SENDING_OUTBOUND_FAREWELL_HPP

#include <cstdint>

#include "sixfold/sending/message_state.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_requests.hpp"
#include "sixfold/sending/outbound_stream.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

// A receiver is given up: what becomes of that which has not ended, and of its stream. (spec 3.14)

namespace sixfold::inline v0::detail {

/// Has nobody but us ever seen it, under whatever msgid?
[[nodiscard]] inline bool was_never_sent(const outbound_messages& all,
                                         outbound_messages::slot at) noexcept {
    const outbound_messages::entry& e = all.queue[at];
    const outbound_stream& stream = all[e.stream];
    return !e.renamed && stream[e.seq].now == transit::fresh && e.seq >= stream.sent_end();
}

/// How a message ends whose receiver is given up, because of a refusal if there is a reason. Of what was never sent we know it.
/// What is stored was not refused, and of that, as of all that was only forgotten, nobody knows any more.
[[nodiscard]] inline status
farewell(const outbound_messages& all, outbound_messages::slot at, refused_reason why) noexcept {
    const message_state state = all.queue[at].state;
    if (was_never_sent(all, at) && is_tombstone(state)) {
        return conclude(state, fate::tombstoned);
    }
    if (why != refused_reason::none && is_unfinished(state)) {
        return status::refused;
    }
    return was_never_sent(all, at) ? status::cancelled : status::ended;
}

/// Ends all that has not ended, the lowest first, and leaves the epoch: nothing of it is expected any more. With a reason: the
/// relay refuses. O(messages).
inline void give_up(outbound_messages& all,
                    outbound_requests& requests,
                    std::uint32_t which,
                    refused_reason why = refused_reason::none) {
    const outbound_stream& stream = all[which];
    if (stream.next() == 0) {
        return;  // nothing was taken since it was last given up
    }
    while (!stream.empty()) {
        const outbound_messages::slot lowest = stream.slot(stream.first());
        const status how = farewell(all, lowest, why);
        how == status::refused ? all.refuse(lowest, why) : all.end(lowest, how);
    }
    if (all.begin_again(which, stream.epoch())) {
        all.give_up(which);
    }
    requests.path(which).begin();
    requests.consider(all, which);
}

}  // namespace sixfold::inline v0::detail

#endif
