// SPDX-License-Identifier: BSL-1.0
#include <sixfold/ext/redis.hpp>
#include <sixfold/sixfold.hpp>

int main() {
    const auto carrier =
        sixfold::redis_carrier::create({.host = "/no/such/place"}, 1, sixfold::stopped_clock);
    return carrier && !carrier->connected() ? 0 : 1;
}
