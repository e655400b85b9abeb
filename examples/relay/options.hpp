// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_OPTIONS_HPP
#define SIXFOLD_EXAMPLES_RELAY_OPTIONS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "listener.hpp"
#include "log.hpp"

namespace relay_program {

/// What `sixfold_relay` does without a further word: it is a relay.
struct serve_options {
    std::optional<endpoint> tcp;
    std::optional<endpoint> tls;
    std::optional<endpoint> websocket;
    std::optional<endpoint> secure_websocket;
    std::optional<endpoint> udp;
    std::optional<endpoint> metrics;
    std::string certificate;
    std::string private_key;
    std::string keys;  ///< file of those of tokens; empty: everybody is believed
    std::string mailbox;
    std::string neighbours;
    double payload_days = 30;
    double stream_days = 90;
    unsigned threads = 1;
    std::uint32_t links_max = 65536;
    std::uint32_t payload_max = 1024;
    std::size_t queue_max = std::size_t{1} << 20;
    double dead_after = 90;  ///< seconds
    std::set<std::string, std::less<>> names{};
    std::set<std::pair<std::string, std::string>> blocked{};
    log_level level = log_level::info;
    log_form form = log_form::plain;
};

/// `sixfold_relay key`
struct key_options {
    std::string id;
};

/// `sixfold_relay token`
struct token_options {
    std::string keys;
    std::string name;
    double days = 30;
};

using program_options = std::variant<serve_options, key_options, token_options>;

/// Reads the command line and its file. Throws `usage_error`, in one line; empty when the user asked for help, and has it.
[[nodiscard]] std::optional<program_options> parse_options(int argc, char** argv);

}  // namespace relay_program

#endif
