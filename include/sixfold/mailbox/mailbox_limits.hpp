// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MAILBOX_MAILBOX_LIMITS_HPP
#define SIXFOLD_MAILBOX_MAILBOX_LIMITS_HPP

#include <cstddef>
#include <string_view>

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// How much a mailbox keeps, and hands out at once: the same for all that ship.
///
/// Every limit is at least 1. What does not fit is not done, and its sender tries again. A run is put as a whole: one that has more
/// rows or bytes than a limit allows is never put, and its sender makes shorter ones. What one sender may fill is small beside the
/// whole, whatever names he invents for receivers: a person has at most 4,096 messages stored (`sender_options::unsettled_max`).
/// Pairs and receivers have no limits of bytes: their senders have. Where relays share a mailbox a pair needs at least the sender's window of rows: else what is behind a gap takes the place of what
/// would fill it. (spec 5.9)
struct mailbox_limits {
    std::size_t rows_per_pair_max = 1024;         ///< of one sender: none fills a mailbox
    std::size_t rows_per_sender_max = 8192;       ///< for all receivers: none fills the store
    std::size_t rows_per_receiver_max = 16384;    ///< for one receiver: none fills the store
    std::size_t rows_max = std::size_t{1} << 20;  ///< in all
    std::size_t bytes_per_sender_max = std::size_t{1} << 23;  ///< payloads of his rows: likewise
    std::size_t bytes_max = std::size_t{1} << 28;  ///< payloads of all rows; a row takes 250 more
    std::size_t page_rows = 256;          ///< rows of a page: the most that a client asks for
    std::size_t page_bytes = 256 * 1024;  ///< payloads of a page of several rows: likewise
    std::size_t states_max = 65536;       ///< last ack states; the oldest makes room (spec 5.7)

    /// What is wrong with them, in a sentence that names the limit; empty: nothing.
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

/// Whether so much more, beside what is there, is at most `most`.
[[nodiscard]] constexpr bool
has_place(std::size_t more, std::size_t there, std::size_t most) noexcept {
    return there <= most && more <= most - there;
}

}  // namespace detail

}  // namespace sixfold::inline v0

#endif
