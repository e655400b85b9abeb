// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_JOURNAL_HPP
#define SIXFOLD_RECEIVING_INBOUND_JOURNAL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sixfold/journal/journal.hpp"
#include "sixfold/parts/id_queue.hpp"

namespace sixfold::inline v0 {

/// Which streams the journal needs a record of, and which of its records are durable. (spec 7.4)
///
/// It keeps track of the last record of each stream. It does not know what is in a record. O(1).
class inbound_journal {
  public:
    /// Without journaling everything is durable at once.
    explicit inbound_journal(journaling keeps) noexcept : keeps_(keeps) {}

    /// The stream has changed: the journal needs a record of it, as it is when that is written. No acknowledgement may speak of the
    /// stream before that record is durable.
    void note(std::uint32_t which) {
        if (!keeps()) {
            return;
        }
        if (which >= records_.size()) {
            records_.resize((std::max)(std::size_t{which} + 1, 2 * records_.size()));
        }
        if (records_[which] != unwritten) {
            records_[which] = unwritten;
            waiting_.push(which);
        }
    }
    /// Is there a journal?
    [[nodiscard]] bool keeps() const noexcept { return keeps_ != journaling::none; }

    /// Is there a record to be written?
    [[nodiscard]] bool has_unwritten() const noexcept { return !waiting_.empty(); }
    /// The stream whose record is next. Precondition: there is one.
    [[nodiscard]] std::uint32_t next() const noexcept { return waiting_.front(); }
    /// The record of that stream was written.
    void wrote_next() noexcept {
        records_[waiting_.front()] = ++written_;
        waiting_.pop();
    }
    /// Another record was written, on which nothing depends.
    void wrote() noexcept { ++written_; }
    /// How many records were written.
    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

    /// The first `records` are durable. A smaller number than before changes nothing.
    void durable(std::uint64_t records) noexcept {
        durable_ = (std::max)(durable_, (std::min)(records, written_));
    }
    /// Is everything durable that an acknowledgement of this stream would say?
    [[nodiscard]] bool is_durable(std::uint32_t which) const noexcept {
        return which >= records_.size() || records_[which] <= durable_;
    }

  private:
    friend struct receiver_access;

    /// Stands for a record that is not written yet, so that it never is durable.
    static constexpr std::uint64_t unwritten = UINT64_MAX;

    journaling keeps_;
    id_queue waiting_;                    // the streams that need a record, in order
    std::vector<std::uint64_t> records_;  // the last of each stream; 0: none in this life
    std::uint64_t written_ = 0;
    std::uint64_t durable_ = 0;
};

}  // namespace sixfold::inline v0

#endif
