// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_MAILBOX_ROUND_HPP
#define SIXFOLD_RECEIVING_MAILBOX_ROUND_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/options.hpp"
#include "sixfold/receiving/inbound_messages.hpp"
#include "sixfold/receiving/inbound_store.hpp"
#include "sixfold/receiving/mailbox_marks.hpp"
#include "sixfold/receiving/mailbox_need.hpp"
#include "sixfold/receiving/mailbox_page.hpp"
#include "sixfold/receiving/page_size.hpp"
#include "sixfold/receiving/room.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// Drains a mailbox by need (law 12, spec 3.26, 3.27): rounds through all keys, one request at a time.
///
///     down --link--> asking <--------------- page, or none came ---- waiting
///                     | |  \--------------- sync:R ------------------->^
///     round is over   | +-- no place for anybody --> stalled -- place -> asking
///                     v
///                   resting -- 30 s, then longer; or a mark --> asking
///
/// Keeps track of what is left of the round, of the page that is on its way, and of streams to come back to. Does not know how
/// long an answer takes. O(streams that hold something or have a mark) for each request; else O(1).
class mailbox_round {
  public:
    /// A rest gets no longer, if the first is not.
    static constexpr duration rest_max = std::chrono::hours(1);

    /// There is no link.
    explicit mailbox_round(const receiver_options& options)
        : size_((std::min)(options.window, options.held_entries)), interval_(options.sync_interval),
          quarter_(share((std::min)(options.window, options.held_entries), false)) {}

    // --- the link --------------------------------------------------------------------------------------------------

    /// The link came up: a round begins, where the last link has ended.
    void start(time_point now) {
        rest_ = duration::zero();
        begin(left_.empty() ? std::nullopt : left_.front().from, now);
    }
    /// The link is down.
    void stop() noexcept { enter(stage::down, never); }

    // --- what frames have come to ----------------------------------------------------------------------------------

    /// A drained msg:N came. `found`: what it has come to.
    void row(const msg_notify& notice, const intake& found, time_point now) {
        soon_ = soon_ || found.news;
        if (stage_ == stage::waiting && notice.serial == serial_) {
            page_news_ = page_news_ || found.news;
            turned_away_ = turned_away_ || found.turned_away;
            page_.came(notice.index, static_cast<std::uint32_t>(notice.entries.count()),
                       {notice.from, {notice.epoch, notice.first}});
            heard(now);
        }
    }
    /// sync:A.
    void answered(const sync_answer& answer, time_point now) {
        if (stage_ == stage::waiting && answer.serial == serial_ && !page_.answered()) {
            page_.answer(answer.rows, answer.next);
            heard(now);
        }
    }
    /// A row, or what may be one, could not be taken. `beyond`: the epoch of a row that comes after it, or none.
    void mark(std::uint32_t which, msgid row, epoch beyond) { marks_.set(which, row, beyond); }
    /// An epoch was entered, for which rows were passed by: another round follows, from the beginning.
    void look_again(time_point now) {
        again_ = true;
        if (stage_ == stage::resting) {
            begin({}, now);
        }
    }
    /// Something waits behind a hole that a row may fill: the next round comes after a first rest.
    void look_soon(time_point now) noexcept {
        soon_ = true;  // if a round is under way
        next_round_ = (std::min)(next_round_, later(now, interval_));
        due_ = stage_ == stage::resting ? next_round_ : due_;
    }

