// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "groups.hpp"
#include "world.hpp"

// One message from A over the relay to B, and its acknowledgement back: six frames, in memory, without loss.

namespace bench {

namespace {

timed exchange_of(const setting& how) {
    const auto of = how.payload == 64 ? yardstick::exchange_64 : yardstick::exchange_1k;
    const auto all = std::make_shared<world>(how);
    return {name_of(how), how.in_flight, of, all_of([all] { return all->exchange(); })};
}

}  // namespace

void measure_exchange(const settings& how) {
    std::vector<timed> cases;
    for (const std::size_t payload : {64U, 1024U}) {
        for (const auto checksum : {sixfold::checksum::off, sixfold::checksum::on}) {
            for (const auto packing : {packing::single, packing::packed}) {
                for (const std::uint32_t in_flight : {1U, 64U, 1024U, 16'384U}) {
                    cases.push_back(exchange_of({payload, in_flight, checksum, packing}));
                }
            }
        }
    }
    cases.push_back(exchange_of({.real_clock = true}));
    compare(how, "exchange", cases);
}

}  // namespace bench
