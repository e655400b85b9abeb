// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_SEQUENCE_CHART_HPP
#define SIXFOLD_EXAMPLES_SEQUENCE_CHART_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include <sixfold/sixfold.hpp>
#include "picture_row.hpp"
#include "step.hpp"

namespace example {

/// What a terminal can show.
struct chart_style {
    bool unicode = false;
    bool colour = false;
};

/// Draws a picture as text, in 80 columns: the time, three lifelines, and remarks.
///
///         time  Alice                 relay                 Bob
///        2.020  ├─ msg:R 1 ──────────►│                     │  "Dinner?"
///        2.040  │◄────────── msg:A 1 ─┼─ msg:N 1 ──────×    │  lost
class sequence_chart {
  public:
    static constexpr unsigned width = 80;  ///< columns

    explicit sequence_chart(chart_style style) : style_(style) {}

    /// What the names of the frames mean, and who the lifelines are.
    [[nodiscard]] std::string header() const {
        std::string out;
        for (const char* line :
             {"R: a client asks the relay. A: its answer. N: it tells a client.",
              "The number is the message's. A resend keeps it: so Bob knows it again."}) {
            out += indent() + painted(tone::aside, line) + "\n";
        }
        const auto [left, middle, right] = host_names;
        return out + painted(tone::aside, fmt::format("{:>{}}", "time", time_width)) + "  " +
               painted(tone::heading, fmt::format("{:{}}{:{}}{}", left, hop_width + 1, middle,
                                                  hop_width + 1, right)) +
               "\n";
    }

    [[nodiscard]] std::string draw(const picture_row& row) const {
        return std::visit([&](const auto& what) { return draw(what); }, row);
    }

  private:
    static constexpr std::size_t time_width = 8;
    static constexpr std::size_t hop_width = 21;
    static constexpr std::size_t remarks_width = 23;
    static constexpr std::size_t note_width = 66;
    static_assert(time_width + 2 + 3 + 2 * hop_width + 2 + remarks_width == width);
    static_assert(time_width + 2 + 4 + note_width == width);

    // --- rows ----------------------------------------------------------------------------------

    [[nodiscard]] std::string draw(const note& one) const {
        if (one.meant == tone::heading) {
            return "\n" + indent() + painted(tone::heading, one.text) + "\n";
        }
        const std::string_view text(one.text);
        return indent() +
               painted(one.meant, std::string(glyph("··· ", "... ")) +
                                      std::string(text.substr(0, note_width))) +
               "\n";
    }

    [[nodiscard]] std::string draw(const moment& one) const {
        std::string out = painted(tone::aside, time_of(one.at)) + "  ";
        out += line_of(host::alice, one) + hop(one.left, host::alice);
        out += line_of(host::relay, one) + hop(one.right, host::relay);
        out += line_of(host::bob, one) + remarks_of(one);
        out.erase(out.find_last_not_of(' ') + 1);
        return out + "\n";
    }

    [[nodiscard]] static std::string time_of(sixfold::time_point at) {
        const std::chrono::duration<double> seconds = at.time_since_epoch();
        const int precision = seconds.count() < 10'000 ? 3 : 0;
        return fmt::format("{:{}.{}f}", seconds.count(), time_width, precision);
    }

    /// A lifeline, with what begins or ends there.
    [[nodiscard]] std::string line_of(host who, const moment& one) const {
        switch (one.lines[static_cast<std::size_t>(who)]) {
        case lifeline::away: return " ";
        case lifeline::leaves: return painted(tone::warning, glyph("╳", "x"));
        case lifeline::returns: return painted(tone::warning, glyph("●", "o"));
        case lifeline::here: break;
        }
        const auto from = [&](const std::optional<arrow>& hop) {
            return hop && hop->from == who;
        };
        const bool to_left = who != host::alice && from(who == host::bob ? one.right : one.left);
        const bool to_right = who != host::bob && from(who == host::alice ? one.left : one.right);
        return painted(tone::aside, to_left && to_right ? glyph("┼", "|")
                                    : to_left           ? glyph("┤", "|")
                                    : to_right          ? glyph("├", "|")
                                                        : glyph("│", "|"));
    }

    /// What is between two lifelines: nothing, or an arrow with its label near its beginning.
    [[nodiscard]] std::string hop(const std::optional<arrow>& one, host left_end) const {
        if (!one) {
            return std::string(hop_width, ' ');
        }
        const bool to_right = one->from == left_end;
        const auto shaft = one->meant == tone::aside ? glyph("┄", ".") : glyph("─", "-");
        const std::string label = " " + one->label.substr(0, hop_width - 4) + " ";
        const std::size_t room = hop_width - 2 - label.size();
        const std::size_t gap =
            one->how == reach::is_lost ? (std::min)(room, std::size_t{4}) : std::size_t{0};
        const std::string head(one->how != reach::arrives ? glyph("×", "x")
                               : to_right                 ? glyph("►", ">")
                                                          : glyph("◄", "<"));
        const std::string blank(gap, ' ');
        const std::string line = times(shaft, room - gap);
        const std::string begin(shaft);
        return painted(one->meant, to_right ? begin + label + line + head + blank
                                            : blank + head + line + label + begin);
    }

    /// As many of them as there is room for.
    [[nodiscard]] std::string remarks_of(const moment& one) const {
        std::string out = " ";
        std::string_view before = " ";
        std::size_t used = 0;
        for (const remark& each : one.remarks) {
            used += before.size() + each.text.size() + (each.ticks == 0 ? 0 : each.ticks + 1);
            if (used > remarks_width + 1) {
                break;
            }
            const std::string ticks = times(glyph("✓", "*"), each.ticks);
            out += before;
            out += painted(each.meant, ticks + (ticks.empty() ? "" : " ") + each.text);
            before = ", ";
        }
        return out;
    }

    [[nodiscard]] static std::string indent() { return std::string(time_width + 2, ' '); }

    // --- characters ----------------------------------------------------------------------------

    [[nodiscard]] std::string_view glyph(std::string_view unicode, std::string_view ascii) const {
        return style_.unicode ? unicode : ascii;
    }

    [[nodiscard]] static std::string times(std::string_view what, std::size_t count) {
        std::string out;
        for (; count != 0; --count) {
            out += what;
        }
        return out;
    }

    [[nodiscard]] std::string painted(tone meant, std::string_view text) const {
        constexpr std::array<std::string_view, 6> codes{"", "2", "32", "33", "31", "1"};
        const std::string_view code = codes[static_cast<std::size_t>(meant)];
        return style_.colour && !code.empty() ? fmt::format("\033[{}m{}\033[0m", code, text)
                                              : std::string(text);
    }

    chart_style style_;
};

}  // namespace example

#endif
