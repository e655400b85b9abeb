// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_TOKEN_HPP
#define SIXFOLD_EXAMPLES_RELAY_TOKEN_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sixfold/types.hpp>

namespace relay_program {

/// What signs tokens, under a name of its own, so that keys can be changed while tokens of the former ones are still about.
struct signing_key {
    std::string id;      ///< letters, digits, - and _
    std::string secret;  ///< bytes, at least 32
};

/// Keys of a file: lines of an id, a space and the secret in hexadecimal digits; empty ones and what is behind a # do not count.
/// The first one signs, all are believed. To change keys put a new line first, and take the old one away when its tokens are over.
class key_ring {
  public:
    /// Throws `usage_error`, which names the file and the line.
    [[nodiscard]] static key_ring read(const std::string& path);

    [[nodiscard]] const signing_key& first() const { return keys_.front(); }
    /// None: nullptr.
    [[nodiscard]] const signing_key* find(std::string_view id) const;
    [[nodiscard]] std::size_t size() const { return keys_.size(); }

  private:
    std::vector<signing_key> keys_;
};

/// A line for a file of keys, with 32 random bytes.
[[nodiscard]] std::string make_key_line(const std::string& id);

/// Says that whoever shows it is `name`, until so many seconds after 1970: `NAME.EXPIRY.KEY.MAC`. The name is in base64url, the MAC is
/// HMAC-SHA-256 over all that is in front of its point, in base64url.
[[nodiscard]] std::string
make_token(const signing_key& key, std::string_view name, std::int64_t expiry);

/// Whose token it is, or why it is none.
struct token_verdict {
    sixfold::peer name{};  ///< valid, if it is good
    std::string problem{};
};

/// At so many seconds after 1970. The comparison takes as long for a wrong MAC as for a right one.
[[nodiscard]] token_verdict
check_token(const key_ring& keys, std::string_view token, std::int64_t now);

}  // namespace relay_program

#endif
