// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_STREAM_HPP
#define SIXFOLD_SENDING_OUTBOUND_STREAM_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/seq_ring.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// Where a message is on its way, as far as its sender knows. (spec 3.15)
///
///     fresh -- sending n --> out -- n lost --> due -- sending m --> out ...
///     out -- held, or n arrived --> there     out, there -- open, n arrived --> turned away --> due
///     any -- taken back --> noted -- its record is durable --> due        (without a journal at once; not if fresh)
///     any -- the relay's word --> stored, and of a tombstone: buried      buried -- its row may be gone --> due
enum class transit : std::uint8_t {
    fresh,  ///< never sent in this epoch: waits for its record, for the window or for the link
    noted,  ///< to be sent again, as a tombstone, once its record is durable
    due,    ///< to be sent again
    out,    ///< sent; nothing is known of its last sending but what the relay said
    there,  ///< its last sending has arrived, or the receiver holds it
    turned_away,  ///< it reached the receiver, who had no room for it
    stored,       ///< a message in the mailbox: finished, as far as the sender is concerned
    buried,       ///< a tombstone in the mailbox: not sent any more, but not finished
};

/// One stream as its sender sees it: which seqs have not ended, where their messages are, and how far they are on their way.
///
///     0 ...... first ........ base ......... unsent ........ next
///     ended   | some stored  | in the window | never sent    | free
///             |              | (unfinished)  |               |
///
/// Keeps a ring from seq to the slot of its message. Does not know what a message is, whose word it was, nor the time. A seq
/// between `first` and `next` without a place has ended. `base` is the lowest seq that is neither ended nor stored, `unsent` the
/// lowest that is fresh. All O(1) on average, but for the growth of the ring, which doubles, and where said.
class outbound_stream {
  public:
    /// No message, no seq.
    static constexpr std::uint32_t no_slot = UINT32_MAX;
    static constexpr seq no_seq = UINT64_MAX;  ///< likewise

    /// What is kept of a seq.
    struct place {
        std::uint32_t slot = no_slot;  ///< of its message
        sending_number since = 0;      ///< the first sending of it since it was last fresh or due
        sending_number last = 0;       ///< its last sending, if it was sent
        std::uint8_t waits = 0;        ///< while it is out: sendings of these that are not lost
        sixfold::transit now = transit::fresh;  ///< where it is
        bool tombstone = false;                 ///< what is sent under it is a tombstone
    };

    /// The present epoch.
    [[nodiscard]] sixfold::epoch epoch() const noexcept { return epoch_; }
    /// The lowest seq that may not have ended.
    [[nodiscard]] seq first() const noexcept { return first_; }
    /// The lowest unfinished seq. (spec 3.9)
    [[nodiscard]] seq base() const noexcept { return base_; }
    /// The lowest seq that was never sent.
    [[nodiscard]] seq unsent() const noexcept { return unsent_; }
    /// The seq of the next message.
    [[nodiscard]] seq next() const noexcept { return next_; }
    /// Above everything that was ever sent: no ack can speak of more.
    [[nodiscard]] seq sent_end() const noexcept { return sent_end_; }
    /// Whether all that was taken has ended.
    [[nodiscard]] bool empty() const noexcept { return first_ == next_; }
    /// How many seqs are in this state.
    [[nodiscard]] std::uint32_t count(transit in) const noexcept { return counts_[index(in)]; }
    /// Whether something waits in the receiver's mailbox, or is buried there.
    [[nodiscard]] bool rests() const noexcept {
        return count(transit::stored) + count(transit::buried) != 0;
    }
    /// How many tombstones have not ended. (spec 3.9)
    [[nodiscard]] std::uint32_t tombstones() const noexcept { return tombstones_; }

