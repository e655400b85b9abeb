// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include <sys/mount.h>
#include <unistd.h>

#include "sixfold/ext/postgres_mailbox.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "postgres/server.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"

// What a mailbox in PostgreSQL survives: nothing is called done that is not there.

namespace trouble_tests_of_postgres {

using namespace sixfold;
using namespace sixfold::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using postgres_tests::empty_database;
using postgres_tests::server;
using postgres_tests::shared;

namespace {

/// All rows that a receiver has, as text.
std::set<std::string> all_rows(postgres_mailbox& mailbox, const peer& to) {
    std::set<std::string> out;
    std::optional<mailbox_key> from = mailbox_key{};
    while (from) {
        const mailbox_outcome outcome = mailbox.execute(page(to, *from));
        REQUIRE(outcome.done);
        for (const std::string& each : texts(outcome.rows)) {
            out.insert(each);
        }
        from = outcome.next;
    }
    return out;
}

/// A relay that puts one group after the other, and remembers what was called done.
class busy_relay {
  public:
    explicit busy_relay(postgres_mailbox& mailbox) : mailbox_(mailbox) {}

    void put_a_group() {
        const std::size_t before = done_.size();
        mailbox_group group;
        for (int i = 0; i < 10; ++i, ++next_) {
            group.add(put("alice", "bob", 1, next_, std::to_string(next_)));
        }
        seq which = next_ - 10;
        for (const mailbox_exchange& each : mailbox_.execute(group)) {
            if (each.outcome.done) {
                done_.insert("alice 1:" + std::to_string(which) + " " + std::to_string(which));
            }
            ++which;
        }
        groups_ += done_.size() > before ? 1 : 0;
    }
    [[nodiscard]] const std::set<std::string>& done() const { return done_; }
    /// Waits in another thread for so many more groups of which something was done, and then a bit: into the next one.
    void wait_for_groups(std::size_t count, std::chrono::milliseconds bit) const {
        const std::size_t until = groups_ + count;
        while (groups_ < until) {
            std::this_thread::sleep_for(1ms);
        }
        std::this_thread::sleep_for(bit);
    }

