// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RELAYING_DRAINED_PAGE_HPP
#define SIXFOLD_RELAYING_DRAINED_PAGE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

namespace sixfold::inline v0::detail {

/// A page of a mailbox as frames, one after the other: consecutive rows of one stream share a run, a payload that is too large
/// for one goes alone, and the last frame says where there is more. (spec 5.5)
///
///     while (const auto msg = page.next()) { ... *msg ... }
///     if (const auto end = page.end()) { ... *end ... }
///
/// A row that no frame can carry comes from a damaged store, and is left out. Everything else that a store says is believed.
class drained_page {
  public:
    /// All three must outlive it. Runs are put together in `scratch`.
    drained_page(const sync_request& asked, const mailbox_outcome& found, run_writer& scratch)
        : asked_(asked), found_(found), run_(scratch) {
        run_.reserve(run::size_max);  // once, and not for each run that is longer than all before
    }

    /// The next frame; none after the last row. Good until the next call.
    [[nodiscard]] std::optional<msg_notify> next() {
        while (at_ != found_.rows.size() && !is_sound(found_.rows[at_])) {
            ++at_;
            ++left_out_;
        }
        if (at_ == found_.rows.size()) {
            return std::nullopt;
        }
        msg_notify notify = head_of(found_.rows[at_]);
        run_.clear();
        do {
            run_.add(entry_of(found_.rows[at_]));
            ++at_;
        } while (goes_on());
        notify.serial = asked_.serial;
        notify.index = rows_;
        notify.entries = run_.get();
        rows_ += static_cast<std::uint32_t>(run_.count());
        return notify;
    }

    /// What follows the last row. None if it would be untrue: there is more, and a damaged store does not say where.
    [[nodiscard]] std::optional<sync_answer> end() const noexcept {
        sync_answer answer{.serial = asked_.serial, .rows = rows_, .next = next_key()};
        const bool is_lost = found_.next && !answer.next && !found_.rows.empty();
        return is_lost ? std::nullopt : std::optional(answer);
    }

    /// How many rows were left out so far, and one more if the key behind them is damaged.
    [[nodiscard]] std::size_t faults() const noexcept {
        return left_out_ + std::size_t{found_.next != next_key()};
    }

  private:
    /// The part of a frame that does not depend on other rows.
    [[nodiscard]] static msg_notify head_of(const mailbox_row& row) noexcept {
        msg_notify notify;
        notify.from = row.from;
        notify.epoch = row.id.epoch;
        notify.drained = true;
        notify.first = row.id.seq;
        notify.low = row.low;
        notify.smaller = row.smaller;
        return notify;
    }
    [[nodiscard]] static run_entry entry_of(const mailbox_row& row) noexcept {
        return {row.tombstone, row.tombstone ? bytes() : row.payload};
    }

    [[nodiscard]] static bool is_sound(const mailbox_row& row) noexcept {
        msg_notify notify = head_of(row);
        notify.entries = row.tombstone ? run::tombstone() : run::of(row.payload);
        return is_valid(notify);
    }

    /// Whether the next row belongs to the run of the last one. What is said of a stream is the same in all its rows, unless
    /// the store is damaged.
    [[nodiscard]] bool goes_on() const noexcept {
        if (at_ == found_.rows.size()) {
            return false;
        }
        const mailbox_row& last = found_.rows[at_ - 1];
        const mailbox_row& row = found_.rows[at_];
        return row.id == msgid{last.id.epoch, last.id.seq + 1} && row.from == last.from &&
               row.low == last.low && row.smaller == last.smaller && is_sound(row) &&
               run_.fits(entry_of(row));
    }

    /// Where there is more. A page without rows has nothing to go on from, so it is the end whatever the store says. If the key
    /// is damaged, or not behind all rows, it goes on behind the last row. None if that is not behind where the page began.
    [[nodiscard]] std::optional<mailbox_key> next_key() const noexcept {
        if (!found_.next || found_.rows.empty()) {
            return std::nullopt;
        }
        const mailbox_key begin = asked_.from.value_or(mailbox_key{});
        mailbox_key behind = begin;
        for (const mailbox_row& row : found_.rows) {
            const mailbox_key key{row.from, {row.id.epoch, row.id.seq + 1}};
            behind = row.id.seq < seq_end && is_key(key) && behind < key ? key : behind;
        }
        const mailbox_key& next = *found_.next;
        if (is_key(next) && begin < next && !(next < behind)) {
            return next;
        }
        return begin < behind ? std::optional(behind) : std::nullopt;
    }
    [[nodiscard]] static bool is_key(const mailbox_key& key) noexcept {
        return is_valid(sync_answer{.next = key});
    }

    const sync_request& asked_;
    const mailbox_outcome& found_;
    run_writer& run_;
    std::size_t at_ = 0;
    std::size_t left_out_ = 0;
    std::uint32_t rows_ = 0;  // in frames
};

}  // namespace sixfold::inline v0::detail

#endif
