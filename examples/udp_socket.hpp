// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_UDP_SOCKET_HPP
#define SIXFOLD_EXAMPLES_UDP_SOCKET_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <system_error>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sixfold/types.hpp>

namespace example {

/// Returns what a system call returned, unless it failed.
inline int checked(int result, const char* call) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), call);
    return result;
}

/// Owns a file descriptor.
class descriptor {
  public:
    descriptor(int opened, const char* call) : fd_(checked(opened, call)) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { ::close(fd_); }
    [[nodiscard]] int fd() const noexcept { return fd_; }

  private:
    int fd_;
};

/// A datagram, and where it comes from. Good until the next one is received.
struct datagram {
    sixfold::link_id from;
    sixfold::bytes bytes;
};

/// A UDP socket at a free port of the loopback interface, whose network loses a quarter of what is sent.
///
/// The IPv4 address and the port of the other side have 48 bits, so they are its link_id, and there is
/// no table. An address that goes to somebody else, who logs in from it, does no harm: the checksum
/// of each frame includes the name of the peer that it is for.
class udp_socket {
  public:
    udp_socket()
        : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"),
          input_(2048), chance_(static_cast<unsigned>(fd())) {
        const sockaddr_in free_port =
            address(sixfold::link_id{std::uint64_t{INADDR_LOOPBACK} << 16});
        checked(::bind(fd(), as_sockaddr(free_port), sizeof free_port), "bind");
    }

    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }
    [[nodiscard]] sixfold::link_id address() const {
        sockaddr_in at{};
        socklen_t size = sizeof at;
        checked(::getsockname(fd(), as_sockaddr(at), &size), "getsockname");
        return link(at);
    }

    /// What cannot be sent is as good as lost: whoever wants it to arrive will send it again.
    void send(sixfold::link_id to, sixfold::bytes what) {
        const sockaddr_in at = address(to);
        if (chance_() % 4 != 0 &&
            ::sendto(fd(), what.data(), what.size(), 0, as_sockaddr(at), sizeof at) < 0) {
            std::perror("sendto");
        }
    }
    /// The next datagram, if there is one.
    [[nodiscard]] std::optional<datagram> receive() {
        sockaddr_in at{};
        socklen_t size = sizeof at;
        const auto got = ::recvfrom(fd(), input_.data(), input_.size(), 0, as_sockaddr(at), &size);
        if (got < 0) {
            if (errno != EAGAIN && errno != EINTR) std::perror("recvfrom");
            return std::nullopt;
        }
        return datagram{link(at), sixfold::bytes(input_).first(static_cast<std::size_t>(got))};
    }

  private:
    static sixfold::link_id link(const sockaddr_in& at) noexcept {
        return sixfold::link_id{std::uint64_t{ntohl(at.sin_addr.s_addr)} << 16 |
                                ntohs(at.sin_port)};
    }
    static sockaddr_in address(sixfold::link_id link) noexcept {
        const auto number = static_cast<std::uint64_t>(link);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(static_cast<std::uint32_t>(number >> 16));
        at.sin_port = htons(static_cast<std::uint16_t>(number));
        return at;
    }
    static const sockaddr* as_sockaddr(const sockaddr_in& at) noexcept {
        return reinterpret_cast<const sockaddr*>(&at);
    }
    static sockaddr* as_sockaddr(sockaddr_in& at) noexcept {
        return reinterpret_cast<sockaddr*>(&at);
    }

    descriptor socket_;
    std::vector<std::byte> input_;
    std::minstd_rand chance_;
};

}  // namespace example

#endif