  private:
    postgres_mailbox& mailbox_;
    seq next_ = 0;
    std::set<std::string> done_;
    std::atomic<std::size_t> groups_ = 0;
};

bool holds(const std::set<std::string>& there, const std::set<std::string>& expected) {
    return std::includes(there.begin(), there.end(), expected.begin(), expected.end());
}

constexpr mailbox_limits wide = {.rows_per_pair_max = 1'000'000,
                                 .rows_per_sender_max = 1'000'000,
                                 .rows_per_receiver_max = 1'000'000};

/// Until something is done: a server that comes up is not asked more often than it can answer.
bool until_done(postgres_mailbox& mailbox, const mailbox_request& request) {
    for (int tries = 0; tries < 600; ++tries) {
        if (mailbox.execute(request).done) {
            return true;
        }
        std::this_thread::sleep_for(50ms);
    }
    return false;
}

}  // namespace

TEST_CASE("postgres_mailbox: loses nothing that was done when the server is killed in the middle "
          "of puts [spec 1.7]") {
    server own;
    own.start();
    auto mailbox = postgres_mailbox::open(own.url("postgres"), wide).value();
    busy_relay relay(mailbox);
    std::size_t failed = 0;
    for (int round = 0; round < support::some_or_all(3, 8); ++round) {
        std::atomic<bool> dead = false;
        std::thread killer([&] {
            relay.wait_for_groups(4, std::chrono::milliseconds(round));
            own.kill();
            dead = true;
        });
        while (!dead) {
            relay.put_a_group();
            failed += mailbox.last_error().fault == postgres_fault::lost ? 1 : 0;
        }
        killer.join();
        relay.put_a_group();
        CHECK(mailbox.last_error().fault == postgres_fault::lost);
        own.start();
        REQUIRE(until_done(mailbox, look("alice", "bob", 1)));
        CHECK(holds(all_rows(mailbox, "bob"), relay.done()));
    }
    CHECK(relay.done().size() > 50);
    CHECK(failed > 0);
}

TEST_CASE(
    "postgres_mailbox: goes on at once when the server was started anew while nothing was asked") {
    server own;
    own.start();
    auto mailbox = postgres_mailbox::open(own.url("postgres")).value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
    own.kill();
    own.start();
    CHECK(mailbox.execute(put("alice", "bob", 1, 1, "two")).done);
    CHECK(mailbox.last_error().fault == postgres_fault::none);
    CHECK(all_rows(mailbox, "bob").size() == 2);
}

TEST_CASE(
    "postgres_mailbox: what was done is on the synchronous standby, which takes over [spec 1.7]") {
    server primary;
    primary.start();
    server standby(primary);
    standby.start();
    primary.query("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
    primary.query("postgres", "SELECT pg_reload_conf()");
    while (primary.query("postgres",
                         "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") !=
           "1") {
        std::this_thread::sleep_for(50ms);
    }
    const std::string either =
        "host=" + primary.folder() + "," + standby.folder() + " user=sixfold dbname=postgres";
    auto mailbox = postgres_mailbox::open(either, wide, {.timeout = 3000ms}).value();

    const auto refused =
        postgres_mailbox::open(standby.url("postgres") + " target_session_attrs=any");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == postgres_fault::read_only);

    busy_relay relay(mailbox);
    std::atomic<bool> dead = false;
    std::thread killer([&] {
        relay.wait_for_groups(4, 1ms);
        primary.kill();
        dead = true;
    });
    while (!dead) {
        relay.put_a_group();
    }
    killer.join();
    relay.put_a_group();
    CHECK(mailbox.last_error().fault == postgres_fault::lost);
    standby.promote();
    standby.query("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''");
    standby.query("postgres", "SELECT pg_reload_conf()");
    REQUIRE(until_done(mailbox, put("alice", "bob", 1, 1'000'000, "behind")));
    CHECK(relay.done().size() > 20);
    CHECK(holds(all_rows(mailbox, "bob"), relay.done()));
}

TEST_CASE("postgres_mailbox: a commit that waits for its standby no longer is not called done") {
    server own;
    own.start({"synchronous_standby_names=nobody"});
    const std::string url = own.url("postgres");
    // Its tables are made while nothing is waited for.
    REQUIRE(postgres_mailbox::open(url + " options='-c synchronous_standby_names='").has_value() ==
            false);
    own.query("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''");
    own.kill();
    own.start();
    auto mailbox = postgres_mailbox::open(url).value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
    own.query("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    own.query("postgres", "SELECT pg_reload_conf()");
    std::this_thread::sleep_for(200ms);
    std::thread canceller([&] {
        const char* waiting =
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        for (int tries = 0; tries < 400 && own.query("postgres", waiting) != "t"; ++tries) {
            std::this_thread::sleep_for(10ms);
        }
    });
    CHECK_FALSE(mailbox.execute(put("alice", "bob", 1, 1, "two")).done);
    canceller.join();
    CHECK_THAT(mailbox.last_error().what, ContainsSubstring("synchronous replication"));
}

TEST_CASE(
    "postgres_mailbox: waits for a server that stands still only so long, and finds it again") {
    server own;
    own.start();
    auto mailbox =
        postgres_mailbox::open(own.url("postgres"), {}, {.timeout = 300ms, .lock_timeout = 100ms})
            .value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
    own.signal(SIGSTOP);
    CHECK_FALSE(mailbox.execute(put("alice", "bob", 1, 1, "two")).done);
    CHECK(mailbox.last_error().fault == postgres_fault::lost);
    CHECK_THAT(mailbox.last_error().what, ContainsSubstring("did not answer within 300 ms"));
    own.signal(SIGCONT);
    CHECK(until_done(mailbox, put("alice", "bob", 1, 1, "two")));
    CHECK(all_rows(mailbox, "bob").size() == 2);
}

TEST_CASE("postgres_mailbox: what another one is faster with is tried again, and told if that does "
          "not help") {
    auto mailbox = postgres_mailbox::open(empty_database()).value();
    shared().query("chat", R"(
        CREATE SEQUENCE sixfold.failures;
        CREATE TABLE sixfold.planned (count integer);
        INSERT INTO sixfold.planned VALUES (2);
        CREATE FUNCTION sixfold.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('sixfold.failures') <= (SELECT count FROM sixfold.planned) THEN
                RAISE SQLSTATE '40001';
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER fail AFTER INSERT OR DELETE ON sixfold.mail EXECUTE FUNCTION sixfold.fail();)");
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
    CHECK(mailbox.last_error().fault == postgres_fault::none);
    shared().query("chat", "SELECT setval('sixfold.failures', 1)");
    CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(1))).done);

    shared().query("chat", "UPDATE sixfold.planned SET count = 1000000");
    CHECK_FALSE(mailbox.execute(put("alice", "bob", 1, 1, "two")).done);
    CHECK(mailbox.last_error().fault == postgres_fault::busy);
    shared().query("chat", "UPDATE sixfold.planned SET count = 0");
    CHECK(mailbox.execute(put("alice", "bob", 1, 1, "two")).done);
    CHECK(all_rows(mailbox, "bob") == std::set<std::string>{"alice 1:1 two"});
}

