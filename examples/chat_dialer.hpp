// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_DIALER_HPP
#define SIXFOLD_EXAMPLES_CHAT_DIALER_HPP

#include <string>

#include <sixfold/ext/asio.hpp>
#include "chat_options.hpp"
#include "files.hpp"

#ifdef SIXFOLD_BOOST_ASIO
#include <sixfold/ext/asio_websocket.hpp>
#endif

namespace example {

/// What dials the relay that the options name. Throws `usage_error`, where this program cannot.
[[nodiscard]] inline sixfold::asio_dialer dialer_of(const chat_client_options& options) {
    const chat_place& at = options.relay;
    if (at.scheme == "tcp") return sixfold::over_tcp(at.host, at.port);
    if (at.scheme == "udp") return sixfold::over_udp(at.host, at.port);
#ifdef SIXFOLD_BOOST_ASIO
    if (at.scheme == "ws") return sixfold::over_websocket(at.host, at.port);
    try {
        auto trusted = sixfold::client_tls(options.trust);
        if (at.scheme == "tls") return sixfold::over_tls(at.host, at.port, trusted);
        if (at.scheme == "wss")
            return sixfold::over_secure_websocket(at.host, at.port, "/", trusted);
    } catch (const sixfold::net_failure& failed) {
        throw usage_error("--trust: " + options.trust + ": " + failed.code().message());
    }
    throw usage_error("--relay: begins with tcp://, udp://, tls://, ws:// or wss://, not " +
                      at.scheme + "://");
#else
    throw usage_error("--relay: this program knows tcp:// and udp://; the one of examples/relay "
                      "knows tls://, ws:// and wss://, too");
#endif
}

}  // namespace example

#endif
