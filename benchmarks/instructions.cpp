// SPDX-License-Identifier: BSL-1.0
// How many instructions a message costs, counted by callgrind: the same on any machine with the same compiler, however busy it
// is. Run by the script `instructions`, which compares them with those of the last time. Does nothing by itself.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include <valgrind/callgrind.h>

#include "world.hpp"

namespace {

using namespace bench;

/// Counts what `run` does; callgrind writes the sum under this name. `run` says how many messages that were.
template <class Run>
void count(const char* name, Run run) {
    CALLGRIND_ZERO_STATS;
    CALLGRIND_TOGGLE_COLLECT;
    const std::uint64_t messages = run();
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(name);
    std::printf("%s %llu\n", name, static_cast<unsigned long long>(messages));
}

/// Whole exchanges, until so many messages went through.
std::uint64_t exchanges(world& of, std::uint64_t messages) {
    std::uint64_t done = 0;
    while (done < messages) {
        done += of.exchange();
    }
    return done;
}

void count_exchanges(const char* name, const setting& how, std::uint64_t messages = 4096) {
    world of(how);
    count(name, [&] { return exchanges(of, messages); });
}

void count_stages() {
    constexpr std::array<const char*, stages> names = {
        "A_sends",           "relay_forwards", "A_takes_msg:A", "B_receives",
        "relay_passes_back", "B_takes_ack:A",  "A_settles",
    };
    world of({});
    of.exchange([&](stage which, auto part) {
        count(names[static_cast<std::size_t>(which)], [&] {
            part();
            return std::uint64_t{64};
        });
    });
}

}  // namespace

int main() {
    using sixfold::checksum;
    count_stages();
    count_exchanges("exchange_64B_1", {.in_flight = 1});
    count_exchanges("exchange_64B_64", {});
    count_exchanges("exchange_64B_64_checksum", {.checksum = checksum::on});
    count_exchanges("exchange_64B_64_packed", {.packing = packing::packed});
    count_exchanges("exchange_1KiB_64_checksum_packed",
                    {.payload = 1024, .checksum = checksum::on, .packing = packing::packed});
    count_exchanges("exchange_64B_16384", {.in_flight = 16384}, 16384);
}
