// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_MAILBOX_MARKS_HPP
#define SIXFOLD_RECEIVING_MAILBOX_MARKS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/parts/id_queue.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// From which row on each stream is to be asked for again, and which stream is next. (spec 3.26)
///
///     none --a row was not taken--> set --room--> in line --asked--> none
///                                    ^  \            |
///              something has changed |   \-----------+-- it was asked for already, and brought nothing
///                                    fruitless <-----/
///
/// It keeps one mark for each stream: the lowest row that was not taken, and how often the stream was asked for in vain, as the
/// relay may be wrong, or lie. It does not know what can be taken. O(1).
class mailbox_marks {
  public:
    /// How far a mark is.
    enum class stage : std::uint8_t {
        none,       ///< there is no mark
        set,        ///< its row cannot be taken
        in_line,    ///< the stream is to be asked for
        fruitless,  ///< the stream was asked for, and nothing could be taken
    };

    /// After so many requests in a row that brought nothing new of a stream, it waits for the next round.
    static constexpr std::uint8_t vain_max = 4;

    /// How far the mark of a stream is.
    [[nodiscard]] stage of(std::uint32_t which) const noexcept {
        return which < marks_.size() ? marks_[which].now : stage::none;
    }
    /// The row of a mark. Precondition: there is one.
    [[nodiscard]] msgid row(std::uint32_t which) const noexcept { return marks_[which].row; }
    /// The streams that have a mark, in no particular order.
    [[nodiscard]] const std::vector<std::uint32_t>& all() const noexcept { return all_; }
    /// Is any stream in line?
    [[nodiscard]] bool any_in_line() const noexcept { return !line_.empty(); }

    /// A row could not be taken. `beyond` is a larger epoch, which is to be asked for once this one has come; or none.
    void set(std::uint32_t which, msgid row, epoch beyond = epoch::none) {
        if (which >= marks_.size()) {
            marks_.resize(std::size_t{which} + 1);
        }
        mark& one = marks_[which];
        if (one.now == stage::none) {
            one.place = static_cast<std::uint32_t>(all_.size());
            all_.push_back(which);
            one.now = one.vain < vain_max ? stage::set : stage::fruitless;
            one.row = row;
        } else if (is_lower(row, one.row)) {
            one.row = row;
        }
        if (one.beyond == epoch::none || (beyond != epoch::none && beyond < one.beyond)) {
            one.beyond = beyond;
        }
    }
    /// The row of a mark can be taken now.
    void put_in_line(std::uint32_t which) {
        if (of(which) == stage::set) {
            marks_[which].now = stage::in_line;
            line_.push(which);
        }
    }
    /// The stream that is to be asked for next, if any; its mark stays.
    [[nodiscard]] std::optional<std::uint32_t> next_in_line() noexcept {
        while (!line_.empty()) {
            const std::uint32_t which = line_.front();
            line_.pop();
            if (of(which) == stage::in_line) {
                return which;
            }
        }
        return std::nullopt;
    }
    /// The stream is asked for: its mark goes.
    void take(std::uint32_t which) noexcept {
        if (of(which) != stage::none) {
            mark& one = marks_[which];
            marks_[all_.back()].place = one.place;
            all_[one.place] = all_.back();
            all_.pop_back();
            one.now = stage::none;
        }
    }
    /// The stream was asked for and brought nothing; its mark may have been set again. Precondition: one was set before.
    void fruitless(std::uint32_t which) noexcept {
        mark& one = marks_[which];
        one.vain = (std::min)(vain_max, static_cast<std::uint8_t>(one.vain + 1));
        if (one.now != stage::none) {
            one.now = stage::fruitless;
        }
    }
    /// Something of the stream has changed: it may be asked for again.
    void refresh(std::uint32_t which) noexcept {
        if (which < marks_.size()) {
            marks_[which].vain = 0;
            retry(which);
        }
    }
    /// What was said of the stream was answered: it may be asked for again, unless that was in vain too often.
    void retry(std::uint32_t which) noexcept {
        if (of(which) == stage::fruitless && marks_[which].vain < vain_max) {
            marks_[which].now = stage::set;
        }
    }
    /// What was asked for has come, or cannot come: sets a mark in the epoch beyond, if there is one. Precondition: a mark was set
    /// before.
    void go_beyond(std::uint32_t which) {
        if (marks_[which].beyond != epoch::none) {
            const epoch larger = marks_[which].beyond;
            take(which);
            marks_[which].beyond = epoch::none;
            set(which, {larger, 0});
        }
    }
    /// The stream was dropped: its index belongs to another.
    void forget(std::uint32_t which) noexcept {
        take(which);
        if (which < marks_.size()) {
            marks_[which].beyond = epoch::none;
            marks_[which].vain = 0;
        }
    }

  private:
    friend struct receiver_access;

    struct mark {
        msgid row{};
        epoch beyond = epoch::none;
        std::uint32_t place = 0;  // in `all_`
        stage now = stage::none;
        std::uint8_t vain = 0;  // requests since `refresh` that brought nothing new
    };
    [[nodiscard]] static bool is_lower(msgid a, msgid b) noexcept {
        return a.epoch != b.epoch ? a.epoch < b.epoch : a.seq < b.seq;
    }

    std::vector<mark> marks_;         // by the index of the sender
    std::vector<std::uint32_t> all_;  // the streams that have a mark
    id_queue line_;                   // the streams in line, and some whose mark is gone
};

}  // namespace sixfold::inline v0

#endif
