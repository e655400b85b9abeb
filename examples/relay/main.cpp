// SPDX-License-Identifier: BSL-1.0
// sixfold_relay: a relay to run. README.md says how.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <string>
#include <variant>

#include "failure.hpp"
#include "options.hpp"
#include "server.hpp"
#include "token.hpp"

namespace {

using namespace relay_program;

std::string today() {
    const std::time_t now = std::time(nullptr);
    std::string text(16, '\0');
    std::tm parts{};
    text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%d", ::gmtime_r(&now, &parts)));
    return text;
}

void perform(const serve_options& options) {
    server(options).run();
}
void perform(const key_options& options) {
    std::puts(make_key_line(options.id.empty() ? today() : options.id).c_str());
}
void perform(const token_options& options) {
    const auto expiry = static_cast<std::int64_t>(std::time(nullptr)) +
                        static_cast<std::int64_t>(options.days * 86400);
    std::puts(make_token(key_ring::read(options.keys).first(), options.name, expiry).c_str());
}

int fail(const std::exception& error, int status) {
    std::fprintf(stderr, "sixfold_relay: %s\n", error.what());
    return status;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (const auto options = parse_options(argc, argv)) {
            std::visit([](const auto& chosen) { perform(chosen); }, *options);
        }
        return 0;
    } catch (const usage_error& error) {
        return fail(error, 2);
    } catch (const std::exception& error) {
        return fail(error, 1);
    }
}
