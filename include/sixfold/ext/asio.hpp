// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_HPP
#define SIXFOLD_EXT_ASIO_HPP

/// @file
/// The loop of a client with Asio, standalone or Boost's (SIXFOLD_BOOST_ASIO): over TCP or UDP, with a journal in a file. What needs
/// more has a header of its own:
///
/// | header                  | what it is                              | needs        |
/// |-------------------------|-----------------------------------------|--------------|
/// | asio_tls.hpp            | TLS                                     | OpenSSL      |
/// | asio_websocket.hpp      | WebSocket, with TLS and without         | Boost, OpenSSL |
/// | asio_sqlite_journal.hpp | one commit with the app's rows          | SQLite       |
/// | asio_awaitable.hpp      | `co_await next_message(alice)`          | coroutines   |

#include "sixfold/ext/asio_client.hpp"
#include "sixfold/ext/asio_journal.hpp"
#include "sixfold/ext/asio_tcp.hpp"
#include "sixfold/ext/asio_udp.hpp"

#endif
