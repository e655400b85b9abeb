// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_TERMINAL_HPP
#define SIXFOLD_EXAMPLES_TERMINAL_HPP

#include <algorithm>
#include <chrono>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#if defined(_WIN32)
#include <io.h>  // isatty
#else
#include <langinfo.h>
#include <unistd.h>  // isatty
#endif

#include <sixfold/sixfold.hpp>

// What depends on whether a person is watching. Only here does a program see real time.

namespace example {

[[nodiscard]] inline bool is_terminal(std::FILE* stream) {
#if defined(_WIN32)
    return _isatty(_fileno(stream)) != 0;
#else
    return isatty(fileno(stream)) != 0;
#endif
}

/// Whether the user's locale is one of UTF-8. On Windows its name says so, as in "English_Ireland.utf8".
[[nodiscard]] inline bool speaks_utf8() {
    const char* const locale = std::setlocale(LC_CTYPE, "");
#if defined(_WIN32)
    return locale != nullptr && std::string_view(locale).ends_with(".utf8");
#else
    return locale != nullptr && std::string_view(nl_langinfo(CODESET)) == "UTF-8";
#endif
}

/// See https://no-color.org.
[[nodiscard]] inline bool wants_colour(std::FILE* stream) {
    const auto value = [](const char* variable) {
        const char* const text = std::getenv(variable);
        return std::string_view(text == nullptr ? "" : text);
    };
    return is_terminal(stream) && value("NO_COLOR").empty() && value("TERM") != "dumb";
}

/// Plays virtual time slowly enough for a person: twenty times slower than it is, but without long
/// waits.
class pacemaker {
  public:
    explicit pacemaker(double speed) : speed_(speed) {}

    void wait_until(sixfold::time_point at) {
        const std::chrono::duration<double> virtual_time = at - last_;
        last_ = at;
        std::this_thread::sleep_for(
            (std::min)(virtual_time * 20, std::chrono::duration<double>(1.5)) / speed_);
    }

  private:
    double speed_;
    sixfold::time_point last_{};
};

/// One line on a terminal's standard error that says how far a long run is; gone at its end.
class progress_bar {
  public:
    /// Of how many; 0: nobody knows.
    explicit progress_bar(std::uint64_t total)
        : total_(total), next_(is_terminal(stderr) ? clock::now() + std::chrono::seconds(1)
                                                   : clock::time_point::max()) {}
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;
    ~progress_bar() {
        if (drawn_) {
            std::fputs("\r\033[K", stderr);
        }
    }

    void show(std::uint64_t done, std::uint64_t messages) {
        if (clock::now() < next_) {
            return;
        }
        next_ = clock::now() + std::chrono::milliseconds(100);
        drawn_ = true;
        std::string line = fmt::format("{} messages", messages);
        if (total_ != 0) {
            const double part =
                (std::min)(1.0, static_cast<double>(done) / static_cast<double>(total_));
            const auto full = static_cast<std::size_t>(part * width);
            line = fmt::format("[{:-<{}}] {:3.0f} %, {}", std::string(full, '#'), width, part * 100,
                               line);
        }
        fmt::print(stderr, "\r{}\033[K", line);
    }

  private:
    using clock = std::chrono::steady_clock;
    static constexpr int width = 40;

    std::uint64_t total_;
    clock::time_point next_;
    bool drawn_ = false;
};

}  // namespace example

#endif
