// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_MESSAGES_HPP
#define SIXFOLD_RECEIVING_INBOUND_MESSAGES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>  // move
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/options.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/receiving/held_messages.hpp"
#include "sixfold/receiving/inbound_journal.hpp"
#include "sixfold/receiving/inbound_record.hpp"
#include "sixfold/receiving/inbound_store.hpp"
#include "sixfold/receiving/inbound_stream.hpp"
#include "sixfold/receiving/tried_messages.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// What became of a msg:N.
struct intake {
    /// What its sender is to be told; nothing for some that were drained.
    std::optional<ack_word> answer{};
    seq latest = 0;            ///< its last seq; 0 for a probe
    bool news = false;         ///< an epoch was entered, or another seq has ended or is held
    bool turned_away = false;  ///< a message of our epoch could not be taken
    bool entered = false;      ///< an epoch was entered
    bool let_in = false;       ///< one that had to wait for that, so that its rows were passed by
    /// The lowest row that the mailbox may have of this sender and that was not taken.
    std::optional<msgid> row{};
};

/// Decides what becomes of each message that comes, and of the app's word on it, and which records of that the journal needs.
///
/// It decides by epoch, floor and window, as section 3 of the specification says. It does not know how messages are held, time,
/// links, acknowledgements or rounds through the mailbox. Costs are those of `inbound_store`, for each message of a frame.
class inbound_messages {
  public:
    /// `seeds` gives the keys of the hashes.
    inbound_messages(const receiver_options& options,
                     sixfold::journaling keeps,
                     random_source& seeds)
        : store_(options, seeds), journal_(keeps), payload_max_(options.payload_max) {}

    /// The streams, and what is held of them.
    [[nodiscard]] const inbound_store& store() const noexcept { return store_; }
    /// Is this row of the epoch that was entered, and has it ended?
    [[nodiscard]] bool has_ended(std::uint32_t which, msgid row) const noexcept {
        return row.epoch == store_[which].epoch() &&
               store_[which].window().of(row.seq) == standing::duplicate;
    }
    /// The same, to find, insert and drop senders, and to hand messages out.
    [[nodiscard]] inbound_store& store() noexcept { return store_; }
    /// Which records are written and durable.
    [[nodiscard]] const inbound_journal& journal() const noexcept { return journal_; }
    /// Messages that came although they were held or accepted already.
    [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }

    /// Takes the next message for the app; `none`. Counts the tries of the first of each stream in this life. (spec 7.10)
    [[nodiscard]] held_messages::slot hand_out();
    /// A sender was dropped, and another has its index.
    void forget(std::uint32_t which) noexcept { tried_.forget(which); }
    /// Takes a msg:N of a sender.
    [[nodiscard]] intake take(std::uint32_t which, const msg_notify& notice);
    /// The app's word on a message that it was handed. Its payload goes, unless it is still `shown`. False if its stream has moved
    /// to another epoch or floor: then there is nothing to say.
    bool settle(held_messages::slot at, fate how, bool shown);

    // --- the journal -----------------------------------------------------------------------------------------------

    /// Is there a record to be written?
    [[nodiscard]] bool has_unwritten() const noexcept {
        return journal_.has_unwritten() || !tried_.unwritten().empty();
    }
    /// The first `records` are durable.
    void durable(std::uint64_t records) noexcept { journal_.durable(records); }
    /// Takes up what an earlier life has left. Precondition: nothing was called before, and `check_journal` has no objection.
    [[nodiscard]] result<void> restore(bytes journal);
    /// Writes the next record for the journal. Returns its size, or 0: there is none, or it does not fit. O(W).
    [[nodiscard]] std::size_t write_record(std::span<std::byte> out);
    /// Writes the next record of a snapshot. Returns its size, or 0: it does not fit, or there is none left. `at` counts the
    /// streams, then the places of messages, then what earlier lives have tried.
    [[nodiscard]] std::size_t write_snapshot(std::uint64_t& at, std::span<std::byte> out) const;

  private:
    friend struct receiver_access;

    void take_ahead(std::uint32_t which, const msg_notify& notice, intake& out);
    [[nodiscard]] bool pass_holes(std::uint32_t which, seq lowest_row);
    void take_entries(std::uint32_t which, const msg_notify& notice, intake& out);
    [[nodiscard]] bool take_one(std::uint32_t which, seq at, const run_entry& what, intake& out);
    [[nodiscard]] bool raise(std::uint32_t which, seq low);
    void end(std::uint32_t which, seq at, fate how);
    [[nodiscard]] bool is_tried(held_messages::slot at) const noexcept;
    [[nodiscard]] std::size_t write_tried(held_messages::slot at, std::span<std::byte> out) const;
    [[nodiscard]] std::size_t write_next_tried(std::span<std::byte> out);
    [[nodiscard]] result<void> restore_streams(bytes journal);
    [[nodiscard]] result<void> restore_tried(bytes journal);

    inbound_store store_;
    inbound_journal journal_;
    tried_messages tried_;
    std::uint32_t payload_max_;
    std::uint64_t duplicates_ = 0;
};

// --- epochs and floors -----------------------------------------------------------------------------------------------

