// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_LOGIN_HPP
#define SIXFOLD_EXT_ASIO_LOGIN_HPP

#include <optional>
#include <string>
#include <string_view>

#include "sixfold/types.hpp"

// The two lines of text in front of the packets, which are ours and no part of the protocol: a client says `login TOKEN`, and the
// relay `welcome NAME`, or `welcome NAME instead of another connection`, or `refused WHY`.

namespace sixfold::inline v0 {

/// A name as it stands in such a line: what is no visible ASCII is `\x` and two digits.
[[nodiscard]] inline std::string spoken(const peer& name) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char each : name.name()) {
        const auto code = static_cast<unsigned char>(each);
        if (code > ' ' && code < 0x7F && each != '\\') {
            out += each;
        } else {
            out += "\\x";
            out += digits[code >> 4U];
            out += digits[code & 15U];
        }
    }
    return out;
}

/// What a client says. `token` has no line feed.
[[nodiscard]] inline std::string login_line(std::string_view token) {
    return "login " + std::string(token);
}
/// The token in such a line; none: it is no login.
[[nodiscard]] inline std::optional<std::string_view> login_token(std::string_view line) {
    constexpr std::string_view word = "login ";
    if (!line.starts_with(word)) {
        return std::nullopt;
    }
    line.remove_prefix(word.size());
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) {
        line.remove_suffix(1);
    }
    return line;
}

/// What a relay says to whom it takes; `instead`: it has closed another connection of this name.
[[nodiscard]] inline std::string welcome_line(const peer& name, bool instead) {
    return "welcome " + spoken(name) + (instead ? " instead of another connection" : "");
}
/// And to whom it does not take.
[[nodiscard]] inline std::string refused_line(std::string_view why) {
    return "refused " + std::string(why);
}

/// What a client reads from the answer.
struct login_answer {
    bool welcome = false;   ///< there are packets from now on
    bool instead = false;   ///< another connection of this name was closed
    std::string problem{};  ///< why it is not welcome, for a person
};

/// Takes the answer to a login of `self` apart.
[[nodiscard]] inline login_answer read_answer(std::string_view line, const peer& self) {
    if (line == welcome_line(self, false) || line == welcome_line(self, true)) {
        return {true, line == welcome_line(self, true), {}};
    }
    if (line.starts_with("refused ")) {
        return {false, false, "the relay refuses the login: " + std::string(line.substr(8))};
    }
    if (line.starts_with("welcome ")) {
        const std::string_view other = line.substr(8, line.find(' ', 8) - 8);
        return {false, false,
                "the login is that of " + std::string(other) + ", and this is " + spoken(self)};
    }
    return {false, false, "what answers says nothing that a relay would say"};
}

}  // namespace sixfold::inline v0

#endif
