// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_REDIS_SERVER_HPP
#define SIXFOLD_TESTS_REDIS_SERVER_HPP

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include "support/temporary_file.hpp"

// A real Redis of the test's own, on a socket in a folder that goes with it.

namespace redis_tests {

class server {
  public:
    explicit server(std::string password = {}) : password_(std::move(password)) {}
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server() { kill(); }

    void start() {
        process_ = fork();
        if (process_ == 0) {
            if (std::freopen((path() + ".log").c_str(), "a", stdout) == nullptr) {
                _exit(126);
            }
            execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path().c_str(),
                   "--save", "", "--appendonly", "no", "--requirepass", password_.c_str(), nullptr);
            _exit(127);
        }
        for (int tries = 0; !std::filesystem::exists(path()); ++tries) {
            if (tries > 1200 || waitpid(process_, nullptr, WNOHANG) != 0) {
                throw std::runtime_error("no Redis (Debian: redis-server)");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
    void kill() {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            waitpid(std::exchange(process_, 0), nullptr, 0);
            std::filesystem::remove(path());
        }
    }
    void signal(int which) { ::kill(process_, which); }
    [[nodiscard]] std::string path() const { return place_.path(); }

  private:
    support::temporary_file place_;
    std::string password_;
    pid_t process_ = 0;
};

}  // namespace redis_tests

#endif
