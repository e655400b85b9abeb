// SPDX-License-Identifier: BSL-1.0
// Alice, the relay and Bob in one process, without any IO between them.
//
//     loopback                    a story of five messages, each with a misfortune of its own
//     loopback --input novel.txt --loss 30 --offline 0.1-6 --restart-relay 4 >received.txt
//     cmp novel.txt received.txt

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <sixfold/sixfold.hpp>
#include "command_line.hpp"
#include "files.hpp"
#include "loopback_options.hpp"
#include "loopback_world.hpp"
#include "message_source.hpp"
#include "picture.hpp"
#include "printable.hpp"
#include "report.hpp"
#include "standard_streams.hpp"
#include "terminal.hpp"

namespace {

using namespace example;

message_source open_source(const loopback_options& options) {
    if (options.messages) {
        return message_source(made_up_lines(*options.messages, options.seed));
    }
    if (options.story) {
        return message_source(conversation());
    }
    return message_source(
        lines_of_file(input_file(options.input), sixfold::sender_options().payload_max));
}

/// How many bytes Bob will get, if that can be known.
std::uint64_t input_size(const loopback_options& options) {
    std::error_code error;
    const auto size = options.input ? std::filesystem::file_size(*options.input, error) : 0;
    return error ? 0 : size;
}

void play(loopback_world& world, const loopback_options& options) {
    picture shown(options);
    progress_bar progress(options.messages.value_or(input_size(options)));
    while (const auto step = world.next_step()) {
        shown.add(*step);
        if (options.quiet) {
            const loopback_result& now = world.result();
            progress.show(options.messages ? now.received : now.bytes, now.received);
        }
    }
    shown.finish();
}

/// How long messages of the same sizes take when nothing goes wrong.
latency_histogram calm_latency(const loopback_options& options, const loopback_result& result) {
    loopback_options calm;
    calm.network.delay = options.network.delay;
    calm.network.jitter = options.network.jitter;
    calm.seed = options.seed;
    loopback_world world(
        calm, options.story ? message_source(conversation()) : message_source(blanks(result.sizes)),
        nullptr);
    while (world.next_step()) {
    }
    return world.result().latency;
}

/// From standard input. A person at a terminal wants to see something, and need not know that it is waited for them.
bool something_comes(const loopback_options& options) {
    if (is_terminal(stdin)) {
        return false;
    }
    if (!options.quiet) {
        fmt::print(stderr, "reading standard input ...\n");
    }
    return !input_file(std::nullopt).is_empty();
}

int run(int argc, char** argv) {
    const auto options = parse_options(argc, argv, something_comes);
    if (!options) {
        return EXIT_SUCCESS;
    }
    // On a terminal the picture comes first and Bob's text behind it, not in between.
    const bool text_comes_last =
        !options->quiet && !options->output && is_terminal(stdout) && is_terminal(stderr);
    if (text_comes_last) {
        (void)std::setvbuf(stdout, nullptr, _IOFBF, 1 << 16);
    }
    message_source source = open_source(*options);
    output_file output(options->output);
    loopback_world world(*options, std::move(source), &output);
    play(world, *options);
    if (text_comes_last) {
        fmt::print(stderr, "\n");
    }
    output.flush();
    if (!options->quiet) {
        fmt::print(stderr, "\n{}again: {}\n", report(world, calm_latency(*options, world.result())),
                   options->again);
    }
    return world.result().good() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    example::open_standard_streams();
    const auto fail = [](const std::exception& error, int status) {
        fmt::print(stderr, "loopback: {}\n", example::printable(error.what()));
        return status;
    };
    try {
        return run(argc, argv);
    } catch (const example::usage_error& error) {
        return fail(error, 2);
    } catch (const std::exception& error) {
        return fail(error, EXIT_FAILURE);
    }
}
