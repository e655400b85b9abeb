// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_RELAY_HPP
#define SIXFOLD_EXAMPLES_CHAT_RELAY_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <asio.hpp>
#include <unistd.h>

#include <sixfold/ext/sqlite.hpp>
#include <sixfold/sixfold.hpp>
#include "chat_login.hpp"
#include "chat_options.hpp"
#include "files.hpp"
#include "screen.hpp"
#include "tcp_connection.hpp"

namespace example {

/// The relay of a chat, with a mailbox on the disk. Nothing is said before it is durable, and what
/// comes while it is made durable is in the next commit.
class chat_relay {
  public:
    chat_relay(asio::io_context& io, const chat_relay_options& options)
        : io_(io), mailbox_(open(options)), acceptor_(listen(io, options.port)), pause_(io) {
        errors_.show("chat: the relay is at 127.0.0.1:" +
                     std::to_string(acceptor_.local_endpoint().port()));
        accept();
    }

  private:
    using tcp = asio::ip::tcp;
    static constexpr std::size_t frame_size =
        sixfold::frame_size_max(sixfold::relay_options().payload_max);

    [[nodiscard]] static sixfold::sqlite_mailbox open(const chat_relay_options& options) {
        auto mailbox = sixfold::sqlite_mailbox::open(options.mailbox);
        if (!mailbox) {
            throw usage_error(options.mailbox + ": " + mailbox.error().what);
        }
        return *std::move(mailbox);
    }
    [[nodiscard]] static tcp::acceptor listen(asio::io_context& io, std::uint16_t port) {
        try {
            return {io, tcp::endpoint(asio::ip::address_v4::loopback(), port)};
        } catch (const asio::system_error& error) {
            throw usage_error("--port " + std::to_string(port) + ": " + error.code().message());
        }
    }

    void accept() {
        acceptor_.async_accept([this](asio::error_code failed, tcp::socket socket) {
            if (failed) return accept_later(failed);
            const auto guest = std::make_shared<tcp_connection>(std::move(socket), frame_size);
            guest->read_line([=, this](std::string_view name) { admit(guest, name); });
            accept();
        });
    }
    /// As a rule there are too many connections: those that are there are served, and some of them will end.
    void accept_later(asio::error_code failed) {
        complain("chat: cannot take another connection: " + failed.message() + "; trying again");
        pause_.expires_after(std::chrono::milliseconds(100));
        pause_.async_wait([this](asio::error_code) { accept(); });
    }
    /// A PLACEHOLDER for a login: whoever says a name is believed. The newest connection of a name counts; the one
    /// before it is ended, or its client would wait there for what goes to the other.
    void admit(const std::shared_ptr<tcp_connection>& guest, std::string_view name) {
        const sixfold::link_id link{++links_};
        const sixfold::link_id former = machine_.link_of(name);
        if (!machine_.link_up(link, name)) return guest->close();
        guests_.emplace(link, guest);
        const bool instead = former != sixfold::link_id::none;
        guest->send(sixfold::as_bytes(std::string(instead ? welcome_instead : welcome) + "\n"));
        if (instead) {
            end(former);
        }
        guest->start([=, this](sixfold::bytes frame) { return take(link, frame); },
                     [=, this] {
                         machine_.link_down(link);
                         guests_.erase(link);
                     });
    }

    void end(sixfold::link_id link) {
        const auto guest = guests_.at(link);  // which closing takes off the list
        guest->close();
    }

    // --- what talks to sixfold -------------------------------------------------------------------

    [[nodiscard]] sixfold::refusal take(sixfold::link_id from, sixfold::bytes frame) {
        const sixfold::refusal refused = machine_.handle(from, frame, out_);
        while (const auto request = out_.next_request()) {
            group_.add(*request);
        }
        if (!std::exchange(turn_comes_, true)) asio::post(io_, [this] { turn(); });
        return refused;
    }
    void turn() {
        turn_comes_ = false;
        for (const auto& each : mailbox_.execute(group_)) {
            machine_.complete(each.request, each.outcome, out_);
        }
        if (const auto& error = mailbox_.last_error(); error.fault != sixfold::sqlite_fault::none) {
            complain("chat: the mailbox: " + error.what);
        }
        group_.clear();
        for (const auto frame : out_.frames()) {  // for who has gone meanwhile it was only a hint
            const auto guest = guests_.find(frame.link);
            if (guest != guests_.end()) guest->second->send(frame.bytes);
        }
        out_.clear();
    }

    /// A disk that is full fails every turn: the log, which may be on it, gets one line a minute.
    void complain(const std::string& what) {
        const auto now = std::chrono::steady_clock::now();
        if (now < next_complaint_) return;
        next_complaint_ = now + std::chrono::minutes(1);
        errors_.show(what);
    }

    screen errors_{STDERR_FILENO};
    std::chrono::steady_clock::time_point next_complaint_{};
    asio::io_context& io_;
    sixfold::relay machine_ = sixfold::relay::create({}).value();
    sixfold::sqlite_mailbox mailbox_;
    sixfold::mailbox_group group_;
    sixfold::reactions out_;
    bool turn_comes_ = false;
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    std::map<sixfold::link_id, std::shared_ptr<tcp_connection>> guests_;
    std::uint64_t links_ = 0;
};

}  // namespace example

#endif
