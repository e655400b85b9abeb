// SPDX-License-Identifier: BSL-1.0
// A chat that survives kill -9: a relay and two clients, each a process with a database.
//     chat relay --port 4000 --mailbox relay.db
//     chat client --name alice --to bob --database alice.db --port 4000
//     chat client --name bob --to alice --database bob.db --port 4000
// Read chat_client.hpp first: its handlers are what an app with a journal does.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <variant>

#include <sixfold/ext/asio_net.hpp>
#include "chat_client.hpp"
#include "chat_options.hpp"
#include "chat_relay.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

int run(int argc, char** argv) {
    const auto options = example::parse_chat_options(argc, argv);
    if (!options) return EXIT_SUCCESS;
    sixfold::net::io_context io(1);
    sixfold::net::signal_set end(io, SIGINT, SIGTERM);
    end.async_wait([&](sixfold::net_error, int) { io.stop(); });
    if (const auto* relay = std::get_if<example::chat_relay_options>(&*options)) {
        example::chat_relay server(io, *relay);
        io.run();
    } else {
        example::chat_client person(io, std::get<example::chat_client_options>(*options));
        io.run();
    }
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    example::open_standard_streams();
    const auto fail = [](const std::exception& error, int status) {
        std::fprintf(stderr, "chat: %s\n", example::printable(error.what()).c_str());
        return status;
    };
    try {
        return run(argc, argv);
    } catch (const example::usage_error& error) {
        return fail(error, 2);
    } catch (const std::exception& error) {
        return fail(error, EXIT_FAILURE);
    }
}
