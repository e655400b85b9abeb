// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RELAYING_PACKET_BOUNDS_HPP
#define SIXFOLD_RELAYING_PACKET_BOUNDS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0::detail {

/// What one packet may cause: a number of bytes of frames that the relay puts out for it, now or when the mailbox has answered, and
/// one page of the mailbox. (spec 5.5)
///
/// For each frame it knows the most that can come of it, not what does. The last frame that it admits may exceed the bound.
class packet_bounds {
  public:
    explicit packet_bounds(std::size_t bytes_max) noexcept : left_(bytes_max) {}

    /// False: the frames before it have caused enough.
    template <class Frame>
    [[nodiscard]] bool admits(const Frame& what, bytes) noexcept {
        const bool admitted = left_ != 0;
        left_ -= (std::min)(left_, caused_by(what));
        return admitted;
    }
    /// Only the last request of a page is done, after everything else. False: it takes the place of an earlier one.
    [[nodiscard]] bool admits(const sync_request& what, bytes wire) noexcept {
        const bool admitted = !page_;
        page_ = {what, wire};
        return admitted;
    }

    /// A request of a page, and the frame that it came in.
    struct asked_page {
        sync_request what;
        bytes wire;
    };
    /// The request of this packet, for as many bytes as are left: half for payloads, half for the rest of each row.
    [[nodiscard]] std::optional<asked_page> page() const noexcept {
        std::optional<asked_page> out = page_;
        if (out) {
            out->what.rows = at_most(out->what.rows, left_ / 2 / frame_overhead_max);
            out->what.room = at_most(out->what.room, left_ / 2);
        }
        return out;
    }

  private:
    /// msg:A, msg:N and `stored`; or, of a probe, two that say what was found.
    [[nodiscard]] static std::size_t caused_by(const msg_request& msg) noexcept {
        return 3 * frame_overhead_max +
               (msg.probes() ? ack_state_size_max() : msg.entries.encoded().size());
    }
    /// ack:A and ack:N.
    [[nodiscard]] static std::size_t caused_by(const ack_request& ack) noexcept {
        return 2 * frame_overhead_max + ack.state.size();
    }

    [[nodiscard]] static std::uint32_t at_most(std::uint32_t asked, std::size_t left) noexcept {
        return static_cast<std::uint32_t>((std::clamp<std::size_t>)(left, 1, asked));
    }

    std::size_t left_;
    std::optional<asked_page> page_;
};

}  // namespace sixfold::inline v0::detail

#endif
