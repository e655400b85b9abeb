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
/// It does not know messages, nor how a record is written. All O(1).
class outbound_ledger {
  public:
    /// Stands for a record that was not given to the journal yet, so that it never is durable.
    static constexpr std::uint64_t no_record = UINT64_MAX;

    /// The last record of a stream.
    struct stream_record {
        sixfold::epoch epoch = epoch::none;  ///< the epoch that it named
        seq next = 0;                        ///< no seq from here on was given
    };

    /// Nothing was written.
    explicit outbound_ledger(sixfold::journaling keeps) noexcept : keeps_(keeps) {}

    /// Whether anything waits for records; if not, everything counts as durable at once.
    [[nodiscard]] bool journals() const noexcept { return keeps_ != journaling::none; }
    /// The record for which something waits that has none yet.
    [[nodiscard]] std::uint64_t unwritten() const noexcept { return journals() ? no_record : 0; }
    /// How many records were given to the journal.
    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
    /// The first so many are durable, as far as they were given. A smaller number than before changes nothing.
    void durable(std::uint64_t records) noexcept {
        durable_ = (std::min)((std::max)(durable_, records), written_);
    }
    /// Is this record durable?
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
    /// Sets it to what the journal of an earlier life says.
    void resume(std::uint32_t stream, const stream_record& last) noexcept {
        streams_[stream].last = last;
    }
    /// The last record of the tickets says that none was given of this generation or a later one.
    [[nodiscard]] std::uint32_t generation_end() const noexcept { return generation_end_; }
    /// Sets it to what the journal of an earlier life says.
    void resume(std::uint32_t generation_end) noexcept { generation_end_ = generation_end; }

    /// The largest start number of streams that were forgotten, as its last record says. (spec 7.5)
    [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
    /// Sets it to what the journal of an earlier life says.
    void resume_left(std::uint64_t start) noexcept { left_ = start; }
    /// The stream was forgotten.
    void forget(std::uint32_t stream) noexcept { streams_[stream] = {}; }

    /// Records were given. Returns the number of the last one.
    std::uint64_t wrote(std::uint64_t records = 1) noexcept { return written_ += records; }
    /// The record of a stream was given.
    void wrote_stream(std::uint32_t stream, const stream_record& what) noexcept {
        streams_[stream].last = what;
        wrote();
    }
    /// The record of the tickets was given.
    void wrote_tickets(std::uint32_t generation_end) noexcept {
        generation_end_ = generation_end;
        wrote();
    }
    /// The record of the largest start number was given.
    void wrote_left(std::uint64_t start) noexcept {
        left_ = start;
        wrote();
    }
    /// The record of a message was given, which names the present epoch of its stream. Returns the number of the record.
    std::uint64_t wrote_message(std::uint32_t stream) noexcept {
        const std::uint64_t record = wrote();
        if (streams_[stream].record == no_record) {
            streams_[stream].record = record;  // the first that names the epoch
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
