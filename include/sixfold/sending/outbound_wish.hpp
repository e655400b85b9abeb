// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_WISH_HPP
#define SIXFOLD_SENDING_OUTBOUND_WISH_HPP

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_path.hpp"
#include "sixfold/sending/outbound_stream.hpp"
#include "sixfold/sending/stream_turns.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// What one stream has to send, and how far it may. (spec 3.9)
///
/// It is made for one call, and keeps nothing after it. It does not know whose turn it is. All O(1).
class outbound_wish {
  public:
    /// For stream `which`, which must exist; `window` is the sender's own.
    outbound_wish(const outbound_messages& all,
                  std::uint32_t which,
                  const outbound_path& path,
                  std::uint32_t window) noexcept
        : all_(all), stream_(all[which]), path_(path), which_(which), window_(window) {}

    /// What the stream has to send, if anything.
    [[nodiscard]] std::optional<stream_turns::kind> what() const {
        using kind = stream_turns::kind;
        if (!all_.is_durable(which_)) {
            return std::nullopt;
        }
        if (stream_.count(transit::due) != 0) {
            return kind::again;
        }
        const bool repeats = path_.copies.is_due() && stream_.is_out(stream_.unsent() - 1);
        return opens() || path_.asks || repeats ? std::optional(kind::first) : std::nullopt;
    }
    /// The first seq that may not be sent for the first time. While a tombstone is under way, the receiver's memory for exceptions
    /// limits the window, so that it forgets none before the sender has heard of it. This does not limit messages that are sent
    /// again or taken back. (law 3, spec 3.9)
    [[nodiscard]] seq limit() const noexcept {
        const std::uint32_t width =
            stream_.tombstones() == 0 ? window_ : (std::min)(window_, path_.word.exceptions());
        return (std::min)(stream_.base() + width, path_.room_end());
    }
    /// Is the next message held back by those that have not ended, or by the receiver's room? (spec 3.9)
    [[nodiscard]] bool is_shut() const noexcept {
        return stream_.unsent() < stream_.next() && stream_.unsent() >= limit();
    }
    /// Does the receiver not know yet how far the sender is?
    [[nodiscard]] bool is_behind() const noexcept {
        return all_.is_durable(which_) && path_.word.is_behind(stream_.base());
    }
    /// Was a message sent that is not finished, has no tombstone in the mailbox, and is not due to be sent again?
    [[nodiscard]] bool is_under_way() const noexcept {
        return (stream_.count(transit::out) | stream_.count(transit::there) |
                stream_.count(transit::turned_away)) != 0;
    }

  private:
    /// May the next message be sent for the first time?
    [[nodiscard]] bool opens() const noexcept {
        return stream_.unsent() < (std::min)(stream_.next(), limit()) &&
               all_.is_durable_message(stream_.slot(stream_.unsent()));
    }

    const outbound_messages& all_;
    const outbound_stream& stream_;
    const outbound_path& path_;
    std::uint32_t which_;
    std::uint32_t window_;
};

}  // namespace sixfold::inline v0

#endif