/// The receiver keeps one epoch per sender. (law 1, spec 3.22)
inline intake inbound_messages::take(std::uint32_t which, const msg_notify& notice) {
    intake out;
    const inbound_stream& stream = store_[which];
    if (notice.epoch < stream.epoch()) {
        if (!stream.kept()) {
            store_.keep(which);
            journal_.note(which);
        }
        out.answer = ack_word::past;
        return out;
    }
    if (notice.epoch > stream.epoch()) {
        if (!notice.clean()) {
            take_ahead(which, notice, out);
            return out;
        }
        out.let_in =
            stream.stage() == stream_stage::waiting || stream.stage() == stream_stage::left;
        store_.enter(which, notice.epoch);
        if (stream.kept()) {
            journal_.note(which);
        }
        out.entered = out.news = true;
    }
    out.answer = ack_word::state;
    out.news = (notice.looked() && raise(which, notice.low)) || out.news;
    take_entries(which, notice, out);
    return out;
}

/// Takes a frame of a larger epoch. It is entered only on the relay's word that the mailbox holds nothing of a smaller one; else
/// what waits there would be lost, or be delivered twice. A frame that came directly may have overtaken that word, so its messages
/// are held, and nobody has to send them again. (law 1, spec 3.22)
inline void
inbound_messages::take_ahead(std::uint32_t which, const msg_notify& notice, intake& out) {
    store_.hear(which);
    if (!notice.drained) {
        out.answer = ack_word::waiting;
    }
    if (notice.looked()) {
        out.row = notice.smaller;  // the way in leads through these rows
        out.news =
            notice.smaller.epoch == store_[which].epoch() && pass_holes(which, notice.smaller.seq);
        return;
    }
    msgid id{notice.epoch, notice.first};
    for (const run_entry& each : notice.entries) {
        if (!each.tombstone) {
            store_.hold_early(which, id, each.payload);
        }
        ++id.seq;
    }
}

/// A larger epoch was minted before the relay looked, so nobody can fill the holes of ours any more. Below its lowest row in the
/// mailbox there is only what is held here, and that goes first. This stays true, as it is about the past. (law 1, spec 3.23)
inline bool inbound_messages::pass_holes(std::uint32_t which, seq lowest_row) {
    const held_messages::slot lowest = store_.held().lowest(which);
    const seq held = lowest == inbound_store::none ? seq_end : store_.held()[lowest].id.seq;
    return raise(which, (std::min)(held, lowest_row));
}

/// The relay says that all seqs below `low` have ended, in this or another life of this receiver. (law 11, spec 3.20)
inline bool inbound_messages::raise(std::uint32_t which, seq low) {
    if (!store_.raise(which, low)) {
        return false;
    }
    journal_.note(which);
    return true;
}

// --- messages --------------------------------------------------------------------------------------------------------

/// Takes the messages seq by seq, as if each had come alone. (spec 3.17)
inline void
inbound_messages::take_entries(std::uint32_t which, const msg_notify& notice, intake& out) {
    seq at = notice.first;
    for (const run_entry& each : notice.entries) {
        if (!take_one(which, at, each, out) && !out.turned_away) {
            out.turned_away = true;
            out.row = msgid{notice.epoch, at};
        }
        out.latest = at++;
    }
}

/// False if it could not be taken. A duplicate is answered by the ack state, like all others. (spec 3.16, 3.18)
inline bool
inbound_messages::take_one(std::uint32_t which, seq at, const run_entry& what, intake& out) {
    const inbound_stream& stream = store_[which];
    const standing place = stream.window().of(at);
    if (place != standing::fresh) {
        duplicates_ += std::uint64_t{place == standing::duplicate};
        return place == standing::duplicate;
    }
    if (stream.holds(at)) {
        const auto there = store_.held().find(which, {stream.epoch(), at});
        if (!what.tombstone || store_.held()[there].stage == held_messages::stage::handed) {
            duplicates_ += std::uint64_t{!what.tombstone};
            return true;  // the app has seen it, so its word decides
        }
        store_.erase(there);
    }
    if (what.tombstone || what.payload.size() > payload_max_) {
        end(which, at, what.tombstone ? fate::tombstoned : fate::rejected);
    } else if (!store_.hold(which, at, what.payload)) {
        return false;
    }
    out.news = true;
    return true;
}

inline void inbound_messages::end(std::uint32_t which, seq at, fate how) {
    store_.end(which, at, how);
    journal_.note(which);
}

inline bool inbound_messages::settle(held_messages::slot at, fate how, bool shown) {
    const std::uint32_t which = store_.held()[at].stream;
    const msgid id = store_.held()[at].id;
    if (shown) {
        store_.unlist(at);
    } else {
        store_.erase(at);
    }
    const inbound_stream& stream = store_[which];
    if (stream.epoch() != id.epoch || stream.window().of(id.seq) != standing::fresh) {
        return false;
    }
    end(which, id.seq, how);
    return true;
}

// --- what crashes the app --------------------------------------------------------------------------------------------

