// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_MAILBOX_ANY_MAILBOX_HPP
#define SIXFOLD_TESTS_MAILBOX_ANY_MAILBOX_HPP

#include <cstddef>
#include <functional>
#include <memory>

#include "sixfold/testing/mailbox_conformance.hpp"

// The suite for mailboxes is long, and a template. Here it is compiled once for all of them.

namespace mailbox_tests {

/// A mailbox of any type.
class any_mailbox {
  public:
    template <class Mailbox>
    explicit any_mailbox(std::shared_ptr<Mailbox> mailbox)
        : execute_([mailbox](const sixfold::mailbox_request& request) {
              return mailbox->execute(request);
          }),
          expire_([mailbox](const sixfold::mailbox_retention& promised, std::size_t rows_max) {
              return mailbox->expire(promised, rows_max);
          }) {}

    sixfold::mailbox_outcome execute(const sixfold::mailbox_request& request) {
        return execute_(request);
    }
    std::size_t expire(const sixfold::mailbox_retention& promised, std::size_t rows_max) {
        return expire_(promised, rows_max);
    }

  private:
    std::function<sixfold::mailbox_outcome(const sixfold::mailbox_request&)> execute_;
    std::function<std::size_t(const sixfold::mailbox_retention&, std::size_t)> expire_;
};

/// Puts to the suite what `make(limits, clock)` returns, of whatever type.
inline void
check(const std::function<any_mailbox(const sixfold::mailbox_limits&, sixfold::clock_ref)>& make) {
    sixfold::testing::check_mailbox(make);
    sixfold::testing::check_retention(make);
}

}  // namespace mailbox_tests

#endif
