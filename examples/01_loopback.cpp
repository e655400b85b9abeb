// SPDX-License-Identifier: BSL-1.0
// Alice, the relay and Bob in one process, without any IO between them.
//
//     loopback --input novel.txt --loss 30 --offline 2-6 --restart-relay 4 >received.txt
//     cmp novel.txt received.txt

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>  // isatty

#include <sixfold/sixfold.hpp>
#include "files.hpp"
#include "loopback_options.hpp"
#include "loopback_world.hpp"
#include "message_source.hpp"

namespace {

using namespace example;

message_source open_source(const loopback_options& options) {
    if (options.messages) {
        return message_source(made_up_lines(*options.messages, options.seed));
    }
    if (!options.input && isatty(STDIN_FILENO) != 0) {
        return message_source(conversation());
    }
    return message_source(
        lines_of_file(input_file(options.input), sixfold::sender_options().payload_max));
}

void report_frames(const simulated_network& network) {
    constexpr const char* names[frame_kinds] = {"msg:R", "msg:A", "msg:N",  "ack:R",
                                                "ack:A", "ack:N", "sync:R", "sync:A"};
    fmt::print(stderr, "{:8}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "frames", "sent", "lost", "doubled",
               "late", "damaged");
    for (frame_kind kind = 0; kind < frame_kinds; ++kind) {
        const frame_counts& count = network.counts(kind);
        fmt::print(stderr, "{:8}{:>10}{:>10}{:>10}{:>10}{:>10}\n", names[kind], count.sent,
                   count.lost, count.duplicated, count.reordered, count.corrupted);
    }
}

void report(const loopback_world& world, const loopback_result& result) {
    const std::chrono::duration<double> seconds = result.time;
    report_frames(world.network());
    fmt::print(stderr, "resent {}, duplicates held back {}, stored {}, delivered {}, in {:.3f} s\n",
               world.alice().sender().resent(), world.bob().receiver().duplicates(), result.stored,
               result.delivered, seconds.count());
}

const char* verdict(const loopback_result& result) {
    if (!result.finished) {
        return "not finished";
    }
    if (!result.identical || result.received != result.sent) {
        return "NOT IDENTICAL";
    }
    return result.delivered == result.sent ? "identical" : "identical, but Alice does not know";
}

int run(int argc, char** argv) {
    const auto options = parse_options(argc, argv);
    if (!options) {
        return EXIT_SUCCESS;
    }
    loopback_world world(*options, open_source(*options), output_file(options->output));
    const loopback_result result = world.run();
    if (!options->quiet) {
        report(world, result);
        fmt::print(stderr, "{} of {} once, in order: {}\nagain: {}\n", result.received, result.sent,
                   verdict(result), options->again);
    }
    return result.good() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const example::usage_error& error) {
        fmt::print(stderr, "loopback: {}\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "loopback: {}\n", error.what());
        return EXIT_FAILURE;
    }
}
