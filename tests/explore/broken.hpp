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

/// Ends the messages of A to B of which `condition(seq, place)` holds.
template <class Condition>
void end_if(a_node& a, status how, Condition condition) {
    const outbound_stream& stream = test_access::stream(a.machine, "b");
    for (seq at = stream.first(); at < stream.next(); ++at) {
        if (stream.has(at) && condition(at, stream[at])) {
            test_access::end(a.machine, stream.slot(at), how);
        }
    }
}

/// A state of B without anything but this.
inline ack_notify
state_with(const ack_notify& as, const ack_report& what, std::span<std::byte> out) {
    ack_notify made{.from = as.from, .epoch = as.epoch};
    made.state = bytes(out).first(encode_ack_state(what, out));
    return made;
}

/// The last floor that B has reported. Precondition: it has.
inline seq floor_of(const receiver_word& word) {
    seq floor = 0;
    while (!word.is_behind(floor + 1)) {
        ++floor;
    }
    return floor;
}

/// What A does too much when it has taken a frame of its epoch. `there_before`: what B held, as far as A knew.
inline void overdo(a_node& a,
                   const ack_notify& told,
                   std::optional<seq> floor_before,
                   std::uint64_t there_before,
                   broken law) {
    using placed = outbound_stream::place;
    ack_state state;
    const bool b_said =
        told.word == ack_word::state && ack_state::decode(told.state, state) == refusal::none;
    if (law == broken::forget_on_held && b_said) {
        end_if(a, status::delivered,
               [&](seq at, const placed&) { return state.of(at) == fate::held; });
    }
    if (law == broken::highest_floor && b_said && floor_before) {
        const seq highest = (std::max)(*floor_before, state.floor());
        std::array<std::byte, 32> encoded;
        ack_state changed;
        (void)ack_state::decode(state_with(told, {.floor = highest}, encoded).state, changed);
        (void)test_access::path(a.machine, "b").word.said(changed);
    }
    if (law == broken::stored_ends_tombstone && told.word == ack_word::stored) {
        end_if(a, status::cancelled, [&](seq at, const placed& here) {
            return at >= told.first && at < told.first + told.count && here.tombstone;
        });
    }
    if (law == broken::stored_answers_any_sending && told.word == ack_word::stored) {
        const outbound_stream& stream = test_access::stream(a.machine, "b");
        for (seq at = told.first; at < told.first + told.count; ++at) {
            if (stream.has(at) && stream[at].tombstone) {
                ack_notify changed = told;
                changed.number = stream[at].last;
                a.machine.handle(changed);
            }
        }
    }
    if (law == broken::delivered_by_relays_word && told.word == ack_word::ended) {
        end_if(a, status::delivered, [&](seq at, const placed&) { return at < told.low; });
    }
    if (law == broken::forget_there_on_away && told.word == ack_word::ended && told.away) {
        end_if(a, status::delivered,
               [&](seq at, const placed&) { return (there_before >> at & 1) != 0; });
    }
    if (law == broken::remembered_is_said && told.word == ack_word::ended && !told.state.empty()) {
        a.machine.handle(ack_notify{.from = told.from, .epoch = told.epoch, .state = told.state});
    }
}

/// Which seqs B holds, as far as A knows.
inline std::uint64_t there(const outbound_stream& stream) {
    std::uint64_t out = 0;
    for (seq at = stream.first(); at < stream.next(); ++at) {
        out |= std::uint64_t{stream.has(at) && stream[at].now == transit::there} << at;
    }
    return out;
}

inline void give(a_node& a, const frame& what, broken law) {
    if (law == broken::nothing || a.submitted == 0 || !test_access::writes_to(a.machine, "b")) {
        a.machine.handle(what);
        return;
    }
    const outbound_stream& stream = test_access::stream(a.machine, "b");
    const outbound_path& path = test_access::path(a.machine, "b");
    const auto* answer = std::get_if<msg_answer>(&what);
    if (answer != nullptr) {
        a.machine.handle(what);
        if (law == broken::forget_on_relayed) {
            const sixfold::sending* const of = path.sendings.find(answer->number);
            end_if(a, status::delivered, [&](seq at, const outbound_stream::place&) {
                return of != nullptr && at >= of->first && at < of->first + of->count;
            });
        }
        return;
    }
    ack_notify told = std::get<ack_notify>(what);
    if (law == broken::ack_of_any_epoch) {
        told.epoch = stream.epoch();
    }
    if (law == broken::buried_for_ever && told.echo) {
        const sixfold::sending* const newest = path.sendings.find(told.echo->number);
        if (newest != nullptr && newest->count == 0) {
            told.echo.reset();
        }
    }
    const std::optional<seq> floor_before =
        path.word.is_behind(seq_end) ? std::optional(floor_of(path.word)) : std::nullopt;
    const std::uint64_t there_before = there(stream);
    a.machine.handle(told);
    if (told.epoch == stream.epoch()) {
        overdo(a, told, floor_before, there_before, law);
    }
}

inline void give(b_node& b, const frame& what, const rules& r) {
    const auto* notice = std::get_if<msg_notify>(&what);
    if (notice == nullptr || r.what == broken::nothing) {
        b.machine.handle(what);
        return;
    }
    const seq end = receiver_access::floor(b.machine, "a") + r.width;
    if (r.what == broken::silence_beyond_window && !notice->probes() &&
        notice->first + notice->entries.count() > end) {
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
    for (const mailbox_row& row : all_rows(box)) {
        ack_request other = *ack;
        other.to = row.from;
        other.epoch = row.id.epoch;
        (void)box.execute({request.from, other, {}});
    }
}

/// Of a run what fits is put.
inline void put_each(memory_mailbox& box, const mailbox_request& request) {
    const auto* msg = std::get_if<msg_request>(&request.what);
    if (msg == nullptr) {
        return;
    }
    msg_request one = *msg;
    for (const run_entry& each : msg->entries) {
        one.entries = each.tombstone ? run::tombstone() : run::of(each.payload);
        (void)box.execute({request.from, one, {}});
        ++one.first;
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
    if (law == broken::stored_in_part) {
        put_each(box, request);
    }
}

/// What the relay makes of an outcome. `rows` keeps what the outcome refers to.
inline void falsify(mailbox_outcome& outcome,
                    std::vector<mailbox_row>& rows,
                    const mailbox_request& request,
                    const memory_mailbox& box,
                    const late_request& late,
                    broken law) {
    rows.assign(outcome.rows.begin(), outcome.rows.end());
    for (mailbox_row& row : rows) {
        if (law == broken::low_without_base) {
            row.low = lowest_row(box, row.from, row.id.epoch);
        }
        if (law == broken::clean_without_look) {
            row.smaller = {};
        }
        if (law == broken::low_before_page && late.at != late_request::stage::none) {
            row.low =
                (std::min)({kept_base(box, row.from, row.id.epoch), late.lowest_then, row.id.seq});
        }
    }
    outcome.rows = rows;
    if (law == broken::clean_without_look) {
        outcome.smaller = {};
    }
    outcome.done = outcome.done || law == broken::stored_in_part;
    if (const auto* probe = std::get_if<msg_request>(&request.what);
        probe != nullptr && law == broken::low_without_look) {
        outcome.low = probe->base;
    }
}

}  // namespace explore

#endif
