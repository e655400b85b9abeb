// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_WEB_JSON_HPP
#define SIXFOLD_EXAMPLES_WEB_JSON_HPP

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace web {

/// Writes one object, field by field; numbers are whole.
class json {
  public:
    void field(std::string_view name, std::int64_t value) {
        begin(name);
        char digits[20];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        text_.append(digits, end);
    }
    void field(std::string_view name, std::string_view value) {
        begin(name);
        text_ += '"';
        for (const char each : value) {
            escape(each);
        }
        text_ += '"';
    }
    void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }
    /// `items` calls `item` for each of them.
    template <class Items>
    void list(std::string_view name, Items items) {
        begin(name);
        text_ += '[';
        items();
        text_ += ']';
    }
    /// `fields` writes those of an object in a list.
    template <class Fields>
    void item(Fields fields) {
        separate();
        text_ += '{';
        fields();
        text_ += '}';
    }
    /// The object as it is now.
    [[nodiscard]] std::string text() const { return text_ + '}'; }

  private:
    void separate() {
        if (text_.back() != '{' && text_.back() != '[') {
            text_ += ',';
        }
    }
    void begin(std::string_view name) {
        separate();
        text_ += '"';
        text_ += name;
        text_ += "\":";
    }
    void escape(char each) {
        constexpr const char* digits = "0123456789abcdef";
        const auto code = static_cast<unsigned char>(each);
        if (each == '"' || each == '\\') {
            text_ += '\\';
            text_ += each;
        } else if (code < 0x20) {
            text_ += "\\u00";
            text_ += digits[code >> 4U];
            text_ += digits[code & 15U];
        } else {
            text_ += each;
        }
    }

    std::string text_ = "{";
};

}  // namespace web

#endif
