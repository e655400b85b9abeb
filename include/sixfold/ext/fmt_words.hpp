// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FMT_WORDS_HPP
#define SIXFOLD_EXT_FMT_WORDS_HPP

#include <fmt/format.h>

#include "sixfold/words.hpp"

// Formatters of the enumerations, for {fmt} 9 and newer: each value as it is called in the code. Width, fill and
// alignment as for a string. Included by "sixfold/ext/fmt.hpp".

namespace sixfold::inline v0::text {

/// Formats as a string does, with the word for the value.
template <class T>
struct word_formatter : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(T what, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(to_string(what), context);
    }
};

}  // namespace sixfold::inline v0::text

// clang-format off
template <> struct fmt::formatter<sixfold::status> : sixfold::text::word_formatter<sixfold::status> {};
template <> struct fmt::formatter<sixfold::message_state> : sixfold::text::word_formatter<sixfold::message_state> {};
template <> struct fmt::formatter<sixfold::fate> : sixfold::text::word_formatter<sixfold::fate> {};
template <> struct fmt::formatter<sixfold::msg_word> : sixfold::text::word_formatter<sixfold::msg_word> {};
template <> struct fmt::formatter<sixfold::refused_reason> : sixfold::text::word_formatter<sixfold::refused_reason> {};
template <> struct fmt::formatter<sixfold::ack_word> : sixfold::text::word_formatter<sixfold::ack_word> {};
template <> struct fmt::formatter<sixfold::errc> : sixfold::text::word_formatter<sixfold::errc> {};
template <> struct fmt::formatter<sixfold::refusal> : sixfold::text::word_formatter<sixfold::refusal> {};
// clang-format on

#endif
