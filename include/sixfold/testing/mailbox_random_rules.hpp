// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_RANDOM_RULES_HPP
#define SIXFOLD_TESTING_MAILBOX_RANDOM_RULES_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/testing/catch.hpp"
#include "sixfold/testing/mailbox_model.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

// A mailbox and a plain model are asked the same: a part of mailbox_conformance.hpp.

namespace sixfold::inline v0::testing {

/// Asks both at random, with few names, epochs and seqs and low limits, so that everything meets.
template <class Mailbox>
class random_requests {
  public:
    /// All outlive it. Mailbox and model have the same limits and nothing in them, and the mailbox has this clock. Messages have
    /// deadlines, or none.
    random_requests(Mailbox& mailbox,
                    mailbox_model& model,
                    manual_clock& clock,
                    random_source& random,
                    bool have_deadlines)
        : mailbox_(mailbox), model_(model), clock_(clock), random_(random),
          have_deadlines_(have_deadlines) {}

    /// Asks once, and requires the same answer of both.
    void ask() {
        static const std::array<peer, 3> names = {"a", "b", "c"};
        from_ = names[below(3)];
        to_ = names[below(3)];
        epoch_ = 1 + below(3);
        clock_.advance(std::chrono::milliseconds(below(3)));
        model_.pass(clock_.now());
        const std::uint64_t action = below(10);
        if (action < 5) {
            ask_put();
        } else if (action == 5) {
            model_.erase(to_, from_, epoch{epoch_}, [](seq) { return true; });
            REQUIRE(mailbox_.execute(past(to_, from_, epoch_)).done);
        } else if (action == 6) {
            ask_erase();
        } else if (action == 7) {
            ask_look();
        } else {
            ask_page();
        }
    }

  private:
    [[nodiscard]] std::uint64_t below(std::uint64_t n) { return random_.below(n); }

    void ask_put() {
        static constexpr std::array<const char*, 4> payloads = {"", "x", "yy", "zzz"};
        const seq first = below(8);
        run_writer messages;
        for (std::uint64_t left = below(2) == 0 ? 1 : 1 + below(4); left != 0; --left) {
            messages.add(below(4) == 0 ? ended : message(payloads[below(4)]));
        }
        mailbox_request request =
            put_run(from_, to_, epoch_, first, messages.get(), below(first + 1));
        if (have_deadlines_ && below(2) == 0) {
            request = with_left(request, below(20));
        }
        const bool done = model_.put(from_, std::get<msg_request>(request.what), clock_.now());
        model_.pass(clock_.now());  // some have no time at all
        REQUIRE(mailbox_.execute(request).done == done);
    }

    void ask_erase() {
        const seq floor = below(5);
        const auto accepted = static_cast<std::uint8_t>(below(128) & below(128) & 0xFEU);
        const auto held = static_cast<std::uint8_t>(below(256) & ~std::uint64_t{accepted});
        const blob state = encoded(floor, accepted, held);
        const bool any = model_.erase(to_, from_, epoch{epoch_}, [&](seq s) {
            return s < floor || (s - floor < 8 && (accepted >> (s - floor) & 1) != 0);
        });
        model_.remember({to_, from_, epoch{epoch_}, floor, state}, any);
        REQUIRE(mailbox_.execute(erase(to_, from_, epoch_, state)).done);
    }

    void ask_look() {
        const seq base = below(10);
        model_.raise(to_, from_, epoch{epoch_}, base);
        const seq low = model_.low(to_, from_, epoch{epoch_});
        const mailbox_outcome outcome = mailbox_.execute(look(from_, to_, epoch_, base));
        REQUIRE(outcome.done);
        REQUIRE(outcome.low == (low == seq_end ? base : low));
        REQUIRE(outcome.smaller == model_.smaller(to_, from_, epoch{epoch_}));
        const blob last(outcome.last_state.begin(), outcome.last_state.end());
        REQUIRE(model_.may_keep(to_, from_, epoch{epoch_}, last));
    }

    void ask_page() {
        const auto any_key = [&]() -> std::optional<mailbox_key> {
            static const std::array<peer, 3> names = {"a", "b", "c"};
            return below(2) == 0 ? std::optional<mailbox_key>()
                                 : key(names[below(3)], 1 + below(3), below(8));
        };
        const mailbox_request request =
            bounded(page(to_, any_key(), any_key()), static_cast<std::uint32_t>(1 + below(6)),
                    static_cast<std::uint32_t>(1 + below(10)));
        std::optional<mailbox_key> next;
        const std::vector<mailbox_model::row> expected =
            model_.page(to_, std::get<sync_request>(request.what), next);
        const mailbox_outcome outcome = mailbox_.execute(request);
        REQUIRE(outcome.done);
        REQUIRE(outcome.next == next);
        REQUIRE(outcome.rows.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const mailbox_row& got = outcome.rows[i];
            REQUIRE(got.from == expected[i].key.from);
            REQUIRE(got.id == expected[i].key.id);
            REQUIRE(got.tombstone == expected[i].tombstone);
            REQUIRE(as_text(got.payload) == expected[i].payload);
            REQUIRE(got.low == model_.low(to_, got.from, got.id.epoch));
            REQUIRE(got.smaller == model_.smaller(to_, got.from, got.id.epoch));
        }
    }

    Mailbox& mailbox_;
    mailbox_model& model_;
    manual_clock& clock_;
    random_source& random_;
    bool have_deadlines_;
    peer from_;
    peer to_;
    std::uint64_t epoch_ = 0;
};

/// 25 mailboxes with limits of their own are asked 200 times each, always the same. Where messages have deadlines there are no
/// limits of bytes: when those of what is late are free again is the mailbox's affair.
template <class Make>
void check_random_requests(Make make) {
    SECTION("it does what a plain model does, whatever is asked") {
        for (std::uint64_t seed = 1; seed <= 25; ++seed) {
            random_source random(seed);
            const auto up_to = [&](std::uint64_t n) {
                return static_cast<std::size_t>(1 + random.below(n));
            };
            const bool have_deadlines = seed % 2 == 0;
            const std::size_t many = have_deadlines ? 10'000 : 0;
            mailbox_model model{{.rows_per_pair_max = up_to(8),
                                 .rows_per_sender_max = up_to(16),
                                 .rows_per_receiver_max = up_to(16),
                                 .rows_max = up_to(40),
                                 .bytes_per_sender_max = up_to(20) + many,
                                 .bytes_max = up_to(30) + many,
                                 .page_rows = up_to(5),
                                 .page_bytes = up_to(8)}};
            manual_clock clock;
            auto mailbox = make(model.limits, clock_ref(clock));
            random_requests both(mailbox, model, clock, random, have_deadlines);
            for (int step = 0; step < 200; ++step) {
                INFO("seed " << seed << ", step " << step);
                both.ask();
            }
        }
    }
}

}  // namespace sixfold::inline v0::testing

#endif
