// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <sixfold/error.hpp>
#include <sixfold/sending/wait_ack_queue.hpp>
#include "support/catch.hpp"

namespace wait_ack_queue_tests {
namespace {

using namespace sixfold;
using place = wait_ack_queue::place;
using slot = wait_ack_queue::slot;
constexpr slot none = wait_ack_queue::none;

/// A new entry of the only receiver there is.
slot add(wait_ack_queue& queue, bytes payload) {
    const slot at = queue.add(payload);
    if (at != none) {
        queue.give(at, 0);
    }
    return at;
}

/// The app hears of the entry at the front, which is forgotten if it has ended.
void tell(wait_ack_queue& queue) {
    const slot at = queue.next_event();
    if (queue.told()) {
        queue.remove(at);
    }
}

void end(wait_ack_queue& queue, slot at, status how) {
    queue[at].state = message_state::ended;
    queue[at].outcome = how;
    queue.announce(at);
}

TEST_CASE("wait_ack_queue: keeps a copy of each payload until it is dropped") {
    wait_ack_queue queue(4, 4, 128);
    std::string text(64, 'x');
    const slot at = add(queue, as_bytes(text));
    REQUIRE(at != none);
    text.assign(64, 'y');
    CHECK(as_text(queue.payload(at)) == std::string(64, 'x'));
    CHECK(queue.bytes_used() == 64);
    queue.drop_payload(at);
    queue.drop_payload(at);
    CHECK(queue.bytes_used() == 0);
    CHECK(queue.payload(at).empty());
    CHECK(queue.queued() == 1);
}

TEST_CASE("wait_ack_queue: is full by entries or by bytes, and then as it was") {
    wait_ack_queue queue(3, 3, 128);
    CHECK(add(queue, as_bytes(std::string(129, 'x'))) == none);
    REQUIRE(add(queue, as_bytes(std::string(128, 'x'))) != none);
    CHECK(add(queue, as_bytes("y")) == none);
    CHECK(queue.queued() == 1);
    REQUIRE(add(queue, {}) != none);
    REQUIRE(add(queue, {}) != none);
    CHECK(add(queue, {}) == none);
    CHECK(queue.queued() == 3);
}

TEST_CASE("wait_ack_queue: each list gives its entries in the order in which they came") {
    wait_ack_queue queue(4, 4, 128);
    const slot a = add(queue, {});
    const slot b = add(queue, {});
    const slot c = add(queue, {});
    CHECK(queue.first(place::written) == none);
    for (const slot each : {a, b, c}) {
        queue.move(each, place::written);
    }
    queue.move(a, place::written);  // to the end
    CHECK(queue.first(place::written) == b);
    queue.move(b, place::unwritten);
    CHECK(queue.first(place::unwritten) == b);
    CHECK(queue.first(place::written) == c);
    queue.move(c, place::nowhere);
    queue.move(c, place::nowhere);
    CHECK(queue.first(place::written) == a);
    queue.move(a, place::nowhere);
    CHECK(queue.first(place::written) == none);
}

TEST_CASE("wait_ack_queue: tells of each entry what is known of it, stronger each time") {
    wait_ack_queue queue(4, 4, 128);
    const slot at = add(queue, {});
    queue.announce(at);
    CHECK(queue.next_event() == none);  // nothing is known
    queue[at].state = message_state::relayed;
    queue.announce(at);
    queue.announce(at);
    REQUIRE(queue.next_event() == at);
    CHECK(queue.knowledge(at) == status::relayed);
    tell(queue);
    CHECK(queue.next_event() == none);
    queue.announce(at);
    CHECK(queue.next_event() == none);  // heard already
    queue[at].state = message_state::stored;
    queue.announce(at);
    end(queue, at, status::delivered);  // the weaker one is skipped
    REQUIRE(queue.next_event() == at);
    CHECK(queue.knowledge(at) == status::delivered);
    tell(queue);
    CHECK(queue.next_event() == none);
    CHECK(queue.queued() == 0);
}

TEST_CASE("wait_ack_queue: a ticket names its message and no later one in the same place") {
    wait_ack_queue queue(1, 1, 128);
    std::vector<ticket> tickets;
    for (int i = 0; i < 10; ++i) {
        const slot at = add(queue, as_bytes("x"));
        REQUIRE(at != none);
        for (const ticket old : tickets) {
            CHECK(queue.find(old) == none);
        }
        tickets.push_back(queue.ticket_of(at));
        CHECK(queue.find(tickets.back()) == at);
        end(queue, at, status::cancelled);
        CHECK(queue.find(tickets.back()) == none);
        tell(queue);
    }
    CHECK(queue.find(ticket{~std::uint64_t{0}}) == none);
    CHECK(queue.bytes_used() == 0);
}

TEST_CASE(
    "wait_ack_queue: unsettled entries give their place in the queue to others, as many as may") {
    wait_ack_queue queue(2, 1, 128);
    const slot a = add(queue, {});
    const slot b = add(queue, {});
    CHECK(add(queue, {}) == none);
    queue.make_unsettled(a);
    queue.make_unsettled(a);
    CHECK((queue.queued() == 1 && queue.unsettled() == 1 && queue.unsettled_full()));
    queue.make_unsettled(b);  // one too many: it keeps its place in the queue
    CHECK((queue.queued() == 1 && queue.unsettled() == 1));
    CHECK(add(queue, {}) != none);
    end(queue, a, status::ended);
    tell(queue);
    CHECK((queue.queued() == 2 && queue.unsettled() == 0));
}

TEST_CASE("wait_ack_queue: an entry that ends leaves its list") {
    wait_ack_queue queue(2, 2, 128);
    const slot a = add(queue, {});
    const slot b = add(queue, {});
    queue.move(a, place::written);
    queue.move(b, place::written);
    end(queue, a, status::delivered);
    tell(queue);
    CHECK(queue.first(place::written) == b);
}

TEST_CASE(
    "wait_ack_queue: an entry of an earlier life has its ticket, and no later one has [spec 7.8]") {
    wait_ack_queue before(4, 4, 256);
    std::vector<ticket> given;
    for (int i = 0; i < 3; ++i) {
        given.push_back(before.ticket_of(add(before, as_bytes("text"))));
    }
    end(before, before.find(given[0]), status::delivered);
    tell(before);
    given.push_back(before.ticket_of(add(before, {})));  // in the same slot

    wait_ack_queue after(4, 4, 256);
    REQUIRE(after.restore(given[2], as_bytes("text")));  // the others were lost or have ended
    after.restored(wait_ack_queue::generation_of(given[2]) + 1);
    CHECK(after.queued() == 1);
    CHECK(after.find(given[2]) == wait_ack_queue::slot_of(given[2]));
    CHECK(as_text(after.payload(after.find(given[2]))) == "text");
    CHECK(after.find(given[0]) == none);
    for (int i = 0; i < 3; ++i) {
        const slot at = add(after, as_bytes("new"));
        REQUIRE(at != none);
        CHECK(std::count(given.begin(), given.end(), after.ticket_of(at)) == 0);
        given.push_back(after.ticket_of(at));
    }
    CHECK(add(after, {}) == none);
    end(after, after.find(given[2]), status::delivered);
    tell(after);
    const slot again = add(after, {});
    REQUIRE(again == wait_ack_queue::slot_of(given[2]));
    CHECK(std::count(given.begin(), given.end(), after.ticket_of(again)) == 0);
}

TEST_CASE(
    "wait_ack_queue: where some slots are used up, and all others taken, it is not at its end "
    "[spec 7.8]") {
    wait_ack_queue queue(1, 1, 64);
    queue.restored(UINT32_MAX - 3);  // each slot has two tickets
    for (int times = 0; times < 2; ++times) {
        REQUIRE(add(queue, {}) == 0);
        end(queue, 0, status::delivered);
        tell(queue);
    }
    const slot other = add(queue, {});
    REQUIRE(other == 1);
    queue.make_unsettled(other);
    CHECK(queue.queued() == 0);
    CHECK(add(queue, {}) == none);
    CHECK_FALSE(queue.is_at_its_end());
    end(queue, other, status::delivered);
    tell(queue);
    REQUIRE(add(queue, {}) == other);
    end(queue, other, status::delivered);
    tell(queue);
    CHECK(add(queue, {}) == none);
    CHECK(queue.is_at_its_end());
}

}  // namespace
}  // namespace wait_ack_queue_tests
