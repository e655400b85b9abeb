// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_SYSTEM_OPTIONS_HPP
#define SIXFOLD_EXAMPLES_SYSTEM_OPTIONS_HPP

#include <chrono>
#include <cstdint>
#include <random>
#include <string_view>

#include <sixfold/sixfold.hpp>

namespace example {

/// A client of a program on an operating system, which has a date and random numbers.
[[nodiscard]] inline sixfold::client_options system_options(std::string_view name) {
    const auto date = std::chrono::system_clock::now().time_since_epoch();
    std::random_device random;
    sixfold::client_options options;
    options.self = name;
    options.start = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(date).count());
    options.seed = std::uint64_t{random()} << 32 | random();
    // How late a repaired path is noticed: the defaults are for the internet, this is for a demo.
    options.sender.retry.max = options.receiver.retry.max = std::chrono::milliseconds(300);
    options.sender.probe_max = std::chrono::milliseconds(300);
    return options;
}

}  // namespace example

#endif
