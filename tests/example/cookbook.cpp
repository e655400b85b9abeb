// SPDX-License-Identifier: BSL-1.0

// Each recipe of examples/cookbook is a program that ends well if it does what it says. Here all are compiled as one, each in
// a namespace of its own; what they include comes first, so that their own includes find nothing more to do.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if __has_include(<sodium.h>)
#include <sodium.h>
#endif

#include "cookbook/world.hpp"
#include "support/catch.hpp"

#define main recipe
namespace cookbook_tests {

namespace attachments {
#include "cookbook/attachments.cpp"
}
namespace devices {
#include "cookbook/devices.cpp"
}
namespace groups {
#include "cookbook/groups.cpp"
}
namespace presence {
#include "cookbook/presence.cpp"
}
namespace priorities {
#include "cookbook/priorities.cpp"
}
namespace read_receipts {
#include "cookbook/read_receipts.cpp"
}
namespace typing {
#include "cookbook/typing.cpp"
}
#if __has_include(<sodium.h>)
namespace encryption {
#include "cookbook/encryption.cpp"
}
#endif

TEST_CASE("cookbook: each recipe does what it says") {
    CHECK(attachments::recipe() == 0);
    CHECK(devices::recipe() == 0);
    CHECK(groups::recipe() == 0);
    CHECK(presence::recipe() == 0);
    CHECK(priorities::recipe() == 0);
    CHECK(read_receipts::recipe() == 0);
    CHECK(typing::recipe() == 0);
}

#if __has_include(<sodium.h>)
TEST_CASE("cookbook: what was sealed with libsodium is opened, and nothing else is accepted") {
    CHECK(encryption::recipe() == 0);
}
#endif

}  // namespace cookbook_tests
#undef main