    /// Something of a stream is there that was not, has ended, or has a place now: asking again may bring something.
    void refresh(std::uint32_t which) noexcept { marks_.refresh(which); }
    /// Rows of a stream may be such as can be taken now. `quiet`: the relay knows all there is to say of it.
    void consider(std::uint32_t which, const inbound_store& store, bool quiet, time_point now) {
        if (quiet && marks_.of(which) != mailbox_marks::stage::none) {
            consider_beyond(which, store);
        }
        if (marks_.of(which) == mailbox_marks::stage::set &&
            can_take(store, which, marks_.row(which), quiet, quarter_)) {
            marks_.put_in_line(which);
        }
        wake(store, now);
    }
    /// There may be more places: the round goes on, if that was missing.
    void wake(const inbound_store& store, time_point now) {
        const bool rests = stage_ == stage::resting || stage_ == stage::stalled;
        if ((stage_ == stage::stalled && has_places(store)) || (rests && marks_.any_in_line())) {
            ask(now);
        }
    }
    /// There may be more places, of which the next one of those that wait is told; `none`.
    [[nodiscard]] std::uint32_t next_marked() noexcept {
        looked_ = marks_.all().empty() ? 0 : (looked_ + 1) % marks_.all().size();
        return marks_.all().empty() ? none : marks_.all()[looked_];
    }
    /// The stream whose mark is asked for.
    [[nodiscard]] std::uint32_t marked() const noexcept { return marked_; }
    /// A stream was dropped, and its index is another's.
    void forget(std::uint32_t which) noexcept {
        marks_.forget(which);
        marked_ = marked_ == which ? none : marked_;
    }

    // --- requests --------------------------------------------------------------------------------------------------

    /// When `poll` has something, or nothing came for too long; `never`.
    [[nodiscard]] time_point deadline() const noexcept { return due_; }
    /// The request to be made, if any. The same until it is `sent`. `chance`: of the jitter. Precondition: the deadline has come.
    [[nodiscard]] std::optional<sync_request>
    poll(const inbound_store& store, ack_serial serial, std::uint8_t chance, time_point now);
    /// The request has left: a row comes by `again`, most likely, and no frame of the page so long after the one before.
    void sent(ack_serial serial, time_point again, duration rest_of_page) noexcept {
        enter(stage::waiting, again);
        serial_ = serial;
        rest_of_page_ = rest_of_page;
        page_.clear();
        page_news_ = turned_away_ = false;
    }
    /// The exponent of the backoff: each third request in a row that brings nothing. Two do so by chance on a bad path. (spec 3.27)
    [[nodiscard]] std::uint32_t backoff() const noexcept { return fruitless_ / 3; }

  private:
    friend struct receiver_access;

    enum class stage : std::uint8_t { down, asking, waiting, stalled, resting };
    static constexpr std::uint32_t none = inbound_store::none;
    /// What is left of a round is kept in so many pieces, and two more while one is cut.
    static constexpr std::size_t ranges_max = 14;

    /// What is over may be deleted now, and what nobody fills is passed: so what comes after it can come.
    void consider_beyond(std::uint32_t which, const inbound_store& store) {
        const msgid row = marks_.row(which);
        if (is_behind_hole(store, which, row)) {
            marks_.go_beyond(which);
        } else if (!is_lacking(store, which, row)) {
            marks_.retry(which);
        }
    }
    void ask(time_point now) noexcept { enter(stage::asking, now); }
    void enter(stage now, time_point due) noexcept {
        stage_ = now;
        due_ = due;
    }
    void begin(std::optional<mailbox_key> from, time_point now);
    void rest(std::uint8_t chance, time_point now);
    /// One more frame of the page has come. One without a row does not say that any gets through.
    void heard(time_point now) {
        due_ = page_.any() ? later(now, rest_of_page_) : due_;
        return page_.is_whole() ? finish(now) : void();
    }
    void finish(time_point now);
    /// What waits behind a hole or came early makes place for what is next, and perhaps never goes by itself.
    [[nodiscard]] bool has_places(const inbound_store& store) const noexcept {
        return store.places_left() >= share(store.held().places(), false) ||
               store.held().size() == store.held().waiting();
    }
    [[nodiscard]] static stream_range
    range_of(const inbound_store& store, std::uint32_t which, epoch of) {
        return stream_range(which, store.senders()[which], of);
    }
    [[nodiscard]] stream_range next_special(const inbound_store& store) const;
    /// Is the row of a stream's mark in what is asked for?
    [[nodiscard]] bool is_marked(const key_range& asked, const stream_range& of) const {
        const mailbox_key row{of.from.from, marks_.row(of.which)};
        return !(row < *asked.from) && row < asked.until.value_or(of.until);
    }
    void take_mark(const inbound_store& store);
    [[nodiscard]] std::uint32_t cut(const inbound_store& store);
    [[nodiscard]] std::uint32_t cut_stream(const inbound_store& store, const stream_range& special);
    void split(const mailbox_key& at);

