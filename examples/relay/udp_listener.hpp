// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_UDP_LISTENER_HPP
#define SIXFOLD_EXAMPLES_RELAY_UDP_LISTENER_HPP

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sixfold/ext/asio_link.hpp>
#include <sixfold/ext/asio_net.hpp>
#include "listener.hpp"
#include "worker.hpp"

namespace relay_program {

/// The links of one worker over UDP: a socket for all of them, and each is an address.
///
/// Each worker has a socket of its own on the same port; the system gives each address to one of them. Many datagrams are read, and
/// written, with one call.
class udp_listener {
  public:
    /// Throws `usage_error`, if nobody can listen there.
    udp_listener(worker& owner, const endpoint& where, common& shared);

    [[nodiscard]] std::uint16_t port() const { return socket_.local_endpoint().port(); }
    /// Where it listens.
    [[nodiscard]] std::string words() const;
    /// In the thread of its worker.
    void start();

  private:
    using address = net::ip::udp::endpoint;
    class link;

    void read();
    void read_all();
    void take(const address& from, sixfold::bytes datagram);
    void admit(const address& from, std::string_view line);
    void put(const address& to, sixfold::bytes datagram);
    void write_all();
    void look_for_silent_ones();

    worker& owner_;
    common& shared_;
    net::ip::udp::socket socket_;
    net::steady_timer minute_;
    std::map<address, std::shared_ptr<link>> links_;
    std::vector<std::shared_ptr<link>> rested_;  // whose packets of this round were handed over
    std::vector<std::pair<address, std::vector<std::byte>>> leaving_;
};

}  // namespace relay_program

#endif
