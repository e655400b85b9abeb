// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_RULES_HPP
#define SIXFOLD_EXAMPLES_CHAT_RULES_HPP

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>

namespace example {

/// Who may write to whom: the verdict of a relay. A real one asks its own tables, in memory, as it is asked for every frame.
struct chat_rules {
    std::vector<std::string> names;                              ///< who there is; none: anybody
    std::vector<std::pair<std::string, std::string>> blocked{};  ///< who may not write to whom

    [[nodiscard]] bool knows(const sixfold::peer& who) const {
        return names.empty() || std::find(names.begin(), names.end(), who.name()) != names.end();
    }
    [[nodiscard]] sixfold::refused_reason operator()(const sixfold::peer& from,
                                                     const sixfold::peer& to) const {
        if (!knows(to)) {
            return sixfold::refused_reason::unknown_peer;
        }
        const bool is_blocked = std::any_of(blocked.begin(), blocked.end(), [&](const auto& pair) {
            return pair.first == from.name() && pair.second == to.name();
        });
        return is_blocked ? sixfold::refused_reason::not_allowed : sixfold::refused_reason::none;
    }
};

}  // namespace example

#endif
