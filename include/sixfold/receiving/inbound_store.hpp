// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_STORE_HPP
#define SIXFOLD_RECEIVING_INBOUND_STORE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/options.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/receiving/held_messages.hpp"
#include "sixfold/receiving/inbound_senders.hpp"
#include "sixfold/receiving/inbound_stream.hpp"
#include "sixfold/receiving/room.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// The stream of each sender, and what is held of them all.
///
/// Keeps streams and messages in step: a seq is held exactly if its message is there, and in order the next ones are ready for the app.
/// Says who gets a place, who makes place for whom, and how much room each sender has. Does not know frames, the journal, time or
/// acknowledgements. O(1) for each message that a call touches; where a floor or an epoch moves, O(W / 64) and those that were held;
/// where there is no place, O(senders that hold something).
class inbound_store {
  public:
    /// Names a message that is held.
    using slot = held_messages::slot;
    /// No sender, or no message.
    static constexpr std::uint32_t none = UINT32_MAX;

    /// One that had to make place.
    struct displaced {
        std::uint32_t stream;  ///< the index of its sender
        msgid id;              ///< its name
    };

    /// `seeds` gives the keys of the hashes.
    inbound_store(const receiver_options& options, random_source& seeds)
        : senders_(options.peers_max, seeds.next()),
          held_(options.held_entries, options.held_bytes, options.payload_max, seeds.next()),
          options_(options) {}

    // --- senders ---------------------------------------------------------------------------------------------------

    /// Their names and indices. That of a sender is that of its stream, too.
    [[nodiscard]] const inbound_senders& senders() const noexcept { return senders_; }
    /// The index of a sender; `none`. Fastest for the one that was found last.
    [[nodiscard]] std::uint32_t find(const peer& from) noexcept { return senders_.find(from); }
    /// The index of a sender, its old one or a new one; `none` when there are too many, or the name is not valid.
    [[nodiscard]] std::uint32_t insert(const peer& from) {
        const std::uint32_t which = senders_.insert(from);
        if (which == streams_.size()) {
            streams_.push_back(empty_stream());
        }
        return which;
    }
    /// Drops a stream of which nothing has to be known, for a new one; its index, or `none`. (spec 3.16)
    [[nodiscard]] std::uint32_t drop();

    /// How many streams there are, those that were dropped included.
    [[nodiscard]] std::size_t size() const noexcept { return streams_.size(); }
    /// The stream of a sender. Good until another one is inserted.
    [[nodiscard]] const inbound_stream& operator[](std::uint32_t which) const noexcept {
        return streams_[which];
    }
    /// Without anything in it, as a new one is.
    [[nodiscard]] inbound_stream empty_stream() const {
        return inbound_stream(options_.window, options_.exceptions);
    }
    /// Takes up what an earlier life has left of one. Precondition: nothing is held of it.
    void restore(std::uint32_t which, const inbound_stream& last) { streams_[which] = last; }

    // --- epochs and floors -----------------------------------------------------------------------------------------

    /// A larger epoch was heard of, and is not to be entered yet.
    void hear(std::uint32_t which) noexcept { streams_[which].hear(); }
    /// Enters a larger epoch: what is held of another is forgotten, what came early of this one is held.
    void enter(std::uint32_t which, epoch larger);
    /// The stream must not be dropped any more.
    void keep(std::uint32_t which) noexcept { streams_[which].keep(); }
    /// All below has ended. False if that is known.
    bool raise(std::uint32_t which, seq low);
    /// A seq has ended, which is fresh; its message is gone, if it was there.
    void end(std::uint32_t which, seq at, fate how) {
        streams_[which].end(at, how);
        line_up(which);
    }

    // --- messages --------------------------------------------------------------------------------------------------

    /// What is held.
    [[nodiscard]] const held_messages& held() const noexcept { return held_; }
    /// Keeps a message of the present epoch for the app; false if there is no place. Precondition: its seq is fresh, and not held.
    [[nodiscard]] bool hold(std::uint32_t which, seq at, bytes payload);
    /// Keeps one of a larger epoch, if it is the largest of which any is here, and there is a place.
    void hold_early(std::uint32_t which, msgid id, bytes payload);
    /// Takes the next message for the app; `none`.
    [[nodiscard]] slot hand_out() noexcept { return held_.hand_out(); }
    /// One was handed out. Is it the first of its stream in this life?
    [[nodiscard]] bool is_first(slot handed) noexcept {
        return streams_[held_[handed].stream].hand_out();
    }
    /// It was handed out so often, in all lives.
    void count(slot handed, std::uint32_t tries) noexcept { held_.count(handed, tries); }
    /// Has a seq ended, or with its epoch?
    [[nodiscard]] bool is_over(std::uint32_t which, msgid id) const noexcept {
        const inbound_stream& stream = streams_[which];
        return id.epoch < stream.epoch() ||
               (id.epoch == stream.epoch() && stream.window().of(id.seq) == standing::duplicate);
    }
    /// A message goes, whose seq is no longer held, or is about to end.
    void erase(slot at) noexcept { held_.erase(at); }
    /// Its seq is about to end, and the app still looks at it.
    void unlist(slot at) noexcept { held_.unlist(at); }
    /// One that had to make place since, if any.
    [[nodiscard]] std::optional<displaced> poll_displaced() noexcept;