    std::vector<key_range> left_;  // of the round, in the order in which it is asked for
    mailbox_page page_;            // of the first of them, while waiting
    mailbox_marks marks_;
    std::size_t looked_ = 0;   // which of the marks was looked at last
    page_size size_;           // of the next request
    duration interval_;        // the first rest
    duration rest_{};          // the last rest
    time_point next_round_{};  // while it rests, or a mark is asked for in a rest
    time_point due_ = never;
    duration rest_of_page_{};  // how long after one frame of a page the next one is not late
    std::uint32_t quarter_;    // of the window
    std::uint32_t fruitless_ = 0;
    std::uint32_t marked_ = none;  // the stream whose mark the request is for
    ack_serial serial_ = 0;        // of the request, while waiting
    stage stage_ = stage::down;
    bool soon_ = false;       // the next rest is a first one, as something was new or is waited for
    bool page_news_ = false;  // this request has
    bool turned_away_ = false;  // something of this page could not be taken
    bool again_ = false;        // another round is to follow at once
};

// --- rounds ----------------------------------------------------------------------------------------------------------

/// From a key to the end, and then from the beginning to that key.
inline void mailbox_round::begin(std::optional<mailbox_key> from, time_point now) {
    left_.clear();
    left_.push_back({from, {}});
    if (from) {
        left_.push_back({{}, from});
    }
    marked_ = none;
    next_round_ = {};
    fruitless_ = 0;
    soon_ = again_ = false;
    ask(now);
}

inline void mailbox_round::rest(std::uint8_t chance, time_point now) {
    const duration cap = (std::max)(interval_, rest_max);
    const duration longer = rest_ > cap / 2 ? cap : 2 * rest_;
    rest_ = soon_ ? interval_ : (std::max)(interval_, longer);
    next_round_ = later(later(now, rest_), rest_ / 1024 * chance);
    enter(stage::resting, next_round_);
}

/// The page is as whole as it gets: what is left of it comes first in the round.
inline void mailbox_round::finish(time_point now) {
    const key_range asked = left_.front();
    left_.erase(left_.begin());
    const std::size_t before = left_.size();
    page_.put_left(asked, before < ranges_max ? ranges_max - before : 1, left_);
    fruitless_ = page_.any() ? 0 : fruitless_ + 1;
    size_.learn(page_.is_whole(), turned_away_);
    if (marked_ != none && page_.answered()) {
        if (!page_news_) {
            marks_.fruitless(marked_);
        }
        if (left_.size() == before) {
            if (marks_.of(marked_) == mailbox_marks::stage::none) {
                marks_.go_beyond(marked_);
            }
            marked_ = none;
        }
    }
    ask(now);
}

// --- marks -----------------------------------------------------------------------------------------------------------

/// What can go again comes before the round goes on.
inline void mailbox_round::take_mark(const inbound_store& store) {
    const auto which = left_.size() < ranges_max ? marks_.next_in_line() : std::nullopt;
    if (which) {
        const msgid row = marks_.row(*which);
        marks_.take(*which);
        const mailbox_key until = range_of(store, *which, row.epoch).until;
        left_.insert(left_.begin(), {mailbox_key{until.from, row}, until});
        marked_ = *which;
    }
}

// --- requests --------------------------------------------------------------------------------------------------------

inline std::optional<sync_request> mailbox_round::poll(const inbound_store& store,
                                                       ack_serial serial,
                                                       std::uint8_t chance,
                                                       time_point now) {
    if (stage_ == stage::waiting) {
        finish(now);
    } else if (stage_ == stage::resting) {
        begin({}, now);
    }
    if (const std::uint32_t rows = cut(store); rows != 0) {
        return sync_request{.serial = serial,
                            .rows = rows,
                            .room = size_.bytes(store.bytes_left()),
                            .from = left_.front().from,
                            .until = left_.front().until};
    }
    if (!left_.empty()) {
        enter(stage::stalled, never);
    } else if (again_) {
        begin({}, now);
        return poll(store, serial, chance, now);
    } else if (next_round_ > now) {
        enter(stage::resting, next_round_);  // it was a mark that was asked for
    } else {
        rest(chance, now);
    }
    return std::nullopt;
}

