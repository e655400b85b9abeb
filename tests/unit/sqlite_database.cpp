// SPDX-License-Identifier: BSL-1.0
#include "sixfold/ext/sqlite_database.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sqlite3.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/faulty_disk.hpp"
#include "support/sqlite_spy.hpp"
#include "support/temporary_file.hpp"

namespace sqlite_database_tests {

using namespace sixfold;
using Catch::Matchers::ContainsSubstring;
using support::sqlite_spy;
using support::temporary_file;

namespace {

constexpr sqlite_schema schema = {.application_id = 1234,
                                  .version = 2,
                                  .create = "CREATE TABLE item (id INTEGER PRIMARY KEY, what BLOB);"
                                            "CREATE INDEX item_by_what ON item (what);"};

auto open(const std::string& path, const sqlite_options& options = {}) {
    return sqlite_database::open(path, schema, options);
}

sqlite_fault fault_of_opening(const std::string& path) {
    const auto opened = open(path);
    return opened ? sqlite_fault::none : opened.error().fault;
}

std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
}

/// What somebody else does to a database.
void run(const std::string& path, const std::string& sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    INFO(sql);
    CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
}

std::string tables_of_them(int count) {
    std::string sql;
    for (int at = 0; at < count; ++at) {
        sql += "CREATE TABLE theirs" + std::to_string(at) + " (a);";
    }
    return sql;
}

/// One of ours, of more than fifty pages.
void make(const std::string& path) {
    auto database = open(path).value();
    auto insert = database.prepare("INSERT INTO item VALUES (?1, zeroblob(1000))");
    sqlite_transaction change(database);
    for (std::int64_t id = 0; id < 60; ++id) {
        insert.run(id);
    }
    REQUIRE(change.commit());
}

/// Refused for this reason, and left as it is.
void check_refused(const std::string& path, sqlite_fault why) {
    const std::string before = read(path);
    const auto opened = open(path);
    REQUIRE_FALSE(opened);
    INFO(opened.error().what);
    CHECK(opened.error().fault == why);
    CHECK_FALSE(opened.error().what.empty());
    CHECK(read(path) == before);
}

std::int64_t count(sqlite_database& database) {
    auto query = database.prepare("SELECT count(*) FROM item");
    const auto row = query.run();
    return row ? row.integer(0) : -1;
}

/// While it lives the k-th read of a file by SQLite fails, and no other.
class failing_read {
  public:
    explicit failing_read(int call) {
        left = call;
        replace(reinterpret_cast<sqlite3_syscall_ptr>(fail));
    }
    failing_read(const failing_read&) = delete;
    failing_read& operator=(const failing_read&) = delete;
    ~failing_read() { replace(nullptr); }

    [[nodiscard]] static bool hit() { return left <= 0; }

  private:
    static inline int left = 0;

    static void replace(sqlite3_syscall_ptr with) {
        sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
        for (const char* const name : {"pread", "pread64", "read"}) {
            if (vfs->xGetSystemCall(vfs, name) != nullptr) {
                REQUIRE(vfs->xSetSystemCall(vfs, name, with) == SQLITE_OK);
                return;
            }
        }
    }
    static ssize_t fail(int file, void* into, std::size_t size, off_t offset) {
        if (--left == 0) {
            errno = EIO;
            return -1;
        }
        return ::pread(file, into, size, offset);
    }
};

}  // namespace

TEST_CASE("sqlite_database: is in WAL mode and syncs each commit, unless it is asked not to") {
    const temporary_file file;
    const sqlite_spy spy;
    {
        const auto database = open(file.path()).value();
        CHECK(spy.ask("PRAGMA journal_mode") == std::vector<std::string>{"wal"});
        CHECK(spy.ask("PRAGMA synchronous") == std::vector<std::string>{"2"});
        CHECK(spy.ask("PRAGMA fullfsync") == std::vector<std::string>{"1"});
        CHECK(spy.ask("PRAGMA checkpoint_fullfsync") == std::vector<std::string>{"1"});
    }
    const auto database =
        open(file.path(), {.durability = sqlite_durability::process_crash}).value();
    CHECK(spy.ask("PRAGMA journal_mode") == std::vector<std::string>{"wal"});
    CHECK(spy.ask("PRAGMA synchronous") == std::vector<std::string>{"1"});
}

