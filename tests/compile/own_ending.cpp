// SPDX-License-Identifier: BSL-1.0

// A program that says itself how it ends, as one does that has no stderr: one macro for a value that is not there and for
// an assertion.
#undef NDEBUG
#include <array>
#include <chrono>
#include <string_view>

[[noreturn]] void end_here(const char* message);
#define SIXFOLD_FAIL(message) end_here(message)

#include <sixfold/sixfold.hpp>

struct ending {
    std::string_view words;
};

void end_here(const char* message) {
    throw ending{message};
}

namespace {

template <class Call>
std::string_view last_words(Call call) {
    try {
        call();
    } catch (const ending& here) {
        return here.words;
    }
    return "it went on";
}

}  // namespace

int main() {
    const std::chrono::steady_clock clock;
    const auto taken = last_words([&] {
        (void)sixfold::client::create(clock, {.self = "", .life = {1, 7}}).value();
    });
    const auto asserted = last_words([&] {
        auto alice = sixfold::client::create(clock, {.self = "alice", .life = {1, 7}}).value();
        std::array<std::byte, 1> buffer{};
        (void)alice.poll_transmit(buffer);
    });
    const bool right = taken == "self: a peer's name has 1 to 47 bytes" &&
                       asserted.find("buffer.size() >= packet_size_min()") != asserted.npos;
    return right ? 0 : 1;
}
