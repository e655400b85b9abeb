// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_CLIENT_HPP
#define SIXFOLD_EXAMPLES_CHAT_CLIENT_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio.hpp>
#include <unistd.h>

#include <sixfold/sixfold.hpp>
#include <sixfold/words.hpp>
#include "chat_history.hpp"
#include "chat_login.hpp"
#include "chat_news.hpp"
#include "chat_options.hpp"
#include "line_source.hpp"
#include "printable.hpp"
#include "screen.hpp"
#include "system_options.hpp"
#include "tcp_connection.hpp"

namespace example {

/// One of the two who chat: lines in, lines out, and nothing that matters only in memory.
///
/// Everything happens in `turn`: what came is in the database before anybody hears of it. When a
/// commit fails the exception ends the program, and the next start goes on from the database.
class chat_client {
  public:
    chat_client(asio::io_context& io, const chat_client_options& options)
        : to_(options.to), lines_(io, options.input, sixfold::sender_options().payload_max),
          history_(options.database), machine_(create(options)),
          buffer_((std::max)(machine_.packet_size_min(), machine_.journal_record_size_max())),
          server_(asio::ip::address_v4::loopback(), options.port), deadline_(io), pause_(io),
          news_(io, errors_), skip_(options.input ? history_.said() : 0) {
        read_line();
        connect();
    }

  private:
    [[nodiscard]] sixfold::client create(const chat_client_options& options) {
        sixfold::client_options own = system_options(options.name);
        own.journaling = sixfold::journaling::withhold;
        auto made = sixfold::client::create(monotonic_, own, history_.records());
        if (!made) {
            throw usage_error(options.database + ": " + std::string(made.error().what));
        }
        return *std::move(made);
    }

    // --- what talks to sixfold -------------------------------------------------------------------

    void turn() {
        std::vector<std::string> heard;
        std::vector<std::string> told;
        history_.commit([&] {
            while (const auto event = machine_.poll_event()) {
                told.push_back(std::to_string(history_.told(*event)) + " " +
                               std::string(sixfold::to_string(event->what)));
            }
            while (const auto message = machine_.poll_message()) {
                history_.hear(*message);
                heard.push_back(printable(message->from.name()) + ": " +
                                printable(sixfold::as_text(message->payload)));
                (void)machine_.accept(*message);
            }
            write_journal();  // what has ended makes room in the queue when this is written
            say();
            write_journal();
        });
        machine_.durable(machine_.written());  // from here on others may know
        while (const auto packet = machine_.poll_transmit(buffer_)) {
            link_->send(*packet);
        }
        for (std::string& each : heard)
            output_.show(std::move(each));
        for (std::string& each : told)
            errors_.show(std::move(each));
        turn_at(machine_.next_deadline());
    }

    void write_journal() {
        while (const auto records = machine_.poll_journal(buffer_)) {
            history_.put(*records);
        }
    }

    /// Hands over the line that waits. When the queue is full it waits for an event of another one.
    void say() {
        if (!line_) return;
        if (const auto ticket = machine_.send(to_, sixfold::as_bytes(*line_))) {
            history_.say(*line_, *ticket);
            line_.reset();
            read_line();
        }
    }

    // --- the loop --------------------------------------------------------------------------------

    /// The former wait is forgotten: a turn asks for the next one.
    void turn_at(sixfold::time_point when) {
        deadline_.expires_at(when);
        deadline_.async_wait([this](asio::error_code cancelled) {
            if (!cancelled) turn();
        });
    }
    /// Soon: what else has come by then is in the same commit.
    void wake() { turn_at(monotonic_.now()); }

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
            wake();
        });
    }

    void connect() {
        link_ = std::make_shared<tcp_connection>(tcp::socket(pause_.get_executor()),
                                                 machine_.packet_size_min());
        link_->socket().async_connect(server_, [this](asio::error_code failed) {
            if (failed) {
                news_.state("no relay at " + place() + ": " + failed.message() +
                            "; trying until there is one");
                return connect_again();
            }
            connected_at_ = monotonic_.now();
            link_->send(sixfold::as_bytes(std::string(machine_.self().name()) + "\n"));
            link_->read_line([this](std::string_view answer) { begin(answer); },
                             [this] { lost(); });
        });
    }
    /// Whoever takes a connection says nothing by that; a relay does by its answer.
    void begin(std::string_view answer) {
        if (answer != welcome && answer != welcome_instead) return link_->close();
        is_relay_ = true;
        news_.state("connected to the relay at " + place() +
                    (answer == welcome ? ""
                                       : "; until now another program was logged in as " +
                                             std::string(machine_.self().name())));
        machine_.link_up(sixfold::checksum::on, sixfold::transport::byte_stream);
        link_->start([this](sixfold::bytes frame) { return machine_.handle(frame); },
                     [this] { lost(); }, [this] { wake(); });
        wake();
    }
    /// The first time at once, then more and more seldom: a relay that comes back is not stormed.
    void connect_again() {
        pause_.expires_after(std::exchange(wait_, (std::min)(2 * wait_, wait_max)));
        pause_.async_wait([this](asio::error_code cancelled) {
            if (!cancelled) connect();
        });
    }
    /// One that did not last as long as we had waited for it is no reason to be quicker next time: it may be that
    /// somebody else has our name, and each of us ends the connection of the other.
    void lost() {
        news_.state(std::exchange(is_relay_, false)
                        ? "the connection to the relay is lost; trying again"
                        : "what is at " + place() +
                              " says nothing that a relay would say; trying again");
        machine_.link_down();
        if (monotonic_.now() - connected_at_ >= wait_) wait_ = wait_min;
        connect_again();
    }
    [[nodiscard]] std::string place() const {
        return server_.address().to_string() + ":" + std::to_string(server_.port());
    }

    using tcp = asio::ip::tcp;
    static constexpr sixfold::duration wait_min = std::chrono::milliseconds(5);
    static constexpr sixfold::duration wait_max = std::chrono::seconds(1);

    std::chrono::steady_clock monotonic_;
    screen output_{STDOUT_FILENO};
    screen errors_{STDERR_FILENO};
    sixfold::peer to_;
    line_source lines_;  // before the database: a file that is not there leaves none behind
    chat_history history_;
    sixfold::client machine_;
    std::vector<std::byte> buffer_;
    tcp::endpoint server_;
    asio::steady_timer deadline_;
    asio::steady_timer pause_;
    sixfold::duration wait_ = wait_min;
    std::shared_ptr<tcp_connection> link_;
    sixfold::time_point connected_at_{};
    bool is_relay_ = false;  // at the other end of this connection
    chat_news news_;
    std::int64_t skip_;     // pieces of the file that were said in earlier lives
    bool goes_on_ = false;  // the last piece was not the end of its line
    std::optional<std::string> line_;
};

}  // namespace example

#endif
