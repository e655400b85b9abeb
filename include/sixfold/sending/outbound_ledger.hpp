// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_LEDGER_HPP
#define SIXFOLD_SENDING_OUTBOUND_LEDGER_HPP

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sixfold/journal/journal.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// What the journal of a sender knows: how many records it was given, how many of them are durable, and what the last one said of
/// each stream and of the tickets. (law 4, spec 7.5 to 7.8)
///
/// Does not know messages, nor how a record is written. All O(1).
class outbound_ledger {
  public:
    /// Stands for a record that the journal has not been given yet: it never is durable.
    static constexpr std::uint64_t no_record = UINT64_MAX;

    /// The last record of a stream.
    struct stream_record {
        sixfold::epoch epoch = epoch::none;  ///< that it named
        seq next = 0;                        ///< no seq from here on was given
    };

    /// Nothing was written.
    explicit outbound_ledger(sixfold::journaling keeps) noexcept : keeps_(keeps) {}

    /// Whether anything waits for records; if not, everything counts as durable at once.
    [[nodiscard]] bool journals() const noexcept { return keeps_ != journaling::none; }
    /// What something waits for of which no record was written yet.
    [[nodiscard]] std::uint64_t unwritten() const noexcept { return journals() ? no_record : 0; }
    /// How many records were given.
    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
    /// The first so many are durable, if they were given.
    void durable(std::uint64_t records) noexcept {
        durable_ = (std::min)((std::max)(durable_, records), written_);
    }
    /// Is it?
    [[nodiscard]] bool is_durable(std::uint64_t record) const noexcept {
        return record <= durable_;
    }

    /// There is another stream.
    void add_stream() { streams_.emplace_back(); }
    /// A stream begins an epoch: nothing of it may leave before the first record that names it is durable.
    void begin(std::uint32_t stream) noexcept { streams_[stream].record = unwritten(); }
    /// Is the epoch of this stream in the journal?
    [[nodiscard]] bool is_epoch_durable(std::uint32_t stream) const noexcept {
        return is_durable(streams_[stream].record);
    }
    /// The last record of a stream.
    [[nodiscard]] const stream_record& last(std::uint32_t stream) const noexcept {
        return streams_[stream].last;
    }
    /// As an earlier life has left it.
    void resume(std::uint32_t stream, const stream_record& last) noexcept {
        streams_[stream].last = last;
    }
    /// No ticket was given of this generation or a later one, says the last record of them.
    [[nodiscard]] std::uint32_t generation_end() const noexcept { return generation_end_; }
    /// As an earlier life has left it.
    void resume(std::uint32_t generation_end) noexcept { generation_end_ = generation_end; }

    /// The largest start number that was left, says the last record of it. (spec 7.5)
    [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
    /// As an earlier life has left it.
    void resume_left(std::uint64_t start) noexcept { left_ = start; }
    /// There is nothing of this stream any more.
    void forget(std::uint32_t stream) noexcept { streams_[stream] = {}; }

    /// Records were given; the number of the last.
    std::uint64_t wrote(std::uint64_t records = 1) noexcept { return written_ += records; }
    /// It was that of a stream.
    void wrote_stream(std::uint32_t stream, const stream_record& what) noexcept {
        streams_[stream].last = what;
        wrote();
    }
    /// It was that of the tickets.
    void wrote_tickets(std::uint32_t generation_end) noexcept {
        generation_end_ = generation_end;
        wrote();
    }
    /// It was that of the largest start number that was left.
    void wrote_left(std::uint64_t start) noexcept {
        left_ = start;
        wrote();
    }
    /// It was that of a message, and names the present epoch of its stream; its number.
    std::uint64_t wrote_message(std::uint32_t stream) noexcept {
        const std::uint64_t record = wrote();
        if (streams_[stream].record == no_record) {
            streams_[stream].record = record;  // it is the first to do so
        }
        return record;
    }

  private:
    friend struct test_access;

    struct known {
        std::uint64_t record = 0;  // what must be durable before anything of the epoch may leave
        stream_record last{};
    };

    std::vector<known> streams_;
    sixfold::journaling keeps_;
    std::uint64_t written_ = 0;
    std::uint64_t durable_ = 0;
    std::uint64_t left_ = 0;
    std::uint32_t generation_end_ = 0;
};

}  // namespace sixfold::inline v0

#endif