TEST_CASE("sqlite_database: a commit is one sync, however much is in it, and none if nothing is") {
    support::faulty_disk disk(1);
    auto database = open("test", {.vfs = disk.vfs()}).value();
    auto insert = database.prepare("INSERT INTO item VALUES (?1, ?2)");
    const auto syncs_of = [&](std::int64_t first, std::int64_t last) {
        const std::uint64_t before = disk.syncs();
        sqlite_transaction change(database);
        for (std::int64_t id = first; id < last; ++id) {
            insert.run(id, as_bytes("something"));
        }
        CHECK(change.commit());
        return disk.syncs() - before;
    };
    CHECK(syncs_of(0, 1) >= 1);  // the log is new
    CHECK(syncs_of(1, 2) == 1);
    CHECK(syncs_of(2, 100) == 1);
    CHECK(syncs_of(100, 100) == 0);
}

TEST_CASE("sqlite_database: keeps what was committed, and nothing else") {
    const temporary_file file;
    {
        auto database = open(file.path()).value();
        auto insert = database.prepare("INSERT INTO item VALUES (?1, ?2)");
        {
            sqlite_transaction change(database);
            insert.run(1, as_bytes("kept"));
            insert.run(2, nullptr);
            insert.run(3, bytes());
            CHECK(change.commit());
        }
        const sqlite_transaction change(database);
        insert.run(4, as_bytes("not committed"));
    }
    auto database = open(file.path()).value();
    auto query = database.prepare("SELECT id, what FROM item ORDER BY id");
    auto row = query.run();
    REQUIRE(row);
    CHECK(row.integer(0) == 1);
    CHECK(row.text(1) == "kept");
    row.next();
    REQUIRE(row);
    CHECK(row.null(1));
    row.next();
    REQUIRE(row);
    CHECK_FALSE(row.null(1));
    CHECK(row.blob(1).empty());
    row.next();
    CHECK_FALSE(row);
    CHECK_FALSE(database.failed());
}

TEST_CASE("sqlite_database: after the first error nothing of a transaction is done") {
    const temporary_file file;
    auto database = open(file.path()).value();
    auto insert = database.prepare("INSERT INTO item VALUES (?1, NULL)");
    {
        sqlite_transaction change(database);
        insert.run(1);
        insert.run(1);  // it is there already
        insert.run(2);
        CHECK_FALSE(change.commit());
        CHECK(database.last_error().fault == sqlite_fault::other);
        CHECK(database.last_error().code == SQLITE_CONSTRAINT_PRIMARYKEY);
        CHECK_THAT(database.last_error().what, ContainsSubstring("item.id"));
    }
    sqlite_transaction change(database);
    CHECK(count(database) == 0);
    insert.run(1);
    CHECK(change.commit());
    CHECK(database.last_error().fault == sqlite_fault::none);
}

TEST_CASE("sqlite_database: a statement that makes no sense is an error, and runs as nothing") {
    const temporary_file file;
    auto database = open(file.path()).value();
    auto statement = database.prepare("SELECT * FROM nowhere");
    CHECK_FALSE(statement.run(1, as_bytes("x"), nullptr));
    CHECK(database.last_error().fault == sqlite_fault::other);
    CHECK_THAT(database.last_error().what, ContainsSubstring("nowhere"));
}

TEST_CASE("sqlite_database: why a statement makes no sense is said again, whenever it is run") {
    const temporary_file file;
    auto database = open(file.path()).value();
    auto sound = database.prepare("SELECT count(*) FROM item");
    auto statement = database.prepare("SELECT * FROM nowhere");
    for (int times = 0; times < 2; ++times) {
        sqlite_transaction change(database);
        REQUIRE_FALSE(database.failed());
        (void)statement.run(1);
        CHECK(database.last_error().what == "no such table: nowhere");
        CHECK_FALSE(change.commit());
    }
    sqlite_transaction change(database);
    REQUIRE(sound.run());
    CHECK(change.commit());
}

