// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_SERVER_HPP
#define SIXFOLD_EXAMPLES_RELAY_SERVER_HPP

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http.hpp"
#include "listener.hpp"
#include "log.hpp"
#include "login.hpp"
#include "mailbox_thread.hpp"
#include "neighbours.hpp"
#include "options.hpp"
#include "store.hpp"
#include "udp_listener.hpp"
#include "verdict.hpp"
#include "worker.hpp"

namespace relay_program {

/// All of the program: this thread takes connections, signals and HTTP; each worker has one for its links; and one has the mailbox.
class server {
  public:
    /// Everything that can be wrong with the options is found here: `usage_error` or `failure`.
    explicit server(const serve_options& options);
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();

    /// Until SIGTERM or SIGINT.
    void run();

  private:
    void listen();
    void say_where();
    void wait_for_signals();
    void reload();
    void stop();
    void answer(const std::string& path, const http_server::on_answer& told);
    void complete(const std::shared_ptr<mailbox_batch>& batch);
    void deliver(const sixfold::peer& to, sixfold::bytes frames);
    void end(const sixfold::peer& who);

    serve_options options_;
    log log_;
    login login_;
    verdict verdict_;
    std::optional<server_tls> tls_;
    std::unique_ptr<store> store_;
    common shared_;
    std::optional<mailbox_thread> mailbox_;
    std::unique_ptr<neighbours> neighbours_;
    net::io_context io_{1};
    net::signal_set signals_{io_};
    std::vector<std::unique_ptr<listener>> listeners_;
    std::vector<std::unique_ptr<udp_listener>> udp_;
    std::optional<http_server> http_;
    std::vector<std::thread> threads_;
};

}  // namespace relay_program

#endif
