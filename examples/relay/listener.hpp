// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_LISTENER_HPP
#define SIXFOLD_EXAMPLES_RELAY_LISTENER_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <boost/asio/ssl.hpp>

#include <sixfold/ext/asio_net.hpp>
#include "log.hpp"
#include "worker.hpp"

namespace relay_program {

/// Where to listen.
struct endpoint {
    std::string host;
    std::uint16_t port = 0;  ///< 0: any that is free
};
/// Opens it there. Throws `usage_error`, which names the option that said where.
void listen_at(net::ip::tcp::acceptor& acceptor, const endpoint& where, const std::string& option);

/// The certificate and the key of the relay. From any thread.
class server_tls {
  public:
    /// Two files in PEM. Throws `usage_error`.
    server_tls(const std::string& certificate, const std::string& key);
    [[nodiscard]] std::shared_ptr<net::ssl::context> current() const;
    /// Reads the files again: new connections have what is in them now. Throws `usage_error`, and then nothing has changed.
    void reload();

  private:
    [[nodiscard]] std::shared_ptr<net::ssl::context> read() const;

    std::string certificate_;
    std::string key_;
    mutable std::mutex guard_;
    std::shared_ptr<net::ssl::context> context_;
};

/// Takes connections over TCP and spreads them over the workers, which is where the rest of them happens.
class listener {
  public:
    /// `tls` is there where the carrier needs it. Throws `usage_error`, if nobody can listen there.
    listener(net::io_context& io,
             carrier over,
             const endpoint& where,
             common& shared,
             const server_tls* tls);

    /// Where it listens: `tcp 127.0.0.1:4000`.
    [[nodiscard]] std::string words() const;
    /// No more connections.
    void close();

  private:
    void accept();
    void accept_later(sixfold::net_error failed);
    [[nodiscard]] std::shared_ptr<sixfold::asio_link> link_of(net::ip::tcp::socket socket) const;

    carrier over_;
    common& shared_;
    const server_tls* tls_;
    net::ip::tcp::acceptor acceptor_;
    net::steady_timer pause_;
    std::size_t next_ = 0;  // worker
};

}  // namespace relay_program

#endif