TEST_CASE("sqlite_database: refuses what is not a database of this schema, and leaves it alone") {
    const temporary_file file;
    const std::string path = file.path();

    SECTION("no database") {
        write(path, GENERATE(std::string("xy"), std::string("It is only a text.\n"),
                             std::string(100000, 'x')));
        check_refused(path, sqlite_fault::foreign);
    }
    SECTION("a database of nobody, but with something in it, beside which it makes nothing") {
        const std::string tables =
            GENERATE(tables_of_them(1),
                     tables_of_them(200),  // more than the first page can list
                     std::string("PRAGMA user_version = 2"));
        const bool in_wal_mode = GENERATE(false, true);
        run(path, std::string(in_wal_mode ? "PRAGMA journal_mode = WAL; " : "") + tables);
        check_refused(path, sqlite_fault::foreign);
        CHECK(open(path).error().what == "a database of another application: its application_id is "
                                         "0, and not 1234");
        CHECK_FALSE(std::filesystem::exists(path + "-wal"));
        CHECK_FALSE(std::filesystem::exists(path + "-shm"));
    }
    SECTION("a database of another application, beside which it makes nothing") {
        run(path,
            GENERATE(std::string("PRAGMA application_id = 1667785076"),
                     std::string("PRAGMA application_id = 1667785076; PRAGMA user_version = 2"),
                     std::string("PRAGMA journal_mode = WAL; PRAGMA application_id = 1667785076")));
        check_refused(path, sqlite_fault::foreign);
        CHECK_THAT(open(path).error().what,
                   ContainsSubstring("is 1667785076 ('chat'), and not 1234"));
        CHECK_FALSE(std::filesystem::exists(path + "-wal"));
        CHECK_FALSE(std::filesystem::exists(path + "-shm"));
    }
    SECTION("a database of an application whose number has no four letters") {
        run(path, "PRAGMA application_id = " + std::to_string(GENERATE(0x7F7F7F7F, 0x20202020, 1)));
        check_refused(path, sqlite_fault::foreign);
        CHECK_THAT(open(path).error().what, !ContainsSubstring("'"));
    }
    SECTION("a database of another application that says so only in its log") {
        sqlite3* theirs = nullptr;
        REQUIRE(sqlite3_open(path.c_str(), &theirs) == SQLITE_OK);
        CHECK(sqlite3_exec(theirs, "PRAGMA journal_mode = WAL; PRAGMA application_id = 4321",
                           nullptr, nullptr, nullptr) == SQLITE_OK);
        check_refused(path, sqlite_fault::foreign);
        CHECK_THAT(open(path).error().what, ContainsSubstring("is 4321, and not 1234"));
        sqlite3_close(theirs);
    }
    SECTION("a database that another application has open, or had when it crashed") {
        sqlite3* theirs = nullptr;
        REQUIRE(sqlite3_open(path.c_str(), &theirs) == SQLITE_OK);
        CHECK(sqlite3_exec(theirs, "PRAGMA journal_mode = WAL; CREATE TABLE theirs (a)", nullptr,
                           nullptr, nullptr) == SQLITE_OK);
        const std::string log = read(path + "-wal");
        REQUIRE_FALSE(log.empty());
        check_refused(path, sqlite_fault::foreign);
        CHECK(read(path + "-wal") == log);
        // what is there if it crashes now, and is started again later
        const temporary_file crashed;
        write(crashed.path(), read(path));
        write(crashed.path() + "-wal", log);
        check_refused(crashed.path(), sqlite_fault::foreign);
        CHECK(read(crashed.path() + "-wal") == log);
        sqlite3_close(theirs);
    }
    SECTION("another version of the schema") {
        make(path);
        const int version = GENERATE(0, 1, 3);
        run(path, "PRAGMA user_version = " + std::to_string(version));
        check_refused(path, sqlite_fault::version);
        CHECK_THAT(open(path).error().what, ContainsSubstring(std::to_string(version)));
    }
    SECTION("one that cannot be written") {
        make(path);
        std::string content = read(path);
        content[18] = 3;  // of the file format: written by something newer, so only to be read
        write(path, content);
        check_refused(path, sqlite_fault::read_only);
    }
    SECTION("one that was cut") {
        make(path);
        const std::string content = read(path);
        for (const std::size_t size :
             {content.size() / 2, content.size() - 4096, std::size_t{4096}, std::size_t{5000}}) {
            INFO(size << " of " << content.size() << " bytes");
            write(path, content.substr(0, size));
            check_refused(path, sqlite_fault::corrupt);
        }
    }
    SECTION("one with a damaged page, whichever it is") {
        make(path);
        const std::string content = read(path);
        REQUIRE(content.size() > 50 * 4096);
        for (std::size_t page = 1; page < content.size() / 4096; page += 5) {
            INFO("page " << page);
            std::string damaged = content;
            damaged.replace(page * 4096, 4096, std::string(4096, '\x5A'));
            write(path, damaged);
            check_refused(path, sqlite_fault::corrupt);
        }
    }
}

