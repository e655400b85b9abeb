// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_MESSAGE_SOURCE_HPP
#define SIXFOLD_EXAMPLES_MESSAGE_SOURCE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "files.hpp"
#include "story.hpp"

namespace example {

/// What Alice is going to say.
struct draft {
    std::string text;
    sixfold::duration at{};  ///< not before this time of the run
};

/// Reads a file, and makes each line a message.
///
/// A message is the line with its newline, and a line that is longer than a payload can be is
/// several messages: so the messages behind one another are the file, whatever bytes are in it, and
/// the one who receives them has nothing to put together. Holds one line at a time.
class lines_of_file {
  public:
    lines_of_file(input_file file, std::size_t payload_max)
        : file_(std::move(file)), payload_max_(payload_max) {}

    [[nodiscard]] std::optional<draft> next() {
        std::string message;
        while (message.size() < payload_max_ && !message.ends_with('\n')) {
            const int byte = file_.get();
            if (byte == EOF) {
                break;
            }
            message += static_cast<char>(byte);
        }
        return message.empty() ? std::nullopt : std::optional(draft{std::move(message)});
    }

  private:
    input_file file_;
    std::size_t payload_max_;
};

/// So many messages, made up from a seed, of 1 to 12 words.
class made_up_lines {
  public:
    made_up_lines(std::uint64_t count, std::uint64_t seed) : count_(count), random_(seed) {}

    [[nodiscard]] std::optional<draft> next() {
        if (number_ == count_) {
            return std::nullopt;
        }
        std::string message = std::to_string(++number_) + ":";
        for (auto words = 1 + random_.below(12); words != 0; --words) {
            message += " ";
            message += vocabulary[random_.below(vocabulary.size())];
        }
        return draft{message + "\n"};
    }

  private:
    static constexpr std::array<std::string_view, 12> vocabulary{
        "river",   "lamp",  "seven", "quiet", "the", "of",
        "harbour", "walks", "green", "under", "a",   "rain"};

    std::uint64_t count_;
    std::uint64_t number_ = 0;
    sixfold::random_source random_;
};

/// What Alice says in the story, each line at its time.
class conversation {
  public:
    [[nodiscard]] std::optional<draft> next() {
        if (at_ == story::lines.size()) {
            return std::nullopt;
        }
        const story::line& line = story::lines[at_++];
        return draft{std::string(line.text) + "\n", line.at};
    }

  private:
    std::size_t at_ = 0;
};

/// Messages that say nothing, but are as long as others were.
class blanks {
  public:
    explicit blanks(std::vector<std::uint16_t> sizes) : sizes_(std::move(sizes)) {}

    [[nodiscard]] std::optional<draft> next() {
        return at_ == sizes_.size() ? std::nullopt
                                    : std::optional(draft{std::string(sizes_[at_++], ' ')});
    }

  private:
    std::vector<std::uint16_t> sizes_;
    std::size_t at_ = 0;
};

/// Where Alice's messages come from, one after the other.
class message_source {
  public:
    using origin = std::variant<conversation, made_up_lines, lines_of_file, blanks>;

    explicit message_source(origin from) : from_(std::move(from)) {}

    /// The next message, 1 byte at least; empty when that was all. Throws `usage_error` when a file
    /// cannot be read.
    [[nodiscard]] std::optional<draft> next() {
        return std::visit([](auto& from) { return from.next(); }, from_);
    }

  private:
    origin from_;
};

}  // namespace example

#endif
