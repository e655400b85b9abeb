// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_REPORT_HPP
#define SIXFOLD_EXAMPLES_REPORT_HPP

#include <chrono>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include <sixfold/sixfold.hpp>
#include "latency_histogram.hpp"
#include "loopback_world.hpp"
#include "simulated_network.hpp"
#include "step.hpp"

// What is said at the end of a run.

namespace example {

namespace detail {

[[nodiscard]] inline std::string
frame_row(const char* name, const frame_counts& count, const std::string& resent) {
    return fmt::format("{:8}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}\n", name, count.sent, count.lost,
                       resent, count.repeated, count.late, count.damaged);
}

/// Only requests are sent again, by their clients; the relay keeps nothing that it could.
[[nodiscard]] inline std::string frame_table(const simulated_network& network) {
    std::string out = fmt::format("{:8}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "frames", "sent",
                                  "lost", "resent", "repeated", "late", "damaged");
    frame_counts all;
    for (frame_kind kind = 0; kind < frame_names.size(); ++kind) {
        const std::string name = frame_names[kind];
        const frame_counts& count = network.counts(kind);
        out += frame_row(name.c_str(), count,
                         name.ends_with('R') ? std::to_string(count.resent) : "-");
        all += count;
    }
    return out + frame_row("all", all, std::to_string(all.resent));
}

[[nodiscard]] inline std::string readable(sixfold::duration time) {
    const std::chrono::duration<double> seconds = time;
    return seconds.count() < 1 ? fmt::format("{:.1f} ms", seconds.count() * 1000)
                               : fmt::format("{:.3f} s", seconds.count());
}

[[nodiscard]] inline std::string latency_row(const std::string& name,
                                             const latency_histogram& latency) {
    return fmt::format("{:28}{:>13}{:>13}{:>13}\n", name, readable(latency.percentile(50)),
                       readable(latency.percentile(99)), readable(latency.max()));
}

/// `calm` is the same run without anything that goes wrong.
[[nodiscard]] inline std::string
latency_table(const latency_histogram& latency, const latency_histogram& calm, std::uint64_t sent) {
    if (latency.count() == 0) {
        return "latency: no message came to Bob's app\n";
    }
    const bool whole = calm.count() == sent;
    return fmt::format("{:28}{:>13}{:>13}{:>13}\n", "latency, send to Bob's app", "p50", "p99",
                       "max") +
           latency_row("this run", latency) +
           latency_row(whole ? "the same without faults"
                             : fmt::format("first {} without faults", calm.count()),
                       calm);
}

[[nodiscard]] inline const char* verdict(const loopback_result& result) {
    if (!result.finished) {
        return "not finished";
    }
    if (result.sent == 0) {
        return "there was nothing to send";
    }
    if (!result.identical || result.received != result.sent) {
        return "NOT IDENTICAL";
    }
    return result.delivered == result.sent ? "identical" : "identical, but Alice does not know";
}

}  // namespace detail

/// Tables of frames and latency, and whether all went well.
[[nodiscard]] inline std::string report(const loopback_world& world,
                                        const latency_histogram& calm) {
    const loopback_result& result = world.result();
    const std::chrono::duration<double> seconds = result.time;
    return detail::frame_table(world.network()) + "\n" +
           detail::latency_table(result.latency, calm, result.sent) + "\n" +
           fmt::format("duplicates held back {}, stored {}, delivered {}, in {:.3f} s\n",
                       world.bob().receiver().duplicates(), result.stored, result.delivered,
                       seconds.count()) +
           fmt::format("{} of {} once, in order: {}\n", result.received, result.sent,
                       detail::verdict(result));
}

}  // namespace example

#endif
