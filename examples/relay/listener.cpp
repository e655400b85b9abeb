// SPDX-License-Identifier: BSL-1.0
#include "listener.hpp"

#include <chrono>

#include <openssl/ssl.h>

#include <sixfold/ext/asio_keep_alive.hpp>
#include <sixfold/ext/asio_stream_link.hpp>
#include <sixfold/ext/asio_tls.hpp>
#include <sixfold/ext/asio_websocket.hpp>
#include "failure.hpp"

namespace relay_program {

namespace {

using net::ip::tcp;
using tls_stream = net::ssl::stream<tcp::socket>;

/// The relay's end over TLS. It keeps the certificate of its beginning.
class tls_link final : public sixfold::asio_stream_link<tls_stream> {
  public:
    tls_link(tcp::socket socket,
             std::shared_ptr<net::ssl::context> tls,
             const sixfold::asio_link_limits& limits)
        : asio_stream_link(tls_stream(std::move(socket), *tls), limits), tls_(std::move(tls)) {}

    void open(on_open opened) override {
        stream().async_handshake(net::ssl::stream_base::server,
                                 [this, self = shared_from_this(),
                                  opened = std::move(opened)](sixfold::net_error failed) {
                                     failed ? close("TLS: " + failed.message()) : opened();
                                 });
    }

  private:
    std::shared_ptr<net::ssl::context> tls_;
};

/// The relay's end over a WebSocket.
class websocket_link final : public sixfold::asio_websocket_link<tcp::socket> {
  public:
    using asio_websocket_link::asio_websocket_link;

    void open(on_open opened) override {
        stream().async_accept([this, self = shared_from_this(),
                               opened = std::move(opened)](sixfold::net_error failed) {
            failed ? close(problem(failed)) : opened();
        });
    }
};

/// The same with TLS.
class secure_websocket_link final : public sixfold::asio_websocket_link<tls_stream> {
  public:
    secure_websocket_link(tcp::socket socket,
                          std::shared_ptr<net::ssl::context> tls,
                          const sixfold::asio_link_limits& limits)
        : asio_websocket_link(tls_stream(std::move(socket), *tls), limits), tls_(std::move(tls)) {}

    void open(on_open opened) override {
        stream().next_layer().async_handshake(
            net::ssl::stream_base::server, [this, self = shared_from_this(),
                                            opened = std::move(opened)](sixfold::net_error failed) {
                failed ? close("TLS: " + failed.message()) : upgrade(opened);
            });
    }

  private:
    void upgrade(const on_open& opened) {
        stream().async_accept([this, self = shared_from_this(), opened](sixfold::net_error failed) {
            failed ? close(problem(failed)) : opened();
        });
    }

    std::shared_ptr<net::ssl::context> tls_;
};

}  // namespace

server_tls::server_tls(const std::string& certificate, const std::string& key)
    : certificate_(certificate), key_(key), context_(read()) {}

std::shared_ptr<net::ssl::context> server_tls::current() const {
    const std::lock_guard lock(guard_);
    return context_;
}

void server_tls::reload() {
    auto fresh = read();
    const std::lock_guard lock(guard_);
    context_ = std::move(fresh);
}

std::shared_ptr<net::ssl::context> server_tls::read() const {
    auto made = std::make_shared<net::ssl::context>(net::ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_mode(made->native_handle(), SSL_MODE_RELEASE_BUFFERS);  // who is idle needs none
    SSL_CTX_set_session_cache_mode(made->native_handle(), SSL_SESS_CACHE_OFF);
    sixfold::net_error failed;
    made->use_certificate_chain_file(certificate_, failed);
    if (failed) {
        throw usage_error("--certificate " + certificate_ + ": " + failed.message());
    }
    made->use_private_key_file(key_, net::ssl::context::pem, failed);
    if (failed) {
        throw usage_error("--private-key " + key_ + ": " + failed.message() +
                          "; it has to be that of --certificate " + certificate_);
    }
    return made;
}

void listen_at(tcp::acceptor& acceptor, const endpoint& where, const std::string& option) {
    sixfold::net_error failed;
    const tcp::endpoint at(net::ip::make_address(where.host), where.port);
    acceptor.open(at.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(at, failed);
    if (!failed) {
        acceptor.listen(net::socket_base::max_listen_connections, failed);
    }
    if (failed) {
        throw usage_error(option + " " + where.host + ":" + std::to_string(where.port) + ": " +
                          failed.message());
    }
}

listener::listener(
    net::io_context& io, carrier over, const endpoint& where, common& shared, const server_tls* tls)
    : over_(over), shared_(shared), tls_(tls), acceptor_(io), pause_(io) {
    listen_at(acceptor_, where, "--" + std::string(carrier_names[static_cast<std::size_t>(over)]));
    accept();
}

std::string listener::words() const {
    const auto at = acceptor_.local_endpoint();
    const std::string host = at.address().to_string();
    return std::string(carrier_names[static_cast<std::size_t>(over_)]) + " " +
           (at.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(at.port());
}

void listener::close() {
    sixfold::net_error ignored;  // it is over either way
    acceptor_.close(ignored);
    pause_.cancel();
}

void listener::accept() {
    worker& next = *shared_.workers[next_++ % shared_.workers.size()];
    acceptor_.async_accept(next.io(), [this, &next](sixfold::net_error failed, tcp::socket socket) {
        if (!acceptor_.is_open()) {
            return;
        }
        if (failed) {
            return accept_later(failed);
        }
        net::post(next.io(),
                  [this, &next, held = std::make_shared<tcp::socket>(std::move(socket))] {
                      next.greet(link_of(std::move(*held)), over_);
                  });
        accept();
    });
}

/// As a rule there are too many connections: those that are there are served, and some of them will end.
void listener::accept_later(sixfold::net_error failed) {
    shared_.out.complain("cannot take another connection; trying again",
                         {{"why", failed.message()}});
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](sixfold::net_error cancelled) {
        if (!cancelled) {
            accept();
        }
    });
}

std::shared_ptr<sixfold::asio_link> listener::link_of(tcp::socket socket) const {
    sixfold::keep_alive(socket, shared_.limits.dead_after);
    switch (over_) {
    case carrier::tls:
        return std::make_shared<tls_link>(std::move(socket), tls_->current(), shared_.limits);
    case carrier::websocket:
        return std::make_shared<websocket_link>(std::move(socket), shared_.limits);
    case carrier::secure_websocket:
        return std::make_shared<secure_websocket_link>(std::move(socket), tls_->current(),
                                                       shared_.limits);
    case carrier::tcp:
    case carrier::udp: break;
    }
    return std::make_shared<sixfold::asio_stream_link<tcp::socket>>(std::move(socket),
                                                                    shared_.limits);
}

}  // namespace relay_program
