// SPDX-License-Identifier: BSL-1.0
#include "token.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <optional>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "failure.hpp"

namespace relay_program {

namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t secret_min = 32;

/// Base64 for addresses, without the = at the end.
std::string encode(std::string_view data) {
    std::string out;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char each : data) {
        bits = (bits << 8U) | static_cast<unsigned char>(each);
        for (held += 8; held >= 6; held -= 6) {
            out += letters[(bits >> (held - 6)) & 63U];
        }
    }
    if (held != 0) {
        out += letters[(bits << (6 - held)) & 63U];
    }
    return out;
}

std::optional<std::string> decode(std::string_view text) {
    std::string out;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char each : text) {
        const auto value = letters.find(each);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = (bits << 6U) | static_cast<unsigned>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out += static_cast<char>((bits >> held) & 255U);
        }
    }
    return encode(out) == text ? std::optional(out) : std::nullopt;  // one text for one meaning
}

std::optional<std::string> from_hex(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        unsigned value = 0;
        const auto [stop, error] =
            std::from_chars(text.data() + at, text.data() + at + 2, value, 16);
        if (error != std::errc() || stop != text.data() + at + 2) {
            return std::nullopt;
        }
        out += static_cast<char>(value);
    }
    return text.size() % 2 == 0 ? std::optional(out) : std::nullopt;
}

std::string mac(const signing_key& key, std::string_view what) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.secret.data(), static_cast<int>(key.secret.size()),
         reinterpret_cast<const unsigned char*>(what.data()), what.size(), out.data(), &size);
    return {reinterpret_cast<const char*>(out.data()), size};
}

bool is_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 &&
           id.find_first_not_of(letters) == std::string_view::npos;
}

/// Takes what is behind the last point off a text.
std::optional<std::string_view> take_last(std::string_view& text) {
    const auto point = text.rfind('.');
    if (point == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view last = text.substr(point + 1);
    text = text.substr(0, point);
    return last;
}

}  // namespace

key_ring key_ring::read(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        throw usage_error("--keys " + path + ": cannot be read; 'sixfold_relay key > " + path +
                          "' makes one");
    }
    key_ring out;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        line.erase((std::min)(line.find('#'), line.size()));
        line.erase(line.find_last_not_of(" \t\r") + 1);
        if (line.empty()) {
            continue;
        }
        const auto space = line.find(' ');
        const std::string id = line.substr(0, space);
        const auto secret = space == std::string::npos
                                ? std::nullopt
                                : from_hex(std::string_view(line).substr(space + 1));
        if (!is_id(id) || !secret || secret->size() < secret_min) {
            throw usage_error("--keys " + path + ", line " + std::to_string(number) +
                              ": must be an id, a space and at least 64 hexadecimal digits, as "
                              "'sixfold_relay key' writes");
        }
        if (out.find(id) != nullptr) {
            throw usage_error("--keys " + path + ", line " + std::to_string(number) +
                              ": there are two keys '" + id + "'");
        }
        out.keys_.push_back({id, *secret});
    }
    if (out.keys_.empty()) {
        throw usage_error("--keys " + path + ": has no key; 'sixfold_relay key' makes one");
    }
    return out;
}

const signing_key* key_ring::find(std::string_view id) const {
    const auto at = std::find_if(keys_.begin(), keys_.end(),
                                 [&](const signing_key& each) { return each.id == id; });
    return at == keys_.end() ? nullptr : &*at;
}

std::string make_key_line(const std::string& id) {
    if (!is_id(id)) {
        throw usage_error("--id: must be 1 to 64 letters, digits, - and _, not '" + id + "'");
    }
    std::array<unsigned char, secret_min> secret{};
    if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1) {
        throw failure("the system gives no random bytes");
    }
    std::string line = id + " ";
    for (const unsigned char each : secret) {
        line += "0123456789abcdef"[each >> 4U];
        line += "0123456789abcdef"[each & 15U];
    }
    return line;
}

std::string make_token(const signing_key& key, std::string_view name, std::int64_t expiry) {
    const std::string claim = encode(name) + "." + std::to_string(expiry) + "." + key.id;
    return claim + "." + encode(mac(key, claim));
}

token_verdict check_token(const key_ring& keys, std::string_view token, std::int64_t now) {
    std::string_view rest = token;
    const auto signature = take_last(rest);
    const std::string_view claim = rest;
    const auto id = take_last(rest);
    const auto expiry = take_last(rest);
    const auto name = decode(rest);
    std::int64_t end = 0;
    if (!signature || !id || !expiry || !name || !sixfold::peer(*name).valid() ||
        std::from_chars(expiry->data(), expiry->data() + expiry->size(), end).ptr !=
            expiry->data() + expiry->size()) {
        return {{}, "this is no token"};
    }
    const signing_key* key = keys.find(*id);
    if (key == nullptr) {
        return {{}, "the token is signed with a key that is not known here"};
    }
    const std::string right = encode(mac(*key, claim));
    if (signature->size() != right.size() ||
        CRYPTO_memcmp(signature->data(), right.data(), right.size()) != 0) {
        return {{}, "the token is forged, or was damaged"};
    }
    if (now >= end) {
        return {{}, "the token has expired"};
    }
    return {sixfold::peer(*name), {}};
}

}  // namespace relay_program
