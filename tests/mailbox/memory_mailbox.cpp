// SPDX-License-Identifier: BSL-1.0
#include "sixfold/memory_mailbox.hpp"

#include "sixfold/testing/mailbox_conformance.hpp"
#include "support/catch.hpp"

namespace memory_mailbox_tests {

using namespace sixfold;

TEST_CASE("memory_mailbox: is a mailbox") {
    testing::check_mailbox(
        [](const mailbox_limits& limits) { return memory_mailbox::create(limits).value(); });
}

}  // namespace memory_mailbox_tests
