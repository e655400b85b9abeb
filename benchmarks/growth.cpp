// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bad_network.hpp"
#include "groups.hpp"
#include "lone_receiver.hpp"
#include "lone_relay.hpp"
#include "lone_sender.hpp"

// How cost grows with what is in flight, or with how many peers there are. Flat is the aim: what grows is the caches' doing, or a
// timer's logarithm.

namespace bench {

namespace {

/// A sender alone: its messages go out, and are ended as `answers` says.
timed sender_of(const std::string& what,
                std::uint64_t n,
                std::uint64_t receivers,
                void (lone_sender::*answers)()) {
    const auto alone = std::make_shared<lone_sender>(n, receivers);
    return {what, n, yardstick::exchange_64, [alone, n, answers] {
                lap out = time_of([&] { return alone->send(); });
                (*alone.*answers)();
                const lap answered = time_of([&] { return alone->take_answers(); });
                require(answered.operations == n, "not all messages were delivered");
                out.took += answered.took;
                return out;
            }};
}

/// A sender that always has so many in flight: an operation is an ack:N that ends the oldest, and a new message that goes out.
timed sender_kept_full(std::uint64_t n) {
    const auto alone = std::make_shared<lone_sender>(n, 1);
    alone->send();
    return {"sender: one for one", n, yardstick::exchange_64, [alone, n] {
                alone->end_oldest((std::min)(n, std::uint64_t{10'000}));
                return time_of([&] { return alone->replace(); });
            }};
}

/// A sender whose receiver is away: an operation is a message that goes out, and the word that it is stored. The receiver's own
/// word, one for all of them, is timed, too.
timed sender_stored(std::uint64_t n) {
    const auto alone = std::make_shared<lone_sender>(n, 1);
    return {"sender: stored in any order", n, yardstick::exchange_64, [alone, n] {
                lap out = time_of([&] { return alone->send(); });
                alone->store_in_any_order();
                alone->end_all();
                const lap answered = time_of([&] { return alone->take_answers(); });
                require(answered.operations == n, "not all messages were delivered");
                out.took += answered.took;
                return out;
            }};
}

/// What a msg:A costs a sender, in any order.
timed sender_relayed(std::uint64_t n) {
    const auto alone = std::make_shared<lone_sender>(n, 1);
    return {"sender: msg:A in any order", n, yardstick::exchange_64, [alone, n] {
                alone->send();
                alone->relay_in_any_order();
                const lap out = time_of([&] {
                    alone->take_answers();
                    return n;
                });
                alone->end_all();
                require(alone->take_answers() == n, "not all messages were delivered");
                return out;
            }};
}

/// A sender that waits for its answers, and is polled.
void add_idle(std::vector<timed>& cases, std::uint64_t n) {
    const auto alone = std::make_shared<lone_sender>(n, 1);
    alone->send();
    cases.push_back({"sender: idle tick", n, yardstick::none, all_of([alone] {
                         require(!alone->machine().poll_transmit(alone->buffer()),
                                 "the tick was not idle");
                         return std::uint64_t{1};
                     })});
    cases.push_back({"sender: next_deadline", n, yardstick::none, all_of([alone] {
                         require(alone->machine().next_deadline() != sixfold::never,
                                 "nothing is waited for");
                         return std::uint64_t{1};
                     })});
}

timed receiver_of(std::uint64_t n) {
    const auto alone = std::make_shared<lone_receiver>(n);
    return {"receiver: senders in any order", n, yardstick::exchange_64, [alone, n] {
                alone->write_one_each();
                lap out = time_of([&] { return alone->receive(); });
                require(out.operations == n, "not all messages were accepted");
                alone->answer();
                out += time_of([&] {
                    alone->take_answers();
                    return std::uint64_t{0};
                });
                return out;
            }};
}

timed relay_of(std::uint64_t n) {
    const auto alone = std::make_shared<lone_relay>(n);
    return {"relay: any peer to any", n, yardstick::exchange_64, [alone] {
                constexpr std::uint64_t messages = 10'000;
                alone->write(messages);
                return time_of([&] {
                    require(alone->forward() == 2 * messages, "not all messages were forwarded");
                    return messages;
                });
            }};
}

/// A whole exchange, of which each frame is lost now and then. What the network costs is left out.
timed lossy_of(const std::string& what, std::uint64_t n, std::uint64_t loss) {
    const auto all = std::make_shared<bad_network>(static_cast<std::uint32_t>(n), loss);
    return {what, n, yardstick::exchange_64, [all] {
                lap out;
                out.operations = all->exchange([&](node, auto part) {
                    out += time_of([&] {
                        part();
                        return std::uint64_t{0};
                    });
                });
                return out;
            }};
}

/// What the loss does besides: counted in one exchange, in virtual time.
void count_lossy(std::uint64_t n) {
    bad_network all(static_cast<std::uint32_t>(n), 10);
    const std::uint64_t frames = all.frames();
    const sixfold::duration begin = all.now();
    all.exchange([](node, auto part) { part(); });
    const auto messages = static_cast<double>(n);
    print("growth", "world with 1 % loss", n, static_cast<double>(all.frames() - frames) / messages,
          "frames");
    print("growth", "world with 1 % loss: until the last", n,
          std::chrono::duration<double>(all.now() - begin).count(), "virtual s");
}

}  // namespace

void measure_growth(const settings& how) {
    for (std::uint64_t n = 100; n <= how.n_max; n *= 10) {
        const std::uint64_t receivers = (n + 63) / 64;
        std::vector<timed> idle;
        add_idle(idle, n);
        compare(how, "growth", idle);
        // One after the other, so that a million of each are not there at once.
        compare(how, "growth",
                {sender_of("sender: acks in order", n, 1, &lone_sender::end_one_by_one)});
        compare(how, "growth",
                {sender_of("sender: receivers in any order", n, receivers,
                           &lone_sender::end_one_by_one)});
        compare(how, "growth",
                {sender_of("sender: any order within 512", n, 1, &lone_sender::end_in_any_order)});
        compare(how, "growth", {sender_kept_full(n)});
        compare(how, "growth", {sender_stored(n)});
        compare(how, "growth", {sender_relayed(n)});
        compare(how, "growth", {receiver_of(n)});
        compare(how, "growth", {relay_of(n)});
        compare(how, "growth", {lossy_of("world without loss", n, 0)});
        compare(how, "growth", {lossy_of("world with 1 % loss", n, 10)});
        count_lossy(n);
    }
}

}  // namespace bench
