// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_LINE_SOURCE_HPP
#define SIXFOLD_EXAMPLES_LINE_SOURCE_HPP

#include <cerrno>
#include <cstddef>
#include <cstring>  // strerror
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <asio.hpp>
#include <fcntl.h>

#include "files.hpp"

namespace example {

/// The lines of a file, a pipe or a terminal, one at a time, each when it is asked for.
///
/// Whatever goes wrong throws a `usage_error` with the name of the file.
class line_source {
  public:
    /// Without a path it is standard input, which is opened once more: what Asio sets for it must
    /// not hold for the others that have the same terminal.
    line_source(asio::io_context& io,
                const std::optional<std::string>& path,
                std::size_t line_size_max)
        : name_(path.value_or("/dev/stdin")), line_size_max_(line_size_max), file_(io) {
        const int opened = ::open(name_.c_str(), O_RDONLY | O_CLOEXEC);
        if (opened < 0) {
            throw usage_error(name_ + ": " + std::strerror(errno));
        }
        file_.assign(opened);
    }

    /// Hands over the next line, without its end, when it is there; never, when there is none.
    void next(std::function<void(std::string)> take) {
        asio::async_read_until(
            file_, asio::dynamic_buffer(text_, line_size_max_ + 1), '\n',
            [this, take = std::move(take)](asio::error_code failed, std::size_t size) {
                if (const auto line = cut(failed, size)) take(*line);
            });
    }

  private:
    /// The line that was read: so many bytes, or, at the end of the file, what is left of it.
    [[nodiscard]] std::optional<std::string> cut(asio::error_code failed, std::size_t size) {
        if (failed == asio::error::not_found) {
            throw usage_error(name_ + ": a line has more than " + std::to_string(line_size_max_) +
                              " bytes");
        }
        if (failed && failed != asio::error::eof) {
            throw usage_error(name_ + ": " + failed.message());
        }
        if (failed) {
            return text_.empty() ? std::nullopt : std::optional(std::exchange(text_, {}));
        }
        std::string line = text_.substr(0, size - 1);
        text_.erase(0, size);
        return line;
    }

    std::string name_;
    std::size_t line_size_max_;
    asio::posix::stream_descriptor file_;
    std::string text_;  // what was read behind the last line
};

}  // namespace example

#endif
