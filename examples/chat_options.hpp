// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_OPTIONS_HPP
#define SIXFOLD_EXAMPLES_CHAT_OPTIONS_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <CLI/CLI.hpp>

#include <sixfold/types.hpp>
#include "files.hpp"

namespace example {

struct chat_relay_options {
    std::uint16_t port = 0;
    std::string mailbox;
};

struct chat_client_options {
    std::string name;
    std::string to;
    std::string database;
    std::uint16_t port = 0;
    std::optional<std::string> input;  ///< none: standard input
};

/// Which role this process has, and its options.
using chat_options = std::variant<chat_relay_options, chat_client_options>;

/// Reads the command line. Throws `usage_error` with one line that says what is wrong with it;
/// empty when the user asked for help, and has it.
[[nodiscard]] inline std::optional<chat_options> parse_chat_options(int argc, char** argv) {
    chat_relay_options relay;
    chat_client_options client;
    const CLI::Validator peer_name(
        [](const std::string& text) {
            return sixfold::peer(text).valid() ? std::string() : "must have 1 to 47 bytes";
        },
        "NAME");

    CLI::App app("A chat of two over a relay on this machine. Whoever of the three is killed, and "
                 "started again, goes on: no line is lost, and none comes twice.");
    app.require_subcommand(1);
    auto* as_relay = app.add_subcommand("relay", "stands between the clients");
    as_relay->add_option("--port", relay.port, "of TCP, on 127.0.0.1")->required();
    as_relay
        ->add_option("--mailbox", relay.mailbox, "database of what waits for those who are away")
        ->required();
    auto* as_client =
        app.add_subcommand("client", "sends each line that it reads, and writes what comes");
    as_client->add_option("--name", client.name, "who we are")->required()->check(peer_name);
    as_client->add_option("--to", client.to, "whom we write to")->required()->check(peer_name);
    as_client->add_option("--database", client.database, "of what was said and heard")->required();
    as_client->add_option("--port", client.port, "of the relay")->required();
    as_client->add_option("--input", client.input,
                          "file to read instead of standard input; goes on behind the last line "
                          "that is in the database");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        app.exit(help);
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        throw usage_error(error.what());
    }
    return as_relay->parsed() ? chat_options(relay) : chat_options(client);
}

}  // namespace example

#endif
