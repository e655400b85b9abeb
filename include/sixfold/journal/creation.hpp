// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_JOURNAL_CREATION_HPP
#define SIXFOLD_JOURNAL_CREATION_HPP

#include <initializer_list>
#include <utility>

#include "sixfold/error.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// The key to the constructors of the machines, which only their `create` has. It makes a machine where it is to stay: `of` makes
/// a new one, `from` one with the journal of its earlier life. Two functions, as a small computer without a journal has no room
/// for what reads one.
///
/// A client has some kilobytes: moving it through a few results would take the whole stack of a small computer. So the one variable
/// that is returned here is the caller's own.
class creation {
    friend class client;
    friend class receiver;
    friend class sender;

    explicit creation() = default;

    /// The first of `checks` that failed is the error.
    template <class Machine, class... Args>
    [[nodiscard]] static result<Machine> of(std::initializer_list<result<void>> checks,
                                            Args&&... args) {
        for (const result<void>& checked : checks) {
            if (!checked) {
                return checked.error();
            }
        }
        return result<Machine>(std::in_place, creation(), std::forward<Args>(args)...);
    }
    template <class Machine, class... Args>
    [[nodiscard]] static result<Machine>
    from(bytes journal, std::initializer_list<result<void>> checks, Args&&... args) {
        result<Machine> out = of<Machine>(checks, std::forward<Args>(args)...);
        if (out) {
            if (const auto restored = out->restore(journal); !restored) {
                out = restored.error();
            }
        }
        return out;
    }
};

}  // namespace sixfold::inline v0

#endif
