// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_OPTIONS_HPP
#define SIXFOLD_EXAMPLES_CHAT_OPTIONS_HPP

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <variant>

#include <CLI/CLI.hpp>

#include <sixfold/sixfold.hpp>
#include "chat_rules.hpp"
#include "files.hpp"
#include "printable.hpp"

namespace example {

struct chat_relay_options {
    std::uint16_t port = 0;  ///< 0: any that is free
    std::string mailbox;
    std::uint32_t payload_max = sixfold::relay_options().payload_max;
    chat_rules rules;
};

/// Where a relay is: `tcp://HOST:PORT`, or another scheme.
struct chat_place {
    std::string scheme = "tcp";
    std::string host = "127.0.0.1";
    std::string port{};
    /// As people write it: without the scheme that is usual here.
    [[nodiscard]] std::string words() const {
        return (scheme == "tcp" ? "" : scheme + "://") + host + ":" + port;
    }
};

struct chat_client_options {
    std::string name;
    std::string to;
    std::string database;
    chat_place relay{};
    std::string token{};               ///< none: the name
    std::string trust{};               ///< PEM file of certificates; none: those of the system
    std::optional<std::string> input;  ///< none: standard input
};

/// Which role this process has, and its options.
using chat_options = std::variant<chat_relay_options, chat_client_options>;

namespace detail {

/// What others will see of us; and a line feed would end the line that says it to the relay.
[[nodiscard]] inline CLI::Validator peer_name() {
    const auto check = [](const std::string& text) -> std::string {
        const bool good = sixfold::peer(text).valid() && is_printable(text);
        return good ? ""
                    : "must be 1 to 47 bytes of text on one line, not '" +
                          printable(text, "\\x09") + "'";
    };
    return {check, "NAME"};
}

/// CLI11 would take 010 for eight.
[[nodiscard]] inline CLI::Validator port_from(unsigned min) {
    const auto check = [min](const std::string& text) -> std::string {
        const bool digits = !text.empty() && text.size() <= 5 &&
                            std::all_of(text.begin(), text.end(),
                                        [](char each) { return each >= '0' && each <= '9'; }) &&
                            (text.front() != '0' || text == "0");
        const unsigned long port = digits ? std::stoul(text) : 65'536;
        return port >= min && port <= 65'535
                   ? ""
                   : "must be " + std::to_string(min) + " to 65535, not '" + text + "'";
    };
    return {check, "PORT"};
}

/// `SCHEME://HOST:PORT`; an address of IPv6 is in brackets.
[[nodiscard]] inline chat_place read_place(const std::string& text) {
    const auto slashes = text.find("://");
    const auto colon = text.rfind(':');
    if (slashes == std::string::npos || colon <= slashes + 3 || colon + 1 == text.size()) {
        throw usage_error(
            "--relay: must be SCHEME://HOST:PORT, such as wss://chat.example.org:443, not '" +
            printable(text, "\\x09") + "'");
    }
    chat_place out{text.substr(0, slashes), text.substr(slashes + 3, colon - slashes - 3),
                   text.substr(colon + 1)};
    if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']') {
        out.host = out.host.substr(1, out.host.size() - 2);
    }
    return out;
}

/// CLI11 takes a name without another one.
inline void check_rules(const chat_rules& rules) {
    for (const auto& [from, to] : rules.blocked) {
        if (to.empty()) {
            throw usage_error("--block: takes two names each time, and " + printable(from) +
                              " is one");
        }
    }
}

/// Its lines would be bytes of the database, and it would change below them.
inline void check_files(const chat_client_options& options) {
    std::error_code error;
    if (options.input && (*options.input == options.database ||
                          std::filesystem::equivalent(*options.input, options.database, error))) {
        throw usage_error("--database: is the same file as --input");
    }
}

}  // namespace detail

/// Reads the command line. Throws `usage_error` with one line that says what is wrong with it;
/// empty when the user asked for help, and has it.
[[nodiscard]] inline std::optional<chat_options> parse_chat_options(int argc, char** argv) {
    chat_relay_options relay;
    chat_client_options client;
    std::string relay_place;

    CLI::App app("A chat of two over a relay on this machine. Whoever of the three is killed, and "
                 "started again, goes on: no line is lost, and none comes twice.");
    app.require_subcommand(1);
    auto* as_relay = app.add_subcommand("relay", "stands between the clients");
    as_relay->add_option("--port", relay.port, "of TCP, on 127.0.0.1; 0: one that is free")
        ->required()
        ->check(detail::port_from(0));
    as_relay
        ->add_option("--mailbox", relay.mailbox, "database of what waits for those who are away")
        ->required();
    as_relay
        ->add_option("--payload-max", relay.payload_max, "bytes of the longest line that it takes")
        ->check(CLI::Range(1U, sixfold::relay_options().payload_max));
    as_relay->add_option("--names", relay.rules.names, "who there is; all others are unknown")
        ->check(detail::peer_name());
    as_relay
        ->add_option("--block", relay.rules.blocked,
                     "two names: the first may not write to the second")
        ->check(detail::peer_name());
    auto* as_client =
        app.add_subcommand("client", "sends each line that it reads, and writes what comes");
    as_client->add_option("--name", client.name, "who we are")
        ->required()
        ->check(detail::peer_name());
    as_client->add_option("--to", client.to, "whom we write to")
        ->required()
        ->check(detail::peer_name());
    as_client->add_option("--database", client.database, "of what was said and heard")->required();
    auto* port =
        as_client->add_option("--port", client.relay.port, "of a relay on this machine, over TCP")
            ->check(detail::port_from(1));
    auto* place =
        as_client->add_option("--relay", relay_place, "SCHEME://HOST:PORT of any other one")
            ->excludes(port);
    as_client->add_option("--token", client.token,
                          "to log in with, where a relay wants more than the name");
    as_client->add_option("--trust", client.trust,
                          "PEM file: a certificate to trust beside those of the system");
    as_client->add_option("--input", client.input,
                          "file to read instead of standard input; goes on behind the last line "
                          "that is in the database");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        app.exit(help);
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        if (!as_relay->parsed() && !as_client->parsed()) {
            throw usage_error(
                "begins with what it is to be: 'chat relay' or 'chat client'; --help says more");
        }
        throw usage_error(error.what());
    }
    if (as_relay->parsed()) {
        detail::check_rules(relay.rules);
        return relay;
    }
    if (port->count() == 0 && place->count() == 0) {
        throw usage_error("--port or --relay is required: where the relay is");
    }
    if (place->count() != 0) {
        client.relay = detail::read_place(relay_place);
    }
    detail::check_files(client);
    return client;
}

}  // namespace example

#endif
