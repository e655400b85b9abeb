// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_CLIENT_HPP
#define SIXFOLD_EXT_ASIO_CLIENT_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sixfold/client.hpp"
#include "sixfold/event.hpp"
#include "sixfold/ext/asio_journal.hpp"
#include "sixfold/ext/asio_link.hpp"
#include "sixfold/ext/asio_login.hpp"
#include "sixfold/ext/asio_net.hpp"
#include "sixfold/ext/asio_redial.hpp"
#include "sixfold/ext/new_life.hpp"
#include "sixfold/message.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

/// Who an `asio_client` is, and how it reaches its relay.
struct asio_client_options {
    peer self;  ///< our own name, as the relay knows it from the login
    /// What dials the relay: `over_tcp`, `over_tls`, `over_udp`, `over_websocket`, `over_secure_websocket`, or one of yours.
    asio_dialer relay;
    /// Gives the token for each login, so that it may be a new one each time. If empty, the name is the token, for a relay that
    /// believes it.
    std::function<std::string()> login{};
    incarnation life{};            ///< one that starts at 0 is `new_life()`
    sender_options sender{};       ///< limits of the sending half
    receiver_options receiver{};   ///< limits of the receiving half
    asio_link_limits link{};       ///< the bounds of each connection
    asio_redial_options redial{};  ///< how long it waits between two of them
    duration open_within =
        std::chrono::seconds(10);  ///< how long the relay may take to answer the login
};

/// What has happened to the connection.
struct asio_link_news {
    bool up = false;       ///< the relay has accepted the login
    bool instead = false;  ///< another connection of our name was closed for it
    std::string why{};     ///< why it is down, for a person
};

/// What all its links together have carried.
struct asio_client_counts {
    std::uint64_t dials = 0;  ///< connections that were tried
    std::uint64_t links = 0;  ///< those on which the relay has accepted the login
    asio_link_counts link{};  ///< of the present connection, or of the last one
};

/// A client with its loop: it connects, logs in, and connects again when the connection is lost. It takes a turn when something has
/// come, when the app has called it, and when a deadline of the client has come.
///
///     asio::io_context io;
///     sixfold::asio_client alice(io.get_executor(), {.self = "alice", .relay = sixfold::over_tcp("localhost", "4000")});
///     alice.on_message = [](const sixfold::message& got) { ... your own commit ... };
///     alice.on_event = [](const sixfold::event& news) { ... };
///     alice.start();
///     alice.send("bob", sixfold::as_bytes("Dinner?"));
///     io.run();
///
/// A turn is one commit: events and messages go to the handlers, then the client's records go to its journal, all of that is
/// committed, and only then does anything leave (law 4). If a handler or the journal throws, the commit is undone, the client stops,
/// and the exception comes out of `io_context::run`. Memory is ahead of the disk then: destroy the client, and begin a new life.
///
/// It belongs to the thread, or strand, of its executor; `post` to that from elsewhere. Handlers may call it. It cannot be moved, and
/// the io_context must outlive it.
class asio_client {
    /// Does nothing when this has gone by then.
    template <class Work>
    [[nodiscard]] auto guarded(Work work) {
        return [work = std::move(work), alive = std::weak_ptr<bool>(alive_)](auto&&... said) {
            if (!alive.expired()) {
                work(std::forward<decltype(said)>(said)...);
            }
        };
    }

  public:
    /// A message has come. It is accepted when this returns, unless it has called `reject`. Without a handler messages wait for
    /// `machine()`, or for `next_message` of asio_awaitable.hpp.
    std::function<void(const message&)> on_message;
    /// An event of one of our messages. Without a handler events wait likewise.
    std::function<void(const event&)> on_event;
    /// Called after the others, in the same commit: rows that the app writes here are in one commit with what it sends here.
    std::function<void()> on_turn;
    /// The commit is done: what the handlers did is durable, and may be shown.
    std::function<void()> on_commit;
    /// The connection has changed. Called outside of any commit.
    std::function<void(const asio_link_news&)> on_link;

    /// Goes on from the records of `journal`, or begins a life without a journal, in memory only. The journal must outlive it.
    /// Throws std::runtime_error if the options cannot work, or the journal is another client's.
    asio_client(net::any_io_executor executor,
                asio_client_options options,
                asio_journal* journal = nullptr)
        : executor_(std::move(executor)), options_(std::move(options)), journal_(journal),
          redial_(options_.redial, new_life().seed), machine_(create(options_, journal)),
          buffer_((std::max)(machine_.packet_size_min(), machine_.journal_record_size_max())),
          deadline_(executor_), patience_(executor_), arrival_(executor_) {
        arrival_.expires_at(never);
    }
    asio_client(const asio_client&) = delete;             ///< it stays where it is
    asio_client& operator=(const asio_client&) = delete;  ///< likewise
    /// Tells the relay that we go.
    ~asio_client() { leave(); }

