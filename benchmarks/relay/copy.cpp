// SPDX-License-Identifier: BSL-1.0
// A relay that only copies: the least that a process between two connections can do. The first line of a connection is the name of
// its pair; what comes from one of a pair goes to the other. Says its port, and runs until it is killed.
#include <array>
#include <cstddef>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <asio.hpp>

namespace {

using asio::ip::tcp;

struct end : std::enable_shared_from_this<end> {
    explicit end(tcp::socket taken) : socket(std::move(taken)) {
        socket.set_option(tcp::no_delay(true));
    }

    void copy() {
        socket.async_read_some(asio::buffer(data), [self = shared_from_this()](
                                                       asio::error_code failed, std::size_t size) {
            const auto to = self->other.lock();
            if (failed || !to) return;
            asio::async_write(to->socket, asio::buffer(self->data, size),
                              [self, to](asio::error_code broken, std::size_t) {
                                  if (!broken) self->copy();
                              });
        });
    }

    tcp::socket socket;
    std::weak_ptr<end> other;
    std::string early;  // what came behind the name
    std::array<std::byte, 1 << 16> data{};
    std::string name;
};

struct server {
    explicit server(asio::io_context& io)
        : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        accept();
    }

    void accept() {
        acceptor.async_accept([this](asio::error_code failed, tcp::socket socket) {
            if (failed) return;
            const auto guest = std::make_shared<end>(std::move(socket));
            asio::async_read_until(guest->socket, asio::dynamic_buffer(guest->name), '\n',
                                   [this, guest](asio::error_code broken, std::size_t size) {
                                       if (broken) return;
                                       guest->early = guest->name.substr(size);
                                       guest->name.resize(size);
                                       join(guest);
                                   });
            accept();
        });
    }
    void join(const std::shared_ptr<end>& guest) {
        const auto waiting = waiting_ends.find(guest->name);
        if (waiting == waiting_ends.end()) {
            waiting_ends[guest->name] = guest;
            return;
        }
        const auto first = waiting->second;
        waiting_ends.erase(waiting);
        first->other = guest;
        guest->other = first;
        asio::write(first->socket, asio::buffer(guest->early));
        asio::write(guest->socket, asio::buffer(first->early));
        first->copy();
        guest->copy();
    }

    tcp::acceptor acceptor;
    std::map<std::string, std::shared_ptr<end>> waiting_ends;
};

}  // namespace

int main() {
    asio::io_context io(1);
    server copying(io);
    std::printf("%u\n", unsigned{copying.acceptor.local_endpoint().port()});
    std::fflush(stdout);
    io.run();
}