    /// Whether a seq has a message.
    [[nodiscard]] bool has(seq at) const noexcept {
        return at >= first_ && at < next_ && ring_.has(at);
    }
    /// The slot of a seq's message; `no_slot` when it has ended or never was.
    [[nodiscard]] std::uint32_t slot(seq at) const noexcept {
        return has(at) ? ring_[at].slot : no_slot;
    }
    /// What is kept of a seq that has a message.
    [[nodiscard]] const place& operator[](seq at) const noexcept {
        SIXFOLD_ASSERT(has(at));
        return ring_[at];
    }
    /// Asks 64 seqs at once: bit i of `open()(from)` is set if `from + i` has a message, and perhaps for what is below `first` or
    /// not below `next`. Good as long as the stream is there.
    [[nodiscard]] auto open() const noexcept {
        return [this](seq from) {
            return ring_.used(from);
        };
    }
    /// Calls `visit(seq)` for those of [from, to) that are there or were turned away, in order; it may move that seq on. O(1 + (to - from) / 64)
    /// and those.
    template <class Visit>
    void for_each_arrived(seq from, seq to, Visit visit) const {
        for (seq at = (std::max)(from, first_); at < to; at += 64) {
            for (std::uint64_t left = ring_.marked(at); left != 0; left &= left - 1) {
                const seq each = at + static_cast<unsigned>(std::countr_zero(left));
                if (each < to && has(each) && has_arrived(ring_[each].now)) {
                    visit(each);
                }
            }
        }
    }
    /// Asks 64 seqs at once, as `open`, for those.
    [[nodiscard]] auto arrived() const noexcept {
        return [this](seq from) {
            return ring_.marked(from);
        };
    }
    /// Whether a seq is out.
    [[nodiscard]] bool is_out(seq at) const noexcept {
        return has(at) && ring_[at].now == transit::out;
    }
    /// Whether a seq waits for what becomes of this sending, which has carried it.
    [[nodiscard]] bool waits_for(seq at, sending_number which) const noexcept {
        return is_out(at) && static_cast<sending_number>(which - ring_[at].since) <=
                                 static_cast<sending_number>(ring_[at].last - ring_[at].since);
    }

    /// Gives the next seq to a message.
    seq append(std::uint32_t slot, bool tombstone = false) {
        if (next_ - first_ == ring_.size()) {
            ring_.grow(first_, next_);
        }
        ring_.put(next_, {.slot = slot, .tombstone = tombstone});
        ++counts_[index(transit::fresh)];
        tombstones_ += std::uint32_t{tombstone};
        return next_++;
    }
    /// A seq that an earlier life has given and that has ended.
    void append_ended() {
        if (next_ - first_ == ring_.size()) {
            ring_.grow(first_, next_);
        }
        ring_.erase(next_++);
        settle();
    }
    /// No seq in front of `to` is given again: those without a message have ended in an earlier life. False if that is out of all
    /// bounds. O(how far).
    [[nodiscard]] bool reach(seq to) {
        constexpr seq gap_max = seq{1} << 28;  // a sane journal has no more in one stream
        if (empty()) {
            begin(epoch_, (std::max)(next_, to));
        }
        if (to > next_ && to - next_ > gap_max) {
            return false;
        }
        while (next_ < to) {
            append_ended();
        }
        return true;
    }
    /// All that has a seq may have been sent by an earlier life. (spec 7.7)
    void assume_sent() noexcept { sent_end_ = next_; }

    /// Moves a seq on. Not to `fresh`; to `out` by `sent`. What leaves `stored` is taken back.
    void become(seq at, transit to) noexcept {
        place& here = ring_[at];
        SIXFOLD_ASSERT(has(at) && to != transit::fresh);
        if (here.now == transit::stored && to != transit::stored) {
            lower_base(at);
        }
        change(at, to);
        if (to == transit::due) {
            lowest_due_ = (std::min)(lowest_due_, at);
        }
        if (to == transit::turned_away) {
            lowest_turned_away_ = (std::min)(lowest_turned_away_, at);
        }
        if (to == transit::stored) {
            finish(at);
        }
        settle();
    }
    /// One of the sendings that a seq waits for is lost. It is due once all are. (spec 3.5)
    void lose(seq at) noexcept {
        SIXFOLD_ASSERT(has(at) && ring_[at].now == transit::out && ring_[at].waits != 0);
        if (--ring_[at].waits == 0) {
            become(at, transit::due);
        }
    }
    /// What is sent under the seq from now on is a tombstone. Not twice.
    void bury(seq at) noexcept {
        SIXFOLD_ASSERT(has(at) && !ring_[at].tombstone);
        ring_[at].tombstone = true;
        ++tombstones_;
    }
    /// It has left in this sending.
    void sent(seq at, sending_number in) noexcept {
        place& here = ring_[at];
        if (here.now != transit::out) {
            here.since = in;
            here.waits = 0;
        }
        change(at, transit::out);
        here.last = in;
        ++here.waits;
        sent_end_ = (std::max)(sent_end_, at + 1);
        settle();
    }
    /// The seq has ended.
    void remove(seq at) noexcept {
        SIXFOLD_ASSERT(has(at));
        const place& here = ring_[at];
        --counts_[index(here.now)];
        tombstones_ -= std::uint32_t{here.tombstone};
        if (here.now != transit::stored) {
            finish(at);
        }
        ring_.erase(at);
        settle();
    }

