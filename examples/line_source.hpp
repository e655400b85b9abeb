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

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sixfold/ext/asio_net.hpp>
#include "files.hpp"
#include "printable.hpp"
#include "pump.hpp"

namespace example {

/// A line without its end, or, of one that is too long, a piece of it.
struct line_piece {
    std::string text;
    bool goes_on = false;  ///< the next piece is of the same line
};

/// The lines of standard input, whatever that is, or of a file, one at a time, each when it is asked for.
///
/// A line that is too long is cut into pieces, between two characters, and always in the same places. Whatever
/// goes wrong throws a `usage_error` with the name of the file.
class line_source {
  public:
    /// Without a path it is standard input. Lines have at most so many bytes, at least 4.
    line_source(sixfold::net::io_context& io,
                const std::optional<std::string>& path,
                std::size_t line_size_max)
        : name_(path.value_or("standard input")), line_size_max_(line_size_max),
          pump_(path ? open_file() : STDIN_FILENO), lines_(io, pump_.out()) {}

    /// Hands over the next piece when it is there, and none at the end.
    void next(std::function<void(std::optional<line_piece>)> take) {
        sixfold::net::async_read_until(
            lines_, sixfold::net::dynamic_buffer(text_, line_size_max_ + 1), '\n',
            [this, take = std::move(take)](sixfold::net_error failed, std::size_t size) {
                take(cut(failed, size));
            });
    }

  private:
    /// Only a file has lines that were said in an earlier life, so only that is taken.
    [[nodiscard]] int open_file() const {
        struct stat what {};
        const int opened = ::open(name_.c_str(), O_RDONLY | O_NONBLOCK);
        if (opened < 0 || ::fstat(opened, &what) < 0) {
            throw usage_error("--input: " + name_ + ": " + std::strerror(errno));
        }
        if (!S_ISREG(what.st_mode)) {
            throw usage_error("--input: " + name_ +
                              ": is no file; standard input takes what else can be read");
        }
        return opened;
    }

    /// What was read: a line of so many bytes, a piece of one, or, at the end of the file, what is left of it.
    [[nodiscard]] std::optional<line_piece> cut(sixfold::net_error failed, std::size_t size) {
        if (failed == sixfold::net::error::not_found) {
            return take(whole_characters(text_, line_size_max_), 0, true);
        }
        if (!failed) {
            return take(size - 1, 1, false);
        }
        if (!text_.empty()) {
            return take(text_.size(), 0, false);
        }
        if (const int error = pump_.error(); error != 0) {
            throw usage_error(name_ + ": " + std::strerror(error));
        }
        return std::nullopt;
    }
    [[nodiscard]] line_piece take(std::size_t size, std::size_t end, bool goes_on) {
        line_piece piece{text_.substr(0, size), goes_on};
        text_.erase(0, size + end);
        return piece;
    }

    std::string name_;
    std::size_t line_size_max_;
    pump pump_;
    sixfold::net::posix::stream_descriptor lines_;
    std::string text_;  // what was read behind the last line
};

}  // namespace example

#endif
