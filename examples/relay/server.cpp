// SPDX-License-Identifier: BSL-1.0
#include "server.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <utility>

#include <sixfold/wire/codec.hpp>
#include "failure.hpp"
#include "metrics.hpp"

namespace relay_program {

namespace {

// as many as a relay may have; they take memory as they come
constexpr std::uint32_t peers_max = std::uint32_t{1} << 28;
constexpr auto drain_within = std::chrono::milliseconds(600);

sixfold::duration seconds(double value) {
    return std::chrono::duration_cast<sixfold::duration>(std::chrono::duration<double>(value));
}

std::shared_ptr<const key_ring> keys_of(const serve_options& options) {
    return options.keys.empty() ? nullptr
                                : std::make_shared<const key_ring>(key_ring::read(options.keys));
}

sixfold::asio_link_limits limits_of(const serve_options& options) {
    return {.frame_size = sixfold::frame_size_max(options.payload_max),
            .queue_bytes = options.queue_max,
            .dead_after = seconds(options.dead_after)};
}

/// What several threads say, until all have.
struct survey {
    explicit survey(std::size_t count) : workers(count), missing(count + 1) {}

    std::mutex guard;
    std::vector<worker_metrics> workers;
    mailbox_metrics mailbox;
    std::size_t missing;
};

}  // namespace

server::server(const serve_options& options)
    : options_(options), log_(options.level, options.form), login_(keys_of(options)),
      verdict_(options.names, options.blocked),
      store_(open_store(options.mailbox, {})), shared_{
                                                   .relay = {.peers_max = peers_max,
                                                             .payload_max = options.payload_max},
                                                   .links_max = options.links_max,
                                                   .limits = limits_of(options),
                                                   .who = login_,
                                                   .rules = verdict_,
                                                   .out = log_} {
    if (!options_.certificate.empty()) {
        tls_.emplace(options_.certificate, options_.private_key);
    }
    mailbox_.emplace(*store_,
                     sixfold::mailbox_retention{seconds(options_.payload_days * 86400),
                                                seconds(options_.stream_days * 86400)},
                     log_,
                     [this](const std::shared_ptr<mailbox_batch>& batch) { complete(batch); });
    shared_.mailbox = &*mailbox_;
    neighbours_ = open_neighbours(
        options_.neighbours,
        {[this](const sixfold::peer& to, sixfold::bytes frames) { deliver(to, frames); },
         [this](const sixfold::peer& who) { end(who); },
         [this](const sixfold::peer& who, bool is_there) {
             for (const auto& each : shared_.workers) {
                 each->elsewhere(who, is_there);
             }
         }});
    shared_.others = neighbours_.get();
    for (unsigned i = 0; i < options_.threads; ++i) {
        shared_.workers.push_back(std::make_unique<worker>(i, shared_));
    }
    listen();
}

server::~server() = default;

void server::listen() {
    const server_tls* tls = tls_ ? &*tls_ : nullptr;
    const auto over = [&](carrier what, const std::optional<endpoint>& where) {
        if (where) {
            listeners_.push_back(std::make_unique<listener>(io_, what, *where, shared_, tls));
        }
    };
    over(carrier::tcp, options_.tcp);
    over(carrier::tls, options_.tls);
    over(carrier::websocket, options_.websocket);
    over(carrier::secure_websocket, options_.secure_websocket);
    if (options_.udp) {
        endpoint where = *options_.udp;
        for (const auto& each : shared_.workers) {
            udp_.push_back(std::make_unique<udp_listener>(*each, where, shared_));
            where.port = udp_.front()->port();
        }
    }
    if (options_.metrics) {
        http_.emplace(io_, *options_.metrics,
                      [this](const std::string& path, const http_server::on_answer& told) {
                          answer(path, told);
                      });
    }
}

void server::say_where() {
    const auto say = [this](const std::string& where) {
        log_.info("listening", {{"at", where}});
    };
    for (const auto& each : listeners_) {
        say(each->words());
    }
    if (!udp_.empty()) {
        say(udp_.front()->words());
    }
    if (http_) {
        say(http_->words());
    }
}

void server::run() {
    say_where();
    wait_for_signals();
    for (std::size_t i = 0; i < shared_.workers.size(); ++i) {
        threads_.emplace_back([this, i] {
            if (!udp_.empty()) {
                udp_[i]->start();
            }
            shared_.workers[i]->run();
        });
    }
    if (options_.keys.empty()) {
        log_.warning("everybody is believed who he says he is: --login none is for trying out");
    }
    log_.info("ready", {{"mailbox", without_password(options_.mailbox)},
                        {"threads", std::to_string(options_.threads)}});
    io_.run();
    for (std::thread& each : threads_) {
        each.join();
    }
    mailbox_->stop();
    log_.info("ended");
}

void server::wait_for_signals() {
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.add(SIGHUP);
    signals_.async_wait([this](sixfold::net_error cancelled, int which) {
        if (cancelled) {
            return;
        }
        if (which != SIGHUP) {
            return stop();
        }
        reload();
        signals_.clear();
        wait_for_signals();
    });
}

/// Keys and certificates are read anew, for who comes from now on.
void server::reload() {
    try {
        if (!options_.keys.empty()) {
            login_.change(keys_of(options_));
        }
        if (tls_) {
            tls_->reload();
        }
        log_.info("keys and certificate were read anew");
    } catch (const usage_error& error) {
        log_.error("keys or certificate were not read anew; what there was stays",
                   {{"why", error.what()}});
    }
}

/// Links write what they have, and end; their clients come back to whoever is there next.
void server::stop() {
    log_.info("ending");
    for (const auto& each : listeners_) {
        each->close();
    }
    if (http_) {
        http_->close();
    }
    for (const auto& each : shared_.workers) {
        each->stop(drain_within);
    }
    io_.stop();
}

/// Whoever hangs gives no answer, and /health none that is good.
void server::answer(const std::string& path, const http_server::on_answer& told) {
    if (path != "/metrics" && path != "/health") {
        return told({404, "there are /metrics and /health\n"});
    }
    const auto asked = std::make_shared<survey>(shared_.workers.size());
    const auto heard = [this, asked, path, told](auto&& note) {
        const std::lock_guard lock(asked->guard);
        note();
        if (--asked->missing == 0) {
            const std::string problem = neighbours_ ? neighbours_->problem() : "";
            told(path == "/metrics"
                     ? http_answer{200, prometheus_text(asked->workers, asked->mailbox)}
                 : problem.empty() ? http_answer{200, "ok\n"}
                                   : http_answer{503, problem + "\n"});
        }
    };
    for (std::size_t i = 0; i < shared_.workers.size(); ++i) {
        shared_.workers[i]->measure(
            [=](const worker_metrics& now) { heard([&] { asked->workers[i] = now; }); });
    }
    mailbox_->measure([=](const mailbox_metrics& now) { heard([&] { asked->mailbox = now; }); });
}

/// Nobody is woken who has not asked.
void server::complete(const std::shared_ptr<mailbox_batch>& batch) {
    for (unsigned i = 0; i < shared_.workers.size(); ++i) {
        if (std::find(batch->workers.begin(), batch->workers.end(), i) != batch->workers.end()) {
            shared_.workers[i]->complete(batch);
        }
    }
}

void server::deliver(const sixfold::peer& to, sixfold::bytes frames) {
    if (const auto there = shared_.peers.find(to)) {
        shared_.workers[there->worker]->deliver({{to, {frames.begin(), frames.end()}}});
    }
}

void server::end(const sixfold::peer& who) {
    if (const auto there = shared_.peers.find(who)) {
        shared_.workers[there->worker]->end(there->link);
    }
}

}  // namespace relay_program
