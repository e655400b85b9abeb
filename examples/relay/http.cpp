// SPDX-License-Identifier: BSL-1.0
#include "http.hpp"

#include <chrono>
#include <utility>

namespace relay_program {

namespace {

using net::ip::tcp;

constexpr std::size_t request_max = 8192;
constexpr auto patience = std::chrono::seconds(5);

const char* words_of(unsigned status) {
    return status == 200   ? "200 OK"
           : status == 404 ? "404 Not Found"
           : status == 405 ? "405 Method Not Allowed"
                           : "503 Service Unavailable";
}

}  // namespace

/// One request, its answer, and the end. Who is too slow is cut off, and gets no answer that is too late.
class http_server::visit : public std::enable_shared_from_this<visit> {
  public:
    visit(net::io_context& io, tcp::socket socket, const on_get& get)
        : io_(io), socket_(std::move(socket)), limit_(io), get_(get) {}

    void begin() {
        limit_.expires_after(patience);
        limit_.async_wait([self = shared_from_this()](sixfold::net_error cancelled) {
            if (!cancelled) {
                self->answer({503, "no answer within 5 s\n"});
            }
        });
        net::async_read_until(socket_, net::dynamic_buffer(text_, request_max), "\r\n\r\n",
                              [self = shared_from_this()](sixfold::net_error failed, std::size_t) {
                                  failed ? self->end() : self->ask();
                              });
    }

  private:
    void ask() {
        const auto first = text_.find(' ');
        const auto second = text_.find_first_of(" ?\r", first + 1);
        if (text_.substr(0, first) != "GET") {
            return answer({405, "GET is what can be asked\n"});
        }
        get_(text_.substr(first + 1, second - first - 1),
             [self = shared_from_this()](http_answer found) {
                 net::post(self->io_, [self, found = std::move(found)]() mutable {
                     self->answer(std::move(found));
                 });
             });
    }
    void answer(http_answer found) {
        if (std::exchange(answered_, true)) {
            return;
        }
        limit_.cancel();
        text_ = std::string("HTTP/1.1 ") + words_of(found.status) +
                "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nConnection: "
                "close\r\nContent-Length: " +
                std::to_string(found.text.size()) + "\r\n\r\n" + found.text;
        net::async_write(
            socket_, net::buffer(text_),
            [self = shared_from_this()](sixfold::net_error, std::size_t) { self->end(); });
    }
    void end() {
        limit_.cancel();
        sixfold::net_error ignored;  // it is over either way
        socket_.shutdown(tcp::socket::shutdown_both, ignored);
        socket_.close(ignored);
    }

    net::io_context& io_;
    tcp::socket socket_;
    net::steady_timer limit_;
    const on_get& get_;
    std::string text_;
    bool answered_ = false;
};

http_server::http_server(net::io_context& io, const endpoint& where, on_get get)
    : io_(io), get_(std::move(get)), acceptor_(io) {
    listen_at(acceptor_, where, "--metrics");
    accept();
}

std::string http_server::words() const {
    const auto at = acceptor_.local_endpoint();
    const std::string host = at.address().to_string();
    return "http://" + (at.address().is_v6() ? "[" + host + "]" : host) + ":" +
           std::to_string(at.port());
}

void http_server::close() {
    sixfold::net_error ignored;  // it is over either way
    acceptor_.close(ignored);
}

void http_server::accept() {
    acceptor_.async_accept([this](sixfold::net_error failed, tcp::socket socket) {
        if (!acceptor_.is_open()) {
            return;
        }
        if (!failed) {
            std::make_shared<visit>(io_, std::move(socket), get_)->begin();
        }
        accept();
    });
}

}  // namespace relay_program