/// Makes the first range one that is asked for at once; how many rows of it, or 0.
inline std::uint32_t mailbox_round::cut(const inbound_store& store) {
    take_mark(store);
    while (!left_.empty()) {
        if (left_.front().empty()) {
            left_.erase(left_.begin());
            continue;
        }
        const key_range& first = left_.front();
        const stream_range special = next_special(store);
        const bool inside = special.which != none && first.from && !(*first.from < special.from);
        if (inside) {
            if (const std::uint32_t rows = cut_stream(store, special); rows != 0) {
                return rows;
            }
            continue;
        }
        if (special.which != none && (!first.until || special.from < *first.until)) {
            split(special.from);
        }
        return has_places(store) ? size_.rows(store.places_left()) : 0;
    }
    return 0;
}

/// The first range begins in a stream of which something is here or was turned away: up to its mark it is asked for its holes and the
/// row behind them, and then for what comes behind all that is here, as far as there is room. 0: the range is gone, or begins behind the stream.
inline std::uint32_t mailbox_round::cut_stream(const inbound_store& store,
                                               const stream_range& special) {
    const std::uint32_t which = special.which;
    const inbound_stream& stream = store[which];
    const bool ours = special.from.id.epoch == stream.epoch();
    if (marks_.of(which) == mailbox_marks::stage::fruitless && is_marked(left_.front(), special)) {
        marks_.take(which);  // once in a round
    }
    const seq from = left_.front().from->id.seq;
    const seq holes_end = ours ? store.holes_end(which) : 0;
    const seq at = ours ? first_to_ask(store, which, from) : from;
    const seq end = ours ? end_of_room(store, which, at) : seq_end;
    const bool marked = marks_.of(which) != mailbox_marks::stage::none &&
                        marks_.row(which).epoch == special.from.id.epoch;
    if (at >= end) {
        marks_.set(which, {stream.epoch(), at});
    }
    const bool shut = at >= end || (marked && at >= marks_.row(which).seq);
    // Where there was no row in the hole in front, only one behind says whether anybody fills it: one that may have no room before.
    if (shut && !(ours && at > stream.first_lacking() && page_.is_empty())) {
        left_.front().from = special.until;
        return 0;
    }
    mailbox_key until = special.until;
    until.id.seq = marked && !shut ? marks_.row(which).seq : until.id.seq;
    until.id.seq = at < holes_end ? (std::min)(until.id.seq, holes_end + 1) : until.id.seq;
    if (!left_.front().until || until < *left_.front().until) {
        split(until);
    }
    left_.front().from->id.seq = at;
    const seq room = shut ? 1 : (std::min)(end - at, seq{UINT32_MAX});
    return left_.front().empty() ? 0 : size_.rows(static_cast<std::uint32_t>(room));
}

/// The first stream that ends behind the beginning of the first range, of those that are asked alone.
inline stream_range mailbox_round::next_special(const inbound_store& store) const {
    const std::optional<mailbox_key>& from = left_.front().from;
    stream_range best;
    const auto consider = [&](const stream_range& one) {
        const bool ahead = !from || *from < one.until;
        if (ahead && (best.which == none || one.from < best.from)) {
            best = one;
        }
    };
    for (const std::uint32_t which : store.held().holders()) {
        if (store.held().lowest(which) != none) {
            consider(range_of(store, which, store[which].epoch()));
        }
    }
    for (const std::uint32_t which : marks_.all()) {
        consider(range_of(store, which, marks_.row(which).epoch));
    }
    if (marked_ != none && store[marked_].epoch() != epoch::none) {
        consider(range_of(store, marked_, store[marked_].epoch()));
    }
    return best;
}

/// Cuts the first range in two.
inline void mailbox_round::split(const mailbox_key& at) {
    key_range rest = left_.front();
    rest.from = at;
    left_.front().until = at;
    left_.insert(left_.begin() + 1, rest);
}

}  // namespace sixfold::inline v0

#endif
