// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_MESSAGES_HPP
#define SIXFOLD_RECEIVING_INBOUND_MESSAGES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>  // exchange
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/options.hpp"
#include "sixfold/parts/id_queue.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/parts/peer_table.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/receiving/dedup_window.hpp"
#include "sixfold/receiving/held_messages.hpp"
#include "sixfold/receiving/inbound_record.hpp"
#include "sixfold/receiving/inbound_stream.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// All messages of a receiver: the stream of each sender, and what is held of them for the app.
///
/// Keeps track of which epoch each stream is in, which seqs have ended and how, which messages are there, and in which
/// order the app gets them. Does not know time, links, acknowledgements on their way, or rounds through the mailbox: what
/// matters to those it notes in `progressed` and `rows_wait`. O(1) for each message that a call touches; where a floor or an
/// epoch moves, O(W).
class inbound_messages {
  public:
    /// Names a message that is held.
    using slot = held_messages::slot;

    /// `seeds` gives the keys of the hashes.
    inbound_messages(const receiver_options& options,
                     sixfold::journaling keeps,
                     random_source& seeds)
        : peers(options.peers_max, seeds.next()),
          held(options.held_entries, options.held_bytes, options.payload_max, seeds.next()),
          options_(options), journaling_(keeps) {}

    /// The stream of a sender, its old one or a new one; `peer_table::none` when there are too many.
    [[nodiscard]] std::uint32_t insert(const peer& from) {
        const std::uint32_t which = peers.insert(from);
        if (which == streams.size()) {
            streams.emplace_back(options_.window, options_.exceptions);
        }
        return which;
    }

    /// Whether a frame of another epoch than ours brings us into its own. If it does not, it may be held in case that another
    /// one does.
    [[nodiscard]] bool enters(std::uint32_t which, const msg_notify& notice);
    /// The relay's word that all below has ended, in this or another life of ours (law 11, spec 3.16).
    void raise(std::uint32_t which, seq low);
    /// Takes a message or tombstone of our epoch; what becomes of it is in the stream.
    void take(std::uint32_t which, const msg_notify& notice);
    /// The seq has ended here. What follows from it waits for the record.
    void commit(std::uint32_t which, seq at, fate how);

    // --- the journal -----------------------------------------------------------------------------------------------

    /// Takes up what an earlier life has left. Precondition: nothing was called before, and `check_journal` has no objection.
    [[nodiscard]] result<void> restore(bytes journal);
    /// Whether the journal has to take records.
    [[nodiscard]] bool has_unwritten() const noexcept { return !unwritten_.empty(); }
    /// Writes the next record that the journal has to take; its size, or 0: there is none, or it does not fit. O(W).
    [[nodiscard]] std::size_t write_record(std::span<std::byte> out);
    /// Writes the next record of a snapshot; its size, or 0: it does not fit, or that was the last. `at` counts the streams.
    [[nodiscard]] std::size_t write_snapshot(std::uint64_t& at, std::span<std::byte> out) const;

    peer_table peers;                     ///< the index of a peer is that of its stream
    std::vector<inbound_stream> streams;  ///< by the index of the sender
    held_messages held;                   ///< got and not settled, of all senders
    std::uint64_t written = 0;            ///< records that the journal was given
    std::uint64_t duplicates = 0;         ///< frames that brought what was there already
    bool progressed = false;  ///< something was accepted, or a floor or an epoch has moved
    bool rows_wait = false;   ///< the mailbox has rows that we need

  private:
    friend struct test_access;

    [[nodiscard]] bool journals() const noexcept { return journaling_ != journaling::none; }
    [[nodiscard]] bool in_order() const noexcept { return options_.delivery == delivery::in_order; }
    void pass_holes(std::uint32_t which, seq lowest_row);
    void hold_ahead(std::uint32_t which, const msg_notify& notice);
    void drop_ahead(std::uint32_t which);
    void take_ahead(std::uint32_t which);
    void release_held(std::uint32_t which, seq to);
    void hold(std::uint32_t which, const msg_notify& notice);
    void line_up(std::uint32_t which, slot hint = held_messages::none);
    void note(std::uint32_t which);

    receiver_options options_;
    sixfold::journaling journaling_;
    id_queue unwritten_;  // streams whose state the journal is to hear of, in order
};

// --- epochs and floors -----------------------------------------------------------------------------------------------

