// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_EXCEPTION_LIST_HPP
#define SIXFOLD_WIRE_EXCEPTION_LIST_HPP

#include <cstddef>
#include <cstdint>

#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"

namespace sixfold::inline v0 {

/// What is known of one seq of a stream.
enum class fate : std::uint8_t {
    open,        ///< the receiver has not got it
    held,        ///< got, but not yet accepted by the app, or waiting for its turn: volatile
    accepted,    ///< the app has the message
    tombstoned,  ///< ended by a tombstone: the app never saw it
    rejected,    ///< the app said that it never will take it
    ended,       ///< over, and the receiver no longer vouches how: below the horizon
};

/// A seq that ended otherwise than by acceptance.
struct exception {
    sixfold::seq seq;  ///< which
    fate how;          ///< tombstoned or rejected
    /// The same seq, ended in the same way.
    friend bool operator==(const exception&, const exception&) = default;
};

/// The exceptions of an ack state, one after the other in the order of their seqs, decoded as they
/// are asked for.
///
///     for (exception e : state.exceptions()) { ... }
///
/// It refers to the bytes that the ack state was decoded from.
class exception_list {
  public:
    /// The end of every list.
    struct sentinel {};

    /// Reads the entries one after the other.
    class iterator {
      public:
        /// In front of `left` encoded entries.
        iterator(seq horizon, bytes entries, std::size_t left) noexcept
            : entries_(entries), next_(horizon), left_(left) {
            read();
        }
        /// The exception here.
        [[nodiscard]] sixfold::exception operator*() const noexcept { return now_; }
        /// To the next one.
        iterator& operator++() noexcept {
            --left_;
            read();
            return *this;
        }
        /// Whether nothing is left.
        friend bool operator==(const iterator& at, sentinel) noexcept { return at.left_ == 0; }

      private:
        void read() noexcept {
            if (left_ != 0) {
                const std::uint64_t entry = entries_.get_varint();
                now_ = {next_ + (entry >> 1), (entry & 1) != 0 ? fate::rejected : fate::tombstoned};
                next_ = now_.seq + 1;
            }
        }

        byte_reader entries_;
        seq next_;  // the lowest seq that the next entry can name
        sixfold::exception now_{};
        std::size_t left_;
    };

    /// No exceptions.
    exception_list() noexcept = default;
    /// `size` entries as an ack state carries them, checked by the caller.
    exception_list(seq horizon, bytes entries, std::size_t size) noexcept
        : horizon_(horizon), entries_(entries), size_(size) {}

    /// The lowest one.
    [[nodiscard]] iterator begin() const noexcept { return {horizon_, entries_, size_}; }
    /// Behind the highest one.
    [[nodiscard]] sentinel end() const noexcept { return {}; }
    /// How many there are, at most 64.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    seq horizon_ = 0;
    bytes entries_;
    std::size_t size_ = 0;
};

}  // namespace sixfold::inline v0

#endif
