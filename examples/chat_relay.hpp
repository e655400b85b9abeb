// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_CHAT_RELAY_HPP
#define SIXFOLD_EXAMPLES_CHAT_RELAY_HPP

#include <chrono>
#include <cstdint>
#include <functional>  // cref
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <sixfold/ext/asio_keep_alive.hpp>
#include <sixfold/ext/asio_login.hpp>
#include <sixfold/ext/asio_stream_link.hpp>
#include <sixfold/ext/sqlite.hpp>
#include <sixfold/sixfold.hpp>
#include "chat_options.hpp"
#include "chat_rules.hpp"
#include "files.hpp"
#include "screen.hpp"

namespace example {

namespace net = sixfold::net;

/// The relay of a chat, with a mailbox on the disk. Nothing is said before it is durable, and what
/// comes while it is made durable is in the next commit.
class chat_relay {
  public:
    chat_relay(net::io_context& io, const chat_relay_options& options)
        : io_(io), rules_(options.rules), limits_{.frame_size =
                                                      sixfold::frame_size_max(options.payload_max)},
          machine_(sixfold::relay::create({.payload_max = options.payload_max}).value()),
          mailbox_(open(options)), acceptor_(listen(io, options.port)), pause_(io), minute_(io) {
        errors_.show("chat: the relay is at 127.0.0.1:" +
                     std::to_string(acceptor_.local_endpoint().port()));
        accept();
        tidy_each_minute();
    }

  private:
    using tcp = net::ip::tcp;
    using connection = sixfold::asio_stream_link<tcp::socket>;

    [[nodiscard]] static sixfold::sqlite_mailbox open(const chat_relay_options& options) {
        auto mailbox = sixfold::sqlite_mailbox::open(options.mailbox);
        if (!mailbox) {
            throw usage_error(options.mailbox + ": " + mailbox.error().what);
        }
        return *std::move(mailbox);
    }
    [[nodiscard]] static tcp::acceptor listen(net::io_context& io, std::uint16_t port) {
        try {
            return {io, tcp::endpoint(net::ip::address_v4::loopback(), port)};
        } catch (const sixfold::net_failure& error) {
            throw usage_error("--port " + std::to_string(port) + ": " + error.code().message());
        }
    }

    void accept() {
        acceptor_.async_accept([this](sixfold::net_error failed, tcp::socket socket) {
            if (failed) return accept_later(failed);
            sixfold::keep_alive(socket, limits_.dead_after);
            const auto guest = std::make_shared<connection>(std::move(socket), limits_);
            guest->hear([this, weak = std::weak_ptr(guest)](std::string_view line) {
                admit(weak.lock(), line);
            });
            accept();
        });
    }
    /// As a rule there are too many connections: those that are there are served, and some of them will end.
    void accept_later(sixfold::net_error failed) {
        complain("chat: cannot take another connection: " + failed.message() + "; trying again");
        pause_.expires_after(std::chrono::milliseconds(100));
        pause_.async_wait([this](sixfold::net_error) { accept(); });
    }
    /// A PLACEHOLDER for a login: whoever says a name is believed. The newest connection of a name counts; the one
    /// before it is ended, or its client would wait there for what goes to the other.
    void admit(const std::shared_ptr<connection>& guest, std::string_view line) {
        const sixfold::peer name(sixfold::login_token(line).value_or(""));
        const sixfold::link_id link{++links_};
        const sixfold::link_id former = machine_.link_of(name);
        if (!rules_.knows(name) || !machine_.link_up(link, name)) {
            guest->say(sixfold::refused_line("nobody is known by this name"));
            return guest->finish();
        }
        guests_.emplace(link, guest);
        const bool instead = former != sixfold::link_id::none;
        guest->say(sixfold::welcome_line(name, instead));
        if (instead) {
            end(former);
        }
        guest->when_ended([=, this](const std::string&) {
            machine_.link_down(link);
            guests_.erase(link);
        });
        guest->start([=, this](sixfold::bytes frame) { return take(link, frame); }, nullptr);
    }

    void end(sixfold::link_id link) {
        const auto guest = guests_.at(link);  // which closing takes off the list
        guest->close("a newer connection of this name");
    }

    // --- what talks to sixfold -------------------------------------------------------------------

    [[nodiscard]] sixfold::refusal take(sixfold::link_id from, sixfold::bytes frame) {
        // Who may write to whom.
        const sixfold::refusal refused = machine_.handle(from, frame, out_, std::cref(rules_));
        while (const auto request = out_.next_request()) {
            group_.add(*request);
        }
        if (!std::exchange(turn_comes_, true)) net::post(io_, [this] { turn(); });
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
        for (const auto& [link, guest] : std::map(guests_))  // whoever ends leaves the list
            guest->flush();
    }

    /// What is too late, or older than a month, becomes a tombstone, and who has not come for a season is given up. A bit at a
    /// time: the guests wait meanwhile.
    void tidy_each_minute() {
        constexpr std::size_t rows_max = 1000;
        const auto tidied = mailbox_.expire({}, rows_max);
        if (!tidied) complain("chat: the mailbox: " + tidied.error().what);
        const bool more = tidied && *tidied >= rows_max;
        minute_.expires_after(more ? std::chrono::seconds(0) : std::chrono::seconds(60));
        minute_.async_wait([this](sixfold::net_error) { tidy_each_minute(); });
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
    net::io_context& io_;
    chat_rules rules_;
    sixfold::asio_link_limits limits_;
    sixfold::relay machine_;
    sixfold::sqlite_mailbox mailbox_;
    sixfold::mailbox_group group_;
    sixfold::reactions out_;
    bool turn_comes_ = false;
    tcp::acceptor acceptor_;
    net::steady_timer pause_;
    net::steady_timer minute_;
    std::map<sixfold::link_id, std::shared_ptr<connection>> guests_;
    std::uint64_t links_ = 0;
};

}  // namespace example

#endif
