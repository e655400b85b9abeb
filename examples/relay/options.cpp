// SPDX-License-Identifier: BSL-1.0
#include "options.hpp"

#include <charconv>
#include <map>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include <sixfold/types.hpp>
#include "failure.hpp"

namespace relay_program {

namespace {

/// `PORT`, `HOST:PORT` or `[HOST]:PORT`, where HOST is an address of this machine.
std::optional<endpoint> read_endpoint(const std::string& text, const std::string& host) {
    const auto colon = text.rfind(':');
    endpoint out{colon == std::string::npos ? host : text.substr(0, colon)};
    if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']') {
        out.host = out.host.substr(1, out.host.size() - 2);
    }
    const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
    sixfold::net_error no_address;
    (void)net::ip::make_address(out.host, no_address);
    const auto [stop, failed] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    const bool good =
        !no_address && !port.empty() && failed == std::errc() && stop == port.data() + port.size();
    return good ? std::optional(out) : std::nullopt;
}

/// The name of each place to listen, and whether strangers may come to it without being asked.
void add_endpoint(CLI::App& app,
                  const std::string& name,
                  std::optional<endpoint>& to,
                  const std::string& host,
                  const std::string& help) {
    app.add_option_function<std::string>(
           name,
           [&to, name, host](const std::string& text) {
               to = read_endpoint(text, host);
               if (!to) {
                   throw CLI::ValidationError(name, "must be PORT or ADDRESS:PORT, PORT 0 to "
                                                    "65535, 0 for one that is free; not '" +
                                                        text + "'");
               }
           },
           help)
        ->type_name("[ADDRESS:]PORT");
}

CLI::Validator number_in(double min, double max) {
    const auto check = [=](const std::string& text) -> std::string {
        char* stop = nullptr;
        const double value = std::strtod(text.c_str(), &stop);
        const bool good = !text.empty() && *stop == '\0' && value >= min && value <= max;
        const auto plain = [](double bound) {
            std::string digits = std::to_string(bound);
            digits.erase(digits.find_last_not_of('0') + 1);
            return digits.back() == '.' ? digits.substr(0, digits.size() - 1) : digits;
        };
        return good ? "" : "must be " + plain(min) + " to " + plain(max) + ", not '" + text + "'";
    };
    return {check, ""};
}

void add_serving(CLI::App& app,
                 serve_options& o,
                 std::string& login,
                 std::vector<std::pair<std::string, std::string>>& blocked,
                 std::vector<std::string>& names) {
    constexpr double whole_max = 4e9;
    app.allow_config_extras(CLI::config_extras_mode::error);
    app.set_config("--config", "", "file of options, a line each: mailbox = \"relay.db\"");
    add_endpoint(app, "--tcp", o.tcp, "0.0.0.0", "listens for TCP, which hides nothing");
    add_endpoint(app, "--tls", o.tls, "0.0.0.0", "listens for TLS");
    add_endpoint(app, "--ws", o.websocket, "0.0.0.0",
                 "listens for WebSocket, for behind a proxy that does TLS");
    add_endpoint(app, "--wss", o.secure_websocket, "0.0.0.0", "listens for WebSocket with TLS");
    add_endpoint(app, "--udp", o.udp, "0.0.0.0", "listens for UDP, which hides nothing");
    add_endpoint(app, "--metrics", o.metrics, "127.0.0.1",
                 "answers /metrics and /health over HTTP");
    app.add_option(
        "--certificate", o.certificate,
        "PEM file: the certificate for --tls and --wss, and those between it and its root");
    app.add_option("--private-key", o.private_key, "PEM file: its key");
    app.add_option(
           "--login", login,
           "tokens (default): signed by one of --keys; none: everybody is believed, for trying out")
        ->check(CLI::IsMember({"tokens", "none"}));
    app.add_option("--keys", o.keys, "file of keys that tokens are signed with");
    app.add_option("--mailbox", o.mailbox,
                   "what waits for who is away: an SQLite FILE, postgresql://..., or 'memory', "
                   "which forgets when it ends");
    app.add_option("--neighbours", o.neighbours,
                   "the way to other nodes on the same mailbox: redis://[:PASSWORD@]HOST[:PORT]");
    app.add_option("--keep-days", o.payload_days,
                   "a message that nobody has fetched for so long expires (30)")
        ->check(number_in(0.0001, 36500));
    app.add_option("--keep-absent-days", o.stream_days,
                   "who has not come for so long is given up (90)")
        ->check(number_in(0.0001, 36500));
    app.add_option("--threads", o.threads, "groups of links; as many as there are processors")
        ->check(number_in(1, 256));
    app.add_option("--links-max", o.links_max, "links of one thread (65536)")
        ->check(number_in(1, 1 << 28));
    app.add_option("--payload-max", o.payload_max, "bytes of the largest message (1024)")
        ->check(number_in(1, 1 << 27));
    app.add_option("--queue-max", o.queue_max,
                   "bytes that wait for one socket, more are dropped and sent again (1048576)")
        ->check(number_in(65536, whole_max));
    app.add_option("--dead-after", o.dead_after,
                   "seconds without a sign of life after which a link ends (90)")
        ->check(number_in(1, 86400));
    app.add_option("--names", names, "who there is; without it, anybody");
    app.add_option("--block", blocked, "two names: the first may not write to the second");
    app.add_option("--log-level", o.level, "debug, info (default), warning or error")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, log_level>{{"debug", log_level::debug},
                                             {"info", log_level::info},
                                             {"warning", log_level::warning},
                                             {"error", log_level::error}}));
    app.add_option("--log", o.form, "plain (default) or json, on standard error")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, log_form>{{"plain", log_form::plain}, {"json", log_form::json}}));
}

