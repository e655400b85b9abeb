// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_SYSTEM_OPTIONS_HPP
#define SIXFOLD_EXAMPLES_SYSTEM_OPTIONS_HPP

#include <chrono>
#include <string_view>

#include <sixfold/ext/new_life.hpp>
#include <sixfold/sixfold.hpp>

namespace example {

/// A client of a program that its user watches.
[[nodiscard]] inline sixfold::client_options system_options(std::string_view name) {
    sixfold::client_options options{.self = name, .life = sixfold::new_life()};
    // How late a repaired path is noticed: the defaults are for the internet, this is for a demo.
    options.sender.retry.max = options.receiver.retry.max = std::chrono::milliseconds(300);
    options.sender.probe_max = std::chrono::milliseconds(300);
    return options;
}

}  // namespace example

#endif
