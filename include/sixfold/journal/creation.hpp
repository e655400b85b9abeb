// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_JOURNAL_CREATION_HPP
#define SIXFOLD_JOURNAL_CREATION_HPP

#include <utility>

#include "sixfold/error.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// The key to the constructors of the machines, which only their `create` has: it makes one where it is to stay, and gives it
/// the journal of its earlier life.
///
/// A client is some kilobytes: moved through a few results it would need the stack of a small computer. The one variable that
/// is returned here is the caller's own.
class creation {
    friend class client;
    friend class receiver;
    friend class sender;

    explicit creation() = default;

    template <class Machine, class... Args>
    [[nodiscard]] static result<Machine> of(bytes journal, Args&&... args) {
        result<Machine> out(std::in_place, creation(), std::forward<Args>(args)...);
        if (const auto restored = out->restore(journal); !restored) {
            out = restored.error();
        }
        return out;
    }
};

}  // namespace sixfold::inline v0

#endif
