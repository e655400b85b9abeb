// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <string>

#include "groups.hpp"
#include "world.hpp"

// What an exchange costs on the wire, with names of 8 bytes. Counted, not timed.

namespace bench {

namespace {

void count(const setting& how) {
    constexpr std::uint64_t exchanges = 100;
    world all(how);
    std::uint64_t delivered = 0;
    for (std::uint64_t i = 0; i < exchanges; ++i) {
        delivered += all.exchange();
    }
    const auto each = static_cast<double>(delivered);
    const std::string what = name_of(how);
    print("wire", what, how.in_flight, static_cast<double>(all.bytes_sent()) / each, "bytes");
    print("wire", what, how.in_flight, static_cast<double>(all.packets_sent()) / each, "packets");
}

}  // namespace

void measure_wire(const settings&) {
    for (const std::size_t payload : {64U, 1024U}) {
        for (const auto checksum : {sixfold::checksum::off, sixfold::checksum::on}) {
            for (const auto packing : {packing::single, packing::packed}) {
                count({.payload = payload, .checksum = checksum, .packing = packing});
            }
        }
    }
}

}  // namespace bench
