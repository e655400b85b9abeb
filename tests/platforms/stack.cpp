// SPDX-License-Identifier: BSL-1.0

// How much stack it takes to make a client, and to make one from its journal: on a stack of our own, painted before. The
// limit is for small computers; here pointers are twice as large.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <vector>

#include <ucontext.h>

#include <sixfold/sixfold.hpp>

namespace {

using namespace sixfold;

constexpr std::size_t limit = 2048;
constexpr std::byte paint{0xA5};

const manual_clock stopped;
client_options options{.self = "alice", .life = {1, 7}, .journaling = journaling::withhold};
std::vector<std::byte> journal;
std::optional<result<client>> made;  // where an app has it: not on the stack

std::array<std::byte, 1 << 16> stack;
ucontext_t here;
ucontext_t there;

struct elsewhere {  // the result becomes what it returns, where that is to stay
    operator result<client>() const { return client::create(stopped, options, journal); }
};

void make() {
    made.emplace(elsewhere());
}

std::size_t stack_used() {
    made.reset();
    stack.fill(paint);
    getcontext(&there);
    there.uc_stack.ss_sp = stack.data();
    there.uc_stack.ss_size = stack.size();
    there.uc_link = &here;
    makecontext(&there, make, 0);
    swapcontext(&here, &there);
    const auto untouched =
        std::find_if(stack.begin(), stack.end(), [](std::byte b) { return b != paint; });
    return static_cast<std::size_t>(stack.end() - untouched);
}

/// Of a client that has sent, and heard, a little.
void fill_journal() {
    client alice = client::create(stopped, options).value();
    (void)alice.send("bob", as_bytes("Dinner?"));
    (void)alice.send("carol", as_bytes("Lunch?"));
    std::vector<std::byte> buffer(alice.journal_record_size_max());
    while (const auto records = alice.poll_journal(buffer)) {
        journal.insert(journal.end(), records->begin(), records->end());
    }
}

}  // namespace

int main() {
    (void)stack_used();  // what the first call of anything takes for itself
    const std::size_t fresh = stack_used();
    fill_journal();
    const std::size_t restored = stack_used();
    const bool whole = made->has_value() && made->value().sender().queued() == 2;
    std::printf("stack to make a client: %zu bytes, from its journal: %zu; at most %zu\n", fresh,
                restored, limit);
    return whole && fresh <= limit && restored <= limit ? 0 : 1;
}
