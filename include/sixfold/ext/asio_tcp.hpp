// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_TCP_HPP
#define SIXFOLD_EXT_ASIO_TCP_HPP

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "sixfold/ext/asio_keep_alive.hpp"
#include "sixfold/ext/asio_link.hpp"
#include "sixfold/ext/asio_net.hpp"
#include "sixfold/ext/asio_stream_link.hpp"

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

namespace asio_detail {

/// Connects a socket to the first address of a host that answers; from then on the system checks that the host is still there.
class tcp_connector {
  public:
    using on_done = std::function<void(net_error)>;

    explicit tcp_connector(const net::any_io_executor& executor) : resolver_(executor) {}

    /// Socket and connector must live until `done` was called.
    void connect(net::ip::tcp::socket& socket,
                 const std::string& host,
                 const std::string& port,
                 duration dead_after,
                 on_done done) {
        resolver_.async_resolve(
            host, port, [=, &socket, done = std::move(done)](net_error failed, const auto& found) {
                if (failed) {
                    return done(failed);
                }
                net::async_connect(
                    socket, found,
                    [=, &socket, done = std::move(done)](net_error refused, const auto&) {
                        if (!refused) {
                            keep_alive(socket, dead_after);
                        }
                        done(refused);
                    });
            });
    }
    void cancel() { resolver_.cancel(); }

  private:
    net::ip::tcp::resolver resolver_;
};

/// The client's end of a link over TCP.
class tcp_client_link final : public asio_stream_link<net::ip::tcp::socket> {
  public:
    tcp_client_link(const net::any_io_executor& executor,
                    std::string host,
                    std::string port,
                    const asio_link_limits& limits)
        : asio_stream_link(net::ip::tcp::socket(executor), limits), connector_(executor),
          host_(std::move(host)), port_(std::move(port)) {}

    void open(on_open opened) override {
        connector_.connect(stream(), host_, port_, limits().dead_after,
                           [this, self = shared_from_this(), opened = std::move(opened)](
                               net_error failed) { failed ? close(failed.message()) : opened(); });
    }

  protected:
    void shut() override {
        connector_.cancel();
        asio_stream_link::shut();
    }

  private:
    tcp_connector connector_;
    std::string host_;
    std::string port_;
};

}  // namespace asio_detail

/// Dials a relay over TCP, without encryption. `port` is a number or the name of a service.
[[nodiscard]] inline asio_dialer over_tcp(std::string host, std::string port) {
    return [host = std::move(host), port = std::move(port)](const net::any_io_executor& executor,
                                                            const asio_link_limits& limits) {
        return std::make_shared<asio_detail::tcp_client_link>(executor, host, port, limits);
    };
}

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
