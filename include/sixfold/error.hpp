// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_ERROR_HPP
#define SIXFOLD_ERROR_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "sixfold/parts/assert.hpp"

// Three things can be wrong, and they are three types: the app asked for something that cannot be (`error`), the other
// side sent something that must not be (`refusal`), or the code has a bug (SIXFOLD_ASSERT).

namespace sixfold::inline v0 {

/// Why a call of the app was refused. Nothing has changed, and nothing was lost.
enum class errc : std::uint8_t {
    option,             ///< an option that cannot work; `what` names it and says what would
    peer_name,          ///< a peer's name is empty or longer than 47 bytes
    payload_too_large,  ///< larger than the options, or what the peer has said, allow
    /// Entries or bytes of the wait-ack queue are used up: poll events and records, and try again.
    queue_full,
    /// This peer's share of them is used up: the same helps, or `forget`. Other peers are not affected.
    peer_full,
    peers_full,  ///< as many peers as the options allow
    /// 2^32 messages went through each place of the queue, and no ticket is given twice.
    tickets_used_up,
    unknown_link,     ///< no such link
    journal_version,  ///< a journal of another version
    journal_damaged,  ///< a journal that is cut, damaged or contradicts itself; it was left alone
    journal_foreign,  ///< the journal of another peer, or no journal at all
};

/// An `errc`, and a sentence in static storage that says what was wrong and what would be right.
struct error {
    errc code;              ///< for the program
    std::string_view what;  ///< for a log; a zero follows it
};

namespace detail {

/// Ends the program if the value is not there: what would go on from here is somebody's message. Otherwise true.
template <class Error>
constexpr bool require_value(bool is_there, const Error& why) {
    if (!is_there) {
        if constexpr (requires { why.what.data(); }) {
            SIXFOLD_FAIL(why.what.data());
        } else {
            SIXFOLD_FAIL("a value was taken that is not there");
        }
    }
    return true;
}

}  // namespace detail

/// A value or an error, with the member names of std::expected. An adapter with errors of its own, such as a database, names its type.
///
/// Not an alias of it: translation units compiled for C++20 and for C++23 must agree about the type.
template <class T, class Error = sixfold::error>
class [[nodiscard]] result {
  public:
    /// Implicit, so that a function can return the value.
    constexpr result(T value) : value_(std::move(value)) {}
    /// Implicit, so that a function can return the error.
    constexpr result(Error error) noexcept : error_(std::move(error)) {}
    /// Makes the value where it stays: what is large is never moved.
    template <class... Args>
    constexpr explicit result(std::in_place_t /*tag*/, Args&&... args)
        : value_(std::in_place, std::forward<Args>(args)...) {}

    /// Destroys the value; this is an error then.
    constexpr result& operator=(Error error) noexcept {
        value_.reset();
        error_ = std::move(error);
        return *this;
    }

    /// Whether there is a value.
    [[nodiscard]] constexpr bool has_value() const noexcept { return value_.has_value(); }
    /// The same.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value(); }

    /// The value. If there is none, the program ends with the error's sentence, in release builds, too: SIXFOLD_FAIL.
    [[nodiscard]] constexpr T& value() & {
        detail::require_value(has_value(), error_);
        return *value_;
    }
    /// The same.
    [[nodiscard]] constexpr const T& value() const& {
        detail::require_value(has_value(), error_);
        return *value_;
    }
    /// The same, to be moved from.
    [[nodiscard]] constexpr T&& value() && {
        detail::require_value(has_value(), error_);
        return *std::move(value_);
    }
    /// The value. Precondition: it is there. With assertions on, the program ends with the error's sentence if it is not.
    [[nodiscard]] constexpr T& operator*() & {
        SIXFOLD_ASSERT(detail::require_value(has_value(), error_));
        return *value_;
    }
    /// The same.
    [[nodiscard]] constexpr const T& operator*() const& {
        SIXFOLD_ASSERT(detail::require_value(has_value(), error_));
        return *value_;
    }
    /// The same, to be moved from.
    [[nodiscard]] constexpr T&& operator*() && {
        SIXFOLD_ASSERT(detail::require_value(has_value(), error_));
        return *std::move(value_);
    }
    /// A member of the value. Precondition: it is there.
    [[nodiscard]] constexpr T* operator->() { return &**this; }
    /// The same.
    [[nodiscard]] constexpr const T* operator->() const { return &**this; }

    /// The error. Precondition: there is no value.
    [[nodiscard]] constexpr const Error& error() const noexcept {
        SIXFOLD_ASSERT(!has_value());
        return error_;
    }

