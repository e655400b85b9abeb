// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_COMMAND_LINE_HPP
#define SIXFOLD_EXAMPLES_COMMAND_LINE_HPP

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>  // strtod
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <sixfold/sixfold.hpp>
#include "files.hpp"
#include "loopback_options.hpp"

namespace example {

namespace detail {

inline constexpr double seconds_max = 1'000'000;
inline constexpr double milliseconds_max = 60'000;
inline constexpr double pace_min = 0.01;
inline constexpr double pace_max = 1000;
inline constexpr double intact_percent_min = 10;
inline constexpr std::uint64_t messages_max = 1'000'000'000;

/// A number that fills all of the text, digits with a point or an exponent; empty when there is none. The standard library of
/// clang has no std::from_chars for it, so that of C has to do: locale "C" unless somebody asked for another.
[[nodiscard]] inline std::optional<double> number(std::string_view text) {
    const std::string copy(text);
    char* stop = nullptr;
    const double value = std::strtod(copy.c_str(), &stop);
    const bool plain = text.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
    const bool whole = !text.empty() && stop == copy.c_str() + copy.size();
    return plain && whole && text.front() != '+' && std::isfinite(value) ? std::optional(value)
                                                                         : std::nullopt;
}

[[nodiscard]] inline CLI::Validator in_range(double min, double max, std::string unit) {
    const auto check = [=](const std::string& text) -> std::string {
        const auto value = number(text);
        const bool good = value && *value >= min && *value <= max;
        return good ? "" : fmt::format("must be {} to {} {}, not '{}'", min, max, unit, text);
    };
    return {check, unit};
}

/// CLI11 would take -1 for a very large number, and 010 for eight.
[[nodiscard]] inline CLI::Validator whole_number(std::uint64_t max) {
    const auto check = [=](std::string& text) -> std::string {
        std::uint64_t value = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error != std::errc() || stop != end || value > max) {
            return fmt::format("must be a whole number, 0 to {}, not '{}'", max, text);
        }
        text = std::to_string(value);
        return "";
    };
    return {check, ""};
}

[[nodiscard]] inline sixfold::duration seconds(double value) {
    return std::chrono::duration_cast<sixfold::duration>(std::chrono::duration<double>(value));
}

/// Reads "FROM-TO".
[[nodiscard]] inline absence parse_absence(const std::string& text) {
    for (auto dash = text.find('-'); dash != std::string::npos; dash = text.find('-', dash + 1)) {
        const auto from = number(std::string_view(text).substr(0, dash));
        const auto to = number(std::string_view(text).substr(dash + 1));
        if (from && to && *from >= 0 && *from < *to && *to <= seconds_max) {
            return {seconds(*from), seconds(*to)};
        }
    }
    throw usage_error(fmt::format(
        "--offline: must be FROM-TO in seconds, FROM less than TO, at most {}, not '{}'",
        seconds_max, text));
}

/// Frames that are damaged are as good as lost, and if hardly any gets through, no run comes to an
/// end in a lifetime.
inline void check_intact(const network_options& network) {
    const double intact = (100 - network.loss) * (100 - network.corrupt) / 100;
    if (intact < intact_percent_min) {
        throw usage_error(fmt::format("--loss, --corrupt: {} % of the frames must get through "
                                      "undamaged, but with these only {:.3g} % would",
                                      intact_percent_min, intact));
    }
}

/// Opened as it is, so that nothing is lost if something else is wrong. A pipe would end with that.
inline void check_writable(const std::optional<std::string>& path) {
    std::error_code error;
    const auto kind = std::filesystem::status(path.value_or(""), error).type();
    if (path && kind != std::filesystem::file_type::fifo) {
        (void)output_file(path, "ab");
    }
}

/// Opening a file that is written empties it, or what another option writes to it.
inline void check_files(const loopback_options& options) {
    const auto differ = [](const std::optional<std::string>& a, const std::optional<std::string>& b,
                           const char* problem) {
        std::error_code error;
        if (a && b && (*a == *b || std::filesystem::equivalent(*a, *b, error)) &&
            (!std::filesystem::exists(*a, error) || std::filesystem::is_regular_file(*a, error))) {
            throw usage_error(problem);
        }
    };
    differ(options.input, options.output, "--output: is the same file as --input");
    differ(options.input, options.mermaid, "--mermaid: is the same file as --input");
    differ(options.output, options.mermaid, "--mermaid: is the same file as --output");
    check_writable(options.output);
    check_writable(options.mermaid);
}

/// As a shell would have to be told.
[[nodiscard]] inline std::string quoted(std::string_view word) {
    const auto plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=+,:@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) {
        return std::string(word);
    }
    std::string out = "'";
    for (const char each : word) {
        out += each == '\'' ? std::string("'\\''") : std::string(1, each);
    }
    return out + "'";
}

}  // namespace detail

