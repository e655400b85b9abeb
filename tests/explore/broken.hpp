// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_BROKEN_HPP
#define SIXFOLD_TESTS_EXPLORE_BROKEN_HPP

#include <algorithm>
#include <array>
#include <optional>
#include <variant>
#include <vector>

#include "explore/nodes.hpp"
#include "explore/rules.hpp"
#include "support/test_access.hpp"

// A frame is given to a machine, and a request to the mailbox, in the way that a broken law says, if it is about that.

namespace explore {

/// Ends the messages of A to B of which `condition(seq, state)` holds.
template <class Condition>
void end_if(a_node& a, status how, Condition condition) {
    const outbound_stream& stream = test_access::stream(a.machine, "b");
    for (seq at = stream.first(); at < stream.next(); ++at) {
        const std::uint32_t slot = stream.slot(at);
        if (slot != outbound_stream::no_slot &&
            condition(at, test_access::queue(a.machine)[slot].state)) {
            test_access::end(a.machine, slot, how);
        }
    }
}

/// What A does too much when it has taken a frame of its epoch.
inline void overdo(a_node& a, const ack_notify& told, std::optional<seq> floor_before, broken law) {
    outbound_stream& stream = test_access::stream(a.machine, "b");
    ack_state state;
    const bool b_said =
        told.word == ack_word::state && ack_state::decode(told.state, state) == refusal::none;
    if (law == broken::forget_on_held && b_said) {
        end_if(a, status::delivered,
               [&](seq at, message_state) { return state.of(at) == fate::held; });
    }
    if (law == broken::highest_floor && b_said && floor_before) {
        stream.reported_floor = (std::max)(*floor_before, *stream.reported_floor);
        test_access::advance(a.machine, 0);
    }
    if (law == broken::stored_ends_tombstone && told.word == ack_word::stored) {
        end_if(a, status::cancelled,
               [&](seq at, message_state s) { return at == told.seq && is_tombstone(s); });
    }
    if (law == broken::delivered_by_relays_word && told.word == ack_word::ended) {
        end_if(a, status::delivered, [&](seq at, message_state) { return at < told.low; });
    }
}

inline void give(a_node& a, const frame& what, broken law) {
    if (law == broken::nothing || a.submitted == 0 || test_access::streams(a.machine) == 0) {
        a.machine.handle(what);
        return;
    }
    const outbound_stream& stream = test_access::stream(a.machine, "b");
    const auto* told = std::get_if<ack_notify>(&what);
    if (told != nullptr && law == broken::ack_of_any_epoch) {
        ack_notify changed = *told;
        changed.epoch = stream.epoch;
        a.machine.handle(changed);
        return;
    }
    const std::optional<seq> floor_before = stream.reported_floor;
    a.machine.handle(what);
    if (const auto* answer = std::get_if<msg_answer>(&what);
        answer != nullptr && law == broken::forget_on_relayed && answer->id.epoch == stream.epoch) {
        end_if(a, status::delivered, [&](seq at, message_state) { return at == answer->id.seq; });
    }
    if (told != nullptr && told->epoch == stream.epoch) {
        overdo(a, *told, floor_before, law);
    }
}

inline void give(b_node& b, const frame& what, const rules& r) {
    const auto* notice = std::get_if<msg_notify>(&what);
    if (notice == nullptr || r.what == broken::nothing) {
        b.machine.handle(what);
        return;
    }
    if (r.what == broken::silence_beyond_window && notice->form != form::probe &&
        notice->seq >= test_access::floor(b.machine, "a") + r.width) {
        return;
    }
    msg_notify changed = *notice;
    if (r.what == broken::direct_frame_enters && !changed.looked()) {
        changed.drained = true;  // and clean, because it says nothing else
    }
    if (r.what == broken::holes_stay ||
        (r.what == broken::holes_told_by_probe_only && changed.drained)) {
        changed.smaller.seq = 0;
    }
    b.machine.handle(changed);
}

/// The ack state as if what is held were accepted; its size.
inline std::size_t with_held_as_accepted(bytes state, std::span<std::byte> out) {
    ack_state read;
    (void)ack_state::decode(state, read);
    const auto is_there = [&](seq at) {
        return read.covers(at) || read.of(at) == fate::held;
    };
    std::array<std::byte, 1> bits{};
    seq floor = read.floor();
    while (is_there(floor)) {
        ++floor;
    }
    for (unsigned i = 1; i < 8; ++i) {
        if (is_there(floor + i)) {
            bits[0] |= static_cast<std::byte>(1U << i);
        }
    }
    return encode_ack_state({.floor = floor, .accepted = bits}, out);
}

/// An ack deletes rows that it is not about.
inline void overdo_erase(memory_mailbox& box, const mailbox_request& request) {
    const auto* ack = std::get_if<ack_request>(&request.what);
    if (ack == nullptr || ack->word != ack_word::state) {
        return;
    }
    const auto page = box.execute({"b", sync_request{}, {}}).rows;
    const std::vector<mailbox_row> rows(page.begin(), page.end());
    for (const mailbox_row& row : rows) {
        ack_request other = *ack;
        other.to = row.from;
        other.epoch = row.id.epoch;
        (void)box.execute({request.from, other, {}});
    }
}

/// What the mailbox does too much with a request.
inline void overdo(memory_mailbox& box, const mailbox_request& request, broken law) {
    const auto* ack = std::get_if<ack_request>(&request.what);
    if (law == broken::erase_on_held && ack != nullptr && ack->word == ack_word::state) {
        mailbox_request more = request;
        std::array<std::byte, 256> state;
        const std::size_t size = with_held_as_accepted(ack->state, state);
        std::get<ack_request>(more.what).state = bytes(state).first(size);
        (void)box.execute(more);
    }
    if (law == broken::erase_of_any_sender) {
        overdo_erase(box, request);
    }
}

/// The mailbox without one row. What it remembers of ack states is lost.
inline memory_mailbox without(memory_mailbox& box, const mailbox_row& lost) {
    memory_mailbox left = memory_mailbox::create({}).value();
    for (const mailbox_row& row : box.execute({"b", sync_request{}, {}}).rows) {
        if (!(row.from == lost.from && row.id == lost.id)) {
            (void)left.execute({row.from, put_again(row, row.form), {}});
        }
    }
    return left;
}

/// What the relay makes of an outcome. `rows` keeps what the outcome refers to.
inline void falsify(mailbox_outcome& outcome,
                    std::vector<mailbox_row>& rows,
                    const late_request& late,
                    broken law) {
    rows.assign(outcome.rows.begin(), outcome.rows.end());
    for (mailbox_row& row : rows) {
        if (law == broken::low_without_base) {
            row.base = row.lowest;
        }
        if (law == broken::clean_without_look) {
            row.smaller = {};
        }
        if (law == broken::low_before_page && late.at != late_request::stage::none) {
            row.lowest = (std::min)(late.lowest_then, row.id.seq);
        }
    }
    outcome.rows = rows;
    if (law == broken::clean_without_look) {
        outcome.smaller = {};
    }
    if (law == broken::low_without_look) {
        outcome.lowest = seq_end;
    }
}

}  // namespace explore

#endif