  private:
    std::optional<T> value_;
    Error error_{};
};

/// Success, or an error.
template <class Error>
class [[nodiscard]] result<void, Error> {
  public:
    /// Success.
    constexpr result() noexcept = default;
    /// Implicit, so that a function can return the error.
    constexpr result(Error error) noexcept : failed_(true), error_(std::move(error)) {}

    /// Whether it was a success.
    [[nodiscard]] constexpr bool has_value() const noexcept { return !failed_; }
    /// The same.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value(); }
    /// If it was not, the program ends with the error's sentence, in release builds, too: SIXFOLD_FAIL.
    constexpr void value() const { detail::require_value(has_value(), error_); }
    /// The error. Precondition: there is one.
    [[nodiscard]] constexpr const Error& error() const noexcept {
        SIXFOLD_ASSERT(!has_value());
        return error_;
    }

  private:
    bool failed_ = false;
    Error error_{};
};

/// Why bytes from the other side were refused. Refused bytes change nothing but a counter. (spec 2.11)
enum class refusal : std::uint8_t {
    none,               ///< not refused
    truncated,          ///< shorter than it says, or than its kind needs
    version,            ///< another version of the wire format
    kind,               ///< no kind of frame
    flags,              ///< a flag that its kind does not have, or flags that exclude each other
    checksum,           ///< damaged, unchecked on a checked link, or meant for another peer
    not_canonical,      ///< a meaning in other bytes than its one encoding
    trailing,           ///< bytes behind the end of the body
    peer_name,          ///< a peer's name of 0 or more than 47 bytes
    epoch,              ///< epoch zero
    seq_range,          ///< a seq of 2^62 or more, or a base above the seq
    ack_state,          ///< an ack state or echo that contradicts itself
    run,                ///< no entry, too many, or one that its frame cannot carry
    frame_too_large,    ///< longer than a `stream_reader` was told to take
    payload_too_large,  ///< larger than the relay's option allows; the relay also answers it
    /// The relay's app does not let this sender write to this receiver; the relay also answers it.
    verdict,
    direction,  ///< a kind that this side never takes: an answer to a relay, a request to a client
    unknown_link,  ///< from a link that the relay was not told of, or that a newer one has replaced
    unknown_stream,  ///< about a stream that this machine does not have
    never_sent,      ///< acknowledges what was never sent
    too_soon,        ///< asks for another epoch too soon after the last one
    peers_full,      ///< one sender too many for the receiver's option `peers_max`
    /// Its packet has caused as much as the relay's option allows, or asks for a second page.
    too_much,
    mailbox,  ///< the mailbox is full or has failed; nothing was answered
};

/// How many refusals there are, `none` included.
inline constexpr std::size_t refusal_kinds = static_cast<std::size_t>(refusal::mailbox) + 1;

/// Must the byte stream be closed on which this was refused?
///
/// Behind bytes that cannot be decoded nobody knows where the next frame begins: the rest of a packet is dropped, and a byte stream
/// must be closed. So must a stream that is not, or no longer, a link of the relay. Any other refused frame was understood,
/// and the frames behind it are taken. (law 8, spec 2.12, 2.13)
[[nodiscard]] constexpr bool ends_stream(refusal why) noexcept {
    switch (why) {
    case refusal::truncated:
    case refusal::version:
    case refusal::kind:
    case refusal::flags:
    case refusal::checksum:
    case refusal::not_canonical:
    case refusal::trailing:
    case refusal::peer_name:
    case refusal::epoch:
    case refusal::seq_range:
    case refusal::ack_state:
    case refusal::run:
    case refusal::frame_too_large:
    case refusal::unknown_link: break;
    case refusal::none:
    case refusal::payload_too_large:
    case refusal::verdict:
    case refusal::direction:
    case refusal::unknown_stream:
    case refusal::never_sent:
    case refusal::too_soon:
    case refusal::peers_full:
    case refusal::too_much:
    case refusal::mailbox: return false;
    }
    return true;
}

/// How often each refusal happened. The counts only grow, and the protocol does not depend on them.
class refusal_counts {
  public:
    /// Counts one; `none` is not counted.
    void add(refusal why) noexcept {
        counts_[static_cast<std::size_t>(why)] += std::uint64_t{why != refusal::none};
    }
    /// How often this one happened.
    [[nodiscard]] std::uint64_t operator[](refusal why) const noexcept {
        return counts_[static_cast<std::size_t>(why)];
    }
    /// All refusals together.
    [[nodiscard]] std::uint64_t total() const noexcept {
        std::uint64_t sum = 0;
        for (std::size_t i = 1; i < counts_.size(); ++i) {
            sum += counts_[i];
        }
        return sum;
    }

  private:
    std::array<std::uint64_t, refusal_kinds> counts_{};
};

}  // namespace sixfold::inline v0

#endif
