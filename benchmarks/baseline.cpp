// SPDX-License-Identifier: BSL-1.0
#include "baseline.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "groups.hpp"

// The yardstick itself: how it moves with what is in flight, which the yardstick of the other groups, with 64, does not.

namespace bench {

namespace {

template <std::size_t Payload>
void add(std::vector<timed>& cases, yardstick of) {
    for (const std::size_t in_flight : {1U, 64U, 1024U, 16'384U}) {
        const auto loop = std::make_shared<baseline<Payload>>(in_flight);
        cases.push_back({std::to_string(Payload) + " B", in_flight, of,
                         all_of([loop] { return loop->exchange(); })});
    }
}

}  // namespace

void measure_baseline(const settings& how) {
    std::vector<timed> cases;
    add<64>(cases, yardstick::exchange_64);
    add<1024>(cases, yardstick::exchange_1k);
    compare(how, "baseline", cases);
}

}  // namespace bench
