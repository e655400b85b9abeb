// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RELAYING_REACTIONS_HPP
#define SIXFOLD_RELAYING_REACTIONS_HPP

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <vector>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/run.hpp"

namespace sixfold::inline v0 {

/// A frame that a relay puts out.
struct outgoing {
    peer to;  ///< whose frame it is
    /// The newest link of that peer at this relay. `link_id::none`: it has none here; carry the
    /// frame to the relay that has the link, or drop it (law 7: it is a hint, its sender will ask
    /// again).
    link_id link = link_id::none;
    sixfold::bytes bytes;  ///< one whole frame; good until the reactions are changed
};

/// What a relay answers: frames to send, and requests to the mailbox.
///
/// The caller owns it and uses it again and again. Its buffers grow to the most that a round needs; after that nothing is
/// allocated. When none of 64 rounds has needed a quarter of them, they are freed, and the next round takes what it needs. A round
/// ends with `clear()`. Until then it collects what several calls put into it, frames for one peer in the order in which they
/// arose. It knows nothing of peers or links. It is not part of the relay's state, and one relay may fill many.
///
/// The packet that was handled must not lie in the buffers of these reactions.
class reactions {
    struct entry {
        peer to;
        link_id link;
        std::size_t offset;
        std::size_t size;
    };

  public:
    /// Reads the frames one after the other.
    class iterator {
      public:
        using value_type = outgoing;             ///< what it gives
        using difference_type = std::ptrdiff_t;  ///< as an iterator has it
        using reference = outgoing;              ///< a value, made at each look
        using pointer = void;                    ///< there is nothing to point at
        /// Each place can be read again, but by value.
        using iterator_category = std::input_iterator_tag;

        /// An iterator of no list.
        iterator() noexcept = default;

        /// The frame here. Good until the reactions are changed.
        [[nodiscard]] outgoing operator*() const noexcept {
            return {at_->to, at_->link, {buffer_ + at_->offset, at_->size}};
        }
        /// Goes to the next frame.
        iterator& operator++() noexcept {
            ++at_;
            return *this;
        }
        /// Goes to the next frame, and returns the former place.
        iterator operator++(int) noexcept {
            iterator before = *this;
            ++at_;
            return before;
        }
        /// The same place in the same list.
        friend bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.at_ == b.at_;
        }

      private:
        friend class reactions;
        iterator(const entry* at, const std::byte* buffer) noexcept : at_(at), buffer_(buffer) {}

        const entry* at_ = nullptr;
        const std::byte* buffer_ = nullptr;
    };

    /// The frames to send. Good until the reactions are changed.
    class frame_list {
      public:
        /// The first frame.
        [[nodiscard]] iterator begin() const noexcept { return begin_; }
        /// Behind the last frame.
        [[nodiscard]] iterator end() const noexcept { return end_; }
        /// Whether there is none.
        [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
        /// How many frames there are.
        [[nodiscard]] std::size_t size() const noexcept { return size_; }

      private:
        friend class reactions;
        frame_list(iterator begin, iterator end, std::size_t size) noexcept
            : begin_(begin), end_(end), size_(size) {}

        iterator begin_;
        iterator end_;
        std::size_t size_;
    };

    /// All frames since the last `clear()`, in the order in which they arose. O(1).
    [[nodiscard]] frame_list frames() const noexcept {
        const entry* first = entries_.data();
        const entry* last = first + entries_.size();
        return {{first, buffer_.data()}, {last, buffer_.data()}, entries_.size()};
    }

    /// The next request to the mailbox; each comes once, in the order of their frames.
    ///
    /// Its spans refer to the packet that was handled: execute it, or copy its `wire`, while that
    /// packet is still there.
    [[nodiscard]] std::optional<mailbox_request> next_request() {
        if (requests_taken_ == requests_.size()) {
            requests_.clear();
            requests_taken_ = 0;
            return std::nullopt;
        }
        return requests_[requests_taken_++];
    }

    /// Whether there is neither a frame to send nor a request that nobody has taken.
    [[nodiscard]] bool empty() const noexcept {
        return entries_.empty() && requests_taken_ == requests_.size();
    }

    /// Forgets everything, requests that nobody has taken included. A forgotten request does no harm: nothing was answered, so
    /// the client will ask again.
    void clear() noexcept {
        needed_max_ = (std::max)(needed_max_, memory(used_, entries_.size(), requests_added_));
        entries_.clear();
        requests_.clear();
        requests_taken_ = requests_added_ = 0;
        used_ = 0;
        if (++rounds_ == rounds_max) {
            shrink();
        }
    }

  private:
    friend class relay;

    static constexpr unsigned rounds_max = 64;          // after which the buffers are looked at
    static constexpr std::size_t kept_max = 64 * 1024;  // that much memory stays in any case

    [[nodiscard]] static constexpr std::size_t
    memory(std::size_t filled, std::size_t entries, std::size_t requests) noexcept {
        return filled + entries * sizeof(entry) + requests * sizeof(mailbox_request);
    }
    /// After a peak. What grows by doubling never has four times what is needed.
    void shrink() noexcept {
        const std::size_t held = memory(buffer_.size(), entries_.capacity(), requests_.capacity());
        if (held > kept_max && held / 4 > needed_max_) {
            entries_ = std::vector<entry>();
            buffer_ = std::vector<std::byte>();
            requests_ = std::vector<mailbox_request>();
        }
        rounds_ = 0;
        needed_max_ = 0;
    }

    /// Encodes a frame behind the others. `variable` is the size of its messages or ack state.
    template <class Frame>
    void add(const peer& to,
             link_id link,
             const framing& wire,
             const Frame& what,
             std::size_t variable) {
        const std::size_t room = frame_overhead_max + variable;
        if (buffer_.size() - used_ < room) {
            buffer_.resize((std::max)(used_ + room, 2 * buffer_.size()));
        }
        const std::size_t size =
            encode(what, wire, {buffer_.data() + used_, buffer_.size() - used_});
        SIXFOLD_ASSERT(size != 0);
        if (size == 0) {
            return;
        }
        entries_.push_back({to, link, used_, size});
        used_ += size;
    }
    void add(const mailbox_request& request) {
        requests_.push_back(request);
        ++requests_added_;
    }

    std::vector<entry> entries_;
    // never made smaller by a round, so that its bytes need not be cleared again
    std::vector<std::byte> buffer_;
    std::size_t used_ = 0;  // bytes of buffer_ that hold frames
    std::vector<mailbox_request> requests_;
    std::size_t requests_taken_ = 0;
    std::size_t requests_added_ = 0;  // in this round
    std::size_t needed_max_ = 0;      // bytes of memory, of the rounds since the last look
    unsigned rounds_ = 0;             // since then
    run_writer run_;                  // where those of a page are put together
};

}  // namespace sixfold::inline v0

#endif
