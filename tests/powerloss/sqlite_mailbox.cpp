// SPDX-License-Identifier: BSL-1.0
#include "sixfold/ext/sqlite_mailbox.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include <sqlite3.h>

#include "sixfold/parts/random.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"
#include "support/faulty_disk.hpp"
#include "support/noon.hpp"

namespace sqlite_mailbox_tests {

using namespace sixfold;
using namespace sixfold::testing;
using support::faulty_disk;

namespace {

/// A log of 1000 pages is never reached here, so it is written back after a few.
int checkpoint_early(sqlite3* database, const char**, const void*) {
    return sqlite3_wal_autocheckpoint(database, 12);
}

/// Alice stores messages for Bob, who acknowledges some; then the power fails, again and again.
class stormy_life {
  public:
    struct score {
        std::uint64_t cuts = 0;          // the others came after the end
        std::uint64_t acknowledged = 0;  // puts and erasures that were done
        std::uint64_t lost = 0;          // rows that were done and are not there
        std::uint64_t undead = 0;        // rows that are there and were erased, or never put
        std::uint64_t torn = 0;          // runs of which one row is there
    };

    stormy_life(const sqlite_options& options, std::uint64_t seed)
        : options_(options), random_(seed), disk_(seed) {
        options_.vfs = disk_.vfs();
    }

    /// Until the power fails, or the mailbox was closed.
    void live() {
        disk_.cut_power_at(1 + random_.below(130));
        if (auto mailbox = open()) {
            for (int step = 0; step < 6; ++step) {
                random_.below(3) == 0 ? acknowledge(*mailbox) : store(*mailbox);
            }
        }
    }

    void restart() {
        using power_loss = faulty_disk::power_loss;
        score_.cuts += disk_.hit() ? 1 : 0;
        disk_.restart(random_.below(3) == 0 ? power_loss::all : power_loss::some);
        auto mailbox = open();
        REQUIRE(mailbox);
        std::map<seq, std::string> found;
        std::optional<mailbox_key> next;
        do {
            const mailbox_outcome outcome = mailbox->execute(page("bob", next));
            REQUIRE(outcome.done);
            for (const mailbox_row& row : outcome.rows) {
                found[row.id.seq] = as_text(row.payload);
            }
            next = outcome.next;
        } while (next);
        count(found);
        count_torn(found);
        REQUIRE(mailbox->usage().rows == found.size());
        rows_ = found;
        maybe_.clear();
    }

    [[nodiscard]] const score& result() const { return score_; }

  private:
    [[nodiscard]] std::optional<sqlite_mailbox> open() {
        auto opened = sqlite_mailbox::open("mailbox", {}, options_, support::noon);
        if (!opened) {
            INFO(opened.error().what);
            REQUIRE(disk_.hit());
            return std::nullopt;
        }
        return std::move(*opened);
    }

    [[nodiscard]] static std::string payload_of(seq which) {
        return std::string(static_cast<std::size_t>(which % 700), 'x') + std::to_string(which);
    }

    /// In a group of up to four, each a message or a run of two.
    void store(sqlite_mailbox& mailbox) {
        mailbox_group group;
        for (std::uint64_t n = 1 + random_.below(4); n != 0; --n) {
            random_.below(3) == 0 ? add_run(group) : add_one(group);
        }
        for (const mailbox_exchange& each : mailbox.execute(group)) {
            if (each.outcome.done) {
                const auto& msg = std::get<msg_request>(each.request.what);
                for (seq which = msg.first; which < msg.first + msg.entries.count(); ++which) {
                    rows_[which] = payload_of(which);
                    maybe_.erase(which);
                }
                ++score_.acknowledged;
            }
        }
    }

    void add_one(mailbox_group& group) {
        maybe_.insert(next_);
        group.add(put("alice", "bob", 1, next_, payload_of(next_)));
        ++next_;
    }

    void add_run(mailbox_group& group) {
        const std::string first = payload_of(next_);
        const std::string second = payload_of(next_ + 1);
        run_writer both = written({testing::message(first)});
        if (!both.fits(testing::message(second))) {
            return add_one(group);
        }
        both.add(testing::message(second));
        maybe_.insert({next_, next_ + 1});
        runs_.insert(next_);
        group.add(put_run("alice", "bob", 1, next_, both.get(), next_));
        next_ += 2;
    }

    void acknowledge(sqlite_mailbox& mailbox) {
        seq floor = next_ - (std::min)(next_, random_.below(24));
        floor -= floor != 0 ? runs_.count(floor - 1) : 0;  // not in the middle of a run
        const auto end = rows_.lower_bound(floor);
        for (auto at = rows_.begin(); at != end; at = rows_.erase(at)) {
            maybe_.insert(at->first);
        }
        if (mailbox.execute(erase("bob", "alice", 1, encoded(floor))).done) {
            maybe_.erase(maybe_.begin(), maybe_.lower_bound(floor));
            ++score_.acknowledged;
        }
    }

    /// Of a run all is there, or nothing.
    void count_torn(const std::map<seq, std::string>& found) {
        for (const seq first : runs_) {
            score_.torn += found.count(first) != found.count(first + 1) ? 1 : 0;
        }
    }

    void count(const std::map<seq, std::string>& found) {
        for (const auto& [which, payload] : rows_) {
            const auto at = found.find(which);
            score_.lost += at == found.end() || at->second != payload ? 1 : 0;
        }
        for (const auto& [which, payload] : found) {
            const bool known = rows_.count(which) != 0 || maybe_.count(which) != 0;
            score_.undead += !known || payload != payload_of(which) ? 1 : 0;
        }
    }

    sqlite_options options_;
    random_source random_;
    faulty_disk disk_;
    std::map<seq, std::string> rows_;  // must be there
    std::set<seq> maybe_;              // may be there: put or erased, and nobody knows
    std::set<seq> runs_;               // the first of two that were put together
    seq next_ = 0;
    score score_;
};

stormy_life::score storm(const sqlite_options& options, int lives) {
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(checkpoint_early));
    stormy_life life(options, 1);
    for (int count = 0; count < lives; ++count) {
        INFO("life " << count);
        life.live();
        life.restart();
    }
    sqlite3_reset_auto_extension();
    return life.result();
}

}  // namespace

TEST_CASE("sqlite_mailbox: what was done survives every loss of power [spec 1.7, 5.2]") {
    const int lives = support::some_or_all(300, 2000);
    const auto score = storm({}, 3 * lives);  // with the options that everybody has
    CAPTURE(score.cuts, score.acknowledged);
    CHECK(score.lost == 0);
    CHECK(score.undead == 0);
    CHECK(score.torn == 0);
    CHECK(score.cuts > 2 * std::uint64_t(lives));
    CHECK(score.acknowledged > 5 * std::uint64_t(lives));  // the storm leaves time to work
}

TEST_CASE("sqlite_mailbox: without a sync for each commit it is lost, and this test sees it") {
    const auto score = storm({.durability = sqlite_durability::process_crash}, 1000);
    CAPTURE(score.cuts, score.acknowledged);
    CHECK(score.lost > 0);
}

}  // namespace sqlite_mailbox_tests
