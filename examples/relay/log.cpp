// SPDX-License-Identifier: BSL-1.0
#include "log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "../printable.hpp"

namespace relay_program {

namespace {

/// Of what others wrote nothing commands a terminal, ends the line, or is no text; what would end a text in quotes does not.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char each : example::printable(text)) {
        out += each == '"' || each == '\\' ? std::string("\\") + each : std::string(1, each);
    }
    return out + "\"";
}

std::string plain(std::string_view what, log::details more) {
    std::string line = example::printable(what);
    for (const auto& [name, value] : more) {
        const bool is_word = !value.empty() && value.find_first_of(" \"=") == std::string::npos;
        line.append(1, ' ').append(name).append(1, '=');
        line.append(is_word ? example::printable(value) : quoted(value));
    }
    return line;
}

std::string json(std::string_view what, log::details more) {
    std::string line = "\"what\":" + quoted(what);
    for (const auto& [name, value] : more) {
        line.append(",\"").append(name).append("\":").append(quoted(value));
    }
    return line;
}

spdlog::level::level_enum level_of(log_level level) {
    switch (level) {
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warning: return spdlog::level::warn;
    case log_level::error: break;
    }
    return spdlog::level::err;
}

}  // namespace

log::log(log_level least, log_form form) : form_(form) {
    auto logger = std::make_shared<spdlog::logger>(
        "relay", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(level_of(least));
    logger->flush_on(spdlog::level::debug);
    logger->set_pattern(form == log_form::json
                            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                            : "%Y-%m-%d %H:%M:%S.%e %l: %v");
    spdlog::set_default_logger(logger);
}

void log::complain(const std::string& what, details more) {
    unsigned long left_out = 0;
    {
        const std::lock_guard lock(guard_);
        complaint& known = complaints_[what];
        const auto now = std::chrono::steady_clock::now();
        if (now < known.next) {
            ++known.left_out;
            return;
        }
        known.next = now + std::chrono::minutes(1);
        left_out = std::exchange(known.left_out, 0);
    }
    warning(what, more);
    if (left_out != 0) {
        warning("the same was left out since it was last told",
                {{"what", what}, {"times", std::to_string(left_out)}});
    }
}

void log::write(log_level level, std::string_view what, details more) {
    const auto wanted = level_of(level);
    if (spdlog::default_logger_raw()->should_log(wanted)) {
        spdlog::default_logger_raw()->log(wanted, form_ == log_form::json ? json(what, more)
                                                                          : plain(what, more));
    }
}

}  // namespace relay_program
