// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_LAWS_HPP
#define SIXFOLD_TESTS_EXPLORE_LAWS_HPP

#include <bitset>
#include <cstdint>
#include <string>

#include "explore/worlds.hpp"

namespace explore {

/// Which law does not hold for this message, in a core that came from another one; or nothing.
[[nodiscard]] inline const char*
broken_law(const worlds& all, const core& before, const core& now, std::uint32_t id) {
    const bool is_of_c = has(ids_of_c, id) && all.the_rules().c == third::sender;
    const a_node& a = is_of_c ? all.c(now) : all.a(now);
    const a_node& a_before = is_of_c ? all.c(before) : all.a(before);
    const b_node& b = all.b(now);
    const bool taken = has(static_cast<id_set>(now.ever), id);
    const bool rejected = has(b.rejected, id);
    const status known = a.known[id];
    if (known == status::delivered && !taken) {
        return "A was told `delivered`, and B never took it";
    }
    if (known == status::rejected && !rejected) {
        return "A was told `rejected`, and B never rejected it";
    }
    if (known == status::cancelled && taken && b.amnesias == 0) {
        return "A was told `cancelled`, and B has it";
    }
    const bool expired = has(all.box(now).expired, id);
    if (known == status::expired && !expired && !all.the_rules().forbidden) {
        return "A was told `expired`, and nothing has ended it";
    }
    if (known == status::expired && taken && b.amnesias == 0) {
        return "A was told `expired`, and B has it";
    }
    // Of what it was told before, and forgot in a crash, A may hear no more than that. Nor of what it had let out
    // of its window, if B has more to remember than it can.
    const bool first_time = !has(a_before.settled, id);
    const std::size_t exceptions =
        std::bitset<ids_max>(a.cancelled | b.rejected | all.box(now).expired).count();
    const bool late = has(a.stored, id) && exceptions > all.bs.exceptions_max();
    const bool given_up = has(a.given_up, id);
    if (known == status::refused && !(given_up && a.refused)) {
        return "A was told `refused`, and nobody has refused it";
    }
    if (given_up && !is_final(known)) {
        return "A gave B up, and was not told how a message ended";
    }
    if (known == status::cancelled && !has(a.cancelled, id) && !(given_up && !a.refused)) {
        return "A was told `cancelled`, and never took it back";
    }
    if (known == status::ended && first_time && !late && !given_up && b.amnesias == 0 &&
        all.the_rules().lives == 1) {
        return "A was told `ended`, and nobody has lost anything";
    }
    if (has(a.stored, id) && !taken && !rejected && !has(all.box(now).payloads, id) &&
        !has(a.cancelled, id) && !expired) {
        return "A was told `stored`, and it is lost";
    }
    return nullptr;
}

[[nodiscard]] inline std::string
broken_law(const worlds& all, const core& before, const core& now) {
    for (std::uint32_t id = 0; id < ids_max; ++id) {
        if (const char* law = broken_law(all, before, now, id)) {
            return "message " + std::to_string(id) + ": " + law;
        }
    }
    return {};
}

}  // namespace explore

#endif