TEST_CASE(
    "sqlite_database: makes a database of its version of one of the former version, or leaves "
    "it as it is") {
    const temporary_file file;
    const std::string path = file.path();
    make(path);
    run(path, "DELETE FROM item; INSERT INTO item VALUES (1, x'00'); PRAGMA user_version = 1");
    const sqlite_spy spy;
    sqlite_schema newer = schema;
    const auto fault = [&] {
        const auto opened = sqlite_database::open(path, newer);
        return opened ? sqlite_fault::none : opened.error().fault;
    };
    const auto found = [&](const char* what) {
        sqlite3* database = nullptr;
        REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
        const std::string out = sqlite_spy::ask(database, what, 0)[0];
        sqlite3_close(database);
        return out;
    };

    newer.former = 1;
    newer.set_aside = "ALTER TABLE item RENAME TO former; DROP INDEX item_by_what";
    newer.upgrade = "INSERT INTO item SELECT id + 1, what FROM former; UPDATE nowhere SET id = 3";
    CHECK(fault() == sqlite_fault::other);  // all or nothing
    CHECK(found("PRAGMA user_version") == "1");
    CHECK(found("SELECT id FROM item") == "1");

    newer.upgrade = "INSERT INTO item SELECT id + 1, what FROM former; DROP TABLE former";
    for (const std::int32_t other : {0, 3}) {  // of no other one
        newer.former = other;
        CHECK(fault() == sqlite_fault::version);
        CHECK(found("SELECT id FROM item") == "1");
    }
    newer.former = 1;
    CHECK(fault() == sqlite_fault::none);
    CHECK(found("PRAGMA user_version") == "2");
    CHECK(found("SELECT id FROM item") == "2");

    CHECK(fault() == sqlite_fault::none);  // once
    CHECK(found("SELECT id FROM item") == "2");
}

TEST_CASE("sqlite_database: says what is wrong with a path or a place") {
    CHECK(fault_of_opening("/no/such/folder/test.db") == sqlite_fault::io);
    CHECK(fault_of_opening("/") == sqlite_fault::io);
    CHECK(fault_of_opening(":memory:") == sqlite_fault::unsafe);
    CHECK(fault_of_opening("") == sqlite_fault::unsafe);
    CHECK_THAT(open(":memory:").error().what, ContainsSubstring("memory"));
    const auto no_disk = open("test", {.vfs = "no such layer"});
    REQUIRE_FALSE(no_disk);
    CHECK_THAT(no_disk.error().what, ContainsSubstring("no such layer"));
}

TEST_CASE("sqlite_database: an empty file becomes a database, and so does none") {
    const temporary_file file;
    write(file.path(), "");
    CHECK(fault_of_opening(file.path()) == sqlite_fault::none);
    CHECK(fault_of_opening(file.path()) == sqlite_fault::none);
    const temporary_file none;
    CHECK(fault_of_opening(none.path()) == sqlite_fault::none);
}

