// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_POSTGRES_SERVER_HPP
#define SIXFOLD_TESTS_POSTGRES_SERVER_HPP

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <libpq-fe.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temporary_file.hpp"

// A real PostgreSQL of the test's own: no port, a folder that goes with it, and nobody's processes but its own are ended.

namespace postgres_tests {

namespace fs = std::filesystem;

/// Nobody in particular: PostgreSQL does not run as root.
struct nobody {
    static constexpr unsigned id = 65534;
    static bool needed() { return geteuid() == 0; }
};

/// Debian keeps the programs of the server apart from all others.
inline std::string program(const std::string& name) {
    for (const auto& each : fs::directory_iterator("/usr/lib/postgresql")) {
        if (const fs::path found = each.path() / "bin" / name; fs::exists(found)) {
            return found.string();
        }
    }
    throw std::runtime_error("no PostgreSQL (Debian: postgresql)");
}

inline pid_t begin(const std::vector<std::string>& command, const std::string& log) {
    const pid_t child = fork();
    if (child == 0) {
        if (std::freopen(log.c_str(), "a", stdout) == nullptr || dup2(1, 2) < 0 ||
            chdir("/") != 0 ||
            (nobody::needed() && (setgid(nobody::id) != 0 || setuid(nobody::id) != 0))) {
            _exit(126);
        }
        std::vector<char*> arguments;
        for (const std::string& each : command) {
            arguments.push_back(const_cast<char*>(each.c_str()));
        }
        arguments.push_back(nullptr);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    return child;
}
inline void run(const std::vector<std::string>& command, const std::string& log) {
    int status = 0;
    waitpid(begin(command, log), &status, 0);
    if (status != 0) {
        std::ifstream words(log);
        throw std::runtime_error(
            command[0] + " failed: " + std::string(std::istreambuf_iterator<char>(words), {}));
    }
}

/// A server in a folder.
class server {
  public:
    /// Makes its files: those of a new cluster.
    server() {
        give_away();
        run({program("initdb"), "-D", data(), "-A", "trust", "-U", "sixfold", "--no-sync",
             "--no-locale", "-E", "UTF8"},
            log());
    }
    /// Those of a standby of another one, which is up.
    explicit server(const server& primary) {
        give_away();
        run({program("pg_basebackup"), "-D", data(), "-R", "-X", "stream", "-c", "fast", "-d",
             primary.url("postgres") + " application_name=standby"},
            log());
    }
    server& operator=(const server&) = delete;
    ~server() { kill(); }

    void start(const std::vector<std::string>& settings = {}) {
        std::vector<std::string> command{program("postgres"), "-D", data(), "-k", folder()};
        for (const char* each :
             {"listen_addresses=", "max_connections=30", "shared_buffers=16MB"}) {
            command.insert(command.end(), {"-c", each});
        }
        for (const std::string& each : settings) {
            command.insert(command.end(), {"-c", each});
        }
        process_ = begin(command, log());
        for (int tries = 0; PQping(url("postgres").c_str()) != PQPING_OK; ++tries) {
            if (tries > 1200) {
                throw std::runtime_error("the server does not come up, see " + log());
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
    /// SIGKILL, to the server and each of its processes.
    void kill() {
        if (process_ <= 0) {
            return;
        }
        const std::vector<pid_t> all = processes();
        for (const pid_t each : all) {
            ::kill(each, SIGKILL);
        }
        waitpid(std::exchange(process_, 0), nullptr, 0);
        for (const pid_t each : all) {  // who lives on would hold the memory that they share
            while (::kill(each, 0) == 0) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        }
    }
    void signal(int which) {
        for (const pid_t each : processes()) {
            ::kill(each, which);
        }
    }
    /// A standby becomes the one that can be written.
    void promote() { query("postgres", "SELECT pg_promote()"); }

    /// Does something and says the first column of the first row.
    std::string query(const std::string& database, const std::string& sql) const {
        PGconn* on = PQconnectdb(url(database).c_str());
        PQsetNoticeProcessor(
            on, [](void*, const char*) {}, nullptr);
        PGresult* result = PQexec(on, sql.c_str());
        const std::string words = PQresultErrorMessage(result);
        const std::string out = PQntuples(result) != 0 ? PQgetvalue(result, 0, 0) : "";
        PQclear(result);
        PQfinish(on);
        if (!words.empty()) {
            throw std::runtime_error(sql + ": " + words);
        }
        return out;
    }

    [[nodiscard]] std::string url(const std::string& database,
                                  const std::string& user = "sixfold") const {
        return "host=" + folder() + " user=" + user + " dbname=" + database;
    }
    [[nodiscard]] std::string folder() const {
        return fs::path(place_.path()).parent_path().string();
    }
    [[nodiscard]] std::string data() const { return folder() + "/data"; }

  private:
    [[nodiscard]] std::string log() const { return folder() + "/log"; }
    void give_away() const {
        if (nobody::needed() && chown(folder().c_str(), nobody::id, nobody::id) != 0) {
            throw std::runtime_error("the folder cannot be given away");
        }
    }
    [[nodiscard]] std::vector<pid_t> processes() const {
        std::vector<pid_t> all{process_};
        const std::string whose = std::to_string(process_);
        std::ifstream children("/proc/" + whose + "/task/" + whose + "/children");
        for (pid_t each = 0; children >> each;) {
            all.push_back(each);
        }
        return all;
    }

    support::temporary_file place_;
    pid_t process_ = 0;
};

/// One for all tests of this program, with a database that nobody uses for anything else.
inline server& shared() {
    static server one;
    static const bool up = [] {
        one.start();
        one.query("postgres", "CREATE DATABASE chat");
        return true;
    }();
    (void)up;
    return one;
}
/// Its database is as it was in the beginning.
inline std::string empty_database() {
    shared().query("chat", "DROP SCHEMA IF EXISTS sixfold CASCADE");
    return shared().url("chat");
}

}  // namespace postgres_tests

#endif
