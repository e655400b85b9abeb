// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_CLIENT_HPP
#define SIXFOLD_EXAMPLES_CHAT_CLIENT_HPP

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <sixfold/ext/asio.hpp>
#include <sixfold/sixfold.hpp>
#include <sixfold/words.hpp>
#include "chat_dialer.hpp"
#include "chat_history.hpp"
#include "chat_news.hpp"
#include "chat_options.hpp"
#include "line_source.hpp"
#include "printable.hpp"
#include "screen.hpp"
#include "system_options.hpp"

namespace example {

/// One of the two who chat: lines in, lines out, and nothing that matters only in memory.
///
/// What is done in the handlers of the client is one commit of the database, with the records of the client, before anybody
/// hears of it. When that fails the exception ends the program, and the next start goes on from the database.
class chat_client {
  public:
    chat_client(sixfold::net::io_context& io, const chat_client_options& options)
        : to_(options.to), place_(options.relay.words()),
          lines_(io, options.input, sixfold::sender_options().payload_max),
          dialer_(dialer_of(options)), history_(options.database), client_(make(io, options)),
          news_(io, errors_), skip_(options.input ? history_.said() : 0) {
        client_->on_event = [this](const sixfold::event& news) {
            told_.push_back(std::to_string(history_.told(news)) + " " + words(news));
        };
        client_->on_message = [this](const sixfold::message& got) {
            history_.hear(got);
            heard_.push_back(printable(got.from.name()) + ": " +
                             printable(sixfold::as_text(got.payload)));
        };
        client_->on_turn = [this] {
            say();
        };
        client_->on_commit = [this] {
            show();
        };
        client_->on_link = [this](const sixfold::asio_link_news& news) {
            tell(news);
        };
        client_->start();
        read_line();
    }

  private:
    [[nodiscard]] std::optional<sixfold::asio_client> make(sixfold::net::io_context& io,
                                                           const chat_client_options& options) {
        using std::chrono::milliseconds;
        const sixfold::client_options system = system_options(options.name);
        sixfold::asio_client_options own{.self = system.self, .relay = dialer_};
        own.sender = system.sender;
        own.receiver = system.receiver;
        own.redial = {.first = milliseconds(10), .most = milliseconds(1000)};
        if (!options.token.empty()) {
            own.login = [token = options.token] {
                return token;
            };
        }
        try {
            return std::optional<sixfold::asio_client>(std::in_place, io.get_executor(),
                                                       std::move(own), &history_.journal());
        } catch (const std::runtime_error& error) {
            throw usage_error(options.database + ": " + error.what());
        }
    }

    [[nodiscard]] static std::string words(const sixfold::event& news) {
        const std::string what(sixfold::to_string(news.what));
        return news.reason == sixfold::refused_reason::none
                   ? what
                   : what + ": " + std::string(sixfold::to_string(news.reason));
    }

    /// Hands over the line that waits. When the queue is full it waits for an event of another one.
    void say() {
        if (!line_) return;
        if (const auto ticket = client_->send(to_, sixfold::as_bytes(*line_))) {
            history_.say(*line_, *ticket);
            line_.reset();
            read_line();
        }
    }
    void show() {
        for (std::string& each : std::exchange(heard_, {}))
            output_.show(std::move(each));
        for (std::string& each : std::exchange(told_, {}))
            errors_.show(std::move(each));
    }
    void tell(const sixfold::asio_link_news& news) {
        if (news.up) {
            news_.state("connected to the relay at " + place_ +
                        (news.instead ? "; until now another program was logged in as " +
                                            std::string(client_->machine().self().name())
                                      : ""));
        } else {
            news_.state(std::exchange(connected_, false)
                            ? "the connection to the relay is lost; trying again"
                            : "no relay at " + place_ + ": " + news.why +
                                  "; trying until there is one");
        }
        connected_ = news.up;
    }

    void read_line() {
        lines_.next([this](std::optional<line_piece> piece) {
            if (!piece) {
                return errors_.show(
                    "chat: that was all to send; Ctrl-C ends, until then what comes is shown");
            }
            if (skip_ > 0) {
                --skip_;
                return read_line();
            }
            if (piece->goes_on && !std::exchange(goes_on_, true)) {
                errors_.show("chat: a line that is longer than a message goes as several");
            }
            goes_on_ = piece->goes_on;
            line_ = std::move(piece->text);
            client_->wake();
        });
    }

    screen output_{STDOUT_FILENO};
    screen errors_{STDERR_FILENO};
    sixfold::peer to_;
    std::string place_;
    line_source lines_;  // before the database: a file that is not there leaves none behind
    sixfold::asio_dialer dialer_;
    chat_history history_;
    std::optional<sixfold::asio_client> client_;
    chat_news news_;
    std::int64_t skip_;     // pieces of the file that were said in earlier lives
    bool goes_on_ = false;  // the last piece was not the end of its line
    bool connected_ = false;
    std::optional<std::string> line_;
    std::vector<std::string> heard_;  // in this turn
    std::vector<std::string> told_;   // likewise
};

}  // namespace example

#endif
