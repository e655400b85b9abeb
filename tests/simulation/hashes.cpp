// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <cstdlib>

#include "simulation/world.hpp"

// Prints the trace of each world as a number: the same with any compiler, on any machine. It needs nothing but the library.

int main(int argc, char** argv) {
    const unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100;
    for (unsigned long seed = 0; seed < count; ++seed) {
        const simulation::outcome result = simulation::world(simulation::draw(seed)).run();
        std::printf("%lu %016llx %s\n", seed, static_cast<unsigned long long>(result.hash),
                    result.wrong.c_str());
    }
}
