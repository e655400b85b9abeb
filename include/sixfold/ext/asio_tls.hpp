// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_TLS_HPP
#define SIXFOLD_EXT_ASIO_TLS_HPP

#include <memory>
#include <string>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "sixfold/ext/asio_link.hpp"
#include "sixfold/ext/asio_net.hpp"
#include "sixfold/ext/asio_stream_link.hpp"
#include "sixfold/ext/asio_tcp.hpp"

#ifdef SIXFOLD_BOOST_ASIO
#include <boost/asio/ssl.hpp>
#else
#include <asio/ssl.hpp>
#endif

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

/// Whom a client trusts: TLS 1.2 or newer, the certificates of the system, and those in `trusted_file` (PEM) if there is one.
/// Throws `net_failure` if that cannot be read.
[[nodiscard]] inline std::shared_ptr<net::ssl::context>
client_tls(const std::string& trusted_file = "") {
    auto made = std::make_shared<net::ssl::context>(net::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
    made->set_verify_mode(net::ssl::verify_peer);
    made->set_default_verify_paths();
    if (!trusted_file.empty()) {
        made->load_verify_file(trusted_file);
    }
    return made;
}

namespace asio_detail {

/// Has the handshake check that the certificate is that of this host, a name or an address.
template <class Stream>
void expect_host(net::ssl::stream<Stream>& stream, const std::string& host) {
    net_error no_address;
    (void)net::ip::make_address(host, no_address);
    if (no_address) {  // who has a name says it: a server may have many
        SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
    }
    stream.set_verify_callback(net::ssl::host_name_verification(host));
}

/// What went wrong in a handshake, for a person: above all, which certificate was not believed and why.
template <class Stream>
[[nodiscard]] std::string handshake_problem(net::ssl::stream<Stream>& stream, net_error failed) {
    const long verdict = SSL_get_verify_result(stream.native_handle());
    return verdict == X509_V_OK ? "TLS: " + failed.message()
                                : "TLS: the certificate of the relay is not trusted: " +
                                      std::string(X509_verify_cert_error_string(verdict));
}

/// The client's end of a link over TLS.
class tls_client_link final : public asio_stream_link<net::ssl::stream<net::ip::tcp::socket>> {
  public:
    tls_client_link(const net::any_io_executor& executor,
                    std::string host,
                    std::string port,
                    std::shared_ptr<net::ssl::context> context,
                    const asio_link_limits& limits)
        : asio_stream_link(net::ssl::stream<net::ip::tcp::socket>(executor, *context), limits),
          context_(std::move(context)), connector_(executor), host_(std::move(host)),
          port_(std::move(port)) {}

    void open(on_open opened) override {
        connector_.connect(
            stream().next_layer(), host_, port_, limits().dead_after,
            [this, self = shared_from_this(), opened = std::move(opened)](net_error failed) {
                failed ? close(failed.message()) : shake_hands(opened);
            });
    }

  protected:
    void shut() override {
        connector_.cancel();
        asio_stream_link::shut();
    }

  private:
    void shake_hands(const on_open& opened) {
        expect_host(stream(), host_);
        stream().async_handshake(net::ssl::stream_base::client,
                                 [this, self = shared_from_this(), opened](net_error failed) {
                                     failed ? close(handshake_problem(stream(), failed)) : opened();
                                 });
    }

    std::shared_ptr<net::ssl::context> context_;
    tcp_connector connector_;
    std::string host_;
    std::string port_;
};

}  // namespace asio_detail

/// Dials a relay over TLS. `context` says whom to trust; the certificate has to be one of `host`.
[[nodiscard]] inline asio_dialer over_tls(
    std::string host, std::string port, std::shared_ptr<net::ssl::context> context = client_tls()) {
    return [host = std::move(host), port = std::move(port), context = std::move(context)](
               const net::any_io_executor& executor, const asio_link_limits& limits) {
        return std::make_shared<asio_detail::tls_client_link>(executor, host, port, context,
                                                              limits);
    };
}

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
