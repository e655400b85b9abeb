// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_DATABASE_WORLD_HPP
#define SIXFOLD_TESTS_SUPPORT_DATABASE_WORLD_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sqlite3.h>

#include <sixfold/ext/sqlite_journal.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/crash_world.hpp"
#include "support/faulty_disk.hpp"

// Two apps as in crash_world, each with its rows and its journal in one SQLite database, on a disk that fails once.

namespace support {

/// What goes wrong with one of the two disks, and what its app does then.
struct database_plan {
    bool broken_is_a = true;
    std::uint64_t call = 0;  // of the system, which fails; 0: none
    faulty_disk::fault how = faulty_disk::fault::io;
    faulty_disk::fails how_long = faulty_disk::fails::once;
    bool reopens = true;  // the connection; false: it rolls back and goes on with it
    std::optional<faulty_disk::power_loss> power = {};  // it is the power that fails
    const char* journal_mode = "WAL";
    const char* synchronous = "FULL";
    const char* weakened = nullptr;  // to this, behind the journal's back
    std::uint64_t seed = 1;
};

/// Commits are gone that the database had called done.
struct lost_commits {};

/// The database of one app. Of its rows it has only how many commits there were: what they were, the world knows.
class app_on_disk {
  public:
    explicit app_on_disk(const database_plan& plan) : plan_(plan), disk_(plan.seed) {}
    app_on_disk(const app_on_disk&) = delete;
    app_on_disk& operator=(const app_on_disk&) = delete;
    ~app_on_disk() { close(); }

    void break_as_planned() {
        if (plan_.power) {
            disk_.cut_power_at(plan_.call);
        } else {
            disk_.fail_at(plan_.call, plan_.how, plan_.how_long);
        }
    }
    /// Whether it has come to the fault.
    [[nodiscard]] bool hit() const { return hit_ || disk_.hit(); }

    /// What a life begins with: it tries again until the fault is gone.
    std::vector<std::byte> load() {
        for (int tries = 0; tries < 10; ++tries) {
            if (open()) {
                if (auto records = journal_->records()) {
                    return *std::move(records);
                }
            }
            recover();
        }
        FAIL("the fault has gone, and the database cannot be read");
        return {};
    }

    /// Rows and records in one commit.
    committed commit(const std::vector<std::byte>& records) {
        const int next = commits_ + 1;
        if (run("BEGIN IMMEDIATE") && run("UPDATE app SET commits = " + std::to_string(next)) &&
            journal_->put(records) && run("COMMIT")) {
            commits_ = next;
            return {.done = true, .alive = true};
        }
        CHECK(disk_.hit());
        while (!recover()) {
        }
        if (commits_ < next - 1) {
            throw lost_commits();
        }
        return {.done = commits_ == next, .alive = false};
    }

  private:
    bool run(const std::string& sql) {
        return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    }

    bool open() {
        if (handle_ == nullptr) {
            const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
            const bool opened = sqlite3_open_v2("app", &handle_, flags, disk_.vfs()) == SQLITE_OK &&
                                run(std::string("PRAGMA journal_mode=") + plan_.journal_mode) &&
                                run(std::string("PRAGMA synchronous=") + plan_.synchronous) &&
                                run("CREATE TABLE IF NOT EXISTS app(commits)") &&
                                run("INSERT INTO app SELECT 0 WHERE NOT EXISTS(SELECT * FROM app)");
            if (!opened) {
                close();
            }
        }
        return handle_ != nullptr && (journal_ || attach());
    }

    bool attach() {
        auto attached = sixfold::sqlite_journal::attach(handle_);
        if (!attached) {
            CHECK(disk_.hit());
            CHECK_FALSE(attached.error().what.empty());
            return false;
        }
        journal_.emplace(*std::move(attached));
        // Nobody would do this: it is how the test shows that it notices what is lost.
        return plan_.weakened == nullptr ||
               run(std::string("PRAGMA synchronous=") + plan_.weakened);
    }

    void close() {
        journal_.reset();
        CHECK(sqlite3_close(handle_) == SQLITE_OK);
        handle_ = nullptr;
    }

    /// The fault goes, and the app looks what has become of its commit.
    bool recover() {
        if (plan_.power || plan_.reopens) {
            close();
        } else if (handle_ != nullptr && sqlite3_get_autocommit(handle_) == 0) {
            run("ROLLBACK");
        }
        hit_ = hit();
        if (plan_.power) {
            disk_.restart(*plan_.power);
        } else {
            disk_.heal();
        }
        if (!open()) {
            return false;
        }
        sqlite3_stmt* query = nullptr;
        bool read = sqlite3_prepare_v2(handle_, "SELECT commits FROM app", -1, &query, nullptr) ==
                        SQLITE_OK &&
                    sqlite3_step(query) == SQLITE_ROW;
        if (read) {
            commits_ = sqlite3_column_int(query, 0);
        }
        sqlite3_finalize(query);
        return read;
    }

    database_plan plan_;
    faulty_disk disk_;
    sqlite3* handle_ = nullptr;
    std::optional<sixfold::sqlite_journal> journal_;
    int commits_ = 0;
    bool hit_ = false;
};

/// Messages both ways, with B away at first: each once, in order, and its sender knows. Says whether it came to the fault.
inline bool run_with_databases(const database_plan& plan) {
    using namespace std::chrono_literals;
    app_on_disk databases[2] = {app_on_disk(plan), app_on_disk(plan)};
    app_on_disk& broken = databases[plan.broken_is_a ? 0 : 1];
    broken.break_as_planned();
    crash_world world(disk::transaction, {.self = "alice", .life = {.start = 1, .seed = 1}},
                      {.self = "bob", .life = {.start = 1, .seed = 1000}});
    const auto of = [&](const node& who) -> app_on_disk& {
        return databases[&who == &world.a() ? 0 : 1];
    };
    world.load = [&](const node& who) {
        return of(who).load();
    };
    world.commit = [&](node& who, const std::vector<std::byte>& records) {
        return of(who).commit(records);
    };
    world.at(0s, [&] { world.connect(world.a()); });
    world.at(1s, [&] { world.submit(world.a(), "a0"); });
    world.at(2s, [&] { world.submit(world.a(), "a1"); });
    world.at(3s, [&] { world.connect(world.b()); });
    world.at(4s, [&] { world.submit(world.a(), "a2"); });
    world.at(5s, [&] { world.submit(world.b(), "b0"); });
    const bool ended = world.run();
    CHECK(ended);
    CHECK(world.b().inbox == std::vector<std::string>{"a0", "a1", "a2"});
    CHECK(world.a().inbox == std::vector<std::string>{"b0"});
    for (const node* who : {&world.a(), &world.b()}) {
        for (const node::outgoing& each : who->outbox) {
            CHECK(each.end == sixfold::status::delivered);
        }
    }
    return broken.hit();
}

}  // namespace support

#endif
