// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_PEERS_SCTP_HPP
#define SIXFOLD_BENCHMARKS_PEERS_SCTP_HPP

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>

#include <usrsctp.h>

// The interface of usrsctp in C++, as far as it is needed here.

namespace bench {

inline void check(bool succeeded, const char* what) {
    if (!succeeded) {
        throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
    }
}

template <class Option>
void set_option(struct socket* s, int level, int name, const Option& value, const char* what) {
    check(usrsctp_setsockopt(s, level, name, &value, sizeof value) == 0, what);
}

/// That never waits, with buffers into which all messages in flight fit, and an acknowledgement for each packet if so wanted, because the
/// one for every second packet may wait for a timer of 200 ms.
enum class acknowledges { as_by_default, each_packet };
inline void prepare(struct socket* s, acknowledges how) {
    check(s != nullptr, "socket");
    check(usrsctp_set_non_blocking(s, 1) == 0, "non-blocking");
    if (how == acknowledges::each_packet) {
        sctp_sack_info each{};
        each.sack_freq = 1;
        set_option(s, IPPROTO_SCTP, SCTP_DELAYED_SACK, each, "SCTP_DELAYED_SACK");
    }
    constexpr int room = 256 << 20;
    set_option(s, SOL_SOCKET, SO_SNDBUF, room, "SO_SNDBUF");
    set_option(s, SOL_SOCKET, SO_RCVBUF, room, "SO_RCVBUF");
}

/// An end is any object: its address is its address.
inline sockaddr_conn address_of(void* end) {
    constexpr std::uint16_t port = 5000;
    sockaddr_conn address{};
    address.sconn_family = AF_CONN;
    address.sconn_port = htons(port);
    address.sconn_addr = end;
    return address;
}
inline struct socket* open_socket() {
    return usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, nullptr, nullptr, 0, nullptr);
}
inline void bind(struct socket* s, void* end) {
    sockaddr_conn address = address_of(end);
    check(usrsctp_bind(s, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
}
/// `way_out` is the end of this socket, not the other one.
inline void connect(struct socket* s, void* way_out) {
    sockaddr_conn to = address_of(way_out);
    check(usrsctp_connect(s, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 ||
              errno == EINPROGRESS,
          "connect");
}

/// Returns false if the buffer of the socket is full, or the association is over.
inline bool
send(struct socket* from, std::span<const std::byte> message, const sctp_sndinfo& info) {
    sctp_sndinfo how = info;
    const auto sent = usrsctp_sendv(from, message.data(), message.size(), nullptr, 0, &how,
                                    sizeof how, SCTP_SENDV_SNDINFO, 0);
    return sent >= 0;
}

/// Calls `take(bytes, flags)` for each message, or notification, that there is for an app. Returns false if the association is over.
template <class Take>
[[nodiscard]] bool receive(struct socket* at, Take take) {
    for (;;) {
        std::array<std::byte, 2048> buffer;
        socklen_t no_address = 0;
        sctp_rcvinfo info;
        socklen_t info_size = sizeof info;
        unsigned info_type = 0;
        int flags = 0;
        const auto size = usrsctp_recvv(at, buffer.data(), buffer.size(), nullptr, &no_address,
                                        &info, &info_size, &info_type, &flags);
        if (size <= 0) {
            return size < 0 && errno == EWOULDBLOCK;
        }
        take(std::span<const std::byte>(buffer.data(), static_cast<std::size_t>(size)), flags);
    }
}

}  // namespace bench

#endif
