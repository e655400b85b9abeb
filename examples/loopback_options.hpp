// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_LOOPBACK_OPTIONS_HPP
#define SIXFOLD_EXAMPLES_LOOPBACK_OPTIONS_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "simulated_network.hpp"
#include "story.hpp"

namespace example {

/// From when to when Bob is away, counted from the start of the run.
struct absence {
    sixfold::duration from;
    sixfold::duration to;
};

/// What the command line says.
struct loopback_options {
    std::optional<std::string> input;       ///< none: standard input
    std::optional<std::string> output;      ///< none: standard output
    std::optional<std::uint64_t> messages;  ///< made up, instead of an input
    network_options network;
    std::vector<absence> offline;
    std::vector<sixfold::duration> restart_relay;
    bool story = false;                ///< Alice says what the story has for her
    std::vector<story::title> titles;  ///< of its scenes
    std::uint64_t seed = 1;
    bool quiet = false;
    std::optional<std::string> mermaid;  ///< file for the picture as a Mermaid diagram
    std::optional<double> pace;          ///< how fast the picture is played; none: at once
    std::string again;                   ///< a command line that repeats the run
};

/// What goes wrong in the story, besides what the options say.
inline void add_story(loopback_options& options) {
    options.story = true;
    options.titles.assign(story::titles.begin(), story::titles.end());
    options.network.script.assign(story::losses.begin(), story::losses.end());
    options.offline.push_back({story::bob_leaves, story::bob_returns});
    options.restart_relay.push_back(story::relay_replaced);
}

}  // namespace example

#endif
