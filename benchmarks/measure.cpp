// SPDX-License-Identifier: BSL-1.0
#include "measure.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "groups.hpp"

// Prints what sixfold costs, as CSV: see measure.hpp for the columns, README.md for what they mean.

namespace {

struct group {
    const char* name;
    void (*run)(const bench::settings&);
};

constexpr group groups[] = {
    {"baseline", bench::measure_baseline}, {"exchange", bench::measure_exchange},
    {"shares", bench::measure_shares},     {"growth", bench::measure_growth},
    {"memory", bench::measure_memory},     {"wire", bench::measure_wire},
    {"journal", bench::measure_journal},
};

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const group& each : groups) {
        all.emplace_back(each.name);
    }
    return all;
}

}  // namespace

int main(int argc, char** argv) try {
    CLI::App app("What sixfold costs, as lines of CSV: group,case,n,value,unit,baselines");
    bench::settings how;
    how.folder = std::filesystem::temp_directory_path().string();
    std::vector<std::string> wanted = names();
    std::int64_t milliseconds = how.at_least.count();
    app.add_option("group", wanted, "what to measure")
        ->check(CLI::IsMember(names()))
        ->capture_default_str();
    app.add_option("--rounds", how.rounds, "the median of so many counts")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--milliseconds", milliseconds, "for each case in each round, at least")
        ->check(CLI::Range(1, 60'000))
        ->capture_default_str();
    app.add_option("--n-max", how.n_max, "where a number grows, how far")
        ->check(CLI::Range(100, 1'000'000))
        ->capture_default_str();
    app.add_option("--folder", how.folder, "where files of journals are made")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "sixfold_measure: %s\n", error.what());
        return 2;
    }
    how.at_least = std::chrono::milliseconds(milliseconds);
    std::puts("group,case,n,value,unit,baselines");
    for (const group& each : groups) {
        if (std::find(wanted.begin(), wanted.end(), each.name) != wanted.end()) {
            each.run(how);
        }
    }
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "sixfold_measure: %s\n", error.what());
    return 1;
}
