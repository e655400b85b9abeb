// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_PICTURE_HPP
#define SIXFOLD_EXAMPLES_PICTURE_HPP

#include <cstdio>
#include <optional>
#include <variant>

#include <fmt/format.h>

#include <sixfold/sixfold.hpp>
#include "files.hpp"
#include "loopback_options.hpp"
#include "mermaid_chart.hpp"
#include "picture_row.hpp"
#include "sequence_chart.hpp"
#include "step.hpp"
#include "storyboard.hpp"
#include "terminal.hpp"
#include "terminal_width.hpp"

namespace example {

/// Shows what happens to those who want to see it: on standard error, in a Mermaid file, or nobody.
class picture {
  public:
    explicit picture(const loopback_options& options) {
        if (options.mermaid) {
            mermaid_.emplace(options.mermaid);
            mermaid_->write(mermaid_chart::header());
        }
        if (!options.quiet) {
            chart_.emplace(chart_style{speaks_utf8(), wants_colour(stderr)});
            const unsigned columns = terminal_width(stderr).value_or(sequence_chart::width);
            if (columns < sequence_chart::width) {
                fmt::print(stderr, "The picture needs {} columns,\nthis terminal has {}.\n",
                           sequence_chart::width, columns);
            }
            fmt::print(stderr, "{}", chart_->header());
        }
        if (options.pace) {
            pace_.emplace(*options.pace);
        }
    }

    void add(const step& one) {
        if (chart_ || mermaid_) {
            board_.add(one);
            draw();
        }
    }

    /// Nothing more will happen.
    void finish() {
        board_.finish();
        draw();
        if (mermaid_) {
            mermaid_->flush();
        }
    }

  private:
    void draw() {
        while (const auto row = board_.poll_row()) {
            if (pace_) {
                pace_->wait_until(std::visit([](const auto& any) { return any.at; }, *row));
            }
            if (chart_) {
                fmt::print(stderr, "{}", chart_->draw(*row));
            }
            if (mermaid_) {
                mermaid_->write(mermaid_chart::draw(*row));
            }
        }
    }

    storyboard board_;
    std::optional<sequence_chart> chart_;
    std::optional<output_file> mermaid_;
    std::optional<pacemaker> pace_;
};

}  // namespace example

#endif
