// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MAILBOX_MAILBOX_LIMITS_HPP
#define SIXFOLD_MAILBOX_MAILBOX_LIMITS_HPP

#include <cstddef>
#include <string_view>

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// How much a mailbox keeps, and hands out at once. All mailboxes of this library have these limits.
///
/// Every limit is at least 1. What does not fit is not done, and its sender tries again. A run is put as a whole: a run that has more
/// rows or bytes than a limit allows is never put, and its sender makes shorter ones. One sender can fill only a small part of the
/// whole, whatever names it invents for receivers: a sender has at most 4,096 messages stored (`sender_options::unsettled_max`).
/// Pairs and receivers have no limits of bytes: their senders have. Where relays share a mailbox, a pair needs at least as many rows as
/// the sender's window: otherwise rows behind a gap take the place of those that would fill it. (spec 5.9)
struct mailbox_limits {
    std::size_t rows_per_pair_max = 1024;         ///< of one pair: no sender fills a mailbox
    std::size_t rows_per_sender_max = 8192;       ///< of one sender: none fills the store
    std::size_t rows_per_receiver_max = 16384;    ///< of one receiver: none fills the store
    std::size_t rows_max = std::size_t{1} << 20;  ///< in all
    std::size_t bytes_per_sender_max = std::size_t{1} << 23;  ///< payloads of one sender's rows
    std::size_t bytes_max = std::size_t{1}
                            << 28;        ///< payloads of all rows; a row takes 250 bytes more
    std::size_t page_rows = 256;          ///< rows of a page: the most that a client asks for
    std::size_t page_bytes = 256 * 1024;  ///< payloads of a page of several rows: likewise
    std::size_t states_max = 65536;       ///< last ack states; the oldest makes room (spec 5.7)

    /// A sentence that names the first limit that is wrong; empty if none is.
    [[nodiscard]] constexpr std::string_view problem() const noexcept {
        const struct {
            std::size_t value;
            std::string_view what;
        } all[] = {
            {rows_per_pair_max, "mailbox.rows_per_pair_max: must be at least 1"},
            {rows_per_sender_max, "mailbox.rows_per_sender_max: must be at least 1"},
            {rows_per_receiver_max, "mailbox.rows_per_receiver_max: must be at least 1"},
            {rows_max, "mailbox.rows_max: must be at least 1"},
            {bytes_per_sender_max, "mailbox.bytes_per_sender_max: must be at least 1"},
            {bytes_max, "mailbox.bytes_max: must be at least 1"},
            {page_rows, "mailbox.page_rows: must be at least 1"},
            {page_bytes, "mailbox.page_bytes: must be at least 1"},
            {states_max, "mailbox.states_max: must be at least 1"},
        };
        for (const auto& each : all) {
            if (each.value == 0) {
                return each.what;
            }
        }
        return {};
    }
};

namespace detail {

/// Whether so much more still fits, beside what is there, into `most`.
[[nodiscard]] constexpr bool
has_place(std::size_t more, std::size_t there, std::size_t most) noexcept {
    return there <= most && more <= most - there;
}

}  // namespace detail

}  // namespace sixfold::inline v0

#endif
