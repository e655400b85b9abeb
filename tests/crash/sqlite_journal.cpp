// SPDX-License-Identifier: BSL-1.0
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include <sixfold/ext/sqlite_journal.hpp>
#include <sixfold/sending/outbound_record.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/crash_world.hpp"
#include "support/effort.hpp"
#include "support/journal_bytes.hpp"
#include "support/temporary_file.hpp"

// The journal of a client in SQLite.

namespace sqlite_journal_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;
using support::crash_world;
using support::disk;
using support::node;
using support::records_of;
using blob = std::vector<std::byte>;

/// A database of an app, in a file that goes with it.
class app_database {
  public:
    explicit app_database(const std::string& pragmas = "PRAGMA journal_mode=WAL") {
        open();
        run(pragmas);
    }
    app_database(const app_database&) = delete;
    app_database& operator=(const app_database&) = delete;
    ~app_database() { close(); }

    void run(const std::string& sql) {
        REQUIRE(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    }
    /// Nothing may be prepared with the old handle any longer.
    void reopen() {
        close();
        open();
    }
    sqlite3* handle() { return handle_; }

    /// In a transaction of its own, which ends with "COMMIT" or "ROLLBACK".
    bool put(sqlite_journal& journal, bytes records, const char* end = "COMMIT") {
        run("BEGIN IMMEDIATE");
        const bool done = journal.put(records);
        run(end);
        return done;
    }

  private:
    void open() { REQUIRE(sqlite3_open(file_.path().c_str(), &handle_) == SQLITE_OK); }
    void close() { CHECK(sqlite3_close(handle_) == SQLITE_OK); }

    support::temporary_file file_;
    sqlite3* handle_ = nullptr;
};

client_options journalled() {
    client_options options{.self = "alice", .life = {.start = 1, .seed = 1}};
    options.journaling = journaling::withhold;
    return options;
}

TEST_CASE("sqlite_journal: gives back what was committed, and nothing of what was rolled back") {
    app_database database;
    manual_clock clock;
    ticket first{};
    ticket second{};
    {
        auto alice = client::create(clock, journalled()).value();
        auto journal = sqlite_journal::attach(database.handle()).value();
        CHECK(journal.records().value().empty());

        first = alice.send("bob", as_bytes("first")).value();
        REQUIRE(database.put(journal, records_of(alice)));
        second = alice.send("bob", as_bytes("second")).value();
        REQUIRE(database.put(journal, records_of(alice), "ROLLBACK"));
    }

    database.reopen();
    auto again = sqlite_journal::attach(database.handle()).value();
    auto next = client::create(clock, journalled(), again.records().value()).value();
    CHECK(next.outstanding(first));
    CHECK_FALSE(next.outstanding(second));
    CHECK(next.sender().queued() == 1);
}

TEST_CASE("sqlite_journal: has one row a key, however often it changes [spec 7.2]") {
    app_database database;
    manual_clock clock;
    auto alice = client::create(clock, journalled()).value();
    auto journal = sqlite_journal::attach(database.handle()).value();
    const ticket message = alice.send("bob", as_bytes("text")).value();
    REQUIRE(database.put(journal, records_of(alice)));
    const std::size_t with_payload = journal.records().value().size();
    REQUIRE(alice.cancel(message));
    REQUIRE(database.put(journal, records_of(alice)));
    CHECK(journal.records().value().size() == with_payload - 4);
}

TEST_CASE("sqlite_journal: refuses a connection whose commits may be lost") {
    for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF", "WAL"}) {
        for (const std::string synchronous : {"OFF", "NORMAL", "FULL", "EXTRA"}) {
            CAPTURE(mode, synchronous);
            app_database database("PRAGMA journal_mode=" + mode +
                                  "; PRAGMA synchronous=" + synchronous);
            const auto journal = sqlite_journal::attach(database.handle());
            const bool kept = mode != "MEMORY" && mode != "OFF";
            const bool safe = (kept && synchronous == "EXTRA") ||
                              (kept && mode != "DELETE" && synchronous == "FULL");
            REQUIRE(journal.has_value() == safe);
            if (!safe) {
                CHECK(journal.error().fault == sqlite_fault::unsafe);
                CHECK(journal.error().what.find("PRAGMA journal_mode = WAL") != std::string::npos);
            }
        }
    }
    app_database as_it_comes("");
    CHECK(sqlite_journal::attach(as_it_comes.handle()).error().fault == sqlite_fault::unsafe);
}

/// Two windows of one app, which the user has opened one after the other.
class window {
  public:
    window(const std::string& path, const std::string& pragmas) {
        REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
        REQUIRE(run(pragmas));
    }
    window(const window&) = delete;
    window& operator=(const window&) = delete;
    ~window() {
        journal_.reset();
        CHECK(sqlite3_close(handle_) == SQLITE_OK);
    }

    bool run(const std::string& sql) {
        return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    }
    /// False: somebody else is writing.
    bool begin_life() {
        auto attached = sqlite_journal::attach(handle_);
        if (attached) {
            journal_.emplace(*std::move(attached));
        }
        return attached.has_value();
    }
    sqlite_journal& journal() { return *journal_; }

