// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_REPORT_HPP
#define SIXFOLD_TESTS_SIMULATION_REPORT_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/words.hpp>
#include "simulation/shrink.hpp"

namespace simulation {

inline constexpr const char* frame_kinds[] = {"msg:R", "msg:A", "msg:N",  "ack:R",
                                              "ack:A", "ack:N", "sync:R", "sync:A"};

/// How often simulated worlds show a reason to refuse.
enum class showing : std::uint8_t {
    often,   ///< thousands of them do, or at least some
    seldom,  ///< by chance, where a damaged frame gets past its checksum, or has none: `encode` makes no such frame
    never,  ///< clients keep within what they were told, and a receiver has room for all senders that there are
};
[[nodiscard]] inline showing showing_of(sixfold::refusal why) {
    switch (why) {
    case sixfold::refusal::flags:
    case sixfold::refusal::not_canonical:
    case sixfold::refusal::trailing:
    case sixfold::refusal::peer_name:
    case sixfold::refusal::epoch:
    case sixfold::refusal::seq_range:
    case sixfold::refusal::ack_state:
    case sixfold::refusal::run: return showing::seldom;
    case sixfold::refusal::frame_too_large:
    case sixfold::refusal::too_soon:
    case sixfold::refusal::peers_full: return showing::never;
    default: return showing::often;
    }
}

/// All that can be seen, with how often it was, one line each.
[[nodiscard]] inline std::vector<std::pair<std::string, std::uint64_t>>
lines(const sightings& all) {
    std::vector<std::pair<std::string, std::uint64_t>> out;
    for (std::size_t i = 0; i < sights; ++i) {
        out.emplace_back(sight_names[i], all.seen[i]);
    }
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        out.emplace_back(std::string("fault: ") + fault_names[i], all.happened[i]);
    }
    static constexpr const char* what[] = {" lost", " doubled", " damaged"};
    for (std::size_t i = 0; i < all.frames.size(); ++i) {
        for (std::size_t kind = 0; kind < all.frames[i].size(); ++kind) {
            out.emplace_back(std::string(frame_kinds[kind]) + what[i], all.frames[i][kind]);
        }
    }
    for (std::size_t i = 1; i < all.refused.size(); ++i) {
        const auto why = static_cast<sixfold::refusal>(i);
        if (showing_of(why) == showing::often) {
            out.emplace_back("refused: " + std::string(to_string(why)), all.refused[i]);
        }
    }
    return out;
}
/// Reasons to refuse that no world is to show, and one did.
[[nodiscard]] inline std::string surprises(const sightings& all) {
    std::string out;
    for (std::size_t i = 1; i < all.refused.size(); ++i) {
        const auto why = static_cast<sixfold::refusal>(i);
        if (showing_of(why) == showing::never && all.refused[i] != 0) {
            out += std::string(to_string(why)) + ' ';
        }
    }
    return out;
}
[[nodiscard]] inline std::string report(const sightings& all) {
    std::string out;
    for (const auto& [what, times] : lines(all)) {
        out += what + std::string(what.size() < 50 ? 50 - what.size() : 1, ' ') +
               std::to_string(times) + '\n';
    }
    return out;
}

/// A failing world, made small: what is wrong, and how to see it.
[[nodiscard]] inline std::string explain(failure it) {
    const std::string seen = it.result.wrong;
    const failure small = shrinking(std::move(it)).run();
    return "seed " + std::to_string(small.what.seed) + ": " + seen +
           "\n    made small: " + small.result.wrong + "\n    simulate " + replay_arguments(small);
}

}  // namespace simulation

#endif
