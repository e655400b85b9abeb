// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_MESSAGES_HPP
#define SIXFOLD_RECEIVING_INBOUND_MESSAGES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

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
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// What a msg:N has come to.
struct intake {
    std::optional<ack_word>
        answer{};              ///< what its sender is to be told; nothing of some that were drained
    seq latest = 0;            ///< the last seq that it spoke of; 0 of a probe
    bool news = false;         ///< something was entered, has ended or is held that was not before
    bool turned_away = false;  ///< something of our epoch could not be taken
    bool entered = false;      ///< an epoch was entered
    bool let_in = false;       ///< we had to wait for that, and passed its rows by
    std::optional<msgid>
        row{};  ///< the lowest row that the mailbox may have of this sender, and that was not taken
};

/// What becomes of each message that comes, and of the app's word on it; and what of that the journal is to hear.
///
/// Decides by epoch, floor and window, as section 3 of the specification says. Does not know how messages are held, time, links,
/// acknowledgements or rounds through the mailbox. As `inbound_store`, for each message of a frame.
class inbound_messages {
  public:
    /// `seeds` gives the keys of the hashes.
    inbound_messages(const receiver_options& options,
                     sixfold::journaling keeps,
                     random_source& seeds)
        : store_(options, seeds), journal_(keeps), payload_max_(options.payload_max) {}

    /// Streams, and what is held of them.
    [[nodiscard]] const inbound_store& store() const noexcept { return store_; }
    /// Is it over here, under the epoch that we are in?
    [[nodiscard]] bool has_ended(std::uint32_t which, msgid row) const noexcept {
        return row.epoch == store_[which].epoch() &&
               store_[which].window().of(row.seq) == standing::duplicate;
    }
    /// To find, insert and drop senders, and to hand out.
    [[nodiscard]] inbound_store& store() noexcept { return store_; }
    /// Which records are written and durable.
    [[nodiscard]] const inbound_journal& journal() const noexcept { return journal_; }
    /// Messages that came although they were there already.
    [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }

    /// Takes a msg:N of a sender.
    [[nodiscard]] intake take(std::uint32_t which, const msg_notify& notice);
    /// The app's word on a message that it was handed, and that goes, unless it is `shown` still. False if its stream has gone on to
    /// another epoch or floor: then there is nothing to say.
    bool settle(held_messages::slot at, fate how, bool shown);

    // --- the journal -----------------------------------------------------------------------------------------------

    /// The first `records` are durable.
    void durable(std::uint64_t records) noexcept { journal_.durable(records); }
    /// Takes up what an earlier life has left. Precondition: nothing was called before, and `check_journal` has no objection.
    [[nodiscard]] result<void> restore(bytes journal);
    /// Writes the next record that the journal has to take; its size, or 0: there is none, or it does not fit. O(W).
    [[nodiscard]] std::size_t write_record(std::span<std::byte> out);
    /// Writes the next record of a snapshot; its size, or 0: it does not fit, or that was the last. `at` counts the streams.
    [[nodiscard]] std::size_t write_snapshot(std::uint64_t& at, std::span<std::byte> out) const;

  private:
    friend struct receiver_access;

    void take_ahead(std::uint32_t which, const msg_notify& notice, intake& out);
    [[nodiscard]] bool pass_holes(std::uint32_t which, seq lowest_row);
    void take_entries(std::uint32_t which, const msg_notify& notice, intake& out);
    [[nodiscard]] bool take_one(std::uint32_t which, seq at, const run_entry& what, intake& out);
    [[nodiscard]] bool raise(std::uint32_t which, seq low);
    void end(std::uint32_t which, seq at, fate how);

    inbound_store store_;
    inbound_journal journal_;
    std::uint32_t payload_max_;
    std::uint64_t duplicates_ = 0;
};

// --- epochs and floors -----------------------------------------------------------------------------------------------

/// B keeps one epoch per sender. (law 1, spec 3.22)
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

/// A frame of a larger epoch, which we enter only on the relay's word that the mailbox holds nothing of a smaller one; else what
/// waits there would be lost, or be delivered twice. What comes directly may have overtaken that word, and is kept, so that
/// nobody has to send it again. (law 1, spec 3.22)
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

/// A larger epoch was minted before the relay looked, so nobody fills the holes of ours any more: below its lowest row in
/// the mailbox there is only what is held here, which goes first (law 1, spec 3.23). Being about the past it stays true.
inline bool inbound_messages::pass_holes(std::uint32_t which, seq lowest_row) {
    const held_messages::slot lowest = store_.held().lowest(which);
    const seq held = lowest == inbound_store::none ? seq_end : store_.held()[lowest].id.seq;
    return raise(which, (std::min)(held, lowest_row));
}

/// The relay's word that all below has ended, in this or another life of ours (law 11, spec 3.20).
inline bool inbound_messages::raise(std::uint32_t which, seq low) {
    if (!store_.raise(which, low)) {
        return false;
    }
    journal_.note(which);
    return true;
}

// --- messages --------------------------------------------------------------------------------------------------------

/// Seq by seq, as if each had come alone. (spec 3.17)
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

/// False if it could not be taken. Of a duplicate, too, the ack state as it is says all. (spec 3.16, 3.18)
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
            return true;  // what the app has seen has the first word
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

// --- the journal -----------------------------------------------------------------------------------------------------

inline std::size_t inbound_messages::write_record(std::span<std::byte> out) {
    if (!journal_.has_unwritten()) {
        return 0;
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
    const auto kept = [this](std::uint64_t each) {
        return store_[static_cast<std::uint32_t>(each)].kept();
    };
    while (at < store_.size() && !kept(at)) {
        ++at;
    }
    if (!journal_.keeps() || at >= store_.size()) {
        return 0;
    }
    const auto which = static_cast<std::uint32_t>(at);
    const std::size_t size = detail::encode_inbound(store_.senders()[which], store_[which], out);
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

}  // namespace sixfold::inline v0

#endif
