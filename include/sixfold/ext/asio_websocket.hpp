// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_WEBSOCKET_HPP
#define SIXFOLD_EXT_ASIO_WEBSOCKET_HPP

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/beast/websocket/ssl.hpp>

#include "sixfold/ext/asio_tls.hpp"
#include "sixfold/ext/asio_websocket_link.hpp"

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

namespace asio_detail {

/// The client's end of a link over a WebSocket.
template <class Stream>
class websocket_client_link final : public asio_websocket_link<Stream> {
    using base = asio_websocket_link<Stream>;

  public:
    websocket_client_link(const net::any_io_executor& executor,
                          std::string host,
                          std::string port,
                          std::string path,
                          std::shared_ptr<net::ssl::context> context,
                          const asio_link_limits& limits)
        : base(make(executor, context.get()), limits), context_(std::move(context)),
          connector_(executor), host_(std::move(host)), port_(std::move(port)),
          path_(std::move(path)) {}

    void open(asio_link::on_open opened) override {
        connector_.connect(
            boost::beast::get_lowest_layer(base::stream()), host_, port_, base::limits().dead_after,
            [this, self = base::shared_from_this(), opened = std::move(opened)](net_error failed) {
                failed ? base::close(failed.message()) : secure(opened);
            });
    }

  protected:
    void shut() override {
        connector_.cancel();
        base::shut();
    }

  private:
    static constexpr bool is_secure = !std::is_same_v<Stream, net::ip::tcp::socket>;

    static Stream make(const net::any_io_executor& executor, net::ssl::context* context) {
        if constexpr (is_secure) {
            return Stream(executor, *context);
        } else {
            static_cast<void>(context);
            return Stream(executor);
        }
    }
    void secure(const asio_link::on_open& opened) {
        if constexpr (is_secure) {
            Stream& tls = base::stream().next_layer();
            expect_host(tls, host_);
            tls.async_handshake(
                net::ssl::stream_base::client,
                [this, self = base::shared_from_this(), opened](net_error failed) {
                    failed ? base::close(handshake_problem(base::stream().next_layer(), failed))
                           : upgrade(opened);
                });
        } else {
            upgrade(opened);
        }
    }
    void upgrade(const asio_link::on_open& opened) {
        base::stream().async_handshake(
            host_ + ":" + port_, path_,
            [this, self = base::shared_from_this(), opened](net_error failed) {
                failed ? base::close(base::problem(failed)) : opened();
            });
    }

    std::shared_ptr<net::ssl::context> context_;
    tcp_connector connector_;
    std::string host_;
    std::string port_;
    std::string path_;
};

template <class Stream>
[[nodiscard]] asio_dialer websocket_dialer(std::string host,
                                           std::string port,
                                           std::string path,
                                           std::shared_ptr<net::ssl::context> context) {
    return [host = std::move(host), port = std::move(port), path = std::move(path),
            context = std::move(context)](const net::any_io_executor& executor,
                                          const asio_link_limits& limits) {
        return std::make_shared<websocket_client_link<Stream>>(executor, host, port, path, context,
                                                               limits);
    };
}

}  // namespace asio_detail

/// Dials a relay over a WebSocket without TLS, which hides nothing from anybody on the way.
[[nodiscard]] inline asio_dialer
over_websocket(std::string host, std::string port, std::string path = "/") {
    return asio_detail::websocket_dialer<net::ip::tcp::socket>(std::move(host), std::move(port),
                                                               std::move(path), nullptr);
}
/// Dials a relay over a WebSocket with TLS. `context` says whom to trust; the certificate has to be one of `host`.
[[nodiscard]] inline asio_dialer
over_secure_websocket(std::string host,
                      std::string port,
                      std::string path = "/",
                      std::shared_ptr<net::ssl::context> context = client_tls()) {
    return asio_detail::websocket_dialer<net::ssl::stream<net::ip::tcp::socket>>(
        std::move(host), std::move(port), std::move(path), std::move(context));
}

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
