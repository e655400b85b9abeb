// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_TERMINAL_WIDTH_HPP
#define SIXFOLD_EXAMPLES_TERMINAL_WIDTH_HPP

#include <cstdio>
#include <optional>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/ioctl.h>
#endif

namespace example {

/// How many columns the terminal has; none if this is no terminal, or one that does not say so.
[[nodiscard]] inline std::optional<unsigned> terminal_width([[maybe_unused]] std::FILE* stream) {
#if defined(TIOCGWINSZ)
    winsize size{};
    if (::ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col != 0) {
        return size.ws_col;
    }
#endif
    return std::nullopt;
}

}  // namespace example

#endif