    /// The lowest seq that is due; `no_seq`. O(1), and once for each seq between two of them.
    [[nodiscard]] seq lowest_due() noexcept { return lowest(transit::due, lowest_due_); }
    /// The lowest seq that was turned away; likewise.
    [[nodiscard]] seq lowest_turned_away() noexcept {
        return lowest(transit::turned_away, lowest_turned_away_);
    }

    /// An empty stream of this epoch that begins at a seq, below which all has ended; the room stays.
    void begin(sixfold::epoch with, seq at = 0) noexcept {
        ring_.clear();
        epoch_ = with;
        first_ = base_ = unsent_ = next_ = passed_ = at;
        sent_end_ = 0;
        lowest_due_ = lowest_turned_away_ = no_seq;
        counts_ = {};
        tombstones_ = lowered_ = 0;
    }
    /// Gives back the memory of its places, until there is a message again. Precondition: it is empty.
    void rest() noexcept {
        SIXFOLD_ASSERT(empty());
        ring_ = seq_ring<place>();
    }

  private:
    friend struct test_access;

    [[nodiscard]] static std::size_t index(transit in) noexcept {
        return static_cast<std::size_t>(in);
    }
    [[nodiscard]] static bool has_arrived(transit now) noexcept {
        return now == transit::there || now == transit::turned_away;
    }
    void change(seq at, transit to) noexcept {
        place& here = ring_[at];
        --counts_[index(here.now)];
        ++counts_[index(to)];
        if (has_arrived(here.now) != has_arrived(to)) {
            ring_.mark(at, has_arrived(to));
        }
        here.now = to;
    }

    /// The lowest seq of this state, which is not below `from`; that moves up to it.
    [[nodiscard]] seq lowest(transit in, seq& from) noexcept {
        if (count(in) == 0) {
            from = no_seq;
            return no_seq;
        }
        from = (std::max)(from, first_);
        while (!has(from) || ring_[from].now != in) {
            ++from;
        }
        return from;
    }
    /// A stored message is taken back: it is unfinished again. What lies between it and where the base was is not looked at
    /// again for each such message.
    void lower_base(seq to) noexcept {
        passed_ = (std::max)(passed_, base_);
        base_ = (std::min)(base_, to);
        lowered_ += std::uint32_t{to < passed_};
    }
    /// An unfinished seq is finished.
    void finish(seq at) noexcept {
        if (at < passed_ && --lowered_ == 0) {
            base_ = (std::max)(base_, passed_);
        }
    }
    /// Moves the bounds up over what they have to pass.
    void settle() noexcept {
        while (first_ < next_ && !ring_.has(first_)) {
            ++first_;
        }
        base_ = (std::max)(base_, first_);
        while (base_ < next_ && (!ring_.has(base_) || ring_[base_].now == transit::stored)) {
            ++base_;
        }
        unsent_ = (std::max)(unsent_, first_);
        while (unsent_ < next_ && (!ring_.has(unsent_) || ring_[unsent_].now != transit::fresh)) {
            ++unsent_;
        }
    }

    sixfold::epoch epoch_ = sixfold::epoch::none;
    seq_ring<place> ring_;
    seq first_ = 0;
    seq base_ = 0;
    seq unsent_ = 0;
    seq next_ = 0;
    seq sent_end_ = 0;
    seq passed_ = 0;                         // how far the base was when it was lowered
    seq lowest_due_ = no_seq;                // not above the lowest that is due
    seq lowest_turned_away_ = no_seq;        // likewise
    std::array<std::uint32_t, 8> counts_{};  // by transit
    std::uint32_t tombstones_ = 0;
    std::uint32_t lowered_ = 0;  // unfinished seqs below passed_
};

}  // namespace sixfold::inline v0

#endif
