// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_KEEP_ALIVE_HPP
#define SIXFOLD_EXT_ASIO_KEEP_ALIVE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "sixfold/ext/asio_net.hpp"
#include "sixfold/time.hpp"

#ifdef __linux__
#include <netinet/tcp.h>  // TCP_KEEPIDLE, TCP_USER_TIMEOUT
#endif

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

namespace asio_detail {

/// A socket option that is a number, in the form that Asio needs.
class tcp_number {
  public:
    tcp_number(int name, int value) noexcept : name_(name), value_(value) {}
    template <class Protocol>
    [[nodiscard]] int level(const Protocol&) const noexcept {
        return IPPROTO_TCP;
    }
    template <class Protocol>
    [[nodiscard]] int name(const Protocol&) const noexcept {
        return name_;
    }
    template <class Protocol>
    [[nodiscard]] const int* data(const Protocol&) const noexcept {
        return &value_;
    }
    template <class Protocol>
    [[nodiscard]] std::size_t size(const Protocol&) const noexcept {
        return sizeof value_;
    }

  private:
    int name_;
    int value_;
};

}  // namespace asio_detail

/// Makes the system end a TCP connection from whose other end nothing comes for this long: it asks after a third of that time, and
/// then after each sixth; bytes that were sent and not confirmed count likewise. That is so on Linux; another system asks when it
/// likes, which may be after hours. It also switches Nagle's algorithm off.
///
/// It asks the other *system*: that does not find a process that hangs there.
inline void keep_alive(net::ip::tcp::socket& socket, duration dead_after) {
    net_error ignored;  // what cannot be set is only slower
    socket.set_option(net::ip::tcp::no_delay(true), ignored);
    socket.set_option(net::socket_base::keep_alive(true), ignored);
#ifdef __linux__
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    const auto whole = [](duration time) {
        return (std::max)(1, static_cast<int>(std::chrono::ceil<seconds>(time).count()));
    };
    socket.set_option(asio_detail::tcp_number(TCP_KEEPIDLE, whole(dead_after / 3)), ignored);
    socket.set_option(asio_detail::tcp_number(TCP_KEEPINTVL, whole(dead_after / 6)), ignored);
    socket.set_option(asio_detail::tcp_number(TCP_KEEPCNT, 6), ignored);
    const auto limit = std::chrono::duration_cast<milliseconds>(dead_after).count();
    socket.set_option(asio_detail::tcp_number(TCP_USER_TIMEOUT, static_cast<int>(limit)), ignored);
#else
    static_cast<void>(dead_after);
#endif
}

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
