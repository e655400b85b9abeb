// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_WIRE_RUN_HPP
#define SIXFOLD_WIRE_RUN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/bytes.hpp"

// Consecutive messages of one stream, as one frame carries them. (spec 1.5, 2.8)
//
//     payload     | size + 1 | so many bytes |        "hi", a tombstone, "you"   03 68 69 00 04 79 6F 75
//     tombstone   | 00 |
//
// One payload alone is carried as it is, without its size: so each meaning has one encoding, and a single message costs nothing
// more.

namespace sixfold::inline v0 {

/// What travels under one seq.
struct run_entry {
    bool tombstone = false;  ///< the seq ends without its message
    bytes payload{};         ///< empty in a tombstone
};

/// What a frame carries: nothing, one message, or 2 to 64 consecutive messages of a stream, tombstones among them.
///
///     for (run_entry each : msg.entries) { ... }        // of msg.first, msg.first + 1, ...
///
/// It refers to bytes that it does not own and that were checked: every entry is whole.
class run {
  public:
    /// The most messages of a run.
    static constexpr std::size_t count_max = 64;
    /// The most bytes of a run that is not a payload alone, sizes included. (spec 2.8)
    static constexpr std::size_t size_max = 1024;

    /// The end of every run.
    struct sentinel {};

    /// Reads the entries one after the other.
    class iterator {
      public:
        /// At the first of `left` entries.
        iterator(bytes entries, std::size_t left) noexcept : entries_(entries), left_(left) {
            read();
        }
        /// At one payload without its size.
        explicit iterator(bytes payload) noexcept
            : entries_(bytes()), left_(1), now_{false, payload} {}
        /// The entry here. Good as long as the bytes of the run are.
        [[nodiscard]] const run_entry& operator*() const noexcept { return now_; }
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
                const auto head = detail::to_size(entries_.get_varint(28));
                now_ = {head == 0, head == 0 ? bytes() : entries_.get_bytes(head - 1)};
            }
        }

        byte_reader entries_;
        std::size_t left_;
        run_entry now_{};
    };

    /// Nothing, as a probe carries.
    constexpr run() noexcept = default;
    /// One payload alone, of any size. Refers to it.
    [[nodiscard]] static run of(bytes payload) noexcept {
        run out;
        out.encoded_ = payload;
        out.count_ = 1;
        out.payload_alone_ = true;
        out.largest_ = payload.size();
        return out;
    }
    /// One tombstone.
    [[nodiscard]] static run tombstone() noexcept {
        static constexpr std::byte entry{0};
        run out;
        out.encoded_ = bytes(&entry, 1);
        out.count_ = out.tombstones_ = 1;
        return out;
    }
    /// Reads a run that is not a payload alone. On refusal `out` is as it was. O(entries).
    [[nodiscard]] static refusal decode(bytes encoded, run& out) noexcept {
        if (encoded.empty() || encoded.size() > size_max) {
            return refusal::run;
        }
        run read;
        read.encoded_ = encoded;
        byte_reader in(encoded);
        while (in.left() != 0) {
            const auto head = detail::to_size(in.get_varint(28));
            in.demand(read.count_ != count_max, refusal::run);
            (void)in.get_bytes(head == 0 ? 0 : head - 1);
            ++read.count_;
            read.tombstones_ = static_cast<std::uint8_t>(read.tombstones_ + int{head == 0});
            read.largest_ = head > read.largest_ + 1 ? head - 1 : read.largest_;
        }
        in.demand(read.count_ != 1 || read.tombstones_ == 1, refusal::run);
        if (in.ok()) {
            out = read;
        }
        return in.refused();
    }

    /// How many messages it has.
    [[nodiscard]] constexpr std::size_t count() const noexcept { return count_; }
    /// Whether it has none.
    [[nodiscard]] constexpr bool empty() const noexcept { return count_ == 0; }
    /// Whether it is one payload, which is carried without its size.
    [[nodiscard]] constexpr bool is_payload() const noexcept { return payload_alone_; }
    /// How many of its messages are tombstones.
    [[nodiscard]] constexpr std::size_t tombstones() const noexcept { return tombstones_; }
    /// Bytes of its largest payload.
    [[nodiscard]] constexpr std::size_t largest() const noexcept { return largest_; }
    /// As a frame carries it.
    [[nodiscard]] constexpr bytes encoded() const noexcept { return encoded_; }

    /// The first entry.
    [[nodiscard]] iterator begin() const noexcept {
        return payload_alone_ ? iterator(encoded_) : iterator(encoded_, count_);
    }
    /// Behind the last one.
    [[nodiscard]] sentinel end() const noexcept { return {}; }

    /// The same in other memory, to which its bytes have been copied.
    [[nodiscard]] run moved_to(bytes copy) const noexcept {
        SIXFOLD_ASSERT(copy.size() == encoded_.size());
        run out = *this;
        out.encoded_ = copy;
        return out;
    }

  private:
    bytes encoded_{};
    std::size_t largest_ = 0;
    std::uint8_t count_ = 0;
    std::uint8_t tombstones_ = 0;
    bool payload_alone_ = false;
};