/// B keeps one epoch per sender, and enters a larger one only on the relay's word that the mailbox holds nothing of a
/// smaller one; else what waits there would be lost, or be delivered twice (law 1, spec 3.12).
inline bool inbound_messages::enters(std::uint32_t which, const msg_notify& notice) {
    inbound_stream& stream = streams[which];
    if (notice.epoch < stream.epoch) {
        return false;
    }
    if (!notice.looked()) {
        hold_ahead(which, notice);
        return false;
    }
    if (!notice.clean()) {
        rows_wait = true;  // the way in leads through these rows
        if (notice.smaller.epoch == stream.epoch) {
            pass_holes(which, notice.smaller.seq);
        }
        return false;
    }
    release_held(which, stream.window.floor() + stream.window.width());
    const bool came_ahead = stream.ahead == notice.epoch;
    if (!came_ahead) {
        drop_ahead(which);
    }
    stream.enter(notice.epoch);
    if (came_ahead) {
        take_ahead(which);
    }
    note(which);
    progressed = true;
    rows_wait = true;  // a row of this epoch may have been turned away
    return true;
}

/// A message has overtaken the word that lets us into its epoch: it is kept, so that nobody has to send it again (law 1, spec 3.12).
inline void inbound_messages::hold_ahead(std::uint32_t which, const msg_notify& notice) {
    inbound_stream& stream = streams[which];
    const bool fits = notice.form == form::payload &&
                      notice.payload.size() <= options_.payload_max &&
                      notice.seq < stream.window.width();
    if (!fits || notice.epoch < stream.ahead) {
        return;
    }
    if (stream.ahead != notice.epoch) {
        drop_ahead(which);
    }
    const msgid id{notice.epoch, notice.seq};
    if (held.find(which, id) == held_messages::none &&
        held.add(which, id, notice.payload, held_messages::room::ordinary) != held_messages::none) {
        stream.ahead = notice.epoch;
        ++stream.ahead_count;
    }
}

inline void inbound_messages::drop_ahead(std::uint32_t which) {
    inbound_stream& stream = streams[which];
    for (seq at = 0; stream.ahead_count != 0; ++at) {
        if (const slot message = held.find(which, {stream.ahead, at});
            message != held_messages::none) {
            held.erase(message);
            --stream.ahead_count;
        }
    }
}

/// We have entered: what was held ahead is held now.
inline void inbound_messages::take_ahead(std::uint32_t which) {
    inbound_stream& stream = streams[which];
    for (seq at = 0; at < stream.window.width(); ++at) {
        const slot message = held.find(which, {stream.epoch, at});
        if (message != held_messages::none) {
            stream.held.set(at);
            if (!in_order()) {
                held.make_ready(message);
            }
        }
    }
    line_up(which);
}

/// A larger epoch was minted before the relay looked, so nobody fills the holes of ours any more: below its lowest row in
/// the mailbox there is only what is held here, which goes first (law 1, spec 3.13). Being about the past it stays true.
inline void inbound_messages::pass_holes(std::uint32_t which, seq lowest_row) {
    const inbound_stream& stream = streams[which];
    const seq end = (std::min)(lowest_row, stream.window.floor() + stream.window.width());
    for (seq at = stream.window.floor(); at < end; ++at) {
        if (stream.held.test(at)) {
            return raise(which, at);
        }
    }
    raise(which, lowest_row);
}

inline void inbound_messages::raise(std::uint32_t which, seq low) {
    inbound_stream& stream = streams[which];
    if (low <= stream.window.floor()) {
        return;
    }
    release_held(which, low);
    stream.raise(low);
    note(which);
    progressed = true;
    line_up(which);
}

/// Forgets what is held below `to`, but for what the app was handed: its payload stays until the app has settled it.
inline void inbound_messages::release_held(std::uint32_t which, seq to) {
    inbound_stream& stream = streams[which];
    const seq floor = stream.window.floor();
    const seq end = (std::min)(to, floor + stream.window.width());
    for (seq at = floor; at < end; ++at) {
        if (!stream.held.test(at)) {
            continue;
        }
        stream.held.reset(at);
        const slot message = held.find(which, {stream.epoch, at});
        if (!held[message].handed) {
            held.erase(message);
        }
    }
}

// --- messages --------------------------------------------------------------------------------------------------------

