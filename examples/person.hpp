// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_PERSON_HPP
#define SIXFOLD_EXAMPLES_PERSON_HPP

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <sixfold/sixfold.hpp>

namespace example {

/// The app of 03 to 05, without its network: somebody who reads messages and hears of their own.
class person {
  public:
    explicit person(std::string name) : name_(std::move(name)) {}

    /// The app's own commit. A real one has written the message to its disk when it returns.
    void keep(const sixfold::message& message) {
        inbox_ += sixfold::as_text(message.payload);
        std::printf("%s has \"%s\"\n", name_.c_str(), inbox_.c_str());
    }
    void hear(const sixfold::event& news) {
        told_ = news.what;
        std::printf("%s hears: %s\n", name_.c_str(), words(news.what));
    }
    /// A failure that is not the end: the next try comes by itself.
    void notice(std::string_view what) const {
        std::printf("%s: %.*s\n", name_.c_str(), static_cast<int>(what.size()), what.data());
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& inbox() const noexcept { return inbox_; }
    /// The last thing that was said about the message.
    [[nodiscard]] sixfold::status told() const noexcept { return told_; }

  private:
    static const char* words(sixfold::status what) {
        switch (what) {
        case sixfold::status::relayed: return "it is on its way";
        case sixfold::status::stored: return "it waits in the mailbox";
        case sixfold::status::delivered: return "it has arrived";
        default: return "it has not arrived";
        }
    }

    std::string name_;
    std::string inbox_;
    sixfold::status told_ = sixfold::status::none;
};

/// Who logs in with this token; nobody if it is wrong. A PLACEHOLDER: how users prove who they are,
/// and over what encrypted transport, is the app's own business. Whatever it is, the relay decides
/// by it who is at the other end of a link, and never by what a client says of itself.
[[nodiscard]] inline sixfold::peer log_in(std::string_view token) {
    return token == "token-of-alice" ? "alice" : token == "token-of-bob" ? "bob" : "";
}
[[nodiscard]] inline std::string token_of(const person& user) {
    return "token-of-" + user.name();
}

}  // namespace example

#endif
