// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TYPES_HPP
#define SIXFOLD_TYPES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>  // memcmp
#include <span>
#include <string_view>
#include <type_traits>

#include "sixfold/version.hpp"

/// clang warns if a result is kept longer than its owner lives; other compilers do not know the attribute.
#if defined(__clang__)
#define SIXFOLD_BORROWED [[clang::lifetimebound]]
#else
#define SIXFOLD_BORROWED
#endif

namespace sixfold::inline v0 {

/// Bytes to be read. They are always owned by somebody else; each function says how long they are good.
using bytes = std::span<const std::byte>;

/// The bytes of a text, for payloads. They are good as long as the text is: `send("bob", as_bytes(make_text()))` is right, as that text
/// lives until `send` has copied it; `bytes kept = as_bytes(make_text())` is not.
[[nodiscard]] inline bytes as_bytes(std::string_view text SIXFOLD_BORROWED) noexcept {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// The same of a text that owns its characters, as std::string does.
template <class Text>
    requires(!std::is_trivially_copyable_v<Text> &&
             std::is_convertible_v<const Text&, std::string_view>)
[[nodiscard]] bytes as_bytes(const Text& text SIXFOLD_BORROWED) noexcept {
    return as_bytes(std::string_view(text));
}

/// The text in some bytes. Good as long as the bytes are.
[[nodiscard]] inline std::string_view as_text(bytes data SIXFOLD_BORROWED) noexcept {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// The name of one installation of an app: an opaque string of 1 to 47 bytes, compared byte by byte.
///
/// An account id in 8 bytes, a UUID (16 bytes, or 36 as text) or a user name all fit, and are held in place: no
/// allocation. A name that is empty or too long makes a peer that is not `valid()`, which every call refuses.
/// Several devices of one person are several peers. (spec 1.2)
class peer {
  public:
    /// Bytes of the longest name.
    static constexpr std::size_t size_max = 47;

    /// Nobody: not valid.
    constexpr peer() noexcept = default;

    /// From anything that is a text: a literal, a std::string, a std::string_view.
    template <class Name>
        requires(std::is_convertible_v<const Name&, std::string_view>)
    // NOLINTNEXTLINE(google-explicit-constructor): `alice.send("bob", ...)` should read like that.
    constexpr peer(const Name& text) noexcept {
        const std::string_view name = text;
        if (name.size() <= size_max) {
            size_ = static_cast<std::uint8_t>(name.size());
            std::copy_n(name.data(), name.size(), name_.data());
        }
    }
    /// From bytes of any value.
    explicit peer(sixfold::bytes name) noexcept : peer(as_text(name)) {}

    /// Whether it has a name.
    [[nodiscard]] constexpr bool valid() const noexcept { return size_ != 0; }
    /// The name, as text. Good as long as the peer is.
    [[nodiscard]] constexpr std::string_view name() const noexcept SIXFOLD_BORROWED {
        return {name_.data(), size_};
    }
    /// The name, as bytes. Good as long as the peer is.
    [[nodiscard]] sixfold::bytes bytes() const noexcept SIXFOLD_BORROWED {
        return as_bytes(name());
    }

    /// The same bytes.
    friend constexpr bool operator==(const peer& a, const peer& b) noexcept {
        if (std::is_constant_evaluated()) {
            return a.name() == b.name();
        }
        return std::memcmp(&a, &b, sizeof a) == 0;  // what is behind a name is zero
    }
    /// Byte by byte, as text.
    friend constexpr bool operator<(const peer& a, const peer& b) noexcept {
        return a.name() < b.name();
    }

  private:
    std::array<char, size_max> name_{};
    std::uint8_t size_ = 0;
};
static_assert(std::has_unique_object_representations_v<peer>);

/// One life of a stream. Zero is "none"; a later life has a larger epoch. (law 1, spec 3.1)
enum class epoch : std::uint64_t {
    none = 0,  ///< no epoch
};

/// The place of a message in its stream: 0, 1, 2, ... without holes. Below 2^62, so that no sum of a seq and a window
/// overflows; at a million messages a second that is 146,000 years.
using seq = std::uint64_t;
/// Every seq is smaller; a bound (a floor, a horizon, a low) may be equal.
inline constexpr seq seq_end = seq{1} << 62;

/// What names a message on the wire within its pair of peers. Minted once, by the sender. (spec 1.4)
struct msgid {
    sixfold::epoch epoch = epoch::none;  ///< the life of its stream
    sixfold::seq seq = 0;                ///< its place in that life

    /// The same message.
    friend constexpr bool operator==(const msgid&, const msgid&) noexcept = default;
};

/// What `send` returns: names a message of this sender from then until its last event, whatever becomes of its msgid. `ticket{}`
/// names none. A ticket of another client, or of an older life without its journal, is almost certainly (2^31 to 1) not found. (spec 7.8)
enum class ticket : std::uint64_t {};

/// The app's name for a connection, session or address: a number that no other link of this relay has at the time, and not
/// `none`. The app may use a number again, as with addresses and descriptors; then it must not pass on a late `link_down` of the
/// former link.
enum class link_id : std::uint64_t {
    none = 0,  ///< no link
};

/// Whether the frames of a link carry a CRC32C. Both ends of a link must agree; see spec 2.5.
enum class checksum : std::uint8_t {
    /// Default: for datagrams, serial lines, and anything that may flip a bit or reach the wrong address.
    on,
    off,  ///< for a link that protects its bytes and authenticates its ends, such as TLS
};

/// What a link is made of. Both ends must be told the same. (spec 1.3)
enum class transport : std::uint8_t {
    datagrams,    ///< default: each packet arrives or is lost by itself, in any order
    byte_stream,  ///< such as TCP: nothing is lost before the link breaks
};

}  // namespace sixfold::inline v0

#undef SIXFOLD_BORROWED

#endif
