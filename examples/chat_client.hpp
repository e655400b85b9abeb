// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_CLIENT_HPP
#define SIXFOLD_EXAMPLES_CHAT_CLIENT_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <asio.hpp>

#include <sixfold/sixfold.hpp>
#include <sixfold/words.hpp>
#include "chat_history.hpp"
#include "chat_options.hpp"
#include "line_source.hpp"
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
        : to_(options.to), history_(options.database), machine_(create(options)),
          buffer_((std::max)(machine_.packet_size_min(), machine_.journal_record_size_max())),
          server_(asio::ip::address_v4::loopback(), options.port), deadline_(io), pause_(io),
          lines_(io, options.input, sixfold::sender_options().payload_max),
          skip_(options.input ? history_.said() : 0) {
        read_line();
        connect();
    }

  private:
    [[nodiscard]] sixfold::client create(const chat_client_options& options) {
        sixfold::client_options own = system_options(options.name);
        own.sender.journaling = own.receiver.journaling = sixfold::journaling::withhold;
        auto made = sixfold::client::create(monotonic_, own, history_.records());
        if (!made) {
            throw std::runtime_error(options.database + ": " + std::string(made.error().what));
        }
        return *std::move(made);
    }

    // --- what talks to sixfold -------------------------------------------------------------------

    void turn() {
        std::string heard;
        std::string told;
        history_.commit([&] {
            while (const auto event = machine_.poll_event()) {
                told += std::to_string(history_.told(*event)) + " ";
                told += std::string(sixfold::to_string(event->what)) + "\n";
            }
            while (const auto message = machine_.poll_message()) {
                history_.hear(*message);
                heard += std::string(message->from.name()) + ": ";
                heard += std::string(sixfold::as_text(message->payload)) + "\n";
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
        show(heard, stdout);
        show(told, stderr);
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
        lines_.next([this](std::string line) {
            if (skip_ > 0) {
                --skip_;
                return read_line();
            }
            line_ = std::move(line);
            wake();
        });
    }

    void connect() {
        link_ = std::make_shared<tcp_connection>(tcp::socket(pause_.get_executor()),
                                                 machine_.packet_size_min());
        link_->socket().async_connect(server_, [this](asio::error_code failed) {
            if (failed) return connect_again();
            link_->send(sixfold::as_bytes(std::string(machine_.self().name()) + "\n"));
            machine_.link_up();
            link_->start([this](sixfold::bytes frame) { return take(frame); }, [this] { lost(); });
            wake();
        });
    }
    /// The first time at once, then more and more seldom: a relay that comes back is not stormed.
    void connect_again() {
        pause_.expires_after(std::exchange(wait_, (std::min)(2 * wait_, wait_max)));
        pause_.async_wait([this](asio::error_code cancelled) {
            if (!cancelled) connect();
        });
    }
    [[nodiscard]] sixfold::refusal take(sixfold::bytes frame) {
        wait_ = wait_min;
        wake();
        return machine_.handle(frame);
    }
    void lost() {
        machine_.link_down();
        connect_again();
    }

    static void show(const std::string& text, std::FILE* where) {
        std::fwrite(text.data(), 1, text.size(), where);
        std::fflush(where);
    }

    using tcp = asio::ip::tcp;
    static constexpr sixfold::duration wait_min = std::chrono::milliseconds(5);
    static constexpr sixfold::duration wait_max = std::chrono::seconds(1);

    std::chrono::steady_clock monotonic_;
    sixfold::peer to_;
    chat_history history_;
    sixfold::client machine_;
    std::vector<std::byte> buffer_;
    tcp::endpoint server_;
    asio::steady_timer deadline_;
    asio::steady_timer pause_;
    sixfold::duration wait_ = wait_min;
    std::shared_ptr<tcp_connection> link_;
    line_source lines_;
    std::int64_t skip_;  // lines of the file that were said in earlier lives
    std::optional<std::string> line_;
};

}  // namespace example

#endif
