// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_VERDICT_HPP
#define SIXFOLD_EXAMPLES_RELAY_VERDICT_HPP

#include <set>
#include <string>
#include <utility>

#include <sixfold/types.hpp>
#include <sixfold/wire/frame.hpp>

namespace relay_program {

/// Who may write to whom: **the place for rules of your own**. It is asked for each frame, from several threads, and answers from
/// memory: a table that is read anew now and then, not a database.
class verdict {
  public:
    verdict() = default;
    /// `names` is who there is; if it is empty, anybody. `blocked` is who may not write to whom.
    verdict(std::set<std::string, std::less<>> names,
            std::set<std::pair<std::string, std::string>> blocked)
        : names_(std::move(names)), blocked_(std::move(blocked)) {}

    [[nodiscard]] bool knows(const sixfold::peer& who) const {
        return names_.empty() || names_.contains(who.name());
    }
    [[nodiscard]] sixfold::refused_reason operator()(const sixfold::peer& from,
                                                     const sixfold::peer& to) const {
        if (!knows(to)) {
            return sixfold::refused_reason::unknown_peer;
        }
        const bool is_blocked = !blocked_.empty() && blocked_.contains({std::string(from.name()),
                                                                        std::string(to.name())});
        return is_blocked ? sixfold::refused_reason::not_allowed : sixfold::refused_reason::none;
    }

  private:
    std::set<std::string, std::less<>> names_;
    std::set<std::pair<std::string, std::string>> blocked_;
};

}  // namespace relay_program

#endif