TEST_CASE(
    "postgres_mailbox: who holds a stream for ever is told of, and hinders nobody who reads") {
    auto mailbox = postgres_mailbox::open(empty_database(), {}, {.lock_timeout = 50ms}).value();
    CHECK(mailbox.execute(put("alice", "bob", 1, 0, "one")).done);
    PGconn* other = PQconnectdb(shared().url("chat").c_str());
    PQclear(PQexec(other, "BEGIN; SELECT * FROM sixfold.stream FOR UPDATE"));
    mailbox_group group;
    group.add(put("alice", "bob", 1, 1, "two"));
    group.add(erase("bob", "alice", 1, encoded(1)));
    group.add(page("bob"));
    const auto all = mailbox.execute(group);
    CHECK_FALSE(all[0].outcome.done);
    CHECK_FALSE(all[1].outcome.done);
    REQUIRE(all[2].outcome.done);
    CHECK(texts(all[2].outcome.rows) == strings{"alice 1:0 one"});
    CHECK(mailbox.last_error().fault == postgres_fault::busy);
    PQfinish(other);
    CHECK(until_done(mailbox, put("alice", "bob", 1, 1, "two")));
}

TEST_CASE("postgres_mailbox: two relays put and erase the same streams at once, and none waits in "
          "a circle") {
    const std::string url = empty_database();
    std::atomic<std::size_t> troubles = 0;
    const auto relay = [&](bool upwards) {
        auto mailbox = postgres_mailbox::open(url).value();
        for (seq round = 0; round < support::some_or_all(seq{40}, seq{200}); ++round) {
            mailbox_group group;
            for (int i = 0; i < 8; ++i) {
                const peer one = "peer" + std::to_string(upwards ? i : 7 - i);
                const peer two = "peer" + std::to_string(upwards ? 7 - i : i);
                group.add(put(one, two, 1, round, "x"));
                group.add(look(two, one, 1, round));
                if (round > 0) {
                    group.add(tombstone(one, two, 1, round - 1));
                }
                group.add(erase(one, two, 1, encoded(round)));
                group.add(page(one));
            }
            for (const mailbox_exchange& each : mailbox.execute(group)) {
                troubles += each.outcome.done ? 0 : 1;
            }
        }
    };
    std::thread other(relay, false);
    relay(true);
    other.join();
    CHECK(troubles == 0);
    CHECK(shared().query("chat", "SELECT deadlocks FROM pg_stat_database WHERE datname = 'chat'") ==
          "0");
    auto mailbox = postgres_mailbox::open(url).value();
    for (int i = 0; i < 8; ++i) {
        const peer one = "peer" + std::to_string(i);
        for (int j = 0; j < 8; ++j) {
            CHECK(mailbox.execute(past(one, "peer" + std::to_string(j), 1)).done);
        }
    }
    const mailbox_usage left = mailbox.usage();  // what is counted is what is there
    CHECK(left.rows == 0);
    CHECK(left.bytes == 0);
    CHECK(shared().query("chat", "SELECT (SELECT count(*) FROM sixfold.stream) + (SELECT count(*) "
                                 "FROM sixfold.receiver) + "
                                 "(SELECT count(*) FROM sixfold.sender)") == "0");
    CHECK(std::to_string(left.states) ==
          shared().query("chat", "SELECT count(*) FROM sixfold.last_state"));
}

TEST_CASE("postgres_mailbox: a full disk is told, and what erases makes room again") {
    if (geteuid() != 0) {
        WARN("only root can make a small disk");
        return;
    }
    const support::temporary_file place;
    const std::string folder = std::filesystem::path(place.path()).parent_path().string();
    if (mount("none", folder.c_str(), "tmpfs", 0, "size=8m,uid=65534,gid=65534,mode=700") != 0) {
        WARN("no small disk can be made here");
        return;
    }
    server own;
    own.start();
    own.query("postgres", "CREATE TABLESPACE small LOCATION '" + folder + "'");
    own.query("postgres", "ALTER DATABASE postgres SET default_tablespace = small");
    {
        auto mailbox = postgres_mailbox::open(own.url("postgres"), wide).value();
        const std::string payload(60'000, 'x');
        // What would be pressed to nothing fills no disk.
        own.query("postgres", "ALTER TABLE sixfold.mail ALTER payload SET STORAGE EXTERNAL");
        // Every table has its pages and what VACUUM needs: else the first of them would find no room.
        CHECK(mailbox.execute(put("carol", "dave", 1, 0, payload)).done);
        CHECK(mailbox.execute(put("carol", "dave", 1, 1, payload)).done);
        CHECK(mailbox.execute(erase("dave", "carol", 1, encoded(1))).done);
        own.query("postgres", "VACUUM");
        seq stored = 0;
        while (stored < 1000 && mailbox.execute(put("alice", "bob", 1, stored, payload)).done) {
            ++stored;
        }
        CHECK(stored > 5);
        CHECK(stored < 200);
        CHECK(mailbox.last_error().fault == postgres_fault::full);
        CHECK(mailbox.usage().rows == stored + 1);
        CHECK(mailbox.execute(erase("bob", "alice", 1, encoded(stored / 2))).done);
        own.query("postgres", "VACUUM sixfold.mail");
        CHECK(mailbox.execute(put("alice", "bob", 1, stored, payload)).done);
    }
    own.kill();
    umount(folder.c_str());
}

}  // namespace trouble_tests_of_postgres