    /// A step of a transaction that puts one record: begin, put, commit. False: it was not done, and is over.
    bool step(int which, const char* begin, bytes record) {
        done_ = which == 0   ? run(begin)
                : which == 1 ? done_ && journal_->put(record)
                             : done_ && run("COMMIT");
        if (!done_) {
            run("ROLLBACK");
        }
        return done_;
    }

  private:
    sqlite3* handle_ = nullptr;
    std::optional<sqlite_journal> journal_;
    bool done_ = false;
};

blob tickets(std::uint32_t generation) {
    blob out(32);
    out.resize(detail::encode_tickets(generation, out));
    return out;
}

TEST_CASE(
    "sqlite_journal: two lives on one database, in each order of their steps: what the earlier "
    "one has committed the later one knows, and then nothing more comes of it [spec 7.9]") {
    const std::string pragmas =
        GENERATE(std::string("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"),
                 std::string("PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA"),
                 std::string("PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL"));
    const char* const begin = GENERATE("BEGIN", "BEGIN; SELECT * FROM sixfold_life",
                                       "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE");
    CAPTURE(pragmas, begin);
    std::size_t told = 0;
    unsigned which = 0;
    // Bit i: whose step it is, that of the earlier life (three transactions of three) or of the later one (four).
    for (unsigned order = 0; order < 1U << 13; ++order) {
        if (std::popcount(order) != 4 || ++which % support::stride() != 0) {
            continue;
        }
        const support::temporary_file file;
        window earlier(file.path(), pragmas);
        window later(file.path(), pragmas);
        REQUIRE(earlier.begin_life());
        blob committed;  // by the earlier life
        int steps[2] = {0, 0};
        bool later_lives = false;
        for (unsigned at = 0; at < 13; ++at) {
            if ((order >> at & 1U) == 0) {
                const int step = steps[0]++;
                const blob record = tickets(static_cast<std::uint32_t>(step / 3 + 1));
                if (earlier.step(step % 3, begin, record) && step % 3 == 2) {
                    REQUIRE_FALSE(later_lives);
                    committed = record;
                }
            } else if (steps[1]++ == 0 || !later_lives) {
                later_lives = later.begin_life();
                if (later_lives) {
                    REQUIRE(later.journal().records().value() == committed);
                }
            } else {
                (void)later.step(steps[1] - 2, "BEGIN IMMEDIATE", tickets(100));
            }
        }
        if (later_lives) {
            earlier.run("ROLLBACK");
            later.run("ROLLBACK");
            REQUIRE(earlier.run("BEGIN"));
            CHECK_FALSE(earlier.journal().put(tickets(7)));
            CHECK(earlier.journal().last_error().fault == sqlite_fault::superseded);
            CHECK_FALSE(earlier.journal().records());
            ++told;
        }
    }
    CHECK(told > 300 / support::stride());
}

TEST_CASE("sqlite_journal: an earlier life has heard it once, and stays silent whatever becomes of "
          "the later one [spec 7.9]") {
    app_database database;
    auto earlier = sqlite_journal::attach(database.handle()).value();
    auto later = sqlite_journal::attach(database.handle()).value();
    CHECK_FALSE(database.put(earlier, tickets(1), "ROLLBACK"));
    CHECK(earlier.last_error().what.find("started twice") != std::string::npos);
    CHECK(database.put(later, tickets(2)));
    database.run("DELETE FROM sixfold_life");
    CHECK_FALSE(database.put(earlier, tickets(3), "ROLLBACK"));
    CHECK(earlier.last_error().fault == sqlite_fault::superseded);
    CHECK_FALSE(database.put(later, tickets(3), "ROLLBACK"));
}

TEST_CASE("sqlite_journal: takes nothing when its file was removed or replaced [spec 7.9]") {
    const support::temporary_file file;
    const std::string path = file.path();
    window app(path, "PRAGMA journal_mode=WAL");
    REQUIRE(app.begin_life());
    const bool replaced = GENERATE(false, true);
    std::filesystem::copy(path, path + ".copy");
    std::filesystem::remove(path);
    if (replaced) {
        std::filesystem::rename(path + ".copy", path);
    }
    REQUIRE(app.run("BEGIN"));
    CHECK_FALSE(app.journal().put(tickets(1)));
    CHECK(app.journal().last_error().fault == sqlite_fault::moved);
    REQUIRE(app.run("ROLLBACK; BEGIN"));
    CHECK_FALSE(app.journal().put(tickets(1)));
}

