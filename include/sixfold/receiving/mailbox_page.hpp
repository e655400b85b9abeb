// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_MAILBOX_PAGE_HPP
#define SIXFOLD_RECEIVING_MAILBOX_PAGE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// A part of a mailbox: the keys from `from` on, without `until`.
struct key_range {
    std::optional<mailbox_key> from{};   ///< none: from the beginning
    std::optional<mailbox_key> until{};  ///< none: to the end

    /// Is there nothing in it?
    [[nodiscard]] bool empty() const noexcept { return from && until && !(*from < *until); }
};

/// All keys of one stream.
struct stream_range {
    std::uint32_t which = UINT32_MAX;  ///< the index of its sender; UINT32_MAX: no stream
    mailbox_key from{};                ///< its first key
    mailbox_key until{};               ///< the key behind its last

    /// No stream.
    stream_range() = default;
    /// The stream of a sender and epoch.
    stream_range(std::uint32_t index, const peer& sender, epoch of)
        : which(index), from{sender, {of, 0}}, until{sender, {of, seq_end}} {}
};

/// Which rows of one page of a mailbox have come, and which are still to be asked for. (spec 3.27)
///
///     index      0 1 2 . . 5 6 7 . 9 |           rows 12, next: a key
///     came       [-----]   [---]   [] . .
///     left             |---|   |---|  |-----> until       each from behind what came, to what came next
///
/// It keeps the pieces that came, by index, and the keys at their ends. It does not know what the rows say, nor the time. If there
/// are too many pieces, rows that came are forgotten, and come again.
class mailbox_page {
  public:
    /// Begins anew, for another request: nothing has come.
    void clear() noexcept {
        pieces_.clear();
        answered_ = false;
        rows_ = 0;
        next_.reset();
    }

    /// `count` rows of one stream came; the first of them has this index in the page.
    void came(std::uint32_t index, std::uint32_t count, const mailbox_key& first) {
        mailbox_key end = first;
        end.id.seq += count;
        const auto behind = std::find_if(pieces_.begin(), pieces_.end(),
                                         [&](const piece& each) { return each.from > index; });
        if (behind != pieces_.begin() && (behind - 1)->to >= index) {
            piece& before = *(behind - 1);
            if (before.to == index) {  // else it came before
                before.to = index + count;
                before.end = end;
                join(behind);
            }
        } else if (pieces_.size() < pieces_max) {
            join(pieces_.insert(behind, {index, index + count, first, end}) + 1);
        }
    }

    /// The relay answers how many rows the page has, and from which key on there are more; nothing: there are none.
    void answer(std::uint32_t rows, const std::optional<mailbox_key>& next) noexcept {
        answered_ = true;
        rows_ = rows;
        next_ = next;
    }

    /// Has the relay answered?
    [[nodiscard]] bool answered() const noexcept { return answered_; }
    /// Has a row come, or is it known that there is none?
    [[nodiscard]] bool any() const noexcept { return !pieces_.empty() || is_empty(); }
    /// Is it known that there is no row?
    [[nodiscard]] bool is_empty() const noexcept { return answered_ && rows_ == 0; }
    /// Have all rows come?
    [[nodiscard]] bool is_whole() const noexcept { return answered_ && came_from_0() >= rows_; }

    /// Puts the ranges of `asked` that have not come, and what is behind the page, in front of `all`: at most `most` ranges, 1 or
    /// more.
    void put_left(const key_range& asked, std::size_t most, std::vector<key_range>& all) const {
        std::optional<mailbox_key> from = asked.from;
        std::uint32_t known = 0;
        auto place = all.begin();
        for (const piece& each : pieces_) {
            if (each.from > known) {
                if (most == 1) {
                    break;
                }
                place = put({from, each.first}, place, all);
                --most;
            }
            from = each.end;
            known = each.to;
        }
        const bool rest = !answered_ || known < rows_;
        if (rest || next_) {
            put({rest ? from : next_, asked.until}, place, all);
        }
    }

  private:
    friend struct receiver_access;

    struct piece {
        std::uint32_t from;
        std::uint32_t to;
        mailbox_key first;
        mailbox_key end;  // directly behind the last row
    };
    static constexpr std::size_t pieces_max = 8;

    [[nodiscard]] std::uint32_t came_from_0() const noexcept {
        return pieces_.empty() || pieces_.front().from != 0 ? 0 : pieces_.front().to;
    }
    /// Joins a piece with the one in front of it, if nothing lies between.
    void join(std::vector<piece>::iterator at) {
        if (at != pieces_.end() && (at - 1)->to >= at->from) {
            (at - 1)->to = (std::max)((at - 1)->to, at->to);
            (at - 1)->end = at->end;
            pieces_.erase(at);
        }
    }
    static std::vector<key_range>::iterator
    put(const key_range& one, std::vector<key_range>::iterator place, std::vector<key_range>& all) {
        return one.empty() ? place : all.insert(place, one) + 1;
    }

    std::vector<piece> pieces_;  // in order, with holes between them
    std::optional<mailbox_key> next_;
    std::uint32_t rows_ = 0;
    bool answered_ = false;
};

}  // namespace sixfold::inline v0

#endif
