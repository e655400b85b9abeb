// SPDX-License-Identifier: BSL-1.0
// Usage: trace SEED LOSS DUPLICATE DELAY JITTER
// What happens on the stage of examples/web with these, as lines: the browser has to see the same.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "../../examples/web/core/stage.hpp"

int main(int count, char** arguments) {
    const auto number = [&](int at, unsigned otherwise) {
        return count > at ? static_cast<unsigned>(std::strtoul(arguments[at], nullptr, 10))
                          : otherwise;
    };
    web::stage stage(number(1, 1));
    stage.set({.loss = number(2, 0),
               .duplicate = number(3, 0),
               .delay = number(4, 20),
               .jitter = number(5, 0)});
    stage.play_story();
    stage.advance(sixfold::time_point(std::chrono::seconds(30)));
    std::fputs(stage.happenings().c_str(), stdout);
    std::puts(stage.state().c_str());
}