    /// Connects, and stays connected until `stop`. After that it may be started again.
    void start() {
        running_ = true;
        turn_comes_ = false;
        dial();
        wake();
    }
    /// Ends the connection, and all waiting: it no longer keeps the io_context running.
    void stop() {
        running_ = false;
        machine_.link_down();
        leave();
    }

    /// @copydoc sixfold::client::send
    result<ticket> send(const peer& to, bytes payload, const send_options& how = {}) {
        wake();
        return machine_.send(to, payload, how);
    }
    /// @copydoc sixfold::client::cancel
    bool cancel(ticket message) {
        wake();
        return machine_.cancel(message);
    }
    /// @copydoc sixfold::client::accept
    bool accept(const message& handed) {
        wake();
        return machine_.accept(handed);
    }
    /// @copydoc sixfold::client::reject
    bool reject(const message& handed) {
        wake();
        return machine_.reject(handed);
    }

    /// Calls a function in a commit of its own: the rows that it writes and the client's records are one commit. For apps that poll,
    /// such as coroutines with a database. Do not call it in a handler, which is in a commit already.
    template <class Work>
    void change(Work work) {
        commit(work);
        wake();
    }

    /// The client itself. What is called there is part of the next turn: call `wake` for one.
    [[nodiscard]] client& machine() noexcept { return machine_; }
    /// Asks for a turn soon; what else has come by then is in the same turn.
    void wake() {
        if (running_ && !std::exchange(turn_comes_, true)) {
            net::post(executor_, guarded([this] { turn(); }));
        }
    }
    /// Whether the relay has accepted the login, and is there as far as we know.
    [[nodiscard]] bool linked() const noexcept { return machine_.linked(); }
    /// What was carried so far.
    [[nodiscard]] asio_client_counts counts() const {
        asio_client_counts now = counts_;
        if (link_) {
            now.link = link_->counts();
        }
        return now;
    }
    /// What it was made with.
    [[nodiscard]] net::any_io_executor get_executor() const { return executor_; }
    /// A timer for coroutines. It never expires; it is cancelled when there may be a message or an event to poll, and by `stop`.
    [[nodiscard]] net::steady_timer& arrival() noexcept { return arrival_; }
    /// Between `start` and `stop`.
    [[nodiscard]] bool running() const noexcept { return running_; }

  private:
    [[nodiscard]] static client create(const asio_client_options& options, asio_journal* journal) {
        client_options own{.self = options.self,
                           .life = options.life,
                           .journaling =
                               journal == nullptr ? journaling::none : journaling::withhold,
                           .sender = options.sender,
                           .receiver = options.receiver};
        if (own.life.start == 0) {
            own.life = new_life(journal == nullptr ? duration::zero() : journal->away());
        }
        static constexpr std::chrono::steady_clock monotonic{};
        const std::vector<std::byte> records =
            journal == nullptr ? std::vector<std::byte>() : journal->records();
        auto made = client::create(monotonic, own, records);
        if (!made) {
            throw std::runtime_error(std::string(made.error().what));
        }
        return std::move(*made);
    }

    // --- what talks to sixfold -----------------------------------------------------------------------------------------

