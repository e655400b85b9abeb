// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_PRINTABLE_HPP
#define SIXFOLD_EXAMPLES_PRINTABLE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace example {

namespace detail {

/// A character of UTF-8 at the beginning of a text; size 0: there is none.
struct character {
    std::uint32_t code = 0;
    std::size_t size = 0;
};

[[nodiscard]] inline character first_character(std::string_view text) {
    const auto byte = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
    };
    const std::uint32_t lead = byte(0);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                                           : 4;
    if (size == 0 || lead > 0xF4 || size > text.size()) {
        return {};
    }
    std::uint32_t code = size == 1 ? lead : lead & (0x7FU >> size);
    for (std::size_t at = 1; at < size; ++at) {
        if ((byte(at) & 0xC0U) != 0x80) {
            return {};
        }
        code = code << 6 | (byte(at) & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < smallest[size] || code > 0x10FFFF || surrogate ? character{}
                                                                 : character{code, size};
}

/// What commands a terminal instead of being shown, or turns the text around it.
[[nodiscard]] inline bool is_control(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) ||  // C0, delete, C1
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace detail

/// The text as a terminal may have it, on one line, whoever wrote it: what is no character of UTF-8, or
/// would command the terminal, is shown byte by byte as \x1b. A tab is a blank, unless it is to be seen.
[[nodiscard]] inline std::string printable(std::string_view text, std::string_view tab = " ") {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    while (!text.empty()) {
        const auto [code, whole] = detail::first_character(text);
        const std::size_t size = whole == 0 ? 1 : whole;
        if (whole != 0 && !detail::is_control(code)) {
            out += text.substr(0, size);
        } else if (whole == 1 && code == '\t') {
            out += tab;
        } else {
            for (const char each : text.substr(0, size)) {
                const auto byte = static_cast<unsigned char>(each);
                out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
            }
        }
        text.remove_prefix(size);
    }
    return out;
}

/// Whether all of it would be shown as it is.
[[nodiscard]] inline bool is_printable(std::string_view text) {
    return printable(text) == text;
}

/// How many bytes of the text are whole characters and not more than `limit`, which must be 4 at least.
/// What is not UTF-8 is cut anywhere.
[[nodiscard]] inline std::size_t whole_characters(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) {
        return text.size();
    }
    for (std::size_t end = limit; end > limit - 4; --end) {
        if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80) {
            return end;
        }
    }
    return limit;
}

}  // namespace example

#endif
