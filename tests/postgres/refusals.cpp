// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <fstream>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sixfold/ext/postgres.hpp"
#include "postgres/server.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

// What cannot be opened: one line says why.

namespace refusals_tests_of_postgres {

using namespace sixfold;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using postgres_tests::empty_database;
using postgres_tests::shared;

namespace {

postgres_error refused(const std::string& url,
                       const mailbox_limits& limits = {},
                       const postgres_options& options = {}) {
    const auto mailbox = postgres_mailbox::open(url, limits, options);
    REQUIRE_FALSE(mailbox);
    CHECK(mailbox.error().what.find('\n') == std::string::npos);
    return mailbox.error();
}

/// Says that it is a server of some version, and no more.
class pretender {
  public:
    explicit pretender(const std::string& version) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        const std::string path = folder() + "/.s.PGSQL.5432";
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
        REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
        REQUIRE(listen(listener_, 1) == 0);
        std::string words = "R";
        put(words, std::string(4, '\0'));  // authentication: fine
        for (const auto& [name, value] :
             {std::pair("server_version", version.c_str()), std::pair("client_encoding", "UTF8"),
              std::pair("default_transaction_read_only", "off"),
              std::pair("in_hot_standby", "off")}) {
            words += 'S';
            put(words, std::string(name) + '\0' + value + '\0');
        }
        words += 'Z';
        put(words, "I");
        thread_ = std::thread([this, words] {
            const int client = accept(listener_, nullptr, nullptr);
            std::array<char, 4096> in{};
            if (read(client, in.data(), in.size()) > 0 &&
                write(client, words.data(), words.size()) > 0) {
                while (read(client, in.data(), in.size()) > 0) {
                }
            }
            close(client);
        });
    }
    pretender(const pretender&) = delete;
    pretender& operator=(const pretender&) = delete;
    ~pretender() {
        thread_.join();
        close(listener_);
    }
    [[nodiscard]] std::string folder() const {
        return std::filesystem::path(place_.path()).parent_path().string();
    }

  private:
    static void put(std::string& to, const std::string& body) {
        const std::size_t size = body.size() + 4;
        for (const int shift : {24, 16, 8, 0}) {
            to += static_cast<char>(size >> shift);
        }
        to += body;
    }

