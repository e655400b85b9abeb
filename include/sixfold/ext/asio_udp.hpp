// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_UDP_HPP
#define SIXFOLD_EXT_ASIO_UDP_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sixfold/ext/asio_link.hpp"
#include "sixfold/ext/asio_net.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

/// Bytes of a datagram that nearly every path carries: 1,280 of IPv6, less what tunnels take.
inline constexpr std::size_t udp_packet_size = 1200;
/// The answer of a relay to a client that has not logged in, as far as it knows: the relay may have been restarted.
inline constexpr std::string_view udp_who = "who?";

namespace asio_detail {

/// The client's end of a link over UDP: its socket takes only datagrams from the relay.
///
/// The login is repeated until it is answered. An empty datagram, which the relay answers with one, is sent three times in
/// `dead_after`: it asks whether the relay is there, and keeps a NAT mapping alive.
class udp_client_link final : public asio_link {
  public:
    udp_client_link(const net::any_io_executor& executor,
                    std::string host,
                    std::string port,
                    const asio_link_limits& limits)
        : asio_link(limits), resolver_(executor), socket_(executor), again_(executor),
          host_(std::move(host)), port_(std::move(port)) {}

    [[nodiscard]] transport kind() const noexcept override { return transport::datagrams; }
    [[nodiscard]] std::size_t packet_size() const noexcept override { return udp_packet_size; }

    void open(on_open opened) override {
        resolver_.async_resolve(host_, port_,
                                [this, self = shared_from_this(),
                                 opened = std::move(opened)](net_error failed, const auto& found) {
                                    if (!failed) {
                                        socket_.open(found.begin()->endpoint().protocol(), failed);
                                    }
                                    if (!failed) {
                                        socket_.connect(found.begin()->endpoint(), failed);
                                    }
                                    failed ? close(failed.message()) : opened();
                                });
    }
    void say(std::string_view line) override {
        login_ = line;
        put(as_bytes(login_));
        repeat();
    }
    void hear(on_line line) override {
        line_ = std::move(line);
        read();
    }
    void send(bytes packet) override {
        if (admit(packet)) {
            put(packet);
        }
    }
    void flush() override {}
    void finish() override { close("finished"); }

  protected:
    void begin() override {
        line_ = nullptr;
        again_.cancel();
        heard_ = clock::now();
        ask();
    }
    void shut() override {
        net_error ignored;  // it is over either way
        resolver_.cancel();
        again_.cancel();
        socket_.close(ignored);
    }
    [[nodiscard]] std::size_t queued() const noexcept override { return 0; }

  private:
    using clock = std::chrono::steady_clock;

    /// What the socket does not take is lost, as anything may be.
    void put(bytes packet) {
        net_error ignored;
        socket_.send(net::buffer(packet.data(), packet.size()), 0, ignored);
    }
    void repeat() {
        again_.expires_after(std::chrono::milliseconds(500));
        again_.async_wait([this, self = shared_from_this()](net_error cancelled) {
            if (!cancelled && line_) {
                put(as_bytes(login_));
                repeat();
            }
        });
    }
    void ask() {
        again_.expires_after(limits().dead_after / 3);
        again_.async_wait([this, self = shared_from_this()](net_error cancelled) {
            if (cancelled || closed()) {
                return;
            }
            if (clock::now() - heard_ >= limits().dead_after) {
                return close("nothing was heard for too long");
            }
            put({});
            ask();
        });
    }
    void read() {
        socket_.async_wait(net::ip::udp::socket::wait_read,
                           [this, self = shared_from_this()](net_error failed) {
                               failed ? close(failed.message()) : read_all();
                           });
    }
    void read_all() {
        static thread_local std::array<std::byte, 1 << 16> input;
        net_error failed;
        socket_.non_blocking(true, failed);
        bool has_come = false;
        for (;;) {
            const std::size_t size = socket_.receive(net::buffer(input), 0, failed);
            if (failed || closed()) {
                break;
            }
            heard_ = clock::now();
            has_come = take(bytes(input).first(size)) || has_come;
        }
        if (failed == net::error::connection_refused) {
            return close(failed.message());
        }
        if (has_come) {
            tell_rest();
        }
        if (!closed()) {
            read();
        }
    }
    /// Whether it was a packet. One that is refused is as good as lost; only a frame is told from a line by its first byte.
    bool take(bytes datagram) {
        if (datagram.empty()) {
            return false;
        }
        const std::string_view text = as_text(datagram);
        if (text == udp_who) {
            if (!line_) {
                close("the relay does not know us any more");
            }
        } else if (line_) {
            const on_line line = line_;
            line(text);
        } else if (text.front() < 'a') {  // an answer to a login that was repeated is none
            (void)hand_over(datagram);
            return true;
        }
        return false;
    }

    net::ip::udp::resolver resolver_;
    net::ip::udp::socket socket_;
    net::steady_timer again_;
    std::string host_;
    std::string port_;
    std::string login_;
    on_line line_;
    clock::time_point heard_{};
};

}  // namespace asio_detail

/// Dials a relay over UDP, which hides nothing from anybody on the way: neither the login. For networks that are trusted.
[[nodiscard]] inline asio_dialer over_udp(std::string host, std::string port) {
    return [host = std::move(host), port = std::move(port)](const net::any_io_executor& executor,
                                                            const asio_link_limits& limits) {
        return std::make_shared<asio_detail::udp_client_link>(executor, host, port, limits);
    };
}

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
