// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_PICTURE_ROW_HPP
#define SIXFOLD_EXAMPLES_PICTURE_ROW_HPP

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "step.hpp"

// A picture of a run is a list of these, whatever it is drawn with. Whoever draws them knows
// nothing of the protocol.

namespace example {

/// How something is meant; a terminal shows it as a colour.
enum class tone : std::uint8_t { plain, aside, good, warning, bad, heading };

/// How far a frame gets.
enum class reach : std::uint8_t { arrives, is_lost, is_refused };

/// One frame, or several of a kind, on a hop.
struct arrow {
    host from;
    host to;
    std::string label;  ///< "msg:R 0-3"
    reach how = reach::arrives;
    tone meant = tone::plain;
    bool remarked = false;  ///< the remarks of the moment are about it
};

struct remark {
    std::string text;
    tone meant = tone::plain;
    unsigned ticks = 0;  ///< in front of it: one if the message is stored, two if delivered
};

/// How somebody's lifeline goes on.
enum class lifeline : std::uint8_t { here, away, leaves, returns };

/// What happens at one moment: at most one arrow on each hop.
struct moment {
    sixfold::time_point at;
    std::array<lifeline, 3> lines;  ///< by host
    std::optional<arrow> left;      ///< between Alice and the relay
    std::optional<arrow> right;     ///< between the relay and Bob
    std::vector<remark> remarks;
};

/// A line of text across the picture.
struct note {
    sixfold::time_point at;
    std::string text;
    tone meant = tone::aside;
};

using picture_row = std::variant<moment, note>;

}  // namespace example

#endif
