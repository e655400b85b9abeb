// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <sixfold/ext/fmt.hpp>
#include "simulation/report.hpp"
#include "simulation/shrink.hpp"

// Runs worlds by their seeds, for as long as you like, or shows one of them line by line.

namespace {

using namespace simulation;

/// "loss=30000" into a plan.
void set(plan& what, const std::string& text) {
    const std::size_t at = text.find('=');
    std::uint64_t* const value = number(what, std::string_view(text).substr(0, at));
    if (value == nullptr || at == std::string::npos ||
        !CLI::detail::lexical_cast(text.substr(at + 1), *value)) {
        throw CLI::ValidationError("--set: " + text,
                                   "must be the name of a number of a plan, '=', and a number");
    }
}
/// "crash:17".
decision single(const std::string& text) {
    const std::size_t at = text.find(':');
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        decision out{static_cast<fault>(i), 0};
        if (text.substr(0, at) == fault_names[i] && at != std::string::npos &&
            CLI::detail::lexical_cast(text.substr(at + 1), out.ordinal)) {
            return out;
        }
    }
    throw CLI::ValidationError("--only: " + text,
                               "must be the name of a fault, ':', and how many there were before");
}

std::atomic<std::uint64_t> running{};  // the seed of the world

/// An assertion that does not hold, or worse: whoever reads the message of the process knows how to see it again.
void name_seed(int signal) {
    std::fprintf(stderr, "simulate: the process ends; to see it again: simulate --seed %llu\n",
                 static_cast<unsigned long long>(running.load()));
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

int show(const failure& it) {
    running = it.what.seed;
    world shown(it.what, it.only);
    shown.show(
        [](const std::string& line) {
            std::puts(line.c_str());
            std::fflush(stdout);  // what comes next may end the process
        },
        [](const sixfold::frame& what) { return fmt::format("{}", what); });
    const outcome result = shown.run();
    fmt::print("trace {:016x}\n", result.hash);
    return result.wrong.empty() ? 0 : 1;
}

int run_many(std::uint64_t first, std::uint64_t count, std::uint64_t seconds) {
    sightings all;
    std::uint64_t failed = 0;
    std::uint64_t seed = first;
    const auto begin = std::chrono::steady_clock::now();
    const auto lasted = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    for (; seconds != 0 ? lasted() < static_cast<double>(seconds) : seed < first + count; ++seed) {
        running = seed;
        outcome result = world(draw(seed)).run();
        all += result.seen;
        if (!result.wrong.empty()) {
            ++failed;
            fmt::print("{}\n", explain({draw(seed), {}, std::move(result)}));
        }
    }
    fmt::print("{}", report(all));
    const double per_second = 1 / lasted();
    fmt::print("{} worlds, {} failed; {:.1f} s: {:.2f} million events a second, {:.1f} simulated "
               "years and {:.1f} million "
               "crashes in an hour\n",
               seed - first, failed, lasted(), static_cast<double>(all.events) * per_second / 1e6,
               static_cast<double>(all.simulated_seconds) * per_second * 3600 / 31'557'600,
               static_cast<double>(all.crashes) * per_second * 3600 / 1e6);
    return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
    CLI::App app("Simulated worlds of sixfold: real clients and relays in virtual time, where "
                 "everything goes wrong.");
    std::uint64_t first = 0;
    std::uint64_t count = 1000;
    std::uint64_t seconds = 0;
    std::uint64_t seed = 0;
    std::vector<std::string> sets;
    std::vector<std::string> only;
    app.add_option("--first", first, "the first seed of many")->capture_default_str();
    app.add_option("--count", count, "how many")->capture_default_str();
    app.add_option("--seconds", seconds, "for so long instead")->excludes("--count");
    CLI::Option* const one = app.add_option("--seed", seed, "shows this one, line by line");
    app.add_option("--set", sets, "numbers of its plan: loss=30000 messages=3")->needs(one);
    CLI::Option* const few =
        app.add_option("--only", only, "single faults, or none: crash:17 loss:3")
            ->needs(one)
            ->expected(0, -1);
    for (const int each : {SIGABRT, SIGFPE, SIGILL, SIGSEGV}) {
        std::signal(each, name_seed);
    }
    try {
        app.parse(argc, argv);
        failure it{draw(seed)};
        for (const std::string& each : sets) {
            set(it.what, each);
        }
        if (*few) {
            it.only.emplace();
            std::erase(only, std::string());  // as CLI11 says that there is none
            for (const std::string& each : only) {
                it.only->push_back(single(each));
            }
        }
        return *one ? show(it) : run_many(first, count, seconds);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "simulate: {}\n", error.what());
        return 2;
    }
} catch (const std::exception& error) {
    fmt::print(stderr, "simulate: {}\n", error.what());
    return 2;
}
