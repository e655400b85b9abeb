// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_MERMAID_CHART_HPP
#define SIXFOLD_EXAMPLES_MERMAID_CHART_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include <sixfold/sixfold.hpp>
#include "picture_row.hpp"
#include "step.hpp"

namespace example {

/// Draws a picture as a Mermaid sequence diagram. (https://mermaid.js.org/syntax/sequenceDiagram.html)
class mermaid_chart {
  public:
    [[nodiscard]] static std::string header() {
        std::string out = "sequenceDiagram\n";
        for (const char* name : host_names) {
            out += fmt::format("    participant {}\n", name);
        }
        return out;
    }

    [[nodiscard]] static std::string draw(const picture_row& row) {
        return std::visit([](const auto& what) { return draw(what); }, row);
    }

  private:
    [[nodiscard]] static std::string draw(const note& one) {
        return fmt::format("    Note over {},{}: {}\n", host_names.front(), host_names.back(),
                           escaped(one.text));
    }

    /// What is remarked belongs to the arrow that has something to say, or to the moment itself.
    [[nodiscard]] static std::string draw(const moment& one) {
        const std::string text = text_of(one.remarks);
        if (!one.left && !one.right) {
            return fmt::format("    Note over {},{}: {}\n", host_names.front(), host_names.back(),
                               text);
        }
        std::string out;
        for (const auto& each : {one.left, one.right}) {
            if (each) {
                out +=
                    fmt::format("    {}{}{}: {}{}\n", name(each->from), line(*each), name(each->to),
                                escaped(each->label), each->remarked ? ", " + text : "");
            }
        }
        return out;
    }

    [[nodiscard]] static const char* name(host who) {
        return host_names[static_cast<std::size_t>(who)];
    }

    [[nodiscard]] static const char* line(const arrow& one) {
        const bool dotted = one.meant == tone::aside;
        if (one.how == reach::arrives) {
            return dotted ? "-->>" : "->>";
        }
        return dotted ? "--x" : "-x";
    }

    [[nodiscard]] static std::string text_of(const std::vector<remark>& remarks) {
        std::string out;
        for (const remark& each : remarks) {
            out += out.empty() ? "" : ", ";
            for (unsigned tick = 0; tick < each.ticks; ++tick) {
                out += "✓";
            }
            out += (each.ticks == 0 ? "" : " ") + escaped(each.text);
        }
        return out;
    }

    /// As the characters that mean something to Mermaid, or to a page around it, have to be written.
    [[nodiscard]] static std::string escaped(std::string_view text) {
        std::string out;
        for (const char each : text) {
            const bool special = std::string_view("#;%<>&\"").find(each) != std::string_view::npos;
            out += special ? fmt::format("#{};", static_cast<int>(each)) : std::string(1, each);
        }
        return out;
    }
};

}  // namespace example

#endif
