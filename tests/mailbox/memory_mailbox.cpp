// SPDX-License-Identifier: BSL-1.0
#include "sixfold/memory_mailbox.hpp"

#include <memory>

#include "mailbox/any_mailbox.hpp"
#include "support/catch.hpp"

namespace memory_mailbox_tests {

using namespace sixfold;
using mailbox_tests::any_mailbox;

TEST_CASE("memory_mailbox: is a mailbox") {
    mailbox_tests::check([](const mailbox_limits& limits, clock_ref clock) {
        return any_mailbox(
            std::make_shared<memory_mailbox>(memory_mailbox::create(limits, clock).value()));
    });
}

}  // namespace memory_mailbox_tests
