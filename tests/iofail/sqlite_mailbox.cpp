// SPDX-License-Identifier: BSL-1.0
#include "sixfold/ext/sqlite_mailbox.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "sixfold/testing/mailbox_requests.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"
#include "support/faulty_disk.hpp"
#include "support/noon.hpp"
#include "support/sqlite_spy.hpp"

namespace sqlite_mailbox_tests {

using namespace sixfold;
using namespace sixfold::testing;
using support::faulty_disk;

namespace {

/// Asks a mailbox everything, while one call of the system fails, and takes note of what it says.
class hard_life {
  public:
    explicit hard_life(sqlite_fault expected) : expected_(expected) {}

    [[nodiscard]] faulty_disk& disk() { return disk_; }

    /// Opens the mailbox, unless it is open. Is it?
    bool open() {
        if (!mailbox_) {
            auto opened = sqlite_mailbox::open(
                "mailbox", {}, {.busy_timeout = {}, .vfs = disk_.vfs()}, support::noon);
            if (!opened) {
                CHECK(disk_.hit());
                CHECK(opened.error().fault == expected_);
                CHECK_FALSE(opened.error().what.empty());
                return false;
            }
            mailbox_.emplace(std::move(*opened));
        }
        return true;
    }
    void close() { mailbox_.reset(); }

    void live() {
        for (seq which = 0; which < 3; ++which) {
            store_alone(which);
        }
        store_and_erase(3, 6, 2);
        look_around();
        check_fault(mailbox_->expire({.payloads = {}}, 1).has_value());
        store_and_erase(6, 8, 4);
        store_run(8);
        erase_alone(5);
    }

    /// A fault that is gone leaves nothing behind: everything is done again.
    void live_well(seq first) {
        REQUIRE(open());
        store_alone(first);
        store_and_erase(first + 1, first + 3, 0);
        CHECK(rows_.count(first) + rows_.count(first + 1) + rows_.count(first + 2) == 3);
        CHECK(mailbox_->last_error().fault == sqlite_fault::none);
    }

    void check_rows() {
        REQUIRE(open());
        std::set<seq> found;
        const mailbox_outcome outcome = mailbox_->execute(page("bob"));
        REQUIRE(outcome.done);
        REQUIRE_FALSE(outcome.next);
        for (const mailbox_row& row : outcome.rows) {
            found.insert(row.id.seq);
            CHECK((row.tombstone || as_text(row.payload) == payload_of(row.id.seq)));
            CHECK((rows_.count(row.id.seq) != 0 || maybe_.count(row.id.seq) != 0));
        }
        for (const seq which : rows_) {
            INFO("row " << which << " was done and is not there");
            CHECK(found.count(which) == 1);
        }
        for (const seq first : runs_) {
            INFO("the run from " << first << " on");
            CHECK(found.count(first) == found.count(first + 1));
        }
        CHECK(mailbox_->usage().rows == found.size());
        rows_ = found;
        maybe_.clear();
    }

  private:
    [[nodiscard]] static std::string payload_of(seq which) {
        return std::string(300, 'x') + std::to_string(which);
    }

    /// What is not done is not done for the reason that this life is about.
    void check_fault(bool done) {
        if (!done) {
            CHECK(disk_.hit());
            CHECK(mailbox_->last_error().fault == expected_);
            CHECK_FALSE(mailbox_->last_error().what.empty());
        }
    }

    void note(const mailbox_request& request, bool done) {
        if (const auto* msg = std::get_if<msg_request>(&request.what)) {
            for (seq which = msg->first; which < msg->first + msg->entries.count(); ++which) {
                (done ? maybe_ : rows_).erase(which);
                (done ? rows_ : maybe_).insert(which);
            }
            return;
        }
        ack_state state;
        REQUIRE(ack_state::decode(std::get<ack_request>(request.what).state, state) ==
                refusal::none);
        const auto end = rows_.lower_bound(state.floor());
        if (!done) {
            maybe_.insert(rows_.begin(), end);
        }
        rows_.erase(rows_.begin(), end);
        if (done) {
            maybe_.erase(maybe_.begin(), maybe_.lower_bound(state.floor()));
        }
    }

    void store_alone(seq which) {
        const std::string payload = payload_of(which);
        ask(put("alice", "bob", 1, which, payload));
    }

    void store_run(seq first) {
        const std::string one = payload_of(first);
        const std::string two = payload_of(first + 1);
        const run_writer both = written({testing::message(one), testing::message(two)});
        ask(put_run("alice", "bob", 1, first, both.get(), first));
        runs_.insert(first);
    }