inline void inbound_messages::take(std::uint32_t which, const msg_notify& notice) {
    inbound_stream& stream = streams[which];
    if (stream.window.of(notice.seq) != standing::fresh) {
        duplicates += std::uint64_t{stream.window.of(notice.seq) == standing::duplicate};
        return;  // the ack state, as it is, is the answer to both (law 2, spec 3.11)
    }
    const slot there = stream.held.test(notice.seq) ? held.find(which, {notice.epoch, notice.seq})
                                                    : held_messages::none;
    if (notice.form == form::tombstone) {
        if (there != held_messages::none && held[there].handed) {
            return;  // the app has seen it, and has the first word (spec 3.14)
        }
        if (there != held_messages::none) {
            held.erase(there);
        }
        commit(which, notice.seq, fate::tombstoned);
    } else if (there != held_messages::none) {
        ++duplicates;
    } else if (notice.payload.size() > options_.payload_max) {
        commit(which, notice.seq, fate::rejected);
    } else {
        hold(which, notice);
    }
}

/// Keeps a message for the app, if there is room; if not, the sender has it still.
inline void inbound_messages::hold(std::uint32_t which, const msg_notify& notice) {
    inbound_stream& stream = streams[which];
    const bool awaited = notice.seq == (in_order() ? stream.next : stream.window.floor());
    const slot at = held.add(which, {notice.epoch, notice.seq}, notice.payload,
                             awaited ? held_messages::room::spare : held_messages::room::ordinary);
    if (at == held_messages::none) {
        return;
    }
    stream.held.set(notice.seq);
    if (in_order()) {
        line_up(which, at);
    } else {
        held.make_ready(at);
    }
}

/// In order: moves on over what has ended and what is there. `hint` is where the first of them may be held. (spec 3.18)
inline void inbound_messages::line_up(std::uint32_t which, slot hint) {
    if (!in_order()) {
        return;
    }
    inbound_stream& stream = streams[which];
    stream.next = (std::max)(stream.next, stream.window.floor());
    for (standing place = stream.window.of(stream.next); place != standing::beyond;
         place = stream.window.of(++stream.next)) {
        if (place == standing::duplicate) {
            continue;
        }
        if (!stream.held.test(stream.next)) {
            return;
        }
        held.make_ready(held.find(which, {stream.epoch, stream.next}, hint));
    }
}

inline void inbound_messages::commit(std::uint32_t which, seq at, fate how) {
    inbound_stream& stream = streams[which];
    stream.latest = at;
    stream.window.accept(at);
    stream.held.reset(at);
    if (how != fate::accepted) {
        stream.note({at, how});
    }
    note(which);
    stream.state_due = true;
    stream.resends = 0;
    progressed = true;
    line_up(which);
}

// --- the journal -----------------------------------------------------------------------------------------------------

/// The journal is to hear of the stream as it is by then, and no acknowledgement may speak of it before. (spec 3.14, 7.4)
inline void inbound_messages::note(std::uint32_t which) {
    if (journals() && std::exchange(streams[which].record, inbound_stream::no_record) !=
                          inbound_stream::no_record) {
        unwritten_.push(which);
    }
}

inline std::size_t inbound_messages::write_record(std::span<std::byte> out) {
    if (unwritten_.empty()) {
        return 0;
    }
    const std::uint32_t which = unwritten_.front();
    const std::size_t size = detail::encode_inbound(peers[which], streams[which], out);
    if (size != 0) {
        streams[which].record = ++written;
        unwritten_.pop();
    }
    return size;
}

inline std::size_t inbound_messages::write_snapshot(std::uint64_t& at,
                                                    std::span<std::byte> out) const {
    while (at < streams.size() && streams[detail::to_size(at)].epoch == epoch::none) {
        ++at;
    }
    if (!journals() || at >= streams.size()) {
        return 0;
    }
    const auto which = static_cast<std::uint32_t>(at);
    const std::size_t size = detail::encode_inbound(peers[which], streams[which], out);
    at += std::uint64_t{size != 0};
    return size;
}

inline result<void> inbound_messages::restore(bytes journal) {
    journal_reader reader(journal);
    while (const auto each = reader.next()) {
        if (each->kind != record_kind::inbound) {
            continue;
        }
        byte_reader key(each->key.subspan(1));
        const std::uint32_t which = insert(key.get_peer());
        if (which == peer_table::none) {
            return error{errc::option, "receiver.peers_max: fewer than the journal has senders"};
        }
        inbound_stream last(options_.window, options_.exceptions);
        if (!each->gone) {
            const result<void> read = detail::decode_inbound(each->value, last);
            if (!read) {
                return read;
            }
        }
        streams[which] = last;
    }
    return {};
}

}  // namespace sixfold::inline v0

#endif