TEST_CASE("sqlite_database: waits for another connection as long as it should, then is busy") {
    const temporary_file file;
    auto first = open(file.path()).value();
    auto second = open(file.path(), {.busy_timeout = std::chrono::milliseconds(1)}).value();
    auto insert = second.prepare("INSERT INTO item VALUES (1, NULL)");
    {
        const sqlite_transaction change(first);
        sqlite_transaction late(second);
        insert.run();
        CHECK_FALSE(late.commit());
        CHECK(second.last_error().fault == sqlite_fault::busy);
        CHECK((second.last_error().code & 0xFF) == SQLITE_BUSY);
    }
    sqlite_transaction change(second);
    insert.run();
    CHECK(change.commit());
    CHECK(count(first) == 1);
}

TEST_CASE("sqlite_database: a full disk is full, and no longer when there is room") {
    const temporary_file file;
    const sqlite_spy spy;
    auto database = open(file.path()).value();
    auto insert = database.prepare("INSERT INTO item VALUES (NULL, zeroblob(100000))");
    CHECK(spy.ask("PRAGMA max_page_count = 20") == std::vector<std::string>{"20"});
    {
        sqlite_transaction change(database);
        insert.run();
        CHECK_FALSE(change.commit());
        CHECK(database.last_error().fault == sqlite_fault::full);
        CHECK(database.last_error().code == SQLITE_FULL);
    }
    CHECK(spy.ask("PRAGMA max_page_count = 2000") == std::vector<std::string>{"2000"});
    sqlite_transaction change(database);
    insert.run();
    CHECK(change.commit());
    CHECK(count(database) == 1);
}

TEST_CASE("sqlite_database: each result code of SQLite has its fault") {
    CHECK(fault_of(SQLITE_OK) == sqlite_fault::none);
    CHECK(fault_of(SQLITE_ROW) == sqlite_fault::none);
    CHECK(fault_of(SQLITE_DONE) == sqlite_fault::none);
    CHECK(fault_of(SQLITE_BUSY_SNAPSHOT) == sqlite_fault::busy);
    CHECK(fault_of(SQLITE_LOCKED) == sqlite_fault::busy);
    CHECK(fault_of(SQLITE_FULL) == sqlite_fault::full);
    CHECK(fault_of(SQLITE_PROTOCOL) == sqlite_fault::busy);
    CHECK(fault_of(SQLITE_READONLY_DIRECTORY) == sqlite_fault::read_only);
    CHECK(fault_of(SQLITE_PERM) == sqlite_fault::read_only);
    CHECK(fault_of(SQLITE_CORRUPT_INDEX) == sqlite_fault::corrupt);
    CHECK(fault_of(SQLITE_NOTADB) == sqlite_fault::foreign);
    CHECK(fault_of(SQLITE_IOERR_FSYNC) == sqlite_fault::io);
    CHECK(fault_of(SQLITE_NOMEM) == sqlite_fault::other);
    CHECK(fault_of(SQLITE_IOERR_NOMEM) == sqlite_fault::other);
    CHECK(fault_of(SQLITE_IOERR_CORRUPTFS) == sqlite_fault::io);
    CHECK(fault_of(SQLITE_CANTOPEN_ISDIR) == sqlite_fault::io);
    CHECK(fault_of(SQLITE_READONLY_DBMOVED) == sqlite_fault::moved);
    for (const int code :
         {SQLITE_ERROR, SQLITE_INTERNAL, SQLITE_ABORT, SQLITE_INTERRUPT, SQLITE_NOTFOUND,
          SQLITE_EMPTY, SQLITE_SCHEMA, SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH,
          SQLITE_MISUSE, SQLITE_NOLFS, SQLITE_AUTH, SQLITE_FORMAT, SQLITE_RANGE}) {
        CHECK(fault_of(code) == sqlite_fault::other);
    }
}