    void erase_alone(seq floor) {
        const blob state = encoded(floor);
        ask(erase("bob", "alice", 1, state));
    }

    void ask(const mailbox_request& request) {
        const bool done = mailbox_->execute(request).done;
        check_fault(done);
        note(request, done);
    }

    void store_and_erase(seq first, seq last, seq floor) {
        mailbox_group group;
        for (seq which = first; which < last; ++which) {
            group.add(put("alice", "bob", 1, which, payload_of(which)));
        }
        group.add(erase("bob", "alice", 1, encoded(floor)));
        for (const mailbox_exchange& each : mailbox_->execute(group)) {
            check_fault(each.outcome.done);
            note(each.request, each.outcome.done);
        }
    }

    void look_around() {
        check_fault(mailbox_->execute(look("alice", "bob", 1)).done);
        const mailbox_outcome raised = mailbox_->execute(look("alice", "bob", 1, 3));
        check_fault(raised.done && mailbox_->last_error().fault == sqlite_fault::none);
        check_fault(mailbox_->execute(page("bob")).done);
    }

    sqlite_fault expected_;
    faulty_disk disk_{1};
    std::optional<sqlite_mailbox> mailbox_;
    std::set<seq> rows_;   // must be there
    std::set<seq> maybe_;  // may be there: put or erased, and nobody knows
    std::set<seq> runs_;   // of two rows, none of which is erased: both are there, or none
};

/// The k-th call fails, for every k until none does. Says how many calls there were.
std::uint64_t fail_each_call(faulty_disk::fault how,
                             sqlite_fault expected,
                             faulty_disk::fails how_long,
                             bool close_while_failing) {
    for (std::uint64_t call = 1;; call += support::stride()) {
        INFO("call " << call);
        hard_life life(expected);
        life.disk().fail_at(call, how, how_long);
        if (life.open()) {
            life.live();
        }
        if (close_while_failing) {
            life.close();
        }
        if (!life.disk().hit()) {
            return call - 1;
        }
        life.disk().heal();
        life.live_well(20);
        life.close();
        life.disk().restart(faulty_disk::power_loss::all);
        life.check_rows();
        life.live_well(30);
        life.check_rows();
    }
}

}  // namespace

TEST_CASE(
    "sqlite_mailbox: the k-th call fails while one ack is done row by row, for every third k") {
    constexpr seq rows = 5;
    const std::string payload(80'000, 'x');
    mailbox_group group;
    for (seq at = 0; at < rows; ++at) {
        group.add(put("alice", "bob", 1, at, payload));
    }
    const blob all = encoded(rows);
    for (std::uint64_t call = 1;; call += 3) {
        CAPTURE(call);
        faulty_disk disk(1);
        const support::sqlite_spy spy;
        auto mailbox = sqlite_mailbox::open("box", {}, {.vfs = disk.vfs()}).value();
        mailbox.execute(group);
        REQUIRE(mailbox.usage().rows == rows);
        (void)spy.ask("PRAGMA secure_delete = ON");  // each page that is freed is written, too
        (void)spy.ask("PRAGMA wal_checkpoint(TRUNCATE)");
        disk.set_capacity(disk.used() + 300'000);
        disk.fail_at(call, faulty_disk::fault::io, faulty_disk::fails::once);
        const bool done = mailbox.execute(erase("bob", "alice", 1, all)).done;
        const sqlite_fault why = mailbox.last_error().fault;
        CHECK((done || why == sqlite_fault::io || why == sqlite_fault::full));
        const bool hit = disk.hit();
        disk.heal();
        CHECK(mailbox.execute(erase("bob", "alice", 1, all)).done);
        CHECK(mailbox.usage().rows == 0);
        if (!hit) {
            CHECK(call > 100);
            break;
        }
    }
}

TEST_CASE("sqlite_mailbox: the k-th call of the system fails, for every k") {
    using fault = faulty_disk::fault;
    using fails = faulty_disk::fails;
    const bool closing = GENERATE(false, true);
    const fails how_long = GENERATE(fails::once, fails::from_then_on);
    CAPTURE(closing, how_long == fails::once);

    SECTION("any call, as an I/O error") {
        CHECK(fail_each_call(fault::io, sqlite_fault::io, how_long, closing) > 100);
    }
    SECTION("a write, because the disk is full") {
        CHECK(fail_each_call(fault::full, sqlite_fault::full, how_long, closing) > 30);
    }
    SECTION("a lock, because somebody else has it") {
        CHECK(fail_each_call(fault::busy, sqlite_fault::busy, how_long, closing) > 20);
    }
}

}  // namespace sqlite_mailbox_tests
