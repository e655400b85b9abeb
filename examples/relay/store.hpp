// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_STORE_HPP
#define SIXFOLD_EXAMPLES_RELAY_STORE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <sixfold/mailbox/mailbox_group.hpp>
#include <sixfold/mailbox/mailbox_limits.hpp>
#include <sixfold/mailbox/mailbox_retention.hpp>

namespace relay_program {

/// What waits in a mailbox.
struct store_usage {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;  ///< of their payloads
};

/// The mailbox of the program, whichever it is. All calls come from one thread, which may wait in them.
class store {
  public:
    store() = default;
    store(const store&) = delete;
    store& operator=(const store&) = delete;
    virtual ~store() = default;

    /// Executes them all, with one commit: what is `done` is durable. The outcomes are in the group.
    virtual void execute(sixfold::mailbox_group& group) = 0;
    /// Retention, at most so many rows; how many it were, or none if it failed.
    virtual std::optional<std::size_t> expire(const sixfold::mailbox_retention& promised,
                                              std::size_t rows_max) = 0;
    [[nodiscard]] virtual store_usage usage() = 0;
    /// Why the last call was not done, or not wholly, for a person; empty if it was.
    [[nodiscard]] virtual std::string problem() const = 0;
};

/// What names a mailbox, as a log may show it.
[[nodiscard]] std::string without_password(std::string where);

/// Opens the mailbox that `where` names: `memory`, the path of an SQLite file, or a `postgresql://` URL.
///
/// Throws `usage_error` where it cannot be used, `failure` where it cannot be reached. This is the place for further ones.
[[nodiscard]] std::unique_ptr<store> open_store(const std::string& where,
                                                const sixfold::mailbox_limits& limits);

}  // namespace relay_program

#endif