TEST_CASE("sqlite_database: a read that fails is an I/O error, whichever it is, and no damage") {
    const temporary_file file;
    make(file.path());
    sqlite3* writer = nullptr;  // so that there is a log to be read, too
    REQUIRE(sqlite3_open(file.path().c_str(), &writer) == SQLITE_OK);
    REQUIRE(sqlite3_exec(writer, "UPDATE item SET what = zeroblob(900)", nullptr, nullptr,
                         nullptr) == SQLITE_OK);
    const temporary_file crashed;
    write(crashed.path(), read(file.path()));
    write(crashed.path() + "-wal", read(file.path() + "-wal"));
    sqlite3_close(writer);
    const std::string log = read(crashed.path() + "-wal");
    int failed = 0;
    for (int call = 1;; ++call) {
        CAPTURE(call);
        std::filesystem::remove(crashed.path() + "-shm");
        const failing_read broken(call);
        const auto opened = open(crashed.path());
        if (!failing_read::hit()) {
            CHECK(opened);
            break;
        }
        if (!opened) {
            ++failed;
            CHECK(opened.error().fault == sqlite_fault::io);
        }
        write(crashed.path() + "-wal", log);  // which an opening that is done tidies up
    }
    CHECK(failed > 60);
}

TEST_CASE(
    "sqlite_database: a lock that somebody holds for a moment does not refuse it, whichever") {
    for (std::uint64_t call = 1;; ++call) {
        CAPTURE(call);
        support::faulty_disk disk(1);
        disk.fail_at(call, support::faulty_disk::fault::busy, support::faulty_disk::fails::once);
        const auto opened = open("test", {.vfs = disk.vfs()});
        CHECK(opened);
        if (!disk.hit()) {
            CHECK(call > 10);
            break;
        }
    }
}

TEST_CASE("sqlite_database: a lock that somebody holds for a moment refuses no commit, whichever") {
    for (std::uint64_t call = 1;; ++call) {
        CAPTURE(call);
        support::faulty_disk disk(1);
        auto database = open("test", {.vfs = disk.vfs()}).value();
        auto insert = database.prepare("INSERT INTO item VALUES (1, zeroblob(1000000))");
        disk.fail_at(call, support::faulty_disk::fault::busy, support::faulty_disk::fails::once);
        sqlite_transaction change(database);
        insert.run();
        CHECK(change.commit());
        if (!disk.hit()) {
            CHECK(call > 3);  // to read, to write, and to make the file larger
            break;
        }
    }
}

TEST_CASE(
    "sqlite_database: a commit and a checkpoint that wait for each other do not wait for ever") {
    const temporary_file file;
    auto database = open(file.path(), {.busy_timeout = std::chrono::milliseconds(20)}).value();
    auto insert = database.prepare("INSERT INTO item VALUES (1, zeroblob(1000000))");
    const auto commit = [&] {
        sqlite_transaction change(database);
        insert.run();
        return change.commit();
    };
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(file.path().c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite_spy::ask(other, "SELECT count(*) FROM item", 0)[0] == "0");
    std::optional<sqlite_transaction> change(database);
    insert.run();
    // It has the lock of the checkpoints, and waits for ours: until we give in.
    sqlite3_busy_handler(
        other,
        [](void* ours, int) {
            auto& waiting = *static_cast<std::optional<sqlite_transaction>*>(ours);
            CHECK_FALSE(waiting->commit());
            waiting.reset();
            return 1;
        },
        &change);
    CHECK(sqlite3_wal_checkpoint_v2(other, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) ==
          SQLITE_OK);
    CHECK_FALSE(change);
    CHECK(database.last_error().fault == sqlite_fault::busy);
    CHECK(commit());
    sqlite3_close(other);
}

