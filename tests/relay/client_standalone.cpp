// SPDX-License-Identifier: BSL-1.0
// Usage: sixfold_relay_clients PORT
// Clients with either Asio at the relay at this port, which believes them; ends with status 0 if all was as it should be.
#include "client_story.hpp"

void tell_story_with_boost(const std::string& port);  // of client_boost.cpp

int main(int argc, char** argv) {
    try {
        check(argc == 2, "say PORT");
        tell_story(argv[1], "_standalone");
        tell_story_with_boost(argv[1]);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sixfold_relay_clients: %s\n", error.what());
        return 1;
    }
}
