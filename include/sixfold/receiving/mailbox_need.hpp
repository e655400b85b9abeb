// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_MAILBOX_NEED_HPP
#define SIXFOLD_RECEIVING_MAILBOX_NEED_HPP

#include <algorithm>
#include <cstdint>

#include "sixfold/receiving/inbound_store.hpp"
#include "sixfold/receiving/inbound_stream.hpp"
#include "sixfold/types.hpp"

// Whether rows of a mailbox, from a mark on, are worth asking for. (spec 3.26) `row` is the mark of stream `which`.

namespace sixfold::inline v0 {

/// The first seq at or behind `from` that is to be asked for: in a hole, or behind all that is here.
[[nodiscard]] inline seq
first_to_ask(const inbound_store& store, std::uint32_t which, seq from) noexcept {
    return (std::max)(from, from < store.holes_end(which) ? store[which].first_lacking()
                                                          : store.end(which));
}

/// Where rows of a stream that are asked for from `at` on have to end; `at` if there is no room. Rows behind a hole get only places
/// that are free, as nobody may ever fill the hole; the next ones in order also get places of messages that may be forgotten.
[[nodiscard]] inline seq
end_of_room(const inbound_store& store, std::uint32_t which, seq at) noexcept {
    const bool none =
        at > store[which].first_lacking() ? !store.has_free_place() : store.places_left() == 0;
    return none ? at : store[which].window().floor() + store.room(which);
}

/// Can rows from this one on be taken? Rows of our epoch can if there is room for a quarter of the window, or if nothing of it is
/// held. Rows of a smaller epoch can: they are answered `past`. Rows of a larger epoch can once no message of ours is ready for the
/// app or in its hands, and the relay knows our state (`quiet`). Messages that wait behind a hole do not matter, because only
/// these rows say that nobody fills it.
[[nodiscard]] inline bool can_take(const inbound_store& store,
                                   std::uint32_t which,
                                   msgid row,
                                   bool quiet,
                                   std::uint32_t quarter) noexcept {
    const inbound_stream& stream = store[which];
    if (row.epoch != stream.epoch()) {
        const bool app_has_none = store.held().count(which) == store.held().waiting(which);
        return row.epoch < stream.epoch() || (quiet && app_has_none);
    }
    const bool nothing_held = store.held().lowest(which) == inbound_store::none;
    const seq at = (std::max)(row.seq, stream.first_lacking());
    const seq end = end_of_room(store, which, at);
    return at < end && (nothing_held || end - at >= quarter);
}

/// Is this row of our epoch, and has it not ended?
[[nodiscard]] inline bool
is_lacking(const inbound_store& store, std::uint32_t which, msgid row) noexcept {
    return row.epoch == store[which].epoch() &&
           store[which].window().of(row.seq) != standing::duplicate;
}

/// Is this row of our epoch, behind a hole that is wider than the room, while nothing is held? Then only a row of a larger epoch
/// can say that nobody fills the hole. (spec 3.23)
[[nodiscard]] inline bool
is_behind_hole(const inbound_store& store, std::uint32_t which, msgid row) noexcept {
    const inbound_stream& stream = store[which];
    return row.epoch == stream.epoch() && row.seq >= stream.window().floor() + store.room(which) &&
           store.held().lowest(which) == inbound_store::none;
}

}  // namespace sixfold::inline v0

#endif
