// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_LOGIN_HPP
#define SIXFOLD_EXAMPLES_CHAT_LOGIN_HPP

#include <string_view>

// A client says its name in a line; the relay answers in a line, and behind these there are only frames.

namespace example {

/// Nobody else was here under this name.
inline constexpr std::string_view welcome = "welcome";
/// Somebody else was, until now: their connection is ended.
inline constexpr std::string_view welcome_instead = "welcome instead of another";

}  // namespace example

#endif