    /// How many seqs from its floor on a sender may send now. (spec 3.24)
    [[nodiscard]] std::uint32_t room(std::uint32_t which) const noexcept {
        return room(which, places_left());
    }
    /// The same, if of all places that are left only so many are for it.
    [[nodiscard]] std::uint32_t room(std::uint32_t which, std::uint32_t places) const noexcept;
    /// How many seqs there are from its floor to the highest that has ended or is held.
    [[nodiscard]] std::uint32_t span(std::uint32_t which) const noexcept {
        return static_cast<std::uint32_t>(end(which) - streams_[which].window().floor());
    }
    /// One above the highest seq of a stream that has ended or is held.
    [[nodiscard]] seq end(std::uint32_t which) const noexcept {
        const slot highest = held_.highest(which);
        const seq held_end = highest == none ? 0 : held_[highest].id.seq + 1;
        return (std::max)(streams_[which].end(), held_end);
    }
    /// One above the highest seq below that, which is neither; at least the floor.
    [[nodiscard]] seq holes_end(std::uint32_t which) const noexcept {
        return streams_[which].lacking_below(end(which));
    }
    /// Is there a place for a message that makes place for none?
    [[nodiscard]] bool has_free_place() const noexcept {
        return held_.size() < held_.places() && held_.bytes_left() >= options_.payload_max;
    }
    /// How many bytes of payloads have room: where something waits behind a hole, as many as it makes place for.
    [[nodiscard]] std::size_t bytes_left() const noexcept {
        const std::size_t others = held_.waiting() != 0 ? options_.held_bytes / 4 : 0;
        return (std::max)(held_.bytes_left(), others);
    }
    /// Is there a seq of a sender that could be held if it got a place? Not where its window is full, or its share, which counts for
    /// all but the next one.
    [[nodiscard]] bool uses_place(std::uint32_t which) const noexcept {
        const inbound_stream& stream = streams_[which];
        const seq next = awaited(stream);
        const bool takes_next =
            next < stream.window().floor() + options_.window && !stream.holds(next);
        const bool has_seqs = span(which) < options_.window || stream.open_below(end(which)) != 0;
        return takes_next || (has_seqs && has_share(which));
    }
    /// How many more messages can be held, of anybody.
    [[nodiscard]] std::uint32_t places_left() const noexcept {
        const bool full = held_.bytes_left() < options_.payload_max;
        return (full ? 0 : held_.places() - held_.size()) + held_.waiting();
    }

  private:
    friend struct receiver_access;

    [[nodiscard]] bool in_order() const noexcept { return options_.delivery == delivery::in_order; }
    /// The seq that everything of a stream waits for.
    [[nodiscard]] seq awaited(const inbound_stream& stream) const noexcept {
        return in_order() ? stream.next() : stream.window().floor();
    }
    [[nodiscard]] bool has_share(std::uint32_t which) const noexcept {
        return held_.count(which) < share(held_.places(), held_.alone(which));
    }
    [[nodiscard]] slot below(std::uint32_t which, seq at) const noexcept;
    [[nodiscard]] bool make_place(std::uint32_t which, bool is_awaited);
    void now_held(std::uint32_t which, slot message);
    void line_up(std::uint32_t which);
    void release(std::uint32_t which, seq end) noexcept;
    void drop_early(std::uint32_t which) noexcept;

    inbound_senders senders_;
    std::vector<inbound_stream> streams_;  // by the index of the sender
    held_messages held_;
    receiver_options options_;
    std::vector<displaced> displaced_;
};

inline std::uint32_t inbound_store::drop() {
    using verdict = inbound_senders::verdict;
    const std::uint32_t which = senders_.drop([this](std::uint32_t each) {
        if (streams_[each].kept()) {
            return verdict::kept;
        }
        return held_.handed(each) != 0 ? verdict::not_now : verdict::drop;
    });
    if (which != none) {
        drop_early(which);
        release(which, seq_end);
        streams_[which] = empty_stream();
    }
    return which;
}

// --- epochs and floors -----------------------------------------------------------------------------------------------

inline void inbound_store::enter(std::uint32_t which, epoch larger) {
    release(which, seq_end);
    const slot early = held_.early(which);
    if (early != none && held_[early].id.epoch != larger) {
        drop_early(which);
    }
    streams_[which].enter(larger);
    while (held_.early(which) != none) {
        const slot message = held_.take_early(which);
        held_.list(message, below(which, held_[message].id.seq));
        now_held(which, message);
    }
}

