// SPDX-License-Identifier: BSL-1.0
#include "explore/holds.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"

// Every world that these rules allow, with the real machines: all frames ever sent may arrive at any time, any number of
// times or never; A and B crash; and from each state a network that has lost everything must still lead to the end.

namespace explore_tests {

using explore::holds;
using explore::third;

TEST_CASE("explore: one message, all faults") {
    holds("1 message", {});
    holds("1 message, cancelled", {.cancels = 1});
    holds("1 message, B loses its state", {.amnesias = 1});
    holds("1 message, cancelled, B loses its state", {.cancels = 1, .amnesias = 1});
    holds("1 message, cancelled, the app is slow", {.cancels = 1, .slow_app = true});
    holds("1 message, cancelled or rejected", {.cancels = 1, .slow_app = true, .reject = true});
    holds("1 message, as it comes", {.cancels = 1, .in_order = false});
}

TEST_CASE(
    "explore: A gives B up, or a relay refuses what it sends, and A sends again [spec 3.14]") {
    holds("1 message, given up or refused", {.crash = false, .slow_app = true, .gives_up = true});
    holds("2 messages, window 1, given up or refused",
          {.messages = 2, .crash = false, .gives_up = true});
    if (support::all()) {
        holds("2 messages, window 2, given up or refused",
              {.messages = 2, .window = 2, .width = 2, .crash = false, .gives_up = true});
        holds("2 messages, one cancelled, given up or refused",
              {.messages = 2, .cancels = 1, .crash = false, .gives_up = true});
    }
}

TEST_CASE("explore: everything that can end a message, while B loses its state") {
    if (!support::all()) {
        SKIP("tests/run --all explores it");
    }
    holds("1 message, all ends",
          {.cancels = 1, .amnesias = 1, .slow_app = true, .reject = true, .expiries = 1});
}

TEST_CASE("explore: two messages, windows of 1 and 2") {
    holds("2 messages, window 1", {.messages = 2});
    holds("2 messages, window 1 of 2", {.messages = 2, .width = 2});
    if (support::all()) {
        holds("2 messages, window 2", {.messages = 2, .window = 2, .width = 2});
        holds("2 messages, window 2 of 1", {.messages = 2, .window = 2});
        holds("2 messages, window 1, rejected", {.messages = 2, .reject = true});
        holds("2 messages, window 2, as it comes",
              {.messages = 2, .window = 2, .width = 2, .in_order = false, .crash = false});
    }
}

TEST_CASE("explore: three messages, nobody crashes") {
    if (!support::all()) {
        SKIP("tests/run --all explores it");
    }
    holds("3 messages, window 1, nobody crashes", {.messages = 3, .crash = false});
    holds("3 messages, window 1 of 3, nobody crashes", {.messages = 3, .width = 3, .crash = false});
    holds("3 messages, window 2, nobody crashes",
          {.messages = 3, .window = 2, .width = 2, .crash = false});
}

TEST_CASE("explore: two messages, of which one is cancelled, or B loses its state") {
    if (!support::all()) {
        SKIP("tests/run --all explores it");
    }
    holds("2 messages, window 1, one cancelled", {.messages = 2, .cancels = 1});
    holds("2 messages, window 1, B loses its state", {.messages = 2, .amnesias = 1});
}

TEST_CASE("explore: runs of two messages") {
    holds("2 messages, window 2, nobody crashes",
          {.messages = 2, .window = 2, .width = 2, .crash = false});
    // So that A has to send less at once.
    holds("2 messages, window 2, the mailbox has room for 1",
          {.messages = 2, .window = 2, .width = 2, .crash = false, .stored = 1});
}

TEST_CASE("explore: a mailbox that forgets what it has heard of B") {
    holds("1 message, cancelled, B loses its state, no last state",
          {.cancels = 1, .amnesias = 1, .crash = false, .forgets_states = true});
}

TEST_CASE("explore: room of 1 for several messages, of which B tells") {
    holds("2 messages, window 2, 1 place",
          {.messages = 2, .window = 2, .width = 2, .crash = false, .limits = true, .places = 1});
    holds("2 messages, window 2 of 1, limits",
          {.messages = 2, .window = 2, .crash = false, .limits = true});
    if (support::all()) {
        holds("2 messages, window 2, 1 place, the app is slow", {.messages = 2,
                                                                 .window = 2,
                                                                 .width = 2,
                                                                 .crash = false,
                                                                 .slow_app = true,
                                                                 .limits = true,
                                                                 .places = 1});
    }
}

TEST_CASE("explore: messages that must not be stored") {
    holds("1 message, not to be stored", {.crash = false, .slow_app = true, .forbidden = true});
    holds("1 message, not to be stored, cancelled",
          {.cancels = 1, .crash = false, .slow_app = true, .forbidden = true});
    holds("1 message, not to be stored, journals", {.forbidden = true, .journal = true});
}

TEST_CASE("explore: retention in the mailbox") {
    holds("1 message, retention", {.expiries = 1});
    holds("1 message, retention, cancelled", {.cancels = 1, .slow_app = true, .expiries = 1});
    holds("1 message, retention, B loses its state", {.amnesias = 1, .expiries = 1});
    if (support::all()) {
        holds("2 messages, window 1, retention", {.messages = 2, .expiries = 1});
    }
}

TEST_CASE("explore: a mailbox that answers late leads nowhere else than one that answers at once") {
    const auto alike = [](const char* name, explore::rules r) {
        const std::size_t at_once = explore::explored(r).cores;
        r.late = true;
        CHECK(holds(name, r).at_rest == at_once);
    };
    alike("1 message, the mailbox is late", {});
    if (support::all()) {
        alike("1 message, cancelled, the mailbox is late", {.cancels = 1});
        alike("1 message, B loses its state, the mailbox is late", {.amnesias = 1});
    }
}

TEST_CASE("explore: two senders to one receiver") {
    holds("1 message of A, 1 of C, nobody crashes", {.crash = false, .c = third::sender});
    holds("1 message of A, 1 of C, one place, the app is slow",
          {.crash = false, .slow_app = true, .places = 1, .c = third::sender});
    if (support::all()) {
        holds("1 message of A, 1 of C, one place, the app is slow, limits",
              {.crash = false, .slow_app = true, .limits = true, .places = 1, .c = third::sender});
        holds("1 message of A, 1 of C", {.c = third::sender});
    }
}

TEST_CASE("explore: a client that forges frames") {
    // In the order of forged(): bits 0, 1 and 5 are messages of its own, 2 to 4 under A's name, 6 to 9 acknowledgements.
    holds("1 message, acknowledgements forged", {.c = third::forger, .forged = 0x3C0});
    holds("1 message, C sends what nobody can take", {.c = third::forger, .forged = 0x3C3});
    // With a place for each, so that no message that waits makes place for one of another.
    holds("1 message, C uses up all epochs", {.places = 3, .c = third::forger, .forged = 0x3E1});
    holds("1 message, C sends under A's names", {.c = third::forger, .forged = 0x3DC});
}

TEST_CASE("explore: real journals, of which a crash leaves any beginning of what was not synced") {
    holds("1 message, journals", {.journal = true});
    if (support::all()) {
        holds("1 message, journals, B loses its own", {.amnesias = 1, .journal = true});
        holds("1 message, journals, A loses its own", {.lives = 2, .journal = true, .crashes = 1});
    }
}

TEST_CASE("explore: A loses its journal and begins a new epoch") {
    holds("1 message, 2 lives of A", {.lives = 2});
    if (support::all()) {
        holds("1 message, 3 lives of A", {.lives = 3, .crash = false});
        holds("2 messages, 2 lives of A", {.messages = 2, .lives = 2, .crash = false});
    }
}

// Minutes, so only on request.
TEST_CASE("explore: the large worlds", "[.large]") {
    holds("2 messages, window 2, the app is slow and rejects",
          {.messages = 2, .window = 2, .width = 2, .slow_app = true, .reject = true});
    holds("2 messages, window 2, retention of both",
          {.messages = 2, .window = 2, .width = 2, .expiries = 2});
    holds("1 message of A, 1 of C, one cancelled", {.cancels = 1, .c = third::sender});
    holds("1 message, journals, all ends",
          {.cancels = 1, .slow_app = true, .reject = true, .expiries = 1, .journal = true});
    holds("2 messages, journals", {.messages = 2, .journal = true, .crashes = 1});
    holds("3 messages, window 1", {.messages = 3});
    holds("3 messages, window 1 of 2", {.messages = 3, .width = 2});
    holds("3 messages, window 1 of 3", {.messages = 3, .width = 3});
    holds("3 messages, window 2", {.messages = 3, .window = 2, .width = 2});
    holds("3 messages, window 3", {.messages = 3, .window = 3, .width = 3});
    holds("2 messages, window 2, one cancelled",
          {.messages = 2, .window = 2, .width = 2, .cancels = 1, .crash = false});
    holds("2 messages, window 2, one cancelled, B loses its state",
          {.messages = 2, .window = 2, .width = 2, .cancels = 1, .amnesias = 1, .crash = false});
    holds("3 messages, window 3, nobody crashes",
          {.messages = 3, .window = 3, .width = 3, .crash = false});
    holds("2 messages, window 2 of 1, 2 lives of A",
          {.messages = 2, .window = 2, .lives = 2, .crash = false});
    holds("2 messages, window 2, 2 lives of A",
          {.messages = 2, .window = 2, .width = 2, .lives = 2, .crash = false});
    holds("1 message, 2 lives of A, B loses its state", {.amnesias = 1, .lives = 2});
    holds("2 messages, one cancelled, the app is slow",
          {.messages = 2, .cancels = 1, .slow_app = true});
    holds(
        "2 messages, window 2, as it comes, one cancelled",
        {.messages = 2, .window = 2, .width = 2, .cancels = 1, .in_order = false, .crash = false});
    holds("2 messages, the mailbox is late", {.messages = 2, .late = true});
    holds("2 messages, one cancelled, B loses its state",
          {.messages = 2, .cancels = 1, .amnesias = 1});
    holds("2 messages, window 2, the app is slow, B loses its state",
          {.messages = 2, .window = 2, .width = 2, .amnesias = 1, .slow_app = true});
    holds("1 message of A, 1 of C, B loses its state", {.amnesias = 1, .c = third::sender});
    holds("2 messages of A, 1 of C", {.messages = 2, .c = third::sender});
    holds("3 messages, window 2 of 1", {.messages = 3, .window = 2});
    holds("4 messages, window 1", {.messages = 4});
}

}  // namespace explore_tests