/// Puts messages together until no more fit into one run.
///
/// The first message is only referred to, so that a single one is not copied. The writer owns the bytes of several: what `get`
/// returns is good until it is changed. Its memory grows to the longest run, and stays.
class run_writer {
  public:
    /// Takes the memory for runs of so many bytes now, so that none is taken later.
    void reserve(std::size_t size) { buffer_.reserve((std::min)(size, run::size_max)); }

    /// Empty again.
    void clear() noexcept {
        count_ = 0;
        buffer_.clear();
    }

    /// Whether another message of so many bytes fits into a run of at most `room` bytes in all. The first one always does.
    [[nodiscard]] bool fits(const run_entry& next,
                            std::size_t room = run::size_max) const noexcept {
        return count_ == 0 || (count_ < run::count_max &&
                               size() + size_of(next) <= (std::min)(room, run::size_max));
    }

    /// Adds a message, which fits. The first payload must stay where it is until the next one is added.
    void add(const run_entry& next) {
        SIXFOLD_ASSERT(fits(next));
        if (count_ == 0) {
            first_ = next;
        } else {
            if (count_ == 1) {
                append(first_);  // it is no longer alone
            }
            append(next);
        }
        ++count_;
    }

    /// How many messages were added.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    /// Bytes that a message takes in a run of several.
    [[nodiscard]] static std::size_t size_of(const run_entry& e) noexcept {
        return e.tombstone ? 1 : varint_size(e.payload.size() + 1) + e.payload.size();
    }
    /// Bytes of what was added, counted as a run of several.
    [[nodiscard]] std::size_t size() const noexcept {
        return count_ == 0 ? 0 : count_ == 1 ? size_of(first_) : buffer_.size();
    }

    /// All of them.
    [[nodiscard]] run get() const noexcept {
        if (count_ < 2) {
            return count_ == 0        ? run()
                   : first_.tombstone ? run::tombstone()
                                      : run::of(first_.payload);
        }
        run out;
        const refusal why = run::decode(buffer_, out);
        SIXFOLD_ASSERT(why == refusal::none);
        (void)why;
        return out;
    }

  private:
    void append(const run_entry& e) {
        const std::size_t before = buffer_.size();
        buffer_.resize(before + size_of(e));
        byte_writer to(std::span<std::byte>(buffer_).subspan(before));
        to.put_varint(e.tombstone ? 0 : e.payload.size() + 1);
        to.put_bytes(e.payload);
        SIXFOLD_ASSERT(to.ok());
    }

    std::vector<std::byte> buffer_;  // of two messages or more
    run_entry first_{};
    std::uint8_t count_ = 0;
};

}  // namespace sixfold::inline v0

#endif