void check(const serve_options& o, const std::string& login) {
    if (!o.tcp && !o.tls && !o.websocket && !o.secure_websocket && !o.udp) {
        throw usage_error("nowhere to listen: say at least one of --tcp, --tls, --ws, --wss, "
                          "--udp; --help says more");
    }
    if (o.mailbox.empty()) {
        throw usage_error("--mailbox is missing: an SQLite FILE, or 'memory' for trying out");
    }
    if ((o.tls || o.secure_websocket) && (o.certificate.empty() || o.private_key.empty())) {
        throw usage_error("--tls and --wss need --certificate and --private-key; README.md shows "
                          "how to make a pair");
    }
    if (login == "tokens" && o.keys.empty()) {
        throw usage_error("--keys is missing: 'sixfold_relay key > keys' makes a file; '--login "
                          "none' believes everybody");
    }
    if (login == "none" && !o.keys.empty()) {
        throw usage_error("--keys: with --login none nobody looks at them");
    }
    for (const auto& [from, to] : o.blocked) {
        if (to.empty()) {
            throw usage_error("--block: takes two names each time, and " + from + " is one");
        }
    }
}

}  // namespace

std::optional<program_options> parse_options(int argc, char** argv) {
    serve_options serve;
    serve.threads = (std::max)(1U, std::thread::hardware_concurrency());
    key_options key;
    token_options token;
    std::string login = "tokens";
    std::vector<std::pair<std::string, std::string>> blocked;
    std::vector<std::string> names;

    CLI::App app("A relay of sixfold: it passes messages on between clients, and keeps what is for "
                 "those who are away.");
    add_serving(app, serve, login, blocked, names);
    auto* as_key = app.add_subcommand("key", "writes a new key for --keys to standard output");
    as_key->add_option("--id", key.id, "its name: letters, digits, - and _; without it, the date");
    auto* as_token = app.add_subcommand(
        "token", "writes a token, which a client logs in with, to standard output");
    as_token->add_option("--keys", token.keys, "file of keys; the first one signs")->required();
    as_token->add_option("--name", token.name, "who logs in with it")->required();
    as_token->add_option("--days", token.days, "for how long it is good (30)")
        ->check(number_in(-36500, 36500));
    app.require_subcommand(0, 1);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        app.exit(help);
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        throw usage_error(error.what());
    }
    if (as_key->parsed()) {
        return key;
    }
    if (as_token->parsed()) {
        if (!sixfold::peer(token.name).valid()) {
            throw usage_error("--name: must have 1 to 47 bytes");
        }
        return token;
    }
    serve.names = {names.begin(), names.end()};
    serve.blocked = {blocked.begin(), blocked.end()};
    check(serve, login);
    return serve;
}

}  // namespace relay_program