TEST_CASE(
    "sqlite_journal: takes nothing when its log was removed, and all when it is empty [spec 7.9]") {
    const support::temporary_file file;
    const std::string path = file.path();
    window app(path, "PRAGMA journal_mode=WAL");
    REQUIRE(app.begin_life());
    REQUIRE(app.run("PRAGMA wal_checkpoint(TRUNCATE)"));
    REQUIRE(std::filesystem::file_size(path + "-wal") == 0);
    REQUIRE(app.run("BEGIN"));
    CHECK(app.journal().put(tickets(1)));
    REQUIRE(app.run("COMMIT"));
    std::filesystem::remove(path + "-wal");
    REQUIRE(app.run("BEGIN"));
    CHECK_FALSE(app.journal().put(tickets(2)));
    CHECK(app.journal().last_error().fault == sqlite_fault::moved);
}

TEST_CASE("sqlite_journal: tells what fails, and works again when the fault is gone") {
    app_database database;
    auto journal = sqlite_journal::attach(database.handle()).value();
    manual_clock clock;
    auto alice = client::create(clock, journalled()).value();
    CHECK(alice.send("bob", as_bytes("text")));
    const std::vector<std::byte> records = records_of(alice);
    database.run("BEGIN; PRAGMA query_only=ON");
    CHECK_FALSE(journal.put(records));
    CHECK(journal.last_error().fault == sqlite_fault::read_only);
    database.run("PRAGMA query_only=OFF; ROLLBACK");
    CHECK(database.put(journal, records));
    CHECK(journal.last_error().fault == sqlite_fault::none);
    CHECK_FALSE(database.put(journal, std::span(records).first(records.size() - 1), "ROLLBACK"));
    CHECK(journal.last_error().fault == sqlite_fault::corrupt);
}

TEST_CASE(
    "sqlite_journal: takes nothing without a transaction, as when an error has rolled it back") {
    app_database database;
    database.run("CREATE TABLE rows(text)");
    auto journal = sqlite_journal::attach(database.handle()).value();
    manual_clock clock;
    auto alice = client::create(clock, journalled()).value();
    REQUIRE(alice.send("bob", as_bytes("text")));
    const std::vector<std::byte> records = records_of(alice);
    CHECK_FALSE(journal.put(records));

    database.run("PRAGMA max_page_count=4; BEGIN");
    CHECK(sqlite3_exec(database.handle(), "INSERT INTO rows VALUES(zeroblob(100000))", nullptr,
                       nullptr, nullptr) == SQLITE_FULL);
    CHECK_FALSE(journal.put(records));
    CHECK(journal.last_error().fault == sqlite_fault::other);
    CHECK_FALSE(journal.last_error().what.empty());
    CHECK(journal.records().value().empty());
}

TEST_CASE("sqlite_journal: a damaged record is refused when a life begins with it") {
    app_database database;
    auto journal = sqlite_journal::attach(database.handle()).value();
    manual_clock clock;
    auto alice = client::create(clock, journalled()).value();
    CHECK(alice.send("bob", as_bytes("text")));
    REQUIRE(database.put(journal, records_of(alice)));
    database.run("UPDATE sixfold_journal SET record = substr(record, 1, length(record) - 1) || "
                 "x'00' WHERE length(record) > 20");
    const auto next = client::create(clock, journalled(), journal.records().value());
    REQUIRE_FALSE(next);
    CHECK(next.error().code == errc::journal_damaged);
}

TEST_CASE("sqlite_journal: each client crashes at each effect") {
    for (std::size_t k = 0; k < 60; ++k) {
        CAPTURE(k);
        std::map<std::string, std::unique_ptr<app_database>> databases;
        crash_world world(disk::transaction, {.self = "alice", .life = {.start = 1, .seed = 1}},
                          {.self = "bob", .life = {.start = 1, .seed = 1000}});
        const auto of = [&](const node& who) -> app_database& {
            auto& there = databases[std::string(who.options.self.name())];
            if (!there) {
                there = std::make_unique<app_database>();
            }
            return *there;
        };
        world.load = [&](const node& who) {
            of(who).reopen();
            return sqlite_journal::attach(of(who).handle()).value().records().value();
        };
        world.commit = [&](node& who, const std::vector<std::byte>& records) {
            auto journal = sqlite_journal::attach(of(who).handle()).value();
            const bool done = of(who).put(journal, records);
            REQUIRE(done);
            return support::committed();
        };
        (k % 2 == 0 ? world.a() : world.b()).crash_at = k / 2;
        world.at(0s, [&] { world.connect(world.a()); });
        world.at(1s, [&] { world.submit(world.a(), "a0"); });
        world.at(2s, [&] { world.submit(world.a(), "a1, taken back"); });
        world.at(3s, [&] { world.cancel(world.a(), "a1, taken back"); });
        world.at(4s, [&] { world.connect(world.b()); });
        world.at(5s, [&] { world.submit(world.a(), "a2"); });
        world.at(6s, [&] { world.submit(world.b(), "b0"); });
        REQUIRE(world.run());
        CHECK(world.b().inbox.back() == "a2");
        CHECK(world.b().inbox.size() == (world.a().outbox[1].end == status::delivered ? 3U : 2U));
        CHECK(world.a().inbox == std::vector<std::string>{"b0"});
        CHECK(world.b().outbox[0].end == status::delivered);
    }
}

}  // namespace
}  // namespace sqlite_journal_tests
