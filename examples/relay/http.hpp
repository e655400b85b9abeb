// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_HTTP_HPP
#define SIXFOLD_EXAMPLES_RELAY_HTTP_HPP

#include <functional>
#include <memory>
#include <string>

#include <sixfold/ext/asio_net.hpp>
#include "listener.hpp"

namespace relay_program {

/// An answer to a GET.
struct http_answer {
    unsigned status = 200;
    std::string text{};
};

/// Answers GET, of few pages to few: no more of HTTP than a scraper of metrics needs. Not for strangers.
class http_server {
  public:
    using on_answer = std::function<void(http_answer)>;
    /// Calls the second, in any thread, when there is an answer to this path.
    using on_get = std::function<void(const std::string& path, on_answer answer)>;

    /// Throws `usage_error`, if nobody can listen there.
    http_server(net::io_context& io, const endpoint& where, on_get get);

    /// Where it listens: `http://127.0.0.1:9100`.
    [[nodiscard]] std::string words() const;
    void close();

  private:
    class visit;
    void accept();

    net::io_context& io_;
    on_get get_;
    net::ip::tcp::acceptor acceptor_;
};

}  // namespace relay_program

#endif
