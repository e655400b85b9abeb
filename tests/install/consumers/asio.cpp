// SPDX-License-Identifier: BSL-1.0

// An app of two lines of which one is sent: that nobody is there is told, and it ends when it is stopped.

#include <sixfold/ext/asio.hpp>

int main() {
    sixfold::net::io_context io;
    sixfold::asio_client alice(io.get_executor(),
                               {.self = "alice", .relay = sixfold::over_tcp("127.0.0.1", "1")});
    bool told = false;
    alice.on_link = [&](const sixfold::asio_link_news& news) {
        told = !news.up && !news.why.empty();
        alice.stop();
    };
    alice.start();
    const bool sent = alice.send("bob", sixfold::as_bytes("Dinner?")).has_value();
    io.run();
    return sent && told && alice.machine().sender().sent() == 0 ? 0 : 1;
}