    void turn() {
        if (running_) {
            commit([this] { hand_out(); });  // what handlers call is in it: they wake nobody
            if (on_commit) {
                on_commit();
            }
            transmit();
            arrival_.cancel();
        }
        turn_comes_ = false;
        if (running_) {  // else a handler has stopped it
            turn_at(machine_.next_deadline());
        }
    }
    void hand_out() {
        if (on_event) {
            while (const auto news = machine_.poll_event()) {
                on_event(*news);
            }
        }
        if (on_message) {
            while (const auto got = machine_.poll_message()) {
                on_message(*got);
                (void)machine_.accept(*got);
            }
        }
        write_records();  // what has ended makes room in the queue when this is written
        if (on_turn) {
            on_turn();
        }
    }
    /// All of it is durable when this returns; or what it throws stops us, and none of it is.
    template <class Work>
    void commit(Work work) {
        try {
            if (journal_ != nullptr) {
                journal_->begin();
            }
            work();
            write_records();
            if (journal_ != nullptr) {
                journal_->commit(machine_);
                machine_.durable(machine_.written());
            }
        } catch (...) {
            if (journal_ != nullptr) {
                journal_->roll_back();
            }
            stop();
            throw;
        }
    }
    void write_records() {
        while (journal_ != nullptr) {
            const auto records = machine_.poll_journal(buffer_);
            if (!records) {
                return;
            }
            journal_->put(*records);
        }
    }
    void transmit() {
        if (!link_ || !machine_.linked()) {
            return;
        }
        const std::size_t room = (std::max)(machine_.packet_size_min(),
                                            (std::min)(link_->packet_size(), buffer_.size()));
        while (const auto packet = machine_.poll_transmit(std::span(buffer_).first(room))) {
            link_->send(*packet);
            asked_at_ = (std::min)(asked_at_, now());
        }
        link_->flush();
    }
    /// The former wait is forgotten.
    void turn_at(time_point when) {
        deadline_.expires_at((std::min)(when, later(asked_at_, options_.link.dead_after)));
        deadline_.async_wait(guarded([this](net_error cancelled) {
            if (!cancelled) {
                look_at_link();
                wake();
            }
        }));
    }
    /// Whatever we send is answered: where nothing comes, nobody is there, whatever the system thinks.
    void look_at_link() {
        if (link_ && now() >= later(asked_at_, options_.link.dead_after)) {
            link_->close("the relay does not answer");
        }
    }

    // --- the connection ------------------------------------------------------------------------------------------------

    void dial() {
        ++counts_.dials;
        opened_at_ = now();
        asked_at_ = never;
        link_ = options_.relay(executor_, options_.link);
        link_->when_ended(guarded([this](const std::string& why) { lost(why); }));
        patience_.expires_after(options_.open_within);
        patience_.async_wait(guarded([this](net_error cancelled) {
            if (!cancelled && link_) {
                link_->close("no relay has answered in time");
            }
        }));
        link_->open(guarded([this] { log_in(); }));
    }
    void log_in() {
        link_->say(
            login_line(options_.login ? options_.login() : std::string(machine_.self().name())));
        link_->hear(guarded([this](std::string_view line) { begin(line); }));
    }
    /// Whoever takes a connection says nothing by that; a relay does by its answer.
    void begin(std::string_view line) {
        const login_answer answer = read_answer(line, machine_.self());
        if (!answer.welcome) {
            return link_->close(answer.problem);
        }
        patience_.cancel();
        ++counts_.links;
        const auto link = link_;
        machine_.link_up(checksum::on, link->kind());
        tell({true, answer.instead, {}});
        link->start(guarded_packet(), guarded([this] { wake(); }));
        wake();
    }
    [[nodiscard]] asio_link::on_packet guarded_packet() {
        return [this, alive = std::weak_ptr<bool>(alive_)](bytes packet) {
            if (alive.expired()) {
                return refusal::unknown_link;
            }
            asked_at_ = never;
            return machine_.handle(packet);
        };
    }
    void lost(const std::string& why) {
        counts_.link = link_->counts();
        link_.reset();
        patience_.cancel();
        machine_.link_down();
        tell({false, false, why});
        if (!running_) {
            return;
        }
        patience_.expires_after(redial_.wait(now() - opened_at_));
        patience_.async_wait(guarded([this](net_error cancelled) {
            if (!cancelled && running_ && !link_) {
                dial();
            }
        }));
    }
    void tell(const asio_link_news& news) {
        if (on_link) {
            on_link(news);
        }
    }
    /// Without a word to anybody but the relay.
    void leave() {
        if (const auto link = std::exchange(link_, nullptr)) {
            counts_.link = link->counts();
            link->when_ended(nullptr);
            link->finish();
        }
        deadline_.cancel();
        patience_.cancel();
        arrival_.cancel();
    }

    [[nodiscard]] static time_point now() { return std::chrono::steady_clock::now(); }

    net::any_io_executor executor_;
    asio_client_options options_;
    asio_journal* journal_;
    asio_redial redial_;
    client machine_;
    std::vector<std::byte> buffer_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::shared_ptr<asio_link> link_;
    net::steady_timer deadline_;
    net::steady_timer patience_;  // for an answer, or for the next try
    net::steady_timer arrival_;
    time_point opened_at_{};
    time_point asked_at_ = never;  // the first packet that was sent since the last one came
    asio_client_counts counts_;
    bool running_ = false;
    bool turn_comes_ = false;
};

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