/// Reads the command line. Throws `usage_error` with one line that says what is wrong with it;
/// empty when the user asked for help, and has it.
///
/// What comes from standard input is sent if nothing else is named; and if nothing comes, the story. Whether something
/// comes is asked only then, because it may have to be waited for.
template <class Asked>
[[nodiscard]] std::optional<loopback_options>
parse_options(int argc, char** argv, Asked something_comes) {
    using namespace detail;
    loopback_options options;
    double delay = 20;
    double jitter = 0;
    std::vector<std::string> offline;
    std::vector<double> restarts;

    CLI::App app("Carries Alice's messages over a relay to Bob, through a network that is not kind "
                 "to them. Time is virtual. What Bob receives goes to standard output.");
    network_options& network = options.network;
    const auto percent = in_range(0, 100, "percent");
    const auto milliseconds = in_range(0, milliseconds_max, "milliseconds");
    auto* input = app.add_option("--input", options.input, "file to send, each line a message");
    app.add_option("--output", options.output, "file for what Bob receives");
    auto* messages = app.add_option("--messages", options.messages, "send so many made-up messages")
                         ->check(whole_number(messages_max))
                         ->excludes(input);
    app.add_flag("--story", options.story,
                 "five messages, each with a misfortune of its own; "
                 "what is sent when there is nothing else")
        ->excludes(input)
        ->excludes(messages);
    app.add_option("--loss", network.loss, "frames that are lost, on each hop")->check(percent);
    app.add_option("--duplicate", network.duplicate, "frames that arrive twice")->check(percent);
    app.add_option("--reorder", network.reorder, "frames that others overtake")->check(percent);
    app.add_option("--corrupt", network.corrupt, "frames that are damaged")->check(percent);
    app.add_option("--delay", delay, "how long a hop takes; default 20")->check(milliseconds);
    app.add_option("--jitter", jitter, "up to so much longer")->check(milliseconds);
    app.add_option("--offline", offline, "FROM-TO: Bob is away, in seconds of virtual time")
        ->allow_extra_args(false);
    app.add_option("--restart-relay", restarts, "AT: the relay is replaced; the mailbox stays")
        ->allow_extra_args(false)
        ->check(in_range(0, seconds_max, "seconds"));
    auto* seed = app.add_option("--seed", options.seed, "another seed, another run; default 1")
                     ->check(whole_number((std::numeric_limits<std::uint64_t>::max)()));
    auto* quiet = app.add_flag("--quiet", options.quiet, "no picture and no report");
    app.add_option("--mermaid", options.mermaid, "file for the picture as a Mermaid diagram");
    auto* pace = app.add_option("--pace", options.pace,
                                "play the picture at human speed, or so many times that")
                     ->expected(0, 1)
                     ->check(in_range(pace_min, pace_max, "times"))
                     ->excludes(quiet);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        app.exit(help);
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        throw usage_error(error.what());
    }

    if (pace->count() != 0 && options.pace.value_or(0) == 0) {  // named without a number
        options.pace = 1;
    }
    const auto milli = [](double value) {
        return seconds(value / 1000);
    };
    network.delay = milli(delay);
    network.jitter = milli(jitter);
    for (const std::string& each : offline) {
        options.offline.push_back(parse_absence(each));
    }
    for (const double each : restarts) {
        options.restart_relay.push_back(seconds(each));
    }
    check_intact(network);
    check_files(options);
    const bool told =
        !options.input && !options.messages && !options.story && !something_comes(options);
    if (told || options.story) {
        add_story(options);
    }

    for (int at = 0; at < argc; ++at) {
        options.again += (at == 0 ? "" : " ") + quoted(argv[at]);
    }
    if (told) {
        options.again += " --story";
    }
    if (seed->count() == 0) {
        options.again += fmt::format(" --seed {}", options.seed);
    }
    return options;
}

}  // namespace example

#endif
