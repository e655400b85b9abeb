// SPDX-License-Identifier: BSL-1.0
#include "client_story.hpp"

void tell_story_with_boost(const std::string& port) {
    tell_story(port, "_boost");
}
