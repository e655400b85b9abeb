// SPDX-License-Identifier: BSL-1.0
#include "sixfold/sending/message_state.hpp"

#include "support/catch.hpp"

namespace message_state_tests {
namespace {

using namespace sixfold;

TEST_CASE(
    "message state: how the receiver says that a seq ended is how its message ended [spec 3.8]") {
    using state = message_state;
    for (const state each : {state::queued, state::sent, state::relayed, state::stored,
                             state::cancelling, state::expiring, state::refusing}) {
        CHECK(conclude(each, fate::accepted) == status::delivered);
        CHECK(conclude(each, fate::rejected) == status::rejected);
        CHECK(conclude(each, fate::tombstoned) == (each == state::cancelling ? status::cancelled
                                                   : each == state::refusing ? status::refused
                                                                             : status::expired));
        CHECK(conclude(each, fate::ended) == status::ended);
        CHECK(conclude(each, fate::held) == status::none);
        CHECK(conclude(each, fate::open) == status::none);
    }
}

TEST_CASE("message state: what an app may know of a message that has not ended") {
    CHECK(known(message_state::queued) == status::none);
    CHECK(known(message_state::sent) == status::none);
    CHECK(known(message_state::relayed) == status::relayed);
    CHECK(known(message_state::stored) == status::stored);
    CHECK(known(message_state::expiring) == status::expiring);
    CHECK(known(message_state::refusing) == status::expiring);
    CHECK(known(message_state::cancelling) == status::none);
    CHECK(known(message_state::ended) == status::none);  // its outcome says more
}

}  // namespace
}  // namespace message_state_tests
