// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "groups.hpp"
#include "world.hpp"

// What part of an exchange is whose: 64 bytes, 64 in flight.

namespace bench {

namespace {

/// What the exchange takes in some of its stages.
lap part_of(world& all, const std::vector<stage>& wanted) {
    lap out;
    out.operations = all.exchange([&](stage which, auto part) {
        if (std::find(wanted.begin(), wanted.end(), which) == wanted.end()) {
            return part();
        }
        out.took += time_of([&] {
                        part();
                        return std::uint64_t{0};
                    }).took;
    });
    return out;
}

}  // namespace

void measure_shares(const settings& how) {
    const std::vector<std::pair<std::string, std::vector<stage>>> parts = {
        {"A sends", {stage::send}},
        {"relay forwards", {stage::forward}},
        {"A takes msg:A", {stage::take_answer}},
        {"B receives and acks", {stage::receive}},
        {"relay passes back", {stage::pass_back}},
        {"B takes ack:A", {stage::take_ack}},
        {"A settles", {stage::settle}},
        {"A in all", {stage::send, stage::take_answer, stage::settle}},
        {"relay in all", {stage::forward, stage::pass_back}},
        {"B in all", {stage::receive, stage::take_ack}},
    };
    const auto all = std::make_shared<world>(setting{});
    std::vector<timed> cases;
    for (const auto& [what, wanted] : parts) {
        cases.push_back({what, 64, yardstick::exchange_64, [all, stages = wanted] {
                             return part_of(*all, stages);
                         }});
    }
    compare(how, "shares", cases);
}

}  // namespace bench