TEST_CASE("sqlite_database: a new file in which somebody else begins is waited for, and no longer "
          "than it should") {
    const temporary_file file;
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(file.path().c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    const auto late = open(file.path(), {.busy_timeout = std::chrono::milliseconds(30)});
    REQUIRE_FALSE(late);
    CHECK(late.error().fault == sqlite_fault::busy);
    std::thread soon([&] {
        sqlite3_sleep(50);
        sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
    });
    CHECK(open(file.path(), {.busy_timeout = std::chrono::minutes(1)}));
    soon.join();
    sqlite3_close(other);
}

TEST_CASE("sqlite_database: who is locked out waits for that once, and not again with each try to "
          "switch to the log") {
    static int slept;  // microseconds for which SQLite has waited
    slept = 0;
    sqlite3_vfs counting = *sqlite3_vfs_find(nullptr);
    counting.zName = "counting";
    counting.xSleep = [](sqlite3_vfs*, int microseconds) {
        return slept += microseconds;
    };
    REQUIRE(sqlite3_vfs_register(&counting, 0) == SQLITE_OK);
    const temporary_file file;
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(file.path().c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
    const auto late =
        open(file.path(), {.busy_timeout = std::chrono::milliseconds(100), .vfs = "counting"});
    REQUIRE_FALSE(late);
    CHECK(late.error().fault == sqlite_fault::busy);
    CHECK(slept > 0);
    CHECK(slept <= 200'000);
    sqlite3_close(other);
    sqlite3_vfs_unregister(&counting);
}

TEST_CASE(
    "sqlite_database: a timeout that SQLite cannot keep is refused by name, and makes no file") {
    using std::chrono::milliseconds;
    for (const milliseconds wrong : {milliseconds(-1), milliseconds(0x80000000),
                                     milliseconds(0x100000000), milliseconds::max()}) {
        const temporary_file file;
        const auto refused = open(file.path(), {.busy_timeout = wrong});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().fault == sqlite_fault::option);
        CHECK_THAT(refused.error().what, ContainsSubstring("busy_timeout"));
        CHECK_FALSE(std::filesystem::exists(file.path()));
    }
    const temporary_file file;
    CHECK(open(file.path(), {.busy_timeout = milliseconds(0x7FFFFFFF)}));
}

TEST_CASE("sqlite_database: its handle is SQLite's own") {
    const temporary_file file;
    auto database = open(file.path()).value();
    CHECK(sqlite_spy::ask(database.handle(), "SELECT count(*) FROM item", 0) ==
          std::vector<std::string>{"0"});
}

TEST_CASE("sqlite_database: what there is no memory to read is an error, not an empty value") {
    const temporary_file file;
    auto database = open(file.path()).value();
    sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_LOOKASIDE, nullptr, 0, 0);
    auto query = database.prepare("SELECT 7");
    const auto row = query.run();
    REQUIRE(row);
    const sqlite3_int64 before = sqlite3_hard_heap_limit64(sqlite3_memory_used());
    CHECK(row.blob(0).empty());  // its digits would need some
    CHECK(row.blob(0).empty());  // and the first error stays
    sqlite3_hard_heap_limit64(before);
    CHECK(database.last_error().code == SQLITE_NOMEM);
}

TEST_CASE("sqlite_database: takes no room in the log while somebody else may write to it") {
    const temporary_file file;
    make(file.path());
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(file.path().c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    const auto late = open(file.path(), {.busy_timeout = std::chrono::milliseconds(0)});
    CHECK(late);
    CHECK(std::filesystem::file_size(file.path() + "-wal") == 0);
    sqlite3_close(other);
}

TEST_CASE("sqlite_database: nothing is done when its log was removed, which nobody would read") {
    const temporary_file file;
    auto database = open(file.path()).value();
    auto insert = database.prepare("INSERT INTO item VALUES (?1, NULL)");
    std::filesystem::remove(file.path() + "-wal");
    sqlite_transaction change(database);
    insert.run(std::int64_t{1});
    CHECK_FALSE(change.commit());
    CHECK(database.last_error().fault == sqlite_fault::moved);
}

TEST_CASE("sqlite_database: an empty log is a log") {
    const temporary_file file;
    auto database = open(file.path()).value();
    auto insert = database.prepare("INSERT INTO item VALUES (?1, NULL)");
    run(file.path(), "PRAGMA wal_checkpoint(TRUNCATE)");
    REQUIRE(std::filesystem::file_size(file.path() + "-wal") == 0);
    sqlite_transaction change(database);
    insert.run(std::int64_t{1});
    CHECK(change.commit());
}

}  // namespace sqlite_database_tests
