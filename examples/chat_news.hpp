// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_NEWS_HPP
#define SIXFOLD_EXAMPLES_CHAT_NEWS_HPP

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <sixfold/ext/asio_net.hpp>
#include "printable.hpp"
#include "screen.hpp"

namespace example {

/// Tells a person how the connection is. A state that stays is told once; where states come and go, it is told
/// ever more seldom which one it is.
class chat_news {
  public:
    chat_news(sixfold::net::io_context& io, screen& out) : out_(out), pause_(io) {}

    /// It is like this from now on.
    void state(std::string now) {
        state_ = std::move(now);
        tell();
    }

  private:
    void tell() {
        if (pausing_ || state_ == told_) return;
        told_ = state_;
        out_.show("chat: " + printable(told_));
        pausing_ = true;
        pause_.expires_after(std::exchange(wait_, (std::min)(2 * wait_, wait_max)));
        pause_.async_wait([this](sixfold::net_error) {
            pausing_ = false;
            if (state_ == told_) wait_ = wait_min;
            tell();
        });
    }

    static constexpr std::chrono::milliseconds wait_min{500};
    static constexpr std::chrono::milliseconds wait_max{60'000};

    screen& out_;
    sixfold::net::steady_timer pause_;
    std::chrono::milliseconds wait_ = wait_min;
    std::string state_;
    std::string told_;
    bool pausing_ = false;
};

}  // namespace example

#endif