/// A message on which the app's word did not come in one life is the first of its stream in the next. (spec 7.10)
inline held_messages::slot inbound_messages::hand_out() {
    const held_messages::slot at = store_.hand_out();
    if (at == held_messages::none || !journal_.keeps()) {
        return at;
    }
    const std::uint32_t before = tried_.take(store_.held()[at].stream, store_.held()[at].id);
    if (store_.is_first(at) || before != 0) {
        store_.count(at, before + std::uint32_t{before != UINT32_MAX});
        tried_.unwritten().push(at);
    }
    return at;
}

inline bool inbound_messages::is_tried(held_messages::slot at) const noexcept {
    const held_messages::entry& e = store_.held()[at];
    return e.tries != 0 && !store_.is_over(e.stream, e.id);
}

inline std::size_t inbound_messages::write_tried(held_messages::slot at,
                                                 std::span<std::byte> out) const {
    const held_messages::entry& e = store_.held()[at];
    return detail::encode_tried(store_.senders()[e.stream], e.id, e.tries, out);
}

/// Writes the record of the next message that was handed out, and has not ended since: one that has needs none.
inline std::size_t inbound_messages::write_next_tried(std::span<std::byte> out) {
    id_queue& unwritten = tried_.unwritten();
    while (!unwritten.empty() && !is_tried(unwritten.front())) {
        unwritten.pop();
    }
    const std::size_t size = unwritten.empty() ? 0 : write_tried(unwritten.front(), out);
    if (size != 0) {
        unwritten.pop();
        journal_.wrote();
    }
    return size;
}

// --- the journal -----------------------------------------------------------------------------------------------------

inline std::size_t inbound_messages::write_record(std::span<std::byte> out) {
    if (!journal_.has_unwritten()) {
        return write_next_tried(out);
    }
    const std::uint32_t which = journal_.next();
    const std::size_t size = detail::encode_inbound(store_.senders()[which], store_[which], out);
    if (size != 0) {
        journal_.wrote_next();
    }
    return size;
}

inline std::size_t inbound_messages::write_snapshot(std::uint64_t& at,
                                                    std::span<std::byte> out) const {
    const std::uint64_t first_slot = store_.size();
    const std::uint64_t first_left = first_slot + store_.held().places();
    const std::uint64_t end = first_left + tried_.left().size();
    const auto slot_of = [&](std::uint64_t place) {
        return static_cast<held_messages::slot>(place - first_slot);
    };
    const auto left_of = [&](std::uint64_t place) -> const tried_messages::tried& {
        return tried_.left()[detail::to_size(place - first_left)];
    };
    const auto is_nothing = [&](std::uint64_t place) {
        if (place < first_left) {
            return place < first_slot ? !store_[static_cast<std::uint32_t>(place)].kept()
                                      : !is_tried(slot_of(place));
        }
        const tried_messages::tried& last = left_of(place);
        return last.times == 0 || store_.is_over(last.stream, last.id);
    };
    while (at < end && is_nothing(at)) {
        ++at;
    }
    if (!journal_.keeps() || at >= end) {
        return 0;
    }
    std::size_t size = 0;
    if (at < first_slot) {
        const auto which = static_cast<std::uint32_t>(at);
        size = detail::encode_inbound(store_.senders()[which], store_[which], out);
    } else if (at < first_left) {
        size = write_tried(slot_of(at), out);
    } else {
        const tried_messages::tried& last = left_of(at);
        size = detail::encode_tried(store_.senders()[last.stream], last.id, last.times, out);
    }
    at += std::uint64_t{size != 0};
    return size;
}

inline result<void> inbound_messages::restore(bytes journal) {
    const result<void> streams = restore_streams(journal);
    return streams ? restore_tried(journal) : streams;
}

inline result<void> inbound_messages::restore_streams(bytes journal) {
    journal_reader reader(journal);
    while (const auto each = reader.next()) {
        if (each->kind != record_kind::inbound) {
            continue;
        }
        byte_reader key(each->key.subspan(1));
        const std::uint32_t which = store_.insert(key.get_peer());
        if (which == inbound_store::none) {
            return error{errc::option, "receiver.peers_max: fewer than the journal has senders"};
        }
        inbound_stream last = store_.empty_stream();
        if (!each->gone) {
            const result<void> read = detail::decode_inbound(each->value, last);
            if (!read) {
                return read;
            }
        }
        store_.restore(which, last);
    }
    return {};
}

/// Skips messages that have ended; and, where there is no room for another sender, those of a sender that is not known.
inline result<void> inbound_messages::restore_tried(bytes journal) {
    std::vector<tried_messages::tried> all;
    journal_reader reader(journal);
    while (const auto each = reader.next()) {
        if (each->kind != record_kind::tried || each->gone) {
            continue;
        }
        tried_messages::tried last{};
        if (const auto read = detail::decode_tried(each->value, last.id, last.times); !read) {
            return read;
        }
        byte_reader key(each->key.subspan(1));
        last.stream = store_.insert(key.get_peer());
        if (last.stream != inbound_store::none && !store_.is_over(last.stream, last.id)) {
            all.push_back(last);
        }
    }
    tried_.restore(std::move(all));
    return {};
}

}  // namespace sixfold::inline v0

#endif