inline bool inbound_store::raise(std::uint32_t which, seq low) {
    if (low <= streams_[which].window().floor()) {
        return false;
    }
    release(which, low);
    streams_[which].raise(low);
    line_up(which);
    return true;
}

/// Forgets what is held below a seq, but for what the app was handed: its payload stays until the app has settled it.
inline void inbound_store::release(std::uint32_t which, seq end) noexcept {
    for (slot at = held_.lowest(which); at != none && held_[at].id.seq < end;
         at = held_.lowest(which)) {
        streams_[which].let_go(held_[at].id.seq);
        if (held_[at].stage == held_messages::stage::handed) {
            held_.unlist(at);
        } else {
            held_.erase(at);
        }
    }
}

inline void inbound_store::drop_early(std::uint32_t which) noexcept {
    while (held_.early(which) != none) {
        held_.erase(held_.take_early(which));
    }
}

// --- messages --------------------------------------------------------------------------------------------------------

inline bool inbound_store::hold(std::uint32_t which, seq at, bytes payload) {
    const bool is_awaited = at == awaited(streams_[which]);
    if (!is_awaited && !has_share(which)) {
        return false;
    }
    const msgid id{streams_[which].epoch(), at};
    slot message = held_.add(which, id, payload, below(which, at));
    while (message == none && make_place(which, is_awaited)) {
        message = held_.add(which, id, payload, below(which, at));
    }
    if (message != none) {
        now_held(which, message);
    }
    return message != none;
}

inline void inbound_store::hold_early(std::uint32_t which, msgid id, bytes payload) {
    const slot early = held_.early(which);
    const epoch before = early == none ? epoch::none : held_[early].id.epoch;
    if (id.epoch < before || id.seq >= options_.window || payload.size() > options_.payload_max) {
        return;
    }
    if (id.epoch > before) {
        drop_early(which);
    }
    if (has_share(which) && held_.find(which, id) == none) {
        (void)held_.add_early(which, id, payload);
    }
}

/// The next lower one that is held of the stream; most often what comes is the highest.
inline inbound_store::slot inbound_store::below(std::uint32_t which, seq at) const noexcept {
    const slot highest = held_.highest(which);
    if (highest == none || held_[highest].id.seq < at) {
        return highest;
    }
    const seq lower = streams_[which].held_below(at);
    return lower == at ? none : held_.find(which, {streams_[which].epoch(), lower});
}

/// The highest of who has the most behind a hole goes, for a seq that everything waits for, or that of one who has less. (spec 3.24)
inline bool inbound_store::make_place(std::uint32_t which, bool is_awaited) {
    const std::uint32_t from = held_.largest(is_awaited ? 0 : held_.count(which));
    if (from == none) {
        return false;
    }
    if (held_.early(from) != none) {
        held_.erase(held_.take_early(from));
        return true;
    }
    const slot highest = held_.highest(from);
    SIXFOLD_ASSERT(held_[highest].stage == held_messages::stage::waiting);
    displaced_.push_back({from, held_[highest].id});
    streams_[from].let_go(held_[highest].id.seq);
    held_.erase(highest);
    return true;
}

inline void inbound_store::now_held(std::uint32_t which, slot message) {
    streams_[which].hold(held_[message].id.seq);
    if (in_order()) {
        line_up(which);
    } else {
        held_.make_ready(message);
    }
}

/// In order: moves on over what has ended and what is there. (spec 3.21)
inline void inbound_store::line_up(std::uint32_t which) {
    while (in_order()) {
        const std::optional<seq> at = streams_[which].pass_next();
        if (!at) {
            return;
        }
        held_.make_ready(held_.find(which, {streams_[which].epoch(), *at}));
    }
}

inline std::optional<inbound_store::displaced> inbound_store::poll_displaced() noexcept {
    if (displaced_.empty()) {
        return std::nullopt;
    }
    const displaced out = displaced_.back();
    displaced_.pop_back();
    return out;
}

inline std::uint32_t inbound_store::room(std::uint32_t which, std::uint32_t places) const noexcept {
    const inbound_stream& stream = streams_[which];
    const std::uint32_t above_own = places - (std::min)(places, held_.waiting(which));
    const std::uint32_t most = share(held_.places(), held_.alone(which));
    const std::uint32_t own = held_.count(which);
    return sixfold::room({.floor = stream.window().floor(),
                          .next = awaited(stream),
                          .end = end(which),
                          .window = options_.window,
                          .open = stream.open_below(end(which)),
                          .free = (std::min)(most > own ? most - own : 0, above_own),
                          .takes_next = places != 0 || held_.waiting() != 0});
}

}  // namespace sixfold::inline v0

#endif