    support::temporary_file place_;
    int listener_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("postgres: an option that cannot work is named, and nobody is asked") {
    CHECK_THAT(refused("host=/nowhere", {.states_max = 0}).what,
               ContainsSubstring("mailbox.states_max"));
    for (const char* name : {"", "Mail", "1mail", "mail;", "a-b"}) {
        CHECK_THAT(refused("host=/nowhere", {}, {.schema = name}).what,
                   ContainsSubstring("schema: must"));
    }
    CHECK_THAT(refused("host=/nowhere", {}, {.timeout = 1ms}).what,
               ContainsSubstring("timeout: must"));
    CHECK_THAT(refused("host=/nowhere", {}, {.lock_timeout = 1h}).what,
               ContainsSubstring("lock_timeout: must"));
    CHECK(refused("host=/nowhere", {}, {.lock_timeout = 0ms}).fault == postgres_fault::option);
}

TEST_CASE("postgres: no server, an unknown database, a wrong password: one line each") {
    const postgres_error nobody = refused("host=/nowhere dbname=chat");
    CHECK(nobody.fault == postgres_fault::lost);
    CHECK_THAT(nobody.what, ContainsSubstring("/nowhere"));
    CHECK_THAT(refused("postgresql://%zz").what, ContainsSubstring("%zz"));

    CHECK_THAT(refused(shared().url("gossip")).what,
               ContainsSubstring("\"gossip\" does not exist"));
    shared().query("postgres", "DROP ROLE IF EXISTS guest");
    shared().query("postgres", "CREATE ROLE guest LOGIN PASSWORD 'right'");
    std::ofstream(shared().data() + "/pg_hba.conf")
        << "local all guest scram-sha-256\nlocal all all trust\n"
           "local replication all trust\n";
    shared().query("postgres", "SELECT pg_reload_conf()");
    const auto guest = [](const std::string& password) {
        return shared().url("chat", "guest") + " password=" + password;
    };
    std::this_thread::sleep_for(200ms);
    const postgres_error wrong = refused(guest("wrong"));
    CHECK(wrong.fault == postgres_fault::lost);
    CHECK_THAT(wrong.what, ContainsSubstring("password authentication failed for user \"guest\""));

    (void)empty_database();
    const postgres_error poor = refused(guest("right"));  // may come in, and make nothing
    CHECK(poor.fault == postgres_fault::other);
    CHECK(poor.sqlstate == "42501");
    CHECK_THAT(poor.what, ContainsSubstring("permission denied for database chat"));
    shared().query("chat", "CREATE SCHEMA sixfold AUTHORIZATION guest");
    CHECK(postgres_mailbox::open(guest("right")));
}

TEST_CASE("postgres: a server that is too old is not asked for more") {
    const pretender old("12.22");
    const postgres_error error = refused("host=" + old.folder() + " dbname=chat");
    CHECK(error.fault == postgres_fault::version);
    CHECK_THAT(error.what, ContainsSubstring("of version 12.22, and must be 13 or newer"));
}

TEST_CASE("postgres: what would not be kept is refused") {
    const std::string url = empty_database();
    for (const char* setting : {"off", "local", "remote_write"}) {
        const postgres_error error =
            refused(url + " options='-c synchronous_commit=" + setting + "'");
        CHECK(error.fault == postgres_fault::unsafe);
        CHECK_THAT(error.what, ContainsSubstring("synchronous_commit is " + std::string(setting) +
                                                 ", and must be on"));
    }
    CHECK(shared().query("chat", "SELECT to_regnamespace('sixfold') IS NULL") == "t");
    CHECK(postgres_mailbox::open(url + " options='-c synchronous_commit=remote_apply'"));

    shared().query("chat", "ALTER TABLE sixfold.mail SET UNLOGGED");
    const postgres_error error = refused(url);
    CHECK(error.fault == postgres_fault::unsafe);
    CHECK_THAT(error.what, ContainsSubstring("the table mail of the schema sixfold is unlogged"));
    shared().query("chat", "ALTER TABLE sixfold.mail SET LOGGED");
    CHECK(postgres_mailbox::open(url));
}

TEST_CASE("postgres: a schema that is not ours, or a newer one, is left alone") {
    const std::string url = empty_database();
    shared().query("chat", "CREATE SCHEMA sixfold; CREATE TABLE sixfold.item (id integer)");
    CHECK(refused(url).fault == postgres_fault::foreign);
    CHECK_THAT(refused(url).what, ContainsSubstring("is none of 'sixfold mailbox'"));
    shared().query("chat", "CREATE TABLE sixfold.about (application text, version integer); "
                           "INSERT INTO sixfold.about VALUES ('diary', 1)");
    CHECK(refused(url).fault == postgres_fault::foreign);
    CHECK(shared().query("chat", "SELECT count(*) FROM pg_class WHERE relnamespace = "
                                 "'sixfold'::regnamespace") == "2");

    (void)empty_database();
    CHECK(postgres_mailbox::open(url));
    shared().query("chat", "UPDATE sixfold.about SET version = 99");
    const postgres_error newer = refused(url);
    CHECK(newer.fault == postgres_fault::version);
    CHECK_THAT(newer.what, ContainsSubstring("is of version 99, and this program knows 1"));
}

TEST_CASE(
    "postgres: an older schema becomes the present one in one transaction, or stays as it was") {
    const std::string url = empty_database();
    constexpr postgres_schema first = {"diary", 1, "CREATE TABLE page (day integer)"};
    postgres_schema second = {.application = "diary",
                              .version = 2,
                              .tables = "CREATE TABLE page (day integer, mood text)",
                              .former = 1,
                              .upgrade = "ALTER TABLE page ADD mood text; SELECT no_such_thing()"};
    REQUIRE(postgres_database::open(url, first, {}));
    shared().query("chat", "INSERT INTO sixfold.page VALUES (7)");
    REQUIRE_FALSE(postgres_database::open(url, second, {}));
    CHECK(postgres_database::open(url, first, {}));
    second.upgrade = "ALTER TABLE page ADD mood text DEFAULT 'well'";
    REQUIRE(postgres_database::open(url, second, {}));
    CHECK(shared().query("chat", "SELECT mood FROM sixfold.page WHERE day = 7") == "well");
    CHECK(postgres_database::open(url, second, {}));
    const auto old = postgres_database::open(url, first, {});
    REQUIRE_FALSE(old);
    CHECK(old.error().fault == postgres_fault::version);
}

}  // namespace refusals_tests_of_postgres
